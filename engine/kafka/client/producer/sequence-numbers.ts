/**
 * The sequence numbers of an idempotent producer, partition by partition: which comes next, which
 * was acknowledged last, and which numbered batches are not yet done with.
 *
 * Invariant K20: what a producer id and epoch sends to a partition is numbered without a gap, each
 * batch once. Source: `TxnPartitionMap`, `TxnPartitionEntry`. Not here: the producer id and its
 * epoch (`producer-id.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import type { ProducerBatch, ProducerIdAndEpoch } from './producer-batch.ts';
import { incrementSequence, NO_SEQUENCE } from './producer-batch.ts';

const NO_OFFSET = -1;

class PartitionSequences {
  /** The id and epoch that the numbers belong to; null before the first batch. */
  producer: ProducerIdAndEpoch | null = null;
  next = 0;
  lastAcked = NO_SEQUENCE;
  lastAckedOffset = NO_OFFSET;
  /** Numbered batches that are not done with, sent or back in the queue, by sequence. */
  inFlight: ProducerBatch[] = [];

  /** Numbers all batches in flight from 0 under a new epoch. */
  startAtBeginning(producer: ProducerIdAndEpoch): void {
    let sequence = 0;
    for (const batch of this.inFlight) {
      batch.resetProducerState(producer, sequence);
      sequence = incrementSequence(sequence, batch.recordCount);
    }
    this.producer = producer;
    this.next = sequence;
    this.lastAcked = NO_SEQUENCE;
    assert(this.next >= 0, 'a sequence', { next: this.next });
  }
}

export class SequenceNumbers {
  private readonly partitions = new Map<string, PartitionSequences>();

  private of(topicPartition: string): PartitionSequences {
    let entry = this.partitions.get(topicPartition);
    if (entry === undefined) {
      entry = new PartitionSequences();
      this.partitions.set(topicPartition, entry);
    }
    return entry;
  }

  /** Numbers a batch that was never sent, and counts it as in flight. */
  assign(batch: ProducerBatch, producer: ProducerIdAndEpoch): void {
    assert(!batch.hasSequence, 'K21: numbered once', { at: batch.topicPartition });
    const entry = this.of(batch.topicPartition);
    if (isStale(entry, producer) && entry.inFlight.length === 0) entry.startAtBeginning(producer);
    assert(!isStale(entry, producer), 'old numbers are done with', { at: batch.topicPartition });
    batch.setProducerState(producer, entry.next);
    entry.next = incrementSequence(entry.next, batch.recordCount);
    this.add(batch);
  }

  /** Counts a numbered batch as in flight; also the parts of a split one. */
  add(batch: ProducerBatch): void {
    assert(batch.hasSequence, 'only numbered batches', { at: batch.topicPartition });
    const { inFlight } = this.of(batch.topicPartition);
    assert(!inFlight.includes(batch), 'counted once', { at: batch.topicPartition });
    inFlight.push(batch);
    inFlight.sort(bySequence);
  }

  remove(batch: ProducerBatch): void {
    const entry = this.partitions.get(batch.topicPartition);
    if (entry === undefined) return;
    assert(batch.hasSequence || !entry.inFlight.includes(batch), 'numbered', {
      at: batch.topicPartition,
    });
    entry.inFlight = entry.inFlight.filter((other) => other !== batch);
  }

  /** Whether the partition's batches in flight have another id or epoch than the current one. */
  hasStale(topicPartition: string, producer: ProducerIdAndEpoch): boolean {
    return isStale(this.of(topicPartition), producer);
  }

  hasInFlight(topicPartition: string): boolean {
    return this.of(topicPartition).inFlight.length > 0;
  }

  /** The sequence that must be sent before any other of the partition; -1 if none is in flight. */
  firstInFlight(topicPartition: string): number {
    return this.of(topicPartition).inFlight[0]?.baseSequence ?? NO_SEQUENCE;
  }

  next(topicPartition: string): number {
    return this.of(topicPartition).next;
  }

  /** Whether a sequence directly follows the last acknowledged one. */
  isNext(topicPartition: string, sequence: number): boolean {
    const { lastAcked } = this.of(topicPartition);
    const expected = lastAcked === NO_SEQUENCE ? 0 : incrementSequence(lastAcked, 1);
    assert(expected >= 0, 'a sequence', { expected });
    return sequence === expected;
  }

  lastAckedOffset(topicPartition: string): number {
    return this.of(topicPartition).lastAckedOffset;
  }

  /** A batch was acknowledged at an offset (-1: unknown). */
  acknowledged(batch: ProducerBatch, baseOffset: number): void {
    assert(batch.hasSequence, 'only numbered batches', { at: batch.topicPartition });
    const entry = this.of(batch.topicPartition);
    entry.lastAcked = Math.max(entry.lastAcked, batch.lastSequence);
    if (baseOffset !== NO_OFFSET) {
      const lastOffset = baseOffset + batch.recordCount - 1;
      entry.lastAckedOffset = Math.max(entry.lastAckedOffset, lastOffset);
    }
    this.remove(batch);
  }

  /** Renumbers what is in flight from 0 under a bumped epoch (KIP-360). */
  startAtBeginning(topicPartition: string, producer: ProducerIdAndEpoch): void {
    this.partitions.get(topicPartition)?.startAtBeginning(producer);
  }

  /** The broker knows nothing of the producer in this partition: numbers begin at 0 again. */
  forget(topicPartition: string): void {
    this.partitions.delete(topicPartition);
  }
}

function isStale(entry: PartitionSequences, producer: ProducerIdAndEpoch): boolean {
  if (entry.producer === null) return true;
  const { producerId, epoch } = entry.producer;
  return producerId !== producer.producerId || epoch !== producer.epoch;
}

/** By id and epoch first: batches of an old epoch may still be there (kafka pull 12096). */
function bySequence(left: ProducerBatch, right: ProducerBatch): number {
  return (
    left.producerId - right.producerId ||
    left.producerEpoch - right.producerEpoch ||
    left.baseSequence - right.baseSequence
  );
}
