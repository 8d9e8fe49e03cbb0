/** What compaction does with transactions: aborted records go, and markers only after them. */
import { describe, expect, test } from 'vitest';
import { CleanerRig } from './cleaner-rig.ts';

const TXN = { producerEpoch: 0, isTransactional: true };

/** Enough of one key to fill segments. */
function roll(rig: CleanerRig, key: string, count = 10): void {
  for (let i = 0; i < count; i++) rig.append([{ key, value: `${i}${'x'.repeat(90)}` }]);
}

const markers = (rig: CleanerRig): number[] =>
  rig
    .batches()
    .filter(({ isControl, recordsCount }) => isControl && recordsCount > 0)
    .map(({ baseOffset }) => baseOffset);

const dataOf = (rig: CleanerRig, producerId: number): number[] =>
  rig
    .batches()
    .filter((batch) => batch.producerId === producerId && !batch.isControl)
    .filter(({ recordsCount }) => recordsCount > 0)
    .map(({ baseOffset }) => baseOffset);

describe('kafka: cleaning: transactions', () => {
  test('records of an aborted transaction go, and do not count as the last of their key', () => {
    const rig = new CleanerRig();
    rig.append([{ key: 'a', value: 'kept' }]);
    rig.append([{ key: 'a', value: 'aborted' }], { ...TXN, producerId: 7, baseSequence: 0 });
    rig.mark(7, 'abort');
    roll(rig, 'b');
    rig.clean();
    expect(dataOf(rig, 7)).toEqual([]);
    expect(rig.log.read(0, 1, { minOneMessage: true, maxOffset: 1 })).not.toBe(
      'OFFSET_OUT_OF_RANGE',
    );
    const first = rig.batches()[0]!;
    expect([first.baseOffset, first.recordsCount]).toEqual([0, 1]);
  });

  test('a marker stays while its data does, and delete.retention.ms longer (KAFKA-14055)', () => {
    const rig = new CleanerRig();
    rig.append([{ key: 'a', value: '1' }], { ...TXN, producerId: 7, baseSequence: 0 });
    rig.mark(7, 'commit');
    // The producer goes on elsewhere, so that nothing but its data holds the marker.
    roll(rig, 'b');
    rig.append([{ key: 'z', value: '1' }], { producerId: 7, producerEpoch: 0, baseSequence: 1 });
    roll(rig, 'b');
    rig.clean();
    expect(markers(rig)).toEqual([1]);
    // The value of `a` is replaced: its transaction is empty from now on.
    rig.append([{ key: 'a', value: '2' }]);
    roll(rig, 'c');
    rig.clean();
    expect(dataOf(rig, 7)).not.toContain(0);
    expect(markers(rig)).toEqual([1]);
    roll(rig, 'd');
    rig.rig.advance(500);
    rig.clean();
    expect(markers(rig)).toEqual([1]);
    roll(rig, 'e');
    rig.rig.advance(1000);
    rig.clean();
    expect(markers(rig)).toEqual([]);
  });

  for (const [keepsMarkers, kept] of [
    [true, [1, 3]],
    [false, [3]],
  ] as const) {
    const how = keepsMarkers ? 'are kept' : 'go, as before the fix';
    test(`a marker whose key a user uses, too: markers ${how} (KAFKA-14055)`, () => {
      const rig = new CleanerRig();
      rig.keepsMarkers = keepsMarkers;
      rig.append([{ key: 'a', value: '1' }], { ...TXN, producerId: 7, baseSequence: 0 });
      rig.mark(7, 'commit');
      // The key of a commit marker: version 0, type 1, two bytes each.
      const commit = '\u0000\u0000\u0000\u0001';
      rig.append([{ key: commit, value: '2' }], { ...TXN, producerId: 8, baseSequence: 0 });
      rig.mark(8, 'commit');
      roll(rig, 'b');
      rig.clean();
      expect(dataOf(rig, 7)).toEqual([0]);
      expect(markers(rig)).toEqual(kept);
    });
  }

  test('an open transaction bounds the cleaning', () => {
    const rig = new CleanerRig();
    roll(rig, 'b');
    const begun = rig.log.logEndOffset;
    rig.append([{ key: 'a', value: '1' }], { ...TXN, producerId: 7, baseSequence: 0 });
    roll(rig, 'b');
    expect(rig.log.lastStableOffset).toBe(begun);
    expect(rig.part().firstUncleanableOffset).toBeLessThanOrEqual(begun);
    rig.clean();
    expect(rig.checkpoint).toBeLessThanOrEqual(begun);
  });

  test('the transaction index forgets what has no data any more, and survives a restart', () => {
    const rig = new CleanerRig();
    for (let i = 0; i < 3; i++) {
      rig.append([{ key: 'a', value: `${i}` }], { ...TXN, producerId: 7, baseSequence: i });
      rig.mark(7, 'abort');
      roll(rig, 'b');
    }
    const aborted = (): number[] =>
      rig.log.transactions!.abortedBetween(0, rig.log.logEndOffset).map((one) => one.firstOffset);
    const before = aborted();
    expect(before).toHaveLength(3);
    rig.clean();
    roll(rig, 'c');
    rig.clean();
    const after = aborted();
    expect(after.length).toBeLessThan(before.length);
    rig.rig.crash();
    rig.open(true, rig.log.log.recoveryPoint);
    expect(aborted()).toEqual(after);
  });
});
