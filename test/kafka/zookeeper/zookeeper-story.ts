/** A story on a cluster in ZooKeeper mode. What every story has: `../cluster-story.ts`. */
import type { Lab } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { zooKeeperMode } from '#engine/lab/kafka-zookeeper.ts';
import type { Run } from '#engine/lab/run.ts';
import { playOn } from '../cluster-story.ts';
import type { StoryStep } from '../cluster-story.ts';

export interface StoryOptions {
  readonly seed?: number;
  readonly brokers?: number;
  readonly sessionTimeoutMs?: number;
  readonly trace?: boolean;
}

/** Runs the steps after the cluster has come up with its topic and a producer. */
export function play(options: StoryOptions, steps: readonly StoryStep[]): Run {
  const { seed, brokers = 3, sessionTimeoutMs = 6000, trace } = options;
  const quorum = zooKeeperMode({ brokers, sessionTimeoutMs });
  const make = (lab: Lab) => new KafkaCluster(lab, { brokers, profile: 'kafka-3.9', quorum });
  return playOn({ id: 'zookeeper-story', cluster: make, brokers, seed, trace }, steps);
}
