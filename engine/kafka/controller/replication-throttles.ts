/**
 * Throttles of replication as settings: rates of single brokers, and which replicas of a topic they
 * are about (KIP-73). They are kept and told; nothing is limited by them, since brokers here have
 * no quotas.
 *
 * Source: `QuotaConfig`, `ThrottledReplicaListValidator`.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { RESOURCE_TYPE_BROKER } from '../metadata/delta.ts';
import { resourceKey } from '../metadata/image.ts';
import { apiError } from './controller-result.ts';
import { alterOwn, type MoreConfigs } from './incremental-alter-configs.ts';

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

/**
 * For a controller of brokers that can be throttled: settings of a single broker are altered here
 * (what all brokers share cannot be changed), and those of a topic are looked at.
 */
export const replicationThrottles: MoreConfigs = (view, resource, records) => {
  const { resourceType, resourceName, configs } = resource;
  const problemOf = (name: string, value: string | null): string | null =>
    value === null ? null : throttleProblem(name, value);
  if (resourceType !== RESOURCE_TYPE_BROKER) {
    const problems = configs.map(({ name, value }) => problemOf(name, value));
    const problem = problems.find((one) => one !== null);
    return problem === undefined ? null : apiError(ErrorCode.INVALID_CONFIG, problem);
  }
  if (resourceName === '' || configs.some(({ name }) => !brokerThrottles.includes(name))) {
    const only = 'Of a broker only throttles of replication can be configured.';
    return apiError(ErrorCode.INVALID_REQUEST, only);
  }
  const before = view.image.configs.get(resourceKey('broker', resourceName));
  return alterOwn(before, resource, problemOf, records);
};
