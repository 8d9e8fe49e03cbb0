/**
 * The picture's material of a run that goes on: what the worker told so far, as a tape that the
 * stage's parts draw. Of a long run only the end is kept.
 *
 * Not here: drawing (`web/stage`), and the asking (`live-session.svelte.ts`).
 */
import type { Flight, RecordOutcome, Sentence } from '#engine/lab/session.ts';
import { Tape, type TapeStep } from '../stage/tape.ts';
import type { HostChange } from '../worker/recording.ts';
import type { LiveRecording } from '../worker/terminal-state.ts';

/** Changes of hosts that are kept at least; twice as many are too many. */
const CHANGES_KEPT = 4000;

export class LiveTape {
  readonly #id: string;
  #at: number[] = [];
  #changes: HostChange[] = [];
  #sentences: Sentence[] = [];
  #flights = new Map<number, Flight>();
  #steps: readonly TapeStep[] = [];
  #records: readonly RecordOutcome[] = [];
  #traceHash = '';
  #seed = 0;

  /** The first event of which all is known. */
  first = 0;

  constructor(id: string) {
    this.#id = id;
  }

  /** The last event that is known; -1 before the first answer. */
  get last(): number {
    return this.#at.length - 1;
  }

  /** Takes what happened in the next events. */
  add(told: LiveRecording): void {
    told.at.forEach((at, place) => (this.#at[told.from + place] = at));
    // the first event of an answer was the last of the one before it
    const isRepeated = told.from > 0;
    this.#changes.push(...told.changes.filter(({ event }) => !isRepeated || event > told.from));
    this.#sentences.push(...told.sentences);
    for (const flight of told.flights) this.#flights.set(flight.message, flight);
    this.#steps = told.steps.map((step) => ({ ...step, settling: false }));
    this.#records = told.records;
    this.#traceHash = told.traceHash;
    this.#seed = told.seed;
    if (this.#changes.length > 2 * CHANGES_KEPT) this.#forget();
  }

  /** All of it up to now. A tape does not change; this makes another one. */
  tape(): Tape {
    return new Tape({
      summary: {
        experiment: this.#id,
        knobs: [],
        seed: this.#seed,
        inputs: [],
        events: Math.max(this.last, 0),
        micros: this.#at[this.last] ?? 0,
        traceHash: this.#traceHash,
        measures: {},
        verdicts: [],
        records: this.#records,
        violations: null,
        link: '',
        failure: null,
      },
      steps: this.#steps,
      sentences: [...this.#sentences],
      flights: [...this.#flights.values()],
      at: [...this.#at],
      changes: [...this.#changes],
      isStill: false,
    });
  }

  /** Keeps the end, and how every host was when it began. */
  #forget(): void {
    const { event } = this.#changes[this.#changes.length - CHANGES_KEPT]!;
    const before = new Map<string, HostChange>();
    for (const change of this.#changes) {
      if (change.event < event) before.set(change.host.name, change);
    }
    const later = this.#changes.filter((change) => change.event >= event);
    this.#changes = [...before.values(), ...later];
    this.#sentences = this.#sentences.filter((sentence) => sentence.event >= event);
    const flights = [...this.#flights].filter(
      ([, { endEvent }]) => endEvent === null || endEvent >= event,
    );
    this.#flights = new Map(flights);
    this.first = event;
  }
}
