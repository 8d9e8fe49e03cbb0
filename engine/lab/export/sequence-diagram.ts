/**
 * A stretch of a run as a sequence diagram in Mermaid's language: who sent what to whom, what was
 * lost, and what happened as notes. An arrow stands where its message was sent, since such a
 * diagram has no time between sending and arrival.
 *
 * Not here: which messages are left out as housekeeping (`telling-messages.ts`).
 * Source: Mermaid's documentation, "Sequence diagrams" (arrows, notes, entity codes).
 */
import { assert } from '../../kernel/assert.ts';
import type { Language } from '../narration.ts';
import type { Flight, Sentence, Session } from '../session.ts';
import { isReply, isTold, tellingMessages } from './telling-messages.ts';

/** Arrows of a diagram; more cannot be read. Notes count, too. */
const LINES_MAX = 60;
/** Characters of a note or of an arrow's text; a longer one ends in an ellipsis. */
const TEXT_MAX = 140;

export interface Stretch {
  /** The first event, and the last. */
  readonly from: number;
  readonly to: number;
}

const WORDS = {
  en: {
    title: (id: string, { from, to }: Stretch) => `${id}, events ${from} to ${to}`,
    cut: (count: number, from: number, to: number) =>
      `${count} more lines, events ${from} to ${to}, are left out`,
    nothing: 'Nothing is sent or told here',
  },
  zh: {
    title: (id: string, { from, to }: Stretch) => `${id}，事件 ${from} 到 ${to}`,
    cut: (count: number, from: number, to: number) =>
      `事件 ${from} 到 ${to} 还有 ${count} 行，这里省略`,
    nothing: '这一段没有消息，也没有事情发生',
  },
} as const;

/** One line of the diagram, and whom it concerns. */
interface Line {
  readonly event: number;
  readonly hosts: readonly string[];
  /** The line, given the participants' names. */
  readonly text: (names: ReadonlyMap<string, string>) => string;
}

/** The events from one to another as the text of a diagram; a sentence says what was cut. */
export function sequenceDiagram(
  session: Session,
  stretch: Stretch,
  language: Language,
  linesMax = LINES_MAX,
): string {
  const { from, to } = stretch;
  assert(from <= to, 'a stretch has a beginning and an end', { from, to });
  assert(linesMax > 0, 'a diagram has lines', { linesMax });
  const words = WORDS[language];
  const sentences = session.sentences(language);
  const all = linesOf(tellingMessages(session.flights(), sentences), sentences, stretch);
  const lines = all.slice(0, linesMax);
  const { experiment, traceHash } = session.summary();
  const hosts = hostsIn(session, lines);
  const names = new Map(hosts.map((host, place) => [host, `h${place + 1}`]));
  const left = all.slice(linesMax);
  const note = (text: string) =>
    `Note over ${hosts.length > 1 ? `h1,h${hosts.length}` : 'h1'}: ${textOf(text)}`;
  return [
    'sequenceDiagram',
    `  title ${textOf(words.title(experiment, stretch))}`,
    `  %% trace ${traceHash}`,
    ...hosts.map((host) => `  participant ${names.get(host)} as ${textOf(host)}`),
    ...lines.map(({ text }) => `  ${text(names)}`),
    ...(lines.length === 0 ? [`  ${note(words.nothing)}`] : []),
    ...(left.length === 0 ? [] : [`  ${note(words.cut(left.length, left[0]!.event, to))}`]),
    '',
  ].join('\n');
}

/** Arrows and notes in the order of events; what an event sends comes after what it tells. */
function linesOf(
  flights: readonly Flight[],
  sentences: readonly Sentence[],
  { from, to }: Stretch,
): Line[] {
  const isWithin = (event: number) => event >= from && event <= to;
  const notes = sentences
    .filter((sentence) => isTold(sentence) && isWithin(sentence.event))
    .map(({ event, host, text }) => noteOf(event, host, text));
  const arrows = flights.filter(({ sentEvent }) => isWithin(sentEvent)).map(arrowOf);
  return [...notes, ...arrows].sort((left, right) => left.event - right.event);
}

/** What happens to the world itself concerns everybody: its note is over the first and last. */
function noteOf(event: number, host: string, text: string): Line {
  return {
    event,
    hosts: [host],
    text: (names) => {
      const everybody = names.size > 1 ? `h1,h${names.size}` : 'h1';
      return `Note over ${names.get(host) ?? everybody}: ${textOf(text)}`;
    },
  };
}

function arrowOf(flight: Flight): Line {
  const { sentEvent, from, to, what, lost } = flight;
  const shaft = isReply(flight) ? '--' : '-';
  const arrow = `${shaft}${lost ? 'x' : '>>'}`;
  return {
    event: sentEvent,
    hosts: [from, to],
    text: (names) => `${names.get(from)}${arrow}${names.get(to)}: ${textOf(what)}`,
  };
}

/** Those who take part, in the order in which the run added them; there is always one. */
function hostsIn(session: Session, lines: readonly Line[]): string[] {
  const all = session.frame(session.summary().events).hosts.map(({ name }) => name);
  const met = new Set(lines.flatMap(({ hosts }) => hosts));
  const there = all.filter((name) => met.has(name));
  return there.length > 0 ? there : all.slice(0, 1);
}

/** A text on one line, without the characters that mean something to Mermaid. */
function textOf(text: string): string {
  const short = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
  return short.replace(/\s+/g, ' ').replace(/[#;<>]/g, (one) => `#${one.charCodeAt(0)};`);
}
