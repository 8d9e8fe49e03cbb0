/**
 * Seeded random numbers: the generator sfc32, one independent stream for each purpose, so that a
 * fault which draws numbers does not shift the workload's.
 *
 * Generator: Chris Doty-Humphrey's Small Fast Counting generator (PractRand), 32-bit variant.
 * Not here: real entropy (`node/adapters`).
 */
import { assert } from './assert.ts';
import { Hash64 } from './hash.ts';
import type { Random } from './ports.ts';
import type { Ratio } from './units.ts';

/** The stream of a purpose under a seed. The same arguments give the same numbers, everywhere. */
export function randomStream(seed: number, purpose: string): Random {
  assert(Number.isSafeInteger(seed) && seed >= 0, 'a seed is a whole number', { seed });
  const hash = new Hash64();
  hash.int(seed);
  hash.text(purpose);
  return new Sfc32(hash.low, hash.high, seed | 0);
}

class Sfc32 implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(a: number, b: number, c: number) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    for (let round = 0; round < 12; round++) this.uint32();
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  below(bound: number): number {
    assert(Number.isInteger(bound) && bound >= 1 && bound <= 4294967296, 'a bound is 1 to 2^32', {
      bound,
    });
    const fair = 4294967296 - (4294967296 % bound);
    for (;;) {
      const drawn = this.uint32();
      if (drawn < fair) return drawn % bound;
    }
  }

  between(min: number, max: number): number {
    assert(Number.isSafeInteger(min) && Number.isSafeInteger(max), 'whole bounds', { min, max });
    assert(min <= max, 'min is at most max', { min, max });
    return min + this.below(max - min + 1);
  }

  chance(probability: Ratio): boolean {
    const { numerator, denominator } = probability;
    assert(denominator > 0 && numerator >= 0 && numerator <= denominator, 'a ratio is 0 to 1', {
      numerator,
      denominator,
    });
    // Certainty draws nothing, so that a fault at ratio 0 leaves its stream where it was.
    if (numerator === 0) return false;
    if (numerator === denominator) return true;
    return this.below(denominator) < numerator;
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'nothing to pick from');
    return items[this.below(items.length)]!;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let place = shuffled.length - 1; place > 0; place--) {
      const other = this.below(place + 1);
      const kept = shuffled[place]!;
      shuffled[place] = shuffled[other]!;
      shuffled[other] = kept;
    }
    return shuffled;
  }
}
