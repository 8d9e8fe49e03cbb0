/** What the simulated disk promises: page cache and platter, syncs, power loss, faults (S4). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DiskResult } from '../../engine/kernel/ports.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import { micros } from '../../engine/kernel/units.ts';
import { SimDisk } from '../../engine/sim/sim-disk.ts';

function diskAt() {
  let now = 0;
  const waiting: (() => void)[] = [];
  const disk = new SimDisk({
    now: () => micros(now),
    afterSync: (_path, _bytes, complete, done) => waiting.push(() => done(complete())),
  });
  const settle = () => waiting.splice(0).forEach((complete) => complete());
  const pass = (by: number) => (now += by);
  return { disk, settle, pass };
}

const text = (disk: SimDisk, path: string): string => {
  const file = disk.open(path);
  return String.fromCharCode(...file.read(0, file.size()));
};
const bytes = (content: string) => Uint8Array.from(content, (one) => one.charCodeAt(0));
const stream = () => randomStream(1, 'power');

describe('disk: page cache and platter', () => {
  test('a read returns what was last written, synced or not', () => {
    const { disk } = diskAt();
    disk.open('a').write(0, bytes('hello'));
    disk.open('a').write(1, bytes('u'));
    expect(text(disk, 'a')).toBe('hullo');
  });

  test('a power loss drops what was not synced, and a sync covers only what came before it', () => {
    const { disk, settle } = diskAt();
    const file = disk.open('a');
    file.write(0, bytes('one'));
    let result: DiskResult | undefined;
    file.sync((outcome) => (result = outcome));
    file.write(3, bytes('two'));
    settle();
    expect(result).toBe('ok');
    disk.losePower('lost', stream());
    expect(text(disk, 'a')).toBe('one');
  });

  test('what stayed dirty for 30 seconds was written back by the kernel', () => {
    const { disk, settle, pass } = diskAt();
    const file = disk.open('a');
    file.sync(() => undefined);
    settle();
    file.write(0, bytes('old'));
    pass(30_000_001);
    file.sync(() => undefined);
    file.write(3, bytes('new'));
    disk.losePower('lost', stream());
    expect(text(disk, 'a')).toBe('old');
  });

  test('appends age by themselves: an old one is written back, a young one is lost', () => {
    const { disk, settle, pass } = diskAt();
    const file = disk.open('a');
    file.sync(() => undefined);
    settle();
    file.write(0, bytes('old'));
    pass(29_000_000);
    file.write(3, bytes('new'));
    pass(2_000_000);
    disk.losePower('lost', stream());
    expect(text(disk, 'a')).toBe('old');
  });

  test('a file that was never synced is gone with the power; a synced one stays', () => {
    const { disk, settle } = diskAt();
    disk.open('kept').write(0, bytes('x'));
    disk.open('kept').sync(() => undefined);
    settle();
    disk.open('fresh').write(0, bytes('y'));
    disk.losePower('lost', stream());
    expect(disk.list('')).toEqual(['kept']);
  });

  test('a rename is durable with the next sync, and undone by a power loss before it', () => {
    const { disk, settle } = diskAt();
    for (const path of ['a', 'a.tmp']) {
      disk.open(path).write(0, bytes(path));
      disk.open(path).sync(() => undefined);
      settle();
    }
    disk.rename('a.tmp', 'a');
    expect(text(disk, 'a')).toBe('a.tmp');
    disk.losePower('lost', stream());
    expect([text(disk, 'a'), text(disk, 'a.tmp')]).toEqual(['a', 'a.tmp']);
    disk.rename('a.tmp', 'a');
    disk.open('a').sync(() => undefined);
    settle();
    disk.losePower('lost', stream());
    expect(disk.list('')).toEqual(['a']);
  });

  test('a torn write keeps a first part of the last write and all before it', () => {
    const { disk, settle } = diskAt();
    const file = disk.open('a');
    file.sync(() => undefined);
    settle();
    file.write(0, bytes('first'));
    file.sync(() => undefined);
    file.write(5, bytes('second'));
    disk.losePower('torn', stream());
    expect('firstsecond'.startsWith(text(disk, 'a'))).toBe(true);
    expect(text(disk, 'a').length).toBeGreaterThanOrEqual(5);
  });

  test('after a power loss each unsynced byte is old, new, or zero beyond the old end (S4)', () => {
    const step = fc.record({
      op: fc.constantFrom('write', 'sync', 'append'),
      at: fc.nat(9000),
      size: fc.integer({ min: 1, max: 6000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(1000), (steps, seed) => {
        const { disk, settle } = diskAt();
        const file = disk.open('a');
        file.sync(() => undefined);
        settle();
        let durable = new Uint8Array(0);
        steps.forEach(({ op, at, size }, turn) => {
          if (op === 'sync') {
            file.sync(() => undefined);
            settle();
            durable = file.read(0, file.size()).slice();
            return;
          }
          const position = op === 'append' ? file.size() : Math.min(at, file.size());
          file.write(position, new Uint8Array(size).fill(turn + 1));
        });
        const cached = file.read(0, file.size()).slice();
        disk.losePower('random', randomStream(seed, 'power'));
        const after = disk.open('a').read(0, 1e9);
        expect(after.length).toBeGreaterThanOrEqual(durable.length);
        expect(after.length).toBeLessThanOrEqual(cached.length);
        after.forEach((byte, place) => {
          const allowed = [durable[place] ?? 0, cached[place]];
          if (!allowed.includes(byte)) expect.fail(`byte ${place} is ${byte}`);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('a view that a reader holds does not change when the file is overwritten', () => {
    const { disk } = diskAt();
    const file = disk.open('a');
    file.write(0, bytes('before'));
    const view = file.read(0, 6);
    file.truncate(0);
    file.write(0, bytes('after!'));
    expect(String.fromCharCode(...view)).toBe('before');
  });
});

describe('disk: faults', () => {
  test('pages of a failed sync count as clean, and go with the power (fsyncgate)', () => {
    const { disk, settle } = diskAt();
    const file = disk.open('a');
    file.sync(() => undefined);
    settle();
    const results: DiskResult[] = [];
    file.write(0, bytes('x'));
    disk.failSyncs(1);
    file.sync((result) => results.push(result));
    file.sync((result) => results.push(result));
    settle();
    expect(results).toEqual(['EIO', 'ok']);
    disk.losePower('lost', stream());
    expect(text(disk, 'a')).toBe('');
  });

  test('a lying sync answers ok and keeps nothing', () => {
    const { disk, settle } = diskAt();
    const file = disk.open('a');
    file.sync(() => undefined);
    settle();
    disk.lie(true);
    file.write(0, bytes('x'));
    file.sync(() => undefined);
    settle();
    disk.losePower('lost', stream());
    expect(text(disk, 'a')).toBe('');
  });

  test('a full disk refuses a write and keeps what it holds', () => {
    const { disk } = diskAt();
    disk.limitTo(4);
    const file = disk.open('a');
    expect(file.write(0, bytes('four'))).toBe('ok');
    expect(file.write(4, bytes('5'))).toBe('ENOSPC');
    expect(file.write(0, bytes('FOUR'))).toBe('ok');
    expect(text(disk, 'a')).toBe('FOUR');
  });

  test('bit rot changes one bit; a backup brings the old bytes back', () => {
    const { disk, settle } = diskAt();
    disk.open('a').write(0, bytes('a'));
    disk.open('a').sync(() => undefined);
    settle();
    const backup = disk.backup();
    expect(disk.rot('a', 0, 1)).toBe(true);
    expect(text(disk, 'a')).toBe('c');
    disk.restore(backup);
    expect(text(disk, 'a')).toBe('a');
    expect(disk.rot('a', 99, 0)).toBe(false);
  });
});
