/**
 * Dead-lettering: the message that goes to the dead-letter exchange, at most once, and which of the
 * queues there it must not go to, since it would go round for ever.
 *
 * Not here: when a queue dead-letters (`classic-queue.ts`), the entries of x-death (`death.ts`).
 * Quorum queues' dead-lettering at least once is not here either.
 * Sources: rabbitmq.com/docs/dlx; `rabbit_dead_letter:publish`, `make_msg`, `detect_cycles`.
 */
import { assert, present } from '../../kernel/assert.ts';
import { longstr, withValue, without } from '../field-table.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import { type Message, shownRoutingKeys } from '../message.ts';
import {
  type Death,
  type DeathReason,
  deathsFromField,
  deathsToField,
  isDeathCycle,
  withDeath,
} from './death.ts';

export interface DeadLettering {
  readonly reason: DeathReason;
  /** The queue that it dies in. */
  readonly queue: string;
  /** The dead-letter exchange, which exists. */
  readonly exchange: string;
  /** `x-dead-letter-routing-key`; null: the message keeps its routing keys. */
  readonly routingKey: string | null;
  /** Wall clock, seconds since 1970. */
  readonly timeSeconds: number;
}

/** The message that is published to the dead-letter exchange. */
export function deadLetter(
  message: Message,
  how: DeadLettering,
  options: { readonly lastDeathHeaders: boolean },
): Message {
  const { reason, queue, exchange, routingKey, timeSeconds } = how;
  const { expiration, ...kept } = message.properties;
  const before = deathsOf(message);
  assert(Number.isInteger(timeSeconds), 'whole seconds', { timeSeconds });
  const deaths = withDeath(before, {
    queue,
    reason,
    count: 1n,
    exchange: message.exchange,
    routingKeys: shownRoutingKeys(message),
    timeSeconds: BigInt(timeSeconds),
    originalExpiration: expiration ?? null,
    entry: null,
  });
  const latest = present(deaths[0], 'it died');
  assert(latest.queue === queue && latest.reason === reason, 'the latest death', { latest });
  let headers = message.properties.headers ?? [];
  if (routingKey !== null) headers = without(headers, 'CC');
  // A client may have written x-death and no first death; then there is none (3.10).
  const isFirst =
    message.deaths === null ? tableLookup(headers, 'x-death') === undefined : before.length === 0;
  if (isFirst) headers = deathHeaders(headers, 'first', how, message.exchange);
  if (options.lastDeathHeaders) headers = deathHeaders(headers, 'last', how, message.exchange);
  return {
    exchange,
    routingKeys: routingKey === null ? message.routingKeys : [routingKey],
    properties: { ...kept, headers: withValue(headers, 'x-death', deathsToField(deaths)) },
    body: message.body,
    ttlMs: null,
    deaths: message.deaths === null ? null : deaths,
  };
}

/** The queues that the dead letter may go to; what would be a cycle is dropped. */
export function withoutCycles(letter: Message, queues: readonly string[]): readonly string[] {
  const deaths = deathsOf(letter);
  assert(deaths.length > 0, 'R9: a dead letter has died', { exchange: letter.exchange });
  if (deaths[0]!.reason === 'rejected') return queues;
  return queues.filter((queue) => !isDeathCycle(deaths, queue));
}

function deathsOf(message: Message): readonly Death[] {
  if (message.deaths !== null) return message.deaths;
  return deathsFromField(tableLookup(message.properties.headers ?? [], 'x-death'));
}

function deathHeaders(
  headers: FieldTable,
  which: 'first' | 'last',
  { reason, queue }: DeadLettering,
  exchange: string,
): FieldTable {
  const named = withValue(headers, `x-${which}-death-reason`, longstr(reason));
  const queued = withValue(named, `x-${which}-death-queue`, longstr(queue));
  return withValue(queued, `x-${which}-death-exchange`, longstr(exchange));
}
