/**
 * StopReplica (key 5): the controller of a ZooKeeper cluster tells a broker to stop replicas, and
 * to delete them where their topic is gone.
 *
 * Version 1 adds the broker epoch and topics, 2 is flexible, 3 names leader epoch and deletion by
 * partition, 4 whether a KRaft controller sends. Gone with Kafka 4.0.
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const stopReplicaRequest = struct('StopReplicaRequest', {
  controllerId: int32(),
  isKRaftController: bool({ since: 4 }),
  controllerEpoch: int32(),
  brokerEpoch: int64({ since: 1, default: -1 }),
  deletePartitions: bool({ until: 2 }),
  ungroupedPartitions: array({ topicName: string(), partitionIndex: int32() }, { until: 0 }),
  topics: array({ name: string(), partitionIndexes: array(int32()) }, { since: 1, until: 2 }),
  topicStates: array(
    {
      topicName: string(),
      partitionStates: array({
        partitionIndex: int32(),
        leaderEpoch: int32({ default: -1, about: '-2: the topic is being deleted.' }),
        deletePartition: bool(),
      }),
    },
    { since: 3 },
  ),
});
export type StopReplicaRequest = DataOf<typeof stopReplicaRequest>;

export const stopReplicaResponse = struct('StopReplicaResponse', {
  errorCode: int16(),
  partitionErrors: array({ topicName: string(), partitionIndex: int32(), errorCode: int16() }),
});

export const stopReplica = api({
  key: 5,
  name: 'StopReplica',
  versions: [0, 4],
  flexible: 2,
  request: stopReplicaRequest,
  response: stopReplicaResponse,
});
