/**
 * One replica of one partition on this broker: its role, its leader epoch, its log, and as a leader
 * its in-sync replicas and the high watermark.
 *
 * Not here: what is known of followers (`in-sync-replicas.ts`), the log itself (`unified-log.ts`),
 * who fetches from whom (`broker/replica-fetcher.ts`), requests (`api/`).
 * Source: `kafka.cluster.Partition`.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { BatchHeader } from '../../wire/kafka/record-batch.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';
import type { FollowerFetch, FollowerReplica } from './follower-replica.ts';
import {
  InSyncReplicas,
  type IsrAnswer,
  type IsrProposal,
  type IsrProposer,
  type PartitionEnvironment,
  afterIsrError,
} from './in-sync-replicas.ts';
import type { VerificationGuard } from './log-transactions.ts';
import {
  appendKind,
  highWatermarkKind,
  leaderKind,
  logStartKind,
  truncateKind,
} from './partition-trace.ts';
import { replicaMachine } from './replica.machine.ts';
import type { AppendInfo, UnifiedLog } from './unified-log.ts';

const NO_EPOCH = -1;
const NO_OFFSET = -1;
const NO_LEADER = -1;

/** What OffsetForLeaderEpoch answers; -1 and -1 where the epoch is not known. */
export interface EpochEnd {
  readonly errorCode: number;
  readonly epoch: number;
  readonly endOffset: number;
}

export class Partition implements IsrProposer {
  readonly topic: string;
  readonly index: number;
  readonly topicId: string;
  /** As in `pay-0`. */
  readonly name: string;
  readonly log: UnifiedLog;
  readonly #environment: PartitionEnvironment;
  readonly #replicas: InSyncReplicas;
  readonly #role: MachineRunner<typeof replicaMachine>;

  leaderId = NO_LEADER;
  /** Invariant K5: one leader an epoch; a produce is accepted only as leader of this epoch. */
  leaderEpoch = NO_EPOCH;
  partitionEpoch = NO_EPOCH;
  /** The log's end when this broker became leader; -1 when it does not lead. */
  leaderEpochStartOffset = NO_OFFSET;
  isLeader = false;
  /** Why the replica is not here any more; NONE while it is. */
  #goneError: number = ErrorCode.NONE;

  constructor(
    environment: PartitionEnvironment,
    id: { readonly topic: string; readonly index: number },
    log: UnifiedLog,
  ) {
    assert(id.index >= 0, 'a partition index', { ...id });
    this.#environment = environment;
    this.topic = id.topic;
    this.index = id.index;
    this.name = `${id.topic}-${id.index}`;
    this.log = log;
    this.topicId = log.topicId;
    this.#replicas = new InSyncReplicas(environment, this.name);
    const { clock, trace } = environment.ports;
    this.#role = new MachineRunner({
      machine: replicaMachine,
      instance: this.name,
      clock,
      trace,
      ignores: ['FETCH_FROM_LEADER', 'TRUNCATION_COMPLETE', 'DIVERGING_EPOCH', 'PARTITION_FAILED'],
    });
  }

  get isr(): readonly number[] {
    return this.#replicas.isr;
  }

  get maximalIsr(): readonly number[] {
    return this.#replicas.maximalIsr;
  }

  /** What a leader knows of each follower. */
  get followers(): readonly FollowerReplica[] {
    return this.#replicas.followers;
  }

  get isrState(): string {
    return this.#replicas.state;
  }

  /** The role's state, as in `Follower.Fetching`. */
  get roleState(): string {
    return this.#role.state;
  }

  /** The fetcher tells how far it is with this follower. */
  fetcherState(
    event: 'TRUNCATION_COMPLETE' | 'DIVERGING_EPOCH' | 'PARTITION_FAILED' | 'START',
    truncating = false,
  ): void {
    if (event === 'START') this.#role.send({ type: 'FETCH_FROM_LEADER', truncating });
    else this.#role.send({ type: event });
  }

  // ------------------------------------------------------------------------------ role changes

  /** This broker leads from now on, or leads on with another ISR. True if it is a new leader. */
  makeLeader(state: PartitionRegistration): boolean {
    if (state.partitionEpoch < this.partitionEpoch) return false;
    const nowMicros = this.#environment.ports.clock.now();
    const isNewLeader = !this.isLeader;
    const isNewEpoch = state.leaderEpoch > this.leaderEpoch;
    assert(state.leader === this.#environment.brokerId, 'K5: the leader is this broker', {
      leader: state.leader,
    });
    assert(!isNewLeader || isNewEpoch, 'K5: a new leader has a new epoch', {
      epoch: state.leaderEpoch,
      before: this.leaderEpoch,
    });
    // The answer to AlterPartition was faster than the metadata log: a change that is in flight
    // since then goes on. (Kafka forgets it, for `Partition.makeLeader` takes an equal epoch: until
    // the outcome is told its maximal ISR lacks who may be elected, against K7.)
    const isKnown = !isNewLeader && !isNewEpoch && state.partitionEpoch === this.partitionEpoch;
    if (isKnown) this.#replicas.assign(state.replicas);
    else this.#replicas.update(state.replicas, state.isr, state.leaderEpoch);
    if (isNewEpoch) this.#startEpoch(state, nowMicros, isNewLeader);
    this.partitionEpoch = state.partitionEpoch;
    this.leaderId = state.leader;
    this.isLeader = true;
    if (isNewEpoch) {
      this.#role.send({ type: 'MAKE_LEADER', leaderEpoch: state.leaderEpoch });
      this.#recordLeader();
    }
    // The ISR may have shrunk to this broker alone.
    this.#maybeIncrementHighWatermark(nowMicros);
    this.#environment.progressed(this.name);
    return isNewLeader;
  }

  #startEpoch(state: PartitionRegistration, nowMicros: number, isNewLeader: boolean): void {
    const startOffset = this.log.logEndOffset;
    // Followers may hold later epochs than any record here: the cache must know this epoch even
    // while it has no record, so that they are told where to truncate to.
    this.log.epochs.assign(state.leaderEpoch, startOffset);
    for (const follower of this.#replicas.followers) {
      const inIsr = state.isr.includes(follower.brokerId);
      follower.reset(nowMicros, startOffset, isNewLeader, inIsr);
    }
    this.leaderEpoch = state.leaderEpoch;
    this.leaderEpochStartOffset = startOffset;
  }

  /** This broker follows, or nobody leads. True if the fetcher must start anew. */
  makeFollower(state: PartitionRegistration): boolean {
    if (state.partitionEpoch < this.partitionEpoch) return false;
    assert(state.leader !== this.#environment.brokerId, 'another leads', { leader: state.leader });
    const isNewEpoch = state.leaderEpoch > this.leaderEpoch;
    const isNewLeader = state.leader !== this.leaderId;
    this.leaderId = state.leader;
    this.leaderEpoch = state.leaderEpoch;
    this.leaderEpochStartOffset = NO_OFFSET;
    this.partitionEpoch = state.partitionEpoch;
    this.isLeader = false;
    this.#replicas.clear(state.leaderEpoch);
    if (isNewEpoch || isNewLeader) {
      const { leader, leaderEpoch } = state;
      this.#role.send({ type: 'MAKE_FOLLOWER', leader, leaderEpoch });
      this.#recordLeader();
    }
    this.#environment.progressed(this.name);
    return isNewEpoch;
  }

  /** The replica is taken away, or its disk failed: whoever waits for it is told. */
  stop(event: 'STOP_REPLICA' | 'LOG_DIR_FAILED', errorCode: number): void {
    assert(errorCode !== ErrorCode.NONE, 'a reason', { partition: this.name });
    this.isLeader = false;
    this.#goneError = errorCode;
    this.#replicas.clear(this.leaderEpoch);
    this.#role.send({ type: event });
    this.#environment.progressed(this.name);
  }

  // ------------------------------------------------------------------------------------ fencing

  /** Invariant K10: a request of another leader epoch than ours never succeeds (KIP-320). */
  checkLeaderEpoch(currentLeaderEpoch: number): number {
    if (this.#goneError !== ErrorCode.NONE) return this.#goneError;
    if (currentLeaderEpoch < 0 || !this.#environment.switches.epochFencing) return ErrorCode.NONE;
    if (currentLeaderEpoch < this.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    if (currentLeaderEpoch > this.leaderEpoch) return ErrorCode.UNKNOWN_LEADER_EPOCH;
    return ErrorCode.NONE;
  }

  /** As `checkLeaderEpoch`; and this broker must lead. */
  checkLeader(currentLeaderEpoch: number): number {
    const errorCode = this.checkLeaderEpoch(currentLeaderEpoch);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    assert(!this.isLeader || this.leaderEpoch >= 0, 'K10: a leader has an epoch to compare with');
    return this.isLeader ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  // ------------------------------------------------------------------------------------- append

  get effectiveMinIsr(): number {
    return this.#replicas.effectiveMinIsr(this.log.config['min.insync.replicas']);
  }

  get isUnderMinIsr(): boolean {
    return this.#replicas.isr.length < this.effectiveMinIsr;
  }

  /** Why a produce with these acks cannot be appended here; NONE if it can. */
  checkProduce(acks: number): number {
    if (this.#goneError !== ErrorCode.NONE) return this.#goneError;
    if (!this.isLeader) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    if (acks === -1 && this.isUnderMinIsr) return ErrorCode.NOT_ENOUGH_REPLICAS;
    return ErrorCode.NONE;
  }

  /** Appends a validated batch; `checkProduce` has allowed it. Invariants K4, K5. */
  appendAsLeader(
    records: Uint8Array,
    header: BatchHeader,
    guard: VerificationGuard | null = null,
  ): AppendInfo {
    assert(this.isLeader, 'K5: only the leader accepts', { partition: this.name });
    const info = this.log.appendAsLeader(records, header, this.leaderEpoch, guard);
    if (info.errorCode !== ErrorCode.NONE || info.duplicate) return info;
    this.#recordAppend(info, 'leader', this.leaderEpoch);
    this.#maybeIncrementHighWatermark(this.#environment.ports.clock.now());
    this.#environment.progressed(this.name);
    return info;
  }

  /** Appends what the leader of an epoch sent, and learns its high watermark and log start. */
  appendAsFollower(
    records: Uint8Array | null,
    leader: {
      readonly epoch: number;
      readonly highWatermark: number;
      readonly logStartOffset: number;
    },
  ): AppendInfo {
    assert(!this.isLeader, 'a leader does not fetch', { partition: this.name });
    const info = this.log.appendAsFollower(records ?? NO_BYTES, leader.epoch);
    if (info.errorCode !== ErrorCode.NONE) return info;
    if (info.bytes > 0) this.#recordAppend(info, 'follower', leader.epoch);
    const before = this.log.highWatermark;
    const moved = this.log.maybeUpdateHighWatermark(leader.highWatermark);
    if (moved) this.#recordHighWatermark(before);
    if (this.log.maybeIncrementLogStart(leader.logStartOffset)) {
      const to = this.log.logStartOffset;
      const { trace } = this.#environment.ports;
      trace.record(logStartKind, { partition: this.name, to, reason: 'leader' });
    }
    // Consumers may wait here for the high watermark (KIP-392, KAFKA-14334).
    if (info.bytes > 0 || moved) this.#environment.progressed(this.name);
    return info;
  }

  /** Cuts the follower's log. */
  truncateTo(offset: number, reason: string): 'ok' | 'failed' {
    assert(!this.isLeader, 'K11: a leader never truncates', { partition: this.name, offset });
    const from = this.log.logEndOffset;
    const highWatermark = this.log.highWatermark;
    if (this.log.truncateTo(offset) !== 'ok') return 'failed';
    if (this.log.logEndOffset < from) this.#recordTruncation(from, reason);
    if (this.log.highWatermark !== highWatermark) this.#recordHighWatermark(highWatermark);
    return 'ok';
  }

  truncateFullyAndStartAt(offset: number): 'ok' | 'failed' {
    assert(!this.isLeader, 'a leader never truncates', { partition: this.name, offset });
    const from = this.log.logEndOffset;
    if (this.log.truncateFullyAndStartAt(offset) !== 'ok') return 'failed';
    this.#recordTruncation(from, 'log-start');
    return 'ok';
  }

  // ------------------------------------------------------------------------------ high watermark

  /**
   * Whether an acks=all produce is done (`checkEnoughReplicasReachOffset`): null while it waits,
   * else its error. Invariant K4.
   */
  acksOutcome(requiredOffset: number): number | null {
    if (this.#goneError !== ErrorCode.NONE) return this.#goneError;
    if (!this.isLeader) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    if (this.log.highWatermark < requiredOffset) return null;
    assert(this.log.logEndOffset >= requiredOffset, 'K4: only what is in the log is acknowledged', {
      requiredOffset,
      end: this.log.logEndOffset,
    });
    const enough = this.#replicas.maximalIsr.length >= this.effectiveMinIsr;
    return enough ? ErrorCode.NONE : ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
  }

  /**
   * Moves the leader's high watermark to the least log end of the maximal ISR and of the followers
   * that are about to join it. True if it moved. Invariants K1, K3.
   */
  #maybeIncrementHighWatermark(nowMicros: number): boolean {
    const { switches, lagMicrosMax } = this.#environment;
    if (switches.highWatermarkNeedsMinIsr && this.isUnderMinIsr) return false;
    const end = this.log.logEndOffset;
    let to = end;
    for (const follower of this.#replicas.followers) {
      if (follower.logEndOffset >= to) continue;
      const counts =
        this.#replicas.maximalIsr.includes(follower.brokerId) ||
        (follower.isCaughtUp(end, nowMicros, lagMicrosMax) && this.#replicas.isEligible(follower));
      if (counts) to = follower.logEndOffset;
    }
    const before = this.log.highWatermark;
    if (to <= before || !this.log.maybeIncrementHighWatermark(to)) return false;
    assert(this.isLeader && this.log.highWatermark > before, 'K3: a leader only raises it', {
      before,
      to,
    });
    this.#recordHighWatermark(before);
    return true;
  }

  // ---------------------------------------------------------------------------------------- ISR

  /** The assigned follower that fetches, or the error for one that is not assigned. */
  followerError(brokerId: number): number {
    return this.#replicas.follower(brokerId) === null
      ? ErrorCode.NOT_LEADER_OR_FOLLOWER
      : ErrorCode.NONE;
  }

  /**
   * Whether a follower's fetch that was read with this result tells where the follower is. One of
   * an earlier leader epoch does not: the replica may have been taken away since, and be another
   * one now, without a record (gallery 8). Invariant K8.
   */
  countsFetch(brokerId: number, errorCode: number): boolean {
    assert(brokerId >= 0, 'a follower', { brokerId });
    if (errorCode === ErrorCode.NONE) return true;
    if (this.#environment.switches.isrJoinNeedsFetchInEpoch) return false;
    if (errorCode !== ErrorCode.FENCED_LEADER_EPOCH || !this.isLeader) return false;
    return this.followerError(brokerId) === ErrorCode.NONE;
  }

  /** Takes in a follower's fetch: the ISR may grow and the high watermark move. */
  followerFetched(brokerId: number, fetch: FollowerFetch): number {
    const follower = this.#replicas.follower(brokerId);
    assert(this.isLeader && follower !== null, 'an assigned follower', { brokerId });
    if (this.#replicas.isStale(fetch, brokerId)) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    const before = follower.logEndOffset;
    const startMoved = follower.logStartOffset !== fetch.logStartOffset;
    follower.fetched(fetch);
    if (this.#replicas.canAdd(follower) && this.#isInSync(follower.logEndOffset)) {
      assert(follower.logEndOffset >= this.log.highWatermark, 'K8: who joins has what is read', {
        end: follower.logEndOffset,
        highWatermark: this.log.highWatermark,
      });
      this.#submit(this.#replicas.expand(follower, this));
    }
    const moved =
      before !== follower.logEndOffset && this.#maybeIncrementHighWatermark(fetch.atMicros);
    if (moved || startMoved) this.#environment.progressed(this.name);
    return ErrorCode.NONE;
  }

  /**
   * A follower is in sync at the high watermark; and, since a new leader's own high watermark may
   * be stale, at the start of the leader epoch too (KAFKA-7128). Invariants K8, K9.
   */
  #isInSync(followerEndOffset: number): boolean {
    if (followerEndOffset < this.log.highWatermark) return false;
    if (!this.#environment.switches.isrJoinNeedsEpochStart) return true;
    return followerEndOffset >= this.leaderEpochStartOffset;
  }

  /** Every half of `replica.lag.time.max.ms`: members that lag leave the ISR. */
  maybeShrinkIsr(): void {
    if (!this.isLeader) return;
    const nowMicros = this.#environment.ports.clock.now();
    const outOfSync = this.#replicas.outOfSync(this.log.logEndOffset, nowMicros);
    if (outOfSync.length > 0) this.#submit(this.#replicas.shrink(outOfSync, this));
  }

  isrAnswered(proposal: IsrProposal, answer: IsrAnswer): void {
    // Something newer (an election, another change) has overtaken the answer.
    if (!this.isLeader || !this.#replicas.isCurrent(proposal)) return;
    if (answer.errorCode !== ErrorCode.NONE) {
      const next = afterIsrError(answer.errorCode);
      if (next === 'roll-back') this.#replicas.rollBack(this.leaderEpoch);
      if (next === 'retry') this.#submit(this.#replicas.proposeAgain(this));
      return;
    }
    if (!('isr' in answer) || answer.leaderEpoch !== this.leaderEpoch) return;
    if (answer.partitionEpoch < this.partitionEpoch) return;
    this.partitionEpoch = answer.partitionEpoch;
    this.#replicas.commit(answer.isr, this.leaderEpoch);
    this.#maybeIncrementHighWatermark(this.#environment.ports.clock.now());
    this.#environment.progressed(this.name);
  }

  #submit(proposal: IsrProposal): void {
    assert(this.isLeader, 'K7: only the leader proposes', { partition: this.name });
    this.#environment.alterPartition(this, proposal);
  }

  // ------------------------------------------------------------------------------------- epochs

  /** Where an epoch ends in this log (KIP-101; the largest epoch below it, KIP-279). */
  endOfEpoch(currentLeaderEpoch: number, epoch: number, leaderOnly: boolean): EpochEnd {
    const errorCode = leaderOnly
      ? this.checkLeader(currentLeaderEpoch)
      : this.checkLeaderEpoch(currentLeaderEpoch);
    if (errorCode !== ErrorCode.NONE) return { errorCode, epoch: -1, endOffset: -1 };
    const end = this.log.endOffsetForEpoch(epoch);
    return { errorCode, ...end };
  }

  // -------------------------------------------------------------------------------------- trace

  #recordLeader(): void {
    const { trace } = this.#environment.ports;
    if (!trace.on) return;
    const { name, leaderId, leaderEpoch } = this;
    trace.record(leaderKind, {
      partition: name,
      leader: leaderId,
      epoch: leaderEpoch,
      startOffset: this.leaderEpochStartOffset,
    });
  }

  #recordAppend(info: AppendInfo, role: string, epoch: number): void {
    const { trace } = this.#environment.ports;
    if (!trace.on) return;
    const { firstOffset, lastOffset, bytes } = info;
    trace.record(appendKind, { partition: this.name, role, epoch, firstOffset, lastOffset, bytes });
  }

  #recordHighWatermark(from: number): void {
    const { trace } = this.#environment.ports;
    if (!trace.on) return;
    const role = this.isLeader ? 'leader' : 'follower';
    trace.record(highWatermarkKind, {
      partition: this.name,
      role,
      from,
      to: this.log.highWatermark,
    });
  }

  #recordTruncation(from: number, reason: string): void {
    const { trace } = this.#environment.ports;
    if (!trace.on) return;
    trace.record(truncateKind, { partition: this.name, from, to: this.log.logEndOffset, reason });
  }
}

const NO_BYTES = new Uint8Array(0);
