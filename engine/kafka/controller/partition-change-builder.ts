/**
 * Builds the record that changes one partition: the replicas, the new ISR, the eligible leader
 * replicas, and the leader, who is elected here and nowhere else. A reassignment that the change
 * makes complete ends with it. Pure: a registration and a wish in, a record out.
 *
 * Not here: which partitions to change and when (`alter-partition.ts`, `leader-election.ts`,
 * `reassignment.ts`), and what the record does to the registration, epochs included
 * (`metadata/partition-registration.ts`).
 *
 * Source: `org.apache.kafka.controller.PartitionChangeBuilder`. Differences: a replica that is
 * taken away leaves the ELR too; the last known leader is elected only while it is active, as the
 * source says since KAFKA-19522 was fixed; KIP-966's `unclean.recovery.strategy` exists nowhere
 * yet, also not there.
 */
import { assert } from '../../kernel/assert.ts';
import {
  NO_LEADER,
  NO_LEADER_CHANGE,
  RECOVERING,
  RECOVERY_STATE_UNCHANGED,
  type LeaderRecoveryState,
  type PartitionRegistration,
} from '../metadata/partition-registration.ts';
import type { PartitionChangeRecord } from '../metadata/record.ts';
import { completed, type ReplicaChange } from './partition-reassignment.ts';

/**
 * `PREFERRED`: the first replica of the assignment, if it is in the ISR; else as `ONLINE`.
 * `ONLINE`: keep the leader if it may lead, else take one from the ISR (or the ELR).
 * `UNCLEAN`: as `ONLINE`, but rather any active replica than none: records may be lost.
 */
export type Election = 'PREFERRED' | 'ONLINE' | 'UNCLEAN';

export interface PartitionWish {
  readonly topicId: string;
  readonly partitionId: number;
  readonly partition: PartitionRegistration;
  /** Whether a replica may lead: in general, whether its broker is active. */
  readonly isAcceptableLeader: (brokerId: number) => boolean;
  /** The topic's min.insync.replicas, at most its replication factor. */
  readonly minIsr: number;
  readonly election: Election;
  /** The ISR that is wished; without it the present one. */
  readonly targetIsr?: readonly number[];
  /** The replicas that are wished, those on their way included; without it the present ones. */
  readonly targetReplicas?: ReplicaChange;
  readonly targetLeaderRecoveryState?: LeaderRecoveryState;
  /** Replicas that may have lost what they had not synced: they leave the ELR (KIP-966). */
  readonly uncleanShutdownReplicas?: readonly number[];
  /** The switch `eligibleLeaderReplicas` (KIP-966). */
  readonly elrEnabled: boolean;
  /** The switch `leaderEpochBumpOnIsrShrink`: before 3.6 a shrink bumps the epoch (KAFKA-15021). */
  readonly bumpOnIsrShrink: boolean;
}

interface Elected {
  readonly leader: number;
  readonly unclean: boolean;
}

/** What the record will say. `null` and `NO_LEADER_CHANGE` mean: as it was. */
interface Draft {
  readonly target: ReplicaChange;
  targetIsr: readonly number[];
  targetElr: readonly number[];
  isr: readonly number[] | null;
  leader: number;
  leaderRecoveryState: LeaderRecoveryState | typeof RECOVERY_STATE_UNCHANGED;
  eligibleLeaderReplicas: readonly number[] | null;
  lastKnownElr: readonly number[] | null;
}

/** The change record, or null if nothing would change. */
export function buildPartitionChange(wish: PartitionWish): PartitionChangeRecord | null {
  const { partition } = wish;
  assert(wish.minIsr >= 1, 'an effective min ISR', { minIsr: wish.minIsr });
  const isrWished = wish.targetIsr ?? partition.isr;
  const wished = wish.targetReplicas ?? partition;
  const ended = completed(wished, isrWished);
  const target = ended ?? wished;
  const targetIsr = ended?.isr ?? isrWished;
  const draft: Draft = {
    target,
    targetIsr,
    targetElr: targetElrOf(wish, target, targetIsr),
    isr: null,
    leader: NO_LEADER_CHANGE,
    leaderRecoveryState: RECOVERY_STATE_UNCHANGED,
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  };
  elect(wish, draft);
  bumpEpochOnRemoval(wish, draft);
  setElr(wish, draft);
  setIsr(wish, draft);
  bumpEpochOnShrink(wish, draft);
  setLastKnownLeader(wish, draft);
  const state = wish.targetLeaderRecoveryState ?? partition.leaderRecoveryState;
  if (state !== partition.leaderRecoveryState) draft.leaderRecoveryState = state;
  return isNoOp(wish, draft) ? null : recordOf(wish, draft);
}

/**
 * The replicas that have all that was committed although they are not in the ISR: those that were
 * in ISR or ELR, while the ISR is below its minimum, so that the high watermark cannot move.
 */
function targetElrOf(
  wish: PartitionWish,
  target: ReplicaChange,
  targetIsr: readonly number[],
): readonly number[] {
  if (!wish.elrEnabled) return wish.partition.elr;
  if (targetIsr.length >= wish.minIsr) return [];
  const { elr, isr } = wish.partition;
  const unclean = wish.uncleanShutdownReplicas ?? [];
  const candidates = new Set([...elr, ...isr]);
  return [...candidates]
    .filter((replica) => !targetIsr.includes(replica) && !unclean.includes(replica))
    .filter((replica) => target.replicas.includes(replica))
    .sort((left, right) => left - right);
}

function elect(wish: PartitionWish, draft: Draft): void {
  const { partition } = wish;
  const { leader, unclean } = electLeader(wish, draft);
  if (leader === partition.leader) return;
  if (draft.targetElr.includes(leader)) {
    // A member of the ELR comes back alone: nobody else is known to have every record.
    draft.targetIsr = [leader];
    draft.targetElr = draft.targetElr.filter((replica) => replica !== leader);
  }
  draft.leader = leader;
  if (unclean) {
    // Records that only the old ISR had are given up here; the ISR begins anew with the leader.
    draft.isr = [leader];
    if (partition.leaderRecoveryState !== RECOVERING) draft.leaderRecoveryState = RECOVERING;
  }
}

function electLeader(wish: PartitionWish, draft: Draft): Elected {
  const { partition, election } = wish;
  const valid = (replica: number): boolean => isValidNewLeader(wish, draft, replica);
  const { replicas } = draft.target;
  const preferred = replicas[0];
  assert(preferred !== undefined, 'a partition has replicas');
  if (election === 'PREFERRED' && valid(preferred)) return { leader: preferred, unclean: false };
  if (valid(partition.leader)) return { leader: partition.leader, unclean: false };
  const online = replicas.find(valid);
  if (online !== undefined) return { leader: online, unclean: false };
  const lastKnown = lastKnownLeader(wish, draft);
  if (lastKnown !== null) return { leader: lastKnown, unclean: true };
  if (election === 'UNCLEAN') {
    const any = replicas.find(wish.isAcceptableLeader);
    if (any !== undefined) return { leader: any, unclean: true };
  }
  return { leader: NO_LEADER, unclean: false };
}

/** In the ISR, or in the ELR while the ISR is empty; and active. */
function isValidNewLeader(wish: PartitionWish, draft: Draft, replica: number): boolean {
  const inIsr = draft.targetIsr.includes(replica);
  const inElr =
    draft.targetIsr.length === 0 && wish.elrEnabled && draft.targetElr.includes(replica);
  return (inIsr || inElr) && wish.isAcceptableLeader(replica);
}

/**
 * The replica that led last, if ISR and ELR are lost and it is back: it has at least all that it
 * had synced (KIP-966, "balanced" recovery). Null if there is none.
 */
function lastKnownLeader(wish: PartitionWish, draft: Draft): number | null {
  if (!wish.elrEnabled) return null;
  if (draft.targetIsr.length > 0 || draft.targetElr.length > 0) return null;
  const { lastKnownElr } = wish.partition;
  const only = lastKnownElr[0];
  if (lastKnownElr.length !== 1 || only === undefined) return null;
  return wish.isAcceptableLeader(only) ? only : null;
}

/**
 * A replica that is taken away ends the leader epoch, so that a fetch which it sent before cannot
 * count when it is a replica again (gallery 8).
 */
function bumpEpochOnRemoval(wish: PartitionWish, draft: Draft): void {
  if (draft.leader !== NO_LEADER_CHANGE) return;
  const { replicas } = draft.target;
  const removes = wish.partition.replicas.some((replica) => !replicas.includes(replica));
  if (removes) draft.leader = wish.partition.leader;
}

function setElr(wish: PartitionWish, draft: Draft): void {
  // `isr` is set by now only if the election was unclean: then who was eligible says nothing.
  if (draft.isr !== null || !wish.elrEnabled) draft.targetElr = [];
  if (!sameList(draft.targetElr, wish.partition.elr)) {
    draft.eligibleLeaderReplicas = draft.targetElr;
  }
}

/** Without KIP-966 the last member stays in the ISR, so that it can be elected when it is back. */
function setIsr(wish: PartitionWish, draft: Draft): void {
  if (draft.isr !== null) return;
  if (draft.targetIsr.length === 0 && !wish.elrEnabled) return;
  if (!sameList(draft.targetIsr, wish.partition.isr)) draft.isr = draft.targetIsr;
}

function bumpEpochOnShrink(wish: PartitionWish, draft: Draft): void {
  if (!wish.bumpOnIsrShrink || draft.leader !== NO_LEADER_CHANGE) return;
  const { isr } = draft;
  if (isr === null) return;
  const shrinks = wish.partition.isr.some((replica) => !isr.includes(replica));
  if (shrinks) draft.leader = wish.partition.leader;
}

function setLastKnownLeader(wish: PartitionWish, draft: Draft): void {
  if (!wish.elrEnabled) return;
  const { leader, lastKnownElr } = wish.partition;
  const isKept = lastKnownElr.length === 1 && lastKnownElr[0] === leader;
  const leads = draft.leader >= 0 || (leader !== NO_LEADER && draft.leader !== NO_LEADER);
  if (draft.isr !== null && draft.isr.length === 0 && !isKept) {
    // Only when the partition becomes leaderless: later there is no leader to remember.
    if (leader !== NO_LEADER) draft.lastKnownElr = [leader];
  } else if (leads && lastKnownElr.length > 0) {
    draft.lastKnownElr = [];
  }
}

function isNoOp({ partition }: PartitionWish, draft: Draft): boolean {
  const { target } = draft;
  return (
    sameList(target.replicas, partition.replicas) &&
    sameList(target.removingReplicas, partition.removingReplicas) &&
    sameList(target.addingReplicas, partition.addingReplicas) &&
    draft.isr === null &&
    draft.leader === NO_LEADER_CHANGE &&
    draft.leaderRecoveryState === RECOVERY_STATE_UNCHANGED &&
    draft.eligibleLeaderReplicas === null &&
    draft.lastKnownElr === null
  );
}

function recordOf(wish: PartitionWish, draft: Draft): PartitionChangeRecord {
  const { partition, topicId, partitionId } = wish;
  const isr = draft.isr ?? partition.isr;
  const leader = draft.leader === NO_LEADER_CHANGE ? partition.leader : draft.leader;
  assert(leader === NO_LEADER || isr.includes(leader), 'who leads is in the ISR', { leader, isr });
  return {
    partitionId,
    topicId,
    isr: draft.isr,
    leader: draft.leader,
    replicas: changed(draft.target.replicas, partition.replicas),
    removingReplicas: changed(draft.target.removingReplicas, partition.removingReplicas),
    addingReplicas: changed(draft.target.addingReplicas, partition.addingReplicas),
    leaderRecoveryState: draft.leaderRecoveryState,
    directories: null,
    eligibleLeaderReplicas: draft.eligibleLeaderReplicas,
    lastKnownElr: draft.lastKnownElr,
  };
}

/** The new list, or null if it is as it was. */
function changed(next: readonly number[], before: readonly number[]): readonly number[] | null {
  return sameList(next, before) ? null : next;
}

function sameList(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}
