/**
 * Partitions by topic id, as the consumer group protocol names them; topics without partitions are
 * left out, numbers ascend.
 */
import { assert } from '../../../kernel/assert.ts';

export type TopicPartitions = ReadonlyMap<string, readonly number[]>;

/** As messages and records have them. */
export type TopicPartitionsData = readonly {
  readonly topicId: string;
  readonly partitions: readonly number[];
}[];

export const NO_PARTITIONS: TopicPartitions = new Map();

export function partitionsFrom(data: TopicPartitionsData): TopicPartitions {
  const partitions = new Map<string, readonly number[]>();
  for (const { topicId, partitions: numbers } of data) {
    assert(!partitions.has(topicId), 'a topic once', { topicId });
    if (numbers.length > 0) partitions.set(topicId, sorted(numbers));
  }
  return partitions;
}

export function partitionsData(partitions: TopicPartitions): TopicPartitionsData {
  return [...partitions].map(([topicId, numbers]) => ({ topicId, partitions: numbers }));
}

function sorted(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Those of which `keeps` is true. */
export function filtered(
  partitions: TopicPartitions,
  keeps: (topicId: string, partition: number) => boolean,
): TopicPartitions {
  const kept = new Map<string, readonly number[]>();
  for (const [topicId, numbers] of partitions) {
    const left = numbers.filter((partition) => keeps(topicId, partition));
    if (left.length > 0) kept.set(topicId, left);
  }
  return kept;
}

export function has(partitions: TopicPartitions, topicId: string, partition: number): boolean {
  return partitions.get(topicId)?.includes(partition) ?? false;
}

/** Those of either. */
export function union(one: TopicPartitions, other: TopicPartitions): TopicPartitions {
  const all = new Map(one);
  for (const [topicId, numbers] of other) {
    all.set(topicId, sorted([...(all.get(topicId) ?? []), ...numbers]));
  }
  return all;
}

/** Whether all of the one are in the other. */
export function isSubset(one: TopicPartitions, other: TopicPartitions): boolean {
  return filtered(one, (topicId, partition) => !has(other, topicId, partition)).size === 0;
}

export function isEqual(one: TopicPartitions, other: TopicPartitions): boolean {
  return isSubset(one, other) && isSubset(other, one);
}
