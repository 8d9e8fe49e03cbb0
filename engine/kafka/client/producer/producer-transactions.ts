/**
 * The transactions of a producer: begin, send, commit or abort, with a `transactional.id` by which
 * the coordinator fences whoever had it before. A part that a producer is given:
 *
 *     const producer = createProducer({ ..., transactions: producerTransactions });
 *     transactionsOf(producer).initTransactions((errorCode) => ...);
 *
 * An *abortable* error ends the transaction: only `abortTransaction` goes on. A *fatal* one ends
 * the producer. Not here: the requests (`transaction-requests.ts`), sequences and batches
 * (`producer-id.ts`, `sender.ts`). Source: `TransactionManager`, KIP-98, KIP-360, KIP-447, KIP-890.
 * Differences: calls do not block but call back; whether the cluster has transactions of version 2
 * is known from the profile (there, from the features in ApiVersions).
 */
import type { AnyStateMachine } from 'xstate';
import { assert } from '../../../kernel/assert.ts';
import type { Address, Ports } from '../../../kernel/ports.ts';
import { microsOfMillis } from '../../../kernel/units.ts';
import type { EndTxnResponse } from '../../../wire/kafka/messages/end-txn.ts';
import { ErrorCode, errorName, isRetriable } from '../../../wire/kafka/errors.ts';
import {
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinator,
} from '../../../wire/kafka/messages/find-coordinator.ts';
import type { InitProducerIdResponse } from '../../../wire/kafka/messages/init-producer-id.ts';
import { produce } from '../../../wire/kafka/messages/produce.ts';
import type { Reply } from '../../network-client.ts';
import { producerTransactionKind } from '../../transaction/transaction-trace.ts';
import type { MakeProducerId, Producer } from './producer.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from './producer-batch.ts';
import { FATAL_ERRORS, ProducerId, type ProducerIdOwner } from './producer-id.ts';
import {
  type ConsumerGroupMetadata,
  type TransactionRequest,
  type TransactionalOffset,
  addOffsetsOf,
  addPartitionsOf,
  endTxnOf,
  errorOf,
  initProducerIdOf,
  txnOffsetCommitOf,
  verdictOf,
} from './transaction-requests.ts';
import { transactionalMachine } from './transactional.machine.ts';

export type { ConsumerGroupMetadata, TransactionalOffset } from './transaction-requests.ts';

/** Called once, with NONE or the error that ended the call. */
export type TransactionCallback = (errorCode: number) => void;

/** Transactions of version 1 are told by Produce up to this version. */
const PRODUCE_VERSION_1 = 11;
/** Before KIP-447 the group was not told whose offsets they are. */
const NOBODY = { generationId: -1, memberId: '', groupInstanceId: null };
const NEW_PRODUCER = { producerId: NO_PRODUCER_ID, epoch: NO_PRODUCER_EPOCH };
/** An error after another one changes nothing, nor does one of a transaction that is over. */
const FAILS_ABORTABLY = ['INITIALIZING', 'IN_TRANSACTION', 'COMMITTING_TRANSACTION'];
/** Until the first partition is taken up: the end of the transaction before may be near. */
const FIRST_RETRY_MS = 20;

export const producerTransactions: MakeProducerId = (ports, owner) =>
  new ProducerTransactions(ports, owner);

/** The transactions of a producer that was made with them. */
export function transactionsOf(producer: Producer): ProducerTransactions {
  const { producerId } = producer;
  assert(producerId instanceof ProducerTransactions, 'a transactional producer');
  return producerId;
}

export class ProducerTransactions extends ProducerId {
  override readonly transactionalId: string;
  override readonly produceVersion: number;
  readonly #isVersion2: boolean;
  readonly #timeoutMs: number;
  readonly #coordinators = new Map<string, Address>();
  #requests: TransactionRequest[] = [];
  #inFlight = false;
  #waiting = false;
  /** Partitions that records were put into and that the coordinator has not been told of. */
  #newPartitions = new Set<string>();
  #partitions = new Set<string>();
  /** Whether the coordinator may know of the transaction. */
  #started = false;
  #lastError: number = ErrorCode.NONE;
  /** The call that is under way: `initTransactions`, `commitTransaction` or `abortTransaction`. */
  #pending: TransactionCallback | null = null;

  constructor(ports: Ports, owner: ProducerIdOwner) {
    super(ports, owner, transactionalMachine as AnyStateMachine);
    this.transactionalId = owner.config['transactional.id'];
    assert(this.transactionalId !== '', 'transactional.id');
    this.#timeoutMs = owner.config['transaction.timeout.ms'];
    this.#isVersion2 = owner.profile.switches.transactionVersion2;
    this.produceVersion = this.#isVersion2 ? produce.versionMax : PRODUCE_VERSION_1;
  }

  /** The error that ended the transaction or the producer; NONE without. */
  get lastError(): number {
    return this.hasFatalError ? this.fatalError : this.#lastError;
  }

  /** The partitions of the transaction. */
  get partitions(): readonly string[] {
    return [...this.#partitions, ...this.#newPartitions];
  }

  // ------------------------------------------------------------------------------------- the API

  /** Gets the producer id; earlier producers of the transactional id are fenced. */
  initTransactions(done: TransactionCallback): void {
    if (this.#refuses('UNINITIALIZED', done)) return;
    this.#pending = done;
    this.machine.send({ type: 'INIT_PRODUCER_ID' });
    this.#initProducerId();
  }

  /** INVALID_TXN_STATE unless the producer is READY. */
  beginTransaction(): number {
    if (this.hasFatalError) return this.fatalError;
    if (!this.machine.matches('READY') || this.#pending !== null) {
      return ErrorCode.INVALID_TXN_STATE;
    }
    this.#lastError = ErrorCode.NONE;
    this.machine.send({ type: 'BEGIN_TRANSACTION' });
    return ErrorCode.NONE;
  }

  /** Commits a group's offsets with the transaction. */
  sendOffsetsToTransaction(
    offsets: readonly TransactionalOffset[],
    group: ConsumerGroupMetadata,
    done: TransactionCallback,
  ): void {
    if (this.#refuses('IN_TRANSACTION', done)) return;
    if (this.#isVersion2) {
      this.#started = true;
      this.#commitOffsets(offsets, group, done);
      return;
    }
    const added = (errorCode: number): void => {
      if (errorCode !== ErrorCode.NONE) {
        done(errorCode);
        return;
      }
      this.#started = true;
      this.#commitOffsets(offsets, group, done);
    };
    this.#enqueue(addOffsetsOf(this.transactionalId, this.producer, group.groupId, added));
  }

  #commitOffsets(
    offsets: readonly TransactionalOffset[],
    group: ConsumerGroupMetadata,
    done: TransactionCallback,
  ): void {
    const { sendsGroupMetadata } = this.owner.profile.switches;
    const member = sendsGroupMetadata ? group : { ...group, ...NOBODY };
    const of = { offsets, group: member, isVersion2: this.#isVersion2 };
    this.#enqueue(txnOffsetCommitOf(this.transactionalId, this.producer, of, done));
  }

  /** Sends what is there, then commits. */
  commitTransaction(done: TransactionCallback): void {
    if (this.#refuses('IN_TRANSACTION', done)) return;
    this.machine.send({ type: 'BEGIN_COMMIT' });
    this.#end(true, done);
  }

  /** Also the way on after an abortable error. */
  abortTransaction(done: TransactionCallback): void {
    if (this.machine.matches('ABORTABLE_ERROR')) {
      this.machine.send({ type: 'BEGIN_ABORT' });
    } else {
      if (this.#refuses('IN_TRANSACTION', done)) return;
      this.machine.send({ type: 'BEGIN_ABORT' });
    }
    this.#newPartitions.clear();
    this.owner.abortUndrained(this.#lastError || ErrorCode.TRANSACTION_ABORTABLE);
    this.#end(false, done);
  }

  /** Tells the caller of a call that the state does not allow. */
  #refuses(state: string, done: TransactionCallback): boolean {
    if (this.machine.matches(state) && this.#pending === null) return false;
    const errorCode = this.lastError || ErrorCode.INVALID_TXN_STATE;
    this.ports.clock.after(microsOfMillis(0), 'callback', () => done(errorCode));
    return true;
  }

  #end(committed: boolean, done: TransactionCallback): void {
    assert(this.#pending === null, 'one call at a time', { state: this.state });
    this.#pending = done;
    // The coordinator does not know this producer: there is nothing that it could end.
    if (this.#lastError === ErrorCode.INVALID_PRODUCER_ID_MAPPING) {
      this.epochBumpRequired = true;
      this.#completed();
      return;
    }
    const of = { committed, isVersion2: this.#isVersion2 };
    const answered = (errorCode: number, body: unknown): void => {
      if (errorCode !== ErrorCode.NONE) {
        this.#finish(errorCode);
        return;
      }
      const { producerId, producerEpoch: epoch } = body as EndTxnResponse;
      if (this.#isVersion2 && producerId >= 0) {
        this.setProducer({ producerId, epoch }, 'EndTxn');
        this.epochBumpRequired = false;
      }
      this.#completed();
    };
    this.#enqueue(endTxnOf(this.transactionalId, this.producer, of, answered));
  }

  #initProducerId(): void {
    const before = this.epochBumpRequired ? this.producer : NEW_PRODUCER;
    this.#enqueue(
      initProducerIdOf(this.transactionalId, this.#timeoutMs, before, (errorCode, body) => {
        if (errorCode !== ErrorCode.NONE) {
          this.#finish(errorCode);
          return;
        }
        const { producerId, producerEpoch: epoch } = body as InitProducerIdResponse;
        this.setProducer({ producerId, epoch }, 'InitProducerId');
        this.epochBumpRequired = false;
        this.machine.send({ type: 'PRODUCER_ID_ASSIGNED' });
        this.#finish(ErrorCode.NONE);
      }),
    );
  }

  #completed(): void {
    this.#partitions.clear();
    this.#newPartitions.clear();
    this.#started = false;
    this.#lastError = ErrorCode.NONE;
    if (this.epochBumpRequired) {
      this.machine.send({ type: 'BUMP_EPOCH' });
      this.#initProducerId();
      return;
    }
    this.machine.send({ type: 'COMPLETE_TRANSACTION' });
    this.#finish(ErrorCode.NONE);
  }

  #finish(errorCode: number): void {
    const done = this.#pending;
    this.#pending = null;
    done?.(errorCode);
  }

  // ---------------------------------------------------------------------------- what is produced

  override get sendError(): number {
    if (this.hasFatalError) return this.fatalError;
    if (this.machine.matches('IN_TRANSACTION')) return ErrorCode.NONE;
    return this.#lastError || ErrorCode.INVALID_TXN_STATE;
  }

  override appended(topicPartition: string): void {
    super.appended(topicPartition);
    if (this.#partitions.has(topicPartition)) return;
    if (this.#isVersion2) {
      this.#partitions.add(topicPartition);
      this.#started = true;
    } else {
      this.#newPartitions.add(topicPartition);
    }
    this.owner.wake();
  }

  override mustWait(first: ProducerBatch): boolean {
    if (!this.#partitions.has(first.topicPartition)) return true;
    return super.mustWait(first);
  }

  override canRetry(batch: ProducerBatch, errorCode: number, logStartOffset: number): boolean {
    const { topicPartition } = batch;
    if (errorCode === ErrorCode.UNKNOWN_PRODUCER_ID) {
      if (logStartOffset === -1 || batch.sequenceHasBeenReset) return true;
      if (this.sequences.lastAckedOffset(topicPartition) >= logStartOffset) return false;
      // Retention took what the log knew of the producer: it may begin at 0 again.
      this.sequences.startAtBeginning(topicPartition, this.producer);
      return true;
    }
    if (errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) {
      const next = this.sequences.isNext(topicPartition, batch.baseSequence);
      return !this.unresolved.has(topicPartition) && (batch.sequenceHasBeenReset || !next);
    }
    return isRetriable(errorCode);
  }

  override failed(batch: ProducerBatch, errorCode: number): void {
    this.sequences.remove(batch);
    this.unresolved.delete(batch.topicPartition);
    if (this.hasFatalError) return;
    if (FATAL_ERRORS.has(errorCode)) {
      this.failFatally(errorCode);
      return;
    }
    if (!this.machine.matches('ABORTING_TRANSACTION')) this.epochBumpRequired = true;
    this.#abortableError(errorCode);
  }

  /** Sequences that nobody knows of: the transaction must end, and the next has a new epoch. */
  protected override requestEpochBump(topicPartition: string): void {
    assert(topicPartition !== '', 'a partition');
    this.epochBumpRequired = true;
    this.#abortableError(ErrorCode.REQUEST_TIMED_OUT);
  }

  #abortableError(errorCode: number): void {
    if (!FAILS_ABORTABLY.some((state) => this.machine.matches(state))) return;
    this.#lastError = errorCode;
    this.machine.send({ type: 'ABORTABLE_ERROR' });
    this.owner.abortUndrained(errorCode);
    for (const { done } of this.#requests.splice(0)) done(errorCode, null);
    this.#finish(errorCode);
  }

  protected override failFatally(errorCode: number): void {
    if (this.hasFatalError) return;
    super.failFatally(errorCode);
    for (const { done } of this.#requests.splice(0)) done(errorCode, null);
    this.#finish(errorCode);
  }

  // ------------------------------------------------------------------------------------- requests

  #enqueue(request: TransactionRequest): void {
    const behind = this.#requests.findIndex(({ priority }) => priority > request.priority);
    this.#requests.splice(behind < 0 ? this.#requests.length : behind, 0, request);
    this.owner.wake();
  }

  /** A turn of the sender: sends the next request. */
  override prepare(): void {
    if (this.hasFatalError || this.#inFlight || this.#waiting) return;
    if (this.#newPartitions.size > 0) this.#addPartitions();
    const next = this.#requests[0];
    if (next === undefined) return;
    if (next.kind === 'EndTxn') {
      if (!this.owner.isIdle()) return;
      if (!this.#started) {
        this.#requests.shift();
        this.#completed();
        return;
      }
    }
    this.#requests.shift();
    this.#send(next);
  }

  #addPartitions(): void {
    const names = [...this.#newPartitions];
    this.#newPartitions.clear();
    const added = (errorCode: number): void => {
      if (errorCode !== ErrorCode.NONE) return;
      for (const name of names) this.#partitions.add(name);
      this.#started = true;
      this.owner.wake();
    };
    this.#enqueue(addPartitionsOf(this.transactionalId, this.producer, names, added));
  }

  #send(request: TransactionRequest): void {
    const address = this.#coordinators.get(`${request.keyType}`);
    if (address === undefined) {
      this.#requests.unshift(request);
      this.#findCoordinator(request);
      return;
    }
    this.#inFlight = true;
    const { api, version, body } = request;
    const channel = this.owner.network.connectionTo(address);
    channel.send(api.key, Math.min(version, api.versionMax), body, (reply) => {
      this.#inFlight = false;
      this.#answered(request, reply);
      this.owner.wake();
    });
  }

  #answered(request: TransactionRequest, reply: Reply): void {
    if (this.hasFatalError) {
      request.done(this.fatalError, null);
      return;
    }
    if (!reply.ok) {
      this.#coordinators.delete(`${request.keyType}`);
      if (reply.reason === 'unsupported-version') this.failFatally(ErrorCode.UNSUPPORTED_VERSION);
      else this.#again(request);
      return;
    }
    const errorCode = errorOf(request.kind, reply.body);
    this.#record(request, errorCode);
    if (errorCode === ErrorCode.NONE) {
      request.done(errorCode, reply.body);
      return;
    }
    const verdict = verdictOf(request.kind, errorCode);
    if (verdict === 'look-up') this.#coordinators.delete(`${request.keyType}`);
    if (verdict === 'look-up' || verdict === 'again') {
      this.#again(request);
      return;
    }
    request.done(errorCode, null);
    const told =
      errorCode === ErrorCode.INVALID_PRODUCER_EPOCH ? ErrorCode.PRODUCER_FENCED : errorCode;
    if (verdict === 'fatal') this.failFatally(told);
    else {
      this.epochBumpRequired = true;
      this.#abortableError(errorCode);
    }
  }

  /** After a wait: the shortest while the transaction before is being completed. */
  #again(request: TransactionRequest): void {
    const backoffMs = this.owner.config['retry.backoff.ms'];
    const isFirst = request.kind === 'AddPartitionsToTxn' && this.#partitions.size === 0;
    const waitMs = isFirst ? Math.min(FIRST_RETRY_MS, backoffMs) : backoffMs;
    request.attempts++;
    this.#enqueue(request);
    this.#wait(waitMs);
  }

  #wait(waitMs: number): void {
    this.#waiting = true;
    this.ports.clock.after(microsOfMillis(waitMs), 'retry.backoff.ms', () => {
      this.#waiting = false;
      this.owner.wake();
    });
  }

  #findCoordinator({ key, keyType }: TransactionRequest): void {
    const channel = this.owner.metadata.leastLoadedChannel();
    const backoffMs = this.owner.config['retry.backoff.ms'];
    if (channel === null) {
      this.#wait(backoffMs);
      return;
    }
    this.#inFlight = true;
    const body: FindCoordinatorRequest = { key, keyType, coordinatorKeys: [key] };
    channel.send(findCoordinator.key, findCoordinator.versionMax, body, (reply) => {
      this.#inFlight = false;
      const answer = reply.ok ? (reply.body as FindCoordinatorResponse) : null;
      const found = answer?.coordinators[0] ?? answer;
      const errorCode = found?.errorCode ?? ErrorCode.NETWORK_EXCEPTION;
      if (found === null || errorCode !== ErrorCode.NONE) {
        if (reply.ok && !isRetriable(errorCode)) this.failFatally(errorCode);
        else this.#wait(backoffMs);
        return;
      }
      assert(found.port > 0, 'an address', { key });
      this.#coordinators.set(`${keyType}`, { host: found.host, port: found.port });
      this.owner.wake();
    });
  }

  #record({ kind: request }: TransactionRequest, errorCode: number): void {
    if (!this.ports.trace.on) return;
    const { transactionalId } = this;
    const error = errorName(errorCode);
    this.ports.trace.record(producerTransactionKind, { transactionalId, request, error });
  }
}
