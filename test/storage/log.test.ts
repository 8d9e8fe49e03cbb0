/** The segmented log: append, roll, read, truncation, retention, flush, errors, costs. */
import { describe, expect, test } from 'vitest';
import { concat, encodeFrame } from './test-framing.ts';
import { appendFrames, FOLDER, readAll, Rig, SMALL } from './rig.ts';

const NO_LIMIT = { minOneMessage: true, maxOffset: Number.MAX_SAFE_INTEGER };

describe('storage: log', () => {
  test('what was appended is read back, segment by segment', () => {
    const rig = new Rig();
    const { log } = rig.open();
    const frames = appendFrames(log, { count: 40 });
    const read: Uint8Array[] = [];
    for (let offset = 0; offset < log.logEndOffset;) {
      const answer = log.read(offset, 100_000, NO_LIMIT);
      if (typeof answer === 'string') throw new Error(answer);
      expect(answer.position.offset).toBe(offset);
      read.push(answer.bytes);
      offset += (answer.bytes.length / 68) * 2;
    }
    expect(read.length).toBeGreaterThan(2);
    expect(concat(read)).toEqual(concat(frames.map(encodeFrame)));
  });

  test('files have the names of the real broker', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 16 });
    expect(rig.disk.list(FOLDER)).toEqual([
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000000.timeindex',
      '00000000000000000028.index',
      '00000000000000000028.log',
      '00000000000000000028.timeindex',
    ]);
  });

  test('a segment is rolled before it would outgrow segment.bytes, within one append too', () => {
    const rig = new Rig();
    const { log } = rig.open();
    const frames = Array.from({ length: 40 }, (_, i) =>
      encodeFrame({ baseOffset: i, epoch: 0, timestamps: [5], paddingBytes: 60 }),
    );
    expect(log.append(concat(frames))).toBe('ok');
    const segments = log.segments();
    expect(segments.length).toBe(4);
    for (const { sizeBytes } of segments) expect(sizeBytes).toBeLessThanOrEqual(1000);
    expect(readAll(log)).toEqual(concat(frames));
  });

  test('a segment is rolled when its first frame is older than segment.ms', () => {
    const rig = new Rig();
    const { log } = rig.open({ config: { ...SMALL, segmentMs: 500 } });
    const at = (baseOffset: number, timestamp: number): Uint8Array =>
      encodeFrame({ baseOffset, epoch: 0, timestamps: [timestamp], paddingBytes: 0 });
    log.append(at(0, 1000));
    log.append(at(1, 1500));
    expect(log.segments().length).toBe(1);
    log.append(at(2, 1501));
    expect(log.segments().map(({ baseOffset }) => baseOffset)).toEqual([0, 2]);
  });

  test('an offset that the indexes cannot hold begins a segment', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 1 });
    const baseOffset = 3_000_000_000;
    log.append(encodeFrame({ baseOffset, epoch: 0, timestamps: [9], paddingBytes: 0 }));
    expect(log.segments().map((segment) => segment.baseOffset)).toEqual([0, baseOffset]);
    expect(log.logEndOffset).toBe(baseOffset + 1);
    const answer = log.read(2, 1000, NO_LIMIT);
    expect(typeof answer === 'string' ? answer : answer.bytes.length).toBe(40);
  });

  test('a full index rolls the segment', () => {
    const rig = new Rig();
    const { log } = rig.open({
      config: { ...SMALL, segmentBytes: 100_000, segmentIndexBytes: 48 },
    });
    appendFrames(log, { count: 60 });
    expect(log.segments().length).toBeGreaterThan(3);
    for (const { indexEntries } of log.segments()) expect(indexEntries).toBeLessThanOrEqual(6);
    for (const s of log.segments()) expect(s.timeIndexEntries).toBeLessThanOrEqual(4);
  });

  test('a read ends at a frame, below maxOffset, and has one frame if minOneMessage asks', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 10 });
    const length = (maxBytes: number, minOneMessage: boolean, maxOffset = 100): number => {
      const answer = log.read(4, maxBytes, { minOneMessage, maxOffset });
      if (typeof answer === 'string') throw new Error(answer);
      return answer.firstEntryIncomplete ? -1 : answer.bytes.length;
    };
    expect(length(200, true)).toBe(136);
    expect(length(204, true)).toBe(204);
    expect(length(10, true)).toBe(68);
    expect(length(10, false)).toBe(-1);
    expect(length(1000, true, 8)).toBe(136);
    expect(length(1000, true, 7)).toBe(68);
    expect(length(1000, true, 4)).toBe(0);
    expect(length(1000, true, 5)).toBe(0);
  });

  test('a read outside of the log is out of range', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 10 });
    log.incrementLogStartOffset(4);
    expect(log.read(3, 100, NO_LIMIT)).toBe('OFFSET_OUT_OF_RANGE');
    expect(log.read(21, 100, NO_LIMIT)).toBe('OFFSET_OUT_OF_RANGE');
    expect(log.read(20, 100, NO_LIMIT)).toMatchObject({ position: { offset: 20 } });
  });

  test('rotten bytes in the way of a read are CORRUPT_MESSAGE', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 10 });
    rig.disk.rot(`${FOLDER}/00000000000000000000.log`, 68 + 8, 7);
    expect(log.read(2, 100, NO_LIMIT)).toBe('CORRUPT_MESSAGE');
  });

  test('truncation is exact at a frame and takes later segments away', () => {
    const rig = new Rig();
    const { log } = rig.open();
    const frames = appendFrames(log, { count: 40 });
    expect(log.truncateTo(31)).toBe('ok');
    expect(log.logEndOffset).toBe(30);
    expect(readAll(log)).toEqual(concat(frames.slice(0, 15).map(encodeFrame)));
    expect(log.truncateTo(28)).toBe('ok');
    expect(log.logEndOffset).toBe(28);
    expect(log.segments().at(-1)).toMatchObject({ baseOffset: 28, sizeBytes: 0 });
    const later = appendFrames(log, { count: 3, epoch: 1 });
    const kept = frames.slice(0, 14).map(encodeFrame);
    expect(readAll(log)).toEqual(concat([...kept, ...later.map(encodeFrame)]));
    expect(log.lastEpoch).toBe(1);
  });

  test('truncateFullyAndStartAt leaves an empty log at the new offset', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 40 });
    expect(log.truncateFullyAndStartAt(500)).toBe('ok');
    expect([log.logStartOffset, log.logEndOffset, log.sizeBytes]).toEqual([500, 500, 0]);
    appendFrames(log, { count: 1 });
    expect(log.logEndOffset).toBe(502);
  });

  test('deleted files are renamed at once and removed after file.delete.delay.ms', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 40 });
    log.truncateTo(28);
    const deleted = (): readonly string[] =>
      rig.disk.list(FOLDER).filter((name) => name.endsWith('.deleted'));
    expect(deleted()).toContain('00000000000000000056.log.deleted');
    expect(rig.timers.map(({ label }) => label)).toContain('file.delete.delay.ms');
    rig.advance(60_000);
    expect(deleted()).toEqual([]);
  });

  test('a deleted log is renamed to <topic>-<partition>.<id>-delete and removed later', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 1 });
    log.delete('4fd1');
    expect(rig.disk.exists(FOLDER)).toBe(false);
    expect(rig.disk.list(`${FOLDER}.4fd1-delete`).length).toBe(3);
    rig.advance(60_000);
    expect(rig.disk.list('data')).toEqual([]);
  });
});

describe('storage: retention', () => {
  test('retention.bytes takes the oldest segments, as long as enough bytes remain', () => {
    const rig = new Rig();
    const { log } = rig.open({ config: { ...SMALL, retentionBytes: 2000, retentionMs: -1 } });
    appendFrames(log, { count: 60 });
    const before = log.segments().length;
    const deleted = log.deleteOldSegments(log.logEndOffset);
    expect(deleted.length).toBe(before - 3);
    expect(deleted[0]).toEqual({ baseOffset: 0, sizeBytes: 952, reason: 'retention.bytes' });
    expect(log.logStartOffset).toBe(log.segments()[0]!.baseOffset);
    expect(log.sizeBytes).toBeGreaterThanOrEqual(2000);
  });

  test('retention never takes what the high watermark has not passed', () => {
    const rig = new Rig();
    const { log } = rig.open({ config: { ...SMALL, retentionBytes: 0, retentionMs: -1 } });
    appendFrames(log, { count: 60 });
    expect(log.deleteOldSegments(55).map(({ baseOffset }) => baseOffset)).toEqual([0]);
    expect(log.logStartOffset).toBe(28);
  });

  test('retention.ms goes by the largest timestamp; an active segment is rolled first', () => {
    const rig = new Rig();
    const { log } = rig.open({ config: { ...SMALL, retentionMs: 1000 } });
    appendFrames(log, { count: 20 });
    rig.nowMicros = 2_027_000;
    expect(log.deleteOldSegments(40)).toEqual([]);
    rig.nowMicros = 2_028_000;
    expect(log.deleteOldSegments(40).map(({ baseOffset }) => baseOffset)).toEqual([0]);
    rig.nowMicros = 3_000_000;
    expect(log.deleteOldSegments(40).map(({ baseOffset }) => baseOffset)).toEqual([28]);
    expect([log.logStartOffset, log.logEndOffset, log.sizeBytes]).toEqual([40, 40, 0]);
  });

  test('segments below the log start offset go even without cleanup.policy=delete', () => {
    const rig = new Rig();
    const { log } = rig.open({ config: { ...SMALL, deletes: false, retentionBytes: 0 } });
    appendFrames(log, { count: 60 });
    log.incrementLogStartOffset(57);
    const deleted = log.deleteOldSegments(log.logEndOffset);
    expect(deleted.map(({ baseOffset, reason }) => [baseOffset, reason])).toEqual([
      [0, 'log-start-offset'],
      [28, 'log-start-offset'],
    ]);
    expect(log.logStartOffset).toBe(57);
  });
});

describe('storage: flush', () => {
  test('the recovery point moves when the syncs are done, to the log end of the call', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 2 });
    const results: string[] = [];
    log.flush((result) => results.push(result));
    appendFrames(log, { count: 1 });
    expect([log.recoveryPoint, results]).toEqual([0, []]);
    rig.settle();
    expect([log.recoveryPoint, results]).toEqual([4, ['ok']]);
  });

  test('a flush with nothing of its own to sync waits for the one before it', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 2 });
    const results: string[] = [];
    log.flush(() => results.push('first'));
    log.flush(() => results.push('second'));
    expect(results).toEqual([]);
    rig.settle();
    expect(results).toEqual(['first', 'second']);
    log.flush(() => results.push('third'));
    expect(results).toEqual(['first', 'second', 'third']);
  });

  test('a truncation during a flush holds the recovery point down', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 10 });
    log.flush();
    log.truncateTo(8);
    appendFrames(log, { count: 10, epoch: 1 });
    rig.settle();
    expect(log.recoveryPoint).toBe(8);
  });

  test('flush.messages forces a sync and afterPolicyFlush waits for it', () => {
    const rig = new Rig();
    const { log } = rig.open({ config: { ...SMALL, flushMessages: 4 } });
    appendFrames(log, { count: 1 });
    expect(rig.syncs).toBe(0);
    appendFrames(log, { count: 1 });
    expect(rig.syncs).toBeGreaterThan(0);
    let done = false;
    log.afterPolicyFlush(() => (done = true));
    expect(done).toBe(false);
    rig.settle();
    expect([done, log.recoveryPoint]).toEqual([true, 4]);
  });

  test('flush.ms forces a sync after that time', () => {
    const rig = new Rig();
    const { log } = rig.open({ config: { ...SMALL, flushMs: 50 } });
    appendFrames(log, { count: 3 });
    rig.advance(49);
    rig.settle();
    expect(log.recoveryPoint).toBe(0);
    rig.advance(1);
    rig.settle();
    expect(log.recoveryPoint).toBe(6);
  });

  test('a rolled segment is flushed', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 15 });
    rig.settle();
    expect(log.recoveryPoint).toBe(28);
  });
});

describe('storage: disk errors are values', () => {
  test('a full disk refuses the append, and the log is as before and offline', () => {
    const rig = new Rig();
    const failures: string[] = [];
    const { log } = rig.open({ hooks: { failed: (failure) => failures.push(failure) } });
    appendFrames(log, { count: 4 });
    rig.disk.limitTo(rig.disk.usedBytes + 30);
    const more = { baseOffset: 8, epoch: 0, timestamps: [1], paddingBytes: 40 };
    expect(log.append(encodeFrame(more))).toBe('ENOSPC');
    expect([log.logEndOffset, log.sizeBytes, log.failure]).toEqual([8, 4 * 68, 'ENOSPC']);
    expect(failures).toEqual(['ENOSPC']);
    expect(log.truncateTo(0)).toBe('ENOSPC');
    const answer = log.read(6, 1000, NO_LIMIT);
    expect(typeof answer === 'string' ? answer : answer.bytes.length).toBe(68);
  });

  test('an append that fails behind a roll leaves nothing of itself', () => {
    const rig = new Rig();
    const { log } = rig.open();
    const before = appendFrames(log, { count: 12 });
    rig.disk.limitTo(rig.disk.usedBytes + 300);
    const frames = Array.from({ length: 10 }, (_, i) =>
      encodeFrame({ baseOffset: 24 + i, epoch: 0, timestamps: [1], paddingBytes: 40 }),
    );
    expect(log.append(concat(frames))).toBe('ENOSPC');
    expect([log.logEndOffset, log.segments().length]).toEqual([24, 1]);
    expect(readAll(log)).toEqual(concat(before.map(encodeFrame)));
  });

  test('a failed sync is final: nothing is taken for durable any more (fsyncgate)', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 4 });
    rig.disk.failSyncs(1);
    const results: string[] = [];
    log.flush((result) => results.push(result));
    rig.settle();
    log.flush((result) => results.push(result));
    expect(results).toEqual(['EIO', 'EIO']);
    expect([log.recoveryPoint, log.failure]).toEqual([0, 'EIO']);
  });
});

describe('storage: costs', () => {
  test('an append charges its bytes, and a read of what this start wrote does not seek', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 10 });
    expect(rig.costs.get('append')).toBe(680);
    log.read(0, 1000, NO_LIMIT);
    expect(rig.costs.get('seek')).toBeUndefined();
    log.close(() => undefined);
    rig.settle();
    const again = rig.open().log;
    again.read(0, 1000, NO_LIMIT);
    again.read(4, 1000, NO_LIMIT);
    expect(rig.costs.get('seek')).toBe(1);
  });
});
