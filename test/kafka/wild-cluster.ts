/**
 * A cluster on which something happens, over and over: what the clusters under random faults share,
 * whoever keeps their metadata. A seed draws what goes wrong and when.
 *
 * Not here: what may go wrong in each (`raft/wild-quorum.ts`, `zookeeper/wild-zookeeper.ts`, and
 * under `test/lab/` `check-cluster.ts` and `transaction-cluster.ts`).
 */
import { randomStream } from '#engine/kernel/random.ts';
import type { Random } from '#engine/kernel/ports.ts';
import { experiment } from '#engine/lab/experiment.ts';
import type { Lab, Step } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { reassign } from '#engine/lab/kafka-administration.ts';
import type { Fault } from '#engine/sim/faults.ts';

export const TOPIC = 'pay';

export interface Wild {
  readonly cluster: KafkaCluster;
  readonly random: Random;
}

export interface WildCluster {
  readonly id: string;
  readonly cluster: (lab: Lab) => KafkaCluster;
  readonly draw: (random: Random, lab: Lab) => Fault;
  readonly steps: number;
  /** How long the steps take, in an order that has nothing to do with theirs. */
  readonly stepsMs: readonly number[];
  /** When all of them are over, before it settles. */
  readonly after?: readonly Step<Wild>[];
}

/** The first step: all brokers are there. */
export function brokersStart(timeLimitMs: number): Step<{ readonly cluster: KafkaCluster }> {
  return {
    id: 'start',
    title: { en: 'Brokers start', zh: 'Broker 启动' },
    until: ({ cluster }) => cluster.allRegistered,
    timeLimitMs,
  };
}

/** So many steps in which `act` does something at its place, and then time passes. */
export function wildSteps<W>(
  count: number,
  stepsMs: readonly number[],
  act: (world: W, lab: Lab, place: number) => void,
): Step<W>[] {
  return Array.from({ length: count }, (_, place) => ({
    id: `wild-${place}`,
    title: { en: 'Something happens', zh: '发生一些事' },
    do: (world, lab) => act(world, lab, place),
    until: () => false,
    timeLimitMs: stepsMs[(place * 7) % stepsMs.length]!,
  }));
}

/** Two partitions on three brokers: records are sent, a fault is drawn, replicas are moved. */
export function wildCluster(seed: number, options: WildCluster) {
  return experiment({
    id: options.id,
    knobs: {},
    world: ({ lab }): Wild => ({
      cluster: options.cluster(lab),
      random: randomStream(seed, 'wild'),
    }),
    steps: [
      brokersStart(60_000),
      {
        id: 'create',
        title: { en: 'A topic', zh: '主题' },
        do: ({ cluster }) => {
          const configs = { 'min.insync.replicas': '2' };
          cluster.createTopic(TOPIC, { partitions: 2, replicationFactor: 3, configs });
          cluster.addProducer('producer-1', { acks: 'all' });
        },
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 60_000,
      },
      ...wildSteps<Wild>(options.steps, options.stepsMs, ({ cluster, random }, lab) => {
        cluster.send('producer-1', TOPIC, random.below(3), { partition: random.below(2) });
        lab.inject(options.draw(random, lab));
        if (random.below(4) > 0) return;
        reassign(lab, TOPIC, random.below(2), random.shuffle([1, 2, 3]));
      }),
      ...(options.after ?? []),
    ],
    settle: KafkaCluster.settle<Wild>(),
    measures: () => ({}),
    proofs: {},
  });
}
