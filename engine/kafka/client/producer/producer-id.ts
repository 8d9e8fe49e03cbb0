/**
 * The id and epoch of an idempotent producer, and what becomes of a batch whose numbers the broker
 * refuses: sent again as it is, numbered anew under a bumped epoch (KIP-360), or failed.
 *
 * Source: the idempotent part of `TransactionManager`. Not here: the numbers of each partition
 * (`sequence-numbers.ts`), the queues (`record-accumulator.ts`), transactions
 * (`producer-transactions.ts`). Difference: brokers too old for KIP-360 get a bumped epoch as well.
 */
import type { AnyStateMachine } from 'xstate';
import { assert } from '../../../kernel/assert.ts';
import { MachineRunner } from '../../../kernel/machine.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { traceKind } from '../../../kernel/ports.ts';
import { ErrorCode, isRetriable } from '../../../wire/kafka/errors.ts';
import { produce } from '../../../wire/kafka/messages/produce.ts';
import type { NetworkClient } from '../../network-client.ts';
import type { Profile } from '../../profiles.ts';
import type { ProducerConfig } from '../config.ts';
import type { ClientMetadata } from '../metadata.ts';
import type { ProducerBatch, ProducerIdAndEpoch } from './producer-batch.ts';
import {
  incrementSequence,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
} from './producer-batch.ts';
import { producerMachine } from './producer.machine.ts';
import { SequenceNumbers } from './sequence-numbers.ts';

const EPOCH_MAX = 0x7fff;

/** The producer has an id, or bumped its epoch. */
export const producerEpochTrace = traceKind('producer-epoch', {
  producerId: 'int',
  epoch: 'int',
  reason: 'string',
});

/** Errors that no other attempt and no other epoch cures. */
export const FATAL_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.UNSUPPORTED_VERSION,
]);

/** What the id's owner does for it. */
export interface ProducerIdOwner {
  readonly config: ProducerConfig;
  readonly profile: Profile;
  readonly metadata: ClientMetadata;
  readonly network: NetworkClient;
  /** Nothing is waiting, queued or in flight. */
  isIdle(): boolean;
  /** Fails what was never sent: its transaction is to be aborted. */
  abortUndrained(errorCode: number): void;
  /** Lets the sender run. */
  wake(): void;
  /** Sends InitProducerId; `answered` or `failed` is called later. */
  sendInitProducerId(): void;
  /** Waits `retry.backoff.ms`, then `sendInitProducerId`. */
  backOffInitProducerId(): void;
  /** Fails everything: the producer is of no use any more. */
  abortBatches(): void;
}

export class ProducerId {
  readonly sequences = new SequenceNumbers();
  /** The error that ended the producer; NONE while it works. */
  fatalError: number = ErrorCode.NONE;
  /** Not null for one that writes in transactions. */
  readonly transactionalId: string | null = null;
  /** The version of Produce that is sent, if the broker knows it. */
  readonly produceVersion: number = produce.versionMax;
  protected readonly ports: Ports;
  protected readonly owner: ProducerIdOwner;
  protected readonly machine: MachineRunner<AnyStateMachine>;
  private current: ProducerIdAndEpoch = { producerId: NO_PRODUCER_ID, epoch: NO_PRODUCER_EPOCH };
  protected epochBumpRequired = false;
  /** Partitions whose batches in flight are numbered anew at the next bump. */
  private readonly toRewrite = new Set<string>();
  /**
   * Partitions where a batch expired after it was sent, so that nobody knows whether its numbers
   * are taken; with the number that follows it. Nothing new is numbered there meanwhile.
   */
  protected readonly unresolved = new Map<string, number>();

  constructor(
    ports: Ports,
    owner: ProducerIdOwner,
    machine: AnyStateMachine = producerMachine as AnyStateMachine,
  ) {
    this.ports = ports;
    this.owner = owner;
    this.machine = new MachineRunner({
      machine,
      instance: ports.host,
      clock: ports.clock,
      trace: ports.trace,
      perform: {
        sendInitProducerId: () => owner.sendInitProducerId(),
        backOffInitProducerId: () => owner.backOffInitProducerId(),
        abortBatches: () => owner.abortBatches(),
      },
    });
  }

  get state(): string {
    return this.machine.state;
  }

  get producer(): ProducerIdAndEpoch {
    return this.current;
  }

  get hasId(): boolean {
    return this.current.producerId !== NO_PRODUCER_ID;
  }

  get hasFatalError(): boolean {
    return this.machine.matches('FATAL_ERROR');
  }

  /** Why nothing can be sent now; NONE if it can. */
  get sendError(): number {
    return this.fatalError;
  }

  /** A record was put into a batch for this partition. */
  appended(topicPartition: string): void {
    assert(topicPartition !== '', 'a partition');
  }

  // --------------------------------------------------------------------------- getting an id

  /** Asks for an id if there is none; bumps the epoch if a partition needs it. */
  prepare(): void {
    if (this.hasFatalError) return;
    if (this.epochBumpRequired) this.bumpEpoch();
    if (this.machine.matches('UNINITIALIZED')) {
      assert(!this.hasId, 'uninitialized has no id', { ...this.current });
      this.machine.send({ type: 'INIT_PRODUCER_ID' });
    }
  }

  /** InitProducerId was answered. */
  answered(errorCode: number, producer: ProducerIdAndEpoch): void {
    if (this.hasFatalError) return;
    assert(this.machine.matches('INITIALIZING'), 'asked for', { state: this.state });
    if (errorCode === ErrorCode.NONE) {
      this.setProducer(producer, 'InitProducerId');
      this.machine.send({ type: 'PRODUCER_ID_ASSIGNED' });
    } else if (isRetriable(errorCode)) {
      this.machine.send({ type: 'RETRIABLE_ERROR' });
    } else {
      this.failFatally(errorCode);
    }
  }

  /** InitProducerId got no answer. */
  unanswered(): void {
    if (!this.hasFatalError) this.machine.send({ type: 'RETRIABLE_ERROR' });
  }

  protected setProducer(producer: ProducerIdAndEpoch, reason: string): void {
    assert(producer.producerId >= -1 && producer.epoch <= EPOCH_MAX, 'a producer id', {
      ...producer,
    });
    this.current = producer;
    if (this.ports.trace.on) this.ports.trace.record(producerEpochTrace, { ...producer, reason });
  }

  protected failFatally(errorCode: number): void {
    assert(errorCode !== ErrorCode.NONE, 'a reason', { errorCode });
    this.fatalError = errorCode;
    this.machine.send({ type: 'FATAL_ERROR' });
  }

  /** After a bump nothing of the old epoch is accepted: what was in flight there is renumbered. */
  private bumpEpoch(): void {
    assert(this.epochBumpRequired, 'only when needed');
    if (!this.hasId) return;
    this.epochBumpRequired = false;
    if (this.current.epoch === EPOCH_MAX) {
      this.setProducer({ producerId: NO_PRODUCER_ID, epoch: NO_PRODUCER_EPOCH }, 'epoch exhausted');
      this.machine.send({ type: 'PRODUCER_ID_RESET' });
      this.epochBumpRequired = this.toRewrite.size > 0;
      return;
    }
    const { producerId, epoch } = this.current;
    this.setProducer({ producerId, epoch: epoch + 1 }, [...this.toRewrite].join(' '));
    for (const topicPartition of this.toRewrite) {
      this.sequences.startAtBeginning(topicPartition, this.current);
      this.unresolved.delete(topicPartition);
    }
    this.toRewrite.clear();
  }

  protected requestEpochBump(topicPartition: string): void {
    assert(topicPartition !== '', 'a partition');
    this.epochBumpRequired = true;
    this.toRewrite.add(topicPartition);
  }

  // ------------------------------------------------------------------------- before a batch goes

  /**
   * Whether the partition's first queued batch has to wait: for an id, for batches of an old epoch,
   * for unresolved numbers, or, in retry, for its turn. So retried batches go one at a time and in
   * order, whatever `max.in.flight.requests.per.connection` is.
   */
  mustWait(first: ProducerBatch): boolean {
    const { topicPartition } = first;
    if (this.hasFatalError || !this.hasId) return true;
    if (!first.hasSequence) {
      const inFlight = this.sequences.hasInFlight(topicPartition);
      if (inFlight && this.sequences.hasStale(topicPartition, this.current)) return true;
      return this.unresolved.has(topicPartition);
    }
    const firstInFlight = this.sequences.firstInFlight(topicPartition);
    return firstInFlight !== NO_SEQUENCE && first.baseSequence !== firstInFlight;
  }

  // ------------------------------------------------------------------------ after a batch came

  /** A batch was acknowledged. */
  completed(batch: ProducerBatch, baseOffset: number): void {
    this.sequences.acknowledged(batch, baseOffset);
  }

  /**
   * Whether the error of a numbered batch calls for another attempt; may ask for an epoch bump.
   * `logStartOffset` is the reply's, -1 if the broker does not know it.
   */
  canRetry(batch: ProducerBatch, errorCode: number, logStartOffset: number): boolean {
    const { topicPartition } = batch;
    if (errorCode === ErrorCode.UNKNOWN_PRODUCER_ID) {
      // The broker lost the producer's state, by retention or by data loss: begin again under a
      // new epoch, unless that was done for this batch already or the reply is incomplete.
      if (logStartOffset !== -1 && !batch.sequenceHasBeenReset) {
        this.requestEpochBump(topicPartition);
      }
      return true;
    }
    if (errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) {
      const unresolved = this.unresolved.get(topicPartition);
      const next = this.sequences.isNext(topicPartition, batch.baseSequence);
      // Not its turn: an earlier batch is on its way again, this one will be accepted after it.
      if (unresolved === undefined && (batch.sequenceHasBeenReset || !next)) return true;
      // Its turn, and refused: there is a gap in the log that only a new epoch closes.
      if (unresolved === undefined || unresolved === batch.baseSequence) {
        this.requestEpochBump(topicPartition);
      }
      return true;
    }
    return isRetriable(errorCode);
  }

  /**
   * A batch failed for good. `adjust`: the broker refused it, so its numbers are free and the
   * following batches are numbered anew.
   */
  failed(batch: ProducerBatch, errorCode: number, adjust: boolean): void {
    if (FATAL_ERRORS.has(errorCode) && !this.hasFatalError) this.failFatally(errorCode);
    this.sequences.remove(batch);
    if (this.hasFatalError || !batch.hasSequence) return;
    if (errorCode === ErrorCode.UNKNOWN_PRODUCER_ID) {
      this.sequences.forget(batch.topicPartition);
      this.unresolved.delete(batch.topicPartition);
    } else if (errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER || adjust) {
      this.requestEpochBump(batch.topicPartition);
    }
  }

  /** A batch expired that had been sent: its numbers may be taken. */
  markUnresolved(batch: ProducerBatch): void {
    assert(batch.hasSequence, 'only numbered batches', { at: batch.topicPartition });
    const next = incrementSequence(batch.lastSequence, 1);
    const before = this.unresolved.get(batch.topicPartition) ?? next;
    this.unresolved.set(batch.topicPartition, Math.max(before, next));
  }

  /** Where nothing is in flight any more: either later batches got through, or bump the epoch. */
  resolveSequences(): void {
    for (const topicPartition of [...this.unresolved.keys()]) {
      if (this.sequences.hasInFlight(topicPartition)) continue;
      const next = this.sequences.next(topicPartition);
      if (!this.sequences.isNext(topicPartition, next)) this.requestEpochBump(topicPartition);
      this.unresolved.delete(topicPartition);
    }
  }
}
