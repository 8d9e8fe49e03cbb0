/**
 * Passwords as they are kept: four octets of salt, then the SHA-256 of the salt and the password.
 *
 * Source: `rabbit_password:hash`, `rabbit_password_hashing_sha256`. Differs: a comparison that
 * fails early takes less time, there always the same.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import { sha256 } from '../../bytes/sha256.ts';
import { encodeUtf8 } from '../../bytes/utf8.ts';

const SALT_BYTES = 4;

export function hashPassword(password: string, random: Random): Uint8Array {
  const salt = new Uint8Array(SALT_BYTES);
  new DataView(salt.buffer).setUint32(0, random.uint32());
  return withSalt(salt, password);
}

/** Whether the password is the one that was hashed; no password fits an empty hash. */
export function isPassword(password: string, hash: Uint8Array): boolean {
  if (hash.length === 0) return false;
  assert(hash.length > SALT_BYTES, 'a hash has its salt', { length: hash.length });
  const given = withSalt(hash.subarray(0, SALT_BYTES), password);
  return given.length === hash.length && given.every((octet, at) => octet === hash[at]);
}

function withSalt(salt: Uint8Array, password: string): Uint8Array {
  const text = encodeUtf8(password);
  const salted = new Uint8Array(SALT_BYTES + text.length);
  salted.set(salt);
  salted.set(text, SALT_BYTES);
  const digest = sha256(salted);
  const hash = new Uint8Array(SALT_BYTES + digest.length);
  hash.set(salt);
  hash.set(digest, SALT_BYTES);
  return hash;
}
