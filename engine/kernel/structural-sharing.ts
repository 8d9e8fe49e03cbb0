/**
 * Plain data that is the same object as long as it says the same: views compare by identity, so
 * that an unchanged process costs a frame nothing.
 *
 * Not here: what is shown (`inspect()` of each client).
 */
import { assert } from './assert.ts';

/** `next`, with every part that equals its counterpart in `before` replaced by that one. */
export function shared<T>(before: T | null, next: T): T {
  if (Object.is(before, next) || before === null) return next;
  if (typeof before !== 'object' || typeof next !== 'object' || next === null) return next;
  if (Array.isArray(before) !== Array.isArray(next)) return next;
  const old = before as Readonly<Record<string, unknown>>;
  const fresh = next as Record<string, unknown>;
  const names = Object.keys(fresh);
  let same = names.length === Object.keys(old).length;
  for (const name of names) {
    const part = shared(old[name] ?? null, fresh[name]);
    assert(typeof part !== 'function', 'plain data', { name });
    fresh[name] = part;
    same &&= Object.is(part, old[name]);
  }
  return same ? before : next;
}
