/**
 * The APIs of committed offsets at a broker that coordinates groups: OffsetCommit, OffsetFetch,
 * OffsetDelete.
 *
 * Not here: what the coordinator does (`offset-requests.ts`), TxnOffsetCommit (`transaction/`).
 * Source: `KafkaApis.handleOffsetCommitRequest` and the like, `GroupCoordinatorService`.
 * Versions: OffsetFetch 8 several groups at once (KIP-709); 10 of both name topics by id.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
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
  offsetFetchResponse,
} from '../../wire/kafka/messages/offset-fetch.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import {
  type ApiHandler,
  type BrokerParts,
  type RequestContext,
  apiHandler,
} from '../api/api-handler.ts';
import type { CoordinatorAnswer } from '../coordinator/coordinator-shard.ts';
import { LATEST } from '../coordinator/timeline-map.ts';
import { partitionOf } from '../metadata/image.ts';
import type { GroupRuntime } from './group-coordinator.ts';
import type { OffsetKey } from './offset-metadata.ts';
import type { Commit, CommitOutcome, FetchedOffset } from './offset-requests.ts';

/** From here on topics have ids in place of names. */
const TOPIC_IDS_SINCE = 10;
/** From here on OffsetFetch asks for several groups. */
const GROUPS_SINCE = 8;
/** Before it, OffsetFetch tells an error of the group with each partition. */
const GROUP_ERROR_SINCE = 2;

export function offsetHandlers(runtime: GroupRuntime): readonly ApiHandler[] {
  return [
    apiHandler<OffsetCommitRequest>(offsetCommit, (broker, request) =>
      commit(broker, runtime, request),
    ),
    apiHandler<OffsetFetchRequest>(offsetFetch, (broker, request) =>
      fetchOffsets(broker, runtime, request),
    ),
    apiHandler<OffsetDeleteRequest>(offsetDelete, (broker, request) =>
      remove(broker, runtime, request),
    ),
  ];
}

/** A topic of a request: with its name, or with the reason why it has none here. */
interface NamedTopic<T> {
  readonly topic: T;
  readonly name: string;
  readonly errorCode: number;
}

function named<T extends { readonly name: string; readonly topicId: string }>(
  broker: BrokerParts,
  topics: readonly T[],
  apiVersion: number,
): readonly NamedTopic<T>[] {
  const { topicNames } = broker.image();
  return topics.map((topic) => {
    if (apiVersion < TOPIC_IDS_SINCE) return { topic, name: topic.name, errorCode: ErrorCode.NONE };
    const name = topicNames.get(topic.topicId);
    const errorCode = name === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.NONE;
    return { topic, name: name ?? '', errorCode };
  });
}

// ------------------------------------------------------------------------------------ OffsetCommit

type CommitTopic = OffsetCommitRequest['topics'][number];

function commit(
  broker: BrokerParts,
  runtime: GroupRuntime,
  request: RequestContext<OffsetCommitRequest>,
): void {
  const { apiVersion, body } = request;
  const asked = named(broker, body.topics, apiVersion);
  const isThere = existsAt(broker);
  const known = asked.flatMap(({ topic, name }) => {
    const partitions = topic.partitions.filter((one) => isThere(name, one.partitionIndex));
    return partitions.length === 0 ? [] : [{ name, partitions }];
  });
  const respond = (outcome: CoordinatorAnswer<number | readonly CommitOutcome[]>): void =>
    request.respond(commitResponse(asked, isThere, outcome));
  if (known.length === 0) {
    respond({ errorCode: ErrorCode.NONE, response: [] });
    return;
  }
  const { groupId, memberId, groupInstanceId, retentionTimeMs } = body;
  const of: Commit = {
    groupId,
    memberId,
    groupInstanceId,
    retentionTimeMs,
    generationId: body.generationIdOrMemberEpoch,
    apiVersion,
    topics: known,
  };
  runtime.write(runtime.partitionFor(groupId), (shard) => shard.offsetRequests.commit(of), respond);
}

function commitResponse(
  asked: readonly NamedTopic<CommitTopic>[],
  isThere: (topic: string, index: number) => boolean,
  { errorCode, response }: CoordinatorAnswer<number | readonly CommitOutcome[]>,
): OffsetCommitResponse {
  const whole = typeof response === 'number' ? response : errorCode;
  const outcomes = typeof response === 'number' ? [] : (response ?? []);
  const codes = new Map(outcomes.map((one) => [`${one.partition}:${one.topic}`, one.errorCode]));
  const topics = asked.map(({ topic, name, errorCode: topicError }) => {
    const isMissing = (index: number): boolean => !isThere(name, index);
    const missing = topicError === ErrorCode.NONE ? UNKNOWN_PARTITION : topicError;
    const indexes = topic.partitions.map(({ partitionIndex }) => partitionIndex);
    const partitions = firstThose(indexes, isMissing).map((partitionIndex) => {
      const code = codes.get(`${partitionIndex}:${name}`) ?? whole;
      return { partitionIndex, errorCode: isMissing(partitionIndex) ? missing : code };
    });
    const refused = indexes.some(isMissing);
    return { refused, told: { name: topic.name, topicId: topic.topicId, partitions } };
  });
  assert(topics.length === asked.length, 'each topic is answered');
  const told = firstThose(topics, ({ refused }) => refused).map((one) => one.told);
  return { throttleTimeMs: 0, topics: told };
}

const UNKNOWN_PARTITION = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;

/** What was refused at the door is told first, as there. */
function firstThose<T>(all: readonly T[], wanted: (one: T) => boolean): readonly T[] {
  return [...all.filter(wanted), ...all.filter((one) => !wanted(one))];
}

/** Whether this broker has heard of a partition. */
function existsAt(broker: BrokerParts): (topic: string, index: number) => boolean {
  const image = broker.image();
  return (topic, index) => partitionOf(image, topic, index) !== undefined;
}

// ------------------------------------------------------------------------------------- OffsetFetch

type FetchGroup = OffsetFetchRequest['groups'][number];
type FetchedGroup = OffsetFetchResponse['groups'][number];

function fetchOffsets(
  broker: BrokerParts,
  runtime: GroupRuntime,
  request: RequestContext<OffsetFetchRequest>,
): void {
  const { apiVersion, body } = request;
  const asked = apiVersion >= GROUPS_SINCE ? body.groups : [singleGroup(body, apiVersion)];
  const groups: FetchedGroup[] = [];
  let waiting = asked.length;
  const respond = (): void => request.respond(fetchResponse(groups, apiVersion));
  if (waiting === 0) respond();
  for (const [place, group] of asked.entries()) {
    fetchGroup(broker, runtime, { apiVersion, group, isStable: body.requireStable }, (fetched) => {
      groups[place] = fetched;
      waiting--;
      assert(waiting >= 0, 'answered once each', { group: group.groupId });
      if (waiting === 0) respond();
    });
  }
}

/** Version 0 has no way to ask for all. */
function singleGroup(body: OffsetFetchRequest, apiVersion: number): FetchGroup {
  const { groupId, topics } = body;
  assert(apiVersion < GROUPS_SINCE, 'one group', { apiVersion });
  const named = topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null;
  return { groupId, memberId: null, memberEpoch: -1, topics: named };
}

function fetchGroup(
  broker: BrokerParts,
  runtime: GroupRuntime,
  of: { readonly apiVersion: number; readonly group: FetchGroup; readonly isStable: boolean },
  done: (fetched: FetchedGroup) => void,
): void {
  const { groupId, topics } = of.group;
  const asked = topics === null ? null : named(broker, topics, of.apiVersion);
  const wanted = asked === null ? null : keysOf(asked);
  const index = runtime.partitionFor(groupId);
  const answer = ({ errorCode, response }: CoordinatorAnswer<readonly FetchedOffset[]>): void => {
    const offsets = response ?? [];
    const told = asked === null ? byTopic(broker, offsets) : inOrder(asked, offsets, errorCode);
    done({ groupId, topics: told, errorCode });
  };
  if (of.isStable) {
    // As a write it waits for what is being written.
    const fetch = (offsets: readonly FetchedOffset[]) => ({ records: [], response: offsets });
    runtime.write(
      index,
      (shard) => fetch(shard.offsetRequests.fetch(groupId, wanted, LATEST, true)),
      answer,
    );
    return;
  }
  answer(
    runtime.read(index, (shard, committedOffset) =>
      shard.offsetRequests.fetch(groupId, wanted, committedOffset, false),
    ),
  );
}

type FetchTopic = NonNullable<FetchGroup['topics']>[number];

function keysOf(asked: readonly NamedTopic<FetchTopic>[]): OffsetKey[] {
  return asked.flatMap(({ topic, name, errorCode }) =>
    errorCode === ErrorCode.NONE
      ? topic.partitionIndexes.map((partition) => ({ topic: name, partition }))
      : [],
  );
}

type FetchedTopic = FetchedGroup['topics'][number];
const UNKNOWN = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' };

/** The partitions as they were asked for; with the group's error, where there is one. */
function inOrder(
  asked: readonly NamedTopic<FetchTopic>[],
  offsets: readonly FetchedOffset[],
  groupError: number,
): FetchedTopic[] {
  const found = new Map(offsets.map((one) => [`${one.partition}:${one.topic}`, one]));
  return asked.map(({ topic, name, errorCode }) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: topic.partitionIndexes.map((partitionIndex) => {
      const offset = found.get(`${partitionIndex}:${name}`);
      if (offset !== undefined) return { partitionIndex, ...valueOf(offset) };
      const own = errorCode === ErrorCode.NONE ? groupError : errorCode;
      return { partitionIndex, ...UNKNOWN, errorCode: own };
    }),
  }));
}

function byTopic(broker: BrokerParts, offsets: readonly FetchedOffset[]): FetchedTopic[] {
  const topics = new Map<string, FetchedTopic['partitions'][number][]>();
  for (const offset of offsets) {
    const partitions = topics.get(offset.topic) ?? [];
    topics.set(offset.topic, partitions);
    partitions.push({ partitionIndex: offset.partition, ...valueOf(offset) });
  }
  const { topics: images } = broker.image();
  return [...topics].map(([name, partitions]) => ({
    name,
    topicId: images.get(name)?.id ?? ZERO_UUID,
    partitions,
  }));
}

function valueOf({ committedOffset, committedLeaderEpoch, metadata, errorCode }: FetchedOffset) {
  return { committedOffset, committedLeaderEpoch, metadata, errorCode };
}

function fetchResponse(groups: readonly FetchedGroup[], apiVersion: number): OffsetFetchResponse {
  const base = { ...defaults(offsetFetchResponse), throttleTimeMs: 0 };
  const told = groups.map((group) => {
    const hides = apiVersion >= GROUP_ERROR_SINCE && group.errorCode !== ErrorCode.NONE;
    return hides ? { ...group, topics: [] } : group;
  });
  if (apiVersion >= GROUPS_SINCE) return { ...base, groups: told };
  const [group] = told;
  assert(group !== undefined && told.length === 1, 'one group', { count: told.length });
  return { ...base, errorCode: group.errorCode, topics: group.topics };
}

// ------------------------------------------------------------------------------------ OffsetDelete

function remove(
  broker: BrokerParts,
  runtime: GroupRuntime,
  { body, respond }: RequestContext<OffsetDeleteRequest>,
): void {
  const { groupId, topics } = body;
  const isThere = existsAt(broker);
  const ids = topics
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
    )
    .filter(({ topic, partition }) => isThere(topic, partition));
  const fail = (errorCode: number): void =>
    respond({ errorCode, throttleTimeMs: 0, topics: [] } satisfies OffsetDeleteResponse);
  if (groupId === '') {
    fail(ErrorCode.INVALID_GROUP_ID);
    return;
  }
  runtime.write(
    runtime.partitionFor(groupId),
    (shard) => shard.offsetRequests.delete(groupId, ids),
    ({ errorCode, response }) => {
      if (response === null || typeof response === 'number') {
        fail(response ?? errorCode);
        return;
      }
      const codes = new Map(
        response.map((one) => [`${one.partition}:${one.topic}`, one.errorCode]),
      );
      const isRefused = ({ name, partitions }: (typeof topics)[number]): boolean =>
        partitions.some(({ partitionIndex }) => !isThere(name, partitionIndex));
      const told = firstThose(topics, isRefused).map(({ name, partitions }) => {
        const indexes = partitions.map(({ partitionIndex }) => partitionIndex);
        const answers = firstThose(indexes, (index) => !isThere(name, index));
        return {
          name,
          partitions: answers.map((partitionIndex) => ({
            partitionIndex,
            errorCode: codes.get(`${partitionIndex}:${name}`) ?? UNKNOWN_PARTITION,
          })),
        };
      });
      respond({ errorCode: ErrorCode.NONE, throttleTimeMs: 0, topics: told });
    },
  );
}
