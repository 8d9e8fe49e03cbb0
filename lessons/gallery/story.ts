/**
 * What the stories of the gallery share: how they begin, who dies, and what they ask of a run.
 * Not here: the knobs of the bug (`bug-knobs.ts`), the invariants that the lab checks for itself.
 */
import { judgeDelivery } from '#engine/lab/index.ts';
import type { History, Lab, Measures, Step } from '#engine/lab/index.ts';
import type { KafkaCluster } from '#engine/lab/kafka.ts';

/** A story's state has at least the cluster. */
interface Told {
  readonly cluster: KafkaCluster;
}

/** As many brokers as a story has, in words. */
const COUNTS = {
  2: { en: 'two', zh: '两' },
  3: { en: 'three', zh: '三' },
  4: { en: 'four', zh: '四' },
} as const;
type Count = keyof typeof COUNTS;

/** The first step: all brokers are there. */
export function brokersStart(count: Count): Step<Told> {
  const { en, zh } = COUNTS[count];
  const many = `${en.charAt(0).toUpperCase()}${en.slice(1)}`;
  return {
    id: 'start',
    title: { en: `${many} brokers start`, zh: `${zh}个 Broker 启动` },
    until: ({ cluster }) => cluster.allRegistered,
    timeLimitMs: 30_000,
  };
}

/** The second: one partition with a replica on each broker, without unclean election. */
export function topicIsCreated(
  topic: string,
  replicas: Count,
  minInSyncReplicas: number,
  producers: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Step<Told> {
  const { en, zh } = COUNTS[replicas];
  return {
    id: 'create',
    title: { en: `A topic with ${en} replicas`, zh: `创建${zh}副本的主题` },
    do: ({ cluster }) => {
      const configs = {
        'min.insync.replicas': String(minInSyncReplicas),
        'unclean.leader.election.enable': 'false',
      };
      cluster.createTopic(topic, { partitions: 1, replicationFactor: replicas, configs });
      for (const [name, settings] of Object.entries(producers)) cluster.addProducer(name, settings);
    },
    until: ({ cluster }) => cluster.partitionsReady(true),
    timeLimitMs: 30_000,
  };
}

/** Brokers whose processes die; their page caches stay. */
export function crash({ cluster }: Told, lab: Lab, ids: readonly number[]): void {
  for (const id of ids) lab.inject({ fault: 'crash', host: cluster.brokerName(id) });
}

/** What stories of loss measure. */
export function lossOf({ history }: { readonly history: History }): Measures {
  const { acknowledged, lost } = judgeDelivery(history);
  return {
    sent: history.sent.length,
    acknowledged: acknowledged.length,
    lost: lost.length,
  };
}

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
