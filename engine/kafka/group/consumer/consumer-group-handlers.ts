/**
 * The APIs of the consumer protocol (KIP-848) at a broker that coordinates groups:
 * ConsumerGroupHeartbeat and ConsumerGroupDescribe; and the protocol as a part that a group
 * coordinator is given:
 *
 *     groupCoordinator(consumerProtocol)
 *
 * Not here: what the coordinator does (`consumer-groups.ts`). Source: `KafkaApis`,
 * `GroupCoordinatorService`.
 */
import { assert } from '../../../kernel/assert.ts';
import { ErrorCode } from '../../../wire/kafka/errors.ts';
import {
  consumerGroupDescribe,
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponse,
} from '../../../wire/kafka/messages/consumer-group-describe.ts';
import {
  consumerGroupHeartbeat,
  type ConsumerGroupHeartbeatRequest,
} from '../../../wire/kafka/messages/consumer-group-heartbeat.ts';
import { apiHandler, type ApiHandler } from '../../api/api-handler.ts';
import { describedGroup } from '../described-group.ts';
import type { GroupRuntime } from '../group-coordinator.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { ConsumerGroupMember } from './consumer-group-member.ts';
import { consumerGroupRecordCodec } from './consumer-group-record.ts';
import {
  consumerGroupSettings,
  ConsumerGroups,
  type ConsumerGroupsParts,
} from './consumer-groups.ts';
import { refused } from './heartbeat-request.ts';
import { DEFAULT_ASSIGNOR } from './server-assignors.ts';
import type { TopicPartitions } from './topic-partitions.ts';

/** `memberType` of a member of this protocol. */
const CONSUMER_MEMBER = 1;

type Described = ConsumerGroupDescribeResponse['groups'][number];

function handlers(runtime: GroupRuntime): readonly ApiHandler[] {
  return [
    apiHandler<ConsumerGroupHeartbeatRequest>(consumerGroupHeartbeat, (_broker, request) => {
      const { apiVersion, clientId, clientHost, body } = request;
      const of = { apiVersion, clientId: clientId ?? '', clientHost: `/${clientHost}`, body };
      runtime.write(
        runtime.partitionFor(body.groupId),
        (shard) => {
          assert(shard.consumerGroups !== null, 'the protocol', { group: body.groupId });
          const classic = shard.group(body.groupId);
          const isTaken = classic !== undefined && classic.members.size > 0;
          if (isTaken) return refused(ErrorCode.GROUP_ID_NOT_FOUND);
          return shard.consumerGroups.heartbeat(of);
        },
        ({ errorCode, response }) => request.respond(response ?? refused(errorCode).response),
      );
    }),
    apiHandler<ConsumerGroupDescribeRequest>(consumerGroupDescribe, (broker, request) => {
      const names = new Map([...broker.image().topics].map(([name, { id }]) => [id, name]));
      const groups = request.body.groupIds.map((id) =>
        describedGroup(runtime, id, {
          assignorName: DEFAULT_ASSIGNOR,
          groupOf: (shard) => shard.consumerGroups?.group(id) ?? null,
          membersOf: (group) =>
            group.members.map((member) => describedMember(group, member, names)),
        }),
      );
      request.respond({ throttleTimeMs: 0, groups } satisfies ConsumerGroupDescribeResponse);
    }),
  ];
}

function describedMember(
  group: ConsumerGroup,
  member: ConsumerGroupMember,
  names: ReadonlyMap<string, string>,
): Described['members'][number] {
  const named = (partitions: TopicPartitions): Described['members'][number]['assignment'] => ({
    topicPartitions: [...partitions].map(([topicId, numbers]) => ({
      topicId,
      topicName: names.get(topicId) ?? '',
      partitions: numbers,
    })),
  });
  const { memberId, instanceId, rackId, memberEpoch, clientId, clientHost } = member;
  return {
    ...{ memberId, instanceId, rackId, memberEpoch, clientId, clientHost },
    subscribedTopicNames: member.subscribedTopicNames,
    subscribedTopicRegex: null,
    assignment: named(member.assigned),
    targetAssignment: named(group.target(memberId)),
    memberType: CONSUMER_MEMBER,
  };
}

/** For `groupCoordinator`. */
export const consumerProtocol = {
  settings: consumerGroupSettings,
  codec: consumerGroupRecordCodec,
  makeGroups: (parts: ConsumerGroupsParts) => new ConsumerGroups(parts),
  handlers,
};
export type ConsumerProtocol = typeof consumerProtocol;
