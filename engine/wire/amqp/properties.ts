/**
 * The properties of a message, as its content header carries them: one flag a property, then the
 * values of those that are there.
 *
 *     flags uint16, the first property in the highest bit | values in order
 *
 * The two lowest bits are not used; RabbitMQ does not look at them either, so a second word of
 * flags, which the specification allows, cannot be told from values.
 * Source: AMQP 0-9-1, section 4.2.6.1; `rabbit_framing_amqp_0_9_1:decode_properties`.
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import type { Reader } from '../../bytes/reader.ts';
import type { Writer } from '../../bytes/writer.ts';
import { octet, shortstr, table, timestamp, type Argument, type ValuesOf } from './grammar.ts';

const properties = {
  contentType: shortstr(),
  contentEncoding: shortstr(),
  headers: table(),
  deliveryMode: octet(),
  priority: octet(),
  correlationId: shortstr(),
  replyTo: shortstr(),
  expiration: shortstr(),
  messageId: shortstr(),
  timestamp: timestamp(),
  type: shortstr(),
  userId: shortstr(),
  appId: shortstr(),
  clusterId: shortstr(),
} as const;

/** What is not there is absent: an empty text is there. `deliveryMode` 2 is persistent. */
export type BasicProperties = Partial<ValuesOf<typeof properties>>;

interface Property {
  readonly name: string;
  readonly flag: number;
  readonly argument: Argument;
}

const FLAGS_BYTES = 2;
const HIGHEST_FLAG = 0x8000;

const known: readonly Property[] = Object.entries(properties).map(([name, argument], place) => ({
  name,
  flag: HIGHEST_FLAG >> place,
  argument: argument as Argument,
}));

type Values = Record<string, unknown>;

/** Octets of the flags and the values. */
export function propertiesSize(of: BasicProperties): number {
  let size = FLAGS_BYTES;
  for (const { name, argument } of known) {
    const value = (of as Values)[name];
    if (value !== undefined) size += argument.size(value);
  }
  return size;
}

export function writeProperties(writer: Writer, of: BasicProperties): void {
  let flags = 0;
  for (const { name, flag } of known) if ((of as Values)[name] !== undefined) flags |= flag;
  assert(flags <= 0xffff, 'flags', { flags });
  writer.uint16(flags);
  for (const { name, argument } of known) {
    const value = (of as Values)[name];
    if (value !== undefined) argument.write(writer, value);
  }
}

/** Throws `Malformed`, also for octets after the last value. */
export function readProperties(reader: Reader): BasicProperties {
  const flags = reader.uint16();
  const values: Values = {};
  for (const { name, flag, argument } of known) {
    if ((flags & flag) !== 0) values[name] = argument.read(reader);
  }
  if (reader.remaining > 0) throw new Malformed(`${reader.remaining} octets after the properties`);
  return values as BasicProperties;
}
