/**
 * How long a delivery of a queue may stay unsettled: consumer_timeout of the node; since 3.12 the
 * queue's argument and the policy go before it, the smaller where both are there.
 *
 * Not here: who looks, which until 4.2 is the channel (`vhost/delivery-timeout.ts`) and since 4.3 a
 * quorum queue for itself (`quorum/rabbit-fifo.ts`).
 * Source: `rabbit_queue_type:get_consumer_timeout`.
 */
import { assert } from '../../kernel/assert.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import { integerOf } from '../field-table.ts';
import type { Profile } from '../profiles.ts';
import type { PolicyDefinition } from './queue-settings.ts';

export const CONSUMER_TIMEOUT = 'x-consumer-timeout';

/** Milliseconds; null: no limit. */
export function consumerTimeoutOf(
  args: FieldTable,
  policy: PolicyDefinition,
  { switches, defaults }: Profile,
): number | null {
  const general = defaults.consumer_timeout;
  if (!switches.queueConsumerTimeout) return general;
  const given = policy['consumer-timeout'];
  const own = integerOf(tableLookup(args, CONSUMER_TIMEOUT));
  assert(given === undefined || typeof given === 'number', 'policies were checked', { given });
  if (own === undefined) return given ?? general;
  return Math.min(Number(own), given ?? Infinity);
}
