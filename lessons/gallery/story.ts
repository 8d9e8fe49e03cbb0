/**
 * What the stories of the gallery ask of a run: who was told what, and whose log differs from
 * whose. Not here: the invariants that the lab checks for itself.
 */
import type { Lab } from '#engine/lab/index.ts';
import type { KafkaCluster } from '#engine/lab/kafka.ts';

/** How many records their producers were told to be written. */
export function acknowledgedBy({ history }: Lab): number {
  return history.sent.filter(({ outcome }) => outcome === 'acknowledged').length;
}

/** At how many offsets of partition 0 two replicas hold different records now. */
export function divergedOffsets(cluster: KafkaCluster, topic: string): number {
  const valuesAt = new Map<number, Set<string | null>>();
  for (const id of cluster.nodeIds) {
    for (const { offset, value } of cluster.replica(id, topic, 0)?.records ?? []) {
      valuesAt.set(offset, (valuesAt.get(offset) ?? new Set()).add(value));
    }
  }
  return [...valuesAt.values()].filter((values) => values.size > 1).length;
}

/**
 * K2 as it holds whatever happened, power loss of all and unclean election included: who is in
 * sync with a leader has what the leader has. The lab's own K2 promises nothing in such a case.
 */
export function watchInSync(lab: Lab, cluster: KafkaCluster, topic: string): void {
  lab.invariant('K2', 'always', () => {
    const leader = cluster.nodeIds
      .map((id) => cluster.replica(id, topic, 0))
      .find((replica) => replica?.role === 'leader');
    if (!leader) return null;
    for (const id of leader.isr) {
      const member = cluster.replica(id, topic, 0);
      if (member?.leaderEpoch !== leader.leaderEpoch) continue;
      const different = member.records.find(({ offset, value }) => {
        const twin = leader.records.find((record) => record.offset === offset);
        return offset < member.hw && twin !== undefined && twin.value !== value;
      });
      if (different === undefined) continue;
      const host = cluster.brokerName(id);
      return `${host} is in the ISR of ${topic}-0 and differs at offset ${different.offset}`;
    }
    return null;
  });
}

/** Virtual time passes: an `until` for a step that waits so many milliseconds from its `do`. */
export class Pause {
  #endMicros = 0;

  begin(lab: Lab, millis: number): void {
    this.#endMicros = lab.now + millis * 1000;
  }

  isOver(lab: Lab): boolean {
    return lab.now >= this.#endMicros;
  }
}
