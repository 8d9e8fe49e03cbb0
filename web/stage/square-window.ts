/**
 * Which offsets of a partition are drawn: the same for all of its replicas, so that they can be
 * held against each other, and the newest where there are too many.
 *
 * Not here: drawing them (`LogStrip.svelte`).
 */
import type { Replica } from './replicas.ts';

/** Squares of a strip. */
export const SQUARES_MAX = 32;

/** The first and the last offset to draw of a partition, over all its replicas. */
export function squareWindow(name: string, all: readonly Replica[]): readonly [number, number] {
  const replicas = all.filter((replica) => replica.name === name);
  const offsets = replicas.flatMap(({ cells }) => cells.map(({ offset }) => offset));
  const ends = replicas.map(({ view }) => view.leo - 1);
  const last = Math.max(0, ...ends, ...offsets);
  return [Math.max(Math.min(last, ...offsets), last - SQUARES_MAX + 1), last];
}
