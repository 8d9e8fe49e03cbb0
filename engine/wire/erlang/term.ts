/**
 * Erlang's external term format for plain data: what nodes of a cluster send each other.
 *
 * Each kind of value of ours has a tag of its own, so that what is read is what was written, and
 * Erlang reads all of them as the same terms:
 *
 *     null, booleans  119 SMALL_ATOM_UTF8_EXT: `undefined`, `true`, `false`
 *     whole numbers   97 SMALL_INTEGER_EXT, 98 INTEGER_EXT, 110 SMALL_BIG_EXT
 *     other numbers   70 NEW_FLOAT_EXT (AMQP's tables may hold such)
 *     bigints         111 LARGE_BIG_EXT
 *     texts           109 BINARY_EXT, in UTF-8
 *     octets          77 BIT_BINARY_EXT, all bits of the last octet used
 *     lists           106 NIL_EXT; 108 LIST_EXT, which ends in 106
 *     records         116 MAP_EXT with texts as keys, in the record's order
 *
 * Not here: tuples, processes, functions and other atoms, which no message of ours has; the tuple
 * of a control message (`distribution.ts`). Bytes that are no such term are `Malformed`; the depth
 * is bounded. Source: erlang.org, "External Term Format".
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { utf8Size } from '../../bytes/utf8.ts';
import { Writer } from '../../bytes/writer.ts';

/** Plain data, as Erlang's external term format can hold it. Numbers are finite. */
export type Term =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Term[]
  | { readonly [key: string]: Term };

const Tag = {
  NEW_FLOAT: 70,
  BIT_BINARY: 77,
  SMALL_INTEGER: 97,
  INTEGER: 98,
  NIL: 106,
  LIST: 108,
  BINARY: 109,
  SMALL_BIG: 110,
  LARGE_BIG: 111,
  MAP: 116,
  ATOM_UTF8: 118,
  SMALL_ATOM_UTF8: 119,
} as const;

/** In front of each term that stands by itself. */
const VERSION_MAGIC = 131;
/** Lists and records within each other; a field table may be 64 deep, at three for each. */
const DEPTH_MAX = 512;
/** Octets of a bigint; AMQP's have eight. */
const BIG_OCTETS_MAX = 64;
const FLOAT_OCTETS = 8;
const SMALL_ATOM_OCTETS_MAX = 255;
const ATOMS: ReadonlyMap<string, null | boolean> = new Map<string, null | boolean>([
  ['undefined', null],
  ['true', true],
  ['false', false],
]);

// ----------------------------------------------------------------------------------------- sizes

/** Octets of a term that stands by itself. */
export function termSize(term: Term): number {
  return 1 + sizeOf(term);
}

function sizeOf(term: Term): number {
  if (term === null) return 2 + 'undefined'.length;
  switch (typeof term) {
    case 'boolean':
      return 2 + (term ? 4 : 5);
    case 'number':
      return numberSize(term);
    case 'bigint':
      return 6 + bigOctets(term);
    case 'string':
      return 5 + utf8Size(term);
    default:
      return compoundSize(term);
  }
}

function compoundSize(term: Exclude<Term, null | boolean | number | bigint | string>): number {
  if (term instanceof Uint8Array) return 6 + term.length;
  if (isList(term)) {
    let size = term.length === 0 ? 1 : 6;
    for (const item of term) size += sizeOf(item);
    return size;
  }
  let size = 5;
  for (const key of Object.keys(term)) size += 5 + utf8Size(key) + sizeOf(valueOf(term, key));
  return size;
}

function numberSize(value: number): number {
  if (!isWhole(value)) return 1 + FLOAT_OCTETS;
  if (value >= 0 && value <= 255) return 2;
  if ((value | 0) === value) return 5;
  return 3 + bigOctets(BigInt(value));
}

/** Minus zero is a float, too: as an integer it would lose its sign. */
function isWhole(value: number): boolean {
  assert(Number.isFinite(value), 'Erlang has no such number', { value });
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function bigOctets(value: bigint): number {
  let octets = 1;
  for (let rest = (value < 0n ? -value : value) >> 8n; rest > 0n; rest >>= 8n) octets++;
  assert(octets <= BIG_OCTETS_MAX, 'a bigint within bounds', { octets });
  return octets;
}

// --------------------------------------------------------------------------------------- writing

/** Writes a term that stands by itself. */
export function writeTerm(writer: Writer, term: Term): void {
  const start = writer.length;
  octet(writer, VERSION_MAGIC);
  write(writer, term);
  assert(writer.length === start + termSize(term), 'the size is that of the octets', {
    written: writer.length - start,
  });
}

function write(writer: Writer, term: Term): void {
  if (term === null || typeof term === 'boolean') {
    writeAtom(writer, term === null ? 'undefined' : `${term}`);
    return;
  }
  switch (typeof term) {
    case 'number':
      writeNumber(writer, term);
      return;
    case 'bigint':
      octet(writer, Tag.LARGE_BIG);
      writer.uint32(bigOctets(term));
      writeBig(writer, term);
      return;
    case 'string':
      writeText(writer, term);
      return;
    default:
      writeCompound(writer, term);
  }
}

function writeCompound(
  writer: Writer,
  term: Exclude<Term, null | boolean | number | bigint | string>,
): void {
  if (term instanceof Uint8Array) {
    octet(writer, Tag.BIT_BINARY);
    writer.uint32(term.length);
    octet(writer, term.length === 0 ? 0 : 8);
    writer.raw(term);
  } else if (isList(term)) {
    if (term.length > 0) {
      octet(writer, Tag.LIST);
      writer.uint32(term.length);
      for (const item of term) write(writer, item);
    }
    octet(writer, Tag.NIL);
  } else {
    const keys = Object.keys(term);
    octet(writer, Tag.MAP);
    writer.uint32(keys.length);
    for (const key of keys) {
      writeText(writer, key);
      write(writer, valueOf(term, key));
    }
  }
}

/** Octets of an atom: a registered name may be longer here than Erlang's 255 characters. */
export function atomSize(name: string): number {
  const size = utf8Size(name);
  return (size <= SMALL_ATOM_OCTETS_MAX ? 2 : 3) + size;
}

/** An atom; also that of a control message. */
export function writeAtom(writer: Writer, name: string): void {
  const size = utf8Size(name);
  assert(size <= 0xffff, 'an atom', { size });
  if (size <= SMALL_ATOM_OCTETS_MAX) {
    octet(writer, Tag.SMALL_ATOM_UTF8);
    octet(writer, size);
  } else {
    octet(writer, Tag.ATOM_UTF8);
    writer.uint16(size);
  }
  writer.text(name);
}

function writeText(writer: Writer, text: string): void {
  octet(writer, Tag.BINARY);
  writer.uint32(utf8Size(text));
  writer.text(text);
}

function writeNumber(writer: Writer, value: number): void {
  if (!isWhole(value)) {
    octet(writer, Tag.NEW_FLOAT);
    const octets = new Uint8Array(FLOAT_OCTETS);
    new DataView(octets.buffer).setFloat64(0, value);
    writer.raw(octets);
  } else if (value >= 0 && value <= 255) {
    octet(writer, Tag.SMALL_INTEGER);
    octet(writer, value);
  } else if ((value | 0) === value) {
    octet(writer, Tag.INTEGER);
    writer.int32(value);
  } else {
    octet(writer, Tag.SMALL_BIG);
    octet(writer, bigOctets(BigInt(value)));
    writeBig(writer, BigInt(value));
  }
}

/** The sign, then the magnitude, least octet first. */
function writeBig(writer: Writer, value: bigint): void {
  octet(writer, value < 0n ? 1 : 0);
  let rest = value < 0n ? -value : value;
  for (let left = bigOctets(value); left > 0; left--) {
    octet(writer, Number(rest & 0xffn));
    rest >>= 8n;
  }
}

function octet(writer: Writer, value: number): void {
  assert(value >= 0 && value <= 255, 'an octet', { value });
  writer.int8((value << 24) >> 24);
}

// --------------------------------------------------------------------------------------- reading

/** Reads a term that stands by itself, or throws `Malformed`. Octets are views of the input. */
export function readTerm(reader: Reader): Term {
  const version = readOctet(reader);
  if (version !== VERSION_MAGIC) throw new Malformed(`a term of version ${version}`);
  return read(reader, 0);
}

function read(reader: Reader, depth: number): Term {
  if (depth > DEPTH_MAX) throw new Malformed(`a term deeper than ${DEPTH_MAX}`);
  const tag = readOctet(reader);
  switch (tag) {
    case Tag.SMALL_ATOM_UTF8:
      return meaningOf(reader.text(readOctet(reader)));
    case Tag.SMALL_INTEGER:
      return readOctet(reader);
    case Tag.INTEGER:
      return reader.int32();
    case Tag.SMALL_BIG:
      return safe(readBig(reader, readOctet(reader)));
    case Tag.LARGE_BIG:
      return readBig(reader, reader.uint32());
    case Tag.NEW_FLOAT:
      return readFloat(reader);
    case Tag.BINARY:
      return reader.text(reader.uint32());
    case Tag.BIT_BINARY:
      return readOctets(reader);
    case Tag.NIL:
      return [];
    case Tag.LIST:
      return readList(reader, depth);
    case Tag.MAP:
      return readRecord(reader, depth);
    default:
      throw new Malformed(`a term of tag ${tag}`);
  }
}

function meaningOf(atom: string): null | boolean {
  const value = ATOMS.get(atom);
  if (value === undefined) throw new Malformed(`the atom '${atom}'`);
  return value;
}

function readBig(reader: Reader, octets: number): bigint {
  if (octets > BIG_OCTETS_MAX) throw new Malformed(`an integer of ${octets} octets`);
  const sign = readOctet(reader);
  const magnitude = reader.view(octets);
  let value = 0n;
  for (let at = octets - 1; at >= 0; at--) value = (value << 8n) | BigInt(magnitude[at]!);
  return sign === 0 ? value : -value;
}

function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Malformed('an integer beyond 2^53');
  return number;
}

function readFloat(reader: Reader): number {
  const { buffer, byteOffset } = reader.view(FLOAT_OCTETS);
  const value = new DataView(buffer, byteOffset, FLOAT_OCTETS).getFloat64(0);
  if (!Number.isFinite(value)) throw new Malformed('a float that is no number');
  return value;
}

function readOctets(reader: Reader): Uint8Array {
  const length = reader.uint32();
  const bits = readOctet(reader);
  if (bits !== (length === 0 ? 0 : 8)) throw new Malformed(`a last octet of ${bits} bits`);
  return reader.view(length);
}

function readList(reader: Reader, depth: number): readonly Term[] {
  const length = reader.uint32();
  // Each item takes an octet, so a length beyond what is left is never allocated.
  if (length > reader.remaining) throw new Malformed(`a list of ${length}`);
  const items: Term[] = [];
  for (let at = 0; at < length; at++) items.push(read(reader, depth + 1));
  if (readOctet(reader) !== Tag.NIL) throw new Malformed('a list without an end');
  return items;
}

function readRecord(reader: Reader, depth: number): Term {
  const arity = reader.uint32();
  if (arity > reader.remaining) throw new Malformed(`a map of ${arity}`);
  const entries: [string, Term][] = [];
  for (let at = 0; at < arity; at++) {
    const tag = readOctet(reader);
    if (tag !== Tag.BINARY) throw new Malformed(`a key of tag ${tag}`);
    const key = reader.text(reader.uint32());
    entries.push([key, read(reader, depth + 1)]);
  }
  const record = Object.fromEntries(entries);
  if (Object.keys(record).length !== arity) throw new Malformed('a key that is there twice');
  return record;
}

/** An atom, as in a control message. */
export function readAtom(reader: Reader): string {
  const tag = readOctet(reader);
  if (tag === Tag.SMALL_ATOM_UTF8) return reader.text(readOctet(reader));
  if (tag === Tag.ATOM_UTF8) return reader.text(reader.uint16());
  throw new Malformed(`an atom of tag ${tag}`);
}

function readOctet(reader: Reader): number {
  return reader.int8() & 0xff;
}

// ---------------------------------------------------------------------------------------- shapes

function isList(term: Term): term is readonly Term[] {
  return Array.isArray(term);
}

function valueOf(record: { readonly [key: string]: Term }, key: string): Term {
  const value = record[key];
  assert(value !== undefined, 'a term has no undefined', { key });
  return value;
}
