/**
 * Fetch (key 1): consumers and followers read record batches from an offset on. A follower's fetch
 * offset is also its acknowledgement: it has all records below.
 *
 * Versions: 4 is the first with record batch v2, 7 has sessions that repeat only what changed
 * (KIP-227), 9 fences by leader epoch (KIP-320), 11 reads from the closest replica (KIP-392), 12
 * finds divergence by epoch (KIP-595), 13 names topics by id (KIP-516), 15 carries the replica's
 * epoch (KIP-903), 16 tells the new leader with the error (KIP-951), 17 the directory (KIP-853).
 */
import { api } from '../api.ts';
import {
  array,
  int16,
  int32,
  int64,
  int8,
  object,
  records,
  string,
  struct,
  uuid,
  type DataOf,
} from '../schema.ts';

export const fetchRequest = struct('FetchRequest', {
  clusterId: string({
    since: 12,
    nullable: true,
    tag: 0,
    default: null,
    about: 'Only on the metadata log: checked against the cluster of the voter.',
  }),
  replicaId: int32({
    until: 14,
    default: -1,
    about: 'The follower that asks; -1 for a consumer. From version 15 on: replicaState.',
  }),
  replicaState: object(
    'ReplicaState',
    {
      replicaId: int32({ default: -1 }),
      replicaEpoch: int64({
        default: -1,
        about: 'The broker epoch of the follower: an old incarnation is refused.',
      }),
    },
    { since: 15, tag: 1 },
  ),
  maxWaitMs: int32({ about: 'How long to wait for minBytes.' }),
  minBytes: int32(),
  maxBytes: int32({
    default: 0x7fffffff,
    about: 'A soft bound: the first batch is returned even if it is larger.',
  }),
  isolationLevel: int8({
    about: '0: read up to the high watermark; 1: up to the last stable offset.',
  }),
  sessionId: int32({
    since: 7,
    about: '0 with epoch 0 asks for a session, 0 with epoch -1 for none.',
  }),
  sessionEpoch: int32({ since: 7, default: -1 }),
  topics: array({
    topic: string({ until: 12 }),
    topicId: uuid({ since: 13 }),
    partitions: array({
      partition: int32(),
      currentLeaderEpoch: int32({
        since: 9,
        default: -1,
        about: 'The epoch the client knows; the broker fences a lower and refuses a higher one.',
      }),
      fetchOffset: int64(),
      lastFetchedEpoch: int32({
        since: 12,
        default: -1,
        about: 'The epoch of the last record the follower has: how divergence is found.',
      }),
      logStartOffset: int64({
        since: 5,
        default: -1,
        about: "The follower's first offset; -1 for a consumer.",
      }),
      partitionMaxBytes: int32(),
      replicaDirectoryId: uuid({ since: 17, tag: 0 }),
    }),
  }),
  forgottenTopicsData: array(
    {
      topic: string({ until: 12 }),
      topicId: uuid({ since: 13 }),
      partitions: array(int32()),
    },
    { since: 7, about: 'What the session shall no longer fetch.' },
  ),
  rackId: string({ since: 11, about: 'Where a consumer is, to be sent to a replica nearby.' }),
});
export type FetchRequest = DataOf<typeof fetchRequest>;

export const fetchResponse = struct('FetchResponse', {
  throttleTimeMs: int32(),
  errorCode: int16({ since: 7 }),
  sessionId: int32({ since: 7, about: '0: no session was made.' }),
  responses: array({
    topic: string({ until: 12 }),
    topicId: uuid({ since: 13 }),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      highWatermark: int64(),
      lastStableOffset: int64({
        default: -1,
        about: 'Below it all transactions are decided; -1 where it does not apply.',
      }),
      logStartOffset: int64({ since: 5, default: -1 }),
      divergingEpoch: object(
        'EpochEndOffset',
        {
          epoch: int32({ default: -1 }),
          endOffset: int64({ default: -1 }),
        },
        {
          since: 12,
          tag: 0,
          about: "The largest epoch up to lastFetchedEpoch, and its end, in the leader's log.",
        },
      ),
      currentLeader: object(
        'LeaderIdAndEpoch',
        {
          leaderId: int32({ default: -1 }),
          leaderEpoch: int32({ default: -1 }),
        },
        { since: 12, tag: 1 },
      ),
      snapshotId: object(
        'SnapshotId',
        {
          endOffset: int64({ default: -1 }),
          epoch: int32({ default: -1 }),
        },
        { since: 12, tag: 2, about: 'Only on the metadata log: the snapshot to fetch instead.' },
      ),
      abortedTransactions: array(
        {
          producerId: int64(),
          firstOffset: int64(),
        },
        {
          nullable: true,
          about: 'Which producers to skip from which offset on, for isolation level 1.',
        },
      ),
      preferredReadReplica: int32({
        since: 11,
        default: -1,
        about: 'The replica that a consumer should ask instead; -1 for this one.',
      }),
      records: records({ nullable: true }),
    }),
  }),
  nodeEndpoints: array(
    {
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: string({ nullable: true, default: null }),
    },
    { since: 16, tag: 0 },
  ),
});
export type FetchResponse = DataOf<typeof fetchResponse>;

export const fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [4, 17],
  flexible: 12,
  request: fetchRequest,
  response: fetchResponse,
});
