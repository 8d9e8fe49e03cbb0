/**
 * ListOffsets: the earliest, the latest, or the first offset at a time.
 *
 * Behaviour: a consumer's latest offset is the high watermark (or the last stable offset), a
 * follower's the log end. A new leader whose high watermark has not reached the start of its epoch
 * refuses to say (OFFSET_NOT_AVAILABLE, KIP-207), lest offsets seem to go back.
 * Differences: no tiered storage: EARLIEST_LOCAL is EARLIEST, LATEST_TIERED is -1.
 * Versions: 2 isolation level; 4 leader epochs (KIP-320); 7 MAX_TIMESTAMP (KIP-734); 8 and 9 the
 * local log and the tiered one. A special time that a version lacks gets UNSUPPORTED_VERSION.
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  listOffsets,
} from '../../wire/kafka/messages/list-offsets.ts';
import { assert } from '../../kernel/assert.ts';
import type { Partition } from '../partition/partition.ts';
import { type BrokerParts, type RequestContext, apiHandler } from './api-handler.ts';

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
/** The first version that has a special time; below -5 there is none. */
const SPECIAL_SINCE: ReadonlyMap<number, number> = new Map([
  [LATEST, 1],
  [EARLIEST, 1],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
]);
/** A debugging client that may ask any replica. */
const DEBUGGING_REPLICA = -2;
const READ_COMMITTED = 1;

type Asked = ListOffsetsRequest['topics'][number]['partitions'][number];
type Answer = ListOffsetsResponse['topics'][number]['partitions'][number];

export const listOffsetsHandler = apiHandler<ListOffsetsRequest>(listOffsets, (broker, request) => {
  const topics = request.body.topics.map(({ name, partitions }) => ({
    name,
    partitions: answers(broker, request, name, partitions),
  }));
  request.respond({ throttleTimeMs: 0, topics });
});

/** A partition that is asked about twice is answered once, with INVALID_REQUEST. */
function answers(
  broker: BrokerParts,
  request: RequestContext<ListOffsetsRequest>,
  topic: string,
  asked: readonly Asked[],
): Answer[] {
  const found = new Map<number, Answer>();
  for (const one of asked) {
    const { partitionIndex } = one;
    const twice = found.has(partitionIndex);
    found.set(
      partitionIndex,
      twice
        ? refused(partitionIndex, ErrorCode.INVALID_REQUEST)
        : answer(broker, request, topic, one),
    );
  }
  assert(found.size <= asked.length, 'an answer a partition', { topic });
  return [...found.values()];
}

function answer(
  broker: BrokerParts,
  request: RequestContext<ListOffsetsRequest>,
  topic: string,
  asked: Asked,
): Answer {
  const { partitionIndex, currentLeaderEpoch, timestamp } = asked;
  const special = timestamp < 0;
  if (special && (SPECIAL_SINCE.get(timestamp) ?? Infinity) > request.apiVersion) {
    return refused(partitionIndex, ErrorCode.UNSUPPORTED_VERSION);
  }
  const partition = broker.replicas.get(topic, partitionIndex);
  if (partition === undefined) {
    return refused(partitionIndex, broker.replicas.missingError(topic, partitionIndex));
  }
  const { replicaId } = request.body;
  const errorCode =
    replicaId === DEBUGGING_REPLICA
      ? partition.checkLeaderEpoch(currentLeaderEpoch)
      : partition.checkLeader(currentLeaderEpoch);
  if (errorCode !== ErrorCode.NONE) return refused(partitionIndex, errorCode);
  const isClient = replicaId < 0 && replicaId !== DEBUGGING_REPLICA;
  const end = endFor(partition, isClient, request.body.isolationLevel);
  // Invariant K3: a high watermark that may be behind the old leader's is not acted on.
  const stale =
    broker.profile.switches.offsetNotAvailable &&
    isClient &&
    partition.leaderEpochStartOffset > partition.log.highWatermark;
  return found(partition, asked, end, stale);
}

function endFor(partition: Partition, isClient: boolean, isolationLevel: number): number {
  const { log } = partition;
  if (!isClient) return log.logEndOffset;
  return isolationLevel === READ_COMMITTED ? log.lastStableOffset : log.highWatermark;
}

function found(partition: Partition, asked: Asked, end: number, stale: boolean): Answer {
  const { log } = partition;
  const index = asked.partitionIndex;
  assert(end <= log.logEndOffset, 'within the log', { end });
  switch (asked.timestamp) {
    case LATEST:
      if (stale) return refused(index, ErrorCode.OFFSET_NOT_AVAILABLE);
      return accepted(index, { offset: end, timestamp: -1, epoch: partition.leaderEpoch });
    case EARLIEST:
    case EARLIEST_LOCAL: {
      const offset = log.logStartOffset;
      return accepted(index, { offset, timestamp: -1, epoch: log.epochs.epochForOffset(offset) });
    }
    case LATEST_TIERED:
      return accepted(index, { offset: -1, timestamp: -1, epoch: -1 });
  }
  const record =
    asked.timestamp === MAX_TIMESTAMP
      ? log.log.offsetOfMaxTimestamp()
      : log.log.offsetForTimestamp(asked.timestamp);
  if (record !== null && record.offset < end) return accepted(index, record);
  if (stale) return refused(index, ErrorCode.OFFSET_NOT_AVAILABLE);
  return accepted(index, { offset: -1, timestamp: -1, epoch: -1 });
}

function accepted(
  partitionIndex: number,
  at: { readonly offset: number; readonly timestamp: number; readonly epoch: number },
): Answer {
  const { offset, timestamp, epoch: leaderEpoch } = at;
  return { partitionIndex, errorCode: ErrorCode.NONE, timestamp, offset, leaderEpoch };
}

function refused(partitionIndex: number, errorCode: number): Answer {
  return { partitionIndex, errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 };
}
