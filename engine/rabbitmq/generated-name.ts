/**
 * Names that the broker makes up: `amq.gen-` for a queue, `amq.ctag-` for a consumer, and 16 random
 * bytes in base64url. Source: `rabbit_guid:binary`.
 */
import { assert } from '../kernel/assert.ts';
import { uuidFromBytes } from '../bytes/base64url.ts';
import type { Random } from '../kernel/ports.ts';

const BYTES = 16;

export function generatedName(prefix: 'amq.gen' | 'amq.ctag', random: Random): string {
  const bytes = Uint8Array.from({ length: BYTES }, () => random.below(256));
  const name = `${prefix}-${uuidFromBytes(bytes)}`;
  assert(name.length === prefix.length + 1 + 22, 'a name of 16 bytes', { name });
  return name;
}
