/**
 * Which names somebody may have meant who typed one that is none: those that begin with it, and
 * those from which at most two letters differ.
 *
 * Not here: `rabbitmqctl`'s own guess at its commands, which is the real one's.
 */
import { assert } from '../kernel/assert.ts';

/** Letters that may differ, at most; of a short name, none or one. */
const DIFFERENT_MAX = 2;
const NAMES_MAX = 3;

/** At most three, in the order in which they are given. */
export function similarNames(typed: string, names: readonly string[]): readonly string[] {
  const allowed = Math.min(DIFFERENT_MAX, Math.floor(typed.length / 3));
  if (allowed === 0) return [];
  const isMeant = (name: string): boolean =>
    name.startsWith(typed) || distance(typed, name) <= allowed;
  return [...new Set(names)].filter(isMeant).slice(0, NAMES_MAX);
}

/** Letters to put in, take out, change, or swap with the next one (Damerau and Levenshtein). */
function distance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > DIFFERENT_MAX) return DIFFERENT_MAX + 1;
  const rows = [Array.from({ length: to.length + 1 }, (_, place) => place)];
  for (let left = 1; left <= from.length; left++) {
    const above = rows[left - 1]!;
    const row = [left];
    for (let right = 1; right <= to.length; right++) {
      const isSame = from[left - 1] === to[right - 1];
      const isSwap = from[left - 1] === to[right - 2] && from[left - 2] === to[right - 1];
      const swap = isSwap && left > 1 && right > 1 ? rows[left - 2]![right - 2]! + 1 : left + right;
      const change = above[right - 1]! + (isSame ? 0 : 1);
      row.push(Math.min(change, swap, above[right]! + 1, row[right - 1]! + 1));
    }
    rows.push(row);
  }
  const last = rows[from.length]![to.length]!;
  assert(last <= Math.max(from.length, to.length), 'a distance', { from, to, last });
  return last;
}
