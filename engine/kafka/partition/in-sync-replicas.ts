/**
 * A leader's in-sync replicas: what it knows of each follower, who is in the ISR, and the changes
 * that it asks the controller for. One change is in flight at a time; meanwhile the *maximal* ISR
 * is what the high watermark waits for.
 *
 * Not here: the high watermark and the log (`partition.ts`); the request to the controller
 * (`broker/alter-partition-channel.ts`). Source: `kafka.cluster.Partition`, KIP-497, KIP-903.
 *
 * Invariant K7: the controller's ISR is a subset of the leader's maximal ISR.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { SwitchName } from '../profiles.ts';
import { type FollowerFetch, FollowerReplica } from './follower-replica.ts';
import { isrMachine } from './isr.machine.ts';
import { isrKind } from './partition-trace.ts';

/** What a partition asks of the broker it is on. */
export interface PartitionEnvironment {
  readonly ports: Pick<Ports, 'clock' | 'trace' | 'cost' | 'disk'>;
  readonly brokerId: number;
  readonly switches: Readonly<Record<SwitchName, boolean>>;
  /** `replica.lag.time.max.ms` in microseconds. */
  readonly lagMicrosMax: number;
  /** This broker's own epoch, of its last registration. */
  brokerEpoch(): number;
  /** Of a broker that is registered and not fenced; -1 for another. */
  aliveBrokerEpoch(brokerId: number): number;
  isFenced(brokerId: number): boolean;
  isShuttingDown(brokerId: number): boolean;
  /** Asks the controller; the answer is a later event. */
  alterPartition(partition: IsrProposer, proposal: IsrProposal): void;
  /** HW, LSO, LEO, leader epoch or role changed: what waits in a purgatory looks again. */
  progressed(partitionName: string): void;
}

/** A new ISR as AlterPartition carries it. */
export interface IsrProposal {
  readonly changeNumber: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
}

/** The controller's answer for one partition. */
export type IsrAnswer =
  | {
      readonly errorCode: 0;
      readonly leaderEpoch: number;
      readonly partitionEpoch: number;
      readonly isr: readonly number[];
    }
  | { readonly errorCode: Exclude<number, 0> };

/** Who asks for a new ISR, and is answered. */
export interface IsrProposer {
  readonly topicId: string;
  readonly index: number;
  readonly name: string;
  isrAnswered(proposal: IsrProposal, answer: IsrAnswer): void;
}

export class InSyncReplicas {
  readonly #environment: PartitionEnvironment;
  readonly #partitionName: string;
  readonly #machine: MachineRunner<typeof isrMachine>;
  #followers: FollowerReplica[] = [];
  /** Counts the machine's transitions: an answer to an older proposal is out of date. */
  #changeNumber = 0;

  /** The committed ISR, in the controller's order. */
  isr: readonly number[] = [];
  /** The committed ISR and whoever is about to join it. Invariant K7 is about it. */
  maximalIsr: readonly number[] = [];
  inFlight = false;

  constructor(environment: PartitionEnvironment, partitionName: string) {
    this.#environment = environment;
    this.#partitionName = partitionName;
    const { clock, trace } = environment.ports;
    this.#machine = new MachineRunner({
      machine: isrMachine,
      instance: partitionName,
      clock,
      trace,
      input: { isr: [] },
      ignores: ['ALTER_PARTITION_SUCCEEDED'],
    });
  }

  get state(): string {
    return this.#machine.state;
  }

  /** All followers that the partition is assigned to. */
  get followers(): readonly FollowerReplica[] {
    return this.#followers;
  }

  follower(brokerId: number): FollowerReplica | null {
    for (const follower of this.#followers) if (follower.brokerId === brokerId) return follower;
    return null;
  }

  /** The assignment. Whoever stays in it stays known. */
  assign(replicas: readonly number[]): void {
    const own = this.#environment.brokerId;
    const before = this.#followers;
    const known = (id: number) => before.find((follower) => follower.brokerId === id);
    this.#followers = replicas
      .filter((id) => id !== own)
      .map((id) => known(id) ?? new FollowerReplica(id));
  }

  /** The controller's word: the assignment and the ISR, which ends any change in flight. */
  update(replicas: readonly number[], isr: readonly number[], leaderEpoch: number): void {
    this.assign(replicas);
    this.#machine.send({ type: 'UPDATE', isr });
    this.#changed(leaderEpoch);
    assert(!this.inFlight, 'an update ends what was in flight', { state: this.state });
  }

  /** A broker that no longer leads knows nothing of followers. */
  clear(leaderEpoch: number): void {
    this.update([], [], leaderEpoch);
  }

  /** The fewest in-sync replicas that `min.insync.replicas` means for this assignment. */
  effectiveMinIsr(minInsyncReplicas: number): number {
    return Math.min(minInsyncReplicas, this.#followers.length + 1);
  }

  /**
   * Whether a fetch comes from an earlier life of the follower than the controller knows of: it
   * must not count (KAFKA-15221).
   */
  isStale(fetch: FollowerFetch, brokerId: number): boolean {
    if (!this.#environment.switches.refusesStaleFetch || fetch.brokerEpoch === -1) return false;
    return this.#environment.aliveBrokerEpoch(brokerId) > fetch.brokerEpoch;
  }

  /**
   * Invariant K9: who joins the ISR is not fenced, not shutting down, and fetched in its current
   * life (KIP-841, KIP-903).
   */
  isEligible(follower: FollowerReplica): boolean {
    const environment = this.#environment;
    if (environment.isFenced(follower.brokerId)) return false;
    if (environment.isShuttingDown(follower.brokerId)) return false;
    if (!environment.switches.brokerEpochInIsrChange) return true;
    if (follower.brokerEpoch === null) return false;
    const alive = environment.aliveBrokerEpoch(follower.brokerId);
    return alive !== -1 && (follower.brokerEpoch === -1 || follower.brokerEpoch === alive);
  }

  /** `canAddReplicaToIsr`: whether asking would make sense. */
  canAdd(follower: FollowerReplica): boolean {
    return !this.inFlight && !this.isr.includes(follower.brokerId) && this.isEligible(follower);
  }

  /** Asks the controller to add a follower. The maximal ISR has it from now on. */
  expand(follower: FollowerReplica, epochs: Epochs): IsrProposal {
    assert(this.canAdd(follower), 'K9: may join', { broker: follower.brokerId, isr: this.isr });
    this.#machine.send({ type: 'EXPAND', replica: follower.brokerId });
    this.#changed(epochs.leaderEpoch);
    return this.#proposal(epochs);
  }

  /** Asks the controller to drop followers. The maximal ISR has them until it has agreed. */
  shrink(outOfSync: readonly number[], epochs: Epochs): IsrProposal {
    assert(!this.inFlight && outOfSync.length > 0, 'may shrink', { outOfSync });
    this.#machine.send({ type: 'SHRINK', replicas: outOfSync });
    this.#changed(epochs.leaderEpoch);
    return this.#proposal(epochs);
  }

  /** Members of the ISR that have not been caught up for `replica.lag.time.max.ms`. */
  outOfSync(leaderEndOffset: number, nowMicros: number): number[] {
    if (this.inFlight) return [];
    const { brokerId, lagMicrosMax } = this.#environment;
    return this.isr.filter((id) => {
      if (id === brokerId) return false;
      const follower = this.follower(id);
      return follower === null || !follower.isCaughtUp(leaderEndOffset, nowMicros, lagMicrosMax);
    });
  }

  isCurrent(proposal: IsrProposal): boolean {
    return this.inFlight && proposal.changeNumber === this.#changeNumber;
  }

  /** The controller agreed (or had it so already). */
  commit(isr: readonly number[], leaderEpoch: number): void {
    assert(this.inFlight, 'a change is in flight', { isr });
    this.#machine.send({ type: 'ALTER_PARTITION_SUCCEEDED', isr });
    this.#changed(leaderEpoch);
  }

  /** The controller certainly did not do it: back to what was committed. */
  rollBack(leaderEpoch: number): void {
    assert(this.inFlight, 'a change is in flight', { isr: this.isr });
    this.#machine.send({ type: 'ALTER_PARTITION_NOT_ATTEMPTED' });
    this.#changed(leaderEpoch);
  }

  /** The proposal again, with the epochs of now. */
  proposeAgain(epochs: Epochs): IsrProposal {
    assert(this.inFlight, 'a change is in flight', { isr: this.isr });
    return this.#proposal(epochs);
  }

  #proposal(epochs: Epochs): IsrProposal {
    const { brokerId, switches } = this.#environment;
    const isr = this.#machine.context.proposed.map((id) => {
      if (!switches.brokerEpochInIsrChange) return { brokerId: id, brokerEpoch: -1 };
      if (id === brokerId) return { brokerId: id, brokerEpoch: this.#environment.brokerEpoch() };
      return { brokerId: id, brokerEpoch: this.follower(id)?.brokerEpoch ?? -1 };
    });
    assert(isr.length > 0, 'an ISR has its leader', { partition: this.#partitionName });
    return { changeNumber: this.#changeNumber, ...epochs, isr };
  }

  #changed(leaderEpoch: number): void {
    const { committed, proposed } = this.#machine.context;
    const expands = proposed.length > committed.length;
    this.#changeNumber++;
    this.isr = committed;
    this.inFlight = !this.#machine.matches('CommittedPartitionState');
    // Without this the controller may elect whom the high watermark did not wait for (KIP-497).
    const counts = expands && this.#environment.switches.countsPendingIsr;
    this.maximalIsr = counts ? proposed : committed;
    assert(
      this.isr.every((id) => this.maximalIsr.includes(id)),
      'K7: the ISR is within the maximal ISR',
      { isr: this.isr, maximal: this.maximalIsr },
    );
    const { trace } = this.#environment.ports;
    if (!trace.on) return;
    trace.record(isrKind, {
      partition: this.#partitionName,
      state: this.state,
      isr: this.isr.join(','),
      maximal: this.maximalIsr.join(','),
      epoch: leaderEpoch,
    });
  }
}

interface Epochs {
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
}

/** What a partition does with an error of AlterPartition (`handleAlterPartitionError`). */
export function afterIsrError(errorCode: number): 'roll-back' | 'wait' | 'retry' {
  assert(errorCode !== ErrorCode.NONE, 'an error');
  switch (errorCode) {
    case ErrorCode.OPERATION_NOT_ATTEMPTED:
    case ErrorCode.INELIGIBLE_REPLICA:
      return 'roll-back';
    // Something newer is on its way through the metadata log, and will end the pending state.
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.UNKNOWN_TOPIC_ID:
    case ErrorCode.NEW_LEADER_ELECTED:
    case ErrorCode.FENCED_LEADER_EPOCH:
    case ErrorCode.INVALID_UPDATE_VERSION:
    case ErrorCode.INVALID_REQUEST:
      return 'wait';
    default:
      return 'retry';
  }
}
