/**
 * A UUID as Kafka prints it: 16 bytes as 22 characters of base64url (RFC 4648, section 5) without
 * padding. The last character holds two bits only.
 */
import { assert } from '../kernel/assert.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const UUID_BYTES = 16;
const UUID_CHARACTERS = 22;

/** Which value a character code has; -1 if it is none of the alphabet. */
const VALUES = new Int8Array(128).fill(-1);
/** The character code of each value. */
const CODES = new Uint8Array(ALPHABET.length);
for (let i = 0; i < ALPHABET.length; i++) {
  CODES[i] = ALPHABET.charCodeAt(i);
  VALUES[ALPHABET.charCodeAt(i)] = i;
}

/** The UUID of all zeros: no topic id, no directory id. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** The 16 bytes at `position` as 22 characters. */
export function uuidFromBytes(bytes: Uint8Array, position = 0): string {
  assert(position >= 0 && position + UUID_BYTES <= bytes.length, 'uuid outside', { position });
  let text = '';
  let at = position;
  for (const last = position + UUID_BYTES - 1; at < last; at += 3) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    text += String.fromCharCode(
      code(a >> 2),
      code(((a & 3) << 4) | (b >> 4)),
      code(((b & 15) << 2) | (c >> 6)),
      code(c & 63),
    );
  }
  const left = bytes[at] as number;
  return text + String.fromCharCode(code(left >> 2), code((left & 3) << 4));
}

/** Writes the UUID's 16 bytes at `position`. Asserts that it is one: 22 characters, canonical. */
export function writeUuid(uuid: string, into: Uint8Array, position: number): void {
  assert(uuid.length === UUID_CHARACTERS, 'not a uuid', { uuid });
  assert(position + UUID_BYTES <= into.length, 'uuid past the end', { position });
  let at = position;
  // Negative as soon as one of the values is.
  let all = 0;
  for (let i = 0; i < UUID_CHARACTERS - 2; i += 4) {
    const a = value(uuid, i);
    const b = value(uuid, i + 1);
    const c = value(uuid, i + 2);
    const d = value(uuid, i + 3);
    into[at++] = (a << 2) | (b >> 4);
    into[at++] = ((b & 15) << 4) | (c >> 2);
    into[at++] = ((c & 3) << 6) | d;
    all |= a | b | c | d;
  }
  const a = value(uuid, UUID_CHARACTERS - 2);
  const b = value(uuid, UUID_CHARACTERS - 1);
  into[at] = (a << 2) | (b >> 4);
  assert((all | a | b) >= 0 && (b & 15) === 0, 'not a uuid', { uuid });
}

/** Whether the text is a UUID in its one canonical form. */
export function isUuid(text: string): boolean {
  if (text.length !== UUID_CHARACTERS) return false;
  for (let i = 0; i < UUID_CHARACTERS; i++) if (value(text, i) < 0) return false;
  return (value(text, UUID_CHARACTERS - 1) & 15) === 0;
}

function code(sixBits: number): number {
  return CODES[sixBits] as number;
}

function value(text: string, index: number): number {
  return VALUES[text.charCodeAt(index)] ?? -1;
}
