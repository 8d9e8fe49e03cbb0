/** Terms come back from their octets as they were, take the size that was told, and never throw. */
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Malformed } from '#engine/bytes/malformed.ts';
import { Reader } from '#engine/bytes/reader.ts';
import { Writer } from '#engine/bytes/writer.ts';
import { readTerm, termSize, writeTerm, type Term } from '#engine/wire/erlang/term.ts';

const { term } = fc.letrec<{ term: Term }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 300 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('term'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('term'), { maxKeys: 4, noNullPrototype: true }),
  ) as Arbitrary<Term>,
}));

function encode(of: Term): Uint8Array {
  const writer = new Writer(termSize(of));
  writeTerm(writer, of);
  return writer.finish();
}

function decode(octets: Uint8Array): Term {
  return readTerm(new Reader(octets));
}

describe('erlang: terms', () => {
  test('erlang: terms: any term comes back as it was, in as many octets as were told', () => {
    fc.assert(
      fc.property(term, (of) => {
        const octets = encode(of);
        expect(octets.length).toBe(termSize(of));
        expect(decode(octets)).toStrictEqual(of);
      }),
      { numRuns: 500 },
    );
  });

  test('erlang: terms: whatever is changed or cut off, the answer is a term or Malformed', () => {
    const changed = fc.tuple(
      term,
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(200),
    );
    let refused = 0;
    fc.assert(
      fc.property(changed, ([of, changes, cut]) => {
        const octets = encode(of);
        for (const [place, value] of changes) octets[place % octets.length] = value;
        try {
          decode(octets.subarray(0, Math.max(1, cut)));
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
          refused += 1;
        }
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  test.each([
    ['an atom of no meaning', [131, 119, 1, 97]],
    ['another version', [130, 97, 1]],
    ['an unknown tag', [131, 1]],
    ['a list of 2^32 - 1', [131, 108, 255, 255, 255, 255]],
    ['a list without its end', [131, 108, 0, 0, 0, 1, 97, 1, 97]],
    ['a map of 2^32 - 1', [131, 116, 255, 255, 255, 255]],
    ['a key that is there twice', [131, 116, 0, 0, 0, 2, ...key(97), ...key(97)]],
    ['a text longer than its octets', [131, 109, 0, 0, 0, 9, 97]],
    ['an integer of 2^32 - 1 octets', [131, 111, 255, 255, 255, 255, 0]],
    ['a number beyond 2^53', [131, 110, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['a float that is no number', [131, 70, 127, 248, 0, 0, 0, 0, 0, 0]],
    ['octets whose last has three bits', [131, 77, 0, 0, 0, 1, 3, 97]],
  ])('erlang: terms: %s is refused', (_what, octets) => {
    expect(() => decode(Uint8Array.from(octets))).toThrow(Malformed);
  });

  test('erlang: terms: 10,000 lists within each other are refused and overflow nothing', () => {
    const octets = new Uint8Array(10_000 * 5 + 1);
    octets[0] = 131;
    for (let at = 1; at < octets.length; at += 5) octets.set([108, 0, 0, 0, 1], at);
    expect(() => decode(octets)).toThrow(Malformed);
  });

  // term_to_binary(#{<<"a">> => [1,-1,65536,<<"x">>,true,undefined,1.5]}) of OTP 25 gave these, but
  // for the atoms, which OTP 26 writes so.
  test('erlang: terms: the octets are those of term_to_binary for what both write alike', () => {
    const octets = encode({ a: [1, -1, 65536, 'x', true, null, 1.5] });
    expect(Buffer.from(octets).toString('hex')).toBe(
      '8374000000016d00000001616c0000000761016' +
        '2ffffffff62000100006d000000017877047472756577' +
        '09756e646566696e6564463ff80000000000006a',
    );
  });
});

// What OTP 25's binary_to_term/1 read of these octets: [7,<<"ab">>,<<>>,1976943448883713].
test('erlang: terms: Erlang reads bigints and octets of ours as integers and binaries', () => {
  const octets = encode([7n, Uint8Array.of(97, 98), new Uint8Array(0), 1976943448883713]);
  expect(Buffer.from(octets).toString('hex')).toBe(
    '836c000000046f000000010007' + '4d00000002086162' + '4d0000000000' + '6e0700010203040506076a',
  );
});

function key(letter: number): readonly number[] {
  return [109, 0, 0, 0, 1, letter, 97, 1];
}
