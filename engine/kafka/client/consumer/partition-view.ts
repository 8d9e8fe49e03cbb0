/** What views show of a partition that a consumer reads, by hand or as a member of a group. */
import { assert } from '../../../kernel/assert.ts';
import type { PartitionState } from './subscription-state.ts';

export interface AssignedPartitionView {
  readonly partition: string;
  readonly fetchState: string;
  /** -1 while there is none. */
  readonly position: number;
  readonly committed: number;
  readonly highWatermark: number;
  /** Records between the position and the high watermark; -1 while unknown. */
  readonly lag: number;
  readonly paused: boolean;
  /** The follower that it reads from (KIP-392); -1: the leader. */
  readonly preferredReadReplica: number;
}

/** `committed` is null where the consumer knows of none. */
export function assignedPartitionView(
  state: PartitionState,
  committed: number | null,
): AssignedPartitionView {
  const position = state.position?.offset ?? -1;
  const { highWatermark } = state;
  assert(committed === null || committed >= 0, 'an offset', { partition: state.name, committed });
  const known = position >= 0 && highWatermark >= 0;
  return {
    partition: state.name,
    fetchState: state.fetchState,
    position,
    committed: committed ?? -1,
    highWatermark,
    lag: known ? Math.max(0, highWatermark - position) : -1,
    paused: state.paused,
    preferredReadReplica: state.preferredReadReplica,
  };
}
