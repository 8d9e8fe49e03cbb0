/**
 * Throttles of replication as settings: rates of single brokers, and which replicas of a topic they
 * are about (KIP-73). They are kept and told; nothing is limited by them, since brokers here have
 * no quotas.
 *
 * Source: `QuotaConfig`, `ThrottledReplicaListValidator`.
 */
import { assert } from '../../kernel/assert.ts';

/** The settings that a broker can be given while it runs. Bytes a second. */
export const brokerThrottles: readonly string[] = [
  'leader.replication.throttled.rate',
  'follower.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
];

const RATE = /^\d{1,15}$/;
const REPLICAS = /^(?:\*|\d+:\d+(?:,\d+:\d+)*)?$/;
const REPLICAS_OF = /^(?:leader|follower)\.replication\.throttled\.replicas$/;

/** What is wrong with the value of a throttle, of a broker or a topic; null for other settings. */
export function throttleProblem(name: string, value: string): string | null {
  assert(name.length > 0, 'a setting', { name });
  const isRate = brokerThrottles.includes(name);
  if (isRate ? RATE.test(value) : !REPLICAS_OF.test(name) || REPLICAS.test(value)) return null;
  const allowed = isRate
    ? 'Value must be at least 0'
    : `${name} must be the literal '*' or a list of replicas in the following format: ` +
      '[partitionId]:[brokerId],[partitionId]:[brokerId],...';
  return `Invalid value ${value} for configuration ${name}: ${allowed}`;
}
