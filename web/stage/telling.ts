/**
 * What of a run is worth a reader's time: which sentences tell the story, which messages are more
 * than housekeeping, and how long each event is shown while the run is played.
 *
 * An unknown kind is told: a new product is heard before anybody sorts it in here.
 */
import type { Flight, Sentence } from '#engine/lab/session.ts';

/** Kinds that the picture shows better, or that only matter when something is being searched. */
const QUIET: ReadonlySet<string> = new Set([
  'send',
  'deliver',
  'drop',
  'machine',
  'closed',
  'connection-state',
  'client-metadata',
  'metadata',
  'metadata-committed',
  'registration',
  'broker-registered',
  'produce-reply',
  'reset',
  'isr',
  'alter-partition',
  'leader',
  'mnesia-log-synced',
]);

/** Requests that carry the story; by their name, replies included. */
const TELLING_MESSAGES: ReadonlySet<string> = new Set([
  'Produce',
  'Fetch',
  'AlterPartition',
  'CreateTopics',
  'OffsetForLeaderEpoch',
  'basic.publish',
  'basic.return',
  'basic.deliver',
  'basic.ack',
  'basic.nack',
  'basic.reject',
]);

/** Beats of an event. */
const TOLD = 1;
const CARRIED = 0.45;
const PASSED_OVER = 0.06;
/** No stretch of housekeeping takes longer, in beats. */
const STRETCH_MAX = 1.5;

/** Whether its host has to be named beside a sentence: it has one, and the text is silent. */
export function needsHost({ host, text }: Pick<Sentence, 'host' | 'text'>): boolean {
  return host !== 'world' && !text.includes(host);
}

export function isStory(sentence: Pick<Sentence, 'kind'>): boolean {
  return !QUIET.has(sentence.kind);
}

/** `Produce` of `Produce v12` and of `Produce reply`, `basic.ack` of that on a channel. */
export function messageName(flight: Pick<Flight, 'what'>): string {
  return flight.what.replace(/ (reply|v\d+|on \d+)$/, '');
}

export function isReply(flight: Pick<Flight, 'what'>): boolean {
  return flight.what.endsWith(' reply');
}

/**
 * The messages that carry the story, by number: such requests and replies after which, or in whose
 * event, something is told. A poll that brings nothing is housekeeping.
 */
export function tellingMessages(
  flights: readonly Flight[],
  story: readonly Pick<Sentence, 'event'>[],
): ReadonlySet<number> {
  const told = new Set(story.map(({ event }) => event));
  const tells = (flight: Flight) =>
    TELLING_MESSAGES.has(messageName(flight)) &&
    !(messageName(flight) === 'Fetch' && `${flight.from} ${flight.to}`.includes('controller')) &&
    (told.has(flight.sentEvent) || (flight.endEvent !== null && told.has(flight.endEvent)));
  return new Set(flights.filter(tells).map(({ message }) => message));
}

/** Beats for each event from 0 on. */
export function paceOf(
  events: number,
  story: readonly Sentence[],
  telling: readonly Flight[],
): number[] {
  const beats = new Array<number>(events + 1).fill(PASSED_OVER);
  const lift = (event: number | null, least: number) => {
    if (event !== null) beats[event] = Math.max(beats[event] ?? 0, least);
  };
  for (const flight of telling) {
    lift(flight.sentEvent, CARRIED);
    lift(flight.endEvent, CARRIED);
  }
  for (const { event } of story) lift(event, TOLD);
  return shortened(beats);
}

/** Makes long stretches in which nothing is told pass faster. */
function shortened(beats: number[]): number[] {
  let start = 0;
  for (let event = 0; event <= beats.length; event++) {
    if (beats[event] === PASSED_OVER) continue;
    const stretch = (event - start) * PASSED_OVER;
    if (stretch > STRETCH_MAX) beats.fill((PASSED_OVER * STRETCH_MAX) / stretch, start, event);
    start = event + 1;
  }
  return beats;
}
