/**
 * Commits, fetches and deletions of offsets at the coordinator, and their expiry.
 *
 * Not here: where they are kept (`offset-metadata.ts`), the APIs (`offset-handlers.ts`).
 * Source: `OffsetMetadataManager`, `ClassicGroup.validateOffsetCommit` and the like.
 * Invariant K30: a commit of a member counts only in the current generation.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import type { OffsetCommitRequest } from '../../wire/kafka/messages/offset-commit.ts';
import type { ResultTransaction } from '../coordinator/coordinator-shard.ts';
import { LATEST } from '../coordinator/timeline-map.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { ConsumerGroups } from './consumer/consumer-groups.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import { type GroupRecord, groupMetadataTombstone } from './group-record.ts';
import { offsetCommitRecord, offsetCommitTombstone } from './group-record.ts';
import { groupFencedKind, offsetCommittedKind } from './group-trace.ts';
import { checkGeneration } from './member-requests.ts';
import {
  NO_EXPIRY,
  type OffsetAndMetadata,
  type OffsetKey,
  type OffsetMetadata,
} from './offset-metadata.ts';
import type { GroupResult, Rebalance } from './rebalance.ts';

/** From here on a group that is not there is called so (KIP-848). */
const GROUP_ID_NOT_FOUND_SINCE = 9;
const MINUTE_MS = 60_000;
const NO_OFFSET = -1;

/** One partition of a commit, and what became of it. */
export interface CommitOutcome extends OffsetKey {
  readonly errorCode: number;
}

export interface FetchedOffset extends OffsetKey {
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}

/** What a commit says: of OffsetCommit, or of TxnOffsetCommit. */
export interface Commit extends Pick<
  OffsetCommitRequest,
  'groupId' | 'memberId' | 'groupInstanceId' | 'retentionTimeMs'
> {
  readonly generationId: number;
  readonly apiVersion: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly committedOffset: number;
      readonly committedLeaderEpoch: number;
      readonly committedMetadata: string | null;
    }[];
  }[];
  /** The open transaction that the offsets belong to (KIP-98). */
  readonly transaction?: ResultTransaction;
}

/** The error of a whole commit, or the outcome of each partition. */
export type CommitResponse = number | readonly CommitOutcome[];

export class OffsetRequests {
  readonly #ports: Pick<Ports, 'clock' | 'trace'>;
  readonly #config: GroupCoordinatorConfig;
  readonly #offsets: OffsetMetadata;
  readonly #rebalance: Rebalance;
  readonly #group: (groupId: string) => ClassicGroup | undefined;
  readonly #consumerGroups: ConsumerGroups | null;

  constructor(
    ports: Pick<Ports, 'clock' | 'trace'>,
    parts: {
      readonly config: GroupCoordinatorConfig;
      readonly offsets: OffsetMetadata;
      readonly rebalance: Rebalance;
      readonly group: (groupId: string) => ClassicGroup | undefined;
      readonly consumerGroups: ConsumerGroups | null;
    },
  ) {
    this.#ports = ports;
    this.#config = parts.config;
    this.#offsets = parts.offsets;
    this.#rebalance = parts.rebalance;
    this.#group = parts.group;
    this.#consumerGroups = parts.consumerGroups;
  }

  // -------------------------------------------------------------------------------------- commit

  commit(commit: Commit): GroupResult<CommitResponse> {
    const errorCode = this.#commitError(commit);
    if (errorCode !== ErrorCode.NONE) {
      this.#recordFenced(commit, errorCode);
      return { records: [], response: errorCode };
    }
    const isTransactional = commit.transaction !== undefined;
    if (!isTransactional) this.#keepSession(commit);
    const outcomes: CommitOutcome[] = [];
    const committed: OffsetAndMetadata[] = [];
    for (const { name, partitions } of commit.topics) {
      for (const partition of partitions) {
        const id = { topic: name, partition: partition.partitionIndex };
        const metadata = partition.committedMetadata ?? '';
        const isTooLarge = metadata.length > this.#config['offset.metadata.max.bytes'];
        const code = isTooLarge ? ErrorCode.OFFSET_METADATA_TOO_LARGE : ErrorCode.NONE;
        outcomes.push({ ...id, errorCode: code });
        if (!isTooLarge) committed.push(this.#offset(commit, id, partition, metadata));
      }
    }
    assert(committed.length <= outcomes.length, 'an outcome each', { group: commit.groupId });
    return {
      records: committed.map((offset) => offsetCommitRecord(commit.groupId, offset)),
      response: outcomes,
      ...(commit.transaction === undefined ? {} : { transaction: commit.transaction }),
      appended: (code) => {
        if (code === ErrorCode.NONE && !isTransactional) this.#recordCommitted(commit, committed);
      },
    };
  }

  #offset(
    commit: Commit,
    id: OffsetKey,
    of: { readonly committedOffset: number; readonly committedLeaderEpoch: number },
    metadata: string,
  ): OffsetAndMetadata {
    const nowMs = this.#ports.clock.wall();
    const { retentionTimeMs } = commit;
    return {
      ...id,
      committedOffset: of.committedOffset,
      leaderEpoch: of.committedLeaderEpoch,
      metadata,
      commitTimestampMs: nowMs,
      expireTimestampMs: retentionTimeMs < 0 ? NO_EXPIRY : nowMs + retentionTimeMs,
      recordOffset: 0,
    };
  }

  #commitError(commit: Commit): number {
    const { groupId, memberId, groupInstanceId, generationId } = commit;
    const isTransactional = commit.transaction !== undefined;
    const consumer = this.#consumerGroups?.commitError(groupId, memberId, generationId) ?? null;
    if (consumer !== null) return consumer;
    const group = this.#group(groupId);
    if (group === undefined) {
      // Whoever assigns partitions to itself only keeps its offsets here.
      if (generationId < 0) return ErrorCode.NONE;
      const saysSo = !isTransactional && commit.apiVersion >= GROUP_ID_NOT_FOUND_SINCE;
      return saysSo ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION;
    }
    if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    if (generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
    if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
      const errorCode = checkGeneration(group, commit);
      if (errorCode !== ErrorCode.NONE) return errorCode;
      assert(generationId === group.generationId, 'K30: of this generation', { groupId, memberId });
    } else if (!isTransactional && group.state !== 'Empty') {
      return ErrorCode.UNKNOWN_MEMBER_ID;
    }
    // It knows the new generation, but cannot have read anything in it yet.
    const isEarly = !isTransactional && group.state === 'CompletingRebalance';
    return isEarly ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  /** A commit of a member is a sign of life. */
  #keepSession(commit: Commit): void {
    const group = this.#group(commit.groupId);
    if (group?.state !== 'Stable' && group?.state !== 'PreparingRebalance') return;
    const member = group.members.get(commit.memberId);
    if (member !== undefined) this.#rebalance.scheduleHeartbeat(group, member);
  }

  #recordCommitted(commit: Commit, committed: readonly OffsetAndMetadata[]): void {
    const { trace } = this.#ports;
    if (!trace.on) return;
    const { groupId: group, memberId: member, generationId: generation } = commit;
    for (const { topic, partition, committedOffset: offset } of committed) {
      const name = `${topic}-${partition}`;
      trace.record(offsetCommittedKind, { group, partition: name, offset, member, generation });
    }
  }

  #recordFenced(commit: Commit, errorCode: number): void {
    this.#ports.trace.record(groupFencedKind, {
      group: commit.groupId,
      member: commit.memberId,
      generation: commit.generationId,
      request: commit.transaction === undefined ? 'OffsetCommit' : 'TxnOffsetCommit',
      error: errorName(errorCode),
    });
  }

  // --------------------------------------------------------------------------------------- fetch

  /**
   * Offsets as of `atOffset` in the log; all of the group where `wanted` is null. With
   * `requireStable` those of open transactions are UNSTABLE_OFFSET_COMMIT (KIP-447).
   */
  fetch(
    groupId: string,
    wanted: readonly OffsetKey[] | null,
    atOffset: number,
    requireStable: boolean,
  ): readonly FetchedOffset[] {
    assert(atOffset >= 0, 'an offset of the log', { groupId, atOffset });
    const isDead = this.#group(groupId)?.state === 'Dead';
    const ids = wanted ?? (isDead ? [] : this.#offsets.ofGroup(groupId, atOffset));
    return ids.map(({ topic, partition }) => {
      const id = { topic, partition };
      const none = { ...id, committedOffset: NO_OFFSET, committedLeaderEpoch: -1, metadata: '' };
      if (requireStable && this.#offsets.hasPending(groupId, id)) {
        return { ...none, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT };
      }
      const found = isDead ? undefined : this.#offsets.get(groupId, id, atOffset);
      if (found === undefined) return { ...none, errorCode: ErrorCode.NONE };
      const { committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = found;
      return { ...id, committedOffset, committedLeaderEpoch, metadata, errorCode: ErrorCode.NONE };
    });
  }

  // -------------------------------------------------------------------------------------- delete

  /** Deletes offsets of topics that no member is subscribed to. */
  delete(groupId: string, ids: readonly OffsetKey[]): GroupResult<CommitResponse> {
    const group = this.#group(groupId);
    if (group === undefined || group.state === 'Dead') {
      return { records: [], response: ErrorCode.GROUP_ID_NOT_FOUND };
    }
    if (group.state !== 'Empty' && !group.usesConsumerProtocol) {
      return { records: [], response: ErrorCode.NON_EMPTY_GROUP };
    }
    const records: GroupRecord[] = [];
    const response = ids.map((id) => {
      if (group.isSubscribedTo(id.topic)) {
        return { ...id, errorCode: ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC };
      }
      const isThere = this.#offsets.get(groupId, id, LATEST) !== undefined;
      if (isThere || this.#offsets.hasPending(groupId, id)) {
        records.push(offsetCommitTombstone(groupId, id.topic, id.partition));
      }
      return { ...id, errorCode: ErrorCode.NONE };
    });
    assert(records.length <= response.length, 'at most one record each', { groupId });
    return { records, response };
  }

  // -------------------------------------------------------------------------------------- expiry

  /**
   * Tombstones of what is older than `offsets.retention.minutes`, and of groups that have neither
   * members nor offsets any more (KIP-211).
   */
  expired(groupIds: readonly string[]): GroupRecord[] {
    const records: GroupRecord[] = [];
    for (const groupId of groupIds) {
      const group = this.#group(groupId);
      assert(group !== undefined, 'who has offsets is a group', { groupId });
      if (this.#expireOffsets(group, records) && group.state === 'Empty') {
        records.push(groupMetadataTombstone(groupId));
      }
    }
    return records;
  }

  /** True if no offset is left. */
  #expireOffsets(group: ClassicGroup, records: GroupRecord[]): boolean {
    const { groupId } = group;
    const offsets = this.#offsets.ofGroup(groupId, LATEST);
    if (offsets.length === 0) return !this.#offsets.hasPendingOfGroup(groupId);
    let left = 0;
    for (const offset of offsets) {
      const since = expiresSince(group, offset);
      const isOld = since !== null && this.#isOld(offset, since);
      if (isOld && !this.#offsets.hasPending(groupId, offset)) {
        records.push(offsetCommitTombstone(groupId, offset.topic, offset.partition));
      } else {
        left++;
      }
    }
    return left === 0 && !this.#offsets.hasPendingOfGroup(groupId);
  }

  #isOld(offset: OffsetAndMetadata, sinceMs: number): boolean {
    const nowMs = this.#ports.clock.wall();
    if (offset.expireTimestampMs !== NO_EXPIRY) return nowMs >= offset.expireTimestampMs;
    return nowMs - sinceMs >= this.#config['offsets.retention.minutes'] * MINUTE_MS;
  }
}

/** From when on the retention of an offset counts; null while it does not. */
function expiresSince(group: ClassicGroup, offset: OffsetAndMetadata): number | null {
  if (group.isSubscribedTo(offset.topic)) return null;
  if (group.protocolType === null) return offset.commitTimestampMs;
  if (group.state === 'Empty') return group.currentStateTimestampMs;
  const isKnown = group.usesConsumerProtocol && group.knowsSubscribedTopics;
  return isKnown && group.state === 'Stable' ? offset.commitTimestampMs : null;
}
