/**
 * From a schema and a version to functions: the size of a message, its bytes, and back. Each
 * (schema, version) is compiled once into a tree of small objects and kept by the caller
 * (`api.ts`).
 *
 * `size` is called for each message of the simulated network, so it allocates nothing and visits
 * only what varies: fields of fixed width are summed up when the plan is made.
 *
 *     struct   fields in order; if flexible, then the tagged fields:
 *              count uvarint, each: tag uvarint, size uvarint, value
 *     string   int16 length, bytes      flexible: uvarint length + 1, bytes      null: -1 / 0
 *     bytes    int32 length, bytes      flexible: uvarint length + 1, bytes      null: -1 / 0
 *     array    int32 count, elements    flexible: uvarint count + 1, elements    null: -1 / 0
 *     struct that may be null: int8 1 before it, or -1 in its place
 *
 * Source: KIP-482 and the protocol guide. Unlike Kafka's own readers, this one drops tagged fields
 * that it does not know, and wants tags to ascend.
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { utf8Size } from '../../bytes/utf8.ts';
import { uvarintSize } from '../../bytes/varint.ts';
import type { Writer } from '../../bytes/writer.ts';
import { defaults, type DataOf, type Field, type FieldType, type Struct } from './schema.ts';

/** How values of one type are sized, written and read. */
interface ValuePlan<T = unknown> {
  /** Bytes that every value takes; -1 where they differ. */
  readonly fixedBytes: number;
  /** Bytes that the shortest value takes: bounds the count of an array before it is made. */
  readonly minBytes: number;
  size(value: T): number;
  write(writer: Writer, value: T): void;
  /** Throws `Malformed`. */
  read(reader: Reader): T;
}

/** The functions of one message in one version. */
export type Plan<D> = ValuePlan<D>;

/** Compiles a schema for a version. Not cheap: keep the result. */
export function compile<S extends Struct>(
  schema: S,
  version: number,
  flexible: boolean,
): Plan<DataOf<S>> {
  assert(Number.isSafeInteger(version) && version >= 0, 'version', { version });
  return structPlan(schema, version, flexible) as Plan<DataOf<S>>;
}

const SCALARS = {
  bool: scalar<boolean>(
    1,
    (w, v) => w.bool(v),
    (r) => r.bool(),
  ),
  int8: scalar<number>(
    1,
    (w, v) => w.int8(v),
    (r) => r.int8(),
  ),
  int16: scalar<number>(
    2,
    (w, v) => w.int16(v),
    (r) => r.int16(),
  ),
  uint16: scalar<number>(
    2,
    (w, v) => w.uint16(v),
    (r) => r.uint16(),
  ),
  int32: scalar<number>(
    4,
    (w, v) => w.int32(v),
    (r) => r.int32(),
  ),
  int64: scalar<number>(
    8,
    (w, v) => w.int64(v),
    (r) => r.int64(),
  ),
  uuid: scalar<string>(
    16,
    (w, v) => w.uuid(v),
    (r) => r.uuid(),
  ),
} as const;

function scalar<T>(
  fixedBytes: number,
  write: (writer: Writer, value: T) => void,
  read: (reader: Reader) => T,
): ValuePlan<T> {
  return { fixedBytes, minBytes: fixedBytes, size: () => fixedBytes, write, read };
}

function valuePlan(type: FieldType, version: number, flexible: boolean, nullable: boolean) {
  if (type.kind === 'string') return stringPlan(flexible, nullable);
  if (type.kind === 'bytes') return bytesPlan(flexible, nullable);
  if (type.kind === 'array') {
    const element: ValuePlan = valuePlan(type.element, version, flexible, false);
    return arrayPlan(element, flexible, nullable);
  }
  if (type.kind === 'struct') {
    const plan = structPlan(type.struct, version, flexible);
    return nullable ? nullablePlan(plan) : plan;
  }
  return SCALARS[type.kind];
}

// --------------------------------------------------------------------------------------- lengths

/** How the length before a string, bytes or an array is written: null is length -1. */
interface LengthPlan {
  readonly minBytes: number;
  size(length: number): number;
  write(writer: Writer, length: number): void;
  read(reader: Reader): number;
}

const INT16_LENGTH: LengthPlan = {
  minBytes: 2,
  size: () => 2,
  write: (writer, length) => writer.int16(length),
  read: (reader) => notBelowNull(reader.int16()),
};
const INT32_LENGTH: LengthPlan = {
  minBytes: 4,
  size: () => 4,
  write: (writer, length) => writer.int32(length),
  read: (reader) => notBelowNull(reader.int32()),
};
const COMPACT_LENGTH: LengthPlan = {
  minBytes: 1,
  size: (length) => uvarintSize(length + 1),
  write: (writer, length) => writer.uvarint(length + 1),
  read: (reader) => reader.uvarint() - 1,
};

function notBelowNull(length: number): number {
  if (length < -1) throw new Malformed(`a length of ${length}`);
  return length;
}

function checkNull(nullable: boolean): void {
  assert(nullable, 'null in a field that cannot be null in this version');
}

function readNull(nullable: boolean): null {
  if (!nullable) throw new Malformed('null in a field that cannot be null');
  return null;
}

// ---------------------------------------------------------------------------------- plans by type

/** Java's short bounds a string that has an int16 length; the compact form keeps the bound. */
const STRING_BYTES_MAX = 0x7fff;

function stringPlan(flexible: boolean, nullable: boolean): ValuePlan<string | null> {
  const length = flexible ? COMPACT_LENGTH : INT16_LENGTH;
  return {
    fixedBytes: -1,
    minBytes: length.minBytes,
    size(value) {
      if (value === null) return length.size(-1);
      const bytes = utf8Size(value);
      return length.size(bytes) + bytes;
    },
    write(writer, value) {
      if (value === null) {
        checkNull(nullable);
        length.write(writer, -1);
        return;
      }
      const bytes = utf8Size(value);
      assert(bytes <= STRING_BYTES_MAX, 'a string too long for the wire', { bytes });
      length.write(writer, bytes);
      writer.text(value);
    },
    read(reader) {
      const bytes = length.read(reader);
      if (bytes < 0) return readNull(nullable);
      if (bytes > STRING_BYTES_MAX) throw new Malformed(`a string of ${bytes} bytes`);
      return reader.text(bytes);
    },
  };
}

function bytesPlan(flexible: boolean, nullable: boolean): ValuePlan<Uint8Array | null> {
  const length = flexible ? COMPACT_LENGTH : INT32_LENGTH;
  return {
    fixedBytes: -1,
    minBytes: length.minBytes,
    size: (value) => (value === null ? length.size(-1) : length.size(value.length) + value.length),
    write(writer, value) {
      length.write(writer, value === null ? -1 : value.length);
      if (value === null) checkNull(nullable);
      else writer.raw(value);
    },
    read(reader) {
      const bytes = length.read(reader);
      return bytes < 0 ? readNull(nullable) : reader.view(bytes);
    },
  };
}

function arrayPlan(
  element: ValuePlan,
  flexible: boolean,
  nullable: boolean,
): ValuePlan<readonly unknown[] | null> {
  const length = flexible ? COMPACT_LENGTH : INT32_LENGTH;
  const { fixedBytes, minBytes } = element;
  assert(minBytes > 0, 'an element without bytes could be repeated without end', { minBytes });
  return {
    fixedBytes: -1,
    minBytes: length.minBytes,
    size(value) {
      if (value === null) return length.size(-1);
      let size = length.size(value.length);
      if (fixedBytes >= 0) return size + fixedBytes * value.length;
      for (let i = 0; i < value.length; i++) size += element.size(value[i]);
      return size;
    },
    write(writer, value) {
      length.write(writer, value === null ? -1 : value.length);
      if (value === null) checkNull(nullable);
      else for (let i = 0; i < value.length; i++) element.write(writer, value[i]);
    },
    read(reader) {
      const count = length.read(reader);
      if (count < 0) return readNull(nullable);
      if (count * minBytes > reader.remaining) {
        throw new Malformed(`${count} elements in ${reader.remaining} bytes`);
      }
      const elements: unknown[] = [];
      for (let i = 0; i < count; i++) elements.push(element.read(reader));
      return elements;
    },
  };
}

// ---------------------------------------------------------------------------------------- structs

/** A field that this version has. */
interface PlannedField {
  readonly name: string;
  readonly plan: ValuePlan;
  readonly tag: number;
  readonly default: unknown;
}

type Data = Record<string, unknown>;

function structPlan(schema: Struct, version: number, flexible: boolean): ValuePlan<Data> {
  // Not frozen: V8 copies a plain object at a fifth of the cost.
  const blank: Data = { ...defaults(schema) };
  const planned = Object.entries(schema.fields)
    .filter(([, of]) => version >= of.since && version <= of.until)
    .map(([name, of]) => plannedField(name, of, version, flexible));
  const fields = planned.filter((of) => of.tag < 0);
  const tagged = planned.filter((of) => of.tag >= 0).sort((a, b) => a.tag - b.tag);
  assert(flexible || tagged.length === 0, 'a tag before flexible versions', { of: schema.name });
  const varying = fields.filter((of) => of.plan.fixedBytes < 0);
  const fixed = fields.reduce((sum, of) => sum + Math.max(of.plan.fixedBytes, 0), 0);
  const min = fields.reduce((sum, of) => sum + of.plan.minBytes, flexible ? 1 : 0);
  const constant = varying.length === 0 && tagged.length === 0;
  return {
    fixedBytes: constant ? min : -1,
    minBytes: min,
    size(value) {
      let size = fixed;
      for (let i = 0; i < varying.length; i++) {
        const of = varying[i] as PlannedField;
        size += of.plan.size(value[of.name]);
      }
      return flexible ? size + taggedSize(tagged, value) : size;
    },
    write(writer, value) {
      for (let i = 0; i < fields.length; i++) {
        const of = fields[i] as PlannedField;
        of.plan.write(writer, value[of.name]);
      }
      if (flexible) writeTagged(tagged, writer, value);
    },
    read(reader) {
      // The copy of the defaults gives every message of a schema the same shape.
      const value: Data = { ...blank };
      for (let i = 0; i < fields.length; i++) {
        const of = fields[i] as PlannedField;
        value[of.name] = of.plan.read(reader);
      }
      if (flexible) readTagged(tagged, reader, value);
      return value;
    },
  };
}

function nullablePlan(plan: ValuePlan<Data>): ValuePlan<Data | null> {
  return {
    fixedBytes: -1,
    minBytes: 1,
    size: (value) => (value === null ? 1 : 1 + plan.size(value)),
    write(writer, value) {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) plan.write(writer, value);
    },
    read: (reader) => (reader.int8() < 0 ? null : plan.read(reader)),
  };
}

function plannedField(name: string, of: Field, version: number, flexible: boolean): PlannedField {
  const nullable = version >= of.nullableSince;
  const plan = valuePlan(of.type, version, flexible, nullable) as ValuePlan;
  return { name, plan, tag: of.tag, default: of.default };
}

function taggedSize(tagged: readonly PlannedField[], value: Data): number {
  let size = 0;
  let count = 0;
  for (let i = 0; i < tagged.length; i++) {
    const of = tagged[i] as PlannedField;
    if (isDefault(value[of.name], of.default)) continue;
    const bytes = of.plan.size(value[of.name]);
    size += uvarintSize(of.tag) + uvarintSize(bytes) + bytes;
    count++;
  }
  return size + uvarintSize(count);
}

function writeTagged(tagged: readonly PlannedField[], writer: Writer, value: Data): void {
  let count = 0;
  for (const of of tagged) if (!isDefault(value[of.name], of.default)) count++;
  writer.uvarint(count);
  for (const of of tagged) {
    const content = value[of.name];
    if (isDefault(content, of.default)) continue;
    writer.uvarint(of.tag);
    writer.uvarint(of.plan.size(content));
    of.plan.write(writer, content);
  }
}

function readTagged(tagged: readonly PlannedField[], reader: Reader, value: Data): void {
  const count = reader.uvarint();
  let previous = -1;
  for (let i = 0; i < count; i++) {
    const tag = reader.uvarint();
    if (tag <= previous) throw new Malformed(`tag ${tag} after tag ${previous}`);
    previous = tag;
    const bytes = reader.uvarint();
    const start = reader.take(bytes);
    const of = tagged.find((known) => known.tag === tag);
    if (of === undefined) continue;
    const inner = new Reader(reader.bytes, start, start + bytes);
    value[of.name] = of.plan.read(inner);
    if (inner.remaining > 0)
      throw new Malformed(`tag ${tag} has ${inner.remaining} bytes too many`);
  }
}

/** Whether a tagged field can be left out. Structs and arrays are compared by content. */
function isDefault(value: unknown, byDefault: unknown): boolean {
  if (value === byDefault) return true;
  if (value === null || byDefault === null) return false;
  if (typeof value !== 'object' || typeof byDefault !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0 && (byDefault as unknown[]).length === 0;
  for (const name in byDefault) {
    if (!isDefault((value as Data)[name], (byDefault as Data)[name])) return false;
  }
  return true;
}
