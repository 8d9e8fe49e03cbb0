/**
 * Field tables: named values that carry their type, in headers, arguments and properties.
 *
 *     table: size uint32, then until its end: name shortstr, value
 *     value: type 1 octet, content
 *
 *     t bool 1 | b int8 | B uint8 | s int16 | u uint16 | I int32 | i uint32 | l L int64
 *     f float | d double | D scale uint8, uint32 | T uint64, seconds since 1970
 *     S x length uint32, octets | A size uint32, values | F table | V nothing
 *
 * These are the types that RabbitMQ knows, by its own names, and where its letters differ from the
 * specification's, they are RabbitMQ's (`rabbit_binary_parser`, "AMQP 0-9-1 errata"). A table is a
 * list, as there: the order and repeated names are kept. Values of 64 bits are bigints, since what
 * an application sends passes unchanged. Differs: the depth is bounded (there: by the frame only),
 * and a NaN or an infinity is refused here with a sentence, there by a crash of the reader.
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { decodeUtf8, encodeUtf8, utf8Size } from '../../bytes/utf8.ts';
import type { Writer } from '../../bytes/writer.ts';

export type FieldValue =
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: FieldNumberType; readonly value: number }
  | { readonly type: 'long' | 'timestamp'; readonly value: bigint }
  /** `value` divided by ten to the power of `scale`. */
  | { readonly type: 'decimal'; readonly scale: number; readonly value: number }
  /** Octets where they are not UTF-8. */
  | { readonly type: 'longstr'; readonly value: string | Uint8Array }
  | { readonly type: 'binary'; readonly value: Uint8Array }
  | { readonly type: 'array'; readonly value: readonly FieldValue[] }
  | { readonly type: 'table'; readonly value: FieldTable }
  | { readonly type: 'void' };

type FieldNumberType =
  | 'byte'
  | 'unsignedbyte'
  | 'short'
  | 'unsignedshort'
  | 'signedint'
  | 'unsignedint'
  | 'float'
  | 'double';

export interface TableEntry {
  readonly name: string;
  readonly value: FieldValue;
}

export type FieldTable = readonly TableEntry[];

export const EMPTY_TABLE: FieldTable = Object.freeze([]);

/** Tables and arrays within each other; a frame of 128 KiB could nest 20,000 deep. */
const DEPTH_MAX = 64;
const NAME_BYTES_MAX = 255;
const SIZE_BYTES = 4;

/** A table from an object, in the order of its keys. */
export function fieldTable(entries: Readonly<Record<string, FieldValue>>): FieldTable {
  return Object.entries(entries).map(([name, value]) => ({ name, value }));
}

/** The first value of a name, as `rabbit_misc:table_lookup` finds it. */
export function tableLookup(table: FieldTable, name: string): FieldValue | undefined {
  assert(utf8Size(name) <= NAME_BYTES_MAX, 'a name fits a shortstr', { name });
  return table.find((entry) => entry.name === name)?.value;
}

// ----------------------------------------------------------------------------------------- sizes

const FIXED_BYTES: Readonly<Record<string, number>> = {
  bool: 1,
  byte: 1,
  unsignedbyte: 1,
  short: 2,
  unsignedshort: 2,
  signedint: 4,
  unsignedint: 4,
  float: 4,
  double: 8,
  long: 8,
  timestamp: 8,
  decimal: 5,
  void: 0,
};

/** Octets of the table with its size field. */
export function tableSize(table: FieldTable): number {
  let size = SIZE_BYTES;
  for (let i = 0; i < table.length; i++) {
    const { name, value } = table[i]!;
    size += 1 + utf8Size(name) + valueSize(value);
  }
  return size;
}

/** Octets of a value with its type. */
function valueSize(of: FieldValue): number {
  switch (of.type) {
    case 'longstr':
      return 1 + SIZE_BYTES + (typeof of.value === 'string' ? utf8Size(of.value) : of.value.length);
    case 'binary':
      return 1 + SIZE_BYTES + of.value.length;
    case 'array':
      return of.value.reduce((sum, value) => sum + valueSize(value), 1 + SIZE_BYTES);
    case 'table':
      return 1 + tableSize(of.value);
    default: {
      const fixed = FIXED_BYTES[of.type];
      assert(fixed !== undefined, 'a type of value', { type: of.type });
      return 1 + fixed;
    }
  }
}

// --------------------------------------------------------------------------------------- writing

const LETTERS = {
  bool: 't',
  byte: 'b',
  unsignedbyte: 'B',
  short: 's',
  unsignedshort: 'u',
  signedint: 'I',
  unsignedint: 'i',
  long: 'l',
  float: 'f',
  double: 'd',
  decimal: 'D',
  timestamp: 'T',
  longstr: 'S',
  binary: 'x',
  array: 'A',
  table: 'F',
  void: 'V',
} as const satisfies Readonly<Record<FieldValue['type'], string>>;

export function writeTable(writer: Writer, table: FieldTable): void {
  writer.uint32(tableSize(table) - SIZE_BYTES);
  for (let i = 0; i < table.length; i++) {
    const { name, value } = table[i]!;
    const bytes = utf8Size(name);
    assert(bytes <= NAME_BYTES_MAX, 'a name fits a shortstr', { name });
    writer.int8((bytes << 24) >> 24);
    writer.text(name);
    writeValue(writer, value);
  }
}

function writeValue(writer: Writer, of: FieldValue): void {
  writer.int8(LETTERS[of.type].charCodeAt(0));
  switch (of.type) {
    case 'longstr':
      if (typeof of.value === 'string') writer.uint32(utf8Size(of.value));
      else writer.uint32(of.value.length);
      if (typeof of.value === 'string') writer.text(of.value);
      else writer.raw(of.value);
      return;
    case 'binary':
      writer.uint32(of.value.length);
      writer.raw(of.value);
      return;
    case 'array':
      writer.uint32(valueSize(of) - 1 - SIZE_BYTES);
      for (const value of of.value) writeValue(writer, value);
      return;
    case 'table':
      writeTable(writer, of.value);
      return;
    case 'bool':
      writer.bool(of.value);
      return;
    case 'long':
      writeInt64(writer, BigInt.asIntN(64, of.value), of.value);
      return;
    case 'timestamp':
      writeInt64(writer, BigInt.asUintN(64, of.value), of.value);
      return;
    case 'decimal':
      writer.int8((of.scale << 24) >> 24);
      writer.uint32(of.value);
      return;
    case 'void':
      return;
    default:
      writeNumber(writer, of.type, of.value);
  }
}

/** Writes 64 bits; `wrapped` equals `value` if it has a place in them. */
function writeInt64(writer: Writer, wrapped: bigint, value: bigint): void {
  assert(wrapped === value, 'a value of 64 bits', { value });
  writer.int32(Number(BigInt.asIntN(32, value >> 32n)));
  writer.int32(Number(BigInt.asIntN(32, value)));
}

/** Timestamps of properties have the same form as those of tables. */
export function writeTimestamp(writer: Writer, value: bigint): void {
  writeInt64(writer, BigInt.asUintN(64, value), value);
}

export function readTimestamp(reader: Reader): bigint {
  return BigInt.asUintN(64, readInt64(reader));
}

const floats = new DataView(new ArrayBuffer(8));

function writeNumber(writer: Writer, type: FieldNumberType, value: number): void {
  switch (type) {
    case 'byte':
      writer.int8(value);
      return;
    case 'unsignedbyte':
      assert((value & 0xff) === value, 'an unsigned byte', { value });
      writer.int8((value << 24) >> 24);
      return;
    case 'short':
      writer.int16(value);
      return;
    case 'unsignedshort':
      writer.uint16(value);
      return;
    case 'signedint':
      writer.int32(value);
      return;
    case 'unsignedint':
      writer.uint32(value);
      return;
    case 'float':
      floats.setFloat32(0, value);
      writer.int32(floats.getInt32(0));
      return;
    case 'double':
      floats.setFloat64(0, value);
      writer.int32(floats.getInt32(0));
      writer.int32(floats.getInt32(4));
  }
}

// --------------------------------------------------------------------------------------- reading

/** Throws `Malformed`. */
export function readTable(reader: Reader): FieldTable {
  return tableWithin(reader, 1);
}

/** The entries of a table whose size is known from outside, as in AMQPLAIN's response. */
export function readEntries(bytes: Uint8Array): FieldTable {
  return entriesWithin(new Reader(bytes), 1);
}

function tableWithin(reader: Reader, depth: number): FieldTable {
  return entriesWithin(part(reader), depth);
}

/** The part of the bytes that a size field claims. */
function part(reader: Reader): Reader {
  const size = reader.uint32();
  const start = reader.take(size);
  return new Reader(reader.bytes, start, start + size);
}

function entriesWithin(reader: Reader, depth: number): FieldTable {
  if (depth > DEPTH_MAX) throw new Malformed(`tables nested deeper than ${DEPTH_MAX}`);
  if (reader.remaining === 0) return EMPTY_TABLE;
  const entries: TableEntry[] = [];
  while (reader.remaining > 0) {
    const name = reader.text(reader.int8() & 0xff);
    entries.push({ name, value: valueWithin(reader, depth) });
  }
  return entries;
}

function valueWithin(reader: Reader, depth: number): FieldValue {
  const letter = String.fromCharCode(reader.int8() & 0xff);
  switch (letter) {
    case 'S': {
      const bytes = reader.view(reader.uint32());
      return { type: 'longstr', value: textOrOctets(bytes) };
    }
    case 'x':
      return { type: 'binary', value: reader.view(reader.uint32()) };
    case 'F':
      return { type: 'table', value: tableWithin(reader, depth + 1) };
    case 'A':
      return { type: 'array', value: arrayWithin(part(reader), depth + 1) };
    case 't':
      return { type: 'bool', value: reader.bool() };
    case 'l':
    case 'L':
      return { type: 'long', value: readInt64(reader) };
    case 'T':
      return { type: 'timestamp', value: readTimestamp(reader) };
    case 'D':
      return { type: 'decimal', scale: reader.int8() & 0xff, value: reader.uint32() };
    case 'V':
      return { type: 'void' };
    default:
      return numberOf(reader, letter);
  }
}

function numberOf(reader: Reader, letter: string): FieldValue {
  switch (letter) {
    case 'b':
      return { type: 'byte', value: reader.int8() };
    case 'B':
      return { type: 'unsignedbyte', value: reader.int8() & 0xff };
    case 's':
      return { type: 'short', value: reader.int16() };
    case 'u':
      return { type: 'unsignedshort', value: reader.uint16() };
    case 'I':
      return { type: 'signedint', value: reader.int32() };
    case 'i':
      return { type: 'unsignedint', value: reader.uint32() };
    case 'f':
      floats.setInt32(0, reader.int32());
      return { type: 'float', value: finite(floats.getFloat32(0)) };
    case 'd':
      floats.setInt32(0, reader.int32());
      floats.setInt32(4, reader.int32());
      return { type: 'double', value: finite(floats.getFloat64(0)) };
    default:
      throw new Malformed(`a value of the unknown type '${letter}'`);
  }
}

function arrayWithin(reader: Reader, depth: number): readonly FieldValue[] {
  if (depth > DEPTH_MAX) throw new Malformed(`tables nested deeper than ${DEPTH_MAX}`);
  const values: FieldValue[] = [];
  while (reader.remaining > 0) values.push(valueWithin(reader, depth));
  return values;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new Malformed(`the number ${value}`);
  return value;
}

function readInt64(reader: Reader): bigint {
  const high = BigInt(reader.int32());
  return (high << 32n) | BigInt(reader.uint32());
}

/** The text of UTF-8 bytes; bytes that are none as they are, so that they pass unchanged. */
function textOrOctets(bytes: Uint8Array): string | Uint8Array {
  return utf8Text(bytes) ?? bytes;
}

/** The text, or undefined where the bytes are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes);
  // U+FFFD may have been sent, or stand for what could not be read.
  if (!text.includes('\ufffd')) return text;
  const back = encodeUtf8(text);
  return back.length === bytes.length && back.every((byte, at) => byte === bytes[at])
    ? text
    : undefined;
}
