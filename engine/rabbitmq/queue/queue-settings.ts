/**
 * What holds for a queue now: its own arguments and the policy's keys together.
 *
 * Of a limit that both name the smaller holds; of anything else the argument. Settings apply to
 * messages from then on; a limit on the length at once.
 * Source: `rabbit_amqqueue_process:process_args_policy`, rabbitmq.com/docs/parameters.
 */
import { assert } from '../../kernel/assert.ts';
import { integerOf, textOf } from '../field-table.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';

export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx';

export interface QueueSettings {
  /** Without consumers, declarations and basic.get for so long, the queue is deleted. */
  readonly expiresMs: number | null;
  readonly messageTtlMs: number | null;
  readonly maxLength: number | null;
  readonly maxLengthBytes: number | null;
  readonly overflow: Overflow;
  readonly deadLetterExchange: string | null;
  readonly deadLetterRoutingKey: string | null;
}

/** The keys of a policy, without `x-`, as JSON has them. */
export type PolicyDefinition = Readonly<
  Record<string, number | string | boolean | readonly string[]>
>;

export function settingsOf(args: FieldTable, policy: PolicyDefinition): QueueSettings {
  const smaller = (key: string): number | null => {
    const own = integerOf(tableLookup(args, `x-${key}`));
    const given = policy[key];
    assert(own === undefined || own >= 0n, 'arguments were checked', { key });
    assert(given === undefined || typeof given === 'number', 'policies were checked', { key });
    if (own === undefined) return given ?? null;
    return given === undefined ? Number(own) : Math.min(Number(own), given);
  };
  const text = (key: string): string | null => {
    const given = policy[key];
    assert(given === undefined || typeof given === 'string', 'policies were checked', { key });
    return textOf(tableLookup(args, `x-${key}`)) ?? given ?? null;
  };
  return {
    expiresMs: smaller('expires'),
    messageTtlMs: smaller('message-ttl'),
    maxLength: smaller('max-length'),
    maxLengthBytes: smaller('max-length-bytes'),
    overflow: (text('overflow') as Overflow | null) ?? 'drop-head',
    deadLetterExchange: text('dead-letter-exchange'),
    deadLetterRoutingKey: text('dead-letter-routing-key'),
  };
}
