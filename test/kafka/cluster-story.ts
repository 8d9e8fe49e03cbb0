/**
 * A cluster as an experiment of the lab: the topic `pay` on its brokers, and whatever a test does
 * to it; with invariants checked after each event.
 *
 * Not here: who keeps the metadata (`raft/quorum-story.ts`, `zookeeper/zookeeper-story.ts`).
 */
import { experiment } from '#engine/lab/experiment.ts';
import type { Lab, Step } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { Run } from '#engine/lab/run.ts';

export interface ClusterStory {
  readonly id: string;
  readonly cluster: (lab: Lab) => KafkaCluster;
  readonly brokers: number;
  readonly seed?: number | undefined;
  readonly trace?: boolean | undefined;
}

export interface Story {
  readonly cluster: KafkaCluster;
}

export type StoryStep = Omit<Step<Story>, 'title'>;

/** Runs the steps after the cluster has come up with its topic and a producer. */
export function playOn(options: ClusterStory, steps: readonly StoryStep[]): Run {
  const { id, cluster, brokers, seed = 1, trace = true } = options;
  const titled = [...begin(brokers), ...steps].map((step) => {
    return { ...step, title: { en: step.id, zh: step.id } };
  });
  const story = experiment({
    id,
    knobs: {},
    world: ({ lab }: { lab: Lab }): Story => ({ cluster: cluster(lab) }),
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
      until: (_, lab) => isWritten(lab),
      timeLimitMs: 30_000,
    },
  ];
}

/** Every record that was sent is acknowledged. */
export function isWritten({ history }: Lab): boolean {
  return history.sent.length > 0 && history.sent.every((one) => one.outcome === 'acknowledged');
}
