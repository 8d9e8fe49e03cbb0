/**
 * Which partitions moved from whom to whom while the general sticky assignment is balanced, so that
 * no two members exchange partitions of the same topic for nothing: where one moved from A to B and
 * another is to move from B to A, the first one moves back.
 *
 * Source: `AbstractStickyAssignor.PartitionMovements`.
 */
import { assert, present } from '../../../../kernel/assert.ts';
import type { TopicPartition } from '../subscription-state.ts';
import { hashOfPartition, JavaHashSet } from './java-hash-set.ts';

interface Movement {
  readonly from: string;
  readonly to: string;
}

/** Partitions are compared by identity. */
export class PartitionMovements {
  private readonly byPair = new Map<string, JavaHashSet<TopicPartition>>();
  private readonly movements = new Map<TopicPartition, Movement>();

  moved(partition: TopicPartition, from: string, to: string): void {
    assert(from !== to, 'a movement', { from, to });
    const before = this.movements.get(partition);
    if (before === undefined) {
      this.add(partition, { from, to });
      return;
    }
    assert(before.to === from, 'it moves from where it is', { at: before.to, from });
    this.remove(partition, before);
    if (before.from !== to) this.add(partition, { from: before.from, to });
  }

  /** The partition to move in place of this one, so that nothing is exchanged for nothing. */
  toBeMoved(partition: TopicPartition, from: string, to: string): TopicPartition {
    const source = this.movements.get(partition)?.from ?? from;
    const opposite = this.byPair.get(pairText(partition.topic, { from: to, to: source }));
    if (opposite === undefined || opposite.size === 0) return partition;
    return present(opposite.inOrder()[0], 'a partition');
  }

  private add(partition: TopicPartition, movement: Movement): void {
    const pair = pairText(partition.topic, movement);
    const partitions = this.byPair.get(pair) ?? new JavaHashSet(hashOfPartition);
    partitions.add(partition);
    this.byPair.set(pair, partitions);
    this.movements.set(partition, movement);
  }

  private remove(partition: TopicPartition, movement: Movement): void {
    const pair = pairText(partition.topic, movement);
    const partitions = present(this.byPair.get(pair), 'partitions that moved');
    partitions.delete(partition);
    if (partitions.size === 0) this.byPair.delete(pair);
    this.movements.delete(partition);
  }
}

function pairText(topic: string, { from, to }: Movement): string {
  return `${topic}\n${from}\n${to}`;
}
