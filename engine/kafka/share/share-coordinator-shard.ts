/**
 * What one partition of `__share_group_state` says: the state of the share-partitions that belong
 * to it. Each change is an update; after so many of them the whole state is written as a snapshot.
 *
 * Invariant K35: what a leader wrote is what the next leader reads, and an old leader writes no
 * more.
 * Not here: the log (`coordinator/`), the requests (`share-coordinator.ts`).
 * Source: `ShareCoordinatorShard`, `PersisterStateBatchCombiner`. Differences: old records of the
 * topic are not deleted (`share.coordinator.state.topic.prune.interval.ms`), and states that rest
 * are not written anew (`share.coordinator.cold.partition.snapshot.interval.ms`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { type CoordinatorRecord, coordinatorRecords } from '../../wire/kafka/coordinator-record.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { shareStateRecordTypes } from '../../wire/kafka/share-group-records.ts';
import type { CoordinatorResult, CoordinatorShard } from '../coordinator/coordinator-shard.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { StateBatch } from './in-flight-records.ts';
import { combinedBatches } from './state-batches.ts';

export type ShareStateRecord = CoordinatorRecord<typeof shareStateRecordTypes>;

const VERSION = 0;
const codec = coordinatorRecords(shareStateRecordTypes);

export const shareStateRecordCodec = {
  encode: (record: ShareStateRecord) => codec.encode(record, VERSION),
  decode: (key: Uint8Array, value: Uint8Array | null) => codec.decode(key, value),
};

/** Which share-partition. */
export interface SharePartitionKey {
  readonly groupId: string;
  readonly topicId: string;
  readonly partition: number;
}

/** As FindCoordinator names it (key type 2). */
export function sharePartitionName({ groupId, topicId, partition }: SharePartitionKey): string {
  return `${groupId}:${topicId}:${partition}`;
}

/** What a share-partition's leader must not forget. */
export interface ShareState {
  readonly stateEpoch: number;
  /** Of the leader that read it last; -1 before the first. */
  readonly leaderEpoch: number;
  /** -1: not known yet. */
  readonly startOffset: number;
  readonly stateBatches: readonly StateBatch[];
}

interface Stored extends ShareState {
  readonly snapshotEpoch: number;
  readonly createTimestamp: number;
  /** Updates since the snapshot. */
  readonly updates: number;
}

export type ShareStateResult<T> = CoordinatorResult<T, ShareStateRecord>;

export interface ShareShardParts {
  readonly clock: Clock;
  readonly updatesPerSnapshot: number;
  image(): MetadataImage;
}

export class ShareCoordinatorShard implements CoordinatorShard<ShareStateRecord> {
  readonly #parts: ShareShardParts;
  readonly #states = new Map<string, Stored>();

  constructor(parts: ShareShardParts) {
    assert(parts.updatesPerSnapshot >= 0, 'a number', { updates: parts.updatesPerSnapshot });
    this.#parts = parts;
  }

  /** For views. */
  get states(): ReadonlyMap<string, ShareState> {
    return this.#states;
  }

  // ------------------------------------------------------------------------------------- records

  replay(record: ShareStateRecord): void {
    const name = sharePartitionName(record.key);
    if (record.value === null) {
      this.#states.delete(name);
      return;
    }
    if (record.type === 'ShareSnapshot') {
      const { writeTimestamp: _, ...value } = record.value;
      this.#states.set(name, { ...value, updates: 0 });
      return;
    }
    const before = this.#states.get(name);
    // Its snapshot is gone: so is what it would change.
    if (before === undefined) return;
    const { leaderEpoch, startOffset, stateBatches } = record.value;
    const start = startOffset < 0 ? before.startOffset : startOffset;
    this.#states.set(name, {
      ...before,
      leaderEpoch: Math.max(before.leaderEpoch, leaderEpoch),
      startOffset: start,
      stateBatches: combinedBatches(before.stateBatches, stateBatches, start),
      updates: before.updates + 1,
    });
  }

  loaded(): void {
    assert(this.#states.size >= 0, 'what was replayed is the state');
  }

  unloaded(): void {
    this.#states.clear();
  }

  // ---------------------------------------------------------------------------------- operations

  /** Errors: INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, FENCED_STATE_EPOCH. */
  initialize(
    key: SharePartitionKey,
    stateEpoch: number,
    startOffset: number,
  ): ShareStateResult<number> {
    const before = this.#states.get(sharePartitionName(key));
    const errorCode = this.#keyError(key);
    if (errorCode !== ErrorCode.NONE) return refused(errorCode);
    if (before !== undefined && before.stateEpoch > stateEpoch) {
      return refused(ErrorCode.FENCED_STATE_EPOCH);
    }
    const snapshotEpoch = before === undefined ? 0 : before.snapshotEpoch + 1;
    const createTimestamp = this.#parts.clock.wall();
    const value = { snapshotEpoch, stateEpoch, leaderEpoch: -1, startOffset, createTimestamp };
    return { records: [this.#snapshot(key, { ...value, stateBatches: [] })], response: 0 };
  }

  /**
   * The state, for a leader in `leaderEpoch`; from now on older ones are fenced. Errors:
   * INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, FENCED_LEADER_EPOCH.
   */
  read(key: SharePartitionKey, leaderEpoch: number): ShareStateResult<ShareState | number> {
    const state = this.#states.get(sharePartitionName(key));
    const errorCode = this.#keyError(key);
    if (errorCode !== ErrorCode.NONE) return refused(errorCode);
    if (state === undefined) return refused(ErrorCode.INVALID_REQUEST);
    if (state.leaderEpoch > leaderEpoch) return refused(ErrorCode.FENCED_LEADER_EPOCH);
    if (leaderEpoch === state.leaderEpoch) return { records: [], response: state };
    const update = { leaderEpoch, startOffset: -1, stateBatches: [] };
    return { records: [this.#change(key, state, update)], response: { ...state, leaderEpoch } };
  }

  /** What a reader that leads nothing is told: of no group, the epochs are 0 and the offset -1. */
  summary(key: SharePartitionKey): ShareState | number {
    const errorCode = this.#keyError(key);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    const state = this.#states.get(sharePartitionName(key));
    return state ?? { stateEpoch: 0, leaderEpoch: 0, startOffset: -1, stateBatches: [] };
  }

  /**
   * Changes states of records. Errors: INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION,
   * FENCED_LEADER_EPOCH, FENCED_STATE_EPOCH.
   */
  write(key: SharePartitionKey, change: ShareState): ShareStateResult<number> {
    const state = this.#states.get(sharePartitionName(key));
    const errorCode = this.#keyError(key);
    if (errorCode !== ErrorCode.NONE) return refused(errorCode);
    if (state === undefined) return refused(ErrorCode.INVALID_REQUEST);
    if (state.leaderEpoch > change.leaderEpoch) return refused(ErrorCode.FENCED_LEADER_EPOCH);
    if (state.stateEpoch > change.stateEpoch) return refused(ErrorCode.FENCED_STATE_EPOCH);
    return { records: [this.#change(key, state, change)], response: ErrorCode.NONE };
  }

  /** Forgets a share-partition; one that is not known is deleted already. */
  delete(key: SharePartitionKey): ShareStateResult<number> {
    const errorCode = this.#keyError(key);
    if (errorCode !== ErrorCode.NONE) return refused(errorCode);
    if (!this.#states.has(sharePartitionName(key))) return refused(ErrorCode.NONE);
    return { records: [{ type: 'ShareSnapshot', key, value: null }], response: ErrorCode.NONE };
  }

  #keyError({ topicId, partition }: SharePartitionKey): number {
    if (partition < 0) return ErrorCode.INVALID_REQUEST;
    const { topicNames, topics } = this.#parts.image();
    const topic = topics.get(topicNames.get(topicId) ?? '');
    const isKnown = topic?.partitions[partition] !== undefined;
    return isKnown ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }

  /** An update, or after many of them a snapshot of what they make. */
  #change(
    key: SharePartitionKey,
    state: Stored,
    change: Pick<ShareState, 'leaderEpoch' | 'startOffset' | 'stateBatches'>,
  ): ShareStateRecord {
    const { snapshotEpoch, stateEpoch, createTimestamp } = state;
    const { leaderEpoch, startOffset, stateBatches } = change;
    if (state.updates < this.#parts.updatesPerSnapshot) {
      const value = { snapshotEpoch, leaderEpoch, startOffset, stateBatches };
      return { type: 'ShareUpdate', key, value };
    }
    const start = startOffset < 0 ? state.startOffset : startOffset;
    return this.#snapshot(key, {
      ...{ snapshotEpoch: snapshotEpoch + 1, stateEpoch, leaderEpoch, createTimestamp },
      startOffset: start,
      stateBatches: combinedBatches(state.stateBatches, stateBatches, start),
    });
  }

  #snapshot(key: SharePartitionKey, state: Omit<Stored, 'updates'>): ShareStateRecord {
    const writeTimestamp = this.#parts.clock.wall();
    return { type: 'ShareSnapshot', key, value: { ...state, writeTimestamp } };
  }
}

function refused<T>(response: T): ShareStateResult<T> {
  return { records: [], response };
}
