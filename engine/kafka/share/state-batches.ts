/**
 * Batches of record states laid over each other: later ones win, what is below the start offset is
 * dropped, neighbours in one state are put together.
 *
 * Source: `PersisterStateBatchCombiner`. Differences: there the higher delivery count wins where
 * two overlap, and among equal ones the higher state; here the later write, which is the same but
 * for a session that ended, whose deliveries do not count.
 */
import { assert } from '../../kernel/assert.ts';
import type { StateBatch } from './in-flight-records.ts';

/** Batches in order of their offsets, without overlap, from `startOffset` on. */
export function combinedBatches(
  before: readonly StateBatch[],
  after: readonly StateBatch[],
  startOffset: number,
): readonly StateBatch[] {
  let kept = [...before];
  for (const batch of after) {
    assert(batch.firstOffset <= batch.lastOffset, 'a batch', { ...batch });
    kept = [...kept.flatMap((one) => without(one, batch)), batch];
  }
  const sorted = kept.sort((one, other) => one.firstOffset - other.firstOffset);
  const combined: StateBatch[] = [];
  for (const batch of sorted) {
    if (batch.lastOffset < startOffset) continue;
    const cut = { ...batch, firstOffset: Math.max(batch.firstOffset, startOffset) };
    const last = combined.at(-1);
    if (last !== undefined && joins(last, cut)) {
      combined[combined.length - 1] = { ...last, lastOffset: cut.lastOffset };
    } else {
      combined.push(cut);
    }
  }
  return combined;
}

/** What is left of a batch where another one does not lie over it. */
function without(batch: StateBatch, over: StateBatch): StateBatch[] {
  const { firstOffset, lastOffset } = batch;
  if (over.firstOffset > lastOffset || over.lastOffset < firstOffset) return [batch];
  const left: StateBatch[] = [];
  if (firstOffset < over.firstOffset) left.push({ ...batch, lastOffset: over.firstOffset - 1 });
  if (lastOffset > over.lastOffset) left.push({ ...batch, firstOffset: over.lastOffset + 1 });
  return left;
}

function joins(one: StateBatch, next: StateBatch): boolean {
  assert(one.lastOffset < next.firstOffset, 'batches do not overlap', { ...next });
  return (
    one.lastOffset + 1 === next.firstOffset &&
    one.deliveryState === next.deliveryState &&
    one.deliveryCount === next.deliveryCount
  );
}
