/**
 * Invariant K34: where offsets are committed after processing, no record below a group's committed
 * offset is one that no member has processed, whatever was rebalanced. It may be processed twice.
 *
 * Judged once, at the end of a run. Not here: groups that commit first, which may lose records.
 */
import type { History } from '../../history.ts';

interface Committed {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Null while it holds; otherwise the first record that the group passed over. */
export function passedOver(
  { final, delivered }: History,
  members: readonly string[],
  committed: readonly Committed[],
): string | null {
  if (final === null) return null;
  const at = (partition: string, offset: number): string => `${partition}@${offset}`;
  const processed = new Set(
    delivered
      .filter(({ consumer }) => members.includes(consumer))
      .map(({ partition, offset }) => at(partition, offset)),
  );
  const offsets = new Map<string, number>(
    committed.map((one) => [`${one.topic}-${one.partition}`, one.offset]),
  );
  for (const { id, partition, offset } of final) {
    if (offset >= (offsets.get(partition) ?? 0) || processed.has(at(partition, offset))) continue;
    return `${id} at ${at(partition, offset)} is committed, and nobody has processed it`;
  }
  return null;
}
