/** What a message of an experiment with RabbitMQ has as its body: its history id, and padding. */
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.ts';

/** A body that carries an id, and is so many bytes longer. */
export function bodyOf(id: string, paddingBytes: number): Uint8Array {
  return encodeUtf8(paddingBytes === 0 ? id : `${id} ${'.'.repeat(paddingBytes - 1)}`);
}

/** The id that a body carries. */
export function idOf(body: Uint8Array): string {
  return decodeUtf8(body).split(' ', 1)[0]!;
}
