/** Random lives of a log, compared with an array of frames. Invariants K14, K15. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SegmentedLog } from '../../engine/storage/log.ts';
import { concat, encodeFrame } from './test-framing.ts';
import type { TestFrame } from './test-framing.ts';
import { FOLDER, readAll, Rig, SMALL } from './rig.ts';

const NO_LIMIT = { minOneMessage: true, maxOffset: Number.MAX_SAFE_INTEGER };
const RUNS = 300;

type Op =
  | { kind: 'append'; frames: { records: number[]; paddingBytes: number; gap: number }[] }
  | { kind: 'truncate'; part: number }
  | { kind: 'flush' }
  | { kind: 'settle'; count: number }
  | { kind: 'start'; part: number }
  | { kind: 'roll' }
  | { kind: 'restart' }
  | { kind: 'kill' };

const frame = fc.record({
  records: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 4 }),
  paddingBytes: fc.integer({ min: 0, max: 120 }),
  gap: fc.constantFrom(0, 0, 0, 0, 3),
});

const part = fc.integer({ min: 0, max: 100 });

const append = fc.record({
  kind: fc.constant('append' as const),
  frames: fc.array(frame, { minLength: 1, maxLength: 6 }),
});

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 8, arbitrary: append },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), part }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('start' as const), part }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'roll' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'kill' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      count: fc.integer({ min: 0, max: 8 }),
    }),
  },
);

/** The log beside the simplest thing that could be one: an array of frames. */
class Pair {
  readonly rig = new Rig();
  log: SegmentedLog;
  model: TestFrame[] = [];
  epoch = 0;
  start = 0;
  readonly gaps: boolean;

  constructor(gaps: boolean) {
    this.gaps = gaps;
    this.log = this.rig.open().log;
  }

  apply(op: Op): void {
    const { log, rig } = this;
    if (op.kind === 'append') this.append(op);
    if (op.kind === 'truncate') this.truncate(Math.floor((op.part * log.logEndOffset) / 100));
    if (op.kind === 'flush') log.flush();
    if (op.kind === 'roll') log.roll();
    if (op.kind === 'settle') rig.settle(op.count);
    if (op.kind === 'start') {
      const offset = Math.floor((op.part * log.logEndOffset) / 100);
      log.incrementLogStartOffset(offset);
      this.start = Math.max(this.start, offset);
    }
    if (op.kind === 'restart') {
      log.close(() => undefined);
      rig.settle();
      rig.crash();
      this.log = rig.open({ clean: true, logStartOffset: this.start }).log;
    }
    if (op.kind === 'kill') this.kill();
  }

  kill(): void {
    const { recoveryPoint } = this.log;
    this.rig.crash();
    const options = { clean: false, recoveryPoint, logStartOffset: this.start };
    this.log = this.rig.open(options).log;
  }

  append(op: Op & { kind: 'append' }): void {
    let baseOffset = this.log.logEndOffset;
    const frames = op.frames.map(({ records, paddingBytes, gap }) => {
      if (this.gaps) baseOffset += gap;
      const made = { baseOffset, epoch: this.epoch, timestamps: records, paddingBytes };
      baseOffset += records.length;
      return made;
    });
    this.model.push(...frames);
    expect(this.log.append(concat(frames.map(encodeFrame)))).toBe('ok');
  }

  truncate(offset: number): void {
    if (offset < this.start) return;
    if (offset < this.log.logEndOffset) this.epoch += 1;
    this.log.truncateTo(offset);
    // Within a batch the log ends at the batch's base offset, and then begins there too.
    this.start = Math.min(this.start, this.log.logStartOffset);
    this.model = this.model.filter((frame) => frame.baseOffset + frame.timestamps.length <= offset);
    // What the truncated log ends with is to be on the platter before it grows again.
    this.log.flush();
    this.rig.settle();
  }
}

function bytesOf(frames: readonly TestFrame[]): Uint8Array {
  return concat(frames.map(encodeFrame));
}

describe('storage: log against a naive model', () => {
  test('whatever is done to it, every read gives what the model has', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 40 }), fc.boolean(), (ops, gaps) => {
        const pair = new Pair(gaps);
        for (const op of ops) {
          // After a kill a gap looks like lost frames; the log then is shorter, and right to be.
          if (gaps && op.kind === 'kill') continue;
          pair.apply(op);
        }
        const { log, model, start } = pair;
        for (let offset = log.logStartOffset; offset <= log.logEndOffset; offset += 3) {
          const answer = log.read(offset, 150, NO_LIMIT);
          if (typeof answer === 'string') throw new Error(answer);
          const place = model.findIndex((f) => f.baseOffset + f.timestamps.length > offset);
          const expected = place < 0 ? new Uint8Array(0) : encodeFrame(model[place]!);
          expect(answer.bytes.subarray(0, expected.length)).toEqual(expected);
          if (expected.length === 0) expect(answer.bytes.length).toBe(0);
          if (answer.bytes.length > 150) expect(answer.bytes.length).toBe(expected.length);
        }
        const seen = model.filter((f) => f.baseOffset + f.timestamps.length > start);
        expect(readAll(log)).toEqual(bytesOf(seen));
      }),
      { numRuns: RUNS },
    );
  });

  test('a lookup by time is what a naive scan finds', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 30 }), fc.integer({ min: 0, max: 61 }), (ops, at) => {
        const pair = new Pair(false);
        for (const op of ops) pair.apply(op);
        const { log, model, start } = pair;
        const records = model
          .flatMap(({ baseOffset, timestamps, epoch }) =>
            timestamps.map((timestamp, i) => ({ offset: baseOffset + i, timestamp, epoch })),
          )
          .filter(({ offset }) => offset >= start);
        const expected = records.find(({ timestamp }) => timestamp >= at) ?? null;
        expect(log.offsetForTimestamp(at)).toEqual(expected);
        const max = Math.max(-1, ...records.map(({ timestamp }) => timestamp));
        const youngest = records.find(({ timestamp }) => timestamp === max) ?? null;
        // Frames below the log start offset in its segment still count for the largest timestamp.
        if (start === 0) expect(log.offsetOfMaxTimestamp()).toEqual(youngest);
      }),
      { numRuns: RUNS },
    );
  });

  test('invariant K14: indexes that were kept equal indexes that are rebuilt', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 40 }), (ops) => {
        const pair = new Pair(false);
        for (const op of ops) pair.apply(op);
        pair.log.close(() => undefined);
        pair.rig.settle();
        const names = pair.rig.disk.list(FOLDER).filter((name) => /^\d+\.index$/.test(name));
        const kept = names.map((name) => pair.rig.bytes(`${FOLDER}/${name}`));
        const times = pair.log.segments().map(({ maxTimestamp }) => maxTimestamp);
        for (const name of names) {
          pair.rig.disk.remove(`${FOLDER}/${name}`);
          pair.rig.disk.remove(`${FOLDER}/${name.replace('.index', '.timeindex')}`);
        }
        const { log } = pair.rig.open({ logStartOffset: pair.start });
        expect(names.map((name) => pair.rig.bytes(`${FOLDER}/${name}`))).toEqual(kept);
        expect(log.segments().map(({ maxTimestamp }) => maxTimestamp)).toEqual(times);
      }),
      { numRuns: RUNS },
    );
  });

  test('invariant K15: after a loss of power a prefix is left, with all that was synced', () => {
    const unsynced = fc.constantFrom('lost' as const, 'random' as const, 'torn' as const);
    const ops = fc.array(op, { maxLength: 40 });
    fc.assert(
      fc.property(ops, unsynced, fc.nat(), (ops, unsynced, seed) => {
        const pair = new Pair(false);
        for (const op of ops) pair.apply(op);
        const { recoveryPoint, logEndOffset } = pair.log;
        pair.rig.losePower(unsynced, seed);
        const start = pair.start <= recoveryPoint ? pair.start : 0;
        const options = { clean: false, recoveryPoint, logStartOffset: start };
        const { log } = pair.rig.open({ ...options, config: SMALL });
        expect(log.logEndOffset).toBeGreaterThanOrEqual(recoveryPoint);
        expect(log.logEndOffset).toBeLessThanOrEqual(logEndOffset);
        const whole = pair.model.filter((f) => f.baseOffset < log.logEndOffset);
        const seen = whole.filter((f) => f.baseOffset + f.timestamps.length > log.logStartOffset);
        expect(readAll(log)).toEqual(bytesOf(seen));
      }),
      { numRuns: RUNS * 2 },
    );
  });
});
