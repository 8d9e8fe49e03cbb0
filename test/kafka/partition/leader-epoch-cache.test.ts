/** Leader epochs of a log: KIP-101 and KIP-279 answers, invariant K6, and the checkpoint. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LeaderEpochCache } from '../../../engine/kafka/partition/leader-epoch-cache.ts';
import {
  type EpochEntry,
  LeaderEpochCheckpoint,
} from '../../../engine/kafka/partition/leader-epoch-checkpoint.ts';
import type { SegmentedLog } from '../../../engine/storage/log.ts';
import { appendFrames, FOLDER, Rig } from '../../storage/rig.ts';

const PATH = `${FOLDER}/leader-epoch-checkpoint`;

function cacheOf(...entries: [number, number][]): LeaderEpochCache {
  const cache = new LeaderEpochCache(null);
  for (const [epoch, startOffset] of entries) cache.assign(epoch, startOffset);
  return cache;
}

function pairs(entries: readonly EpochEntry[]): number[][] {
  return entries.map(({ epoch, startOffset }) => [epoch, startOffset]);
}

/** The epochs that the log itself has, read from its start. */
function derived(log: SegmentedLog): number[][] {
  const found: number[][] = [];
  log.scan(log.logStartOffset, ({ epoch, baseOffset }) => {
    if (found.at(-1)?.[0] !== epoch) found.push([epoch, Math.max(baseOffset, log.logStartOffset)]);
  });
  return found;
}

describe('kafka: leader epoch cache', () => {
  test('an epoch ends where the next begins, the latest at the log end (KIP-101)', () => {
    const cache = cacheOf([0, 0], [2, 7], [5, 10]);
    expect(cache.endOffsetFor(0, 20)).toEqual({ epoch: 0, endOffset: 7 });
    expect(cache.endOffsetFor(2, 20)).toEqual({ epoch: 2, endOffset: 10 });
    expect(cache.endOffsetFor(5, 20)).toEqual({ epoch: 5, endOffset: 20 });
  });

  test('an epoch that wrote nothing is answered with the one below it (KIP-279)', () => {
    const cache = cacheOf([0, 0], [2, 7], [5, 10]);
    expect(cache.endOffsetFor(1, 20)).toEqual({ epoch: 0, endOffset: 7 });
    expect(cache.endOffsetFor(4, 20)).toEqual({ epoch: 2, endOffset: 10 });
  });

  test('outside of what is known the answer is undefined, or the first start', () => {
    const cache = cacheOf([3, 7], [5, 10]);
    expect(cache.endOffsetFor(6, 20)).toEqual({ epoch: -1, endOffset: -1 });
    expect(cache.endOffsetFor(-1, 20)).toEqual({ epoch: -1, endOffset: -1 });
    expect(cache.endOffsetFor(1, 20)).toEqual({ epoch: 1, endOffset: 7 });
    expect(cacheOf().endOffsetFor(0, 20)).toEqual({ epoch: -1, endOffset: -1 });
  });

  test('an epoch is assigned once; a lower start or epoch removes what contradicts it', () => {
    const cache = cacheOf([0, 0], [2, 7]);
    expect(cache.assign(2, 9)).toBe(false);
    expect(cache.assign(3, 7)).toBe(true);
    expect(pairs(cache.entries)).toEqual([
      [0, 0],
      [3, 7],
    ]);
    expect(cache.assign(1, 12)).toBe(true);
    expect(pairs(cache.entries)).toEqual([
      [0, 0],
      [1, 12],
    ]);
    expect(cache.assign(4, 0)).toBe(true);
    expect(pairs(cache.entries)).toEqual([[4, 0]]);
  });

  test('truncation from the end removes epochs that began there or later', () => {
    const cache = cacheOf([0, 0], [2, 7], [5, 10]);
    cache.truncateFromEnd(10);
    expect(pairs(cache.entries)).toEqual([
      [0, 0],
      [2, 7],
    ]);
    cache.truncateFromEnd(8);
    expect(cache.latestEpoch).toBe(2);
    cache.truncateFromEnd(0);
    expect(cache.latestEpoch).toBe(-1);
  });

  test('truncation from the start moves the epoch that is there', () => {
    const cache = cacheOf([0, 0], [2, 7], [5, 10]);
    cache.truncateFromStart(8);
    expect(pairs(cache.entries)).toEqual([
      [2, 8],
      [5, 10],
    ]);
    cache.truncateFromStart(10);
    expect(pairs(cache.entries)).toEqual([[5, 10]]);
    expect([cache.epochForOffset(9), cache.epochForOffset(10)]).toEqual([-1, 5]);
    expect([cache.previousEpoch(5), cache.previousEpoch(6)]).toEqual([-1, 5]);
  });

  test('invariant K6: entries rise in epoch and start, whatever is assigned and cut', () => {
    const op = fc.tuple(fc.constantFrom('assign', 'end', 'start'), fc.nat(9), fc.nat(30));
    fc.assert(
      fc.property(fc.array(op), (ops) => {
        const cache = new LeaderEpochCache(null);
        for (const [kind, epoch, offset] of ops) {
          if (kind === 'assign') cache.assign(epoch, offset);
          else if (kind === 'end') cache.truncateFromEnd(offset);
          else cache.truncateFromStart(offset);
          cache.entries.slice(1).forEach((entry, i) => {
            expect(entry.epoch).toBeGreaterThan(cache.entries[i]!.epoch);
            expect(entry.startOffset).toBeGreaterThan(cache.entries[i]!.startOffset);
          });
        }
      }),
    );
  });
});

describe('kafka: leader epoch checkpoint', () => {
  test('has the text of the real file', () => {
    const rig = new Rig();
    const cache = new LeaderEpochCache(new LeaderEpochCheckpoint(rig.disk, FOLDER));
    cache.assign(0, 0);
    cache.assign(3, 41);
    rig.settle();
    expect(String.fromCharCode(...rig.bytes(PATH))).toBe('0\n2\n0 0\n3 41\n');
    expect(new LeaderEpochCheckpoint(rig.disk, FOLDER).read()).toEqual({
      ok: true,
      entries: [
        { epoch: 0, startOffset: 0 },
        { epoch: 3, startOffset: 41 },
      ],
    });
  });

  test('that is lost, torn or stale is made good from the log', () => {
    const texts = [
      null,
      '0\n3\n0 0\n2 ',
      '0\n1\n0 0\n',
      '0\n3\n0 0\n2 6\n7 40\n',
      '0\n3\n0 0\n1 4\n3 8\n',
      '0\n2\n0 0\n4 20\n',
    ];
    for (const content of texts) {
      const rig = new Rig();
      const { log } = rig.open();
      appendFrames(log, { count: 3, epoch: 0 });
      appendFrames(log, { count: 5, epoch: 2 });
      appendFrames(log, { count: 20, epoch: 4 });
      if (content !== null) {
        rig.disk.open(PATH).write(
          0,
          Uint8Array.from(content, (c) => c.charCodeAt(0)),
        );
      }
      const cache = new LeaderEpochCache(new LeaderEpochCheckpoint(rig.disk, FOLDER));
      cache.restore(log);
      expect(pairs(cache.entries)).toEqual([
        [0, 0],
        [2, 6],
        [4, 16],
      ]);
      rig.settle();
      expect(String.fromCharCode(...rig.bytes(PATH))).toBe('0\n3\n0 0\n2 6\n4 16\n');
    }
  });

  /** Checkpoints whose last entry is right and an entry before it is not; log start offset 0. */
  const WRONG_BEFORE_A_RIGHT_END: [[number, number][], number][] = [
    [
      [
        [2, 0],
        [4, 16],
      ],
      0,
    ],
    [
      [
        [0, 0],
        [2, 3],
        [4, 16],
      ],
      0,
    ],
  ];

  test('of whatever text gives the epochs of the log, at any log start offset', () => {
    const pair = fc.tuple(fc.nat(6), fc.nat(60));
    fc.assert(
      fc.property(fc.array(pair), fc.nat(56), (texts, start) => {
        const rig = new Rig();
        const { log } = rig.open();
        appendFrames(log, { count: 3, epoch: 0 });
        appendFrames(log, { count: 5, epoch: 2 });
        appendFrames(log, { count: 20, epoch: 4 });
        log.incrementLogStartOffset(start);
        const checkpoint = new LeaderEpochCheckpoint(rig.disk, FOLDER);
        checkpoint.write(texts.map(([epoch, startOffset]) => ({ epoch, startOffset })));
        rig.settle();
        const cache = new LeaderEpochCache(checkpoint);
        cache.restore(log);
        expect(pairs(cache.entries)).toEqual(start === 56 ? [[4, 56]] : derived(log));
      }),
      { numRuns: 500, examples: WRONG_BEFORE_A_RIGHT_END },
    );
  });

  test('an empty log keeps the epochs below its start that the checkpoint has', () => {
    const rig = new Rig();
    const { log } = rig.open({ logStartOffset: 30 });
    const checkpoint = new LeaderEpochCheckpoint(rig.disk, FOLDER);
    checkpoint.write([{ epoch: 4, startOffset: 16 }]);
    rig.settle();
    const cache = new LeaderEpochCache(checkpoint);
    cache.restore(log);
    expect(pairs(cache.entries)).toEqual([[4, 30]]);
  });

  test('invariant K6: after any crash the cache is what the log gives when read', () => {
    const op = fc.tuple(fc.constantFrom('append', 'truncate', 'settle', 'start'), fc.nat(20));
    fc.assert(
      fc.property(fc.array(op, { maxLength: 25 }), fc.boolean(), (ops, power) => {
        const rig = new Rig();
        const { log } = rig.open();
        const cache = new LeaderEpochCache(new LeaderEpochCheckpoint(rig.disk, FOLDER));
        let epoch = 0;
        for (const [kind, amount] of ops) {
          if (kind === 'settle') rig.settle(amount);
          if (kind === 'append') {
            if (amount % 3 === 0) epoch += 1;
            cache.assign(epoch, log.logEndOffset);
            appendFrames(log, { count: 1 + amount, epoch });
          }
          if (kind === 'start') {
            log.incrementLogStartOffset(Math.floor((log.logEndOffset * amount) / 20));
            cache.truncateFromStart(log.logStartOffset);
          }
          if (kind === 'truncate') {
            const to = Math.floor((log.logEndOffset * amount) / 20);
            if (to < log.logStartOffset) continue;
            log.truncateTo(to);
            cache.truncateFromEnd(log.logEndOffset);
            epoch += 1;
            log.flush();
            rig.settle();
          }
        }
        if (power) rig.losePower('lost', 1);
        else rig.crash();
        const { recoveryPoint, logStartOffset } = log;
        const again = rig.open({
          clean: false,
          recoveryPoint,
          logStartOffset: Math.min(logStartOffset, power ? recoveryPoint : logStartOffset),
        }).log;
        const restored = new LeaderEpochCache(new LeaderEpochCheckpoint(rig.disk, FOLDER));
        restored.restore(again);
        if (again.lastEpoch >= 0 && again.logStartOffset < again.logEndOffset) {
          expect(pairs(restored.entries)).toEqual(derived(again));
        }
      }),
      { numRuns: 300 },
    );
  });
});
