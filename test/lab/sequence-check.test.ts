/** K20 as the checker judges it: what no broker would append in a producer's name turns it red. */
import { describe, expect, test } from 'vitest';
import type { Batch } from '#engine/lab/check/kafka/batch.ts';
import { checkLog } from '#engine/lab/check/kafka/log-checks.ts';
import { PartitionWatch } from '#engine/lab/check/kafka/partition-watch.ts';
import type { Look, ReplicaLedger } from '#engine/lab/check/kafka/replica-ledger.ts';

type Written = Partial<Batch>;

/** One batch of producer 7 behind the other, two offsets each; what K20 says of the last. */
function judged(
  written: readonly Written[],
  of: { readonly topic?: string; readonly isCompacted?: boolean; readonly led?: boolean } = {},
): string[] {
  const found: string[] = [];
  const findings = {
    event: 1,
    violation: (id: string, what: string) => found.push(`${id} ${what}`),
    beyond: () => {},
  };
  const at = { topic: of.topic ?? 'pay', index: 0, topicId: 'id' };
  const watch = new PartitionWatch(at, findings, false);
  const batches: Batch[] = [];
  for (const one of written) {
    const baseOffset = 2 * batches.length;
    const batch = { baseOffset, lastOffset: baseOffset + 1, epoch: 0, producerId: 7, ...one };
    const before = batches[batches.length - 1] ?? null;
    batches.push({ producerEpoch: 0, isControl: false, before, ...batch } as Batch);
  }
  const end = 2 * batches.length;
  const offsets = { logStartOffset: 0, lastStableOffset: 0, highWatermark: 0, logEndOffset: end };
  const partition = { log: { ...offsets, epochs: { epochForOffset: () => 0 } } };
  const { isCompacted = false, led = true } = of;
  const ledger = { batches, host: 'broker-1', partition, isCompacted, start: 0, leaderEpoch: 0 };
  const quiet = { cut: [], startMoved: false, rolled: [], epochsChanged: false };
  const look = { ...quiet, appendedFrom: batches.length - 1, ledBefore: led };
  checkLog(watch, ledger as unknown as ReplicaLedger, look as unknown as Look);
  return found;
}

const MARKER = { baseSequence: -1, isControl: true, isTransactional: true };
const OFFSETS = { baseSequence: -1, isTransactional: true };

describe('lab: K20 turns red', () => {
  test('at a gap and at a double, also behind a marker', () => {
    expect(judged([{ baseSequence: 0 }, { baseSequence: 2 }])).toEqual([]);
    expect(judged([{ baseSequence: 0 }, MARKER, { baseSequence: 2 }])).toEqual([]);
    expect(judged([{ baseSequence: 0 }, { baseSequence: 3 }])).toHaveLength(1);
    expect(judged([{ baseSequence: 0 }, MARKER, { baseSequence: 0 }])).toHaveLength(1);
  });

  test('at a batch without a sequence that no coordinator wrote', () => {
    expect(judged([OFFSETS])).toEqual([
      'K20 pay-0: no sequence at offset 0 of producer 7 on broker-1',
    ]);
    expect(judged([OFFSETS], { topic: '__consumer_offsets' })).toEqual([]);
    expect(judged([MARKER])).toEqual([]);
    const idempotent = { baseSequence: -1, isTransactional: false };
    expect(judged([idempotent], { topic: '__consumer_offsets' })).toHaveLength(1);
  });

  test('at an epoch that begins in the middle, and at one that comes back', () => {
    const next = { baseSequence: 0, producerEpoch: 1 };
    expect(judged([{ baseSequence: 0 }, next])).toEqual([]);
    expect(judged([{ baseSequence: 0 }, { ...next, baseSequence: 2 }])).toHaveLength(1);
    expect(judged([next, { baseSequence: 2 }])).toHaveLength(1);
    // A marker raises the epoch, too: what is older is fenced.
    const fence = { ...MARKER, producerEpoch: 1 };
    expect(judged([{ baseSequence: 0 }, fence, { baseSequence: 2 }])).toHaveLength(1);
  });

  test('in a compacted log only where the leader appends itself', () => {
    const gap = [{ baseSequence: 0 }, { baseSequence: 8 }];
    expect(judged(gap, { isCompacted: true })).toHaveLength(1);
    expect(judged(gap, { isCompacted: true, led: false })).toEqual([]);
  });
});
