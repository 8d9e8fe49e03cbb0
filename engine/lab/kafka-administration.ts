/**
 * The lab's handle on administration: `administration` goes into a cluster's `modules`; then a
 * topic's admin client adds partitions, and moves them to other replicas.
 *
 * A part that is handed in: a lesson that only makes topics does not carry it. Not here: new topics
 * (`kafka.ts`), DeleteRecords (`kafka-delete-records.ts`).
 */
import { administration as administered } from '../kafka/api/administration.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import type { Admin } from '../kafka/client/admin.ts';
import {
  alterPartitionReassignments,
  createPartitions as askForPartitions,
} from '../kafka/client/administration.ts';
import { assert } from '../kernel/assert.ts';
import type { Lab } from './experiment.ts';
import type { KafkaCluster } from './kafka.ts';

/** Brokers and controllers take what administrators ask for. */
export const administration: readonly BrokerModuleFactory[] = [administered];

/** Adds partitions to a topic until it has `count`; `partitionsReady` tells when they lead. */
export function createPartitions(
  lab: Lab,
  cluster: KafkaCluster,
  topic: string,
  count: number,
): void {
  cluster.expectPartitions(topic, count);
  lab.command<Admin>(`admin-${topic}`, `create partitions of ${topic}: ${count}`, (admin) =>
    askForPartitions(admin, topic, count, () => undefined),
  );
}

/**
 * Begins to move a partition to other replicas, the preferred leader first; with null, takes back
 * what is going on. A refusal (a broker that is not registered, nothing to take back) changes
 * nothing; the cluster's `replicasOf` and `isReassigning` tell how far it is.
 */
export function reassign(
  lab: Lab,
  topic: string,
  partition: number,
  replicas: readonly number[] | null,
): void {
  assert(partition >= 0, 'a partition', { topic, partition });
  const target = replicas === null ? 'where it was' : replicas.join(',');
  const label = `reassign ${topic}-${partition} to ${target}`;
  lab.command<Admin>(`admin-${topic}`, label, (admin) =>
    alterPartitionReassignments(admin, [{ topic, partition, replicas }], () => undefined),
  );
}
