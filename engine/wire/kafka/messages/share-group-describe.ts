/**
 * ShareGroupDescribe (key 77): what a share group's coordinator knows of it (KIP-932).
 *
 * Versions: 0 was the early access of Kafka 4.0 and is gone; 1 since Kafka 4.1.
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, object, string, struct, uuid, type DataOf } from '../schema.ts';

const shareGroupDescribeRequest = struct('ShareGroupDescribeRequest', {
  groupIds: array(string()),
  includeAuthorizedOperations: bool(),
});
export type ShareGroupDescribeRequest = DataOf<typeof shareGroupDescribeRequest>;

const shareGroupDescribeResponse = struct('ShareGroupDescribeResponse', {
  throttleTimeMs: int32(),
  groups: array({
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    groupId: string(),
    groupState: string(),
    groupEpoch: int32(),
    assignmentEpoch: int32(),
    assignorName: string(),
    members: array({
      memberId: string(),
      rackId: string({ nullable: true, default: null }),
      memberEpoch: int32(),
      clientId: string(),
      clientHost: string(),
      subscribedTopicNames: array(string()),
      assignment: object('Assignment', {
        topicPartitions: array({
          topicId: uuid(),
          topicName: string(),
          partitions: array(int32()),
        }),
      }),
    }),
    authorizedOperations: int32({ default: -2_147_483_648 }),
  }),
});
export type ShareGroupDescribeResponse = DataOf<typeof shareGroupDescribeResponse>;

export const shareGroupDescribe = api({
  key: 77,
  name: 'ShareGroupDescribe',
  versions: [1, 1],
  flexible: 0,
  request: shareGroupDescribeRequest,
  response: shareGroupDescribeResponse,
});
