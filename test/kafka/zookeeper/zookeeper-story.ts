/**
 * A cluster in ZooKeeper mode as an experiment of the lab: the topic `pay` on three brokers, and
 * whatever a test does to it; with invariants checked after each event.
 */
import { experiment } from '#engine/lab/experiment.ts';
import type { Lab, Step } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { zooKeeperMode } from '#engine/lab/kafka-zookeeper.ts';
import { Run } from '#engine/lab/run.ts';

export interface StoryOptions {
  readonly seed?: number;
  readonly brokers?: number;
  readonly sessionTimeoutMs?: number;
  readonly trace?: boolean;
}

export interface Story {
  readonly cluster: KafkaCluster;
}

export type StoryStep = Omit<Step<Story>, 'title'>;

/** Runs the steps after the cluster has come up with its topic and a producer. */
export function play(options: StoryOptions, steps: readonly StoryStep[]): Run {
  const { seed = 1, brokers = 3, sessionTimeoutMs = 6000, trace = true } = options;
  const titled = [...begin(brokers), ...steps].map((step) => {
    return { ...step, title: { en: step.id, zh: step.id } };
  });
  const story = experiment({
    id: 'zookeeper-story',
    knobs: {},
    world: ({ lab }: { lab: Lab }): Story => ({
      cluster: new KafkaCluster(lab, {
        brokers,
        profile: 'kafka-3.9',
        quorum: zooKeeperMode({ brokers, sessionTimeoutMs }),
      }),
    }),
    steps: titled,
    settle: KafkaCluster.settle(),
    measures: () => ({}),
    proofs: {},
  });
  const run = new Run(story, {
    seed,
    knobs: {},
    trace,
    invariants: 'promise',
    freeze: true,
    paranoidWire: true,
  });
  run.finish();
  return run;
}

function begin(brokers: number): readonly StoryStep[] {
  return [
    { id: 'start', until: ({ cluster }) => cluster.allRegistered, timeLimitMs: 60_000 },
    {
      id: 'create',
      do: ({ cluster }) => {
        cluster.createTopic('pay', { partitions: 1, replicationFactor: Math.min(3, brokers) });
        cluster.addProducer('producer-1', { acks: 'all' });
      },
      until: ({ cluster }) => cluster.partitionsReady(true),
      timeLimitMs: 60_000,
    },
    {
      id: 'first',
      do: ({ cluster }) => cluster.send('producer-1', 'pay', 1),
      // With it the producer has its id, which is a decision of the controller.
      until: (_, lab) => lab.history.sent.length === 1 && isWritten(lab),
      timeLimitMs: 30_000,
    },
  ];
}

/** Every record that was sent is acknowledged. */
export function isWritten({ history }: Lab): boolean {
  return history.sent.every((one) => one.outcome === 'acknowledged');
}
