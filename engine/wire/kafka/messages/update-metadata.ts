/**
 * UpdateMetadata (key 6): the controller of a ZooKeeper cluster tells every broker who leads which
 * partition and which brokers are alive, so that any of them can answer Metadata.
 *
 * Version 1 has several endpoints a broker, 2 the rack, 3 the listener, 4 offline replicas, 5 the
 * broker epoch and topics, 6 is flexible, 7 adds topic ids, 8 the type and whether a KRaft
 * controller sends. Gone with Kafka 4.0.
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
  topicName: string({ until: 4 }),
  partitionIndex: int32(),
  controllerEpoch: int32(),
  leader: int32({ about: '-1: nobody; -2: the topic is being deleted.' }),
  leaderEpoch: int32(),
  isr: array(int32()),
  zkVersion: int32(),
  replicas: array(int32()),
  offlineReplicas: array(int32(), { since: 4 }),
};

export const updateMetadataRequest = struct('UpdateMetadataRequest', {
  controllerId: int32(),
  isKRaftController: bool({ since: 8 }),
  type: int8({ since: 8, tag: 0 }),
  controllerEpoch: int32(),
  brokerEpoch: int64({ since: 5, default: -1 }),
  ungroupedPartitionStates: array(partitionState, { until: 4 }),
  topicStates: array(
    {
      topicName: string(),
      topicId: uuid({ since: 7 }),
      partitionStates: array(partitionState),
    },
    { since: 5 },
  ),
  liveBrokers: array({
    id: int32(),
    v0Host: string({ until: 0 }),
    v0Port: int32({ until: 0 }),
    endpoints: array(
      {
        port: int32(),
        host: string(),
        listener: string({ since: 3 }),
        securityProtocol: int16(),
      },
      { since: 1 },
    ),
    rack: string({ since: 2, nullable: 2 }),
  }),
});
export type UpdateMetadataRequest = DataOf<typeof updateMetadataRequest>;

export const updateMetadataResponse = struct('UpdateMetadataResponse', { errorCode: int16() });

export const updateMetadata = api({
  key: 6,
  name: 'UpdateMetadata',
  versions: [0, 8],
  flexible: 6,
  request: updateMetadataRequest,
  response: updateMetadataResponse,
});
