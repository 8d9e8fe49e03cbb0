/**
 * What a kind of coordinator brings to the runtime: its state for one partition of its internal
 * topic, and the records that this state is made of.
 *
 * Not here: when a shard is loaded, written and dropped (`coordinator-runtime.ts`).
 * Source: `CoordinatorShard`, `CoordinatorResult`, `Serializer`, `Deserializer`.
 */
import type { VerificationGuard } from '../partition/log-transactions.ts';
import type { CoordinatorTimer } from './coordinator-timer.ts';

/** Where a record stands in the log, and which transaction's it is (-1 and -1: none). */
export interface ReplayContext {
  readonly offset: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** State that is changed by records only, or by an operation whose records are not replayed. */
export interface CoordinatorShard<R> {
  /** Takes in a record: while loading, and right after it was appended. */
  replay(record: R, context: ReplayContext): void;
  /** A transaction that wrote into this partition has ended (KIP-98): while loading. */
  replayEndTransactionMarker?(context: ReplayContext, committed: boolean): void;
  /** All is replayed: timers may begin. */
  loaded(): void;
  /** This broker coordinates the shard no more. Its timers are cancelled by the runtime. */
  unloaded(): void;
}

/** The records of a kind of coordinator, as the log has them. */
export interface CoordinatorRecordCodec<R> {
  encode(record: R): { readonly key: Uint8Array; readonly value: Uint8Array | null };
  /** Null for a kind that this release does not know: it is passed over. */
  decode(key: Uint8Array, value: Uint8Array | null): R | null;
}

/** What an operation wants to be written, and its answer when that is durable. */
export interface CoordinatorResult<T, R> {
  readonly records: readonly R[];
  readonly response: T;
  /** False where the operation has changed the state already. */
  readonly replays?: boolean;
  /** The transaction that the records belong to, until its marker comes. */
  readonly transaction?: ResultTransaction;
  /** Called before the answer: NONE when all in-sync replicas have the records, else the error. */
  readonly appended?: (errorCode: number) => void;
}

/** A transaction, and what its coordinator said of this partition (KIP-890). */
export interface ResultTransaction {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly guard?: VerificationGuard | null;
}

/** What a shard is made with. */
export interface ShardParts {
  /** The partition of the internal topic. */
  readonly index: number;
  readonly timer: ShardTimer;
  /** The high watermark: below it nothing is lost. */
  readonly committedOffset: () => number;
}

/** Timers whose end is a write operation of the shard. */
export interface ShardTimer {
  /** `retries`: an operation whose records cannot be written is tried again after a backoff. */
  schedule(
    key: string,
    delayMs: number,
    retries: boolean,
    operation: () => CoordinatorResult<unknown, unknown>,
  ): void;
  cancel: CoordinatorTimer['cancel'];
  has: CoordinatorTimer['has'];
}

/** The answer of an operation: its response, or why there is none. */
export type CoordinatorAnswer<T> =
  | { readonly errorCode: 0; readonly response: T }
  | { readonly errorCode: number; readonly response: null };
