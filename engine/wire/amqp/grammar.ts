/**
 * The grammar of AMQP's methods as typed data: a method is a pair of ids and its arguments in the
 * order of the wire. The TypeScript type of the arguments (`ArgsOf`), their defaults, their size
 * and their bytes all derive from it.
 *
 *     method(60, 40, 'basic.publish', { ticket: short(), exchange: shortstr(), ... })
 *
 *     octet uint8 | short uint16 | long uint32 | longlong uint64 | timestamp uint64
 *     shortstr length uint8, UTF-8 | longstr length uint32, octets | table `field-table.ts`
 *     bit: neighbours share octets, the first in the lowest bit
 *
 * A longlong is a delivery tag and a number; one beyond 2^53, which no channel gives out, is read
 * as 2^53 - 1. Names of arguments are those of the specification, in camel case.
 * Source: AMQP 0-9-1, sections 4.2.2 to 4.2.5; `rabbit_framing_amqp_0_9_1`.
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import type { Reader } from '../../bytes/reader.ts';
import { encodeUtf8, utf8Size } from '../../bytes/utf8.ts';
import type { Writer } from '../../bytes/writer.ts';
import {
  EMPTY_TABLE,
  readTable,
  readTimestamp,
  tableSize,
  utf8Text,
  writeTable,
  writeTimestamp,
  type FieldTable,
} from './field-table.ts';

/** A type of argument: its bytes in both directions. */
export interface Argument<T = unknown> {
  readonly type: ArgumentType;
  /** Octets that every value takes; -1 where they differ, 0 for a bit. */
  readonly fixedBytes: number;
  readonly default: T;
  size(value: T): number;
  write(writer: Writer, value: T): void;
  /** Throws `Malformed`. */
  read(reader: Reader): T;
}

type ArgumentType =
  | 'bit'
  | 'octet'
  | 'short'
  | 'long'
  | 'longlong'
  | 'timestamp'
  | 'shortstr'
  | 'longstr'
  | 'longtext'
  | 'table';

export type Arguments = Readonly<Record<string, Argument<never> | Argument>>;

/** The values of a method's arguments. */
export type ValuesOf<A extends Arguments> = {
  readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never;
};

/** What the real broker says of a shortstr that is no text. */
export const MALFORMED_UTF8 = 'Malformed UTF-8 in shortstr';

const SHORTSTR_BYTES_MAX = 255;
const TWO_32 = 0x100000000;
const HIGH_MAX = 0x1fffff;

export function bit(byDefault = false): Argument<boolean> {
  return {
    type: 'bit',
    fixedBytes: 0,
    default: byDefault,
    size: () => 0,
    write: () => assert(false, 'bits are packed by the method'),
    read: () => {
      throw new Malformed('bits are packed by the method');
    },
  };
}

export function octet(byDefault = 0): Argument<number> {
  return {
    type: 'octet',
    fixedBytes: 1,
    default: byDefault,
    size: () => 1,
    write: (writer, value) => {
      assert((value & 0xff) === value, 'an octet', { value });
      writer.int8((value << 24) >> 24);
    },
    read: (reader) => reader.int8() & 0xff,
  };
}

export function short(byDefault = 0): Argument<number> {
  return {
    type: 'short',
    fixedBytes: 2,
    default: byDefault,
    size: () => 2,
    write: (writer, value) => writer.uint16(value),
    read: (reader) => reader.uint16(),
  };
}

export function long(byDefault = 0): Argument<number> {
  return {
    type: 'long',
    fixedBytes: 4,
    default: byDefault,
    size: () => 4,
    write: (writer, value) => writer.uint32(value),
    read: (reader) => reader.uint32(),
  };
}

export function longlong(): Argument<number> {
  return {
    type: 'longlong',
    fixedBytes: 8,
    default: 0,
    size: () => 8,
    write: (writer, value) => {
      assert(value >= 0, 'a delivery tag', { value });
      writer.int64(value);
    },
    read: (reader) => {
      const high = reader.uint32();
      const low = reader.uint32();
      return high > HIGH_MAX ? Number.MAX_SAFE_INTEGER : high * TWO_32 + low;
    },
  };
}

export function timestamp(): Argument<bigint> {
  return {
    type: 'timestamp',
    fixedBytes: 8,
    default: 0n,
    size: () => 8,
    write: writeTimestamp,
    read: readTimestamp,
  };
}

export function shortstr(byDefault = ''): Argument<string> {
  return {
    type: 'shortstr',
    fixedBytes: -1,
    default: byDefault,
    size: (value) => 1 + utf8Size(value),
    write: (writer, value) => {
      const bytes = utf8Size(value);
      assert(bytes <= SHORTSTR_BYTES_MAX, 'a shortstr', { value, bytes });
      writer.int8((bytes << 24) >> 24);
      writer.text(value);
    },
    read: (reader) => {
      const text = utf8Text(reader.view(reader.int8() & 0xff));
      if (text === undefined) throw new Malformed(MALFORMED_UTF8);
      return text;
    },
  };
}

const NO_OCTETS = new Uint8Array(0);

/** Octets of which only the two ends know the meaning. */
export function longstr(): Argument<Uint8Array> {
  return {
    type: 'longstr',
    fixedBytes: -1,
    default: NO_OCTETS,
    size: (value) => 4 + value.length,
    write: (writer, value) => {
      writer.uint32(value.length);
      writer.raw(value);
    },
    read: (reader) => reader.view(reader.uint32()),
  };
}

/** A longstr that the specification describes as text. */
export function longtext(byDefault = ''): Argument<string> {
  return {
    type: 'longtext',
    fixedBytes: -1,
    default: byDefault,
    size: (value) => 4 + utf8Size(value),
    write: (writer, value) => {
      writer.uint32(utf8Size(value));
      writer.raw(encodeUtf8(value));
    },
    read: (reader) => reader.text(reader.uint32()),
  };
}

export function table(): Argument<FieldTable> {
  return {
    type: 'table',
    fixedBytes: -1,
    default: EMPTY_TABLE,
    size: tableSize,
    write: writeTable,
    read: readTable,
  };
}

// --------------------------------------------------------------------------------------- methods

/** How the arguments of one method are sized, written and read. */
interface ArgumentsPlan {
  size(values: object): number;
  write(writer: Writer, values: object): void;
  /** Throws `Malformed`. */
  read(reader: Reader): object;
}

/** One method of the protocol. */
export interface Method<N extends string = string, A extends Arguments = Arguments> {
  readonly classId: number;
  readonly methodId: number;
  /** `class.method`, as in `queue.declare-ok`. */
  readonly name: N;
  readonly args: A;
  /** Whether a content header and a body follow. */
  readonly hasContent: boolean;
  /** Who sends it: the other side answers 503 to it. */
  readonly from: 'client' | 'server' | 'both';
  readonly plan: ArgumentsPlan;
}

interface MethodOptions {
  readonly content?: true;
  readonly from: 'client' | 'server' | 'both';
}

/** Declares a method. */
export function method<const N extends string, const A extends Arguments>(
  [classId, methodId]: readonly [number, number],
  name: N,
  args: A,
  options: MethodOptions,
): Method<N, A> {
  assert(classId > 0 && methodId > 0, 'ids', { classId, methodId });
  assert(/^[a-z]+\.[a-z-]+$/.test(name), 'class.method', { name });
  const { content, from } = options;
  const plan = argumentsPlan(args);
  return Object.freeze({
    classId,
    methodId,
    name,
    args,
    hasContent: content === true,
    from,
    plan,
  });
}

type Values = Record<string, unknown>;

/** Either one argument, or a run of neighbouring bits that fit an octet. */
type Step =
  | { readonly name: string; readonly argument: Argument; readonly bits?: undefined }
  | { readonly bits: readonly string[] };

const BITS_PER_OCTET = 8;

function stepsOf(args: Arguments): Step[] {
  const steps: Step[] = [];
  let bits: string[] = [];
  for (const [name, argument] of Object.entries(args)) {
    if (argument.type !== 'bit') {
      bits = [];
      steps.push({ name, argument: argument as Argument });
    } else {
      if (bits.length % BITS_PER_OCTET === 0) {
        bits = [];
        steps.push({ bits });
      }
      bits.push(name);
    }
  }
  return steps;
}

function argumentsPlan(args: Arguments): ArgumentsPlan {
  const steps = stepsOf(args);
  const fixed = steps.reduce(
    (sum, step) => sum + (step.bits === undefined ? Math.max(step.argument.fixedBytes, 0) : 1),
    0,
  );
  const varying = steps.flatMap((step) =>
    step.bits === undefined && step.argument.fixedBytes < 0 ? [step] : [],
  );
  const blank = Object.fromEntries(Object.entries(args).map(([name, of]) => [name, of.default]));
  return {
    size(values) {
      let size = fixed;
      for (const { name, argument } of varying) size += argument.size((values as Values)[name]);
      return size;
    },
    write(writer, values) {
      for (const step of steps) {
        if (step.bits === undefined) step.argument.write(writer, (values as Values)[step.name]);
        else writeBits(writer, step.bits, values as Values);
      }
    },
    read(reader) {
      // The copy of the defaults gives all values of a method the same shape.
      const values: Values = { ...blank };
      for (const step of steps) {
        if (step.bits === undefined) values[step.name] = step.argument.read(reader);
        else readBits(reader, step.bits, values);
      }
      return values;
    },
  };
}

function writeBits(writer: Writer, bits: readonly string[], values: Values): void {
  let octetOfBits = 0;
  for (let place = 0; place < bits.length; place++) {
    const value = values[bits[place]!];
    assert(typeof value === 'boolean', 'a bit', { name: bits[place], value });
    if (value) octetOfBits |= 1 << place;
  }
  writer.int8((octetOfBits << 24) >> 24);
}

function readBits(reader: Reader, bits: readonly string[], values: Values): void {
  const octetOfBits = reader.int8();
  for (let place = 0; place < bits.length; place++) {
    values[bits[place]!] = (octetOfBits & (1 << place)) !== 0;
  }
}
