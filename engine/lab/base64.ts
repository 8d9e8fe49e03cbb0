/**
 * Text as base64url (RFC 4648, section 5, without padding), for share links.
 * Not here: UUIDs (`bytes/base64url.ts`), whose length is fixed.
 */
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function base64Encode(text: string): string {
  const bytes = encodeUtf8(text);
  let encoded = '';
  for (let place = 0; place < bytes.length; place += 3) {
    const left = bytes.length - place;
    const bits = (bytes[place]! << 16) | ((bytes[place + 1] ?? 0) << 8) | (bytes[place + 2] ?? 0);
    const four = [18, 12, 6, 0].map((shift) => ALPHABET.charAt((bits >> shift) & 63)).join('');
    encoded += left >= 3 ? four : four.slice(0, left + 1);
  }
  return encoded;
}

/** The text, or null if this is not the base64url of a text. */
export function base64Decode(encoded: string): string | null {
  const bytes: number[] = [];
  for (let place = 0; place < encoded.length; place += 4) {
    const four = [0, 1, 2, 3].map((next) => ALPHABET.indexOf(encoded.charAt(place + next)));
    const given = Math.min(4, encoded.length - place);
    if (given === 1 || four.slice(0, given).some((value) => value < 0)) return null;
    const [a, b, c, d] = four.map((value, next) => (next < given ? value : 0)) as [
      number,
      number,
      number,
      number,
    ];
    const bits = (a << 18) | (b << 12) | (c << 6) | d;
    for (let next = 0; next < given - 1; next++) bytes.push((bits >> (16 - 8 * next)) & 255);
  }
  return decodeUtf8(Uint8Array.from(bytes));
}
