/**
 * Where the lessons of the map stand: a band for each track, one below the other; to the right of
 * a lesson what builds on it. Ways lead from a lesson's right side to the left side of the next.
 *
 * Not here: drawing (`TrackMap.svelte`).
 */
import type { LessonEntry, LessonIndex, Prerequisites } from '../lesson/content.ts';

export interface MapNode {
  readonly entry: LessonEntry;
  readonly x: number;
  readonly y: number;
  /** The title, cut into lines. */
  readonly lines: readonly string[];
}

export interface MapEdge {
  readonly from: string;
  readonly to: string;
  /** Whether it leads from one track to another. */
  readonly isAcross: boolean;
  readonly way: string;
}

export interface MapBand {
  readonly id: string;
  readonly title: string;
  readonly y: number;
  readonly height: number;
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly bands: readonly MapBand[];
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

/** Pixels. */
export const NODE_WIDTH = 164;
export const NODE_HEIGHT = 62;
const COLUMN = 206;
const ROW = 72;
const BAND_HEAD = 30;
const BAND_GAP = 18;
/** A Han character or a run of others, with the mark and the space behind it. */
const WORDS = /(\p{Script=Han}|[^\s\p{Script=Han}，。：、；]+)[，。：、；]*\s*|[^\p{Script=Han}]/gu;
const EDGE = 8;
const CORNER = 5;
const LINE_WIDTH = NODE_WIDTH - 22;
const LINES_MAX = 3;
const LATIN_WIDTH = 6.6;
const HAN_WIDTH = 12;

export function mapLayout(index: LessonIndex, prerequisites: Prerequisites): MapLayout {
  const lessons = new Map(index.flatMap((track) => track.lessons).map((one) => [one.slug, one]));
  const depths = new Map<string, number>();
  /** How many lessons come before it, on the longest way; a circle would have no end. */
  const depthOf = (slug: string, above: readonly string[] = []): number => {
    const known = depths.get(slug);
    if (known !== undefined) return known;
    const before = (prerequisites[slug] ?? []).filter(
      (one) => lessons.has(one) && !above.includes(one),
    );
    const depth = Math.max(-1, ...before.map((one) => depthOf(one, [...above, slug]))) + 1;
    depths.set(slug, depth);
    return depth;
  };
  const bands: MapBand[] = [];
  const nodes = new Map<string, MapNode>();
  let top = 0;
  for (const { id, title, lessons: own } of index) {
    const rows = rowsOf(own, prerequisites, depthOf);
    const height = BAND_HEAD + ROW * (Math.max(0, ...rows.values()) + 1);
    bands.push({ id, title, y: top, height });
    for (const entry of own) {
      const x = EDGE + depthOf(entry.slug) * COLUMN;
      const y = top + BAND_HEAD + ROW * (rows.get(entry.slug) ?? 0);
      nodes.set(entry.slug, { entry, x, y, lines: linesOf(entry.title) });
    }
    top += height + BAND_GAP;
  }
  const columns = Math.max(0, ...depths.values()) + 1;
  return {
    width: 2 * EDGE + (columns - 1) * COLUMN + NODE_WIDTH,
    height: top - BAND_GAP + EDGE,
    bands,
    nodes: [...nodes.values()],
    edges: edgesOf(nodes, prerequisites),
  };
}

/** The row of each lesson of a band: beside what it builds on, where that row is free. */
function rowsOf(
  lessons: readonly LessonEntry[],
  prerequisites: Prerequisites,
  depthOf: (slug: string) => number,
): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  const taken = new Set<string>();
  const sorted = [...lessons].sort((one, other) => depthOf(one.slug) - depthOf(other.slug));
  for (const { slug } of sorted) {
    const depth = depthOf(slug);
    const beside = (prerequisites[slug] ?? [])
      .map((one) => rows.get(one))
      .filter((row) => row !== undefined);
    let row = beside[0] ?? 0;
    while (taken.has(`${depth} ${row}`)) row += 1;
    taken.add(`${depth} ${row}`);
    rows.set(slug, row);
  }
  return rows;
}

function edgesOf(
  nodes: ReadonlyMap<string, MapNode>,
  prerequisites: Prerequisites,
): readonly MapEdge[] {
  const all = [...nodes.values()];
  return all.flatMap((node) =>
    (prerequisites[node.entry.slug] ?? []).flatMap((slug) => {
      const before = nodes.get(slug);
      if (before === undefined) return [];
      const isNext = node.x - before.x === COLUMN;
      const isFree =
        node.y === before.y && !all.some(({ x, y }) => y === node.y && x > before.x && x < node.x);
      const way = isNext || isFree ? straight(before, node) : around(before, node);
      const isAcross = before.entry.track !== node.entry.track;
      return [{ from: slug, to: node.entry.slug, isAcross, way }];
    }),
  );
}

type Place = Pick<MapNode, 'x' | 'y'>;

function straight(from: Place, to: Place): string {
  const [x1, y1] = [from.x + NODE_WIDTH, from.y + NODE_HEIGHT / 2];
  const y2 = to.y + NODE_HEIGHT / 2;
  const bend = (COLUMN - NODE_WIDTH) * 0.9;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${to.x - bend} ${y2} ${to.x} ${y2}`;
}

/** Between the columns, between the rows, and between the columns: past all boxes. */
function around(from: Place, to: Place): string {
  const gutter = (COLUMN - NODE_WIDTH) / 2;
  const [x1, y1] = [from.x + NODE_WIDTH, from.y + NODE_HEIGHT / 2];
  const y2 = to.y + NODE_HEIGHT / 2;
  const between = to.y - (ROW - NODE_HEIGHT) / 2;
  const [first, last] = [x1 + gutter, to.x - gutter];
  const turn = between > y1 ? CORNER : -CORNER;
  return [
    `M${x1} ${y1}H${first - CORNER}Q${first} ${y1} ${first} ${y1 + turn}`,
    `V${between - turn}Q${first} ${between} ${first + CORNER} ${between}`,
    `H${last - CORNER}Q${last} ${between} ${last} ${between + CORNER}`,
    `V${y2 - CORNER}Q${last} ${y2} ${last + CORNER} ${y2}H${to.x}`,
  ].join('');
}

/** A title in lines that fit a box; what is too long ends with an ellipsis. */
function linesOf(title: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of title.match(WORDS) ?? []) {
    if (widthOf((line + word).trimEnd()) > LINE_WIDTH && line !== '') {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  if (lines.length <= LINES_MAX) return lines;
  let last = lines[LINES_MAX - 1] ?? '';
  while (widthOf(`${last}…`) > LINE_WIDTH) last = last.slice(0, -1);
  return [...lines.slice(0, LINES_MAX - 1), `${last.replace(/[\s,，、：:;；]+$/u, '')}…`];
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    width += /[\p{Script=Han}，。：、；“”（）]/u.test(character) ? HAN_WIDTH : LATIN_WIDTH;
  }
  return width;
}
