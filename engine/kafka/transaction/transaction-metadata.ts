/**
 * What a coordinator knows of one transactional id: whose it is (producer id and epoch), the state
 * of its transaction, and the partitions in it. A change is prepared, written to the log, and only
 * then taken in; meanwhile nothing else may change it (CONCURRENT_TRANSACTIONS).
 *
 * Invariants: K22 (epochs only rise; who has an old one is fenced), K26 (what is taken in is what
 * the log says). Not here: requests (`transaction-coordinator.ts`).
 * Source: `TransactionMetadata`, `TxnTransitMetadata`.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Ports } from '../../kernel/ports.ts';
import type { TransactionLogValue } from '../../wire/kafka/transaction-log.ts';
import { transactionMachine } from './transaction.machine.ts';
import {
  type TransactionState,
  mayFollow,
  stateNumber,
  stateOfNumber,
} from './transaction-state.ts';

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
const EPOCH_MAX = 32_767;
const NO_TIMESTAMP = -1;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** By `<topic>-<partition>`. */
export type TopicPartitions = ReadonlyMap<string, TopicPartition>;

export const NO_PARTITIONS: TopicPartitions = new Map();

/** What the metadata is to be once its record is written (`TxnTransitMetadata`). */
export interface Transition {
  readonly state: TransactionState;
  readonly producerId: number;
  readonly previousProducerId: number;
  /** With transactions of version 2: the id to go on with, when the epochs of this one ran out. */
  readonly nextProducerId: number;
  readonly producerEpoch: number;
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly partitions: TopicPartitions;
  readonly startMs: number;
  readonly lastUpdateMs: number;
  readonly clientVersion: TransactionVersion;
}

/** `transaction.version`, as the client speaks it: 2 raises the epoch with each end (KIP-890). */
export type TransactionVersion = 0 | 1 | 2;

/** No further epoch can be given to a producer: it needs another producer id. */
export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= EPOCH_MAX - 1;
}

/** An epoch is an int16; the highest is never a client's, it is for fencing. */
export function fitsEpoch(producerEpoch: number): boolean {
  return producerEpoch <= EPOCH_MAX;
}

export class TransactionMetadata {
  readonly transactionalId: string;
  producerId: number;
  previousProducerId = NO_PRODUCER_ID;
  nextProducerId = NO_PRODUCER_ID;
  producerEpoch = NO_PRODUCER_EPOCH;
  /** The epoch before the last bump, if a producer that is told of it again may go on. */
  lastProducerEpoch = NO_PRODUCER_EPOCH;
  timeoutMs: number;
  partitions = new Map<string, TopicPartition>();
  startMs = NO_TIMESTAMP;
  lastUpdateMs: number;
  clientVersion: TransactionVersion = 0;
  /** The state that is being written. */
  pendingState: TransactionState | null = null;
  /** A raised epoch could not be written: it is not raised again. */
  hasFailedEpochFence = false;
  readonly #machine: MachineRunner<typeof transactionMachine>;

  constructor(
    ports: Pick<Ports, 'clock' | 'trace'>,
    of: {
      readonly transactionalId: string;
      readonly producerId: number;
      readonly timeoutMs: number;
      readonly nowMs: number;
    },
  ) {
    assert(of.transactionalId.length > 0 && of.producerId >= 0, 'an id', { ...of });
    this.transactionalId = of.transactionalId;
    this.producerId = of.producerId;
    this.timeoutMs = of.timeoutMs;
    this.lastUpdateMs = of.nowMs;
    const { clock, trace } = ports;
    const instance = of.transactionalId;
    this.#machine = new MachineRunner({ machine: transactionMachine, instance, clock, trace });
  }

  get state(): TransactionState {
    return this.#machine.state as TransactionState;
  }

  get isEpochExhausted(): boolean {
    return isEpochExhausted(this.producerEpoch);
  }

  // ------------------------------------------------------------------------------------ prepare

  /** A new incarnation of the producer, or one that goes on after an error (KIP-360). */
  prepareIncrementEpoch(
    timeoutMs: number,
    expectedEpoch: number | null,
    nowMs: number,
  ): Transition | 'PRODUCER_FENCED' {
    assert(!this.isEpochExhausted, 'an epoch is left', { epoch: this.producerEpoch });
    const bumped = this.producerEpoch + 1;
    const fresh = { partitions: NO_PARTITIONS, startMs: NO_TIMESTAMP, lastUpdateMs: nowMs };
    const to = (producerEpoch: number, lastProducerEpoch: number): Transition =>
      this.#prepare('Empty', { ...fresh, producerEpoch, lastProducerEpoch, timeoutMs });
    if (expectedEpoch === null) return to(bumped, NO_PRODUCER_EPOCH);
    if (this.producerEpoch === NO_PRODUCER_EPOCH || expectedEpoch === this.producerEpoch) {
      return to(bumped, this.producerEpoch);
    }
    // It was told of this epoch already, and did not hear it.
    if (expectedEpoch === this.lastProducerEpoch) {
      return to(this.producerEpoch, this.lastProducerEpoch);
    }
    return 'PRODUCER_FENCED';
  }

  /** The epochs of the producer id ran out. */
  prepareRotation(newProducerId: number, timeoutMs: number, nowMs: number, resumes: boolean) {
    assert(newProducerId !== this.producerId, 'another producer id', { newProducerId });
    return this.#prepare('Empty', {
      producerId: newProducerId,
      producerEpoch: 0,
      lastProducerEpoch: resumes ? this.producerEpoch : NO_PRODUCER_EPOCH,
      timeoutMs,
      partitions: NO_PARTITIONS,
      startMs: NO_TIMESTAMP,
      lastUpdateMs: nowMs,
    });
  }

  prepareAddPartitions(
    added: TopicPartitions,
    clientVersion: TransactionVersion,
    nowMs: number,
  ): Transition {
    const begins = this.state !== 'Ongoing';
    return this.#prepare('Ongoing', {
      partitions: new Map([...this.partitions, ...added]),
      startMs: begins ? nowMs : this.startMs,
      lastUpdateMs: nowMs,
      clientVersion,
    });
  }

  /**
   * Makes way for the abort of a producer that is fenced: the epoch for it, or null if the highest
   * is in use already. Not written itself.
   */
  prepareFence(): number | null {
    assert(this.state === 'Ongoing', 'a transaction to end', { state: this.state });
    assert(this.pendingState === null, 'one change at a time', { pending: this.pendingState });
    if (this.producerEpoch >= EPOCH_MAX) return null;
    this.pendingState = 'PrepareEpochFence';
    return this.hasFailedEpochFence ? this.producerEpoch : this.producerEpoch + 1;
  }

  /** The point of no return (K26). The epoch is that of the markers. */
  prepareEnd(
    state: 'PrepareCommit' | 'PrepareAbort',
    of: {
      readonly clientVersion: TransactionVersion;
      readonly producerEpoch: number;
      readonly lastProducerEpoch: number;
      readonly nextProducerId: number;
    },
    nowMs: number,
  ): Transition {
    assert(fitsEpoch(of.producerEpoch), 'K22: the epoch fits an int16', { ...of });
    const startMs = this.state === 'Ongoing' ? this.startMs : nowMs;
    return this.#prepare(state, { ...of, startMs, lastUpdateMs: nowMs });
  }

  /** All markers are written. */
  prepareComplete(nowMs: number): Transition {
    this.hasFailedEpochFence = false;
    const rotates = this.clientVersion === 2 && this.nextProducerId !== NO_PRODUCER_ID;
    return this.#prepare(this.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort', {
      producerId: rotates ? this.nextProducerId : this.producerId,
      producerEpoch: rotates ? 0 : this.producerEpoch,
      lastProducerEpoch: rotates ? this.producerEpoch : this.lastProducerEpoch,
      partitions: NO_PARTITIONS,
      lastUpdateMs: nowMs,
      clientVersion: this.clientVersion,
    });
  }

  prepareDead(): void {
    assert(mayFollow(this.state, 'Dead') && this.pendingState === null, 'idle', {
      state: this.state,
    });
    this.pendingState = 'Dead';
  }

  #prepare(state: TransactionState, change: Partial<Transition>): Transition {
    assert(this.pendingState === null, 'one change at a time', { pending: this.pendingState });
    assert(mayFollow(this.state, state), 'K26: a state may follow', { from: this.state, state });
    this.pendingState = state;
    return {
      state,
      producerId: this.producerId,
      previousProducerId: this.producerId,
      nextProducerId: NO_PRODUCER_ID,
      producerEpoch: this.producerEpoch,
      lastProducerEpoch: this.lastProducerEpoch,
      timeoutMs: this.timeoutMs,
      partitions: new Map(this.partitions),
      startMs: this.startMs,
      lastUpdateMs: this.lastUpdateMs,
      clientVersion: 0,
      ...change,
    };
  }

  // ------------------------------------------------------------------------------------ take in

  /** The record is on all in-sync replicas. */
  complete(to: Transition, fenced = false): void {
    assert(this.pendingState === to.state, 'what was prepared', { pending: this.pendingState });
    assert(
      to.producerId !== this.producerId || to.producerEpoch >= this.producerEpoch,
      'K22: epochs of a producer id only rise',
      { from: this.producerEpoch, to: to.producerEpoch },
    );
    this.pendingState = null;
    this.#takeOver(to);
    if (fenced) this.#machine.send({ type: 'FENCE_PRODUCER_EPOCH' });
    this.#machine.send({ type: EVENT_OF[to.state] });
    assert(this.state === to.state, 'K26: the state is what the log says', { state: this.state });
  }

  died(): void {
    assert(this.pendingState === 'Dead', 'prepared', { pending: this.pendingState });
    this.pendingState = null;
    this.#machine.send({ type: 'EXPIRE' });
  }

  /** The change could not be written. */
  rollBack(): void {
    assert(this.pendingState !== null, 'a change in flight');
    this.pendingState = null;
  }

  /** The epoch was raised and told to nobody; the next attempt uses it. */
  failedToFence(producerEpoch: number): void {
    assert(producerEpoch >= this.producerEpoch, 'K22: only up', { producerEpoch });
    this.producerEpoch = producerEpoch;
    this.lastProducerEpoch = NO_PRODUCER_EPOCH;
    this.hasFailedEpochFence = true;
  }

  /** What the log says, as it is loaded; false for a state that it never has. */
  replay(value: TransactionLogValue): boolean {
    const state = stateOfNumber(value.transactionStatus);
    if (state === null || state === 'Dead' || state === 'PrepareEpochFence') return false;
    const partitions = new Map<string, TopicPartition>();
    for (const { topic, partitionIds } of value.transactionPartitions ?? []) {
      for (const partition of partitionIds)
        partitions.set(`${topic}-${partition}`, { topic, partition });
    }
    this.#takeOver({
      state,
      producerId: value.producerId,
      previousProducerId: value.previousProducerId,
      nextProducerId: value.nextProducerId,
      producerEpoch: value.producerEpoch,
      lastProducerEpoch: NO_PRODUCER_EPOCH,
      timeoutMs: value.transactionTimeoutMs,
      partitions,
      startMs: value.transactionStartTimestampMs,
      lastUpdateMs: value.transactionLastUpdateTimestampMs,
      clientVersion: value.clientTransactionVersion as TransactionVersion,
    });
    this.#machine.send({ type: 'REPLAY', state });
    return true;
  }

  #takeOver(to: Transition): void {
    this.producerId = to.producerId;
    this.previousProducerId = to.previousProducerId;
    this.nextProducerId = to.nextProducerId;
    this.producerEpoch = to.producerEpoch;
    this.lastProducerEpoch = to.lastProducerEpoch;
    this.timeoutMs = to.timeoutMs;
    this.partitions = new Map(to.partitions);
    this.startMs = to.startMs;
    this.lastUpdateMs = to.lastUpdateMs;
    this.clientVersion = to.clientVersion;
  }
}

const EVENT_OF = {
  Empty: 'INIT_PRODUCER_ID',
  Ongoing: 'ADD_PARTITIONS',
  PrepareCommit: 'PREPARE_COMMIT',
  PrepareAbort: 'PREPARE_ABORT',
  CompleteCommit: 'MARKERS_WRITTEN',
  CompleteAbort: 'MARKERS_WRITTEN',
  Dead: 'EXPIRE',
  PrepareEpochFence: 'FENCE_PRODUCER_EPOCH',
} as const satisfies Record<TransactionState, string>;

/** A transition as the log has it. */
export function logValueOf(to: Transition): TransactionLogValue {
  assert(to.state !== 'Dead' && to.state !== 'PrepareEpochFence', 'a state of the log', {
    state: to.state,
  });
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of to.partitions.values()) {
    const known = topics.get(topic);
    if (known === undefined) topics.set(topic, [partition]);
    else known.push(partition);
  }
  const partitions = [...topics].map(([topic, partitionIds]) => ({ topic, partitionIds }));
  return {
    producerId: to.producerId,
    previousProducerId: to.previousProducerId,
    nextProducerId: to.nextProducerId,
    producerEpoch: to.producerEpoch,
    transactionTimeoutMs: to.timeoutMs,
    transactionStatus: stateNumber(to.state),
    transactionPartitions: to.state === 'Empty' ? null : partitions,
    transactionLastUpdateTimestampMs: to.lastUpdateMs,
    transactionStartTimestampMs: to.startMs,
    clientTransactionVersion: to.clientVersion,
  };
}
