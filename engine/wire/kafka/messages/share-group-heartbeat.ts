/**
 * ShareGroupHeartbeat (key 76): a member of a share group says that it lives and what it subscribes
 * to; the coordinator answers with its epoch and, when it changed, what it is assigned (KIP-932).
 *
 * Versions: 0 was the early access of Kafka 4.0 and is gone; 1 since Kafka 4.1.
 */
import { api } from '../api.ts';
import { array, int16, int32, object, string, struct, uuid, type DataOf } from '../schema.ts';

export const shareGroupHeartbeatRequest = struct('ShareGroupHeartbeatRequest', {
  groupId: string(),
  memberId: string({ about: 'Made by the member, and kept for its life.' }),
  memberEpoch: int32({ about: '0: join; -1: leave.' }),
  rackId: string({ nullable: true, default: null }),
  subscribedTopicNames: array(string(), {
    nullable: true,
    default: null,
    about: 'Null: as before.',
  }),
});
export type ShareGroupHeartbeatRequest = DataOf<typeof shareGroupHeartbeatRequest>;

export const shareGroupHeartbeatResponse = struct('ShareGroupHeartbeatResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  memberId: string({ nullable: true, default: null }),
  memberEpoch: int32(),
  heartbeatIntervalMs: int32(),
  assignment: object(
    'Assignment',
    { topicPartitions: array({ topicId: uuid(), partitions: array(int32()) }) },
    { nullable: true, default: null, about: 'Null: as before.' },
  ),
});
export type ShareGroupHeartbeatResponse = DataOf<typeof shareGroupHeartbeatResponse>;

export const shareGroupHeartbeat = api({
  key: 76,
  name: 'ShareGroupHeartbeat',
  versions: [1, 1],
  flexible: 0,
  request: shareGroupHeartbeatRequest,
  response: shareGroupHeartbeatResponse,
});
