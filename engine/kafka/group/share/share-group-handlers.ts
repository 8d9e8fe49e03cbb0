/**
 * The APIs of share groups at a broker that coordinates groups: ShareGroupHeartbeat and
 * ShareGroupDescribe; and share groups as a part that a group coordinator is given:
 *
 *     groupCoordinator(null, shareProtocol)
 *
 * Not here: what the coordinator does (`share-groups.ts`). Source: `KafkaApis`,
 * `GroupCoordinatorService`.
 */
import { assert } from '../../../kernel/assert.ts';
import { ErrorCode } from '../../../wire/kafka/errors.ts';
import {
  shareGroupDescribe,
  type ShareGroupDescribeRequest,
  type ShareGroupDescribeResponse,
} from '../../../wire/kafka/messages/share-group-describe.ts';
import {
  shareGroupHeartbeat,
  type ShareGroupHeartbeatRequest,
} from '../../../wire/kafka/messages/share-group-heartbeat.ts';
import { type ApiHandler, apiHandler, type BrokerParts } from '../../api/api-handler.ts';
import { Persister } from '../../share/persister.ts';
import {
  NO_PARTITIONS,
  partitionsFrom,
  type TopicPartitions,
  union,
} from '../consumer/topic-partitions.ts';
import { describedGroup } from '../described-group.ts';
import type { GroupRuntime } from '../group-coordinator.ts';
import type { ShareGroup } from './share-group.ts';
import { shareGroupRecordCodec } from './share-group-record.ts';
import { refused, ShareGroups, shareGroupSettings, type ShareGroupsParts } from './share-groups.ts';
import { SIMPLE_ASSIGNOR } from './simple-assignor.ts';

type Described = ShareGroupDescribeResponse['groups'][number];

/** The handlers, and how to end what they have begun. */
function handlers(
  runtime: GroupRuntime,
  broker: BrokerParts,
): { readonly handlers: readonly ApiHandler[]; close(): void } {
  const persister = new Persister(broker, 'share-group-persister');
  const initializer = new StateInitializer(runtime, persister);
  return {
    handlers: [heartbeatHandler(runtime, initializer), describeHandler(runtime)],
    close: () => persister.close(),
  };
}

function heartbeatHandler(runtime: GroupRuntime, initializer: StateInitializer): ApiHandler {
  return apiHandler<ShareGroupHeartbeatRequest>(shareGroupHeartbeat, (_broker, request) => {
    const { clientId, clientHost, body } = request;
    const { groupId } = body;
    const of = { clientId: clientId ?? '', clientHost: `/${clientHost}`, body };
    runtime.write(
      runtime.partitionFor(groupId),
      (shard) => {
        assert(shard.shareGroups !== null, 'the protocol', { group: groupId });
        const isClassic = (shard.group(groupId)?.members.size ?? 0) > 0;
        const isConsumer = shard.consumerGroups?.group(groupId) !== undefined;
        if (isClassic || isConsumer) return refused(ErrorCode.GROUP_ID_NOT_FOUND);
        return shard.shareGroups.heartbeat(of);
      },
      ({ errorCode, response }) => {
        const outcome = response ?? refused(errorCode).response;
        request.respond(outcome.response);
        initializer.initialize(groupId, outcome.initializing, outcome.groupEpoch);
      },
    );
  });
}

/** Has states made of share-partitions that a group wants for the first time. */
class StateInitializer {
  readonly #runtime: GroupRuntime;
  readonly #persister: Persister;
  /** Groups whose states are being made. */
  readonly #busy = new Set<string>();

  constructor(runtime: GroupRuntime, persister: Persister) {
    this.#runtime = runtime;
    this.#persister = persister;
  }

  initialize(groupId: string, asked: TopicPartitions, stateEpoch: number): void {
    if (asked.size === 0 || this.#busy.has(groupId)) return;
    this.#busy.add(groupId);
    let done = NO_PARTITIONS;
    let left = [...asked.values()].reduce((sum, { length }) => sum + length, 0);
    assert(left > 0, 'topics have partitions', { groupId });
    for (const [topicId, partitions] of asked) {
      for (const partition of partitions) {
        const key = { groupId, topicId, partition };
        const state = { stateEpoch, startOffset: -1 };
        this.#persister.initialize(key, state, (errorCode) => {
          const one = partitionsFrom([{ topicId, partitions: [partition] }]);
          if (errorCode === ErrorCode.NONE) done = union(done, one);
          if (--left === 0) this.#finish(groupId, done, asked);
        });
      }
    }
  }

  #finish(groupId: string, done: TopicPartitions, asked: TopicPartitions): void {
    const finished = (): void => void this.#busy.delete(groupId);
    this.#runtime.write(
      this.#runtime.partitionFor(groupId),
      (shard) => {
        assert(shard.shareGroups !== null, 'the protocol', { groupId });
        return shard.shareGroups.initialized(groupId, done, asked);
      },
      finished,
    );
  }
}

function describeHandler(runtime: GroupRuntime): ApiHandler {
  return apiHandler<ShareGroupDescribeRequest>(shareGroupDescribe, (broker, request) => {
    const { topicNames } = broker.image();
    const groups = request.body.groupIds.map((id) =>
      describedGroup(runtime, id, {
        assignorName: SIMPLE_ASSIGNOR,
        groupOf: (shard) => shard.shareGroups?.group(id) ?? null,
        membersOf: (group) => membersOf(group, topicNames),
      }),
    );
    request.respond({ throttleTimeMs: 0, groups } satisfies ShareGroupDescribeResponse);
  });
}

function membersOf(group: ShareGroup, names: ReadonlyMap<string, string>): Described['members'] {
  return group.members.map((member) => {
    const { memberId, rackId, memberEpoch, clientId, clientHost, subscribedTopicNames } = member;
    const topicPartitions = [...member.assigned].map(([topicId, partitions]) => {
      return { topicId, topicName: names.get(topicId) ?? '', partitions };
    });
    const of = { memberId, rackId, memberEpoch, clientId, clientHost, subscribedTopicNames };
    return { ...of, assignment: { topicPartitions } };
  });
}

/** For `groupCoordinator`. */
export const shareProtocol = {
  settings: shareGroupSettings,
  codec: shareGroupRecordCodec,
  makeGroups: (parts: ShareGroupsParts) => new ShareGroups(parts),
  handlers,
};
export type ShareProtocol = typeof shareProtocol;
