/**
 * What the stories of the gallery share: how they begin, who dies, and what they ask of a run.
 * Not here: the knobs of the bug (`bug-knobs.ts`), the invariants that the lab checks for itself,
 * and what every story on a cluster has (`../kafka/story.ts`), which is only passed on.
 */
import type { Lab, Step } from '#engine/lab/index.ts';
import type { KafkaCluster } from '#engine/lab/kafka.ts';
import { topicIsReady } from '../kafka/story.ts';
import type { Told } from '../kafka/story.ts';

export { acknowledgedBy, brokersStart, lossOf, topicIsReady } from '../kafka/story.ts';

/** As many replicas as a story has, in words. */
const COUNTS = {
  2: { en: 'two', zh: '两' },
  3: { en: 'three', zh: '三' },
  4: { en: 'four', zh: '四' },
} as const;

/** The second step: one partition with a replica on each broker, without unclean election. */
export function topicIsCreated(
  topic: string,
  replicas: keyof typeof COUNTS,
  minInSyncReplicas: number,
  producers: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Step<Told> {
  const { en, zh } = COUNTS[replicas];
  const title = { en: `A topic with ${en} replicas`, zh: `创建${zh}副本的主题` };
  return topicIsReady(title, ({ cluster }) => {
    const configs = {
      'min.insync.replicas': String(minInSyncReplicas),
      'unclean.leader.election.enable': 'false',
    };
    cluster.createTopic(topic, { partitions: 1, replicationFactor: replicas, configs });
    for (const [name, settings] of Object.entries(producers)) cluster.addProducer(name, settings);
  });
}

/** Brokers whose processes die; their page caches stay. */
export function crash({ cluster }: Told, lab: Lab, ids: readonly number[]): void {
  for (const id of ids) lab.inject({ fault: 'crash', host: cluster.brokerName(id) });
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
