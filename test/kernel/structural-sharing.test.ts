/**
 * When two views are the same object. Not here: the views themselves.
 */
import { describe, expect, test } from 'vitest';
import { shared } from '../../engine/kernel/structural-sharing.ts';

describe('views', () => {
  test('equal data is the same object; what differs is new, its equal parts are not', () => {
    const before = { state: 'READY', list: [{ a: 1 }, { a: 2 }], none: null };
    const equal = { state: 'READY', list: [{ a: 1 }, { a: 2 }], none: null };
    expect(shared(before, equal)).toBe(before);
    const next = shared(before, { state: 'READY', list: [{ a: 1 }, { a: 3 }], none: null });
    expect(next).toEqual({ state: 'READY', list: [{ a: 1 }, { a: 3 }], none: null });
    expect(next).not.toBe(before);
    expect(next.list[0]).toBe(before.list[0]);
    expect(next.list[1]).not.toBe(before.list[1]);
  });

  test('a shorter list is another list', () => {
    const before = { list: [1, 2] };
    expect(shared(before, { list: [1] })).toEqual({ list: [1] });
    expect(shared(before, { list: [1, 2, 3] })).toEqual({ list: [1, 2, 3] });
  });
});
