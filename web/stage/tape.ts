/**
 * A run as the stage plays it: every moment at hand, so that showing one costs a look-up and no
 * question to the worker. The still run of the build is a tape too, with a moment for each step.
 *
 * Not here: what is derived of a moment for the picture (`replicas.ts`, `records.ts`), and the
 * position in it (`player.svelte.ts`).
 */
import type { HostFrame } from '#engine/lab/frames.ts';
import type { Localized } from '#engine/lab/knob.ts';
import type { Flight, Sentence, Summary } from '#engine/lab/session.ts';
import type { Lang, StillRun } from '../lesson/content.ts';
import type { HostChange, OpenedRun } from '../worker/recording.ts';
import { isAtRest } from './at-rest.ts';
import { isStory, paceOf, tellingMessages } from './telling.ts';

/** A step of the run: its events, and its title in the page's language. */
export interface TapeStep {
  readonly id: string;
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly reached: boolean;
  readonly settling: boolean;
}

export type TapeSummary = Omit<Summary, 'steps'>;

interface Parts {
  readonly summary: TapeSummary;
  readonly steps: readonly TapeStep[];
  readonly sentences: readonly Sentence[];
  readonly flights: readonly Flight[];
  readonly at: readonly number[];
  readonly changes: readonly HostChange[];
  /** Whether it holds the ends of steps only. */
  readonly isStill: boolean;
}

export class Tape {
  readonly summary: TapeSummary;
  readonly steps: readonly TapeStep[];
  /** Those that tell the story; the others say what the picture shows better. */
  readonly story: readonly Sentence[];
  readonly sentences: readonly Sentence[];
  readonly flights: readonly Flight[];
  readonly isStill: boolean;
  readonly #at: readonly number[];
  readonly #telling: ReadonlySet<number>;
  readonly #hosts = new Map<string, HostChange[]>();
  /** Beats of each event, and of all before it. */
  readonly #beats: readonly number[];
  readonly #beatsBefore: readonly number[];

  constructor(parts: Parts) {
    this.summary = parts.summary;
    this.steps = parts.steps;
    this.sentences = parts.sentences;
    this.story = parts.sentences.filter(isStory);
    this.flights = parts.flights;
    this.isStill = parts.isStill;
    this.#at = parts.at;
    for (const change of parts.changes) {
      const changes = this.#hosts.get(change.host.name);
      if (changes === undefined) this.#hosts.set(change.host.name, [change]);
      else changes.push(change);
    }
    this.#telling = tellingMessages(this.flights, this.story);
    const telling = this.flights.filter((flight) => this.isTelling(flight));
    this.#beats = paceOf(this.events, this.story, telling);
    let before = 0;
    this.#beatsBefore = this.#beats.map((beats) => (before += beats) - beats);
  }

  /** The tape of a run that the worker has opened and recorded. */
  static ofRun(
    { summary, sentences, flights }: OpenedRun,
    moments: { readonly at: readonly number[]; readonly changes: readonly HostChange[] },
    lang: Lang,
  ): Tape {
    const steps = summary.steps.map((step) => ({ ...step, title: textIn(step.title, lang) }));
    return new Tape({ summary, steps, sentences, flights, ...moments, isStill: false });
  }

  /** The tape of the build's still run. Its moments are the ends of its steps. */
  static ofStill(still: StillRun): Tape {
    const { summary, steps } = still;
    const at: number[] = new Array<number>(summary.events + 1).fill(0);
    const changes: HostChange[] = [];
    for (const { step, frame } of steps) {
      at.fill(frame.at, step.to);
      changes.push(...frame.hosts.map((host) => ({ event: step.to, host: host as HostFrame })));
    }
    return new Tape({
      summary: summary as unknown as TapeSummary,
      steps: steps.map(({ step }) => step),
      sentences: steps.flatMap(({ sentences }) => sentences),
      flights: [],
      at,
      changes,
      isStill: true,
    });
  }

  /** The last event. */
  get events(): number {
    return this.summary.events;
  }

  /** The hosts' names, by their first appearance. */
  get hostNames(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  /** Virtual time after an event, in microseconds. */
  timeOf(event: number): number {
    return this.#at[event] ?? this.#at[this.#at.length - 1] ?? 0;
  }

  /** The last event that is not later than a time, in microseconds. */
  eventAtTime(micros: number): number {
    return Math.max(
      lastPlace(this.#at, (at) => at <= micros),
      0,
    );
  }

  /** A host as it is after an event, or null before it was added, and for a pane at rest. */
  hostAt(name: string, event: number): HostFrame | null {
    const changes = this.changesOf(name);
    const place = lastPlace(changes, (change) => change.event <= event);
    const host = place < 0 ? null : changes[place]!.host;
    return host !== null && isAtRest(host) ? null : host;
  }

  /** Everything that a host went through. */
  changesOf(name: string): readonly HostChange[] {
    return this.#hosts.get(name) ?? [];
  }

  /** The step to which an event belongs. */
  stepAt(event: number): TapeStep | null {
    return this.steps.findLast((step) => step.from <= event) ?? this.steps[0] ?? null;
  }

  /** Whether a message is of the story, and not of the housekeeping. */
  isTelling(flight: Pick<Flight, 'message'>): boolean {
    return this.#telling.has(flight.message);
  }

  /** How long an event takes when the run is played, in beats: what is told takes longest. */
  beatsOf(event: number): number {
    return this.#beats[event] ?? 0;
  }

  /** Beats from the start of the run to a moment: the clock by which pictures move. */
  beatAt(event: number, fraction: number): number {
    return (this.#beatsBefore[event] ?? 0) + fraction * this.beatsOf(event);
  }

  /** Beats of the whole run. */
  get beats(): number {
    return this.beatAt(this.events, 0);
  }

  /** The event that is shown at a beat. */
  eventAt(beat: number): number {
    return Math.max(
      lastPlace(this.#beatsBefore, (before) => before <= beat + 1e-9),
      0,
    );
  }

  /** The moment before anything is sent: the cluster stands, and nothing has happened yet. */
  get opening(): number {
    const first = Math.min(...this.summary.records.map((record) => record.sentAt));
    return this.steps.findLast((step) => step.to < first)?.to ?? 0;
  }
}

function textIn(title: Localized | string, lang: Lang): string {
  return typeof title === 'string' ? title : title[lang];
}

/** The last place of a list that is ordered by `holds`, or -1. */
export function lastPlace<T>(list: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
