/**
 * What happens in a run that goes on, told to a page piece by piece: each answer begins where the
 * one before it ended.
 *
 * Not here: runs that are over (`engine/lab/session.ts`).
 */
import { Frames } from '#engine/lab/frames.ts';
import { narrate } from '#engine/lab/narration.ts';
import type { Language } from '#engine/lab/narration.ts';
import type { Run } from '#engine/lab/run.ts';
import type { Flight, RecordOutcome, Sentence } from '#engine/lab/session.ts';
import type { HostChange } from './recording.ts';
import type { LiveRecording, LiveStep } from './terminal-state.ts';

/** Events of an answer at most. */
const EVENTS_MAX = 1000;
/** Records of which a picture tells what became of them: the last ones. */
const RECORDS_MAX = 300;

export class LiveRecorder {
  readonly #run: Run;
  readonly #language: Language;
  readonly #frames: Frames;
  /** Messages under way, by number. */
  readonly #flying = new Map<number, Flight>();
  #event = 0;
  #place = 0;

  /** Watches a run from its beginning on. */
  constructor(run: Run, language: Language) {
    this.#run = run;
    this.#language = language;
    this.#frames = new Frames(run.world);
  }

  /** What has happened since the last answer, or some of it. */
  next(): Omit<LiveRecording, 'generation'> {
    const { world, seed } = this.#run;
    const from = this.#event;
    const to = Math.min(world.event, from + EVENTS_MAX);
    const at: number[] = [];
    const changes: HostChange[] = [];
    for (let event = from; event <= to; event++) {
      const moment = this.#frames.change(event);
      at.push(moment.at);
      changes.push(...moment.changed.map((host) => ({ event, host })));
    }
    this.#event = to;
    const told = this.#told(to);
    const traceHash = world.trace.hash;
    return {
      from,
      to,
      at,
      changes,
      ...told,
      steps: this.#steps(to),
      traceHash,
      seed,
      ...this.#sent,
    };
  }

  /** Sentences and messages up to an event; lines that are typed come after its own entries. */
  #told(to: number): Pick<LiveRecording, 'sentences' | 'flights'> {
    const { narrator, world } = this.#run;
    const sentences: Sentence[] = [];
    const flights: Flight[] = [];
    for (; this.#place < world.trace.length; this.#place++) {
      const entry = world.trace.entry(this.#place);
      if (entry.event > to) break;
      const { event, at, host, kind } = entry;
      const text = narrate(narrator, entry, this.#language);
      if (text !== null && text !== '') sentences.push({ event, at, host, kind, text });
      const { message, to: receiver, what, bytes } = entry.data;
      const number = Number(message);
      if (kind === 'send') {
        const sent = { message: number, from: host, to: String(receiver), what: String(what) };
        const times = { sentEvent: event, sentAt: at, endEvent: null, endAt: null, lost: false };
        const flight = { ...sent, bytes: Number(bytes), ...times };
        this.#flying.set(number, flight);
        flights.push(flight);
      } else if (kind === 'deliver' || kind === 'drop') {
        const flight = this.#flying.get(number);
        if (flight === undefined) continue;
        this.#flying.delete(number);
        flights.push({ ...flight, endEvent: event, endAt: at, lost: kind === 'drop' });
      }
    }
    return { sentences, flights };
  }

  #steps(to: number): LiveStep[] {
    const { experiment, steps, step } = this.#run;
    const titleOf = (id: string): string => {
      return experiment.steps.find((one) => one.id === id)?.title[this.#language] ?? id;
    };
    const over = steps.map((one) => ({ ...one, title: titleOf(one.id) }));
    if (step === null) return over;
    const from = (over[over.length - 1]?.to ?? -1) + 1;
    const last = { id: step, title: titleOf(step), from, to: Math.max(to, from), reached: false };
    return [...over, last];
  }

  get #sent(): { readonly records: readonly RecordOutcome[] } {
    const sent = this.#run.history.sent.slice(-RECORDS_MAX);
    return {
      records: sent.map(({ id, sentAt, toldAt, outcome, place, error }) => {
        return { id, sentAt, toldAt, outcome, place, error, there: true };
      }),
    };
  }
}
