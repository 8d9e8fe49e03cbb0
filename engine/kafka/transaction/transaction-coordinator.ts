/**
 * The transaction coordinator of a broker: gives transactional ids their producer id and epoch,
 * keeps which partitions are in which transaction, and ends transactions: first in its own log
 * (the point of no return), then by a marker in each partition.
 *
 * Invariants K22, K23, K24, K26. Not here: markers (`transaction-marker-channel.ts`), requests
 * (`api/22` to `api/66`), the metadata's changes (`transaction-metadata.ts`).
 * Source: `TransactionCoordinator`, `TransactionStateManager` (KIP-98, KIP-360, KIP-890).
 */
import { assert } from '../../kernel/assert.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import type { CoordinatorResult } from '../coordinator/coordinator-shard.ts';
import { CoordinatorRuntime } from '../coordinator/coordinator-runtime.ts';
import { partitionFor } from '../coordinator/partition-for.ts';
import type { Partition } from '../partition/partition.ts';
import { type EndTransaction, endRefusal, endTransition } from './end-transaction.ts';
import { type ProducerIdAndEpoch, initTransition } from './init-producer-id.ts';
import type { TransactionSettings } from './transaction-config.ts';
import { TransactionMarkerChannel } from './transaction-marker-channel.ts';
import {
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type TopicPartitions,
  TransactionMetadata,
  type TransactionVersion,
  type Transition,
  logValueOf,
} from './transaction-metadata.ts';
import {
  type TransactionRecord,
  TransactionShard,
  transactionLogCodec,
} from './transaction-shard.ts';
import { isExpirationAllowed } from './transaction-state.ts';
import { transactionEndKind, transactionExpiredKind } from './transaction-trace.ts';

export const TRANSACTION_STATE_TOPIC = '__transaction_state';

type Result = CoordinatorResult<number, TransactionRecord>;
type Answer = (errorCode: number) => void;
export type ProducerAnswer = (errorCode: number, producer: ProducerIdAndEpoch) => void;

const NO_PRODUCER: ProducerIdAndEpoch = {
  producerId: NO_PRODUCER_ID,
  producerEpoch: NO_PRODUCER_EPOCH,
};

export class TransactionCoordinator {
  readonly #broker: BrokerParts;
  readonly #settings: TransactionSettings;
  readonly #runtime: CoordinatorRuntime<TransactionShard, TransactionRecord>;
  readonly #markers: TransactionMarkerChannel;
  readonly #epochs = new Map<number, Partition>();
  #timing = false;
  #closed = false;

  constructor(broker: BrokerParts, settings: TransactionSettings) {
    this.#broker = broker;
    this.#settings = settings;
    assert(settings['transaction.max.timeout.ms'] > 0, 'transaction.max.timeout.ms');
    const hooks = {
      loaded: (shard: TransactionShard) => this.#loaded(shard),
      unloaded: (shard: TransactionShard) => this.#markers.forget(shard.index),
    };
    this.#runtime = new CoordinatorRuntime(broker, {
      topic: TRANSACTION_STATE_TOPIC,
      codec: transactionLogCodec(this.version === 2 ? 1 : 0),
      makeShard: ({ index }) => new TransactionShard(broker.ports, index, hooks),
      writeTimeoutMs: broker.config.values['request.timeout.ms'],
      loadBufferBytes: settings['transaction.state.log.load.buffer.size'],
    });
    this.#markers = new TransactionMarkerChannel(broker);
  }

  /** What the cluster can: `transaction.version`. */
  get version(): TransactionVersion {
    return this.#broker.profile.switches.transactionVersion2 ? 2 : 0;
  }

  /** Milliseconds between looks for transactions that took too long. */
  get abortIntervalMs(): number {
    return this.#settings['transaction.abort.timed.out.transaction.cleanup.interval.ms'];
  }

  /** Of `__transaction_state`, as it is or will be made. */
  get partitionCount(): number {
    const topic = this.#broker.image().topics.get(TRANSACTION_STATE_TOPIC);
    return topic?.partitions.length ?? this.#settings['transaction.state.log.num.partitions'];
  }

  partitionFor(transactionalId: string): number {
    return partitionFor(transactionalId, this.partitionCount);
  }

  // ------------------------------------------------------------------------------------ elections

  elected(partition: Partition): void {
    this.#epochs.set(partition.index, partition);
    // Where it led before, too, its state stays, and the markers that are on their way.
    this.#runtime.elected(partition);
    if (this.#timing) return;
    this.#timing = true;
    this.#every(this.abortIntervalMs, () => this.#abortTimedOut());
    this.#every(this.#settings['transaction.remove.expired.transaction.cleanup.interval.ms'], () =>
      this.#removeExpired(),
    );
  }

  resigned(index: number): void {
    this.#epochs.delete(index);
    this.#runtime.resigned(index);
  }

  metadataChanged(): void {
    this.#markers.metadataChanged();
  }

  close(): void {
    this.#closed = true;
    this.#runtime.close();
    this.#markers.close();
  }

  /** All metadata of this broker's shards: for views, tools and checkers. */
  *transactions(): Generator<TransactionMetadata> {
    for (const [, shard] of this.#runtime.active()) yield* shard.transactions.values();
  }

  /** Partitions of `__transaction_state` whose state this broker has loaded. */
  *loadedPartitions(): Generator<number> {
    for (const [index] of this.#runtime.active()) yield index;
  }

  /** What is known of a transactional id that this broker coordinates. */
  metadataOf(transactionalId: string): TransactionMetadata | undefined {
    const read = this.#runtime.read(this.partitionFor(transactionalId), (shard) =>
      shard.transactions.get(transactionalId),
    );
    return read.response ?? undefined;
  }

  /** Why this broker cannot answer for a transactional id; NONE if it can. */
  coordinatorError(transactionalId: string): number {
    return this.#runtime.read(this.partitionFor(transactionalId), () => null).errorCode;
  }

  #every(intervalMs: number, act: () => void): void {
    this.#broker.ports.clock.after(microsOfMillis(intervalMs), 'transaction-cleanup', () => {
      if (this.#closed) return;
      act();
      this.#every(intervalMs, act);
    });
  }

  /** Transactions that an earlier coordinator prepared are completed. */
  #loaded(shard: TransactionShard): void {
    for (const metadata of shard.transactions.values()) {
      if (metadata.state !== 'PrepareCommit' && metadata.state !== 'PrepareAbort') continue;
      this.#sendMarkers(shard.index, metadata);
    }
  }

  // ------------------------------------------------------------------------------- the one writer

  #now(): number {
    return this.#broker.ports.clock.wall();
  }

  /** An operation on a transactional id: `then` has a transition, or an error at once. */
  #write(
    transactionalId: string,
    operation: (shard: TransactionShard) => Result,
    answer: Answer,
  ): void {
    this.#runtime.write(this.partitionFor(transactionalId), operation, (outcome) =>
      answer(outcome.errorCode === ErrorCode.NONE ? (outcome.response ?? 0) : outcome.errorCode),
    );
  }

  /** Writes a transition; it is taken in once it is on all in-sync replicas. */
  #transit(metadata: TransactionMetadata, to: Transition, taken?: (error: number) => void): Result {
    const { transactionalId } = metadata;
    return {
      records: [{ transactionalId, value: logValueOf(to) }],
      response: ErrorCode.NONE,
      replays: false,
      appended: (errorCode) => {
        if (errorCode !== ErrorCode.NONE) metadata.rollBack();
        else if (taken === undefined) metadata.complete(to);
        taken?.(errorCode);
      },
    };
  }

  // -------------------------------------------------------------------------------- InitProducerId

  /** A producer id and epoch for a transactional id; earlier producers of it are fenced. */
  initProducerId(
    transactionalId: string,
    timeoutMs: number,
    expected: ProducerIdAndEpoch | null,
    answer: ProducerAnswer,
  ): void {
    const refuse = (errorCode: number): void => answer(errorCode, NO_PRODUCER);
    const timeoutMsMax = this.#settings['transaction.max.timeout.ms'];
    if (timeoutMs <= 0 || timeoutMs > timeoutMsMax) {
      refuse(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
      return;
    }
    let given = NO_PRODUCER;
    let fenced: TransactionMetadata | null = null;
    const operation = (shard: TransactionShard): Result => {
      const metadata = this.#metadataOrNew(shard, transactionalId, timeoutMs);
      if (metadata === null) return failed(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
      const takeId = (): number | null => this.#broker.producerIds.take();
      const nowMs = this.#now();
      const to = initTransition(metadata, { timeoutMs, expected, nowMs, takeId });
      if (typeof to === 'number') return failed(to);
      if (to === 'fence') {
        fenced = metadata;
        return failed(ErrorCode.NONE);
      }
      given = { producerId: to.producerId, producerEpoch: to.producerEpoch };
      return this.#transit(metadata, to);
    };
    this.#write(transactionalId, operation, (errorCode) => {
      if (fenced === null) answer(errorCode, errorCode === ErrorCode.NONE ? given : NO_PRODUCER);
      // The client asks again until the transaction of the fenced producer has ended.
      else if (errorCode !== ErrorCode.NONE) refuse(errorCode);
      else {
        this.#fence(fenced, 'fenced', (error) =>
          refuse(error === ErrorCode.NONE ? ErrorCode.CONCURRENT_TRANSACTIONS : error),
        );
      }
    });
  }

  #metadataOrNew(
    shard: TransactionShard,
    transactionalId: string,
    timeoutMs: number,
  ): TransactionMetadata | null {
    const known = shard.transactions.get(transactionalId);
    if (known !== undefined) return known;
    const producerId = this.#broker.producerIds.take();
    if (producerId === null) return null;
    const of = { transactionalId, producerId, timeoutMs, nowMs: this.#now() };
    const made = new TransactionMetadata(this.#broker.ports, of);
    shard.transactions.set(transactionalId, made);
    return made;
  }

  // ------------------------------------------------------------------------------------ partitions

  /** Takes partitions up into the transaction, which begins with the first. */
  addPartitions(
    transactionalId: string,
    producer: ProducerIdAndEpoch,
    partitions: TopicPartitions,
    clientVersion: TransactionVersion,
    answer: Answer,
  ): void {
    const operation = (shard: TransactionShard): Result => {
      const metadata = shard.transactions.get(transactionalId);
      const error = producerError(metadata, producer);
      if (metadata === undefined || error !== ErrorCode.NONE) return failed(error);
      const { state } = metadata;
      const ending = state === 'PrepareCommit' || state === 'PrepareAbort';
      if (metadata.pendingState !== null || ending)
        return failed(ErrorCode.CONCURRENT_TRANSACTIONS);
      const isIn = [...partitions.keys()].every((name) => metadata.partitions.has(name));
      if (state === 'Ongoing' && isIn) return failed(ErrorCode.NONE);
      const to = metadata.prepareAddPartitions(partitions, clientVersion, this.#now());
      return this.#transit(metadata, to);
    };
    this.#write(transactionalId, operation, answer);
  }

  /** Whether partitions are in the ongoing transaction: the error of each that is not (KIP-890). */
  verifyPartitions(
    transactionalId: string,
    producer: ProducerIdAndEpoch,
    partitions: TopicPartitions,
  ): ReadonlyMap<string, number> {
    const all = (errorCode: number): ReadonlyMap<string, number> =>
      new Map([...partitions.keys()].map((name) => [name, errorCode]));
    const read = this.#runtime.read(this.partitionFor(transactionalId), (shard) => {
      const metadata = shard.transactions.get(transactionalId);
      const error = producerError(metadata, producer);
      if (metadata === undefined || error !== ErrorCode.NONE) return all(error);
      if (metadata.state === 'PrepareCommit' || metadata.state === 'PrepareAbort') {
        return all(ErrorCode.CONCURRENT_TRANSACTIONS);
      }
      const codeOf = (name: string): number =>
        metadata.partitions.has(name) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
      return new Map([...partitions.keys()].map((name) => [name, codeOf(name)]));
    });
    return read.response ?? all(read.errorCode);
  }

  // ------------------------------------------------------------------------------------------ end

  /** Commits or aborts. Answered when the decision is in the log; the markers follow. */
  endTransaction(end: EndTransaction, answer: ProducerAnswer): void {
    const { transactionalId } = end;
    let ended: TransactionMetadata | null = null;
    let shardIndex = -1;
    let known = NO_PRODUCER;
    const operation = (shard: TransactionShard): Result => {
      const metadata = shard.transactions.get(transactionalId);
      if (metadata === undefined) return failed(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
      shardIndex = shard.index;
      const refusal = endRefusal(metadata, end);
      known = { producerId: metadata.producerId, producerEpoch: metadata.producerEpoch };
      if (refusal !== null) {
        return failed(refusal);
      }
      const to = endTransition(metadata, end, {
        nowMs: this.#now(),
        bumpsOnce: this.#broker.profile.switches.epochFenceBumpsOnce,
        takeId: () => this.#broker.producerIds.take(),
      });
      if (typeof to === 'number') return failed(to);
      ended = metadata;
      const fences = end.fencingEpoch !== null;
      return this.#transit(metadata, to, (errorCode) => {
        if (errorCode === ErrorCode.NONE) metadata.complete(to, fences);
        else if (fences) metadata.failedToFence(to.producerEpoch);
      });
    };
    this.#write(transactionalId, operation, (errorCode) => {
      if (errorCode !== ErrorCode.NONE) answer(errorCode, NO_PRODUCER);
      else if (ended === null) answer(errorCode, known);
      else answer(errorCode, this.#sendMarkers(shardIndex, ended));
    });
  }

  /** Raises the epoch of a producer and aborts its transaction. */
  #fence(metadata: TransactionMetadata, reason: string, answer: Answer): void {
    if (metadata.state !== 'Ongoing' || metadata.pendingState !== null) {
      answer(ErrorCode.CONCURRENT_TRANSACTIONS);
      return;
    }
    const { transactionalId, producerId } = metadata;
    const fencingEpoch = metadata.prepareFence();
    if (fencingEpoch === null) {
      // An exception there (KAFKA-20090).
      answer(ErrorCode.UNKNOWN_SERVER_ERROR);
      return;
    }
    const of = { transactionalId, producerId, producerEpoch: metadata.producerEpoch, reason };
    this.#broker.ports.trace.record(transactionEndKind, { ...of, result: 'ABORT' });
    const end: EndTransaction = {
      transactionalId,
      producerId,
      producerEpoch: metadata.producerEpoch,
      commits: false,
      clientVersion: this.version,
      fencingEpoch,
    };
    this.endTransaction(end, (errorCode) => {
      if (metadata.pendingState === 'PrepareEpochFence') metadata.rollBack();
      answer(errorCode);
    });
  }

  /** What is prepared is completed once each partition has its marker. */
  #sendMarkers(shardIndex: number, metadata: TransactionMetadata): ProducerIdAndEpoch {
    const leader = this.#epochs.get(shardIndex);
    const { transactionalId, producerId, producerEpoch } = metadata;
    const commits = metadata.state === 'PrepareCommit';
    const partitions = new Map(metadata.partitions);
    const to = metadata.prepareComplete(this.#now());
    assert(leader !== undefined, 'a shard of this broker', { shardIndex });
    const marker = { producerId, producerEpoch, commits, coordinatorEpoch: leader.leaderEpoch };
    this.#markers.send({ transactionalId, shardIndex, marker, partitions }, () =>
      this.#complete(metadata, to),
    );
    return { producerId: to.producerId, producerEpoch: to.producerEpoch };
  }

  #complete(metadata: TransactionMetadata, to: Transition): void {
    const { transactionalId } = metadata;
    let mine = true;
    const operation = (shard: TransactionShard): Result => {
      mine = shard.transactions.get(transactionalId) === metadata;
      return mine ? this.#transit(metadata, to) : failed(ErrorCode.NOT_COORDINATOR);
    };
    this.#write(transactionalId, operation, (errorCode) => {
      if (!mine || this.#closed || errorCode === ErrorCode.NONE) return;
      metadata.pendingState = to.state;
      // Replicas are missing: the markers are written, so only this record is tried again.
      if (errorCode !== ErrorCode.COORDINATOR_NOT_AVAILABLE) return;
      const waitMs = this.#broker.config.values['replica.fetch.backoff.ms'];
      this.#broker.ports.clock.after(microsOfMillis(waitMs), 'transaction-complete', () => {
        if (!this.#closed) this.#complete(metadata, to);
      });
    });
  }

  // --------------------------------------------------------------------------------------- timers

  /** Transactions that took longer than their producer allowed are aborted. */
  #abortTimedOut(): void {
    const nowMs = this.#now();
    for (const metadata of [...this.transactions()]) {
      if (metadata.state !== 'Ongoing' || metadata.pendingState !== null) continue;
      if (metadata.startMs + metadata.timeoutMs >= nowMs) continue;
      this.#fence(metadata, 'timed out', () => {});
    }
  }

  /** Transactional ids that were idle for `transactional.id.expiration.ms` are forgotten. */
  #removeExpired(): void {
    const before = this.#now() - this.#settings['transactional.id.expiration.ms'];
    for (const metadata of [...this.transactions()]) {
      if (!isExpirationAllowed(metadata.state) || metadata.pendingState !== null) continue;
      if (metadata.lastUpdateMs > before) continue;
      const { transactionalId } = metadata;
      const operation = (shard: TransactionShard): Result => {
        if (metadata.pendingState !== null) return failed(ErrorCode.CONCURRENT_TRANSACTIONS);
        metadata.prepareDead();
        return {
          records: [{ transactionalId, value: null }],
          response: ErrorCode.NONE,
          replays: false,
          appended: (errorCode) => {
            if (errorCode !== ErrorCode.NONE) {
              metadata.rollBack();
              return;
            }
            metadata.died();
            shard.transactions.delete(transactionalId);
          },
        };
      };
      this.#write(transactionalId, operation, (errorCode) => {
        const error = errorName(errorCode);
        this.#broker.ports.trace.record(transactionExpiredKind, { transactionalId, error });
      });
    }
  }
}

function failed(errorCode: number): Result {
  return { records: [], response: errorCode };
}

function producerError(
  metadata: TransactionMetadata | undefined,
  { producerId, producerEpoch }: ProducerIdAndEpoch,
): number {
  if (metadata?.producerId !== producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  return metadata.producerEpoch === producerEpoch ? ErrorCode.NONE : ErrorCode.PRODUCER_FENCED;
}
