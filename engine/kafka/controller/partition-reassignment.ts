/**
 * The stages of a reassignment as pure functions upon a partition's replicas: it begins with the
 * old and the new replicas together, it is complete when the new ones are in the ISR, and it can be
 * taken back until then.
 *
 * Not here: requests (`reassignment.ts`), the record (`partition-change-builder.ts`).
 * Sources: KIP-455; `org.apache.kafka.controller.PartitionReassignmentReplicas` and
 * `PartitionReassignmentRevert`. As since 3.8 (KAFKA-15665) all target replicas must be in the ISR;
 * before, those that were added sufficed.
 */
import { assert } from '../../kernel/assert.ts';

/** A partition's replicas, and which of them come and go. */
export interface ReplicaChange {
  readonly replicas: readonly number[];
  readonly removingReplicas: readonly number[];
  readonly addingReplicas: readonly number[];
}

interface Reassigned {
  readonly isr: readonly number[];
}

/** The first stage: the target, and behind it those who will go when it is reached. */
export function reassignmentTo(
  present: readonly number[],
  target: readonly number[],
): ReplicaChange {
  assert(present.length > 0 && target.length > 0, 'replicas', { present, target });
  const removingReplicas = without(present, target).sort(byId);
  const addingReplicas = without(target, present).sort(byId);
  return { replicas: [...target, ...removingReplicas], removingReplicas, addingReplicas };
}

export function isReassigning(partition: ReplicaChange): boolean {
  return partition.removingReplicas.length > 0 || partition.addingReplicas.length > 0;
}

/** What is left when the reassignment ends with this ISR; null if it does not end yet. */
export function completed(
  change: ReplicaChange,
  isr: readonly number[],
): (ReplicaChange & Reassigned) | null {
  if (!isReassigning(change)) return null;
  const replicas = without(change.replicas, change.removingReplicas);
  const stays = without(isr, change.removingReplicas);
  if (replicas.length === 0 || stays.length === 0) return null;
  if (!replicas.every((id) => stays.includes(id))) return null;
  assert(stays.length <= replicas.length, 'the ISR is part of the replicas', { replicas, stays });
  return { replicas, removingReplicas: [], addingReplicas: [], isr: stays };
}

/**
 * The way back: what was being added goes, what was being removed stays. `unclean`: the whole ISR
 * would go, so that a replica that may lack records would have to lead.
 */
export function reverted(
  change: ReplicaChange,
  isr: readonly number[],
): ReplicaChange & Reassigned & { readonly unclean: boolean } {
  assert(isReassigning(change), 'a reassignment in progress', { ...change });
  const replicas = without(change.replicas, change.addingReplicas);
  const stays = without(isr, change.addingReplicas);
  const first = replicas[0];
  // Adding replicas are never all: the first stage keeps those that will go.
  assert(first !== undefined, 'a replica that was there before', { ...change });
  const unclean = stays.length === 0;
  const back = { replicas, removingReplicas: [], addingReplicas: [] };
  return { ...back, isr: unclean ? [first] : stays, unclean };
}

function without(ids: readonly number[], gone: readonly number[]): number[] {
  return ids.filter((id) => !gone.includes(id));
}

function byId(left: number, right: number): number {
  return left - right;
}
