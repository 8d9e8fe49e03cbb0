/**
 * The records of the coordinators' internal topics. A record's key says by its first number of
 * which type it is, its value by which version it is written in; a record without a value takes
 * back what an earlier one with the same key said, and compaction removes both.
 *
 *     key    | type int16 | fields of the key |
 *     value  | version int16 | fields of the value |
 *
 * Not here: which types there are (`group-records.ts`, `consumer-group-records.ts`), and what they
 * mean (the coordinators).
 *
 * Source: apache/kafka, `CoordinatorRecordSerde`; the number of a type is the `apiKey` of its JSON
 * files, and keys are never flexible. Bytes that make no sense give null here, an exception there.
 */
import { assert, present } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { compile, type Plan } from './plan.ts';
import type { DataOf, Struct } from './schema.ts';

/** One type of record. */
export interface CoordinatorRecordType<K extends Struct = Struct, V extends Struct = Struct> {
  /** What the key begins with. */
  readonly number: number;
  /** The highest version of the value. */
  readonly versionMax: number;
  /** The first flexible version of the value. */
  readonly flexible: number;
  readonly key: K;
  readonly value: V;
}

/** Types of record by name. */
export type CoordinatorRecordTypes = Readonly<Record<string, CoordinatorRecordType>>;

/** A record of one of the types; its value is null if it takes back an earlier one. */
export type CoordinatorRecord<T extends CoordinatorRecordTypes> = {
  [N in keyof T]: {
    readonly type: N;
    readonly key: DataOf<T[N]['key']>;
    readonly value: DataOf<T[N]['value']> | null;
  };
}[keyof T];

/** To bytes and back. */
export interface CoordinatorRecordCodec<T extends CoordinatorRecordTypes> {
  readonly types: T;
  /** `version` is that of the value; it says nothing if there is none. */
  encode(
    record: CoordinatorRecord<T>,
    version: number,
  ): { readonly key: Uint8Array; readonly value: Uint8Array | null };
  /** Null if the type or the version is unknown, or if the bytes are not of it. */
  decode(key: Uint8Array, value: Uint8Array | null): CoordinatorRecord<T> | null;
}

interface TypePlans {
  readonly name: string;
  readonly number: number;
  readonly key: Plan<unknown>;
  readonly values: readonly Plan<unknown>[];
}

/** The codec of a topic that has these types of record. */
export function coordinatorRecords<const T extends CoordinatorRecordTypes>(
  types: T,
): CoordinatorRecordCodec<T> {
  const all = Object.entries(types).map(([name, of]) => plansOf(name, of));
  const byName = new Map(all.map((of) => [of.name, of]));
  const byNumber = new Map(all.map((of) => [of.number, of]));
  assert(byNumber.size === all.length, 'a number is used twice', { types: Object.keys(types) });
  return {
    types,
    encode(record, version) {
      const of = present(byName.get(record.type as string), 'a type');
      const value = record.value === null ? null : present(of.values[version], 'a version');
      return {
        key: encode(of.key, of.number, record.key),
        value: value === null ? null : encode(value, version, record.value),
      };
    },
    decode(key, value) {
      const found = decode(key, (number) => byNumber.get(number)?.key);
      if (found === null) return null;
      const of = present(byNumber.get(found.prefix), 'a type');
      const told = value === null ? null : decode(value, (version) => of.values[version]);
      if (value !== null && told === null) return null;
      const record = { type: of.name, key: found.data, value: told === null ? null : told.data };
      return record as CoordinatorRecord<T>;
    },
  };
}

function plansOf(name: string, of: CoordinatorRecordType): TypePlans {
  assert(of.number >= 0 && of.number <= 0x7fff, 'a number of a type', { number: of.number });
  assert(of.versionMax >= 0, 'a version', { versionMax: of.versionMax });
  const versions = Array.from({ length: of.versionMax + 1 }, (_, version) => version);
  const values = versions.map((version) => compile(of.value, version, version >= of.flexible));
  return { name, number: of.number, key: compile(of.key, 0, false), values };
}

const PREFIX_BYTES = 2;

function encode(plan: Plan<unknown>, prefix: number, data: unknown): Uint8Array {
  const size = PREFIX_BYTES + plan.size(data);
  const writer = new Writer(size);
  writer.int16(prefix);
  plan.write(writer, data);
  assert(writer.length === size, 'size and bytes differ', { size, bytes: writer.length });
  return writer.finish();
}

function decode(
  bytes: Uint8Array,
  planOf: (prefix: number) => Plan<unknown> | undefined,
): { readonly prefix: number; readonly data: unknown } | null {
  try {
    const reader = new Reader(bytes);
    const prefix = reader.int16();
    const plan = planOf(prefix);
    if (plan === undefined) return null;
    const data = plan.read(reader);
    return reader.remaining === 0 ? { prefix, data } : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
