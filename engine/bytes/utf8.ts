/**
 * UTF-8 as Java's `String.getBytes` and `new String` do it, since brokers and clients are written
 * in Java: a lone surrogate is written as `?`, and bytes that are no UTF-8 are read as U+FFFD.
 *
 * Written by hand because the engine has no TextEncoder: what a world provides could differ.
 */
import { assert } from '../kernel/assert.ts';
import { byteArray } from './slab.ts';

const QUESTION_MARK = 0x3f;
const REPLACEMENT = 0xfffd;

const isHigh = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
const isLow = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;

/** Bytes that `text` takes in UTF-8. Allocates nothing. */
export function utf8Size(text: string): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) size += 1;
    else if ((unit & 0xf800) !== 0xd800) size += 2;
    else if (isHigh(unit) && isLow(text.charCodeAt(i + 1))) {
      // Two code units become four bytes.
      size += 2;
      i++;
    }
  }
  return size;
}

/** Writes `text` at `position`; there must be room for `utf8Size(text)`. Returns the end. */
export function writeUtf8(text: string, into: Uint8Array, position: number): number {
  assert(position >= 0 && position <= into.length, 'utf8 position outside', { position });
  let at = position;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      into[at++] = code;
      continue;
    }
    if (code < 0x800) {
      into[at++] = 0xc0 | (code >> 6);
      into[at++] = 0x80 | (code & 0x3f);
      continue;
    }
    if ((code & 0xf800) === 0xd800) {
      const low = text.charCodeAt(i + 1);
      if (!isHigh(code) || !isLow(low)) {
        into[at++] = QUESTION_MARK;
        continue;
      }
      i++;
      code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
      into[at++] = 0xf0 | (code >> 18);
      into[at++] = 0x80 | ((code >> 12) & 0x3f);
    } else {
      into[at++] = 0xe0 | (code >> 12);
    }
    into[at++] = 0x80 | ((code >> 6) & 0x3f);
    into[at++] = 0x80 | (code & 0x3f);
  }
  assert(at <= into.length, 'utf8 written past the end', { at, length: into.length });
  return at;
}

/** The UTF-8 bytes of `text`. */
export function encodeUtf8(text: string): Uint8Array {
  // Nearly all text is ASCII, which takes as many bytes as code units: one pass, no size first.
  const ascii = byteArray(text.length);
  let at = 0;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) break;
    ascii[at] = unit;
  }
  if (at === text.length) return ascii;
  const bytes = byteArray(utf8Size(text));
  const end = writeUtf8(text, bytes, 0);
  assert(end === bytes.length, 'utf8 size differs', { end, size: bytes.length });
  return bytes;
}

/** The text from `start` up to, and without, `end`. Never throws on any bytes. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  assert(start >= 0 && start <= end && end <= bytes.length, 'utf8 range outside', { start, end });
  let text = '';
  let at = start;
  while (at < end) {
    if (at + 4 <= end) {
      const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
      if ((a | b | c | d) < 0x80) {
        text += String.fromCharCode(a, b, c, d);
        at += 4;
        continue;
      }
    }
    const lead = bytes[at] as number;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      at++;
      continue;
    }
    const length = sequenceLength(bytes, at, end);
    // A negative length is the size of the ill-formed part, which becomes one U+FFFD.
    text += String.fromCodePoint(length < 0 ? REPLACEMENT : codePoint(bytes, at, length));
    at += length < 0 ? -length : length;
  }
  return text;
}

/**
 * The length of the sequence at `at`, or minus the length of its longest ill-formed prefix
 * (Unicode 15, section 3.9, table 3-7: which second bytes a lead byte allows).
 */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    if (at + i >= end) return -i;
    const next = bytes[at + i] as number;
    if (next < (i === 1 ? lowest : 0x80) || next > (i === 1 ? highest : 0xbf)) return -i;
  }
  return length;
}

function codePoint(bytes: Uint8Array, at: number, length: number): number {
  assert(length >= 2 && length <= 4, 'utf8 sequence length', { length });
  let code = (bytes[at] as number) & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] as number) & 0x3f);
  return code;
}
