/** Offset and time index: their bytes, their lookups, and what is refused. */
import { describe, expect, test } from 'vitest';
import { OffsetIndex } from '../../engine/storage/offset-index.ts';
import { TimeIndex } from '../../engine/storage/time-index.ts';
import { appendFrames, FOLDER, Rig } from './rig.ts';

function offsets(rig = new Rig()): OffsetIndex {
  return new OffsetIndex(rig.disk, 'x.index', 100, 80);
}

describe('storage: offset index', () => {
  test('an entry is two big-endian int32: relative offset and position', () => {
    const rig = new Rig();
    const index = offsets(rig);
    index.append(105, 4200);
    index.append(300, 0x01020304);
    expect(index.save()).toBe('ok');
    expect([...rig.bytes('x.index')]).toEqual([
      0, 0, 0, 5, 0, 0, 0x10, 0x68, 0, 0, 0, 200, 1, 2, 3, 4,
    ]);
    const again = offsets(rig);
    expect(again.load(0x01020305)).toBe(true);
    expect([again.entries, again.lastOffset, again.lastPosition]).toEqual([2, 300, 0x01020304]);
  });

  test('a lookup finds the last entry at or below the offset', () => {
    const index = offsets();
    for (const [offset, position] of [
      [105, 10],
      [110, 20],
      [120, 30],
    ] as const) {
      index.append(offset, position);
    }
    expect([100, 104, 105, 109, 110, 119, 120, 999].map((at) => index.lookup(at))).toEqual([
      0, 0, 10, 10, 20, 20, 30, 30,
    ]);
    expect([0, 9, 10, 29, 30, 31].map((at) => index.floorPosition(at))).toEqual([
      0, 0, 10, 20, 30, 30,
    ]);
  });

  test('entries that do not rise, overflow or exceed the size are bugs', () => {
    const index = offsets();
    index.append(105, 10);
    expect(() => index.append(105, 20)).toThrow('rise strictly');
    expect(() => index.append(106, 10)).toThrow('rise strictly');
    expect(() => index.append(99, 20)).toThrow('overflows');
    expect(() => index.append(100 + 2 ** 31, 20)).toThrow('overflows');
    for (let i = 1; i < 10; i++) index.append(105 + i, 10 + i);
    expect(index.full).toBe(true);
    expect(() => index.append(200, 200)).toThrow('full');
  });

  test('a file that points behind the log, is torn or full of zeros is refused', () => {
    const rig = new Rig();
    const index = offsets(rig);
    index.append(105, 4200);
    index.save();
    expect(offsets(rig).load(4200)).toBe(false);
    expect(offsets(rig).load(4201)).toBe(true);
    const file = rig.disk.open('x.index');
    file.write(8, new Uint8Array(8));
    expect(offsets(rig).load(9999)).toBe(false);
    file.truncate(11);
    expect(offsets(rig).load(9999)).toBe(false);
    file.truncate(8);
    expect(offsets(rig).load(9999)).toBe(true);
  });

  test('what was cut is written anew', () => {
    const rig = new Rig();
    const index = offsets(rig);
    for (let i = 1; i <= 3; i++) index.append(100 + i, i * 10);
    index.save();
    expect(index.cutFrom(20)).toBe('ok');
    expect([index.entries, index.lastOffset, rig.bytes('x.index').length]).toEqual([1, 101, 8]);
    index.append(150, 60);
    index.save();
    expect([...rig.bytes('x.index').subarray(8)]).toEqual([0, 0, 0, 50, 0, 0, 0, 60]);
  });
});

describe('storage: time index', () => {
  test('an entry is an int64 timestamp and an int32 relative offset, big-endian', () => {
    const rig = new Rig();
    const index = new TimeIndex(rig.disk, 'x.timeindex', 100, 120);
    index.maybeAppend(1_700_000_000_123, 130);
    index.save();
    expect([...rig.bytes('x.timeindex')]).toEqual([
      0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0x7b, 0, 0, 0, 30,
    ]);
    const again = new TimeIndex(rig.disk, 'x.timeindex', 100, 120);
    expect(again.load()).toBe(true);
    expect([again.lastTimestamp, again.lastOffset]).toEqual([1_700_000_000_123, 130]);
  });

  test('only a larger timestamp gets an entry, and a smaller one is a bug', () => {
    const index = new TimeIndex(new Rig().disk, 'x.timeindex', 0, 120);
    index.maybeAppend(50, 3);
    index.maybeAppend(50, 9);
    expect(index.entries).toBe(1);
    expect(() => index.maybeAppend(49, 10)).toThrow('never falls');
    expect(() => index.maybeAppend(51, 3)).toThrow('rise strictly');
  });

  test('a lookup finds the last entry at or below the timestamp', () => {
    const index = new TimeIndex(new Rig().disk, 'x.timeindex', 7, 120);
    index.maybeAppend(50, 13);
    index.maybeAppend(60, 19);
    expect([49, 50, 59, 60, 99].map((at) => index.lookup(at))).toEqual([7, 13, 13, 19, 19]);
    index.cutFrom(19);
    expect(index.lookup(99)).toBe(13);
  });

  test('one slot is kept for the entry of a roll', () => {
    const index = new TimeIndex(new Rig().disk, 'x.timeindex', 0, 36);
    index.maybeAppend(1, 1);
    expect(index.full).toBe(false);
    index.maybeAppend(2, 2);
    expect(index.full).toBe(true);
    index.maybeAppend(3, 3);
    expect(index.entries).toBe(3);
  });

  test('a roll and a close write the largest timestamp of the segment', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 15 });
    log.close(() => undefined);
    rig.settle();
    const last = (base: number): number => {
      const index = new TimeIndex(
        rig.disk,
        `${FOLDER}/${String(base).padStart(20, '0')}.timeindex`,
        base,
        1000,
      );
      expect(index.load()).toBe(true);
      return index.lastTimestamp;
    };
    expect([last(0), last(28)]).toEqual([1027, 1029]);
  });
});
