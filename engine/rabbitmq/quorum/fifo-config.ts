/**
 * What holds for a quorum queue: its arguments, the policy and the release together, as data that a
 * leader puts into the log, so that all members have the same.
 *
 * Of a limit that both name the smaller holds. Dead-lettering at least once asks for overflow
 * reject-publish: where that lacks, it is at most once.
 * Source: `rabbit_quorum_queue:ra_machine_config`, `dead_letter_handler`; rabbitmq.com/docs/dlx.
 */
import { assert } from '../../kernel/assert.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import { integerOf, textOf } from '../field-table.ts';
import type { Profile } from '../profiles.ts';
import { type PolicyDefinition, settingsOf } from '../queue/queue-settings.ts';
import type { PriorityOrder } from './ready-list.ts';

export type DeadLetterStrategy = 'at-most-once' | 'at-least-once';

export interface FifoConfig {
  readonly maxLength: number | null;
  readonly maxBytes: number | null;
  readonly rejectsPublish: boolean;
  /** A message that came back more often is dropped or dead-lettered; null: never. */
  readonly deliveryLimit: number | null;
  readonly messageTtlMs: number | null;
  readonly expiresMs: number | null;
  readonly isSingleActive: boolean;
  readonly deadLetterExchange: string | null;
  readonly deadLetterRoutingKey: string | null;
  /** Null: messages that die are dropped. */
  readonly deadLetterStrategy: DeadLetterStrategy | null;
  /** 3.10: without a delivery limit a returned message goes to the back. */
  readonly requeuesToBack: boolean;
  /** 4.0: returned messages have a count of their own. */
  readonly countsAcquired: boolean;
  readonly priorities: PriorityOrder;
  /** 4.0: of consumers of which one is active, the one of the highest priority is. */
  readonly activatesByPriority: boolean;
  /** 4.3: only deliveries that failed count against the limit. */
  readonly limitsFailures: boolean;
}

/** Before a leader has put a configuration into the log. */
export const NO_CONFIG: FifoConfig = Object.freeze({
  maxLength: null,
  maxBytes: null,
  rejectsPublish: false,
  deliveryLimit: null,
  messageTtlMs: null,
  expiresMs: null,
  isSingleActive: false,
  deadLetterExchange: null,
  deadLetterRoutingKey: null,
  deadLetterStrategy: null,
  requeuesToBack: false,
  countsAcquired: false,
  priorities: 'none',
  activatesByPriority: false,
  limitsFailures: false,
});

export function fifoConfig(
  args: FieldTable,
  policy: PolicyDefinition,
  { switches, defaults }: Profile,
): FifoConfig {
  const settings = settingsOf(args, policy);
  const singleActive = tableLookup(args, 'x-single-active-consumer');
  const rejectsPublish = settings.overflow === 'reject-publish';
  return {
    maxLength: settings.maxLength,
    maxBytes: settings.maxLengthBytes,
    rejectsPublish,
    deliveryLimit: deliveryLimitOf(args, policy, defaults.delivery_limit),
    messageTtlMs: switches.quorumMessageTtl ? settings.messageTtlMs : null,
    expiresMs: settings.expiresMs,
    isSingleActive: singleActive?.type === 'bool' && singleActive.value,
    deadLetterExchange: settings.deadLetterExchange,
    deadLetterRoutingKey: settings.deadLetterRoutingKey,
    deadLetterStrategy:
      settings.deadLetterExchange === null
        ? null
        : switches.deadLetterStrategies && rejectsPublish && wantsAtLeastOnce(args, policy)
          ? 'at-least-once'
          : 'at-most-once',
    requeuesToBack: switches.quorumRequeueToBack,
    countsAcquired: switches.quorumAcquiredCount,
    priorities: prioritiesOf(switches),
    activatesByPriority: switches.quorumActiveByPriority,
    limitsFailures: switches.deliveryLimitCountsFailures,
  };
}

function prioritiesOf({
  quorumPriorities,
  quorumStrictPriorities,
}: Profile['switches']): PriorityOrder {
  if (quorumStrictPriorities) return 'strict';
  return quorumPriorities ? 'two' : 'none';
}

function wantsAtLeastOnce(args: FieldTable, policy: PolicyDefinition): boolean {
  const given = textOf(tableLookup(args, 'x-dead-letter-strategy'));
  return (given ?? policy['dead-letter-strategy']) === 'at-least-once';
}

/** Negative: without a limit, since 4.0. */
function deliveryLimitOf(
  args: FieldTable,
  policy: PolicyDefinition,
  byDefault: number | null,
): number | null {
  const own = integerOf(tableLookup(args, 'x-delivery-limit'));
  const given = policy['delivery-limit'];
  assert(given === undefined || typeof given === 'number', 'policies were checked', { given });
  const values = [own === undefined ? null : Number(own), given ?? null].flatMap((of) => of ?? []);
  const limit = values.length === 0 ? byDefault : Math.min(...values);
  return limit === null || limit < 0 ? null : limit;
}
