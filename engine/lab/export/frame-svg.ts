/**
 * One moment of a run as an SVG that stands alone: clients on the left, servers on the right, each
 * with what it shows of itself; what is under way between them; and what happened in this event.
 *
 * It brings its own ground, styles and colours, for a light page and a dark one; nothing is loaded.
 * A record's colour says its leader epoch, and the number in it, too; the outline of a record below
 * the high watermark is whole; what power loss would take has no fill.
 * Not here: what a card says (`frame-card.ts`); the stage's own picture (`web/stage`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Language } from '../narration.ts';
import type { Flight, Session } from '../session.ts';
import { cardOf } from './frame-card.ts';
import type { Card, CardCell, CardLog } from './frame-card.ts';
import { isReply, isTold, tellingMessages } from './telling-messages.ts';

const WIDTH = 1290;
const EDGE = 24;
const CLIENT_WIDTH = 380;
const SERVER_LEFT = 560;
const SERVER_WIDTH = 560;
const LINE = 18;
const CELL = 24;
const LOG_HEIGHT = CELL + 38;
const HEAD_HEIGHT = 30;
const CARD_GAP = 18;
const FLIGHTS_MAX = 12;
const SENTENCES_MAX = 6;
const SENTENCE_UNITS_MAX = 150;

const WORDS = {
  en: {
    event: (event: number, events: number) => `event ${event} of ${events}`,
    hash: 'trace',
    seed: 'seed',
    legend: 'number: leader epoch; dashed: above the high watermark; hollow: lost without power',
  },
  zh: {
    event: (event: number, events: number) => `第 ${event} 个事件，共 ${events} 个`,
    hash: '轨迹哈希',
    seed: '种子',
    legend: '数字：leader epoch；虚线框：高水位以上；空心：断电就会丢',
  },
} as const;

/** Light, then dark: ground, card, ink, soft ink, line, and a colour for each epoch in turn. */
const STYLE = `
text{font:13px ui-monospace,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace;fill:#1a242c}
.title{font-size:17px;font-weight:700}.name{font-weight:700}.soft{fill:#55616b}.bad{fill:#b0241c}
.ground{fill:#fbfaf6}.card{fill:#fff;stroke:#7c8790}.down{stroke-dasharray:5 4}
.lead{font-weight:700}
.way{fill:none;stroke:#0a6485;stroke-width:1.5}.reply{stroke-dasharray:5 4}.head{fill:#0a6485}
.cell{stroke-width:2}.open{stroke-dasharray:3 2}.number{font-size:11px;text-anchor:middle}
.c0{fill:#d9e6f6;stroke:#1f5da6}.c1{fill:#f6e3d3;stroke:#9c4400}.c2{fill:#d6ebe1;stroke:#1b6b48}
.c3{fill:#ebdff2;stroke:#763898}.c4{fill:#f5d9e8;stroke:#a91f66}.c5{fill:#efebcd;stroke:#665b00}
.unsynced{fill:none}
@media (prefers-color-scheme:dark){text{fill:#e6ebee}.soft{fill:#9fadb8}.bad{fill:#ff9186}
.ground{fill:#10171d}.card{fill:#18222a;stroke:#70808c}.way{stroke:#6cc6e4}.head{fill:#6cc6e4}
.c0{fill:#1b3250;stroke:#86b6f4}.c1{fill:#4a2f16;stroke:#f3a763}.c2{fill:#173a2b;stroke:#74d2a2}
.c3{fill:#3a2549;stroke:#cba2ee}.c4{fill:#4b1c35;stroke:#f592c1}.c5{fill:#3b3612;stroke:#d6c552}
.unsynced{fill:none}}
`.trim();
const COLOURS = 6;

interface Box {
  readonly card: Card;
  /** The card's lines, broken where they are too long. */
  readonly rows: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The moment after an event. Asserts that the run has it. */
export function frameSvg(session: Session, event: number, language: Language): string {
  const { events, experiment, knobs, seed, traceHash } = session.summary();
  assert(event >= 0 && event <= events, 'an event of the run', { event, events });
  const words = WORDS[language];
  const frame = session.frame(event);
  const cards = frame.hosts.map((host) =>
    cardOf(host, session.lastView(host.name, event), language),
  );
  const settings = rowsOf(knobs.map(([name, value]) => `${name}=${value}`));
  const top = EDGE + 34 + LINE * (settings.length + 1);
  const clients = stacked(cards, 'client', EDGE, top);
  const servers = stacked(cards, 'server', SERVER_LEFT, top);
  const boxes = [...clients, ...servers];
  const bottom = Math.max(top, ...boxes.map(({ y, height }) => y + height)) + CARD_GAP;
  const sentences = session.sentences(language);
  const said = sentences
    .filter((sentence) => sentence.event === event && isTold(sentence))
    .map(({ text }) => cutTo(text, SENTENCE_UNITS_MAX))
    .slice(0, SENTENCES_MAX);
  const height = bottom + LINE * (said.length + 1) + EDGE;
  const title = `${experiment}: ${words.event(event, events)}, ${millisOf(frame.at)} ms`;
  const flights = tellingMessages(session.flights(), sentences).filter(
    (flight) => flight.sentEvent <= event && (flight.endEvent === null || flight.endEvent > event),
  );
  const foot = `${words.seed} ${seed} · ${words.hash} ${traceHash} · ${words.legend}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
      `viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title" lang="${language}">`,
    `<title id="title">${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    textAt(EDGE, EDGE + 18, title, 'title'),
    ...settings.map((row, place) => textAt(EDGE, EDGE + 42 + LINE * place, row, 'soft')),
    ...boxes.flatMap(drawnCard),
    ...ways(flights.slice(-FLIGHTS_MAX), boxes),
    ...said.map((text, place) => textAt(EDGE, bottom + LINE * (place + 0.5), text, '')),
    textAt(EDGE, height - EDGE / 2, foot, 'soft'),
    '</svg>',
    '',
  ].join('\n');
}

/** Words in rows that fit the picture. */
function rowsOf(words: readonly string[]): string[] {
  const rows: string[] = [];
  for (const word of words) {
    const last = rows[rows.length - 1];
    if (last === undefined || last.length + word.length > 140) rows.push(word);
    else rows[rows.length - 1] = `${last}  ${word}`;
  }
  return rows;
}

function stacked(cards: readonly Card[], side: Card['side'], x: number, top: number): Box[] {
  let y = top;
  const width = side === 'client' ? CLIENT_WIDTH : SERVER_WIDTH;
  return cards
    .filter((card) => card.side === side)
    .map((card) => {
      const rows = card.lines.flatMap((line) => broken(line, unitsIn(width - 24)));
      const height = HEAD_HEIGHT + LINE * rows.length + LOG_HEIGHT * card.logs.length + LINE / 2;
      const box = { card, rows, x, y, width, height };
      y += height + CARD_GAP;
      return box;
    });
}

function drawnCard({ card, rows, x, y, width, height }: Box): string[] {
  const inner = x + 12;
  const linesTop = y + HEAD_HEIGHT + 12;
  const logsTop = y + HEAD_HEIGHT + LINE * rows.length;
  const stateUnits = unitsIn(width - 40) - unitsOf(card.name);
  return [
    `<rect class="card${card.isUp ? '' : ' down'}" x="${x}" y="${y}" width="${width}" ` +
      `height="${height}" rx="6"/>`,
    `<text x="${inner}" y="${y + 20}"><tspan class="name">${escaped(card.name)}</tspan>` +
      `<tspan class="${card.isUp ? 'soft' : 'bad'}" dx="12">` +
      `${escaped(cutTo(card.state, stateUnits))}</tspan></text>`,
    ...rows.map((text, place) => textAt(inner, linesTop + LINE * place, text, 'soft')),
    ...card.logs.flatMap((log, place) => drawnLog(log, inner, logsTop + LOG_HEIGHT * place)),
  ];
}

function drawnLog(log: CardLog, x: number, y: number): string[] {
  const first = log.cells[0]?.offset ?? 0;
  return [
    textAt(x, y + 12, `${log.title}   ${log.marks}`, log.leads ? 'lead' : ''),
    ...log.cells.flatMap((cell) => drawnCell(cell, x + (cell.offset - first) * (CELL + 3), y + 20)),
  ];
}

function drawnCell(cell: CardCell, x: number, y: number): string[] {
  const classes = [
    `cell c${cell.epoch % COLOURS}`,
    ...(cell.isCommitted ? [] : ['open']),
    ...(cell.isSynced ? [] : ['unsynced']),
  ];
  return [
    `<rect class="${classes.join(' ')}" x="${x}" y="${y}" width="${CELL}" height="${CELL}" ` +
      `rx="3"><title>${escaped(cell.title)}</title></rect>`,
    `<text class="number" x="${x + CELL / 2}" y="${y + 16}">${cell.epoch}</text>`,
    `<text class="number soft" x="${x + CELL / 2}" y="${y + CELL + 12}">${cell.offset}</text>`,
  ];
}

/** What is under way: between the columns as a line, within one as a bow. */
function ways(flights: readonly Flight[], boxes: readonly Box[]): string[] {
  const boxOf = new Map(boxes.map((box) => [box.card.name, box]));
  const met = new Map<string, number>();
  return flights.flatMap((flight) => {
    const [from, to] = [boxOf.get(flight.from), boxOf.get(flight.to)];
    if (from === undefined || to === undefined) return [];
    const pair = [flight.from, flight.to].join(' ');
    const turn = met.get(pair) ?? 0;
    met.set(pair, turn + 1);
    return drawnWay(flight, from, to, turn);
  });
}

function drawnWay(flight: Flight, from: Box, to: Box, turn: number): string[] {
  const isRight = from.card.side === 'client' && to.card.side === 'server';
  const isLeft = from.card.side === 'server' && to.card.side === 'client';
  const [fromY, toY] = [from.y + 15 + turn * 12, to.y + 15 + turn * 12];
  const fromX = isLeft ? from.x : from.x + from.width;
  const toX = isRight ? to.x : to.x + to.width;
  const bow = isRight || isLeft ? (fromX + toX) / 2 : fromX + 40;
  const inward = isRight ? -8 : 8;
  const path = `M${fromX} ${fromY}C${bow} ${fromY} ${bow} ${toY} ${toX} ${toY}`;
  const label = `${flight.what} → ${flight.to}`;
  const labelX = isRight || isLeft ? Math.min(fromX, toX) + 6 : fromX + 4;
  return [
    `<path class="way${isReply(flight) ? ' reply' : ''}" d="${path}">` +
      `<title>${escaped(`${flight.from}: ${label}`)}</title></path>`,
    `<path class="head" d="M${toX} ${toY}l${inward} -4v8z"/>`,
    textAt(labelX, Math.min(fromY, toY) - 4, cutTo(flight.what, 20), 'soft'),
  ];
}

function millisOf(micros: number): string {
  return `${Math.floor(micros / 1000)}.${Math.floor((micros % 1000) / 100)}`;
}

function textAt(x: number, y: number, text: string, style: string): string {
  const styled = style === '' ? '' : ` class="${style}"`;
  return `<text x="${x}" y="${y}"${styled} xml:space="preserve">${escaped(text)}</text>`;
}

/** A Chinese character is as wide as two others. */
function unitsOf(text: string): number {
  let units = 0;
  for (const one of text) units += one.codePointAt(0)! > 0x2e7f ? 2 : 1;
  return units;
}

/** Characters of a monospaced line that is so many pixels wide. */
function unitsIn(width: number): number {
  return Math.floor(width / 8);
}

/** A line as rows that fit, broken between words; what goes on is set in. */
function broken(text: string, unitsMax: number): string[] {
  const rows: string[] = [''];
  for (const word of text.match(/\S+\s*/g) ?? []) {
    const last = rows[rows.length - 1]!;
    const fits = last === '' || unitsOf(last) + unitsOf(word.trimEnd()) <= unitsMax;
    if (fits) rows[rows.length - 1] = last + cutTo(word, unitsMax);
    else rows.push(`    ${cutTo(word, unitsMax - 4)}`);
  }
  return rows;
}

function cutTo(text: string, unitsMax: number): string {
  if (unitsOf(text) <= unitsMax) return text;
  let short = '';
  for (const one of text) {
    if (unitsOf(short) + unitsOf(one) > unitsMax - 1) break;
    short += one;
  }
  return `${short}…`;
}

/** A text as XML: control characters cannot stand in it at all. */
function escaped(text: string): string {
  // eslint-disable-next-line no-control-regex -- XML 1.0 section 2.2: these are no characters
  const clean = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
  return clean.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
}
