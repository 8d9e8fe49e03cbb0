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
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** The UUID of all zeros: no topic id, no directory id. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** The 16 bytes at `position` as 22 characters. */
export function uuidFromBytes(bytes: Uint8Array, position = 0): string {
  assert(position >= 0 && position + UUID_BYTES <= bytes.length, 'uuid outside', { position });
  let text = '';
  for (let i = 0; i < UUID_BYTES; i += 3) {
    const a = bytes[position + i] as number;
    const b = i + 1 < UUID_BYTES ? (bytes[position + i + 1] as number) : 0;
    const c = i + 2 < UUID_BYTES ? (bytes[position + i + 2] as number) : 0;
    text += ALPHABET.charAt(a >> 2) + ALPHABET.charAt(((a & 3) << 4) | (b >> 4));
    if (i + 1 < UUID_BYTES) {
      text += ALPHABET.charAt(((b & 15) << 2) | (c >> 6)) + ALPHABET.charAt(c & 63);
    }
  }
  return text;
}

/** Writes the UUID's 16 bytes at `position`. Asserts that it is one: 22 characters, canonical. */
export function writeUuid(uuid: string, into: Uint8Array, position: number): void {
  assert(isUuid(uuid), 'not a uuid', { uuid });
  assert(position + UUID_BYTES <= into.length, 'uuid past the end', { position });
  let at = position;
  for (let i = 0; i < UUID_CHARACTERS; i += 4) {
    const a = value(uuid, i);
    const b = value(uuid, i + 1);
    into[at++] = (a << 2) | (b >> 4);
    if (i + 2 >= UUID_CHARACTERS) break;
    const c = value(uuid, i + 2);
    into[at++] = ((b & 15) << 4) | (c >> 2);
    into[at++] = ((c & 3) << 6) | value(uuid, i + 3);
  }
}

/** Whether the text is a UUID in its one canonical form. */
export function isUuid(text: string): boolean {
  if (text.length !== UUID_CHARACTERS) return false;
  for (let i = 0; i < UUID_CHARACTERS; i++) if (value(text, i) < 0) return false;
  return (value(text, UUID_CHARACTERS - 1) & 15) === 0;
}

function value(text: string, index: number): number {
  return VALUES[text.charCodeAt(index)] ?? -1;
}
