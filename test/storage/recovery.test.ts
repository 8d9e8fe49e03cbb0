/** What opening a log finds and repairs after clean and unclean stops. */
import { describe, expect, test } from 'vitest';
import { concat, encodeFrame } from './test-framing.ts';
import { appendFrames, FOLDER, readAll, Rig, SMALL } from './rig.ts';

const LOG = `${FOLDER}/00000000000000000028.log`;

/** Forty frames in three segments (0, 28, 56), flushed up to `flushedTo` frames. */
function crashed(flushedFrames: number): { rig: Rig; frames: Uint8Array[]; recoveryPoint: number } {
  const rig = new Rig();
  const { log } = rig.open();
  const frames = appendFrames(log, { count: flushedFrames }).map(encodeFrame);
  log.flush();
  rig.settle();
  const recoveryPoint = log.recoveryPoint;
  frames.push(...appendFrames(log, { count: 40 - flushedFrames }).map(encodeFrame));
  rig.crash();
  return { rig, frames, recoveryPoint };
}

describe('storage: recovery', () => {
  test('a clean start trusts the log and scans nothing', () => {
    const rig = new Rig();
    const { log } = rig.open();
    const frames = appendFrames(log, { count: 40, epoch: 3 });
    const results: string[] = [];
    log.close((result) => results.push(result));
    rig.settle();
    expect(results).toEqual(['ok']);
    const { log: again, report } = rig.open();
    expect(report).toEqual({
      clean: true,
      segmentsScanned: 0,
      framesScanned: 0,
      bytesCut: 0,
      cutAt: null,
      segmentsDeleted: [],
      indexesRebuilt: [],
      filesRemoved: [],
    });
    expect([again.logEndOffset, again.recoveryPoint, again.lastEpoch]).toEqual([80, 80, 3]);
    expect(again.segments()).toEqual(log.segments());
    expect(readAll(again)).toEqual(concat(frames.map(encodeFrame)));
  });

  test('after kill -9 all is there, and segments from the recovery point on are scanned', () => {
    const { rig, frames, recoveryPoint } = crashed(20);
    const scanned: number[] = [];
    const { log, report } = rig.open({
      clean: false,
      recoveryPoint,
      recovered: ({ baseOffset }) => scanned.push(baseOffset),
    });
    expect(report).toMatchObject({ segmentsScanned: 2, framesScanned: 26, cutAt: null });
    expect([scanned[0], scanned.length]).toEqual([28, 26]);
    expect([log.logEndOffset, log.recoveryPoint]).toEqual([80, 40]);
    expect(readAll(log)).toEqual(concat(frames));
  });

  test('the log is cut at the first frame with a bad checksum, and what follows goes', () => {
    const { rig, frames, recoveryPoint } = crashed(20);
    rig.disk.rot(LOG, 68 * 9 + 50, 0);
    const { log, report } = rig.open({ clean: false, recoveryPoint });
    expect(report).toMatchObject({
      bytesCut: 952 - 68 * 9,
      cutAt: { segmentBaseOffset: 28, positionBytes: 68 * 9, reason: 'bad checksum' },
      segmentsDeleted: [56],
    });
    expect(log.logEndOffset).toBe(46);
    expect(readAll(log)).toEqual(concat(frames.slice(0, 23)));
    appendFrames(log, { count: 2 });
    expect(log.logEndOffset).toBe(50);
  });

  test('a torn last frame is cut', () => {
    const { rig, frames, recoveryPoint } = crashed(20);
    const last = rig.disk.open(`${FOLDER}/00000000000000000056.log`);
    last.truncate(last.size() - 1);
    const { log, report } = rig.open({ clean: false, recoveryPoint });
    expect(report).toMatchObject({ bytesCut: 67, cutAt: { reason: 'short' } });
    expect(readAll(log)).toEqual(concat(frames.slice(0, 39)));
  });

  test('zeros behind the last frame are cut', () => {
    const { rig, frames, recoveryPoint } = crashed(20);
    const last = rig.disk.open(`${FOLDER}/00000000000000000056.log`);
    last.write(last.size(), new Uint8Array(4096));
    const { log, report } = rig.open({ clean: false, recoveryPoint });
    expect(report).toMatchObject({ bytesCut: 4096, cutAt: { reason: 'bad header' } });
    expect(readAll(log)).toEqual(concat(frames));
  });

  test('whole frames lost at the end of a segment end the log there: no hole', () => {
    const { rig, frames, recoveryPoint } = crashed(20);
    rig.disk.open(LOG).truncate(68 * 10);
    const { log, report } = rig.open({ clean: false, recoveryPoint });
    expect(report).toMatchObject({
      cutAt: { segmentBaseOffset: 28, reason: 'gap before the next segment' },
      segmentsDeleted: [56],
    });
    expect(readAll(log)).toEqual(concat(frames.slice(0, 24)));
  });

  test('frames of an older epoch behind newer ones are cut: a truncation was not synced', () => {
    const rig = new Rig();
    const { log } = rig.open();
    appendFrames(log, { count: 4, epoch: 2 });
    rig.crash();
    const file = rig.disk.open(`${FOLDER}/00000000000000000000.log`);
    const stale = { baseOffset: 8, epoch: 1, timestamps: [5], paddingBytes: 0 };
    file.write(file.size(), encodeFrame(stale));
    const { log: again, report } = rig.open({ clean: false });
    expect(report.cutAt).toMatchObject({ reason: 'epochs out of order' });
    expect(again.logEndOffset).toBe(8);
  });

  test.each(['index', 'timeindex'])(
    'a lost or torn .%s is rebuilt, even after a clean stop',
    (k) => {
      const rig = new Rig();
      const { log } = rig.open();
      appendFrames(log, { count: 40 });
      log.close(() => undefined);
      rig.settle();
      const before = log.segments();
      const path = `${FOLDER}/00000000000000000028.${k}`;
      const kept = rig.bytes(path);
      rig.disk.remove(path);
      const lost = rig.open();
      expect(lost.report.indexesRebuilt).toEqual([28]);
      expect(lost.log.segments()).toEqual(before);
      expect(rig.bytes(path)).toEqual(kept);
      rig.disk.open(path).truncate(kept.length - 3);
      expect(rig.open().report.indexesRebuilt).toEqual([28]);
      expect(rig.bytes(path)).toEqual(kept);
      rig.disk.rot(path, 0, 6);
      rig.disk.rot(path, k === 'index' ? 0 : 8, 7);
      expect(rig.open().report.indexesRebuilt).toEqual([28]);
      expect(rig.bytes(path)).toEqual(kept);
    },
  );

  test('an orphaned index and files marked for deletion are removed', () => {
    const { rig, recoveryPoint } = crashed(20);
    rig.disk.open(`${FOLDER}/00000000000000000099.index`);
    rig.disk.open(`${FOLDER}/00000000000000000010.log.deleted`);
    const { report } = rig.open({ clean: false, recoveryPoint });
    expect(report.filesRemoved).toEqual([
      '00000000000000000010.log.deleted',
      '00000000000000000099.index',
    ]);
  });

  test('a log that ends below its start offset begins anew there', () => {
    const { rig, recoveryPoint } = crashed(20);
    const { log, report } = rig.open({ clean: false, recoveryPoint, logStartOffset: 200 });
    expect(report.segmentsDeleted).toEqual([0, 28, 56]);
    expect([log.logStartOffset, log.logEndOffset, log.sizeBytes]).toEqual([200, 200, 0]);
    appendFrames(log, { count: 1 });
    expect(rig.disk.exists(`${FOLDER}/00000000000000000200.log`)).toBe(true);
  });

  test('a disk that fails during recovery is an answer', () => {
    const { rig, recoveryPoint } = crashed(20);
    rig.disk.remove(`${FOLDER}/00000000000000000028.index`);
    rig.disk.limitTo(rig.disk.usedBytes);
    expect(() => rig.open({ clean: false, recoveryPoint })).toThrow('ENOSPC');
  });

  test('a recovered log flushes what recovery found before it counts as durable', () => {
    const { rig, recoveryPoint } = crashed(20);
    const { log } = rig.open({ clean: false, recoveryPoint, config: SMALL });
    const syncsBefore = rig.syncs;
    log.flush();
    expect(rig.syncs - syncsBefore).toBeGreaterThanOrEqual(2);
    rig.settle();
    expect(log.recoveryPoint).toBe(80);
  });
});
