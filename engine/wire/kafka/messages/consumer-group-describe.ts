/**
 * ConsumerGroupDescribe (key 69): state and members of groups of the consumer protocol (KIP-848),
 * with what each member has and what it will have.
 *
 * Versions: 1 whether a member still speaks the classic protocol (KIP-1099).
 */
import { api } from '../api.ts';
import {
  array,
  bool,
  int16,
  int32,
  int8,
  object,
  string,
  uuid,
  struct,
  type DataOf,
} from '../schema.ts';

export const consumerGroupDescribeRequest = struct('ConsumerGroupDescribeRequest', {
  groupIds: array(string()),
  includeAuthorizedOperations: bool(),
});
export type ConsumerGroupDescribeRequest = DataOf<typeof consumerGroupDescribeRequest>;

export const consumerGroupDescribeResponse = struct('ConsumerGroupDescribeResponse', {
  throttleTimeMs: int32(),
  groups: array({
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    groupId: string(),
    groupState: string(),
    groupEpoch: int32(),
    assignmentEpoch: int32({ about: 'The group epoch for which the target assignment was made.' }),
    assignorName: string(),
    members: array({
      memberId: string(),
      instanceId: string({ nullable: true, default: null }),
      rackId: string({ nullable: true, default: null }),
      memberEpoch: int32(),
      clientId: string(),
      clientHost: string(),
      subscribedTopicNames: array(string()),
      subscribedTopicRegex: string({ nullable: true, default: null }),
      assignment: object('Assignment', {
        topicPartitions: array({
          topicId: uuid(),
          topicName: string(),
          partitions: array(int32()),
        }),
      }),
      targetAssignment: object('Assignment', {
        topicPartitions: array({
          topicId: uuid(),
          topicName: string(),
          partitions: array(int32()),
        }),
      }),
      memberType: int8({ since: 1, default: -1, about: '-1: unknown; 0: classic; 1: consumer.' }),
    }),
    authorizedOperations: int32({
      default: -2147483648,
      about: 'A set of bits; the lowest int32 if it was not asked for.',
    }),
  }),
});
export type ConsumerGroupDescribeResponse = DataOf<typeof consumerGroupDescribeResponse>;

export const consumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 1],
  flexible: 0,
  request: consumerGroupDescribeRequest,
  response: consumerGroupDescribeResponse,
});
