/**
 * Which messages a still picture of a run shows: those that carry what happens, and not the
 * heartbeats, polls and lookups between them. An unknown message is shown: a new product is drawn
 * before anybody sorts its messages in here.
 *
 * Not here: how the stage plays them (`web/stage/telling.ts`).
 */
import type { Flight, Sentence } from '../session.ts';
import { QUIET } from '../still.ts';

/** By their name, replies included. */
const HOUSEKEEPING: ReadonlySet<string> = new Set([
  'ApiVersions',
  'BrokerHeartbeat',
  'BrokerRegistration',
  'ControllerRegistration',
  'FindCoordinator',
  'Heartbeat',
  'ListOffsets',
  'Metadata',
]);

/** Asked again and again, whether or not there is something: shown where something is told. */
const POLLS: ReadonlySet<string> = new Set(['Fetch', 'FetchSnapshot', 'ConsumerGroupHeartbeat']);

/** `Produce` of `Produce v12` and of `Produce reply`. */
function nameOf({ what }: Flight): string {
  return what.replace(/ (reply|v\d+)$/, '');
}

export function isReply({ what }: Flight): boolean {
  return what.endsWith(' reply');
}

/** Whether a sentence says more than that a message went from here to there. */
export function isTold({ kind }: Sentence): boolean {
  return !QUIET.has(kind);
}

/** The messages to show, in the order of sending. */
export function tellingMessages(
  flights: readonly Flight[],
  sentences: readonly Sentence[],
): Flight[] {
  const told = new Set(sentences.filter(isTold).map(({ event }) => event));
  return flights.filter((flight) => {
    const name = nameOf(flight);
    if (HOUSEKEEPING.has(name)) return false;
    if (!POLLS.has(name) || flight.lost) return true;
    const { from, to, sentEvent, endEvent } = flight;
    if (`${from} ${to}`.includes('controller')) return false;
    return told.has(sentEvent) || (endEvent !== null && told.has(endEvent));
  });
}
