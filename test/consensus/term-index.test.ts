/** The outline of a log: terms by offset, cuts, snapshots, and what a leader makes of positions. */
import { describe, expect, test } from 'vitest';
import type { EntryHeader } from '../../engine/consensus/message.ts';
import { TermIndex } from '../../engine/consensus/term-index.ts';
import { VoterHistory } from '../../engine/consensus/voter-history.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import { entry } from './deck.ts';

function indexOf(...terms: readonly number[]): TermIndex {
  const index = new TermIndex({ offset: 0, term: 0 });
  terms.forEach((term, offset) => index.append(entry(offset, term)));
  return index;
}

describe('consensus: term index', () => {
  test('knows the term before each offset, and the end of each term', () => {
    const index = indexOf(1, 1, 3, 3, 4);
    expect([0, 1, 2, 3, 4, 5].map((offset) => index.termBefore(offset))).toEqual([
      0, 1, 1, 3, 3, 4,
    ]);
    expect(index.endOf(0)).toEqual({ offset: 0, term: 0 });
    expect(index.endOf(2)).toEqual({ offset: 2, term: 1 });
    expect(index.endOf(9)).toEqual({ offset: 5, term: 4 });
  });

  test('a batch is one entry of many offsets', () => {
    const index = new TermIndex({ offset: 0, term: 0 });
    const batch: EntryHeader = { offset: 0, endOffset: 10, term: 2, control: null };
    index.append(batch);
    expect(index.end).toEqual({ offset: 10, term: 2 });
  });

  test.each([
    [{ offset: 0, term: 0 }, { kind: 'valid' }],
    [{ offset: 4, term: 3 }, { kind: 'valid' }],
    [
      { offset: 4, term: 2 },
      { kind: 'diverging', end: { offset: 2, term: 1 } },
    ],
    [
      { offset: 9, term: 3 },
      { kind: 'diverging', end: { offset: 4, term: 3 } },
    ],
  ])('a follower at %j is %j', (position, validity) => {
    expect(indexOf(1, 1, 3, 3, 4).validate(position)).toEqual(validity);
  });

  test.each([
    [{ offset: 0, term: 0 }, 'snapshot'],
    [{ offset: 2, term: 1 }, 'snapshot'],
    [{ offset: 3, term: 2 }, 'snapshot'],
    [{ offset: 3, term: 3 }, 'valid'],
    [{ offset: 5, term: 2 }, 'snapshot'],
    [{ offset: 7, term: 3 }, 'diverging'],
  ])('behind a snapshot at 3, a follower at %j is %s', (position, kind) => {
    const index = indexOf(1, 1, 3, 3, 4);
    index.compact({ offset: 3, term: 3 });
    expect(index.start).toEqual({ offset: 3, term: 3 });
    expect(index.validate(position).kind).toBe(kind);
  });

  test('is what a plain list of terms would be, after any appends, cuts and snapshots', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = randomStream(seed, 'terms');
      const index = new TermIndex({ offset: 0, term: 0 });
      const terms: number[] = [];
      let [start, startTerm, term] = [0, 0, 1];
      for (let step = 0; step < 60; step++) {
        const drawn = random.below(10);
        if (drawn < 7) {
          if (random.below(3) === 0) term += 1;
          index.append(entry(terms.length, term));
          terms.push(term);
        } else if (drawn === 7) {
          terms.length = random.between(start, terms.length);
          index.truncate(terms.length);
        } else if (drawn === 8 && terms.length > start) {
          start = random.between(start + 1, terms.length);
          startTerm = terms[start - 1]!;
          index.compact({ offset: start, term: startTerm });
        }
        for (let offset = start; offset <= terms.length; offset++) {
          const expected = offset === start ? startTerm : terms[offset - 1]!;
          expect(index.termBefore(offset)).toBe(expected);
        }
        expect(index.endOffset).toBe(terms.length);
      }
    }
  });
});

describe('consensus: voter history', () => {
  test('cutting the log brings the set before back', () => {
    const history = new VoterHistory(['a', 'b']);
    history.append(4, ['a', 'b', 'c']);
    history.append(7, ['a', 'c']);
    expect([history.majority, history.has('b')]).toEqual([2, false]);
    history.truncate(7);
    expect(history.voters).toEqual(['a', 'b', 'c']);
    history.truncate(2);
    expect(history.voters).toEqual(['a', 'b']);
  });

  test('a snapshot keeps the set in force at its end', () => {
    const history = new VoterHistory(['a', 'b']);
    history.append(4, ['a', 'b', 'c']);
    history.append(9, ['a', 'c']);
    history.compact(6);
    history.truncate(8);
    expect(history.voters).toEqual(['a', 'b', 'c']);
  });

  test('who is removed may stand until that is committed (4.2.2)', () => {
    const history = new VoterHistory(['a', 'b']);
    history.append(4, ['a']);
    expect(history.mayStand('b', 4)).toBe(true);
    expect(history.mayStand('b', 5)).toBe(false);
    expect(history.mayStand('c', 4)).toBe(false);
  });
});
