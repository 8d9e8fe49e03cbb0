/**
 * Jute, ZooKeeper's way to write data: big-endian fields without tags or versions, one after the
 * other.
 *
 *     int int32 | long int64 | boolean 1 byte | buffer, ustring: length int32 (-1: null), bytes
 *     vector: count int32 (-1: null), items | record: its fields
 *
 * Not here: the records (`records.ts`), the messages (`messages.ts`).
 * Source: `zookeeper-jute`, `org.apache.jute.BinaryOutputArchive`, `src/main/resources/
 * zookeeper.jute`.
 */
import { Malformed } from '../../bytes/malformed.ts';
import type { Reader } from '../../bytes/reader.ts';
import { utf8Size } from '../../bytes/utf8.ts';
import type { Writer } from '../../bytes/writer.ts';

/** A type of field: its bytes in both directions. */
export interface Jute<T> {
  size(value: T): number;
  write(writer: Writer, value: T): void;
  read(reader: Reader): T;
}

export const int: Jute<number> = {
  size: () => 4,
  write: (writer, value) => writer.int32(value),
  read: (reader) => reader.int32(),
};

/** An int64 that is asserted to be a safe integer: zxids and times. */
export const long: Jute<number> = {
  size: () => 8,
  write: (writer, value) => writer.int64(value),
  read: (reader) => reader.int64(),
};

const HEX_64 = /^0x[0-9a-f]{1,16}$/;

/** An int64 of which all 64 bits are used, as text: a session's id is `0x1000000a1b2c3d4`. */
export const id64: Jute<string> = {
  size: () => 8,
  write: (writer, value) => {
    if (!HEX_64.test(value)) throw new RangeError(`not an id: ${value}`);
    const digits = value.slice(2).padStart(16, '0');
    writer.uint32(parseInt(digits.slice(0, 8), 16));
    writer.uint32(parseInt(digits.slice(8), 16));
  },
  read: (reader) => {
    const high = reader.uint32();
    const low = reader.uint32();
    if (high === 0) return `0x${low.toString(16)}`;
    return `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
  },
};

export const bool: Jute<boolean> = {
  size: () => 1,
  write: (writer, value) => writer.bool(value),
  read: (reader) => reader.bool(),
};

export const buffer: Jute<Uint8Array | null> = {
  size: (value) => 4 + (value === null ? 0 : value.length),
  write: (writer, value) => {
    writer.int32(value === null ? -1 : value.length);
    if (value !== null) writer.raw(value);
  },
  read: (reader) => {
    const length = reader.int32();
    return length === -1 ? null : reader.view(length);
  },
};

export const ustring: Jute<string> = {
  size: (value) => 4 + utf8Size(value),
  write: (writer, value) => {
    writer.int32(utf8Size(value));
    writer.text(value);
  },
  read: (reader) => {
    const length = reader.int32();
    // A null text arrives from some clients where an empty one is meant.
    return length === -1 ? '' : reader.text(length);
  },
};

export function vector<T>(of: Jute<T>): Jute<readonly T[]> {
  return {
    size: (items) => items.reduce((sum, item) => sum + of.size(item), 4),
    write: (writer, items) => {
      writer.int32(items.length);
      for (const item of items) of.write(writer, item);
    },
    read: (reader) => {
      const count = reader.int32();
      // An item takes a byte at least, so a claim beyond the frame is refused before it is obeyed.
      if (count > reader.remaining) throw new Malformed(`a vector of ${count} items`);
      const items: T[] = [];
      for (let left = count; left > 0; left--) items.push(of.read(reader));
      return items;
    },
  };
}

type Fields = Readonly<Record<string, Jute<unknown>>>;
type RecordOf<F> = { readonly [K in keyof F]: F[K] extends Jute<infer T> ? T : never };

/** A record: its fields in their declared order. */
export function record<const F extends Fields>(fields: F): Jute<RecordOf<F>> {
  const named = Object.entries(fields);
  type Values = Readonly<Record<string, unknown>>;
  return {
    size: (value) =>
      named.reduce((sum, [name, type]) => sum + type.size((value as Values)[name]), 0),
    write: (writer, value) => {
      for (const [name, type] of named) type.write(writer, (value as Values)[name]);
    },
    read: (reader) => {
      const value: Record<string, unknown> = {};
      for (const [name, type] of named) value[name] = type.read(reader);
      return value as RecordOf<F>;
    },
  };
}

export type JuteValue<J> = J extends Jute<infer T> ? T : never;
