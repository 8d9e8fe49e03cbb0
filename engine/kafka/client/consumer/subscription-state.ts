/**
 * The partitions that a consumer is assigned, each with its position and the state of that
 * position.
 *
 * Source: `SubscriptionState.TopicPartitionState`. Not here: requests (`offset-fetcher.ts`,
 * `fetcher.ts`) and groups, which would assign partitions by a protocol.
 */
import { assert } from '../../../kernel/assert.ts';
import { MachineRunner } from '../../../kernel/machine.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { type Micros, micros } from '../../../kernel/units.ts';
import { fetchStateMachine } from './fetch-state.machine.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** `pay-0`. */
export function topicPartitionText({ topic, partition }: TopicPartition): string {
  assert(topic !== '' && partition >= 0, 'a partition', { topic, partition });
  return `${topic}-${partition}`;
}

/** Where to start without a valid position; `none`: tell the application. */
export type ResetStrategy = 'earliest' | 'latest' | 'none';

/** The next offset to fetch. */
export interface FetchPosition {
  readonly offset: number;
  /** The epoch of the record before; -1 if unknown: then it cannot be validated. */
  readonly offsetEpoch: number;
  /** The leader that the position was last checked with; -1, -1 if unknown. */
  readonly leader: { readonly id: number; readonly epoch: number };
}

export const NO_LEADER_KNOWN = Object.freeze({ id: -1, epoch: -1 });

const NO_REPLICA = -1;

export class PartitionState implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Null in INITIALIZING and, where there was none before, in AWAIT_RESET. */
  position: FetchPosition | null = null;
  resetStrategy: ResetStrategy = 'latest';
  /** By the last reply; -1 before it. Invariant K12: nothing at or beyond them was returned. */
  highWatermark = -1;
  lastStableOffset = -1;
  logStartOffset = -1;
  paused = false;
  /** Nothing more is fetched: the partition is given up when what was read is committed. */
  pendingRevocation = false;
  /** The application was told of an error: nothing more before it seeks. */
  failed = false;
  /** A reset or validation is under way, or backs off until then. */
  requestPending = false;
  retryAt: Micros = micros(0);
  /** The follower that the leader named for reading (KIP-392), and until when; -1 for none. */
  preferredReadReplica = NO_REPLICA;
  preferredReplicaExpiresAt: Micros = micros(0);
  readonly #machine: MachineRunner<typeof fetchStateMachine>;

  constructor(ports: Ports, { topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
    this.#machine = new MachineRunner({
      machine: fetchStateMachine,
      instance: topicPartitionText({ topic, partition }),
      clock: ports.clock,
      trace: ports.trace,
    });
  }

  get name(): string {
    return topicPartitionText(this);
  }

  get fetchState(): string {
    return this.#machine.state;
  }

  get isFetchable(): boolean {
    const rests = this.paused || this.failed || this.pendingRevocation;
    return this.fetchState === 'FETCHING' && !rests;
  }

  /** Sets a position that needs no check: a seek, a reset, or one that was checked. */
  seekValidated(position: FetchPosition): void {
    assert(position.offset >= 0, 'an offset', { ...position });
    this.position = position;
    this.#settle();
    this.#machine.send({ type: 'SEEK' });
  }

  /** Sets a position that came from a store: checked if its epoch and the leader's are known. */
  seekUnvalidated(position: FetchPosition): void {
    if (position.offsetEpoch === -1 || position.leader.epoch === -1) {
      this.seekValidated(position);
      return;
    }
    assert(position.offset >= 0, 'an offset', { ...position });
    this.position = position;
    this.#settle();
    this.#machine.send({ type: 'SEEK_UNVALIDATED' });
  }

  /** The records up to here were returned to the application. */
  advance(offset: number, offsetEpoch: number): void {
    const { position } = this;
    assert(position !== null && this.fetchState === 'FETCHING', 'fetching', { at: this.name });
    assert(offset >= position.offset, 'positions go forward', {
      from: position.offset,
      to: offset,
    });
    this.position = { ...position, offset, offsetEpoch };
  }

  /** The position is of no use: the offset to start from has to be asked for. */
  requestOffsetReset(strategy: ResetStrategy): void {
    assert(strategy !== 'none', 'nowhere to go without a strategy', { at: this.name });
    this.resetStrategy = strategy;
    this.#settle();
    this.#machine.send({ type: 'REQUEST_OFFSET_RESET' });
  }

  /**
   * The metadata names a leader. If it is another one, or another epoch, than the position was
   * checked with, the position is checked again; without an epoch it simply goes there.
   */
  leaderIs(leader: { id: number; epoch: number }): void {
    const { position } = this;
    if (position === null || this.fetchState === 'AWAIT_RESET') return;
    if (position.leader.id === leader.id && position.leader.epoch === leader.epoch) return;
    assert(leader.id >= 0, 'a leader', { ...leader });
    this.position = { ...position, leader };
    this.preferredReadReplica = NO_REPLICA;
    const checkable = position.offsetEpoch !== -1 && leader.epoch !== -1;
    if (checkable) {
      this.requestPending = false;
      this.#machine.send({ type: 'LEADER_CHANGED' });
    } else if (this.fetchState === 'AWAIT_VALIDATION') {
      this.completeValidation();
    }
  }

  /** The leader named a follower to read from. The same one again does not renew its time. */
  prefer(replica: number, expiresAt: Micros): void {
    assert(replica >= 0, 'a replica', { replica });
    if (this.preferredReadReplica === replica) return;
    this.preferredReadReplica = replica;
    this.preferredReplicaExpiresAt = expiresAt;
  }

  /** Back to the leader. True if it was to be another until now. */
  clearPreferredReadReplica(): boolean {
    const had = this.preferredReadReplica !== NO_REPLICA;
    this.preferredReadReplica = NO_REPLICA;
    return had;
  }

  completeValidation(): void {
    assert(this.fetchState === 'AWAIT_VALIDATION', 'awaited', { state: this.fetchState });
    this.#settle();
    this.#machine.send({ type: 'COMPLETE_VALIDATION' });
  }

  dispose(): void {
    this.#machine.dispose();
  }

  #settle(): void {
    this.failed = false;
    this.requestPending = false;
    this.retryAt = micros(0);
  }
}

/** The partitions of one consumer, in the order in which they were assigned. */
export class SubscriptionState {
  readonly #ports: Ports;
  readonly #states = new Map<string, PartitionState>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Replaces the assignment; what was assigned before keeps its position. */
  assign(partitions: readonly TopicPartition[]): void {
    const wanted = new Set(partitions.map(topicPartitionText));
    assert(wanted.size === partitions.length, 'each partition once', { partitions });
    for (const [name, state] of this.#states) {
      if (wanted.has(name)) continue;
      state.dispose();
      this.#states.delete(name);
    }
    for (const partition of partitions) {
      const name = topicPartitionText(partition);
      if (!this.#states.has(name))
        this.#states.set(name, new PartitionState(this.#ports, partition));
    }
  }

  all(): PartitionState[] {
    return [...this.#states.values()];
  }

  /** Null if the partition is not, or no longer, assigned. */
  of(partition: TopicPartition): PartitionState | null {
    return this.#states.get(topicPartitionText(partition)) ?? null;
  }
}
