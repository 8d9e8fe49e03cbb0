/** What one cleaning leaves of a log, held against a model, and what a crash within it leaves. */
import { describe, expect, test } from 'vitest';
import { dirtyRatio, isDue } from '#engine/kafka/cleaner/cleanable.ts';
import { randomStream } from '#engine/kernel/random.ts';
import { isBatchProblem, readBatchHeader } from '#engine/wire/kafka/record-batch.ts';
import { Crash, CleanerRig } from './cleaner-rig.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** Batches of a few records of a few keys; one in six is a tombstone. */
function fill(rig: CleanerRig, seed: number, batches: number): void {
  const random = randomStream(seed, 'workload');
  const { sequences } = rig;
  for (let batch = 0; batch < batches; batch++) {
    const records = Array.from({ length: random.between(1, 4) }, (_, place) => ({
      key: random.pick(KEYS),
      value: random.below(6) === 0 ? null : `v${batch}.${place}-${'x'.repeat(random.below(30))}`,
    }));
    const producerId = random.between(0, 2);
    const baseSequence = sequences.get(producerId) ?? 0;
    sequences.set(producerId, baseSequence + records.length);
    rig.append(records, { producerId, producerEpoch: 0, baseSequence });
    rig.rig.advance(random.below(400));
  }
}

function lastSequences(rig: CleanerRig): (readonly [number, number | undefined])[] {
  return [...rig.log.producers.entries.values()]
    .map(({ producerId, batches }) => [producerId, batches.at(-1)?.lastSequence] as const)
    .sort(([left], [right]) => left - right);
}

describe('kafka: cleaning', () => {
  test('below the checkpoint each key has its last value only, at its old offset', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const rig = new CleanerRig();
      for (let round = 0; round < 3; round++) {
        fill(rig, seed * 10 + round, 40);
        const before = rig.records().length;
        const end = rig.clean();
        expect(typeof end, String(end)).toBe('object');
        expect(rig.records().length).toBeLessThan(before);
        rig.checkAgainstModel();
      }
    }
  });

  test('a map that is too small ends the cleaning early; the next one goes on from there', () => {
    const rig = new CleanerRig();
    fill(rig, 7, 80);
    rig.dedupeBufferBytes = 24 * 4;
    const first = rig.clean();
    const end = rig.checkpoint!;
    expect(end).toBeLessThan(rig.part().firstUncleanableOffset);
    rig.checkAgainstModel();
    expect(first).toMatchObject({ endOffset: end });
    rig.clean();
    expect(rig.checkpoint).toBeGreaterThan(end);
    rig.checkAgainstModel();
  });

  test('a tombstone stays for delete.retention.ms after the cleaning that met it (KIP-534)', () => {
    const rig = new CleanerRig();
    rig.append([{ key: 'a', value: '1' }]);
    rig.append([{ key: 'a', value: null }]);
    const roll = (key: string): void => {
      for (let i = 0; i < 8; i++) rig.append([{ key, value: 'x'.repeat(100) }]);
    };
    const tombstones = (): number => rig.records().filter(({ value }) => value === null).length;
    roll('b');
    // However old it is: the time counts from the first cleaning on.
    rig.rig.advance(100_000);
    rig.clean();
    expect(rig.records()[0]).toMatchObject({ key: 'a', value: null, offset: 1 });
    const header = readBatchHeader(present(rig, 1));
    if (isBatchProblem(header)) throw new Error(header);
    expect([header.hasDeleteHorizon, header.baseTimestamp]).toEqual([true, 101_000]);
    expect(rig.records()[0]!.timestamp).toBe(0);
    roll('c');
    rig.rig.advance(999);
    rig.clean();
    expect(tombstones()).toBe(1);
    roll('d');
    rig.rig.advance(1);
    rig.clean();
    expect(tombstones()).toBe(0);
    rig.checkAgainstModel();
  });

  test('the last batch of a producer stays as an empty one, so that its sequence is known', () => {
    const rig = new CleanerRig();
    rig.append([{ key: 'a', value: '1' }], { producerId: 9, producerEpoch: 2, baseSequence: 5 });
    for (let i = 0; i < 12; i++) rig.append([{ key: 'a', value: 'x'.repeat(90) }]);
    rig.clean();
    const header = readBatchHeader(present(rig, 0));
    expect(header).toMatchObject({
      recordsCount: 0,
      producerId: 9,
      baseSequence: 5,
      lastOffset: 0,
    });
    rig.open(true, 0);
    expect(rig.log.producers.entries.get(9)).toMatchObject({ producerEpoch: 2 });
    expect(lastSequences(rig)).toEqual([[9, 5]]);
    expect(
      rig.log.producers.judge({
        producerId: 9,
        producerEpoch: 2,
        baseSequence: 6,
        lastSequence: 6,
      }),
    ).toEqual({ kind: 'append' });
  });

  test('nothing at or above the high watermark, and not the active segment, is cleaned', () => {
    const rig = new CleanerRig();
    fill(rig, 3, 60);
    const segments = rig.log.log.segments();
    const active = segments.at(-1)!.baseOffset;
    expect(rig.part().firstUncleanableOffset).toBe(active);
    rig.log.maybeUpdateHighWatermark(segments[2]!.baseOffset + 1);
    expect(rig.part().firstUncleanableOffset).toBe(segments[2]!.baseOffset);
    rig.clean();
    const above = rig.written.filter(({ offset }) => offset >= segments[2]!.baseOffset);
    expect(rig.records().filter(({ offset }) => offset >= segments[2]!.baseOffset)).toEqual(above);
  });

  test('min.compaction.lag.ms keeps the young part, max.compaction.lag.ms ends the waiting', () => {
    const rig = new CleanerRig({
      'min.compaction.lag.ms': '5000',
      'max.compaction.lag.ms': '20000',
    });
    rig.rig.advance(1000);
    fill(rig, 4, 40);
    const segments = rig.log.log.segmentsWithIndexes;
    const now = Math.floor(rig.rig.nowMicros / 1000);
    const young = segments.find(({ largestTimestamp }) => largestTimestamp > now - 5000)!;
    expect(rig.part().firstUncleanableOffset).toBe(young.baseOffset);
    expect(young.baseOffset).toBeGreaterThan(0);
    rig.clean();
    rig.checkAgainstModel();
    rig.rig.advance(5001);
    // Mostly clean now: the ratio alone would not ask for it.
    const part = rig.part();
    expect(isDue({ ...part, overdueMs: 0 }, 0.99)).toBe(false);
    rig.rig.advance(20_000);
    expect(rig.part().overdueMs).toBeGreaterThan(0);
    expect(isDue(rig.part(), 0.99)).toBe(true);
    expect(dirtyRatio(rig.part())).toBeLessThan(0.99);
  });

  test('a log that was cut meanwhile is left as it is', () => {
    const rig = new CleanerRig();
    fill(rig, 5, 60);
    const end = rig.part().firstUncleanableOffset - 1;
    const how = rig.clean(rig.part(), () => rig.log.truncateTo(end));
    expect(how).toBe('aborted');
    expect(rig.log.logEndOffset).toBeLessThanOrEqual(end);
    expect(rig.records()).toEqual(rig.written.slice(0, rig.log.logEndOffset));
    expect(rig.rig.disk.list('data').filter((name) => name.endsWith('.cleaned'))).toEqual([]);
  });

  test('small neighbours become one segment, and its indexes are what the log says', () => {
    const rig = new CleanerRig();
    fill(rig, 6, 100);
    const full = (): readonly number[] =>
      rig.log.log
        .segments()
        .map(({ baseOffset }) => baseOffset)
        .filter((base) => base < first);
    const first = rig.part().firstUncleanableOffset;
    const before = full().length;
    // The first cleaning makes segments small, the next one finds them small.
    rig.clean();
    expect(full().length).toBe(before);
    fill(rig, 8, 20);
    rig.clean();
    expect(full().length).toBeLessThan(before / 2);
    rig.checkAgainstModel();
    const kept = rig.log.log.segments();
    const { recoveryPoint } = rig.log.log;
    rig.rig.crash();
    for (const name of rig.rig.disk.list('data')) {
      if (name.endsWith('index')) rig.rig.disk.remove(`data/${name}`);
    }
    rig.open(false, recoveryPoint);
    const rebuilt = rig.log.log.segments();
    expect(rebuilt.map(({ indexEntries }) => indexEntries)).toEqual(
      kept.map(({ indexEntries }) => indexEntries),
    );
  });

  test('a swap that had begun is completed: the segments that it replaces go', () => {
    // Each segment keeps something, so that the new one reaches as far as those that it replaces.
    const write = (rig: CleanerRig, from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        rig.append([
          { key: `u${i}`, value: '1' },
          { key: 'x', value: 'x'.repeat(60) },
        ]);
      }
    };
    let completed = 0;
    let fewer = 0;
    for (let at = 1; ; at++) {
      const rig = new CleanerRig();
      write(rig, 0, 60);
      rig.clean();
      write(rig, 60, 80);
      const { recoveryPoint } = rig.log.log;
      const bases = rig.log.log.segments().length;
      rig.changes = 0;
      rig.crashAt = at;
      try {
        rig.clean();
        break;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
      rig.rig.crash();
      const swap = rig.rig.disk.list('data').some((name) => name.endsWith('.log.swap'));
      rig.open(false, recoveryPoint);
      rig.checkAgainstModel();
      if (!swap) continue;
      completed += 1;
      if (rig.log.log.segments().length < bases) fewer += 1;
    }
    expect(completed).toBeGreaterThan(5);
    expect(fewer).toBeGreaterThan(0);
  });

  test('a crash at any change of the disk leaves a log that has every last value', () => {
    let points = 0;
    for (const power of [false, true]) {
      for (let at = 1; ; at++) {
        const rig = new CleanerRig();
        fill(rig, 11, 50);
        const sequences = lastSequences(rig);
        const end = rig.log.logEndOffset;
        const { recoveryPoint } = rig.log.log;
        rig.changes = 0;
        rig.crashAt = at;
        let crashed = false;
        try {
          rig.clean();
        } catch (error) {
          if (!(error instanceof Crash)) throw error;
          crashed = true;
        }
        if (!crashed) break;
        points += 1;
        rig.crashAt = 0;
        if (power) rig.rig.losePower('lost', at);
        else rig.rig.crash();
        rig.open(false, recoveryPoint);
        expect(rig.log.logEndOffset).toBe(end);
        expect(lastSequences(rig)).toEqual(sequences);
        rig.checkAgainstModel();
        const left = rig.rig.disk.list('data').filter((name) => /cleaned|swap/.test(name));
        expect(left).toEqual([]);
        rig.clean();
        rig.checkAgainstModel();
      }
    }
    expect(points).toBeGreaterThan(60);
  });
});

function present(rig: CleanerRig, offset: number): Uint8Array {
  const maxOffset = rig.log.logEndOffset;
  const read = rig.log.read(offset, 1, { minOneMessage: true, maxOffset });
  if (typeof read === 'string') throw new Error(read);
  return read.bytes;
}
