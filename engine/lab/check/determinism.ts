/**
 * S1: the same experiment, knobs, inputs and seed give the same trace, twice in one process. What
 * differs between two machines is for who compares their hashes.
 */
import type { Run } from '../run.ts';

/** Null if both runs go the same way to their end, or the first event at which they part. */
export function sameTwice(make: () => Run): string | null {
  const [left, right] = [make(), make()];
  while (!left.over || !right.over) {
    left.advance();
    right.advance();
    const [one, other] = [left.world.trace.hash, right.world.trace.hash];
    if (one === other && left.over === right.over) continue;
    return `the traces part at event ${left.world.event}: ${one} and ${other}`;
  }
  return null;
}
