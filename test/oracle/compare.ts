/** Two answers side by side, field by field. */
import type { Exchange } from './talk.ts';

/** One field in which two answers differ: `Metadata #3 Metadata v2 topics.0.errorCode`. */
export interface Difference {
  readonly id: string;
  /** The path within the answer; empty where the answers differ as a whole. */
  readonly path: string;
  readonly theirs: unknown;
  readonly ours: unknown;
}

/** Every difference, in the order of the conversation. */
export function differencesOf(
  theirs: readonly Exchange[],
  ours: readonly Exchange[],
): readonly Difference[] {
  const found: Difference[] = [];
  for (const { id, answer } of theirs) {
    const same = ours.find((one) => one.id === id);
    compare(id, '', answer, same === undefined ? 'was not asked' : same.answer, found);
  }
  return found;
}

function compare(id: string, path: string, theirs: unknown, ours: unknown, found: Difference[]) {
  if (isTree(theirs) && isTree(ours)) {
    const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
    for (const key of keys) {
      compare(id, path === '' ? key : `${path}.${key}`, theirs[key], ours[key], found);
    }
  } else if (JSON.stringify(theirs) !== JSON.stringify(ours)) {
    found.push({ id, path, theirs, ours });
  }
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
