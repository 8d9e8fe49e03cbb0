/**
 * A message as octets in the stores' files.
 *
 *     1 | exchange shortstr | count of keys uint16, each shortstr | has deaths octet, deaths table
 *       | properties uint32, as in a content header | body
 *
 * Not here: the records around it (`rdq-file.ts`, `queue-store-v2.ts`, `queue-index-v1.ts`).
 * Differs: the real broker has Erlang's external term format here.
 */
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { Writer } from '../../bytes/writer.ts';
import { assert } from '../../kernel/assert.ts';
import { EMPTY_TABLE, readTable, tableLookup, writeTable } from '../../wire/amqp/field-table.ts';
import { readProperties, writeProperties } from '../../wire/amqp/properties.ts';
import { isAmqpError } from '../amqp-error.ts';
import { type Message, messageOf } from '../message.ts';
import { type Death, deathsFromField, deathsToField } from '../queue/death.ts';

const VERSION = 1;
const KEY_BYTES_MAX = 255;

export function encodeStoredMessage(of: Message): Uint8Array {
  assert(of.routingKeys.length > 0, 'a message has a routing key', { exchange: of.exchange });
  const writer = new Writer(of.body.length + 256);
  writer.int8(VERSION);
  writeShort(writer, of.exchange);
  writer.uint16(of.routingKeys.length);
  for (const key of of.routingKeys) writeShort(writer, key);
  writer.int8(of.deaths === null ? 0 : 1);
  const deaths = of.deaths ?? [];
  writeTable(
    writer,
    deaths.length === 0 ? EMPTY_TABLE : [{ name: 'x-death', value: deathsToField(deaths) }],
  );
  const properties = new Writer();
  writeProperties(properties, of.properties);
  const octets = properties.finish();
  writer.uint32(octets.length);
  writer.raw(octets);
  writer.raw(of.body);
  return writer.finish();
}

/** The message, or null where the octets are none: a crash may have torn them. */
export function decodeStoredMessage(bytes: Uint8Array): Message | null {
  try {
    return decode(new Reader(bytes));
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function decode(reader: Reader): Message | null {
  if (reader.int8() !== VERSION) return null;
  const exchange = readShort(reader);
  const keys: string[] = [];
  for (let left = reader.uint16(); left > 0; left--) keys.push(readShort(reader));
  const keepsDeaths = reader.int8() === 1;
  const table = readTable(reader);
  const properties = readProperties(new Reader(reader.view(reader.uint32()).slice()));
  const body = reader.view(reader.remaining).slice();
  const [routingKey] = keys;
  if (routingKey === undefined) return null;
  const message = messageOf({ exchange, routingKey, properties, body }, keepsDeaths);
  if (isAmqpError(message)) return null;
  const deaths: readonly Death[] = deathsFromField(tableLookup(table, 'x-death'));
  assert(message.body.length === body.length, 'the body is as it was', { exchange });
  return { ...message, routingKeys: keys, properties, deaths: keepsDeaths ? deaths : null };
}

function writeShort(writer: Writer, text: string): void {
  const octets = encodeUtf8(text);
  assert(octets.length <= KEY_BYTES_MAX, 'a short text', { text });
  writer.uint16(octets.length);
  writer.raw(octets);
}

function readShort(reader: Reader): string {
  return reader.text(reader.uint16());
}
