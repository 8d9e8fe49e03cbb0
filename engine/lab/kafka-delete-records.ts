/**
 * The lab's handle on DeleteRecords: `recordDeletion` goes into a cluster's `modules`, and
 * `deleteRecords` asks a topic's admin client to forget the beginning of a partition.
 *
 * Not here: the broker's part (`kafka/api/21-delete-records.ts`), the files below the new start,
 * which retention takes.
 */
import { assert } from '../kernel/assert.ts';
import { recordDeletion as deletion } from '../kafka/api/21-delete-records.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import type { Admin } from '../kafka/client/admin.ts';
import { deleteRecordsBefore } from '../kafka/client/delete-records.ts';
import type { Lab } from './experiment.ts';

/** Every broker answers DeleteRecords. */
export const recordDeletion: readonly BrokerModuleFactory[] = [deletion];

/**
 * Forgets the records of partition 0 below an offset, through the admin client that created the
 * topic. A refusal changes nothing; the replicas' `logStart` tells how far it is.
 */
export function deleteRecords(lab: Lab, topic: string, beforeOffset: number): void {
  assert(beforeOffset >= 0, 'an offset', { topic, beforeOffset });
  lab.command<Admin>(`admin-${topic}`, `delete records of ${topic}: ${beforeOffset}`, (admin) =>
    deleteRecordsBefore(admin, { topic, partition: 0 }, beforeOffset, () => undefined),
  );
}
