/**
 * A partition as one share group sees it, on the partition's leader: hands records to members for
 * the time of an acquisition lock, counts how often, takes acknowledgements in, and moves the start
 * offset on. What must not be forgotten is written to the share coordinator before it counts.
 *
 * Invariants: K35, an accepted record is not delivered again; K36, a record is acquired by one
 * member at a time; K37, none is acquired more often than the limit allows. Who holds what is not
 * written: a new leader takes what was acquired as available, with the count of its last change.
 *
 * Not here: which share-partitions there are (`share-partitions.ts`), reading the log
 * (`share-fetch.ts`). Source: `kafka.server.share.SharePartition`. Differences: states stand by
 * offset (`in-flight-records.ts`); a record whose acknowledgement could not be written is free at
 * once if its lock is over by then.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import type { BatchHeader } from '../../wire/kafka/record-batch.ts';
import type { Ports } from '../../kernel/ports.ts';
import { type AcknowledgementBatch, stateWanted } from './acknowledgement.ts';
import { InFlightRecords, type StateBatch, stateBatches } from './in-flight-records.ts';
import type { Persister } from './persister.ts';
import {
  type AcquisitionLock,
  InFlightRecord,
  NO_MEMBER,
  type RecordState,
  recordStateOf,
} from './record-state.ts';
import type { SharePartitionKey, ShareState } from './share-coordinator-shard.ts';
import { sharePartitionMachine } from './share-partition.machine.ts';
import {
  recordsAcknowledgedTrace,
  recordsAcquiredTrace,
  recordsReleasedTrace,
  sharePartitionReadTrace,
} from './share-trace.ts';

export interface SharePartitionParts {
  readonly ports: Ports;
  readonly key: SharePartitionKey;
  /** `orders-0`. */
  readonly name: string;
  readonly leaderEpoch: number;
  readonly persister: Pick<Persister, 'read' | 'write'>;
  readonly deliveryCountMax: number;
  readonly inFlightMax: number;
  lockDurationMs(): number;
  /** Where a group begins that has no state: by `share.auto.offset.reset`. */
  resetOffset(): number;
  /** There may be something to acquire that was not before. */
  changed(): void;
}

/** Neighbours that a member acquired, with how often they were delivered. */
export interface AcquiredRecords {
  readonly firstOffset: number;
  /** Included. */
  readonly lastOffset: number;
  readonly deliveryCount: number;
}

export interface AcquireLimits {
  /** Where the log was read from. */
  readonly fetchOffset: number;
  readonly recordsMax: number;
  /** Records of one batch that is told. */
  readonly batchSize: number;
}

interface Write {
  readonly batches: readonly StateBatch[];
  readonly done: (errorCode: number) => void;
}

export class SharePartition {
  readonly key: SharePartitionKey;
  readonly name: string;
  readonly leaderEpoch: number;
  readonly #parts: SharePartitionParts;
  readonly #machine: MachineRunner<typeof sharePartitionMachine>;
  readonly #writes: Write[] = [];
  readonly #waiting: (() => void)[] = [];
  #records = new InFlightRecords(0);
  #stateEpoch = 0;
  #isWriting = false;
  #errorCode: number = ErrorCode.NONE;

  constructor(parts: SharePartitionParts) {
    const { ports, key, name, leaderEpoch } = parts;
    assert(leaderEpoch >= 0, 'a leader epoch', { name, leaderEpoch });
    this.#parts = parts;
    this.key = key;
    this.name = name;
    this.leaderEpoch = leaderEpoch;
    const { clock, trace } = ports;
    const instance = `${key.groupId}/${name}`;
    this.#machine = new MachineRunner({ machine: sharePartitionMachine, instance, clock, trace });
  }

  get state(): string {
    return this.#machine.state;
  }

  /** Why there is nothing to be had of it; NONE while it is active. */
  get errorCode(): number {
    return this.state === 'ACTIVE' ? ErrorCode.NONE : this.#errorCode;
  }

  get startOffset(): number {
    return this.#records.startOffset;
  }

  /** For views and checkers: what is in flight, by offset. */
  get inFlight(): Iterable<readonly [number, InFlightRecord]> {
    return this.#records.entries();
  }

  /** Records between the start and the end offset. */
  get inFlightCount(): number {
    return this.#records.size;
  }

  // -------------------------------------------------------------------------------- beginning, end

  /** Reads the state if it was not read yet; `done` is called when it is active, failed or gone. */
  initialize(done: () => void): void {
    if (this.state !== 'EMPTY' && this.state !== 'INITIALIZING') {
      done();
      return;
    }
    this.#waiting.push(done);
    if (this.state === 'INITIALIZING') return;
    this.#machine.send({ type: 'INITIALIZE' });
    this.#parts.persister.read(this.key, this.leaderEpoch, (state, errorCode) => {
      if (this.state !== 'INITIALIZING') return;
      this.#errorCode = clientError(errorCode);
      if (state === null) this.#machine.send({ type: 'READ_FAILED' });
      else this.#take(state);
      this.#record(sharePartitionReadTrace, {
        startOffset: this.startOffset,
        error: errorName(errorCode),
      });
      for (const one of this.#waiting.splice(0)) one();
    });
  }

  #take(state: ShareState): void {
    const { startOffset, stateBatches: batches } = state;
    const start = startOffset < 0 ? this.#parts.resetOffset() : startOffset;
    const records = new InFlightRecords(start);
    for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of batches) {
      const is = recordStateOf(deliveryState);
      assert(is !== null && is !== 'ACQUIRED', 'a state that is kept', { deliveryState });
      // What lies between batches was never given back: it is as new.
      while (records.nextOffset < firstOffset) records.push(new InFlightRecord('AVAILABLE', 0));
      while (records.nextOffset <= lastOffset) records.push(new InFlightRecord(is, deliveryCount));
    }
    records.forgetDone();
    this.#records = records;
    this.#stateEpoch = state.stateEpoch;
    this.#machine.send({ type: 'STATE_READ' });
  }

  /** Another leader has it, or this one in a newer epoch: locks are forgotten. */
  fence(): void {
    if (this.state === 'FENCED') return;
    this.#machine.send({ type: 'FENCE' });
    this.#errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
    for (const [, record] of this.#records.entries()) this.#unlock(record);
    for (const { done } of this.#writes.splice(0)) done(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    for (const one of this.#waiting.splice(0)) one();
  }

  // ------------------------------------------------------------------------------------- acquire

  /** Where to read the log next; null if nothing can be acquired now. */
  nextFetchOffset(): number | null {
    if (this.state !== 'ACTIVE') return null;
    const first = this.#records.firstAcquirable();
    const isNew = first === this.#records.nextOffset;
    return isNew && this.#records.size >= this.#parts.inFlightMax ? null : first;
  }

  /**
   * Gives records of these batches of the log to a member, whole batches where they are new. What
   * it gave, in order of offsets; empty if others were faster.
   */
  acquire(
    memberId: string,
    batches: readonly BatchHeader[],
    { fetchOffset, recordsMax, batchSize }: AcquireLimits,
  ): readonly AcquiredRecords[] {
    assert(memberId !== NO_MEMBER && recordsMax > 0, 'somebody wants some', { recordsMax });
    const { inFlightMax } = this.#parts;
    const acquired: AcquiredRecords[] = [];
    let count = 0;
    let expected = fetchOffset;
    for (const { baseOffset, lastOffset } of batches) {
      if (count >= recordsMax) break;
      const first = Math.max(baseOffset, this.startOffset);
      if (first >= this.#records.nextOffset && this.#records.size >= inFlightMax) break;
      this.#archiveGap(expected, baseOffset);
      expected = lastOffset + 1;
      for (let offset = first; offset <= lastOffset; offset++) {
        // Within a batch that was handed out before, the limit holds record by record.
        if (count >= recordsMax && offset < this.#records.nextOffset) break;
        while (this.#records.nextOffset <= offset) {
          this.#records.push(new InFlightRecord('AVAILABLE', 0));
        }
        if (this.#acquireOne(offset, memberId, acquired, batchSize)) count++;
      }
    }
    this.#records.forgetDone();
    for (const batch of acquired) {
      this.#lock(batch, memberId);
      this.#record(recordsAcquiredTrace, { member: memberId, ...batch });
    }
    return acquired;
  }

  /** The log has nothing from `from` to, and without, `to`: compaction took it. */
  #archiveGap(from: number, to: number): void {
    for (let offset = Math.max(from, this.startOffset); offset < to; offset++) {
      while (this.#records.nextOffset <= offset) {
        this.#records.push(new InFlightRecord('AVAILABLE', 0));
      }
      const record = this.#records.at(offset);
      if (record?.isAcquirable === true) record.state = 'ARCHIVED';
    }
  }

  #acquireOne(
    offset: number,
    memberId: string,
    acquired: AcquiredRecords[],
    batchSize: number,
  ): boolean {
    const record = this.#records.at(offset);
    assert(record !== null, 'a record in flight', { offset });
    if (!record.isAcquirable) return false;
    record.become('ACQUIRED', 'INCREASE', this.#parts.deliveryCountMax, memberId);
    const { deliveryCount } = record;
    const last = acquired.at(-1);
    const size = last === undefined ? 0 : last.lastOffset - last.firstOffset + 1;
    const joins =
      last?.lastOffset === offset - 1 &&
      last.deliveryCount === deliveryCount &&
      (batchSize <= 0 || size < batchSize);
    if (joins) acquired[acquired.length - 1] = { ...last, lastOffset: offset };
    else acquired.push({ firstOffset: offset, lastOffset: offset, deliveryCount });
    return true;
  }

  /** The acquired records of a batch are free again when the lock's time is over. */
  #lock({ firstOffset, lastOffset }: AcquiredRecords, memberId: string): void {
    const lock: AcquisitionLock = { timer: null, held: 0 };
    for (let offset = firstOffset; offset <= lastOffset; offset++) {
      const record = this.#records.at(offset);
      assert(record?.state === 'ACQUIRED' && record.lock === null, 'K36: acquired once', {
        offset,
        state: record?.state,
      });
      record.lock = lock;
      lock.held++;
    }
    const duration = microsOfMillis(this.#parts.lockDurationMs());
    lock.timer = this.#parts.ports.clock.after(duration, 'AcquisitionLock', () => {
      lock.timer = null;
      this.#lockIsOver(lock, memberId);
    });
  }

  #unlock(record: InFlightRecord): void {
    const { lock } = record;
    if (lock === null) return;
    record.lock = null;
    lock.held--;
    if (lock.held > 0 || lock.timer === null) return;
    this.#parts.ports.clock.cancel(lock.timer);
    lock.timer = null;
  }

  /** Source: `releaseAcquisitionLockOnTimeout`: what is written of it is not waited for. */
  #lockIsOver(lock: AcquisitionLock, memberId: string): void {
    if (this.state !== 'ACTIVE') return;
    const isOver = (_offset: number, record: InFlightRecord): boolean => {
      if (record.lock !== lock) return false;
      record.lock = null;
      return record.state === 'ACQUIRED';
    };
    this.#giveBack(isOver, memberId, 'the acquisition lock is over');
  }

  /** Frees what is picked, at once, and writes that. */
  #giveBack(
    picks: (offset: number, record: InFlightRecord) => boolean,
    member: string,
    reason: string,
  ): void {
    const changed: [number, RecordState, number][] = [];
    for (const [offset, record] of this.#records.entries()) {
      if (!picks(offset, record)) continue;
      record.become('AVAILABLE', 'NO_OP', this.#parts.deliveryCountMax, NO_MEMBER);
      changed.push([offset, record.state, record.deliveryCount]);
    }
    if (changed.length === 0) return;
    this.#record(recordsReleasedTrace, { member, records: changed.length, reason });
    this.#write({ batches: stateBatches(changed), done: () => undefined });
    this.#records.forgetDone();
    this.#parts.changed();
  }

  // --------------------------------------------------------------------------------- acknowledge

  /**
   * Takes acknowledgements in, all of them or none; `done` when they are written. Errors:
   * INVALID_RECORD_STATE (it does not have the record, or not any more), INVALID_REQUEST (nobody
   * has acquired it yet), NOT_LEADER_OR_FOLLOWER, and what the share coordinator answers.
   */
  acknowledge(
    memberId: string,
    batches: readonly AcknowledgementBatch[],
    done: (errorCode: number) => void,
  ): void {
    const told = (errorCode: number, count: number): void => {
      const startOffset = this.startOffset;
      const error = errorName(errorCode);
      const what = { member: memberId, records: count, startOffset, error };
      this.#record(recordsAcknowledgedTrace, what);
      done(errorCode);
    };
    if (this.state !== 'ACTIVE') {
      told(this.errorCode, 0);
      return;
    }
    const wanted = this.#wanted(memberId, batches);
    if (typeof wanted === 'number') {
      told(wanted, 0);
      return;
    }
    if (wanted.length === 0) {
      told(ErrorCode.NONE, 0);
      return;
    }
    const { deliveryCountMax } = this.#parts;
    for (const { record, state } of wanted) {
      const member = state === 'AVAILABLE' ? NO_MEMBER : memberId;
      record.startTransition(state, 'NO_OP', deliveryCountMax, member);
    }
    const changed = wanted.map(
      ({ offset, record }) => [offset, record.state, record.deliveryCount] as const,
    );
    this.#write({
      batches: stateBatches(changed),
      done: (errorCode) => {
        this.#acknowledged(wanted, errorCode === ErrorCode.NONE, memberId);
        told(clientError(errorCode), wanted.length);
      },
    });
  }

  /** What is asked for, record by record; the error if the member may not ask for it. */
  #wanted(
    memberId: string,
    batches: readonly AcknowledgementBatch[],
  ): { offset: number; record: InFlightRecord; state: RecordState }[] | number {
    const wanted: { offset: number; record: InFlightRecord; state: RecordState }[] = [];
    for (const batch of batches) {
      // What is done with for all, or gone from the log, needs no acknowledgement.
      if (batch.lastOffset < this.startOffset) continue;
      if (this.#records.size === 0) return ErrorCode.INVALID_RECORD_STATE;
      if (batch.lastOffset >= this.#records.nextOffset) return ErrorCode.INVALID_REQUEST;
      const first = Math.max(batch.firstOffset, this.startOffset);
      for (let offset = first; offset <= batch.lastOffset; offset++) {
        const record = this.#records.at(offset);
        assert(record !== null, 'a record in flight', { offset, start: this.startOffset });
        const isTheirs = record.memberId === memberId && !record.isInTransition;
        if (record.state !== 'ACQUIRED' || !isTheirs) return ErrorCode.INVALID_RECORD_STATE;
        wanted.push({ offset, record, state: stateWanted(batch, offset) });
      }
    }
    return wanted;
  }

  #acknowledged(
    wanted: readonly { readonly record: InFlightRecord }[],
    commits: boolean,
    memberId: string,
  ): void {
    for (const { record } of wanted) {
      record.completeTransition(commits);
      if (commits) this.#unlock(record);
    }
    if (this.state !== 'ACTIVE') return;
    if (!commits) {
      const lockless = new Set(wanted.map(({ record }) => record));
      const isOver = (_offset: number, record: InFlightRecord): boolean =>
        record.state === 'ACQUIRED' && record.lock === null && lockless.has(record);
      this.#giveBack(isOver, memberId, 'the acquisition lock is over');
      return;
    }
    this.#records.forgetDone();
    this.#parts.changed();
  }

  /**
   * A member's session ends: what it holds is free as soon as that is written, and was not
   * delivered (`DECREASE`). If it cannot be written, the locks run out.
   */
  release(memberId: string): void {
    if (this.state !== 'ACTIVE') return;
    const held: { offset: number; record: InFlightRecord }[] = [];
    for (const [offset, record] of this.#records.entries()) {
      if (record.state === 'ACQUIRED' && record.memberId === memberId)
        held.push({ offset, record });
    }
    if (held.length === 0) return;
    const { deliveryCountMax } = this.#parts;
    for (const { record } of held) {
      record.startTransition('AVAILABLE', 'DECREASE', deliveryCountMax, NO_MEMBER);
    }
    const changed = held.map(
      ({ offset, record }) => [offset, record.state, record.deliveryCount] as const,
    );
    const reason = 'its share session has ended';
    this.#record(recordsReleasedTrace, { member: memberId, records: held.length, reason });
    this.#write({
      batches: stateBatches(changed),
      done: (errorCode) => this.#acknowledged(held, errorCode === ErrorCode.NONE, memberId),
    });
  }

  /** The log begins further on now (`updateCacheAndOffsets`). */
  logStartsAt(offset: number): void {
    if (this.state !== 'ACTIVE' || offset <= this.startOffset) return;
    for (const record of this.#records.forgetBelow(offset)) this.#unlock(record);
    this.#records.forgetDone();
  }

  /** Records of an aborted transaction are not delivered (`share.isolation.level`). */
  archive(firstOffset: number, lastOffset: number, memberId: string): void {
    for (let offset = firstOffset; offset <= lastOffset; offset++) {
      const record = this.#records.at(offset);
      if (record?.state !== 'ACQUIRED' || record.memberId !== memberId) continue;
      record.become('ARCHIVED', 'NO_OP', this.#parts.deliveryCountMax, NO_MEMBER);
      this.#unlock(record);
    }
    this.#records.forgetDone();
  }

  // --------------------------------------------------------------------------------------- state

  /** One write at a time, in order, so that an older one does not come after a newer one. */
  #write(write: Write): void {
    this.#writes.push(write);
    if (!this.#isWriting) this.#writeNext();
  }

  #writeNext(): void {
    const next = this.#writes.shift();
    if (next === undefined || this.state !== 'ACTIVE') return;
    this.#isWriting = true;
    const { leaderEpoch, startOffset } = this;
    const state = { stateEpoch: this.#stateEpoch, leaderEpoch, startOffset };
    const body: ShareState = { ...state, stateBatches: next.batches };
    this.#parts.persister.write(this.key, body, (errorCode) => {
      this.#isWriting = false;
      if (errorCode === ErrorCode.FENCED_LEADER_EPOCH) this.fence();
      next.done(errorCode);
      this.#writeNext();
    });
  }

  #record(kind: Parameters<Ports['trace']['record']>[0], data: object): void {
    const { trace } = this.#parts.ports;
    if (!trace.on) return;
    const about = { group: this.key.groupId, partition: this.name };
    trace.record(kind, { ...about, ...data } as never);
  }
}

/** What a member is told of an answer of the share coordinator (`fetchPersisterError`). */
function clientError(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.NOT_COORDINATOR:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.GROUP_ID_NOT_FOUND:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    case ErrorCode.FENCED_LEADER_EPOCH:
    case ErrorCode.FENCED_STATE_EPOCH:
      return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    default:
      return errorCode;
  }
}
