/**
 * Records for one partition that are sent, retried, acknowledged and failed together: one record
 * batch on the wire.
 *
 * Not here: which batch is sent when (`record-accumulator.ts`, `sender.ts`); the bytes of a batch
 * (`wire/kafka/record-batch.ts`). Source: `ProducerBatch`, `MemoryRecordsBuilder`.
 */
import type { CompressionCodec } from '../../../bytes/compression.ts';
import { assert } from '../../../kernel/assert.ts';
import { type Micros, microsOfMillis } from '../../../kernel/units.ts';
import { type RecordHeader, recordSize } from '../../../wire/kafka/record.ts';
import { BATCH_HEADER_BYTES, encodeBatch } from '../../../wire/kafka/record-batch.ts';
import type { CompressionRatio } from './compression-ratio.ts';
import type { ProduceCallback, ProduceResult } from './produce-result.ts';

/** `RecordBatch.NO_PRODUCER_ID`, `NO_PRODUCER_EPOCH` and `NO_SEQUENCE`. */
export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;

/** A record as the accumulator keeps it. */
export interface BatchedRecord {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  readonly callback: ProduceCallback;
}

/** A producer id with its epoch, as the broker gave it and the producer bumps it. */
export interface ProducerIdAndEpoch {
  readonly producerId: number;
  readonly epoch: number;
}

/** A delta whose varint has its largest size: the record could stand anywhere in a batch. */
const DELTA_MAX = 0x7fffffff;

/** The most bytes that a batch with only this record takes, uncompressed. */
export function singleRecordBytesMax(
  record: Pick<BatchedRecord, 'timestamp' | 'key' | 'value' | 'headers'>,
): number {
  const size = BATCH_HEADER_BYTES + recordSize(record, DELTA_MAX, DELTA_MAX);
  assert(size > BATCH_HEADER_BYTES, 'a record takes space', { size });
  return size;
}

export interface BatchOptions {
  readonly topic: string;
  readonly partition: number;
  readonly createdAt: Micros;
  /** Bytes that records are added up to: `batch.size`, or more for one large record. */
  readonly capacityBytes: number;
  /** Bytes taken from `buffer.memory`; 0 for the parts of a split batch. */
  readonly pooledBytes: number;
  /** Whether it is a part of a batch that was split. */
  readonly isPart: boolean;
  readonly compression: CompressionCodec;
  readonly isTransactional: boolean;
  readonly ratio: CompressionRatio;
}

export class ProducerBatch {
  readonly topic: string;
  readonly partition: number;
  /** `topic-partition`, as `TopicPartition` prints; the key of many maps. */
  readonly topicPartition: string;
  readonly createdAt: Micros;
  readonly pooledBytes: number;
  readonly records: BatchedRecord[] = [];
  producerId = NO_PRODUCER_ID;
  producerEpoch = NO_PRODUCER_EPOCH;
  baseSequence = NO_SEQUENCE;
  /** Failed sends so far. */
  attempts = 0;
  /** Whether it was sent before and put back. */
  inRetry = false;
  /** Whether its sequence was rewritten since it was last drained. */
  sequenceHasBeenReset = false;
  /** Whether some attempt may have been written although no success is known. */
  maybeWritten = false;
  /** The wait after the last failed attempt; counted from `lastAttemptAt`. */
  retryBackoffMs = 0;
  lastAttemptAt: Micros;
  readonly #options: BatchOptions;
  #recordsBytes = 0;
  #closed = false;
  #encoded: Uint8Array | null = null;
  #finalState: 'ABORTED' | 'FAILED' | 'SUCCEEDED' | null = null;
  /** The leader epoch it would be sent to, and in which attempt that changed last (KIP-951). */
  #leaderEpoch = -1;
  #attemptsWhenLeaderLastChanged = 0;

  constructor(options: BatchOptions) {
    assert(options.partition >= 0, 'a partition', { partition: options.partition });
    assert(options.capacityBytes > BATCH_HEADER_BYTES, 'room', { bytes: options.capacityBytes });
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
    this.topicPartition = `${options.topic}-${options.partition}`;
    this.createdAt = options.createdAt;
    this.lastAttemptAt = options.createdAt;
    this.pooledBytes = options.pooledBytes;
  }

  get recordCount(): number {
    return this.records.length;
  }

  get hasSequence(): boolean {
    return this.baseSequence !== NO_SEQUENCE;
  }

  /** The sequence of the last record; int32 arithmetic wraps to 0 after 2^31 - 1. */
  get lastSequence(): number {
    return incrementSequence(this.baseSequence, this.recordCount - 1);
  }

  get isDone(): boolean {
    return this.#finalState !== null;
  }

  /** Whether it came from a batch that was split. */
  get isPart(): boolean {
    return this.#options.isPart;
  }

  /** The bytes of a batch with only its largest record. */
  get singleRecordBytesMax(): number {
    return Math.max(...this.records.map(singleRecordBytesMax));
  }

  get isCompressed(): boolean {
    return this.#options.compression !== 'none';
  }

  /** The bytes that the batch will take: exact once it is closed or without compression. */
  get estimatedBytes(): number {
    if (this.#encoded !== null) return this.#encoded.length;
    if (!this.isCompressed) return BATCH_HEADER_BYTES + this.#recordsBytes;
    const { ratio, topic } = this.#options;
    return BATCH_HEADER_BYTES + ratio.estimateBytes(topic, this.#recordsBytes);
  }

  get isFull(): boolean {
    if (this.#closed) return true;
    return this.recordCount > 0 && this.#options.capacityBytes <= this.estimatedBytes;
  }

  /** Adds a record if there is room; the first always fits. */
  tryAppend(record: BatchedRecord): boolean {
    assert(!this.isDone, 'a finished batch takes nothing', { state: this.#finalState });
    if (this.#closed) return false;
    const first = this.records[0]?.timestamp ?? record.timestamp;
    const size = recordSize(record, record.timestamp - first, this.recordCount);
    if (this.recordCount > 0) {
      if (this.isFull || this.#options.capacityBytes < this.estimatedBytes + size) return false;
    }
    this.records.push(record);
    this.#recordsBytes += size;
    return true;
  }

  closeForAppends(): void {
    this.#closed = true;
  }

  // ------------------------------------------------------------------------------ producer state

  setProducerState(producer: ProducerIdAndEpoch, baseSequence: number): void {
    assert(!this.hasSequence, 'a sequence is given once', { base: this.baseSequence });
    this.#writeProducerState(producer, baseSequence);
  }

  /** Numbers a batch anew that is in retry, after an epoch bump (KIP-360). */
  resetProducerState(producer: ProducerIdAndEpoch, baseSequence: number): void {
    assert(this.hasSequence, 'only a numbered batch is renumbered', { at: this.topicPartition });
    this.sequenceHasBeenReset = true;
    this.#writeProducerState(producer, baseSequence);
  }

  #writeProducerState(producer: ProducerIdAndEpoch, baseSequence: number): void {
    assert(producer.producerId >= 0 && producer.epoch >= 0, 'a producer id', { ...producer });
    assert(baseSequence >= 0 && baseSequence <= 0x7fffffff, 'a sequence', { baseSequence });
    this.producerId = producer.producerId;
    this.producerEpoch = producer.epoch;
    this.baseSequence = baseSequence;
    this.#encoded = null;
  }

  /** The bytes to send. Closes the batch. */
  close(): Uint8Array {
    assert(this.recordCount > 0, 'a batch has records', { at: this.topicPartition });
    this.#closed = true;
    this.sequenceHasBeenReset = false;
    this.#encoded ??= this.#encode();
    return this.#encoded;
  }

  #encode(): Uint8Array {
    const bytes = encodeBatch({
      codec: this.#options.compression,
      isTransactional: this.#options.isTransactional,
      producerId: this.producerId,
      producerEpoch: this.producerEpoch,
      baseSequence: this.baseSequence,
      records: this.records,
    });
    assert(bytes.length > BATCH_HEADER_BYTES, 'records in the bytes', { bytes: bytes.length });
    if (this.isCompressed) {
      const compressedBytes = bytes.length - BATCH_HEADER_BYTES;
      this.#options.ratio.observe(this.topic, this.#recordsBytes, compressedBytes);
    }
    return bytes;
  }

  // -------------------------------------------------------------------------------------- retry

  /** Was sent and failed in a way that allows another attempt, after `backoffMs`. */
  reenqueued(now: Micros, backoffMs: number): void {
    assert(now >= this.lastAttemptAt, 'time goes on', { now, last: this.lastAttemptAt });
    this.attempts++;
    this.lastAttemptAt = now;
    this.retryBackoffMs = backoffMs;
    this.inRetry = true;
  }

  /** Remembers the leader's epoch, to skip the backoff when a retry goes to a new leader. */
  updateLeaderEpoch(latest: number): void {
    if (latest <= this.#leaderEpoch) return;
    this.#attemptsWhenLeaderLastChanged = this.attempts;
    this.#leaderEpoch = latest;
  }

  /** Whether the leader changed since the last attempt. */
  get leaderChangedForRetry(): boolean {
    return this.attempts >= 1 && this.attempts === this.#attemptsWhenLeaderLastChanged;
  }

  /** When the backoff is over; null if the batch does not have to wait. */
  backsOffUntil(now: Micros): Micros | null {
    if (this.attempts === 0 || this.leaderChangedForRetry) return null;
    const until = (this.lastAttemptAt + microsOfMillis(this.retryBackoffMs)) as Micros;
    return now < until ? until : null;
  }

  /** When `delivery.timeout.ms` is over. */
  expiresAt(deliveryTimeoutMs: number): Micros {
    return (this.createdAt + microsOfMillis(deliveryTimeoutMs)) as Micros;
  }

  // ------------------------------------------------------------------------------------ outcome

  /** All records are written from `baseOffset` on (-1: unknown). False if it was done before. */
  complete(baseOffset: number, logAppendTime: number): boolean {
    assert(this.#finalState !== 'SUCCEEDED', 'acknowledged once', { at: this.topicPartition });
    // A late success of a batch that has failed already: the application was told; ignored.
    if (this.#finalState !== null) return false;
    this.#finalState = 'SUCCEEDED';
    this.records.forEach((record, index) => {
      record.callback({
        ok: true,
        partition: this.partition,
        offset: baseOffset < 0 ? -1 : baseOffset + index,
        timestamp: logAppendTime === -1 ? record.timestamp : logAppendTime,
      });
    });
    return true;
  }

  /** All records failed. False if it was done before. */
  fail(errorCode: number, how: 'FAILED' | 'ABORTED' = 'FAILED'): boolean {
    assert(this.#finalState !== 'SUCCEEDED', 'an acknowledged batch does not fail', { errorCode });
    if (this.#finalState !== null) return false;
    this.#finalState = how;
    this.#closed = true;
    const indeterminate = this.maybeWritten;
    const result: ProduceResult = {
      ok: false,
      partition: this.partition,
      errorCode,
      indeterminate,
    };
    for (const record of this.records) record.callback(result);
    return true;
  }

  /**
   * The same records in batches of at most `capacityBytes`, numbered on where this one is. Their
   * callbacks go along; this batch is done with.
   */
  split(capacityBytes: number): ProducerBatch[] {
    assert(this.recordCount > 1, 'one record cannot be split', { records: this.recordCount });
    assert(!this.isDone, 'a finished batch is not split', { state: this.#finalState });
    const parts: ProducerBatch[] = [];
    let part: ProducerBatch | null = null;
    for (const record of this.records) {
      if (part !== null && part.tryAppend(record)) continue;
      const capacity = Math.max(capacityBytes, singleRecordBytesMax(record));
      const room = { capacityBytes: capacity, pooledBytes: 0, isPart: true };
      part = new ProducerBatch({ ...this.#options, ...room });
      const fits = part.tryAppend(record);
      assert(fits, 'a new batch takes its first record', { capacity });
      parts.push(part);
    }
    let sequence = this.baseSequence;
    for (const each of parts) {
      each.closeForAppends();
      if (!this.hasSequence) continue;
      const producer = { producerId: this.producerId, epoch: this.producerEpoch };
      each.setProducerState(producer, sequence);
      sequence = incrementSequence(sequence, each.recordCount);
    }
    if (this.isCompressed && this.#encoded !== null) {
      const compressedBytes = this.#encoded.length - BATCH_HEADER_BYTES;
      this.#options.ratio.reset(this.topic, this.#recordsBytes, compressedBytes);
    }
    this.#finalState = 'ABORTED';
    return parts;
  }
}

/** Sequences wrap: after 2^31 - 1 comes 0. Source: `DefaultRecordBatch.incrementSequence`. */
export function incrementSequence(sequence: number, increment: number): number {
  assert(increment >= 0, 'sequences grow', { increment });
  const sum = sequence + increment;
  return sum > 0x7fffffff ? sum - 0x80000000 : sum;
}
