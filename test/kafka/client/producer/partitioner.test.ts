/**
 * Which partition a record goes to, release by release. Not here: the queues that the uniform
 * sticky way looks at.
 */
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../../../engine/bytes/utf8.ts';
import { producerConfig } from '../../../../engine/kafka/client/config.ts';
import {
  partitionerOf,
  partitionForKey,
  UniformStickyPartition,
} from '../../../../engine/kafka/client/producer/partitioner.ts';
import { profileOf, type ProfileName } from '../../../../engine/kafka/profiles.ts';
import { randomStream } from '../../../../engine/kernel/random.ts';

const partition = (index: number, leader = 1) => ({
  ...{ partition: index, leader, leaderEpoch: 0, replicas: [1], isr: [1], errorCode: 0 },
});
const three = [partition(0), partition(1), partition(2)];

function chooser(name: ProfileName, settings: Record<string, string> = {}) {
  const profile = profileOf(name);
  return partitionerOf(producerConfig(profile, settings), profile, randomStream(1, 'p'));
}

describe('kafka client: partitioners', () => {
  // Hashes from apache/kafka, UtilsTest.testMurmur2; the sign bit is dropped before the modulo.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('the key %s goes by its murmur2 hash %d', (key, hash) => {
    expect(partitionForKey(encodeUtf8(key), 1000)).toBe((hash & 0x7fffffff) % 1000);
  });

  test('before 2.4 records without a key go round', () => {
    const robin = chooser('kafka-1.1');
    const chosen = Array.from({ length: 6 }, () => robin.partition('t', null, three));
    expect(chosen.slice(3)).toEqual(chosen.slice(0, 3));
    expect(new Set(chosen).size).toBe(3);
  });

  test('round robin leaves out partitions without a leader', () => {
    const robin = chooser('kafka-1.1');
    const some = [partition(0, -1), partition(1), partition(2)];
    const chosen = Array.from({ length: 6 }, () => robin.partition('t', null, some));
    expect(new Set(chosen)).toEqual(new Set([1, 2]));
  });

  test('from 2.4 on they stay with a partition until a batch is opened (KIP-480)', () => {
    const sticky = chooser('kafka-2.8');
    const first = sticky.partition('t', null, three);
    expect(sticky.partition('t', null, three)).toBe(first);
    sticky.onNewBatch?.('t', first!, three);
    expect(sticky.partition('t', null, three)).not.toBe(first);
    expect(sticky.partition('t', encodeUtf8('abc'), three)).toBe(479470107 % 3);
  });

  test('from 3.3 on the accumulator chooses for records without a key (KIP-794)', () => {
    expect(chooser('kafka-4.1').partition('t', null, three)).toBeNull();
    const ignoring = chooser('kafka-4.1', { 'partitioner.ignore.keys': 'true' });
    expect(ignoring.partition('t', encodeUtf8('abc'), three)).toBeNull();
  });

  test('uniform sticky leaves a partition after batch.size bytes, if no batch is half full', () => {
    const sticky = new UniformStickyPartition(randomStream(3, 'p'), 100);
    sticky.peek(three);
    sticky.produced(99, three, true);
    const before = sticky.peek(three);
    sticky.produced(50, three, false);
    expect(sticky.peek(three)).toBe(before);
    let switches = 0;
    for (let n = 0; n < 60; n++) {
      const from = sticky.peek(three);
      sticky.produced(100, three, true);
      if (sticky.peek(three) !== from) switches++;
    }
    expect(switches).toBeGreaterThan(20);
  });

  test('a shorter queue weighs more: sizes 0, 3, 1 give weights 4, 1, 3', () => {
    const sticky = new UniformStickyPartition(randomStream(5, 'p'), 1);
    sticky.updateLoad({ partitionIds: [0, 1, 2], sizes: [0, 3, 1], total: 3 });
    const counts = [0, 0, 0];
    for (let n = 0; n < 8000; n++) {
      counts[sticky.peek(three)]!++;
      sticky.produced(1, three, true);
    }
    expect(counts[0]! / 1000).toBeCloseTo(4, 0);
    expect(counts[1]! / 1000).toBeCloseTo(1, 0);
    expect(counts[2]! / 1000).toBeCloseTo(3, 0);
  });
});
