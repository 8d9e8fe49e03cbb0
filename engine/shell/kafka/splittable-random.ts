/**
 * `java.util.SplittableRandom` with seed 0, by which the real tools choose: the same lines of a
 * file in the same order. Words of 64 bits that wrap around. Source: OpenJDK 17.
 */
import { assert } from '../../kernel/assert.ts';

const GAMMA = 0x9e3779b97f4a7c15n;
const MASK = 0xffffffffffffffffn;
const FIRST = 0x62a9d9ed799705f5n;
const SECOND = 0xcb24d0a5c88c35b3n;
const TWO_POW_31 = 2_147_483_648;

export class SplittableRandom {
  #seed = 0n;

  /** A number from 0 to below the bound. */
  below(bound: number): number {
    assert(bound >= 1 && bound < TWO_POW_31, 'a bound', { bound });
    const most = bound - 1;
    if ((bound & most) === 0) return this.#next() & most;
    let half = this.#next() >>> 1;
    // The last numbers, which are not as many as the bound, would come too often.
    while (half + most - (half % bound) >= TWO_POW_31) half = this.#next() >>> 1;
    return half % bound;
  }

  /** An int32. */
  #next(): number {
    this.#seed = (this.#seed + GAMMA) & MASK;
    const once = ((this.#seed ^ (this.#seed >> 33n)) * FIRST) & MASK;
    const twice = ((once ^ (once >> 28n)) * SECOND) & MASK;
    return Number(BigInt.asIntN(32, twice >> 32n));
  }
}
