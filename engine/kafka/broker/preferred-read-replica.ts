/**
 * Where a leader sends a consumer that asks it: to the replica in the consumer's rack (KIP-392).
 *
 * Not here: the reading (`partition-read.ts`), what the consumer does with the answer
 * (`client/consumer/fetcher.ts`).
 * Sources: `ReplicaManager.findPreferredReadReplica`, `RackAwareReplicaSelector`,
 * `ReplicaView.comparator`; KAFKA-14372 (members of the ISR only), KAFKA-15390 (no fenced broker).
 * Differences: selectors of one's own cannot be plugged in.
 */
import { assert } from '../../kernel/assert.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { FollowerReplica } from '../partition/follower-replica.ts';
import type { Partition } from '../partition/partition.ts';

/** The racks of the brokers that a consumer can be sent to. */
export interface Racks {
  /** Of a broker that is registered and not fenced; null without one. */
  rackOf(brokerId: number): string | null;
}

/** The racks as the cluster's metadata has them. */
export function racksOf(image: () => MetadataImage): Racks {
  return {
    rackOf: (brokerId) => {
      const broker = image().brokers.get(brokerId);
      return broker === undefined || broker.fenced ? null : broker.rack;
    },
  };
}

/**
 * The follower that a consumer in `clientRack` should ask for `fetchOffset`; null if it should stay
 * with this broker, which must lead for that question to make sense.
 */
export function preferredReadReplica(
  partition: Partition,
  racks: Racks,
  clientRack: string,
  fetchOffset: number,
): number | null {
  if (!partition.isLeader || clientRack === '') return null;
  if (racks.rackOf(partition.leaderId) === clientRack) return null;
  let best: FollowerReplica | null = null;
  for (const follower of partition.followers) {
    if (racks.rackOf(follower.brokerId) !== clientRack) continue;
    // One that lags would be chosen again and again, and the consumer would fall behind with it.
    if (!partition.isr.includes(follower.brokerId)) continue;
    if (follower.logEndOffset < fetchOffset || follower.logStartOffset > fetchOffset) continue;
    if (best === null || isBefore(best, follower)) best = follower;
  }
  assert(best?.brokerId !== partition.leaderId, 'a follower', { leader: partition.leaderId });
  return best?.brokerId ?? null;
}

/** Whether `right` is to be preferred: it has more, was caught up later, or has the higher id. */
function isBefore(left: FollowerReplica, right: FollowerReplica): boolean {
  assert(left.brokerId !== right.brokerId, 'two replicas', { broker: left.brokerId });
  if (left.logEndOffset !== right.logEndOffset) return left.logEndOffset < right.logEndOffset;
  if (left.lastCaughtUpMicros !== right.lastCaughtUpMicros) {
    return left.lastCaughtUpMicros < right.lastCaughtUpMicros;
  }
  return left.brokerId < right.brokerId;
}
