/**
 * A partition as the metadata log registers it: its replicas, its ISR, its leader and their epochs,
 * and how a change record makes the next registration of the last one.
 *
 * Not here: who is elected (`controller/partition-change-builder.ts`), and what a broker holds of
 * the partition (`kafka/partition`).
 * Source: `org.apache.kafka.metadata.PartitionRegistration`.
 */
import { assert } from '../../kernel/assert.ts';
import type { PartitionChangeRecord, PartitionRecord } from './record.ts';

/** In `leader`: nobody leads, the partition is offline. */
export const NO_LEADER = -1;
/** In a change record's `leader`: it stays as it is. */
export const NO_LEADER_CHANGE = -2;

/** 1 from an unclean election until the leader says that it has recovered (KIP-704). */
export type LeaderRecoveryState = 0 | 1;
export const RECOVERED: LeaderRecoveryState = 0;
export const RECOVERING: LeaderRecoveryState = 1;
/** In a change record's `leaderRecoveryState`. */
export const RECOVERY_STATE_UNCHANGED = -1;

export interface PartitionRegistration {
  /** The assignment; its first member is the preferred leader. */
  readonly replicas: readonly number[];
  /** Invariant K7: the ISR here is part of the maximal ISR that the leader counts with. */
  readonly isr: readonly number[];
  readonly removingReplicas: readonly number[];
  readonly addingReplicas: readonly number[];
  /** Replicas outside the ISR that have every committed record (KIP-966). */
  readonly elr: readonly number[];
  /** The last leader, if the partition lost its whole ISR and ELR (KIP-966). */
  readonly lastKnownElr: readonly number[];
  readonly leader: number;
  /** Invariant K5: one leader an epoch; it grows whenever a leader is (re)assigned. */
  readonly leaderEpoch: number;
  /** Grows with each change: the version for the leader's compare-and-set. */
  readonly partitionEpoch: number;
  readonly leaderRecoveryState: LeaderRecoveryState;
}

/** The registration that a PartitionRecord creates. */
export function registrationOf(record: PartitionRecord): PartitionRegistration {
  assert(record.replicas.length > 0, 'a partition has replicas', { record });
  assert(record.leaderEpoch >= 0 && record.partitionEpoch >= 0, 'epochs from 0', { record });
  return checked({
    replicas: record.replicas,
    isr: record.isr,
    removingReplicas: record.removingReplicas,
    addingReplicas: record.addingReplicas,
    elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    leader: record.leader,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
    leaderRecoveryState: recoveryState(record.leaderRecoveryState),
  });
}

/**
 * The registration after a change. The partition epoch always grows by one; the leader epoch grows
 * whenever the record names a leader, even if it is the old one.
 */
export function merge(
  before: PartitionRegistration,
  record: PartitionChangeRecord,
): PartitionRegistration {
  const leaderChanges = record.leader !== NO_LEADER_CHANGE;
  const after = checked({
    replicas: record.replicas ?? before.replicas,
    isr: record.isr ?? before.isr,
    removingReplicas: record.removingReplicas ?? before.removingReplicas,
    addingReplicas: record.addingReplicas ?? before.addingReplicas,
    elr: record.eligibleLeaderReplicas ?? before.elr,
    lastKnownElr: record.lastKnownElr ?? before.lastKnownElr,
    leader: leaderChanges ? record.leader : before.leader,
    leaderEpoch: leaderChanges ? before.leaderEpoch + 1 : before.leaderEpoch,
    partitionEpoch: before.partitionEpoch + 1,
    leaderRecoveryState:
      record.leaderRecoveryState === RECOVERY_STATE_UNCHANGED
        ? before.leaderRecoveryState
        : recoveryState(record.leaderRecoveryState),
  });
  assert(after.leaderEpoch >= before.leaderEpoch, 'leader epochs grow (K5)', { before, after });
  return after;
}

/** Whether the first replica of the assignment leads. */
export function hasPreferredLeader(partition: PartitionRegistration): boolean {
  return partition.leader === partition.replicas[0];
}

function recoveryState(value: number): LeaderRecoveryState {
  assert(value === RECOVERED || value === RECOVERING, 'a leader recovery state', { value });
  return value;
}

function checked(partition: PartitionRegistration): PartitionRegistration {
  const { replicas, isr, elr, leader } = partition;
  assert(
    isr.every((id) => replicas.includes(id)),
    'the ISR is part of the replicas',
    { replicas, isr },
  );
  assert(
    elr.every((id) => replicas.includes(id) && !isr.includes(id)),
    'the ELR is part of the replicas and outside the ISR',
    { replicas, isr, elr },
  );
  assert(leader === NO_LEADER || isr.includes(leader), 'the leader is in the ISR', { leader, isr });
  return Object.freeze(partition);
}
