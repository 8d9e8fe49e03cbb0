/**
 * A cluster with three controllers as an experiment of the lab: the topic `pay` on three brokers,
 * and whatever a test does to it; with invariants checked after each event.
 */
import { experiment } from '#engine/lab/experiment.ts';
import type { Lab, Step } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { raftQuorum } from '#engine/lab/kafka-quorum.ts';
import type { RaftQuorumOptions } from '#engine/lab/kafka-quorum.ts';
import { quorumForwarding } from '#engine/kafka/raft/quorum-forwarding.ts';
import { Run } from '#engine/lab/run.ts';
import type { ProfileName } from '#engine/kafka/profiles.ts';

export interface StoryOptions extends Partial<RaftQuorumOptions> {
  readonly seed?: number;
  readonly brokers?: number;
  readonly profile?: ProfileName;
  readonly trace?: boolean;
}

export interface Story {
  readonly cluster: KafkaCluster;
}

export type StoryStep = Omit<Step<Story>, 'title'>;

/** Runs the steps after the cluster has come up with its topic and a producer. */
export function play(options: StoryOptions, steps: readonly StoryStep[]): Run {
  const { seed = 1, brokers = 3, profile, trace = true, ...quorum } = options;
  const titled = [...begin(brokers), ...steps].map((step) => {
    return { ...step, title: { en: step.id, zh: step.id } };
  });
  const story = experiment({
    id: 'quorum-story',
    knobs: {},
    world: ({ lab }: { lab: Lab }): Story => ({
      cluster: new KafkaCluster(lab, {
        brokers,
        ...(profile === undefined ? {} : { profile }),
        modules: [quorumForwarding],
        quorum: raftQuorum({ controllers: 3, ...quorum }),
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
      until: (_, lab) => isWritten(lab),
      timeLimitMs: 30_000,
    },
  ];
}

/** Every record that was sent is acknowledged. */
export function isWritten({ history }: Lab): boolean {
  return history.sent.length > 0 && history.sent.every((one) => one.outcome === 'acknowledged');
}
