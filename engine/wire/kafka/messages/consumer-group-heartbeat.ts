/**
 * ConsumerGroupHeartbeat (key 68): the whole of the consumer group protocol of KIP-848. A member
 * says what changed on its side, the coordinator answers with its epoch and, when it changed, what
 * it is assigned.
 *
 * Versions: 1 subscriptions by regular expression, and the client makes its own member id
 * (KIP-1082).
 */
import { api } from '../api.ts';
import { array, int16, int32, object, string, uuid, struct, type DataOf } from '../schema.ts';

export const consumerGroupHeartbeatRequest = struct('ConsumerGroupHeartbeatRequest', {
  groupId: string(),
  memberId: string(),
  memberEpoch: int32({ about: '0: join; -1: leave; -2: a static member leaves for a while.' }),
  instanceId: string({ nullable: true, default: null }),
  rackId: string({ nullable: true, default: null }),
  rebalanceTimeoutMs: int32({
    default: -1,
    about: '-1: as before. Null means as before in the fields below too.',
  }),
  subscribedTopicNames: array(string(), { nullable: true, default: null }),
  subscribedTopicRegex: string({ since: 1, nullable: true, default: null }),
  serverAssignor: string({ nullable: true, default: null }),
  topicPartitions: array(
    {
      topicId: uuid(),
      partitions: array(int32()),
    },
    { nullable: true, default: null, about: 'What the member owns.' },
  ),
});
export type ConsumerGroupHeartbeatRequest = DataOf<typeof consumerGroupHeartbeatRequest>;

export const consumerGroupHeartbeatResponse = struct('ConsumerGroupHeartbeatResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  memberId: string({ nullable: true, default: null }),
  memberEpoch: int32(),
  heartbeatIntervalMs: int32(),
  assignment: object(
    'Assignment',
    {
      topicPartitions: array({
        topicId: uuid(),
        partitions: array(int32()),
      }),
    },
    { nullable: true, default: null, about: 'Null: as before.' },
  ),
});
export type ConsumerGroupHeartbeatResponse = DataOf<typeof consumerGroupHeartbeatResponse>;

export const consumerGroupHeartbeat = api({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: [0, 1],
  flexible: 0,
  request: consumerGroupHeartbeatRequest,
  response: consumerGroupHeartbeatResponse,
});
