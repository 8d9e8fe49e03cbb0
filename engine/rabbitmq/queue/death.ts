/**
 * One death of a message: from which queue it was dead-lettered, why, and how often. In the header
 * `x-death` it is a table.
 *
 * Deaths are kept latest first; another death from the same queue for the same reason counts up the
 * entry and moves it to the front. Source: rabbitmq.com/docs/dlx, `rabbit_dead_letter`, `mc`.
 */
import { assert } from '../../kernel/assert.ts';
import { integerOf, longstr, textOf, withValue } from '../field-table.ts';
import { type FieldTable, type FieldValue, tableLookup } from '../../wire/amqp/field-table.ts';

/** `delivery_limit` is a quorum queue's. */
export type DeathReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

export interface Death {
  readonly queue: string;
  readonly reason: string;
  readonly count: bigint;
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  /** Seconds since 1970, of the first of these deaths. */
  readonly timeSeconds: bigint;
  /** The property `expiration` that the message had, which its dead letter no longer has. */
  readonly originalExpiration: string | null;
  /** The entry of a header, which may be a client's: it is kept as it is, but for the count. */
  readonly entry: FieldTable | null;
}

/** The deaths after one more. */
export function withDeath(deaths: readonly Death[], next: Death): readonly Death[] {
  assert(next.count === 1n, 'one death more', { count: next.count });
  const isSame = (of: Death): boolean => of.queue === next.queue && of.reason === next.reason;
  const before = deaths.find(isSame);
  const latest = before === undefined ? next : { ...before, count: before.count + 1n };
  return [latest, ...deaths.filter((of) => !isSame(of))];
}

/**
 * Whether the way to this queue is a cycle that no client takes part in: it was dead-lettered here
 * before, and since then nobody rejected it. Such a message is dropped (invariant R9).
 */
export function isDeathCycle(deaths: readonly Death[], queue: string): boolean {
  const place = deaths.findIndex((of) => of.queue === queue);
  if (place < 0) return false;
  assert(place < deaths.length, 'a death of the list', { place });
  return deaths.slice(0, place + 1).every(({ reason }) => reason !== 'rejected');
}

/** The header's value. */
export function deathsToField(deaths: readonly Death[]): FieldValue {
  assert(deaths.length > 0, 'only what died has the header', {});
  return { type: 'array', value: deaths.map((of) => ({ type: 'table', value: tableOfDeath(of) })) };
}

function tableOfDeath(of: Death): FieldTable {
  if (of.entry !== null) return withValue(of.entry, 'count', { type: 'long', value: of.count });
  const routingKeys = of.routingKeys.map(longstr);
  const entries: { name: string; value: FieldValue }[] = [
    { name: 'count', value: { type: 'long', value: of.count } },
    { name: 'reason', value: longstr(of.reason) },
    { name: 'queue', value: longstr(of.queue) },
    { name: 'time', value: { type: 'timestamp', value: of.timeSeconds } },
    { name: 'exchange', value: longstr(of.exchange) },
    { name: 'routing-keys', value: { type: 'array', value: routingKeys } },
  ];
  if (of.originalExpiration !== null) {
    entries.push({ name: 'original-expiration', value: longstr(of.originalExpiration) });
  }
  return entries;
}

/**
 * The deaths that a header tells: a client may have published it. None where the header is no
 * array, and the broker then writes it anew; an entry without a queue is nobody's death.
 */
export function deathsFromField(of: FieldValue | undefined): readonly Death[] {
  if (of?.type !== 'array') return [];
  return of.value.flatMap((item) => (item.type === 'table' ? [deathOfTable(item.value)] : []));
}

function deathOfTable(table: FieldTable): Death {
  const queue = textOf(tableLookup(table, 'queue')) ?? '';
  const reason = textOf(tableLookup(table, 'reason')) ?? '';
  const keys = tableLookup(table, 'routing-keys');
  const time = tableLookup(table, 'time');
  return {
    queue,
    reason,
    count: integerOf(tableLookup(table, 'count')) ?? 1n,
    exchange: textOf(tableLookup(table, 'exchange')) ?? '',
    routingKeys: keys?.type === 'array' ? keys.value.flatMap((of) => textOf(of) ?? []) : [],
    timeSeconds: time?.type === 'timestamp' ? time.value : 0n,
    originalExpiration: textOf(tableLookup(table, 'original-expiration')) ?? null,
    entry: table,
  };
}
