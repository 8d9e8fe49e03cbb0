/**
 * What the admin client asks of groups: which there are, their members, their offsets, and to set
 * or delete them. Each is asked of the group's coordinator, which is looked for again when it has
 * moved. They stand apart from `admin.ts`, so that a page without them does not carry them.
 *
 * Source: `KafkaAdminClient` (`ListConsumerGroupsHandler` and the like, `CoordinatorStrategy`). Not
 * here: how a call is tried again (`admin-call.ts`), share groups. Difference: a group is asked for
 * alone.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { type Micros, microsOfMillis } from '../../kernel/units.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type ConsumerGroupDescribeResponse,
  consumerGroupDescribe,
} from '../../wire/kafka/messages/consumer-group-describe.ts';
import { deleteGroups } from '../../wire/kafka/messages/delete-groups.ts';
import {
  type DescribeGroupsResponse,
  describeGroups,
} from '../../wire/kafka/messages/describe-groups.ts';
import {
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinator,
} from '../../wire/kafka/messages/find-coordinator.ts';
import { type ListGroupsResponse, listGroups } from '../../wire/kafka/messages/list-groups.ts';
import {
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  offsetCommit,
} from '../../wire/kafka/messages/offset-commit.ts';
import {
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
  offsetDelete,
} from '../../wire/kafka/messages/offset-delete.ts';
import {
  type OffsetFetchRequest,
  type OffsetFetchResponse,
  offsetFetch,
} from '../../wire/kafka/messages/offset-fetch.ts';
import type { AdminCallback, AdminCalls, AdminResult, PartError } from './admin-call.ts';
import type { Admin } from './admin.ts';
import { describeCluster } from './administration.ts';
import type { TopicPartition } from './consumer/subscription-state.ts';
import { NO_TOPIC_ID } from './metadata.ts';

export type ListedGroup = ListGroupsResponse['groups'][number];
export type DescribedClassicGroup = DescribeGroupsResponse['groups'][number];
export type DescribedConsumerGroup = ConsumerGroupDescribeResponse['groups'][number];

/** Who keeps a group: a broker. */
export interface GroupCoordinatorNode {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** An offset that a group has committed. */
export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** Topics are named by id from then on; an admin client names them. */
const VERSION_MAX_WITH_NAMES = 9;
const GROUP_KEY_TYPE = 0;
const RETRY_MS = 100;

/** What these calls need of an admin client. */
export interface GroupAdministered {
  readonly ports: Ports;
  readonly admin: Admin;
}

/** Asks all brokers for their groups; the order is that of the brokers' ids. */
export function listGroupsOfAll(
  { admin }: GroupAdministered,
  filter: { readonly states: readonly string[]; readonly types: readonly string[] },
  done: AdminCallback<readonly ListedGroup[]>,
): void {
  const body = { statesFilter: filter.states, typesFilter: filter.types };
  describeCluster(admin, (cluster) => {
    if (!cluster.ok) return done({ ...cluster, value: null });
    const brokers = cluster.value.brokers.map(({ brokerId }) => brokerId);
    const groups = new Map<string, ListedGroup>();
    let open = brokers.length;
    let failed: (AdminResult<readonly ListedGroup[]> & { ok: false }) | null = null;
    for (const brokerId of brokers) {
      const told = (result: AdminResult<ListGroupsResponse>): void => {
        assert(open > 0, 'each broker answers once', { brokerId });
        if (result.ok) for (const one of result.value.groups) groups.set(one.groupId, one);
        else failed = { ...result, value: null };
        if (--open === 0) done(failed ?? { ok: true, value: [...groups.values()] });
      };
      admin.calls.broker<ListGroupsResponse>(listGroups, body, brokerId, told, partsOf);
    }
  });
}

export function findGroupCoordinator(
  of: GroupAdministered,
  group: string,
  done: AdminCallback<GroupCoordinatorNode>,
): void {
  lookUp(of, group, of.admin.calls.deadline(), done);
}

/** A group of the classic protocol: with version 6 that it is not there is an error. */
export function describeClassicGroup(
  of: GroupAdministered,
  group: string,
  done: AdminCallback<DescribedClassicGroup>,
): void {
  const body = { groups: [group], includeAuthorizedOperations: false };
  const take = ({ groups }: DescribeGroupsResponse): DescribedClassicGroup => groups[0]!;
  atCoordinator(of, group, { api: describeGroups, body, take, partsOf: (one) => one.groups }, done);
}

/** A group of the consumer protocol (KIP-848). */
export function describeConsumerGroup(
  of: GroupAdministered,
  group: string,
  done: AdminCallback<DescribedConsumerGroup>,
): void {
  const body = { groupIds: [group], includeAuthorizedOperations: false };
  const take = ({ groups }: ConsumerGroupDescribeResponse): DescribedConsumerGroup => groups[0]!;
  const asked = {
    api: consumerGroupDescribe,
    body,
    take,
    partsOf: (one: ConsumerGroupDescribeResponse) => one.groups,
  };
  atCoordinator(of, group, asked, done);
}

/** All offsets that a group has committed. */
export function listGroupOffsets(
  of: GroupAdministered,
  group: string,
  done: AdminCallback<readonly CommittedOffset[]>,
): void {
  const body: OffsetFetchRequest = {
    groupId: group,
    topics: null,
    groups: [{ groupId: group, memberId: null, memberEpoch: -1, topics: null }],
    requireStable: false,
  };
  const topicsOf = (response: OffsetFetchResponse) => response.groups[0]?.topics ?? response.topics;
  const take = (response: OffsetFetchResponse): CommittedOffset[] =>
    topicsOf(response).flatMap(({ name: topic, partitions }) =>
      partitions
        .filter(({ committedOffset }) => committedOffset >= 0)
        .map(({ partitionIndex: partition, committedOffset, committedLeaderEpoch }) => {
          return { topic, partition, offset: committedOffset, leaderEpoch: committedLeaderEpoch };
        }),
    );
  const partsOf = (response: OffsetFetchResponse) => [response.groups[0] ?? response];
  atCoordinator(of, group, { api: withNames(offsetFetch), body, take, partsOf }, done);
}

/** Sets a group's offsets while it has no members. */
export function alterGroupOffsets(
  of: GroupAdministered,
  group: string,
  offsets: readonly CommittedOffset[],
  done: AdminCallback<OffsetCommitResponse>,
): void {
  const body: OffsetCommitRequest = {
    groupId: group,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: byTopic(offsets).map(([name, ofTopic]) => ({
      name,
      topicId: NO_TOPIC_ID,
      partitions: ofTopic.map(({ partition, offset, leaderEpoch }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        commitTimestamp: -1,
        committedMetadata: '',
      })),
    })),
  };
  const partsOf = ({ topics }: OffsetCommitResponse) => topics.flatMap((one) => one.partitions);
  const asked = { api: withNames(offsetCommit), body, take: same<OffsetCommitResponse>, partsOf };
  atCoordinator(of, group, asked, done);
}

/** Deletes offsets of topics to which nobody of the group subscribes. */
export function deleteGroupOffsets(
  of: GroupAdministered,
  group: string,
  partitions: readonly TopicPartition[],
  done: AdminCallback<OffsetDeleteResponse>,
): void {
  const body: OffsetDeleteRequest = {
    groupId: group,
    topics: byTopic(partitions).map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition }) => ({ partitionIndex: partition })),
    })),
  };
  const partsOf = (response: OffsetDeleteResponse) => [response];
  const asked = { api: offsetDelete, body, take: same<OffsetDeleteResponse>, partsOf };
  atCoordinator(of, group, asked, done);
}

export function deleteGroup(of: GroupAdministered, group: string, done: AdminCallback<null>): void {
  const body = { groupsNames: [group] };
  const partsOf = ({ results }: { results: readonly { errorCode: number }[] }) => results;
  atCoordinator(of, group, { api: deleteGroups, body, take: () => null, partsOf }, done);
}

interface Asked<R, T> {
  readonly api: Api;
  readonly body: unknown;
  readonly take: (response: R) => T;
  readonly partsOf: (response: R) => readonly { readonly errorCode: number }[];
}

function same<T>(value: T): T {
  return value;
}

function partsOf(response: { readonly errorCode: number }): readonly PartError[] {
  return [{ errorCode: response.errorCode, errorMessage: null }];
}

function withNames(api: Api): Api {
  return { ...api, versionMax: Math.min(api.versionMax, VERSION_MAX_WITH_NAMES) };
}

/** Asks the group's coordinator; again, from the search on, where it was none. */
function atCoordinator<R, T>(
  of: GroupAdministered,
  group: string,
  asked: Asked<R, T>,
  done: AdminCallback<T>,
): void {
  const deadline = of.admin.calls.deadline();
  const { api, body, take } = asked;
  const attempt = (): void => {
    lookUp(of, group, deadline, (found) => {
      if (!found.ok) return done({ ...found, value: null });
      const told = (result: AdminResult<R>): void => {
        if (result.ok) done({ ok: true, value: take(result.value) });
        else if (isElsewhere(result.errorCode) && !isLate(of, deadline)) later(of, attempt);
        else done({ ...result, value: result.value === null ? null : take(result.value) });
      };
      const parts = (response: R): readonly PartError[] =>
        asked.partsOf(response).map((part) => {
          const { errorMessage } = part as { errorMessage?: string | null };
          return { errorCode: part.errorCode, errorMessage: errorMessage ?? null };
        });
      callsOf(of).broker<R>(api, body, found.value.nodeId, told, parts);
    });
  };
  attempt();
}

function lookUp(
  of: GroupAdministered,
  group: string,
  deadline: Micros,
  done: AdminCallback<GroupCoordinatorNode>,
): void {
  const body: FindCoordinatorRequest = {
    key: group,
    keyType: GROUP_KEY_TYPE,
    coordinatorKeys: [group],
  };
  const nodeOf = (response: FindCoordinatorResponse) => response.coordinators[0] ?? response;
  callsOf(of).broker<FindCoordinatorResponse>(
    findCoordinator,
    body,
    null,
    (result) => {
      if (result.ok) done({ ok: true, value: nodeOf(result.value) });
      else if (isElsewhere(result.errorCode) && !isLate(of, deadline)) {
        later(of, () => lookUp(of, group, deadline, done));
      } else done({ ...result, value: null });
    },
    (response) => {
      const { errorCode, errorMessage } = nodeOf(response);
      return [{ errorCode, errorMessage: errorMessage ?? null }];
    },
  );
}

function callsOf({ admin }: GroupAdministered): AdminCalls {
  return admin.calls;
}

/** Errors after which the coordinator is looked for again. */
function isElsewhere(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE ||
    errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ||
    errorCode === ErrorCode.NOT_COORDINATOR
  );
}

function isLate({ ports }: GroupAdministered, deadline: Micros): boolean {
  return ports.clock.now() + microsOfMillis(RETRY_MS) >= deadline;
}

function later({ ports }: GroupAdministered, attempt: () => void): void {
  ports.clock.after(microsOfMillis(RETRY_MS), 'retry.backoff.ms', attempt);
}

function byTopic<P extends TopicPartition>(partitions: readonly P[]): [string, P[]][] {
  const topics = new Map<string, P[]>();
  for (const one of partitions) topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
  return [...topics];
}
