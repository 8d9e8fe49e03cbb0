/**
 * What waits to be sent: for each partition a queue of batches, filled record by record within
 * `buffer.memory`, and the decision which brokers have something worth sending.
 *
 * A partition is ready when its first batch is full, has lingered `linger.ms`, memory is short, or
 * a flush or close is going on; not while it backs off or is muted. Source: `RecordAccumulator`,
 * `BufferPool`. Not here: requests and replies (`sender.ts`), who waits for memory (`producer.ts`).
 */
import type { CompressionCodec } from '../../../bytes/compression.ts';
import { assert } from '../../../kernel/assert.ts';
import type { Random } from '../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../kernel/units.ts';
import type { ProducerConfig } from '../config.ts';
import { ExponentialBackoff } from '../exponential-backoff.ts';
import type { ClientMetadata } from '../metadata.ts';
import { CompressionRatio } from './compression-ratio.ts';
import { type Partitions, type QueueSizes, UniformStickyPartition } from './partitioner.ts';
import type { BatchedRecord } from './producer-batch.ts';
import { ProducerBatch, singleRecordBytesMax } from './producer-batch.ts';
import type { ProducerId } from './producer-id.ts';

interface TopicQueues {
  readonly sticky: UniformStickyPartition;
  readonly queues: Map<number, ProducerBatch[]>;
}

/** What became of an append; `no-memory`: `buffer.memory` has no room for a new batch. */
export type AppendResult =
  | { readonly kind: 'appended'; partition: number; newBatch: boolean; sendable: boolean }
  | { readonly kind: 'needs-new-batch'; partition: number }
  | { readonly kind: 'no-memory' };

export interface AppendOptions {
  /** Null: the accumulator chooses (KIP-794). */
  readonly partition: number | null;
  readonly partitions: Partitions;
  readonly now: Micros;
  /** Answer `needs-new-batch` instead of opening one, so that the partitioner may choose anew. */
  readonly abortOnNewBatch: boolean;
}

/** What can be sent now, and when to look again if nothing else happens. */
export interface ReadyCheck {
  /** Broker ids in the order in which they were found. */
  readonly brokers: Set<number>;
  readonly nextCheckAt: Micros | null;
  /** Topics with batches for a partition whose leader is unknown. */
  readonly unknownLeaderTopics: Set<string>;
}

export class RecordAccumulator {
  /** Bytes of `buffer.memory` that no batch has. */
  freeBytes: number;
  /** Somebody waits for memory: whatever there is gets sent. */
  exhausted = false;
  /** A close is going on: nothing lingers. */
  closing = false;
  flushesInProgress = 0;
  readonly #config: ProducerConfig;
  readonly #metadata: ClientMetadata;
  readonly #producerId: ProducerId | null;
  readonly #random: Random;
  readonly #backoff: ExponentialBackoff;
  readonly #ratio = new CompressionRatio();
  readonly #topics = new Map<string, TopicQueues>();
  readonly #muted = new Set<string>();
  readonly #drainIndexes = new Map<number, number>();
  /** Batches that are not done with: queued or in flight. */
  readonly #incomplete = new Set<ProducerBatch>();
  /** Since when a broker with something to send could not be sent to. */
  readonly #notReadySince = new Map<number, Micros>();

  constructor(
    config: ProducerConfig,
    metadata: ClientMetadata,
    producerId: ProducerId | null,
    random: Random,
  ) {
    this.#config = config;
    this.#metadata = metadata;
    this.#producerId = producerId;
    this.#random = random;
    this.freeBytes = config['buffer.memory'];
    this.#backoff = new ExponentialBackoff(random, {
      initialMs: config['retry.backoff.ms'],
      maxMs: config['retry.backoff.max.ms'],
    });
  }

  // ------------------------------------------------------------------------------------- append

  /** Puts a record into the last batch of its partition, or into a new one. */
  append(topic: string, record: BatchedRecord, options: AppendOptions): AppendResult {
    const info = this.#topicQueues(topic);
    const { partitions } = options;
    const partition = options.partition ?? info.sticky.peek(partitions);
    assert(partition >= 0 && partition < partitions.length, 'a partition', { topic, partition });
    const queue = queueOf(info, partition);
    const last = queue[queue.length - 1];
    const before = last?.estimatedBytes ?? 0;
    if (last !== undefined && last.tryAppend(record)) {
      this.#countSticky(info, options, queue, last.estimatedBytes - before);
      const sendable = queue.length > 1 || last.isFull;
      return { kind: 'appended', partition, newBatch: false, sendable };
    }
    last?.closeForAppends();
    if (options.abortOnNewBatch) return { kind: 'needs-new-batch', partition };
    const pooledBytes = Math.max(this.#config['batch.size'], singleRecordBytesMax(record));
    if (pooledBytes > this.freeBytes) {
      this.exhausted = true;
      return { kind: 'no-memory' };
    }
    this.freeBytes -= pooledBytes;
    const batch = this.#newBatch(topic, partition, pooledBytes, options.now);
    const fits = batch.tryAppend(record);
    assert(fits, 'a new batch takes its first record', { pooledBytes });
    queue.push(batch);
    this.#incomplete.add(batch);
    this.#countSticky(info, options, queue, batch.estimatedBytes);
    const sendable = queue.length > 1 || batch.isFull;
    return { kind: 'appended', partition, newBatch: true, sendable };
  }

  #newBatch(
    topic: string,
    partition: number,
    pooledBytes: number,
    createdAt: Micros,
  ): ProducerBatch {
    const ratio = this.#ratio;
    const compression = this.#config['compression.type'] as CompressionCodec;
    const capacityBytes = pooledBytes;
    const isTransactional = (this.#producerId?.transactionalId ?? null) !== null;
    return new ProducerBatch({
      ...{ topic, partition, createdAt, capacityBytes, pooledBytes },
      ...{ compression, ratio, isPart: false, isTransactional },
    });
  }

  #countSticky(
    info: TopicQueues,
    options: AppendOptions,
    queue: readonly ProducerBatch[],
    appendedBytes: number,
  ): void {
    if (options.partition !== null) return;
    const last = queue[queue.length - 1];
    assert(last !== undefined, 'just appended to');
    info.sticky.produced(appendedBytes, options.partitions, last.isFull);
  }

  #topicQueues(topic: string): TopicQueues {
    let info = this.#topics.get(topic);
    if (info === undefined) {
      const sticky = new UniformStickyPartition(this.#random, this.#config['batch.size']);
      info = { sticky, queues: new Map() };
      this.#topics.set(topic, info);
    }
    return info;
  }

  // -------------------------------------------------------------------------------------- ready

  /** Which brokers have a partition with something to send. */
  ready(now: Micros): ReadyCheck {
    const brokers = new Set<number>();
    const unknownLeaderTopics = new Set<string>();
    let nextCheckAt: Micros | null = null;
    for (const [topic, info] of this.#topics) {
      for (const [partition, queue] of info.queues) {
        const first = queue[0];
        if (first === undefined) continue;
        const leader = this.#metadata.leader(topic, partition);
        if (leader === null) {
          unknownLeaderTopics.add(topic);
          continue;
        }
        first.updateLeaderEpoch(leader.epoch);
        if (brokers.has(leader.id) || this.#muted.has(first.topicPartition)) continue;
        const readyAt = this.#readyAt(queue, now);
        if (readyAt <= now) brokers.add(leader.id);
        else if (nextCheckAt === null || readyAt < nextCheckAt) nextCheckAt = readyAt;
      }
      info.sticky.updateLoad(this.#loadOf(topic, info, now));
    }
    return { brokers, nextCheckAt, unknownLeaderTopics };
  }

  /** When a queue may be sent: now, at the end of its backoff, or at the end of its linger. */
  #readyAt(queue: readonly ProducerBatch[], now: Micros): Micros {
    const first = queue[0];
    assert(first !== undefined, 'a queue with a batch');
    const backsOffUntil = first.backsOffUntil(now);
    if (backsOffUntil !== null) return backsOffUntil;
    const hurry = this.exhausted || this.closing || this.flushesInProgress > 0;
    if (hurry || queue.length > 1 || first.isFull) return now;
    return micros(first.lastAttemptAt + microsOfMillis(this.#config['linger.ms']));
  }

  /** The queues' lengths, once each partition has had a batch (adaptive partitioning). */
  #loadOf(topic: string, info: TopicQueues, now: Micros): QueueSizes | null {
    if (!this.#config['partitioner.adaptive.partitioning.enable']) return null;
    const partitions = this.#metadata.partitions(topic);
    if (partitions === null || info.queues.size < partitions.length) return null;
    const unavailableMs = this.#config['partitioner.availability.timeout.ms'];
    const partitionIds: number[] = [];
    const sizes: number[] = [];
    for (const [partition, queue] of info.queues) {
      const leader = this.#metadata.leader(topic, partition);
      if (leader === null) continue;
      const since = this.#notReadySince.get(leader.id);
      if (unavailableMs > 0 && since !== undefined) {
        if (now - since > microsOfMillis(unavailableMs)) continue;
      }
      partitionIds.push(partition);
      sizes.push(queue.length);
    }
    return { partitionIds, sizes, total: info.queues.size };
  }

  /** Whether a broker with something to send can be sent to: for `partitioner.availability...`. */
  noteBroker(brokerId: number, canSend: boolean, now: Micros): void {
    if (canSend) this.#notReadySince.delete(brokerId);
    else if (!this.#notReadySince.has(brokerId)) this.#notReadySince.set(brokerId, now);
  }

  // -------------------------------------------------------------------------------------- drain

  /**
   * Takes at most one batch of each partition that the broker leads, up to `max.request.size`
   * bytes, beginning after the partition that was served last so that none starves.
   */
  drain(brokerId: number, now: Micros): ProducerBatch[] {
    const candidates = this.#partitionsOf(brokerId);
    const drained: ProducerBatch[] = [];
    if (candidates.length === 0) return drained;
    const start = (this.#drainIndexes.get(brokerId) ?? 0) % candidates.length;
    let sizeBytes = 0;
    for (let n = 0; n < candidates.length; n++) {
      const index = (start + n) % candidates.length;
      this.#drainIndexes.set(brokerId, index);
      const queue = candidates[index]!;
      const first = queue[0];
      if (first === undefined || this.#muted.has(first.topicPartition)) continue;
      if (first.backsOffUntil(now) !== null) continue;
      const tooMuch = sizeBytes + first.estimatedBytes > this.#config['max.request.size'];
      if (tooMuch && drained.length > 0) break;
      if (this.#producerId?.mustWait(first) ?? false) continue;
      queue.shift();
      if (this.#producerId !== null && !first.hasSequence) {
        this.#producerId.sequences.assign(first, this.#producerId.producer);
      }
      sizeBytes += first.close().length;
      drained.push(first);
    }
    return drained;
  }

  #partitionsOf(brokerId: number): ProducerBatch[][] {
    const queues: ProducerBatch[][] = [];
    for (const [topic, info] of this.#topics) {
      for (const [partition, queue] of info.queues) {
        if (this.#metadata.leader(topic, partition)?.id === brokerId) queues.push(queue);
      }
    }
    return queues;
  }

  /** With one request in flight: nothing else of the partition until the answer is there. */
  mute(batch: ProducerBatch): void {
    assert(!this.#muted.has(batch.topicPartition), 'one at a time', { at: batch.topicPartition });
    this.#muted.add(batch.topicPartition);
  }

  unmute(batch: ProducerBatch): void {
    this.#muted.delete(batch.topicPartition);
  }

  // --------------------------------------------------------------------------------- afterwards

  /**
   * Puts a batch back that is to be tried again: to the front of its queue, where it overtakes
   * nothing but may have been overtaken (gallery 13); with sequences, in their order (K21).
   */
  reenqueue(batch: ProducerBatch, now: Micros): void {
    batch.reenqueued(now, this.#backoff.backoffMs(batch.attempts));
    this.#insert(batch);
  }

  #insert(batch: ProducerBatch): void {
    const queue = queueOf(this.#topicQueues(batch.topic), batch.partition);
    assert(!queue.includes(batch), 'queued once', { at: batch.topicPartition });
    let position = 0;
    if (this.#producerId !== null) {
      assert(batch.hasSequence, 'what was sent is numbered', { at: batch.topicPartition });
      while (isBefore(queue[position], batch)) position++;
    }
    queue.splice(position, 0, batch);
  }

  /**
   * Splits a batch that the broker found too large, and queues the parts as never tried: by
   * `batch.size`, and where a part is too large again, into halves (KAFKA-8350).
   */
  splitAndReenqueue(batch: ProducerBatch): number {
    const half = Math.max(batch.singleRecordBytesMax, batch.estimatedBytes >> 1);
    const parts = batch.split(batch.isPart ? half : this.#config['batch.size']);
    assert(parts.length > 0, 'parts', { records: batch.recordCount });
    for (const part of [...parts].reverse()) {
      this.#incomplete.add(part);
      this.#producerId?.sequences.add(part);
      this.#insert(part);
    }
    return parts.length;
  }

  /** Takes out the queued batches whose `delivery.timeout.ms` is over; says when the next is. */
  takeExpired(now: Micros): { expired: ProducerBatch[]; nextExpiryAt: Micros | null } {
    const expired: ProducerBatch[] = [];
    let nextExpiryAt: Micros | null = null;
    for (const info of this.#topics.values()) {
      for (const queue of info.queues.values()) {
        while (queue[0] !== undefined && this.expiryOf(queue[0]) <= now) {
          expired.push(queue.shift()!);
        }
        const first = queue[0];
        if (first === undefined) continue;
        const expiryAt = this.expiryOf(first);
        if (nextExpiryAt === null || expiryAt < nextExpiryAt) nextExpiryAt = expiryAt;
      }
    }
    return { expired, nextExpiryAt };
  }

  expiryOf(batch: ProducerBatch): Micros {
    return batch.expiresAt(this.#config.deliveryTimeoutMs);
  }

  /** Done with a batch: its memory is free again. */
  deallocate(batch: ProducerBatch): void {
    if (!this.#incomplete.delete(batch)) return;
    this.freeBytes += batch.pooledBytes;
    assert(this.freeBytes <= this.#config['buffer.memory'], 'no more than there is', {
      free: this.freeBytes,
    });
    this.exhausted = false;
  }

  /**
   * Empties the queues; returns every batch that is not done with, in flight or not. Or only takes
   * out those that were never sent, so have no sequence.
   */
  takeIncomplete(withSent = true): ProducerBatch[] {
    const isTaken = (batch: ProducerBatch): boolean => withSent || !batch.hasSequence;
    for (const info of this.#topics.values()) {
      for (const queue of info.queues.values()) {
        queue.splice(0, queue.length, ...queue.filter((batch) => !isTaken(batch)));
      }
    }
    return [...this.#incomplete].filter(isTaken);
  }

  get hasUndrained(): boolean {
    for (const info of this.#topics.values()) {
      for (const queue of info.queues.values()) if (queue.length > 0) return true;
    }
    return false;
  }

  get hasIncomplete(): boolean {
    return this.#incomplete.size > 0;
  }

  /** The queued batches, for views. */
  queued(): ProducerBatch[] {
    const batches: ProducerBatch[] = [];
    for (const info of this.#topics.values()) {
      for (const queue of info.queues.values()) batches.push(...queue);
    }
    return batches;
  }
}

function queueOf(info: TopicQueues, partition: number): ProducerBatch[] {
  assert(partition >= 0, 'a partition', { partition });
  let queue = info.queues.get(partition);
  if (queue === undefined) {
    queue = [];
    info.queues.set(partition, queue);
  }
  return queue;
}

/** Whether a queued batch is numbered and its number comes before the other's. */
function isBefore(queued: ProducerBatch | undefined, batch: ProducerBatch): boolean {
  if (queued === undefined || !queued.hasSequence) return false;
  return queued.baseSequence < batch.baseSequence;
}
