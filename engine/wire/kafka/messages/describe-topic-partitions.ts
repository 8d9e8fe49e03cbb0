/**
 * DescribeTopicPartitions (key 75): topics with their partitions, and who is eligible to lead them
 * (KIP-966). A reply holds so many partitions at most; its cursor tells where the next one begins.
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, object, string, struct, uuid, type DataOf } from '../schema.ts';

const cursor = (about: string) =>
  object(
    'Cursor',
    { topicName: string(), partitionIndex: int32() },
    { nullable: true, default: null, about },
  );

export const describeTopicPartitionsRequest = struct('DescribeTopicPartitionsRequest', {
  topics: array({ name: string() }, { about: 'None: all of the cluster.' }),
  responsePartitionLimit: int32({ default: 2000 }),
  cursor: cursor('The first partition that is wanted; null: from the beginning.'),
});
export type DescribeTopicPartitionsRequest = DataOf<typeof describeTopicPartitionsRequest>;

export const describeTopicPartitionsResponse = struct('DescribeTopicPartitionsResponse', {
  throttleTimeMs: int32(),
  topics: array({
    errorCode: int16(),
    name: string({ nullable: true }),
    topicId: uuid(),
    isInternal: bool(),
    partitions: array({
      errorCode: int16(),
      partitionIndex: int32(),
      leaderId: int32(),
      leaderEpoch: int32({ default: -1 }),
      replicaNodes: array(int32()),
      isrNodes: array(int32()),
      eligibleLeaderReplicas: array(int32(), { nullable: true, default: null }),
      lastKnownElr: array(int32(), { nullable: true, default: null }),
      offlineReplicas: array(int32()),
    }),
    topicAuthorizedOperations: int32({ default: -2147483648 }),
  }),
  nextCursor: cursor('Null: nothing is left.'),
});
export type DescribeTopicPartitionsResponse = DataOf<typeof describeTopicPartitionsResponse>;

export const describeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexible: 0,
  request: describeTopicPartitionsRequest,
  response: describeTopicPartitionsResponse,
});
