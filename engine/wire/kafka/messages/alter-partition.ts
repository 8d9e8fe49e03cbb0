/**
 * AlterPartition (key 56, first called AlterIsr): a leader asks the controller to change the ISR of
 * its partitions. The controller decides; the leader counts a new member as in sync at once, to be
 * safe, and a removed one only after the answer (KIP-497).
 *
 * Version 2 names topics by id (KIP-841), 3 carries the broker epochs of the members, so that a
 * restarted replica cannot be taken in by an old fetch (KIP-903). 0 and 1 went with Kafka 4.0.
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, int8, struct, uuid, type DataOf } from '../schema.ts';

export const alterPartitionRequest = struct('AlterPartitionRequest', {
  brokerId: int32(),
  brokerEpoch: int64({ default: -1 }),
  topics: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      leaderEpoch: int32(),
      newIsr: array(int32(), { until: 2, about: 'Up to version 2; then newIsrWithEpochs.' }),
      newIsrWithEpochs: array(
        {
          brokerId: int32(),
          brokerEpoch: int64({
            default: -1,
            about: '-1: the leader has not learned it (no check).',
          }),
        },
        { since: 3 },
      ),
      leaderRecoveryState: int8({
        about: '1 while a leader elected uncleanly recovers (KIP-704).',
      }),
      partitionEpoch: int32({
        about: 'The version of the state that is to be changed: a compare-and-set.',
      }),
    }),
  }),
});
export type AlterPartitionRequest = DataOf<typeof alterPartitionRequest>;

export const alterPartitionResponse = struct('AlterPartitionResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  topics: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      leaderId: int32(),
      leaderEpoch: int32(),
      isr: array(int32()),
      leaderRecoveryState: int8(),
      partitionEpoch: int32(),
    }),
  }),
});
export type AlterPartitionResponse = DataOf<typeof alterPartitionResponse>;

export const alterPartition = api({
  key: 56,
  name: 'AlterPartition',
  versions: [2, 3],
  flexible: 0,
  request: alterPartitionRequest,
  response: alterPartitionResponse,
});
