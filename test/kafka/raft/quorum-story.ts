/** A story on a cluster with three controllers. What every story has: `../cluster-story.ts`. */
import type { Lab } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { raftQuorum } from '#engine/lab/kafka-quorum.ts';
import type { RaftQuorumOptions } from '#engine/lab/kafka-quorum.ts';
import { quorumForwarding } from '#engine/kafka/raft/quorum-forwarding.ts';
import type { Run } from '#engine/lab/run.ts';
import type { ProfileName } from '#engine/kafka/profiles.ts';
import { playOn } from '../cluster-story.ts';
import type { StoryStep } from '../cluster-story.ts';

export interface StoryOptions extends Partial<RaftQuorumOptions> {
  readonly seed?: number;
  readonly brokers?: number;
  readonly profile?: ProfileName;
  readonly trace?: boolean;
}

/** Runs the steps after the cluster has come up with its topic and a producer. */
export function play(options: StoryOptions, steps: readonly StoryStep[]): Run {
  const { seed, brokers = 3, profile, trace, ...quorum } = options;
  const cluster = {
    brokers,
    ...(profile === undefined ? {} : { profile }),
    modules: [quorumForwarding],
    quorum: raftQuorum({ controllers: 3, ...quorum }),
  };
  const make = (lab: Lab) => new KafkaCluster(lab, cluster);
  return playOn({ id: 'quorum-story', cluster: make, brokers, seed, trace }, steps);
}
