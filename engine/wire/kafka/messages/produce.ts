/**
 * Produce (key 0): a producer appends record batches to partitions. With acks 0 there is no
 * response at all, not even for an error.
 *
 * Versions: 3 is the first with record batch v2 (KIP-98), 7 allows zstd, 8 names the records that
 * spoiled a batch (KIP-467), 10 tells the new leader with the error (KIP-951), 12 lets a
 * transaction take up partitions as it writes to them (KIP-890). Kafka 4.1 also has 13, with topic
 * ids in place of names; it is left out here. What the fields mean to a log: `kafka/partition`; the
 * batches in `records`: `record-batch.ts`.
 */
import { api } from '../api.ts';
import {
  array,
  int16,
  int32,
  int64,
  object,
  records,
  string,
  struct,
  type DataOf,
} from '../schema.ts';

export const produceRequest = struct('ProduceRequest', {
  transactionalId: string({
    nullable: true,
    default: null,
    about: 'Null unless the batches belong to a transaction.',
  }),
  acks: int16({
    about: '0: no response; 1: the leader has appended; -1: all in-sync replicas have.',
  }),
  timeoutMs: int32({ about: 'How long the leader may wait for the in-sync replicas.' }),
  topicData: array({
    name: string(),
    partitionData: array({
      index: int32(),
      records: records({ nullable: true }),
    }),
  }),
});
export type ProduceRequest = DataOf<typeof produceRequest>;

export const produceResponse = struct('ProduceResponse', {
  responses: array({
    name: string(),
    partitionResponses: array({
      index: int32(),
      errorCode: int16(),
      baseOffset: int64(),
      logAppendTimeMs: int64({
        default: -1,
        about: '-1 unless the topic has message.timestamp.type=LogAppendTime.',
      }),
      logStartOffset: int64({ since: 5, default: -1 }),
      recordErrors: array(
        {
          batchIndex: int32(),
          batchIndexErrorMessage: string({ nullable: true, default: null }),
        },
        { since: 8, about: 'The records that made the broker refuse the whole batch.' },
      ),
      errorMessage: string({ since: 8, nullable: true, default: null }),
      currentLeader: object(
        'LeaderIdAndEpoch',
        {
          leaderId: int32({ default: -1 }),
          leaderEpoch: int32({ default: -1 }),
        },
        {
          since: 10,
          tag: 0,
          about: 'With NOT_LEADER_OR_FOLLOWER or FENCED_LEADER_EPOCH: who leads now.',
        },
      ),
    }),
  }),
  throttleTimeMs: int32(),
  nodeEndpoints: array(
    {
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: string({ nullable: true, default: null }),
    },
    { since: 10, tag: 0, about: 'Where the current leaders of the response can be reached.' },
  ),
});
export type ProduceResponse = DataOf<typeof produceResponse>;

export const produce = api({
  key: 0,
  name: 'Produce',
  versions: [3, 12],
  flexible: 9,
  request: produceRequest,
  response: produceResponse,
});
