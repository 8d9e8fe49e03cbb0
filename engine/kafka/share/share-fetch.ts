/**
 * ShareFetch and ShareAcknowledge on the leader: takes the acknowledgements in, then looks for
 * records to hand out; if there are none it waits, `maxWaitMs` at most.
 *
 * Not here: sessions (`share-sessions.ts`), a share-partition's records (`share-partition.ts`).
 * Source: `KafkaApis.handleShareFetchRequest`, `handleShareAcknowledgeRequest`,
 * `DelayedShareFetch`, `ShareFetchUtils`. Differences: `minBytes` counts as one record; partitions
 * are looked at from another one each time, as there.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { errorMessage } from '../../wire/kafka/error-messages.ts';
import {
  shareAcknowledge,
  type ShareAcknowledgeRequest,
  type ShareAcknowledgeResponse,
  shareAcknowledgeResponse,
} from '../../wire/kafka/messages/share-acknowledge.ts';
import {
  shareFetch,
  type ShareFetchRequest,
  type ShareFetchResponse,
  shareFetchResponse,
} from '../../wire/kafka/messages/share-fetch.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import {
  type ApiHandler,
  apiHandler,
  type BrokerParts,
  type RequestContext,
} from '../api/api-handler.ts';
import type { Purgatory } from '../broker/purgatory.ts';
import type { Partition } from '../partition/partition.ts';
import { type AcknowledgementBatch, acknowledgementError } from './acknowledgement.ts';
import type { SharePartition } from './share-partition.ts';
import type { FoundSharePartition, SharePartitions } from './share-partitions.ts';
import { canRead, NO_READ, type ShareRead, shareRead } from './share-read.ts';
import type { SessionPartition, ShareSession, ShareSessions } from './share-sessions.ts';

export interface ShareFetchParts {
  readonly broker: BrokerParts;
  readonly sessions: ShareSessions;
  readonly partitions: SharePartitions;
  readonly purgatory: Purgatory;
}

type FetchedPartition = ShareFetchResponse['responses'][number]['partitions'][number];
type AcknowledgedPartition = ShareAcknowledgeResponse['responses'][number]['partitions'][number];
type NodeEndpoints = ShareFetchResponse['nodeEndpoints'];

/** What became of the acknowledgements of a request, by `partitionName`. */
type AcknowledgeErrors = ReadonlyMap<string, number>;

/** Partitions with acknowledgements: as both requests have them. */
type AcknowledgedTopics = ShareAcknowledgeRequest['topics'];

const partitionName = ({ topicId, partition }: SessionPartition): string =>
  `${topicId} ${partition}`;

function partitionNamed(name: string): SessionPartition {
  const [topicId = '', partition] = name.split(' ');
  return { topicId, partition: Number(partition) };
}

export function shareFetchHandlers(parts: ShareFetchParts): readonly ApiHandler[] {
  return [
    apiHandler<ShareFetchRequest>(shareFetch, (_broker, request) => fetched(parts, request)),
    apiHandler<ShareAcknowledgeRequest>(shareAcknowledge, (_broker, request) =>
      acknowledged(parts, request),
    ),
  ];
}

function fetched(parts: ShareFetchParts, request: RequestContext<ShareFetchRequest>): void {
  const { body, respond } = request;
  const refuse = (errorCode: number): void =>
    respond({
      ...defaults(shareFetchResponse),
      errorCode,
      errorMessage: errorMessage(errorCode),
    } satisfies ShareFetchResponse);
  const brings = hasAcknowledgements(body.topics);
  if (body.shareSessionEpoch === 0 && brings) {
    refuse(ErrorCode.INVALID_REQUEST);
    return;
  }
  const opened = parts.sessions.take(body, true);
  if (opened.session === null) {
    refuse(opened.errorCode);
    return;
  }
  const { session, isFinal } = opened;
  updateSession(session, body);
  if (body.shareSessionEpoch === 0) endsWithConnection(parts, session, request);
  acknowledgeAll(parts, session, body.topics, (errors) => {
    if (isFinal) {
      endSession(parts, session);
      respond(fetchResponse(parts, session, [], errors));
      return;
    }
    fetchRecords(parts, session, body, (reads) =>
      respond(fetchResponse(parts, session, reads, errors)),
    );
  });
}

function acknowledged(
  parts: ShareFetchParts,
  { body, respond }: RequestContext<ShareAcknowledgeRequest>,
): void {
  const opened = parts.sessions.take(body, false);
  if (opened.session === null) {
    const { errorCode } = opened;
    const refused = { errorCode, errorMessage: errorMessage(errorCode) };
    respond({
      ...defaults(shareAcknowledgeResponse),
      ...refused,
    } satisfies ShareAcknowledgeResponse);
    return;
  }
  const { session, isFinal } = opened;
  acknowledgeAll(parts, session, body.topics, (errors) => {
    if (isFinal) endSession(parts, session);
    const nodes = new Set<number>();
    const topics = new Map<string, AcknowledgedPartition[]>();
    for (const [name, errorCode] of errors) {
      const { topicId, partition } = partitionNamed(name);
      const told = topics.get(topicId) ?? [];
      topics.set(topicId, told);
      told.push({
        partitionIndex: partition,
        ...{ errorCode, errorMessage: textOf(errorCode) },
        currentLeader: leaderOf(parts, { topicId, partition }, errorCode, nodes),
      });
    }
    const responses = [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
    respond({
      ...defaults(shareAcknowledgeResponse),
      responses,
      nodeEndpoints: endpointsOf(parts, nodes),
    } satisfies ShareAcknowledgeResponse);
  });
}

// --------------------------------------------------------------------------------------- sessions

function updateSession(
  session: ShareSession,
  { topics, forgottenTopicsData }: ShareFetchRequest,
): void {
  for (const { topicId, partitions } of topics) {
    for (const { partitionIndex: partition } of partitions) {
      session.partitions.set(partitionName({ topicId, partition }), { topicId, partition });
    }
  }
  for (const { topicId, partitions } of forgottenTopicsData) {
    for (const partition of partitions) {
      session.partitions.delete(partitionName({ topicId, partition }));
    }
  }
}

function endsWithConnection(
  parts: ShareFetchParts,
  session: ShareSession,
  request: RequestContext<ShareFetchRequest>,
): void {
  request.whenClosed(() => {
    if (parts.sessions.drop(session)) endSession(parts, session);
  });
}

/** What the member holds on this broker is free. */
function endSession(parts: ShareFetchParts, { groupId, memberId }: ShareSession): void {
  parts.partitions.release(groupId, memberId);
}

// -------------------------------------------------------------------------------- acknowledgements

function hasAcknowledgements(topics: AcknowledgedTopics): boolean {
  return topics.some(({ partitions }) =>
    partitions.some(({ acknowledgementBatches }) => acknowledgementBatches.length > 0),
  );
}

/** Takes all acknowledgements of a request in; `done` when the last one is written. */
function acknowledgeAll(
  parts: ShareFetchParts,
  { groupId, memberId }: ShareSession,
  topics: AcknowledgedTopics,
  done: (errors: AcknowledgeErrors) => void,
): void {
  const errors = new Map<string, number>();
  const asked = topics.flatMap(({ topicId, partitions }) =>
    partitions
      .filter(({ acknowledgementBatches }) => acknowledgementBatches.length > 0)
      .map((one) => ({ topicId, partition: one.partitionIndex, of: one.acknowledgementBatches })),
  );
  let left = asked.length;
  if (left === 0) done(errors);
  for (const { topicId, partition, of } of asked) {
    const key = { groupId, topicId, partition };
    acknowledgeOne(parts.partitions.find(key), memberId, of, (errorCode) => {
      errors.set(partitionName(key), errorCode);
      if (--left === 0) done(errors);
    });
  }
}

function acknowledgeOne(
  { errorCode, share }: FoundSharePartition,
  memberId: string,
  batches: readonly AcknowledgementBatch[],
  done: (errorCode: number) => void,
): void {
  const invalid = acknowledgementError(batches);
  if (invalid !== ErrorCode.NONE) {
    done(invalid);
    return;
  }
  if (share === null) {
    done(errorCode);
    return;
  }
  share.initialize(() => share.acknowledge(memberId, batches, done));
}

// ------------------------------------------------------------------------------------------- fetch

/** One partition of a request: with its share-partition here, or with the error that it gets. */
interface Planned {
  readonly at: SessionPartition;
  readonly errorCode: number;
  readonly share: SharePartition | null;
  readonly partition: Partition | null;
}

function fetchRecords(
  parts: ShareFetchParts,
  session: ShareSession,
  body: ShareFetchRequest,
  done: (reads: readonly (readonly [SessionPartition, ShareRead])[]) => void,
): void {
  const { groupId } = session;
  const planned: Planned[] = rotated([...session.partitions.values()], session.epoch).map((at) => ({
    at,
    ...parts.partitions.find({ groupId, ...at }),
  }));
  const shares = planned.flatMap(({ share }) => (share === null ? [] : [share]));
  let left = shares.length;
  const isolation = parts.partitions.settingsOf(groupId)['share.isolation.level'];
  const readsCommitted = isolation === 'read_committed';
  const complete = (): void => {
    let recordsLeft = body.maxRecords;
    const bytesMax = Math.floor(Math.max(0, body.maxBytes) / Math.max(1, planned.length));
    const limits = { bytesMax, batchSize: body.batchSize, readsCommitted };
    done(
      planned.map(({ at, errorCode, share, partition }) => {
        if (share === null || partition === null) return [at, { ...NO_READ, errorCode }] as const;
        const { ports } = parts.broker;
        const of = { ports, share, partition, memberId: session.memberId };
        const read = shareRead(of, { ...limits, recordsMax: recordsLeft });
        for (const one of read.acquired) recordsLeft -= one.lastOffset - one.firstOffset + 1;
        return [at, read] as const;
      }),
    );
  };
  const whenActive = (): void => {
    const tryComplete = (): boolean =>
      planned.some(
        ({ share, partition }) =>
          share === null || partition === null || canRead(share, partition, readsCommitted),
      );
    if (planned.length === 0 || body.maxWaitMs <= 0) {
      complete();
      return;
    }
    const names = shares.map(({ name }) => name);
    const keys = names.length === 0 ? [''] : names;
    parts.purgatory.tryCompleteElseWatch({ tryComplete, complete }, keys, body.maxWaitMs);
  };
  if (left === 0) whenActive();
  for (const share of shares) {
    share.initialize(() => {
      if (--left === 0) whenActive();
    });
  }
}

/** Source: `PartitionRotateStrategy`: another partition goes first each time. */
function rotated<T>(all: readonly T[], turn: number): readonly T[] {
  if (all.length < 2) return all;
  const first = turn % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

// --------------------------------------------------------------------------------------- responses

function fetchResponse(
  parts: ShareFetchParts,
  { groupId }: ShareSession,
  reads: readonly (readonly [SessionPartition, ShareRead])[],
  errors: AcknowledgeErrors,
): ShareFetchResponse {
  const told = new Map<string, readonly [SessionPartition, ShareRead]>();
  for (const [at, read] of reads) {
    const isNews = read.errorCode !== ErrorCode.NONE || read.acquired.length > 0;
    if (isNews) told.set(partitionName(at), [at, read]);
  }
  for (const name of errors.keys()) {
    if (told.has(name)) continue;
    told.set(name, [partitionNamed(name), NO_READ]);
  }
  const nodes = new Set<number>();
  const topics = new Map<string, FetchedPartition[]>();
  for (const [name, [at, read]] of told) {
    const acknowledgeErrorCode = errors.get(name) ?? ErrorCode.NONE;
    const wrong = read.errorCode === ErrorCode.NONE ? acknowledgeErrorCode : read.errorCode;
    const partitions = topics.get(at.topicId) ?? [];
    topics.set(at.topicId, partitions);
    partitions.push({
      partitionIndex: at.partition,
      errorCode: read.errorCode,
      errorMessage: textOf(read.errorCode),
      acknowledgeErrorCode,
      acknowledgeErrorMessage: textOf(acknowledgeErrorCode),
      currentLeader: leaderOf(parts, at, wrong, nodes),
      records: read.records,
      acquiredRecords: read.acquired,
    });
  }
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    acquisitionLockTimeoutMs: parts.partitions.lockDurationMs(groupId),
    responses: [...topics].map(([topicId, partitions]) => ({ topicId, partitions })),
    nodeEndpoints: endpointsOf(parts, nodes),
  };
}

const textOf = (errorCode: number): string | null =>
  errorCode === ErrorCode.NONE ? null : errorMessage(errorCode);

/** Who leads a partition that is not led here; noted for the list of nodes. */
function leaderOf(
  { broker }: ShareFetchParts,
  { topicId, partition }: SessionPartition,
  errorCode: number,
  nodes: Set<number>,
): { readonly leaderId: number; readonly leaderEpoch: number } {
  assert(partition >= 0, 'a partition', { partition });
  const nowhere = { leaderId: 0, leaderEpoch: 0 };
  if (errorCode !== ErrorCode.NOT_LEADER_OR_FOLLOWER) return nowhere;
  const image = broker.image();
  const at = image.topics.get(image.topicNames.get(topicId) ?? '')?.partitions[partition];
  if (at === undefined) return nowhere;
  nodes.add(at.leader);
  return { leaderId: at.leader, leaderEpoch: at.leaderEpoch };
}

function endpointsOf({ broker }: ShareFetchParts, nodes: ReadonlySet<number>): NodeEndpoints {
  const { brokers } = broker.image();
  return [...nodes].flatMap((nodeId) => {
    const node = brokers.get(nodeId);
    const endPoint = node?.endPoints[0];
    if (node === undefined || endPoint === undefined) return [];
    return [{ nodeId, host: endPoint.host, port: endPoint.port, rack: node.rack }];
  });
}
