/**
 * A random UUID of version 4 as Kafka prints it: topic ids, incarnation ids, directory ids.
 * Source: `org.apache.kafka.common.Uuid.randomUuid`, which also draws again when the text would
 * begin with a dash.
 */
import { uuidFromBytes } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';

export function randomUuid(random: Random): string {
  const bytes = new Uint8Array(16);
  let text = '-';
  while (text.startsWith('-')) {
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = random.below(256);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    text = uuidFromBytes(bytes);
  }
  assert(text.length === 22, 'a uuid has 22 characters', { text });
  return text;
}
