/**
 * Which partition a record goes to when the sender does not say: by the hash of its key, or without
 * a key by the way of the release.
 *
 * | release    | without a key                                                              |
 * | before 2.4 | round robin over the available partitions                                  |
 * | 2.4 to 3.2 | sticky (KIP-480): one partition until its batch is closed, then another    |
 * | 3.3 on     | uniform sticky (KIP-794): one partition until batch.size bytes went there,
 * |            | the next drawn with more weight for partitions with shorter queues         |
 *
 * Source: `BuiltInPartitioner`, `StickyPartitionCache`, `RoundRobinPartitioner`. Not here: the
 * queues (`record-accumulator.ts`).
 */
import { murmur2 } from '../../../bytes/murmur2.ts';
import { assert } from '../../../kernel/assert.ts';
import type { Random } from '../../../kernel/ports.ts';
import type { Profile } from '../../profiles.ts';
import type { ProducerConfig } from '../config.ts';
import type { PartitionMetadata } from '../metadata.ts';

/** Partitions of a topic, in order. */
export type Partitions = readonly PartitionMetadata[];

/** The partition of a key: murmur2 of its bytes, made positive, modulo the partitions. */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  assert(partitionCount > 0, 'a topic has partitions', { partitionCount });
  return toPositive(murmur2(key)) % partitionCount;
}

/** As `Utils.toPositive`: drops the sign bit (not the absolute value). */
function toPositive(hash: number): number {
  return hash & 0x7fffffff;
}

function withLeader(partitions: Partitions): Partitions {
  assert(partitions.length > 0, 'a topic has partitions');
  return partitions.filter((partition) => partition.leader !== -1);
}

/** A partition drawn from those that have a leader, else from all. */
function draw(partitions: Partitions, random: Random): number {
  const available = withLeader(partitions);
  const from = available.length > 0 ? available : partitions;
  return from[random.below(from.length)]!.partition;
}

export interface Partitioner {
  /** The partition for a record; null leaves it to the accumulator's uniform sticky way. */
  partition(topic: string, key: Uint8Array | null, partitions: Partitions): number | null;
  /** A batch is about to be opened: the choice may be made anew (KIP-480). */
  onNewBatch?(topic: string, partition: number, partitions: Partitions): void;
}

/** The partitioner of a producer's settings and release. */
export function partitionerOf(
  config: ProducerConfig,
  profile: Profile,
  random: Random,
): Partitioner {
  const ignoreKeys = config['partitioner.ignore.keys'];
  switch (config['partitioner.class']) {
    case 'RoundRobinPartitioner':
      return new RoundRobinPartitioner(null);
    case 'UniformStickyPartitioner':
      return new StickyPartitioner(random, { ignoreKeys: true });
  }
  if (profile.switches.uniformStickyPartitioner) return new KeyPartitioner(ignoreKeys);
  if (profile.switches.stickyPartitioner) return new StickyPartitioner(random, { ignoreKeys });
  return new RoundRobinPartitioner(random);
}

/** Keys by hash; the rest is left to `UniformStickyPartition` in the accumulator. */
class KeyPartitioner implements Partitioner {
  readonly #ignoreKeys: boolean;

  constructor(ignoreKeys: boolean) {
    this.#ignoreKeys = ignoreKeys;
  }

  partition(topic: string, key: Uint8Array | null, partitions: Partitions): number | null {
    assert(topic !== '', 'a topic has a name');
    if (key === null || this.#ignoreKeys) return null;
    return partitionForKey(key, partitions.length);
  }
}

/**
 * In turn over the available partitions. With a random stream: the default before 2.4, keys go by
 * hash and each topic starts anywhere. With null: the class of that name, which ignores keys.
 */
class RoundRobinPartitioner implements Partitioner {
  readonly #random: Random | null;
  readonly #counters = new Map<string, number>();

  constructor(random: Random | null) {
    this.#random = random;
  }

  partition(topic: string, key: Uint8Array | null, partitions: Partitions): number {
    assert(partitions.length > 0, 'a topic has partitions', { topic });
    if (key !== null && this.#random !== null) return partitionForKey(key, partitions.length);
    const counter = this.#counters.get(topic) ?? this.#random?.below(0x80000000) ?? 0;
    this.#counters.set(topic, counter === 0x7fffffff ? 0 : counter + 1);
    const available = withLeader(partitions);
    const from = available.length > 0 ? available : partitions;
    return from[counter % from.length]!.partition;
  }
}

/** KIP-480: stays with a partition; leaves it when a batch there has to be opened. */
class StickyPartitioner implements Partitioner {
  readonly #random: Random;
  readonly #ignoreKeys: boolean;
  readonly #current = new Map<string, number>();

  constructor(random: Random, options: { ignoreKeys: boolean }) {
    this.#random = random;
    this.#ignoreKeys = options.ignoreKeys;
  }

  partition(topic: string, key: Uint8Array | null, partitions: Partitions): number {
    assert(partitions.length > 0, 'a topic has partitions', { topic });
    if (key !== null && !this.#ignoreKeys) return partitionForKey(key, partitions.length);
    const sticky = this.#current.get(topic);
    if (sticky !== undefined) return sticky;
    const first = draw(partitions, this.#random);
    this.#current.set(topic, first);
    return first;
  }

  onNewBatch(topic: string, partition: number, partitions: Partitions): void {
    assert(partition >= 0, 'a partition', { topic, partition });
    const sticky = this.#current.get(topic);
    if (sticky !== undefined && sticky !== partition) return;
    const others = withLeader(partitions).filter((one) => one.partition !== partition);
    if (others.length > 0) {
      this.#current.set(topic, others[this.#random.below(others.length)]!.partition);
    } else if (withLeader(partitions).length === 0) {
      this.#current.set(topic, draw(partitions, this.#random));
    }
  }
}

/** The load of a topic's available partitions: what waits to be sent to each. */
export interface QueueSizes {
  /** Partition ids and their batches waiting, in the same order. */
  readonly partitionIds: readonly number[];
  readonly sizes: readonly number[];
  /** Partitions with a queue, available or not. */
  readonly total: number;
}

/** KIP-794 for one topic: the current partition of records without a key, and when to leave it. */
export class UniformStickyPartition {
  readonly #random: Random;
  readonly #batchSizeBytes: number;
  #current: { partition: number; producedBytes: number } | null = null;
  /** Running sums of the weights, one a partition id; null: all are equal. */
  #weights: { partitionIds: readonly number[]; sums: readonly number[] } | null = null;

  constructor(random: Random, batchSizeBytes: number) {
    this.#random = random;
    this.#batchSizeBytes = Math.max(1, batchSizeBytes);
  }

  /** The partition for the next record. */
  peek(partitions: Partitions): number {
    assert(partitions.length > 0, 'a topic has partitions');
    this.#current ??= { partition: this.#next(partitions), producedBytes: 0 };
    assert(this.#current.partition >= 0, 'a partition', { ...this.#current });
    return this.#current.partition;
  }

  /**
   * Counts bytes and switches after `batch.size` of them, if `mayLeave` (no batch of the partition
   * is half full, so that switching costs no batching), or after twice as many anyway.
   */
  produced(appendedBytes: number, partitions: Partitions, mayLeave: boolean): void {
    const current = this.#current;
    assert(current !== null, 'a record was appended to the current partition');
    assert(appendedBytes >= 0, 'bytes', { appendedBytes });
    current.producedBytes += appendedBytes;
    const enough = current.producedBytes >= this.#batchSizeBytes && mayLeave;
    if (!enough && current.producedBytes < this.#batchSizeBytes * 2) return;
    this.#current = { partition: this.#next(partitions), producedBytes: 0 };
  }

  /**
   * Shorter queues weigh more: with sizes 0, 3, 1 the weights are 4, 1, 3. Equal queues, or fewer
   * than two partitions: all are equal.
   */
  updateLoad(load: QueueSizes | null): void {
    this.#weights = null;
    if (load === null || load.sizes.length < 1 || load.total < 2) return;
    assert(load.sizes.length === load.partitionIds.length, 'a size a partition', { ...load });
    const longest = Math.max(...load.sizes);
    const allEqual = load.sizes.every((size) => size === longest);
    if (allEqual && load.sizes.length === load.total) return;
    let sum = 0;
    const sums = load.sizes.map((size) => (sum += longest + 1 - size));
    this.#weights = { partitionIds: load.partitionIds, sums };
  }

  #next(partitions: Partitions): number {
    if (this.#weights === null) return draw(partitions, this.#random);
    const { partitionIds, sums } = this.#weights;
    const drawn = this.#random.below(sums[sums.length - 1]!);
    const index = sums.findIndex((sum) => sum > drawn);
    assert(index >= 0, 'the drawn weight belongs to a partition', { drawn, sums });
    return partitionIds[index]!;
  }
}
