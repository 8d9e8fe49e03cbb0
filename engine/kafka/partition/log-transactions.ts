/**
 * What a log asks of the part that follows transactions in it. The part is handed in by the
 * transaction module of a broker (`transaction/`); a log without it refuses transactional batches,
 * and a page that shows no transactions does not carry it.
 *
 * Not here: the part itself (`ongoing-transactions.ts`).
 */
import type { Ports } from '../../kernel/ports.ts';
import type { BatchHeader } from '../../wire/kafka/record-batch.ts';
import type { ProducerState } from './producer-state.ts';

/** A range of one producer's offsets that a read_committed consumer leaves out. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** Proof that a producer's first write was asked about at the coordinator (KIP-890). */
export interface VerificationGuard {
  readonly producerId: number;
}

/** Who writes; -1 for a coordinator's batch, which has no sequence. */
export interface FirstWrite {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

export interface LogTransactions {
  /**
   * The first offset of a transaction that is undecided, or whose end is not yet below the high
   * watermark; -1 if there is none.
   */
  readonly firstUnstableOffset: number;
  /**
   * A guard to ask the coordinator with, before the first batch of a transaction is appended; null
   * where the producer's transaction is open here already.
   */
  startVerification(of: FirstWrite): VerificationGuard | null;
  /** Why a batch of a producer may not be appended by the leader; NONE if it may. */
  judge(header: BatchHeader, records: Uint8Array, guard: VerificationGuard | null): number;
  /** A batch with a producer id is in the log: appended, replicated, or found at recovery. */
  tookIn(header: BatchHeader, bytes: Uint8Array, at: AppendedAt): void;
  highWatermarkMoved(highWatermark: number): void;
  /** The producers are as a snapshot has them; batches from this offset on come by `tookIn`. */
  rebuildFrom(offset: number): void;
  /** The transactions that a reader of these batches must be told of. */
  abortedIn(fetchOffset: number, records: Uint8Array): readonly AbortedTransaction[];
  /** The aborted transactions that overlap these offsets: for compaction. */
  abortedBetween(from: number, upTo: number): readonly AbortedTransaction[];
  /** Compaction made one segment of several; of `gone` nothing but a marker can be left. */
  segmentsReplaced(baseOffsets: readonly number[], gone: readonly AbortedTransaction[]): void;
  /** A segment is gone, by retention or truncation. */
  segmentDeleted(baseOffset: number): void;
  /** Forgets questions to the coordinator whose batch never came (`producer.id.expiration.ms`). */
  removeExpired(wallMs: number, expirationMs: number): void;
}

export interface AppendedAt {
  readonly firstOffset: number;
  readonly lastOffset: number;
}

export interface LogTransactionsParts {
  /** The log's folder. */
  readonly folder: string;
  readonly producers: ProducerState;
  /** Where the segment begins that has this offset. */
  readonly segmentOf: (offset: number) => number;
}

export type MakeLogTransactions = (
  ports: Pick<Ports, 'clock' | 'disk'>,
  parts: LogTransactionsParts,
) => LogTransactions;
