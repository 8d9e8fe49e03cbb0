/**
 * A 64-bit hash over words and text: two 32-bit lanes, mixed with `Math.imul`, so that it is the
 * same and fast in every JavaScript engine. For traces and seeds; not against an adversary.
 *
 * Not here: checksums of stored bytes (`bytes/crc32c.ts`).
 */

const PRIME_A = 0x9e3779b1;
const PRIME_B = 0x85ebca77;
const PRIME_C = 0xc2b2ae3d;

export class Hash64 {
  #low = 0x243f6a88;
  #high = 0x85a308d3;

  /** Mixes in the low 32 bits of a whole number. */
  word(value: number): void {
    let low = Math.imul(this.#low ^ value, PRIME_A);
    low = (low << 13) | (low >>> 19);
    let high = Math.imul(this.#high ^ value ^ low, PRIME_B);
    high = (high << 17) | (high >>> 15);
    this.#low = low;
    this.#high = (high + low) | 0;
  }

  /** Mixes in a whole number of up to 53 bits, either sign. */
  int(value: number): void {
    const high = Math.floor(value / 4294967296);
    this.word(value | 0);
    this.word(high | 0);
  }

  /** Mixes in a hash made before, such as that of an interned string. */
  pair(low: number, high: number): void {
    this.word(low);
    this.word(high);
  }

  /** The UTF-8 bytes of a text, and their count. */
  text(value: string): void {
    let count = 0;
    for (const byte of utf8Bytes(value)) {
      this.word(byte);
      count++;
    }
    this.word(count);
  }

  get low(): number {
    return finish(this.#low ^ Math.imul(this.#high, PRIME_C));
  }

  get high(): number {
    return finish(this.#high ^ Math.imul(this.#low, PRIME_A));
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(this.high) + hex(this.low);
  }
}

function finish(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), PRIME_B);
  mixed = Math.imul(mixed ^ (mixed >>> 13), PRIME_C);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** The bytes of a text; a lone surrogate counts as U+FFFD. */
function* utf8Bytes(value: string): IterableIterator<number> {
  for (const character of value) {
    let point = character.codePointAt(0)!;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) {
      yield point;
    } else if (point < 0x800) {
      yield 0xc0 | (point >> 6);
      yield 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      yield 0xe0 | (point >> 12);
      yield 0x80 | ((point >> 6) & 0x3f);
      yield 0x80 | (point & 0x3f);
    } else {
      yield 0xf0 | (point >> 18);
      yield 0x80 | ((point >> 12) & 0x3f);
      yield 0x80 | ((point >> 6) & 0x3f);
      yield 0x80 | (point & 0x3f);
    }
  }
}
