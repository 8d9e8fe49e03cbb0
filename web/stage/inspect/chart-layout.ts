/**
 * Where a statechart's boxes and arrows stand. The states are one below the other, in the order of
 * their distance from the initial state, inner states inside their outer one. Each state lists its
 * events; an arrow leaves from its event's line and runs beside the boxes to the state that it
 * leads to, downwards on the right, upwards on the left. Arrows to one state share their way.
 *
 * Not here: drawing (`Statechart.svelte`).
 */
import type { Chart, ChartState, ChartTransition } from '#engine/lab/machines.ts';

/** The box for what leaves any state has this path. */
export const ANY_STATE = '';

export interface Line {
  readonly transition: ChartTransition;
  readonly text: string;
  readonly y: number;
  /** Whether it leads to its own state: such a line has no arrow. */
  readonly isLoop: boolean;
}

export interface Box {
  /** Null for the box of any state. */
  readonly state: ChartState | null;
  readonly path: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Where its name stands, and where arrows arrive. */
  readonly nameY: number;
  readonly lines: readonly Line[];
}

export interface Arrow {
  readonly transition: ChartTransition;
  /** The way as an SVG path. */
  readonly way: string;
}

export interface ChartLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** Pixels of a character of the lines, and of the names, which are larger. */
const LINE_CHARACTER = 6.7;
const NAME_CHARACTER = 8.2;
const NAME_HEIGHT = 26;
const LINE_HEIGHT = 17;
const INSET = 10;
const GAP = 12;
const LANE = 9;
/** Room in a name's line for the word that marks the current state. */
const WORD_WIDTH = 56;

type Draft = Omit<Box, 'x' | 'width'> & { readonly depth: number };
type Side = 'left' | 'right';

interface Trunk {
  readonly side: Side;
  readonly to: string;
  top: number;
  bottom: number;
  lane: number;
}

export function layoutOf(chart: Chart): ChartLayout {
  const drafts: Draft[] = [];
  let y = 1;
  if (chart.transitions.some(({ from }) => from === ANY_STATE)) {
    y = draftOf(chart, null, 0, y, drafts) + GAP;
  }
  for (const state of inOrder(chart, null)) y = draftOf(chart, state, 0, y, drafts) + GAP;
  const inner = Math.max(...drafts.map(widthOf));
  const trunks = trunksOf(drafts);
  const lanes = (side: Side) =>
    Math.max(0, ...trunks.filter((one) => one.side === side).map(({ lane }) => lane + 1));
  const left = lanes('left') * LANE + GAP;
  const right = left + inner;
  const boxes = drafts.map(({ depth, ...draft }): Box => {
    const x = left + depth * INSET;
    return { ...draft, x, width: inner - 2 * depth * INSET };
  });
  return {
    width: right + lanes('right') * LANE + GAP,
    height: y - GAP + 1,
    boxes,
    arrows: boxes.flatMap((box) => arrowsFrom(box, boxes, trunks, { left, right })),
  };
}

/** Adds the boxes of a state and of those in it; returns the y below them. */
function draftOf(
  chart: Chart,
  state: ChartState | null,
  depth: number,
  top: number,
  drafts: Draft[],
): number {
  const path = state?.path ?? ANY_STATE;
  const place = drafts.length;
  let y = top + NAME_HEIGHT;
  const lines = chart.transitions
    .filter(({ from }) => from === path)
    .map((transition): Line => {
      const { event, guard, from, to } = transition;
      const text = guard === '' ? event : `${event} [${guard}]`;
      y += LINE_HEIGHT;
      return { transition, text, y: y - LINE_HEIGHT / 2, isLoop: from === to };
    });
  const nameY = top + NAME_HEIGHT / 2;
  if (lines.length > 0) y += GAP / 2;
  if (state !== null) {
    for (const inner of inOrder(chart, state.path)) {
      y = draftOf(chart, inner, depth + 1, y, drafts) + GAP / 2;
    }
  }
  drafts.splice(place, 0, { state, path, depth, y: top, height: y - top, nameY, lines });
  return y;
}

function widthOf({ state, depth, lines }: Draft): number {
  const name = (state?.name.length ?? 12) * NAME_CHARACTER + WORD_WIDTH;
  const longest = Math.max(0, ...lines.map(({ text }) => text.length)) * LINE_CHARACTER;
  return Math.max(name, longest) + 2 * depth * INSET + 3 * INSET;
}

/** The states directly in another, nearest to where it begins first. */
function inOrder(chart: Chart, parent: string | null): readonly ChartState[] {
  const states = chart.states.filter((state) => state.parent === parent);
  const holderOf = (path: string) =>
    states.find((state) => path === state.path || path.startsWith(`${state.path}.`));
  const distances = new Map(states.filter(({ isInitial }) => isInitial).map((one) => [one, 0]));
  for (const [state, distance] of distances) {
    for (const { from, to } of chart.transitions) {
      const target = holderOf(to);
      if (holderOf(from) !== state || target === undefined || distances.has(target)) continue;
      distances.set(target, distance + 1);
    }
  }
  const distanceOf = (state: ChartState) => distances.get(state) ?? states.length;
  return [...states].sort((one, other) => distanceOf(one) - distanceOf(other));
}

/** The shared ways, the short ones nearest to the boxes; those of one lane do not meet. */
function trunksOf(drafts: readonly Draft[]): readonly Trunk[] {
  const trunks = new Map<string, Trunk>();
  for (const { lines } of drafts) {
    for (const { transition, y, isLoop } of lines) {
      if (isLoop) continue;
      const target = drafts.find(({ path }) => path === transition.to)!;
      const side: Side = target.nameY > y ? 'right' : 'left';
      const key = `${side} ${transition.to}`;
      const trunk = trunks.get(key) ?? { side, to: transition.to, top: y, bottom: y, lane: 0 };
      trunk.top = Math.min(trunk.top, y, target.nameY);
      trunk.bottom = Math.max(trunk.bottom, y, target.nameY);
      trunks.set(key, trunk);
    }
  }
  const placed: Trunk[] = [];
  const length = (trunk: Trunk) => trunk.bottom - trunk.top;
  for (const trunk of [...trunks.values()].sort((a, b) => length(a) - length(b))) {
    const meets = (other: Trunk) =>
      other.side === trunk.side && other.top <= trunk.bottom && trunk.top <= other.bottom;
    const taken = new Set(placed.filter(meets).map(({ lane }) => lane));
    while (taken.has(trunk.lane)) trunk.lane += 1;
    placed.push(trunk);
  }
  return placed;
}

function arrowsFrom(
  box: Box,
  boxes: readonly Box[],
  trunks: readonly Trunk[],
  edge: Readonly<Record<Side, number>>,
): readonly Arrow[] {
  return box.lines.flatMap(({ transition, text, y, isLoop }) => {
    if (isLoop) return [];
    const target = boxes.find(({ path }) => path === transition.to)!;
    const side: Side = target.nameY > y ? 'right' : 'left';
    const { lane } = trunks.find((one) => one.side === side && one.to === transition.to)!;
    const isRight = side === 'right';
    const start = isRight ? box.x + INSET + text.length * LINE_CHARACTER + 4 : box.x + INSET - 3;
    const x = isRight ? edge.right + (lane + 1) * LANE : edge.left - (lane + 1) * LANE;
    const end = isRight ? target.x + target.width + 1 : target.x - 1;
    return [{ transition, way: `M${start} ${y}H${x}V${target.nameY}H${end}` }];
  });
}
