/**
 * Where a consumer will go on after a restart: for each partition the offset of the next record to
 * be processed, and the leader epoch of the record before it, in one file on the client's own disk.
 *
 *     0                          version
 *     2                          entries
 *     pay 0 17 3                 topic, partition, offset, leader epoch (-1: none)
 *     pay 1 4 -1
 *
 * It stands in for a group's committed offsets, which a coordinator keeps in `__consumer_offsets`.
 * Not here: when to commit (`consumer.ts`); how a text is replaced (`storage/checkpoint-file.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Disk, DiskResult } from '../../../kernel/ports.ts';
import { CheckpointFile } from '../../../storage/checkpoint-file.ts';
import type { TopicPartition } from './subscription-state.ts';
import { topicPartitionText } from './subscription-state.ts';

const VERSION = '0';

export interface CommittedPosition extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number;
}

export class CommittedPositions {
  private readonly file: CheckpointFile;
  private readonly positions = new Map<string, CommittedPosition>();

  /** What an earlier incarnation committed under this group's name is there again. */
  constructor(disk: Disk, group: string) {
    assert(group !== '' && !group.includes('/'), 'a group has a name', { group });
    this.file = new CheckpointFile(disk, `committed-positions/${group}`);
    for (const position of parse(this.file.read() ?? '')) {
      this.positions.set(topicPartitionText(position), position);
    }
  }

  /** The committed position of a partition, durable or on its way to the disk; null if none. */
  committed(partition: TopicPartition): CommittedPosition | null {
    return this.positions.get(topicPartitionText(partition)) ?? null;
  }

  /** Takes over positions; `done` when they are durable, or with the disk's error. */
  commit(positions: readonly CommittedPosition[], done: (result: DiskResult) => void): void {
    for (const position of positions) {
      assert(position.offset >= 0, 'an offset', { ...position });
      this.positions.set(topicPartitionText(position), position);
    }
    this.file.write(print([...this.positions.values()]), done);
  }
}

function print(positions: readonly CommittedPosition[]): string {
  const lines = positions.map(({ topic, partition, offset, leaderEpoch }) => {
    assert(!topic.includes(' '), 'a topic name has no blanks', { topic });
    return `${topic} ${partition} ${offset} ${leaderEpoch}`;
  });
  return [VERSION, String(lines.length), ...lines, ''].join('\n');
}

/** No positions if the text is not whole: then the reset policy decides. */
function parse(text: string): CommittedPosition[] {
  const [version, count, ...lines] = text.split('\n');
  const entries = lines.filter((line) => line !== '');
  if (version !== VERSION || Number(count) !== entries.length) return [];
  const positions: CommittedPosition[] = [];
  for (const entry of entries) {
    const [topic, partition, offset, leaderEpoch] = entry.split(' ');
    const numbers = [partition, offset, leaderEpoch].map(Number);
    if (topic === undefined || !numbers.every(Number.isSafeInteger)) return [];
    const [first, second, third] = numbers as [number, number, number];
    positions.push({ topic, partition: first, offset: second, leaderEpoch: third });
  }
  return positions;
}
