/**
 * LeaderAndIsr (key 4): the controller of a ZooKeeper cluster tells a broker which of its replicas
 * lead and which follow. A broker refuses a controller epoch older than one it has seen.
 *
 * Version 1 adds isNew, 2 the broker epoch and topics, 3 what a reassignment adds and removes, 4 is
 * flexible, 5 adds topic ids and the type, 6 the recovery state, 7 whether a KRaft controller
 * sends, as in a migration. Gone with Kafka 4.0.
 */
import { api } from '../api.ts';
import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  string,
  struct,
  uuid,
  type DataOf,
} from '../schema.ts';

const partitionState = {
  topicName: string({ until: 1 }),
  partitionIndex: int32(),
  controllerEpoch: int32(),
  leader: int32(),
  leaderEpoch: int32(),
  isr: array(int32()),
  partitionEpoch: int32({ about: "The version of the partition's state znode." }),
  replicas: array(int32()),
  addingReplicas: array(int32(), { since: 3 }),
  removingReplicas: array(int32(), { since: 3 }),
  isNew: bool({ since: 1 }),
  leaderRecoveryState: int8({ since: 6 }),
};

const partitionError = { partitionIndex: int32(), errorCode: int16() };

export const leaderAndIsrRequest = struct('LeaderAndIsrRequest', {
  controllerId: int32(),
  isKRaftController: bool({ since: 7 }),
  controllerEpoch: int32(),
  brokerEpoch: int64({ since: 2, default: -1 }),
  type: int8({ since: 5, about: '0: unknown, 1: some partitions, 2: all of the broker.' }),
  ungroupedPartitionStates: array(partitionState, { until: 1 }),
  topicStates: array(
    {
      topicName: string(),
      topicId: uuid({ since: 5 }),
      partitionStates: array(partitionState),
    },
    { since: 2 },
  ),
  liveLeaders: array({ brokerId: int32(), hostName: string(), port: int32() }),
});
export type LeaderAndIsrRequest = DataOf<typeof leaderAndIsrRequest>;

export const leaderAndIsrResponse = struct('LeaderAndIsrResponse', {
  errorCode: int16(),
  partitionErrors: array({ topicName: string(), ...partitionError }, { until: 4 }),
  topics: array({ topicId: uuid(), partitionErrors: array(partitionError) }, { since: 5 }),
});

export const leaderAndIsr = api({
  key: 4,
  name: 'LeaderAndIsr',
  versions: [0, 7],
  flexible: 4,
  request: leaderAndIsrRequest,
  response: leaderAndIsrResponse,
});
