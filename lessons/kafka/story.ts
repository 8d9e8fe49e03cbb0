/**
 * What stories on a Kafka cluster share: how they begin, and what they ask of a run. Not here: what
 * the gallery adds for its bugs (`../gallery/story.ts`).
 */
import { judgeDelivery } from '#engine/lab/index.ts';
import type { History, Lab, Measures, Step } from '#engine/lab/index.ts';
import type { KafkaCluster } from '#engine/lab/kafka.ts';

/** A story's state has at least the cluster. */
export interface Told {
  readonly cluster: KafkaCluster;
}

const BROKERS_START = {
  1: { en: 'A broker starts', zh: 'Broker 启动' },
  2: { en: 'Two brokers start', zh: '两个 Broker 启动' },
  3: { en: 'Three brokers start', zh: '三个 Broker 启动' },
  4: { en: 'Four brokers start', zh: '四个 Broker 启动' },
} as const;

/** The first step: all brokers are there. */
export function brokersStart(count: keyof typeof BROKERS_START): Step<Told> {
  return {
    id: 'start',
    title: BROKERS_START[count],
    until: ({ cluster }) => cluster.allRegistered,
    timeLimitMs: 30_000,
  };
}

/** The second: `create` makes a topic, and it goes on once all its replicas are in sync. */
export function topicIsReady<W extends Told>(
  title: Step<W>['title'],
  create: (world: W, lab: Lab) => void,
): Step<W> {
  return {
    id: 'create',
    title,
    do: create,
    until: ({ cluster }) => cluster.partitionsReady(true),
    timeLimitMs: 30_000,
  };
}

/** How many records their producers were told to be written. */
export function acknowledgedBy({ history }: Lab): number {
  return history.sent.filter(({ outcome }) => outcome === 'acknowledged').length;
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
