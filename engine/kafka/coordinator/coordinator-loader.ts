/**
 * Loads a shard: replays all that is in the log of its partition, a buffer an event, so that the
 * broker answers other requests meanwhile.
 *
 * Not here: what a record means (`CoordinatorShard.replay`).
 * Source: `CoordinatorLoaderImpl.doLoad`. Differences: loading ends only when the high watermark
 * has reached the end that the log had at the election. The real one is done at the end of the log
 * and lets reads see it as far as the high watermark, which a new leader may know late: for that
 * while a commit that was acknowledged may be missing from an answer.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports, TimerId } from '../../kernel/ports.ts';
import { micros } from '../../kernel/units.ts';
import { decodeMarker } from '../../wire/kafka/control-record.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readBatchHeader,
  readRecords,
} from '../../wire/kafka/record-batch.ts';
import type { Replicas } from '../broker/replicas.ts';
import type { Partition } from '../partition/partition.ts';
import type { CoordinatorRecordCodec, CoordinatorShard } from './coordinator-shard.ts';

/** The high watermark has no time limit: a new leader waits for its replicas. */
const WAIT_MS_MAX = 2_147_483_647;
const DECOMPRESSED_BYTES_MAX = 67_108_864;

export interface LoadOptions<R> {
  readonly partition: Partition;
  readonly shard: CoordinatorShard<R>;
  readonly codec: CoordinatorRecordCodec<R>;
  /** Bytes that are read in one event (`offsets.load.buffer.size`). */
  readonly bufferBytes: number;
  /** The number of records, or null if the log cannot be read. */
  readonly done: (records: number | null) => void;
}

export class CoordinatorLoader<R> {
  readonly #ports: Pick<Ports, 'clock' | 'cost'>;
  readonly #replicas: Replicas;
  readonly #options: LoadOptions<R>;
  readonly #endOffset: number;
  #offset: number;
  #records = 0;
  #timer: TimerId | null = null;
  #stopped = false;

  constructor(ports: Pick<Ports, 'clock' | 'cost'>, replicas: Replicas, options: LoadOptions<R>) {
    this.#ports = ports;
    this.#replicas = replicas;
    this.#options = options;
    const { log } = options.partition;
    this.#offset = log.logStartOffset;
    this.#endOffset = log.logEndOffset;
    assert(options.bufferBytes > 0, 'a buffer', { bytes: options.bufferBytes });
  }

  start(): void {
    this.#timer = this.#ports.clock.after(micros(0), 'coordinator-load', () => this.#step());
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) this.#ports.clock.cancel(this.#timer);
  }

  #step(): void {
    this.#timer = null;
    if (this.#stopped) return;
    if (this.#offset >= this.#endOffset) {
      this.#awaitHighWatermark();
      return;
    }
    const { log } = this.#options.partition;
    const bounds = { minOneMessage: true, maxOffset: this.#endOffset };
    const read = log.read(this.#offset, this.#options.bufferBytes, bounds);
    if (typeof read === 'string' || !this.#replay(read.bytes)) {
      this.#finish(null);
      return;
    }
    this.start();
  }

  /** False where a batch cannot be read. */
  #replay(bytes: Uint8Array): boolean {
    let position = 0;
    while (position < bytes.length) {
      const header = readBatchHeader(bytes, position);
      if (isBatchProblem(header)) return header === 'incomplete' && position > 0;
      if (!this.#replayBatch(bytes, header)) return false;
      this.#offset = header.lastOffset + 1;
      position += header.sizeBytes;
    }
    return position > 0;
  }

  #replayBatch(bytes: Uint8Array, header: BatchHeader): boolean {
    const records = readRecords(bytes, header, DECOMPRESSED_BYTES_MAX);
    if (isBatchProblem(records)) return false;
    const { shard, codec } = this.#options;
    const { producerId, producerEpoch } = header;
    this.#ports.cost.charge('record', records.length);
    for (const record of records) {
      const context = { offset: record.offset, producerId, producerEpoch };
      if (header.isControl) {
        const marker = decodeMarker(record);
        if (marker !== null) shard.replayEndTransactionMarker?.(context, marker.type === 'commit');
        continue;
      }
      if (record.key === null) continue;
      const decoded = codec.decode(record.key, record.value);
      if (decoded === null) continue;
      shard.replay(decoded, context);
      this.#records++;
    }
    return true;
  }

  #awaitHighWatermark(): void {
    const { partition } = this.#options;
    assert(this.#offset >= this.#endOffset, 'all is replayed', { offset: this.#offset });
    const operation = {
      tryComplete: () =>
        this.#stopped || !partition.isLeader || partition.log.highWatermark >= this.#endOffset,
      complete: () => {
        if (!this.#stopped && partition.isLeader) this.#finish(this.#records);
      },
    };
    const { producePurgatory } = this.#replicas;
    producePurgatory.tryCompleteElseWatch(operation, [partition.name], WAIT_MS_MAX);
  }

  #finish(records: number | null): void {
    assert(!this.#stopped, 'finished once');
    this.#stopped = true;
    this.#options.done(records);
  }
}
