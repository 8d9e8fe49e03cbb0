/**
 * Whether a list of brokers, given by hand, may be the replicas of a partition.
 *
 * Not here: lists that the controller makes itself (`replica-placement.ts`).
 * Source: `ReplicationControlManager.validateManualPartitionAssignment`.
 */
import { assert } from '../../kernel/assert.ts';
import type { MetadataImage } from '../metadata/image.ts';

/** The sentence that says why it may not; null if it may. */
export function replicaAssignmentProblem(
  image: MetadataImage,
  brokerIds: readonly number[],
): string | null {
  if (brokerIds.length === 0) return 'A replica list is empty.';
  if (new Set(brokerIds).size !== brokerIds.length) return 'A broker is named twice.';
  const unknown = brokerIds.find((id) => !image.brokers.has(id));
  if (unknown !== undefined) {
    const what = `The manual partition assignment includes broker ${unknown}`;
    return `${what}, but no such broker is registered.`;
  }
  assert(brokerIds.length <= image.brokers.size, 'as many brokers as there are', { brokerIds });
  return null;
}
