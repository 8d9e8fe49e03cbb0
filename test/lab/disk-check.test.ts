/** The checker of disks (S4): what a power loss may leave behind, and what it may not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Random } from '../../engine/kernel/ports.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import { micros } from '../../engine/kernel/units.ts';
import { DiskChecks } from '../../engine/lab/check/disk.ts';
import { SimDisk } from '../../engine/sim/sim-disk.ts';
import type { Unsynced } from '../../engine/sim/sim-disk.ts';

const SECOND = 1_000_000;
const PATH = 'log/a';

function watchedDisk() {
  let now = 0;
  const waiting: (() => void)[] = [];
  const disk = new SimDisk({
    now: () => micros(now),
    afterSync: (_path, _bytes, complete, done) => waiting.push(() => done(complete())),
  });
  const checks = new DiskChecks();
  checks.watch({ name: 'broker-1', disk });
  const file = disk.open(PATH);
  const settle = () => waiting.splice(0).forEach((complete) => complete());
  /** What the device was at is never told. */
  const losePower = (unsynced: Unsynced, random: Random) => {
    waiting.length = 0;
    disk.losePower(unsynced, random);
  };
  const sync = () => file.sync(() => undefined);
  return { disk, file, checks, settle, sync, losePower, pass: (by: number) => (now += by) };
}

const bytes = (content: string) => Uint8Array.from(content, (one) => one.charCodeAt(0));
const stream = () => randomStream(1, 'power');

describe('check: disk', () => {
  test('a truncation that was not synced may be undone by a power loss (seed 453)', () => {
    const { file, checks, settle, sync, losePower } = watchedDisk();
    sync();
    settle();
    file.write(0, bytes('kept, taken'));
    file.truncate(4);
    losePower('torn', stream());
    expect(String.fromCharCode(...file.read(0, file.size()))).toBe('kept, taken');
    expect(checks.defect).toBeNull();
  });

  /** What the disk shows after a power loss, put there behind the checker's back. */
  function defectOf(made: (disk: ReturnType<typeof watchedDisk>) => void, shown: string) {
    const watched = watchedDisk();
    const { disk, checks } = watched;
    made(watched);
    disk.watcher!.losingPower();
    disk.file(PATH).truncate(0, micros(0));
    disk.file(PATH).write(0, bytes(shown), micros(0));
    disk.watcher!.lostPower();
    return checks.defect;
  }

  test('what a synced truncation took does not come back', () => {
    const cutAndSynced = ({ file, sync, settle }: ReturnType<typeof watchedDisk>) => {
      file.write(0, bytes('kept, taken'));
      file.truncate(4);
      sync();
      settle();
    };
    expect(defectOf(cutAndSynced, 'kept')).toBeNull();
    expect(defectOf(cutAndSynced, 'kept, taken')).toContain('has at 4 what was never written');
  });

  test('a truncation after the beginning of a sync is not covered by it', () => {
    const cutInFlight = ({ file, sync, settle }: ReturnType<typeof watchedDisk>) => {
      file.write(0, bytes('kept, taken'));
      sync();
      file.truncate(4);
      settle();
    };
    expect(defectOf(cutInFlight, 'kept, taken')).toBeNull();
    expect(defectOf(cutInFlight, 'kept, other')).toContain('has at 6 what was never written');
  });

  test('behind a truncation there may be a hole, where only what is further on was kept', () => {
    const refilled = ({ file, sync, settle }: ReturnType<typeof watchedDisk>) => {
      file.write(0, bytes('kept, taken'));
      sync();
      settle();
      file.truncate(4);
      file.write(4, bytes('!'.repeat(9)));
    };
    expect(defectOf(refilled, `kept${'\0'.repeat(8)}!`)).toBeNull();
    expect(defectOf(refilled, `kep\0${'!'.repeat(9)}`)).toContain('has at 3 what was never');
  });

  test('no order of writes, truncations, syncs and power losses is taken for a defect', () => {
    const step = fc.record({
      op: fc.constantFrom('append', 'append', 'overwrite', 'truncate', 'sync', 'settle', 'power'),
      size: fc.integer({ min: 1, max: 6000 }),
      waits: fc.constantFrom(0, 2 * SECOND, 31 * SECOND),
      unsynced: fc.constantFrom<Unsynced>('lost', 'random', 'torn'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 16 }), fc.nat(1000), (steps, seed) => {
        const { file, checks, settle, sync, losePower, pass } = watchedDisk();
        sync();
        settle();
        const random = randomStream(seed, 'power');
        steps.forEach(({ op, size, waits, unsynced }, turn) => {
          pass(waits);
          const at = Math.min(size, file.size());
          const content = new Uint8Array(size).fill(turn + 1);
          if (op === 'append') file.write(file.size(), content);
          else if (op === 'overwrite') file.write(at, content);
          else if (op === 'truncate') file.truncate(at);
          else if (op === 'sync') sync();
          else if (op === 'settle') settle();
          else losePower(unsynced, random);
        });
        settle();
        losePower('random', random);
        expect(checks.defect).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });
});
