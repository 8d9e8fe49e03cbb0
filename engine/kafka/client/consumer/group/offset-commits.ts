/**
 * A member's committed offsets: OffsetCommit and OffsetFetch, each bound to the generation that the
 * member is in, so that one that was thrown out cannot move its group's position.
 *
 * Source: `ConsumerCoordinator.sendOffsetCommitRequest` and what stands around it. Exceptions are
 * values here, with their names. Not here: when to commit (`consumer-coordinator.ts`).
 */
import { assert } from '../../../../kernel/assert.ts';
import type { Ports } from '../../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../../kernel/units.ts';
import { ErrorCode, errorName, isRetriable } from '../../../../wire/kafka/errors.ts';
import {
  offsetCommit,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
} from '../../../../wire/kafka/messages/offset-commit.ts';
import {
  offsetFetch,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
} from '../../../../wire/kafka/messages/offset-fetch.ts';
import type { Reply } from '../../../network-client.ts';
import { NO_TOPIC_ID } from '../../metadata.ts';
import type { CommittedPosition } from '../committed-positions.ts';
import { commitTrace } from '../consumer-trace.ts';
import { type TopicPartition, topicPartitionText } from '../subscription-state.ts';
import type { CoordinatorLookup, LookupOwner } from './coordinator-lookup.ts';
import type { GroupConsumerConfig } from './group-config.ts';
import { commitFailedTrace } from './group-consumer-trace.ts';
import type { Generation, Membership } from './membership.ts';

/** The last version that names topics. */
const VERSION_MAX_WITH_NAMES = 9;

/** What the Java consumer throws; `retriable`: the same commit may succeed later. */
export interface CommitError {
  readonly reason: string;
  readonly retriable: boolean;
}

/** Null: the offsets are committed. */
export type OnCommitted = (error: CommitError | null) => void;

const COMMIT_FAILED: CommitError = { reason: 'CommitFailedException', retriable: false };
const REBALANCING: CommitError = { reason: 'RebalanceInProgressException', retriable: false };

interface WaitingCommit {
  readonly positions: readonly CommittedPosition[];
  readonly done: OnCommitted;
}

export class OffsetCommits {
  private readonly ports: Ports;
  private readonly config: GroupConsumerConfig;
  private readonly lookup: CoordinatorLookup;
  private readonly membership: Membership;
  private readonly owner: LookupOwner;
  /** By partition, as far as this member has heard. */
  private readonly known = new Map<string, number>();
  /** Until there is a coordinator. */
  private waiting: WaitingCommit[] = [];
  private closed = false;

  constructor(
    ports: Ports,
    config: GroupConsumerConfig,
    lookup: CoordinatorLookup,
    membership: Membership,
    owner: LookupOwner,
  ) {
    this.ports = ports;
    this.config = config;
    this.lookup = lookup;
    this.membership = membership;
    this.owner = owner;
  }

  /** The last committed offset that this member knows of; null if none. */
  committed(partition: TopicPartition): number | null {
    return this.known.get(topicPartitionText(partition)) ?? null;
  }

  /** Sends what waited for a coordinator. */
  flush(): void {
    if (this.waiting.length === 0 || this.lookup.channel() === null) return;
    const { waiting } = this;
    this.waiting = [];
    for (const { positions, done } of waiting) this.send(positions, done);
  }

  close(): void {
    this.closed = true;
    this.waiting = [];
  }

  // ------------------------------------------------------------------------------------- commit

  /** One attempt. `done` is called in this or a later event. */
  commitAsync(positions: readonly CommittedPosition[], done: OnCommitted): void {
    if (positions.length === 0) done(null);
    else if (this.lookup.channel() === null) this.waiting.push({ positions, done });
    else this.send(positions, done);
  }

  /** Tries again after what may pass, for `default.api.timeout.ms`. */
  commitSync(positions: readonly CommittedPosition[], done: OnCommitted): void {
    const now = this.ports.clock.now();
    const until = micros(now + microsOfMillis(this.config['default.api.timeout.ms']));
    this.attempt(positions, until, done);
  }

  private attempt(positions: readonly CommittedPosition[], until: Micros, done: OnCommitted): void {
    this.commitAsync(positions, (error) => {
      if (error === null || !error.retriable) {
        done(error);
        return;
      }
      if (this.ports.clock.now() >= until) {
        done({ reason: 'TimeoutException', retriable: true });
        return;
      }
      const wait = microsOfMillis(this.config['retry.backoff.ms']);
      this.ports.clock.after(wait, 'retry.backoff.ms', () => {
        if (!this.closed) this.attempt(positions, until, done);
      });
    });
  }

  private send(positions: readonly CommittedPosition[], onCommitted: OnCommitted): void {
    const done: OnCommitted = (error) => {
      this.record(positions, error);
      onCommitted(error);
    };
    const channel = this.lookup.channel();
    assert(channel !== null, 'a coordinator');
    if (!this.membership.canCommit) {
      done(this.membership.rebalanceInProgress ? REBALANCING : COMMIT_FAILED);
      return;
    }
    const sent = this.membership.generation;
    const topics = new Map<string, CommittedPosition[]>();
    for (const one of positions) {
      assert(one.offset >= 0, 'an offset', { ...one });
      topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
    }
    const body: OffsetCommitRequest = {
      groupId: this.config['group.id'],
      generationIdOrMemberEpoch: sent.id,
      memberId: sent.memberId,
      groupInstanceId: this.membership.instanceId,
      retentionTimeMs: -1,
      topics: [...topics].map(([name, partitions]) => ({
        name,
        topicId: NO_TOPIC_ID,
        partitions: partitions.map(({ partition, offset, leaderEpoch }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: leaderEpoch,
          commitTimestamp: -1,
          committedMetadata: '',
        })),
      })),
    };
    const version = Math.min(offsetCommit.versionMax, VERSION_MAX_WITH_NAMES);
    channel.send(offsetCommit.key, version, body, (reply) => {
      if (!this.closed) done(this.errorOf(reply, sent));
    });
  }

  /** Source: `OffsetCommitResponseHandler`. */
  private errorOf(reply: Reply, sent: Generation): CommitError | null {
    if (!reply.ok) {
      this.lookup.markUnknown(reply.reason);
      return { reason: 'RetriableCommitFailedException', retriable: true };
    }
    const { topics } = reply.body as OffsetCommitResponse;
    const errorCode = topics
      .flatMap(({ partitions }) => partitions.map((one) => one.errorCode))
      .find((code) => code !== ErrorCode.NONE);
    if (errorCode === undefined) return null;
    const error = errorName(errorCode);
    const isCurrent = sent === this.membership.generation;
    const rejoins = this.membership.state === 'PREPARING_REBALANCE';
    switch (errorCode) {
      case ErrorCode.COORDINATOR_NOT_AVAILABLE:
      case ErrorCode.NOT_COORDINATOR:
      case ErrorCode.REQUEST_TIMED_OUT:
        this.lookup.markUnknown(error);
        return { reason: 'RetriableCommitFailedException', retriable: true };
      case ErrorCode.STALE_MEMBER_EPOCH:
        // The next heartbeat brings the epoch that counts (KIP-848).
        return { reason: 'RetriableCommitFailedException', retriable: true };
      case ErrorCode.REBALANCE_IN_PROGRESS:
        this.membership.requestRejoin('offset commit failed since group is already rebalancing');
        this.owner.changed();
        return REBALANCING;
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.ILLEGAL_GENERATION:
        if (!isCurrent && rejoins) return REBALANCING;
        if (isCurrent) {
          const forgets = errorCode === ErrorCode.UNKNOWN_MEMBER_ID;
          this.membership.reset(`encountered ${error} from OffsetCommit`, forgets);
        }
        return COMMIT_FAILED;
      case ErrorCode.FENCED_INSTANCE_ID:
        if (!isCurrent) return rejoins ? REBALANCING : COMMIT_FAILED;
        this.owner.fatal(errorCode);
        return { reason: 'FencedInstanceIdException', retriable: false };
      default:
        if (!isRetriable(errorCode)) return { reason: error, retriable: false };
        return { reason: 'RetriableCommitFailedException', retriable: true };
    }
  }

  private record(positions: readonly CommittedPosition[], error: CommitError | null): void {
    if (error !== null) {
      const group = this.config['group.id'];
      this.ports.trace.record(commitFailedTrace, { group, error: error.reason });
      return;
    }
    for (const one of positions) {
      const partition = topicPartitionText(one);
      this.known.set(partition, one.offset);
      this.ports.trace.record(commitTrace, { partition, offset: one.offset });
    }
  }

  // -------------------------------------------------------------------------------------- fetch

  /**
   * Asks for the committed positions of partitions; null: not now. A partition without one is not
   * in the answer. Offsets of a transaction that is not over are waited for (KIP-447).
   */
  fetch(
    partitions: readonly TopicPartition[],
    done: (positions: ReadonlyMap<string, CommittedPosition> | null) => void,
  ): void {
    const channel = this.lookup.channel();
    assert(partitions.length > 0, 'something to ask for');
    if (channel === null) {
      done(null);
      return;
    }
    const names = new Map<string, number[]>();
    for (const { topic, partition } of partitions) {
      names.set(topic, [...(names.get(topic) ?? []), partition]);
    }
    const groupId = this.config['group.id'];
    const topics = [...names].map(([name, partitionIndexes]) => ({ name, partitionIndexes }));
    const body: OffsetFetchRequest = {
      groupId,
      topics,
      groups: [
        {
          groupId,
          memberId: null,
          memberEpoch: -1,
          topics: topics.map((topic) => ({ ...topic, topicId: NO_TOPIC_ID })),
        },
      ],
      requireStable: true,
    };
    const version = Math.min(offsetFetch.versionMax, VERSION_MAX_WITH_NAMES);
    channel.send(offsetFetch.key, version, body, (reply) => {
      if (!this.closed) done(this.fetched(reply));
    });
  }

  private fetched(reply: Reply): ReadonlyMap<string, CommittedPosition> | null {
    if (!reply.ok) {
      this.lookup.markUnknown(reply.reason);
      return null;
    }
    const response = reply.body as OffsetFetchResponse;
    const told = response.groups[0] ?? response;
    if (told.errorCode !== ErrorCode.NONE) {
      const lost = told.errorCode === ErrorCode.NOT_COORDINATOR;
      const unavailable = told.errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE;
      if (lost || unavailable) this.lookup.markUnknown(errorName(told.errorCode));
      return null;
    }
    const positions = new Map<string, CommittedPosition>();
    for (const { name: topic, partitions } of told.topics) {
      for (const one of partitions) {
        if (one.errorCode !== ErrorCode.NONE) return null;
        if (one.committedOffset < 0) continue;
        const { partitionIndex: partition, committedOffset: offset } = one;
        const position = { topic, partition, offset, leaderEpoch: one.committedLeaderEpoch };
        positions.set(topicPartitionText(position), position);
        this.known.set(topicPartitionText(position), offset);
      }
    }
    return positions;
  }
}
