/**
 * A RabbitMQ that can do all that the engine can: for a playground, and for drills. A lesson takes
 * the parts that it needs (`rabbitmq-quorum.ts`). Given as `...wholeRabbit` among its options.
 */
import { clusterMembership } from '../rabbitmq/cluster/membership/cluster-membership.ts';
import { streams } from '../rabbitmq/stream/stream-type.ts';
import { onRaft } from './rabbitmq-quorum.ts';
import type { RabbitOptions } from './rabbitmq-options.ts';

export const wholeRabbit = {
  ...onRaft,
  membership: clusterMembership,
  queueTypes: [...onRaft.queueTypes, streams],
} as const satisfies RabbitOptions;
