/**
 * What stands on Raft, for a cluster of `rabbitmq.ts`: quorum queues beside classic ones, and
 * metadata where the release keeps it (Khepri since 4.2). Given as `...onRaft` among its options.
 *
 * A module of its own, so that a story without it does not carry Raft.
 */
import { metadataStoreOf } from '../rabbitmq/metadata/metadata-store.ts';
import { classicQueues } from '../rabbitmq/queue/classic-queue-type.ts';
import { quorumQueues } from '../rabbitmq/quorum/quorum-queue-type.ts';
import type { RabbitOptions } from './rabbitmq-options.ts';

export const onRaft = {
  queueTypes: [classicQueues, quorumQueues],
  metadataStore: metadataStoreOf,
} as const satisfies RabbitOptions;
