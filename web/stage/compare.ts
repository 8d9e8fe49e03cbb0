/**
 * Two runs at the same moment of the story: which event of one belongs to an event of the other.
 * Where they agree it is the same event; after they part it is as far into the same step, by
 * virtual time.
 *
 * Not here: where they part (`web/worker/divergence.ts`), how they are shown (`Compare.svelte`).
 */
import type { Sentence } from '#engine/lab/session.ts';
import { lastPlace, type Tape } from './tape.ts';

/**
 * The event of `to` that belongs to an event of `from`.
 * @param divergedAt the first event that differs, or null where none does
 */
export function alignedEvent(
  from: Tape,
  event: number,
  to: Tape,
  divergedAt: number | null,
): number {
  if (divergedAt === null || event < divergedAt) return Math.min(event, to.events);
  if (event >= from.events) return to.events;
  const step = from.stepAt(event);
  const same = to.steps.find((other) => other.id === step?.id);
  if (step === null || same === undefined) return to.eventAtTime(from.timeOf(event));
  const since = from.timeOf(event) - from.timeOf(step.from);
  const at = to.eventAtTime(to.timeOf(same.from) + since);
  // what is done to the world takes no time: events of one moment are told apart by their order
  const within = Math.min(at, same.from + (event - step.from));
  const place = to.timeOf(within) === to.timeOf(at) ? within : at;
  return Math.max(same.from, Math.min(place, same.to));
}

/** The sentences that have been told by an event, the last few. */
export function toldBy(tape: Tape, event: number, count: number): readonly Sentence[] {
  const place = lastPlace(tape.story, (sentence) => sentence.event <= event);
  return tape.story.slice(Math.max(0, place + 1 - count), place + 1);
}

/** The first sentence from an event on: what the run tells next. Null where it tells nothing. */
export function nextTold(tape: Tape, event: number): Sentence | null {
  return tape.story.find((sentence) => sentence.event >= event) ?? null;
}
