/**
 * How far a topic's batches have shrunk by compression: the producer must guess when a batch is
 * full before it compresses it. Whole thousandths, so that every world guesses the same.
 *
 * Source: `record/CompressionRatioEstimator`. Not here: compression itself (`wire/kafka`).
 */
import { assert } from '../../../kernel/assert.ts';

const UNCOMPRESSED_MILLE = 1000;
/** The guess falls slowly and rises fast: a batch that came out too large costs a split. */
const IMPROVING_MILLE = 5;
const DETERIORATE_MILLE = 50;
/** `MemoryRecordsBuilder.COMPRESSION_RATE_ESTIMATION_FACTOR`: 1.05. */
const SAFETY_PERCENT = 105;

export class CompressionRatio {
  private readonly milleByTopic = new Map<string, number>();

  /** The expected compressed bytes of so many uncompressed ones, rounded down. */
  estimateBytes(topic: string, uncompressedBytes: number): number {
    assert(uncompressedBytes >= 0, 'bytes', { uncompressedBytes });
    const mille = this.milleByTopic.get(topic) ?? UNCOMPRESSED_MILLE;
    return Math.floor((uncompressedBytes * mille * SAFETY_PERCENT) / (1000 * 100));
  }

  /** Learns from a batch that was compressed. */
  observe(topic: string, uncompressedBytes: number, compressedBytes: number): void {
    assert(uncompressedBytes > 0 && compressedBytes > 0, 'a batch with records', {
      uncompressedBytes,
      compressedBytes,
    });
    const observed = Math.floor((compressedBytes * 1000) / uncompressedBytes);
    const current = this.milleByTopic.get(topic) ?? UNCOMPRESSED_MILLE;
    if (observed > current) {
      this.milleByTopic.set(topic, Math.max(current + DETERIORATE_MILLE, observed));
    } else if (observed < current) {
      this.milleByTopic.set(topic, Math.max(current - IMPROVING_MILLE, observed));
    }
  }

  /** A batch was refused as too large: forget the optimism. */
  reset(topic: string, uncompressedBytes: number, compressedBytes: number): void {
    assert(uncompressedBytes > 0 && compressedBytes > 0, 'a batch with records');
    const observed = Math.floor((compressedBytes * 1000) / uncompressedBytes);
    this.milleByTopic.set(topic, Math.max(UNCOMPRESSED_MILLE, observed));
  }
}
