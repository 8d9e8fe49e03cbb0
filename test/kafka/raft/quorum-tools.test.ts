/** What an operator asks of the quorum: how it is, and who votes (KIP-595, KIP-853). */
import { describe, expect, test } from 'vitest';
import { CLUSTER_ID } from '#engine/kafka/metadata/metadata-log.ts';
import { directoryIdOf, inTopics } from '#engine/kafka/raft/voter-id.ts';
import type { KafkaCluster } from '#engine/lab/kafka.ts';
import { quorumOf } from '#engine/lab/kafka-quorum.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import { addRaftVoter } from '#engine/wire/kafka/messages/add-raft-voter.ts';
import {
  describeQuorum,
  type DescribeQuorumResponse,
} from '#engine/wire/kafka/messages/describe-quorum.ts';
import { removeRaftVoter } from '#engine/wire/kafka/messages/remove-raft-voter.ts';
import { answerOf, ask } from './quorum-asker.ts';
import type { StoryStep } from '../cluster-story.ts';
import { play } from './quorum-story.ts';

const whole = inTopics({}) as Parameters<
  typeof ask<typeof describeQuorum.request, never>
>[3]['topics'];
const NEW_VOTER = 103;
const add = (voterId: number) => ({
  ...{ clusterId: CLUSTER_ID, timeoutMs: 5_000, voterId },
  voterDirectoryId: directoryIdOf(voterId),
  listeners: [{ name: 'CONTROLLER', host: 'controller-4', port: 9093 }],
});
const remove = (voterId: number) => ({
  ...{ clusterId: CLUSTER_ID, voterId, voterDirectoryId: directoryIdOf(voterId) },
});
const answered: Pick<StoryStep, 'until' | 'timeLimitMs'> = {
  until: (_, lab) => answerOf(lab) !== null,
  timeLimitMs: 10_000,
};

/** What a host says of the quorum. */
function described(hostOf: (cluster: KafkaCluster) => string): DescribeQuorumResponse {
  let answer: DescribeQuorumResponse | null = null;
  play({}, [
    {
      id: 'describe',
      do: ({ cluster }, lab) => ask(lab, hostOf(cluster), describeQuorum, { topics: whole }),
      ...answered,
    },
    {
      id: 'look',
      do: (_, lab) => void (answer = answerOf(lab)),
      until: () => true,
      timeLimitMs: 1,
    },
  ]);
  return answer!;
}

describe('kafka: controller quorum: tools', () => {
  test('DescribeQuorum tells the leader, its voters and the brokers as observers', () => {
    const { nodes, topics } = described(({ activeController }) => activeController!);
    const partition = topics[0]!.partitions[0]!;
    expect(partition.errorCode).toBe(ErrorCode.NONE);
    expect(partition.currentVoters.map(({ replicaId }) => replicaId)).toEqual([100, 101, 102]);
    expect(partition.observers.map(({ replicaId }) => replicaId)).toEqual([1, 2, 3]);
    for (const { logEndOffset } of partition.currentVoters) {
      expect(logEndOffset).toBe(partition.highWatermark);
    }
    expect(nodes.map(({ nodeId }) => nodeId)).toEqual([100, 101, 102]);
  });

  test('a broker passes DescribeQuorum on', () => {
    const partition = described(() => 'broker-2').topics[0]!.partitions[0]!;
    expect(partition.currentVoters.map(({ replicaId }) => replicaId)).toEqual([100, 101, 102]);
  });

  test('a standby says that it does not lead', () => {
    const { topics } = described(({ controllerNames, activeController }) =>
      controllerNames.find((name) => name !== activeController)!,
    );
    expect(topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  test('a fourth controller follows, is added, and a voter is removed', () => {
    const errors: number[] = [];
    const voters: string[][] = [];
    const look: StoryStep['do'] = ({ cluster }, lab) => {
      errors.push(answerOf<{ errorCode: number }>(lab)!.errorCode);
      voters.push([...quorumOf(lab, cluster.activeController!)!.voters]);
    };
    const run = play({ controllers: 4, voters: 3 }, [
      {
        id: 'add',
        do: ({ cluster }, lab) => ask(lab, cluster.activeController!, addRaftVoter, add(NEW_VOTER)),
        ...answered,
      },
      { id: 'added', do: look, until: () => true, timeLimitMs: 1 },
      {
        id: 'again',
        do: ({ cluster }, lab) => ask(lab, cluster.activeController!, addRaftVoter, add(NEW_VOTER)),
        ...answered,
      },
      { id: 'refused', do: look, until: () => true, timeLimitMs: 1 },
      {
        id: 'remove',
        do: ({ cluster }, lab) => ask(lab, cluster.activeController!, removeRaftVoter, remove(102)),
        ...answered,
      },
      { id: 'removed', do: look, until: () => true, timeLimitMs: 1 },
    ]);
    expect(errors).toEqual([ErrorCode.NONE, ErrorCode.DUPLICATE_VOTER, ErrorCode.NONE]);
    expect(voters[0]).toEqual(['100', '101', '102', '103']);
    expect(voters[2]).not.toContain('102');
    expect(run.violation).toBeNull();
    expect(run.world.failure).toBeNull();
  });
});
