/**
 * The log of one replica with all that makes it Kafka's: the segmented log, the leader epochs of
 * its records, its idempotent producers, the high watermark and the last stable offset.
 *
 * Not here: segments and recovery (`storage/`), the checks of a client's batch
 * (`batch-validation.ts`), the replica's role (`partition.ts`).
 * Source: `org.apache.kafka.storage.internals.log.UnifiedLog`.
 * Differences: a log without the part that follows transactions (`log-transactions.ts`) refuses
 * transactional batches, and its last stable offset is the high watermark;
 * one Produce holds one batch a partition (as magic 2 demands), so an append has one verdict.
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../kernel/ports.ts';
import type { SegmentedLog } from '../../storage/log.ts';
import type { LogRead } from '../../storage/segment-list.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readBatchHeader,
  setBaseOffset,
  setLogAppendTime,
  setPartitionLeaderEpoch,
  validateBatch,
} from '../../wire/kafka/record-batch.ts';
import type { LeaderEpochCache } from './leader-epoch-cache.ts';
import type { AppendedAt, LogTransactions, VerificationGuard } from './log-transactions.ts';
import { type ProducerSnapshots, rebuildProducers } from './producer-snapshot.ts';
import { ProducerState, sequencePlus } from './producer-state.ts';
import type { TopicConfig } from './topic-config.ts';

/** What became of an append. On an error nothing was appended. */
export interface AppendInfo {
  errorCode: number;
  firstOffset: number;
  lastOffset: number;
  /** Milliseconds with LogAppendTime, else -1. */
  logAppendTimeMs: number;
  logStartOffset: number;
  bytes: number;
  /** A retry of a batch that is in the log already. */
  duplicate: boolean;
}

export interface UnifiedLogParts {
  readonly topicId: string;
  readonly log: SegmentedLog;
  readonly epochs: LeaderEpochCache;
  readonly producers: ProducerState;
  readonly snapshots: ProducerSnapshots;
  readonly highWatermark: number;
  readonly config: TopicConfig;
  /** Null: no transactions here. */
  readonly transactions: LogTransactions | null;
}

const NO_TIMESTAMP = -1;

export class UnifiedLog {
  readonly topicId: string;
  readonly log: SegmentedLog;
  readonly epochs: LeaderEpochCache;
  readonly producers: ProducerState;
  readonly transactions: LogTransactions | null;
  readonly #snapshots: ProducerSnapshots;
  readonly #ports: Pick<Ports, 'clock' | 'cost'>;
  /** Where a client's batch gets its offset and epoch: the client's own bytes are not touched. */
  #scratch = new Uint8Array(0);
  config: TopicConfig;
  #lowestEnd = Number.MAX_SAFE_INTEGER;
  /** Invariant K1: logStart <= LSO <= HW <= LEO. */
  #highWatermark: number;

  constructor(ports: Pick<Ports, 'clock' | 'cost'>, parts: UnifiedLogParts) {
    this.#ports = ports;
    this.topicId = parts.topicId;
    this.log = parts.log;
    this.epochs = parts.epochs;
    this.producers = parts.producers;
    this.transactions = parts.transactions;
    this.#snapshots = parts.snapshots;
    this.config = parts.config;
    const { logStartOffset, logEndOffset } = parts.log;
    this.#highWatermark = Math.min(Math.max(parts.highWatermark, logStartOffset), logEndOffset);
    this.#highWatermarkMoved();
  }

  get logStartOffset(): number {
    return this.log.logStartOffset;
  }

  get logEndOffset(): number {
    return this.log.logEndOffset;
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** What read_committed may see. Without open transactions that is the high watermark. */
  get lastStableOffset(): number {
    const unstable = this.transactions?.firstUnstableOffset ?? -1;
    if (unstable < 0 || unstable >= this.#highWatermark) return this.#highWatermark;
    return Math.max(unstable, this.logStartOffset);
  }

  get latestEpoch(): number {
    return this.epochs.latestEpoch;
  }

  // ------------------------------------------------------------------------------------- append

  /**
   * Appends a client's batch as the leader: assigns the next offset and the leader epoch. The batch
   * was validated (`validateClientBatch`), and `header` is its header. Invariants K5, K20.
   */
  appendAsLeader(
    records: Uint8Array,
    header: BatchHeader,
    leaderEpoch: number,
    guard: VerificationGuard | null = null,
  ): AppendInfo {
    assert(leaderEpoch >= 0 && leaderEpoch >= this.latestEpoch, 'K6: epochs do not go back', {
      leaderEpoch,
      latest: this.latestEpoch,
    });
    const info = this.#info(header.sizeBytes);
    if (header.sizeBytes > this.config['segment.bytes']) {
      info.errorCode = ErrorCode.RECORD_LIST_TOO_LARGE;
      return info;
    }
    if (header.producerId >= 0 && !this.#mayAppend(records, header, guard, info)) return info;
    const firstOffset = this.logEndOffset;
    const stamped = this.#stamp(records, header, firstOffset, leaderEpoch);
    info.firstOffset = firstOffset;
    info.lastOffset = firstOffset + header.lastOffsetDelta;
    const stampsTime = this.#stampsAppendTime();
    if (stampsTime) info.logAppendTimeMs = this.#ports.clock.wall();
    if (this.epochs.assign(leaderEpoch, firstOffset)) this.#assertEpochs();
    if (this.#write(stamped) !== 'ok') {
      info.errorCode = ErrorCode.KAFKA_STORAGE_ERROR;
      return info;
    }
    const timestamp = stampsTime ? info.logAppendTimeMs : header.maxTimestamp;
    this.#tookIn(header, stamped, { firstOffset, lastOffset: info.lastOffset }, timestamp);
    return info;
  }

  /** What is known of the producer allows the batch; else `info` says what becomes of it. */
  #mayAppend(
    records: Uint8Array,
    header: BatchHeader,
    guard: VerificationGuard | null,
    info: AppendInfo,
  ): boolean {
    const verdict = this.producers.judge(this.#producerBatch(header));
    if (verdict.kind === 'duplicate') {
      info.duplicate = true;
      info.firstOffset = verdict.batch.firstOffset;
      info.lastOffset = verdict.batch.lastOffset;
      // Whatever the topic's timestamps are: so the real broker answers a duplicate.
      info.logAppendTimeMs = verdict.batch.timestamp;
      return false;
    }
    if (this.transactions !== null) {
      info.errorCode = this.transactions.judge(header, records, guard);
    } else if (header.isTransactional) {
      info.errorCode = ErrorCode.INVALID_TXN_STATE;
    }
    if (info.errorCode === ErrorCode.NONE && verdict.kind === 'refuse') {
      info.errorCode = verdict.errorCode;
    }
    return info.errorCode === ErrorCode.NONE;
  }

  /**
   * Appends what a leader sent: whole batches with offsets and epochs. A batch of an epoch above
   * the one that was fetched under ends it, as does one that is not whole. A bad checksum gives
   * CORRUPT_MESSAGE and appends nothing.
   */
  appendAsFollower(records: Uint8Array, leaderEpoch: number): AppendInfo {
    const info = this.#info(0);
    const batches = this.#validBatches(records, leaderEpoch, info);
    const last = batches[batches.length - 1];
    if (last === undefined) return info;
    const end = last.position + last.sizeBytes;
    info.firstOffset = batches[0]!.baseOffset;
    info.lastOffset = last.lastOffset;
    assert(info.firstOffset >= this.logEndOffset, 'K2: appended in order', {
      firstOffset: info.firstOffset,
      logEndOffset: this.logEndOffset,
    });
    for (const { partitionLeaderEpoch, baseOffset } of batches) {
      if (this.epochs.assign(partitionLeaderEpoch, baseOffset)) this.#assertEpochs();
    }
    const valid = end === records.length ? records : records.subarray(0, end);
    if (this.#write(valid) !== 'ok') {
      info.errorCode = ErrorCode.KAFKA_STORAGE_ERROR;
      return info;
    }
    for (const header of batches) {
      const at = { firstOffset: header.baseOffset, lastOffset: header.lastOffset };
      this.#tookIn(header, records, at, header.maxTimestamp);
    }
    info.bytes = end;
    return info;
  }

  /** Calls back when what `flush.messages` demands of the last append is durable. */
  afterPolicyFlush(done: (result: DiskResult) => void): void {
    this.log.afterPolicyFlush(done);
  }

  // --------------------------------------------------------------------------------------- read

  /** Invariant K12 is the caller's: it gives the end of what may be seen as `offsetMax`. */
  read(
    offset: number,
    bytesMax: number,
    bounds: { readonly minOneMessage: boolean; readonly maxOffset: number },
  ): LogRead | 'OFFSET_OUT_OF_RANGE' | 'CORRUPT_MESSAGE' {
    assert(bounds.maxOffset <= this.logEndOffset, 'K12: within the log', { ...bounds, offset });
    return this.log.read(offset, bytesMax, bounds);
  }

  // ----------------------------------------------------------------------------- high watermark

  /** The leader's: only up. True if it moved. */
  maybeIncrementHighWatermark(to: number): boolean {
    assert(to <= this.logEndOffset, 'K1: HW within the log', { to, end: this.logEndOffset });
    if (to <= this.#highWatermark) return false;
    this.#highWatermark = to;
    this.#highWatermarkMoved();
    return true;
  }

  /** The follower's: what the leader said, as far as the local log goes; it may go back. */
  maybeUpdateHighWatermark(to: number): boolean {
    const within = Math.min(Math.max(to, this.logStartOffset), this.logEndOffset);
    if (within === this.#highWatermark) return false;
    this.#highWatermark = within;
    this.#highWatermarkMoved();
    return true;
  }

  // ---------------------------------------------------------------------------- start and end

  /** Raises the log start offset; not beyond the high watermark (K17). True if it moved. */
  maybeIncrementLogStart(to: number): boolean {
    if (to > this.#highWatermark || !this.log.incrementLogStartOffset(to)) return false;
    this.epochs.truncateFromStart(to);
    this.#assertOffsets();
    return true;
  }

  /** The lowest offset that the log was cut at since this was asked last: for the cleaner. */
  takeLowestEnd(): number {
    const lowest = this.#lowestEnd;
    this.#lowestEnd = Number.MAX_SAFE_INTEGER;
    return lowest;
  }

  /** Cuts the log's end; the high watermark, the epochs and the producers follow. */
  truncateTo(offset: number): DiskResult {
    assert(offset >= 0, 'an offset', { offset });
    if (offset >= this.logEndOffset) {
      // A leader that was overtaken before its first append has an epoch entry at its log's end.
      // It must go even so, or the next leader would name the same divergence for ever.
      this.epochs.truncateFromEnd(this.logEndOffset);
      return 'ok';
    }
    if (offset < this.logStartOffset) return this.truncateFullyAndStartAt(offset);
    const result = this.log.truncateTo(offset);
    if (result !== 'ok') return result;
    this.#lowestEnd = Math.min(this.#lowestEnd, this.logEndOffset);
    this.epochs.truncateFromEnd(this.logEndOffset);
    this.#highWatermark = Math.min(this.#highWatermark, this.logEndOffset);
    this.#rebuildProducers();
    this.#highWatermarkMoved();
    return 'ok';
  }

  /** Forgets everything and starts at an offset: the leader has no older one any more. */
  truncateFullyAndStartAt(offset: number): DiskResult {
    const result = this.log.truncateFullyAndStartAt(offset);
    if (result !== 'ok') return result;
    this.#lowestEnd = Math.min(this.#lowestEnd, offset);
    this.epochs.clear();
    this.#highWatermark = offset;
    this.#snapshots.removeAfter(-1);
    this.producers.reset([], offset);
    this.transactions?.rebuildFrom(offset);
    this.#highWatermarkMoved();
    return 'ok';
  }

  /** Retention. The number of segments that were deleted. */
  deleteOldSegments(): number {
    const before = this.logStartOffset;
    const deleted = this.log.deleteOldSegments(this.#highWatermark);
    if (this.logStartOffset !== before) {
      this.epochs.truncateFromStart(this.logStartOffset);
      this.#snapshots.removeBefore(this.logStartOffset);
      assert(this.logStartOffset <= this.#highWatermark, 'K17: retention stays below it', {
        highWatermark: this.#highWatermark,
        before,
      });
    }
    return deleted.length;
  }

  /** The largest epoch at or below the asked one, and where the next one begins (KIP-101, 279). */
  endOffsetForEpoch(epoch: number): { epoch: number; endOffset: number } {
    return this.epochs.endOffsetFor(epoch, this.logEndOffset);
  }

  /** A new segment begins: notes what the producers are up to, for a recovery from here on. */
  rolled(baseOffset: number): void {
    if (this.producers.mapEndOffset === baseOffset) {
      this.#snapshots.write(this.producers, baseOffset);
    }
  }

  /** Writes what a clean start reads. */
  close(done: (result: DiskResult) => void): void {
    this.#snapshots.write(this.producers, this.logEndOffset);
    this.log.close(done);
  }

  // ------------------------------------------------------------------------------------- inside

  #info(bytes: number): AppendInfo {
    return {
      errorCode: ErrorCode.NONE,
      firstOffset: -1,
      lastOffset: -1,
      logAppendTimeMs: NO_TIMESTAMP,
      logStartOffset: this.logStartOffset,
      bytes,
      duplicate: false,
    };
  }

  #stampsAppendTime(): boolean {
    return this.config['message.timestamp.type'] === 'LogAppendTime';
  }

  #producerBatch(header: BatchHeader) {
    const { producerId, producerEpoch, baseSequence, lastOffsetDelta } = header;
    const lastSequence = sequencePlus(baseSequence, lastOffsetDelta);
    return { producerId, producerEpoch, baseSequence, lastSequence };
  }

  #stamp(
    records: Uint8Array,
    header: BatchHeader,
    baseOffset: number,
    leaderEpoch: number,
  ): Uint8Array {
    const { sizeBytes } = header;
    assert(records.length === sizeBytes, 'one whole batch', { length: records.length, sizeBytes });
    if (this.#scratch.length < sizeBytes) this.#scratch = new Uint8Array(sizeBytes * 2);
    const copy = this.#scratch.subarray(0, sizeBytes);
    copy.set(records);
    this.#ports.cost.charge('copy', sizeBytes);
    setBaseOffset(copy, 0, baseOffset);
    setPartitionLeaderEpoch(copy, 0, leaderEpoch);
    if (this.#stampsAppendTime()) {
      setLogAppendTime(copy, 0, this.#ports.clock.wall());
      this.#ports.cost.charge('crc', sizeBytes);
    }
    return copy;
  }

  #write(frames: Uint8Array): DiskResult {
    this.#ports.cost.charge('syscall', 1);
    return this.log.append(frames);
  }

  #tookIn(header: BatchHeader, bytes: Uint8Array, at: AppendedAt, timestamp: number): void {
    this.producers.mapEndOffset = at.lastOffset + 1;
    if (header.producerId < 0) return;
    if (!header.isControl) {
      this.producers.appended(this.#producerBatch(header), { ...at, timestamp });
    }
    this.transactions?.tookIn(header, bytes, at);
  }

  #highWatermarkMoved(): void {
    this.transactions?.highWatermarkMoved(this.#highWatermark);
    this.#assertOffsets();
  }

  /** The batches that may be appended; none, and the error, if one of them is corrupt. */
  #validBatches(records: Uint8Array, leaderEpoch: number, info: AppendInfo): BatchHeader[] {
    const batches: BatchHeader[] = [];
    let position = 0;
    while (position < records.length) {
      const header = readBatchHeader(records, position);
      if (header === 'incomplete') break;
      if (isBatchProblem(header) || validateBatch(records, header) !== null) {
        info.errorCode = ErrorCode.CORRUPT_MESSAGE;
        return [];
      }
      if (header.partitionLeaderEpoch > leaderEpoch) break;
      batches.push(header);
      position += header.sizeBytes;
    }
    this.#ports.cost.charge('crc', position);
    return batches;
  }

  #rebuildProducers(): void {
    this.#snapshots.removeAfter(this.logEndOffset);
    rebuildProducers(this.producers, this.#snapshots, this.log, this.transactions);
  }

  #assertOffsets(): void {
    const { logStartOffset, highWatermark, lastStableOffset, logEndOffset } = this;
    assert(
      logStartOffset <= lastStableOffset &&
        lastStableOffset <= highWatermark &&
        highWatermark <= logEndOffset,
      'K1: logStart <= LSO <= HW <= LEO',
      { logStartOffset, lastStableOffset, highWatermark, logEndOffset },
    );
  }

  /** Invariant K6: epochs and their start offsets grow together. */
  #assertEpochs(): void {
    const { entries } = this.epochs;
    const [last, before] = [entries[entries.length - 1], entries[entries.length - 2]];
    if (last === undefined || before === undefined) return;
    assert(last.epoch > before.epoch && last.startOffset > before.startOffset, 'K6', {
      last,
      before,
    });
  }
}
