/**
 * FetchSnapshot (key 59): a follower or observer whose place in the metadata log is gone takes the
 * leader's snapshot, part by part (KIP-630). Version 1 has the directory id (KIP-853).
 */
import { api } from '../api.ts';
import {
  array,
  bytes,
  int16,
  int32,
  int64,
  object,
  string,
  struct,
  uuid,
  type DataOf,
} from '../schema.ts';
import { nodeEndpoints } from './node-endpoints.ts';

const snapshotId = object('SnapshotId', { endOffset: int64(), epoch: int32() });

export const fetchSnapshotRequest = struct('FetchSnapshotRequest', {
  clusterId: string({ nullable: true, tag: 0, default: null }),
  replicaId: int32({ default: -1 }),
  maxBytes: int32({ default: 0x7fffffff }),
  topics: array({
    name: string(),
    partitions: array({
      partition: int32(),
      currentLeaderEpoch: int32(),
      snapshotId,
      position: int64({ about: 'Bytes of the snapshot that the asker has.' }),
      replicaDirectoryId: uuid({ since: 1, tag: 0 }),
    }),
  }),
});
export type FetchSnapshotRequest = DataOf<typeof fetchSnapshotRequest>;

export const fetchSnapshotResponse = struct('FetchSnapshotResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  topics: array({
    name: string(),
    partitions: array({
      index: int32(),
      errorCode: int16(),
      snapshotId,
      currentLeader: object(
        'LeaderIdAndEpoch',
        { leaderId: int32(), leaderEpoch: int32() },
        { tag: 0 },
      ),
      size: int64({ about: 'Bytes of the whole snapshot.' }),
      position: int64(),
      unalignedRecords: bytes({ about: 'Bytes from the position on, cut anywhere.' }),
    }),
  }),
  nodeEndpoints: nodeEndpoints({ since: 1 }),
});
export type FetchSnapshotResponse = DataOf<typeof fetchSnapshotResponse>;

export const fetchSnapshot = api({
  key: 59,
  name: 'FetchSnapshot',
  versions: [0, 1],
  flexible: 0,
  request: fetchSnapshotRequest,
  response: fetchSnapshotResponse,
});
