/**
 * The grammar of Kafka's messages as typed data. A schema says which fields a message has and in
 * which versions; the TypeScript type of the message (`DataOf`), its defaults, its size and its
 * bytes all derive from it (`plan.ts`).
 *
 *     struct('ListOffsetsRequest', {
 *       replicaId: int32(),
 *       isolationLevel: int8({ since: 2 }),
 *       topics: array({ name: string(), ... }),
 *     })
 *
 * `since` and `until` are versions, both included. A field that a version does not have is decoded
 * as its default, and is not written: every field is present in the type. `nullable` is true, or
 * the first version that allows null. A field with a `tag` is a tagged field (KIP-482): after the
 * others, and only when it differs from its default.
 *
 * The names and versions of fields are those of apache/kafka,
 * `clients/src/main/resources/common/message/`. Unlike there, a tagged field is tagged in all the
 * versions that have it, and map keys and entity types are left out.
 */
import { assert } from '../../kernel/assert.ts';
import { ZERO_UUID } from '../../bytes/base64url.ts';

interface FieldOptions<T> {
  readonly since?: number;
  readonly until?: number;
  readonly tag?: number;
  /** The value in versions that lack the field, and in `defaults`. */
  readonly default?: T;
  /** What the field is for, where its name does not say it. */
  readonly about?: string;
}

interface NullableOptions<T> extends FieldOptions<T | null> {
  readonly nullable: true | number;
}

type ScalarType = 'bool' | 'int8' | 'int16' | 'uint16' | 'int32' | 'int64' | 'uuid';

/** What stands in a field. */
export type FieldType =
  | { readonly kind: ScalarType | 'string' | 'bytes' }
  | { readonly kind: 'array'; readonly element: FieldType }
  | { readonly kind: 'struct'; readonly struct: Struct };

declare const data: unique symbol;

/** One field of a struct; `T` is the type of its values. */
export interface Field<T = unknown> {
  readonly type: FieldType;
  readonly since: number;
  readonly until: number;
  /** The first version in which null may stand there; Infinity if none. */
  readonly nullableSince: number;
  /** -1: not a tagged field. */
  readonly tag: number;
  readonly default: T;
  readonly about: string;
  readonly [data]?: T;
}

export type Fields = Readonly<Record<string, Field>>;

/** A named sequence of fields, in the order of the wire. */
export interface Struct<F extends Fields = Fields> {
  readonly name: string;
  readonly fields: F;
}

type DataOfFields<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** The type of a schema's messages. */
export type DataOf<S extends Struct> = DataOfFields<S['fields']>;

/** Declares a message, or a part of one that is used in several places. */
export function struct<const F extends Fields>(name: string, fields: F): Struct<F> {
  const tags = Object.values(fields).flatMap((field) => (field.tag < 0 ? [] : [field.tag]));
  assert(new Set(tags).size === tags.length, 'a tag is used twice', { name, tags });
  return Object.freeze({ name, fields: Object.freeze(fields) });
}

function field<T>(
  type: FieldType,
  options: FieldOptions<T> & { readonly nullable?: true | number },
  zero: T,
): Field<T> {
  const since = options.since ?? 0;
  const until = options.until ?? Infinity;
  const nullable = options.nullable;
  assert(since <= until, 'a field ends before it begins', { since, until });
  assert((options.tag ?? 0) >= 0, 'a negative tag', { tag: options.tag });
  return Object.freeze({
    type,
    since,
    until,
    nullableSince: nullable === undefined ? Infinity : nullable === true ? since : nullable,
    tag: options.tag ?? -1,
    default: options.default === undefined ? zero : options.default,
    about: options.about ?? '',
  });
}

export function bool(options: FieldOptions<boolean> = {}): Field<boolean> {
  return field({ kind: 'bool' }, options, false);
}

export function int8(options: FieldOptions<number> = {}): Field<number> {
  return field({ kind: 'int8' }, options, 0);
}

export function int16(options: FieldOptions<number> = {}): Field<number> {
  return field({ kind: 'int16' }, options, 0);
}

export function uint16(options: FieldOptions<number> = {}): Field<number> {
  return field({ kind: 'uint16' }, options, 0);
}

export function int32(options: FieldOptions<number> = {}): Field<number> {
  return field({ kind: 'int32' }, options, 0);
}

/** A safe integer; beyond 2^53 the bytes are refused. */
export function int64(options: FieldOptions<number> = {}): Field<number> {
  return field({ kind: 'int64' }, options, 0);
}

/** 22 characters of base64url, as Kafka prints it. */
export function uuid(options: FieldOptions<string> = {}): Field<string> {
  return field({ kind: 'uuid' }, options, ZERO_UUID);
}

export function string(options: NullableOptions<string>): Field<string | null>;
export function string(options?: FieldOptions<string>): Field<string>;
export function string(
  options: FieldOptions<string | null> & { readonly nullable?: true | number } = {},
): Field<string | null> {
  return field<string | null>({ kind: 'string' }, options, '');
}

const EMPTY_BYTES = new Uint8Array(0);

/** Bytes of which only the two ends know the meaning. */
export function bytes(options: NullableOptions<Uint8Array>): Field<Uint8Array | null>;
export function bytes(options?: FieldOptions<Uint8Array>): Field<Uint8Array>;
export function bytes(
  options: FieldOptions<Uint8Array | null> & { readonly nullable?: true | number } = {},
): Field<Uint8Array | null> {
  return field<Uint8Array | null>({ kind: 'bytes' }, options, EMPTY_BYTES);
}

/** Record batches one after another (`record-batch.ts`), as bytes. */
export function records(options: NullableOptions<Uint8Array>): Field<Uint8Array | null> {
  return bytes(options);
}

/** A struct in place. */
export function object<const F extends Fields>(
  name: string,
  fields: F,
  options: NullableOptions<DataOfFields<F>>,
): Field<DataOfFields<F> | null>;
export function object<const F extends Fields>(
  name: string,
  fields: F,
  options?: FieldOptions<DataOfFields<F>>,
): Field<DataOfFields<F>>;
export function object<const F extends Fields>(
  name: string,
  fields: F,
  options: FieldOptions<DataOfFields<F> | null> & { readonly nullable?: true | number } = {},
): Field<DataOfFields<F> | null> {
  const inner = struct(name, fields);
  return field<DataOfFields<F> | null>({ kind: 'struct', struct: inner }, options, defaults(inner));
}

type Element<E> = E extends Field<infer T> ? T : E extends Fields ? DataOfFields<E> : never;

/** A list of structs, given by their fields, or of values: `array(int32())`. */
export function array<const E extends Fields | Field>(
  element: E,
  options: NullableOptions<readonly Element<E>[]>,
): Field<readonly Element<E>[] | null>;
export function array<const E extends Fields | Field>(
  element: E,
  options?: FieldOptions<readonly Element<E>[]>,
): Field<readonly Element<E>[]>;
export function array(
  element: Fields | Field,
  options: FieldOptions<readonly unknown[] | null> & { readonly nullable?: true | number } = {},
): Field<readonly unknown[] | null> {
  const type: FieldType = isField(element)
    ? element.type
    : { kind: 'struct', struct: struct('element', element) };
  return field<readonly unknown[] | null>({ kind: 'array', element: type }, options, NO_ELEMENTS);
}

const NO_ELEMENTS: readonly unknown[] = Object.freeze([]);

function isField(element: Fields | Field): element is Field {
  return typeof element.nullableSince === 'number';
}

const defaultsCache = new WeakMap<Struct, object>();

/**
 * The message in which every field has its default: `{ ...defaults(fetchRequest), minBytes: 1 }`.
 * Frozen, and the same object each time.
 */
export function defaults<S extends Struct>(schema: S): DataOf<S> {
  let made = defaultsCache.get(schema);
  if (made === undefined) {
    const entries = Object.entries(schema.fields).map(([name, of]) => [name, of.default]);
    made = Object.freeze(Object.fromEntries(entries)) as object;
    defaultsCache.set(schema, made);
  }
  return made as DataOf<S>;
}
