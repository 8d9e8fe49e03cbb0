/**
 * K3 and K13 as they would hold whatever happened. The lab's own promise nothing after an unclean
 * election, or when the last replica in sync lost what it had not synced; the stories of the
 * gallery show what that costs. Not here: the promise (`engine/lab/check/kafka/promise.ts`).
 */
import type { Lab } from '#engine/lab/index.ts';
import type { KafkaCluster } from '#engine/lab/kafka.ts';

/** K3: what a leader called committed, every later leader of partition 0 has. */
export function watchCommitted(lab: Lab, cluster: KafkaCluster, topic: string): void {
  let committed = 0;
  let epoch = -1;
  lab.invariant('K3', 'always', (host) => {
    for (const id of cluster.nodeIds) {
      if (host !== null && host !== cluster.brokerName(id)) continue;
      const replica = cluster.replica(id, topic, 0);
      if (replica?.role !== 'leader' || replica.leaderEpoch < epoch) continue;
      epoch = replica.leaderEpoch;
      if (replica.leo < committed) {
        const what = `${committed} was committed, leader ${cluster.brokerName(id)}`;
        return `${topic}-0: ${what} of epoch ${epoch} ends at ${replica.leo}`;
      }
      committed = Math.max(committed, replica.hw);
    }
    return null;
  });
}

/** K13: what a consumer was given at an offset is there at the end. */
export function watchConsumed(lab: Lab): void {
  lab.invariant('K13', 'always', () => {
    const { delivered, final } = lab.history;
    if (final === null) return null;
    for (const { partition, offset, id, consumer } of delivered) {
      const now = final.find((found) => found.partition === partition && found.offset === offset);
      if (now === undefined || now.id === id) continue;
      return `${partition}: offset ${offset} was ${id} for ${consumer}, and is ${now.id} now`;
    }
    return null;
  });
}
