/**
 * The committed offsets of all groups of a shard, and those of open transactions, which become
 * visible when their transaction commits and vanish when it aborts.
 *
 * Not here: who may commit (`classic-group.ts`), requests (`offset-requests.ts`), the end of a
 * transaction (whoever writes the marker calls `endTransaction` by way of the shard).
 * Source: `OffsetMetadataManager`, `OffsetAndMetadata`.
 * Invariant K33: an offset goes back only by a commit that was accepted, or by a tombstone.
 */
import { assert } from '../../kernel/assert.ts';
import type { OffsetCommitValue } from '../../wire/kafka/group-records.ts';
import { LATEST, TimelineMap } from '../coordinator/timeline-map.ts';
import { type GroupRecord, offsetCommitTombstone } from './group-record.ts';

/** What a record of any version says of an offset. */
type CommittedOffset = Omit<OffsetCommitValue, 'topicId'>;

const NO_PRODUCER_ID = -1;
export const NO_EXPIRY = -1;

/** One committed offset. */
export interface OffsetAndMetadata {
  readonly topic: string;
  readonly partition: number;
  readonly committedOffset: number;
  /** Of the last record that was read; -1 if unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** -1, unless an old client gave its own retention time. */
  readonly expireTimestampMs: number;
  /** Where its record stands in the log. */
  readonly recordOffset: number;
}

export type OffsetKey = Pick<OffsetAndMetadata, 'topic' | 'partition'>;

interface PendingOffset extends OffsetAndMetadata {
  readonly groupId: string;
}

const keyOf = ({ topic, partition }: OffsetKey): string => `${partition}:${topic}`;
const pendingKeyOf = (groupId: string, id: OffsetKey): string => `${keyOf(id)}:${groupId}`;

export class OffsetMetadata {
  readonly #byGroup = new Map<string, TimelineMap<OffsetAndMetadata>>();
  /** By producer id: what its open transaction wants to commit. */
  readonly #pending = new Map<number, Map<string, PendingOffset>>();
  readonly #committedOffset: () => number;

  /** `committedOffset` gives the high watermark of the shard's partition. */
  constructor(committedOffset: () => number) {
    this.#committedOffset = committedOffset;
  }

  // -------------------------------------------------------------------------------------- reading

  /** An offset as of `atOffset` in the log: the high watermark, or `LATEST`. */
  get(groupId: string, id: OffsetKey, atOffset: number): OffsetAndMetadata | undefined {
    return this.#byGroup.get(groupId)?.get(keyOf(id), atOffset);
  }

  /** All of a group's offsets. */
  ofGroup(groupId: string, atOffset: number): readonly OffsetAndMetadata[] {
    return [...(this.#byGroup.get(groupId)?.values(atOffset) ?? [])];
  }

  hasOffsets(groupId: string): boolean {
    return (this.#byGroup.get(groupId)?.size ?? 0) > 0;
  }

  get groupIds(): Iterable<string> {
    return this.#byGroup.keys();
  }

  /** Whether an open transaction is about to commit this offset (`require_stable`, KIP-447). */
  hasPending(groupId: string, id: OffsetKey): boolean {
    const key = pendingKeyOf(groupId, id);
    for (const offsets of this.#pending.values()) if (offsets.has(key)) return true;
    return false;
  }

  hasPendingOfGroup(groupId: string): boolean {
    for (const offsets of this.#pending.values()) {
      for (const offset of offsets.values()) if (offset.groupId === groupId) return true;
    }
    return false;
  }

  // -------------------------------------------------------------------------------------- records

  /** Takes in an offset; of a transaction, if `producerId` is not -1. */
  replay(
    groupId: string,
    id: OffsetKey,
    value: CommittedOffset | null,
    at: { readonly offset: number; readonly producerId: number },
  ): void {
    assert(at.offset >= 0, 'an offset in the log', { groupId, ...id });
    if (value === null) {
      this.#put(groupId, id, undefined, at.offset);
      for (const offsets of this.#pending.values()) offsets.delete(pendingKeyOf(groupId, id));
      return;
    }
    const offset: OffsetAndMetadata = {
      topic: id.topic,
      partition: id.partition,
      committedOffset: value.offset,
      leaderEpoch: value.leaderEpoch,
      metadata: value.metadata,
      commitTimestampMs: value.commitTimestamp,
      expireTimestampMs: value.expireTimestamp,
      recordOffset: at.offset,
    };
    if (at.producerId === NO_PRODUCER_ID) {
      this.#put(groupId, id, offset, at.offset);
      return;
    }
    let pending = this.#pending.get(at.producerId);
    if (pending === undefined) this.#pending.set(at.producerId, (pending = new Map()));
    pending.set(pendingKeyOf(groupId, id), { ...offset, groupId });
  }

  /** A transaction's marker stands at `markerOffset`: what was pending counts, or is forgotten. */
  endTransaction(producerId: number, committed: boolean, markerOffset: number): void {
    assert(producerId >= 0, 'a producer', { producerId });
    const pending = this.#pending.get(producerId);
    if (pending === undefined) return;
    this.#pending.delete(producerId);
    if (!committed) return;
    for (const { groupId, ...offset } of pending.values()) {
      // A commit outside the transaction that came later is the last word.
      const known = this.get(groupId, offset, LATEST);
      if (known !== undefined && known.recordOffset > offset.recordOffset) continue;
      this.#put(groupId, offset, offset, markerOffset);
    }
    assert(!this.#pending.has(producerId), 'nothing is pending any more', { producerId });
  }

  #put(
    groupId: string,
    id: OffsetKey,
    value: OffsetAndMetadata | undefined,
    recordOffset: number,
  ): void {
    let offsets = this.#byGroup.get(groupId);
    if (offsets === undefined) {
      if (value === undefined) return;
      this.#byGroup.set(groupId, (offsets = new TimelineMap()));
    }
    offsets.set(keyOf(id), value, recordOffset, this.#committedOffset());
    if (offsets.isForgotten) this.#byGroup.delete(groupId);
  }

  // ------------------------------------------------------------------------------------- deletion

  /** Tombstones of all offsets of a group, pending ones included. */
  tombstonesOfGroup(groupId: string): GroupRecord[] {
    return this.#tombstones((group) => group === groupId);
  }

  /** Tombstones of all offsets of a topic that is gone. */
  tombstonesOfTopic(topic: string): GroupRecord[] {
    return this.#tombstones((_group, id) => id.topic === topic);
  }

  #tombstones(wanted: (groupId: string, id: OffsetKey) => boolean): GroupRecord[] {
    const found = new Map<string, GroupRecord>();
    const add = (groupId: string, id: OffsetKey): void => {
      if (!wanted(groupId, id)) return;
      const tombstone = offsetCommitTombstone(groupId, id.topic, id.partition);
      found.set(pendingKeyOf(groupId, id), tombstone);
    };
    for (const [groupId, offsets] of this.#byGroup) {
      for (const offset of offsets.values(LATEST)) add(groupId, offset);
    }
    for (const offsets of this.#pending.values()) {
      for (const offset of offsets.values()) add(offset.groupId, offset);
    }
    return [...found.values()];
  }
}
