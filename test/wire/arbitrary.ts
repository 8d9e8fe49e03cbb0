/**
 * Data for any schema: what a version has is anything that its type allows, what it lacks is the
 * default, so that whatever is made must come back from its bytes unchanged.
 */
import fc, { type Arbitrary } from 'fast-check';
import { uuidFromBytes } from '#engine/bytes/base64url.ts';
import { defaults, type Field, type FieldType, type Struct } from '#engine/wire/kafka/schema.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });

const SCALARS = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32768, max: 32767 }),
  uint16: fc.integer({ min: 0, max: 65535 }),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => uuidFromBytes(bytes)),
  string: text,
  bytes: fc.uint8Array({ maxLength: 40 }),
} as const;

function valueOf(type: FieldType, version: number): Arbitrary<unknown> {
  if (type.kind === 'array') return fc.array(valueOf(type.element, version), { maxLength: 3 });
  if (type.kind === 'struct') return arbitraryData(type.struct, version);
  return SCALARS[type.kind];
}

function fieldOf(of: Field, version: number): Arbitrary<unknown> {
  if (version < of.since || version > of.until) return fc.constant(of.default);
  const value = valueOf(of.type, version);
  // Defaults often: a tagged field with its default is left out of the bytes.
  const usual = version >= of.nullableSince || of.default !== null;
  const likely = usual ? fc.oneof(fc.constant(of.default), value, value) : value;
  return version >= of.nullableSince ? fc.option(likely, { freq: 4 }) : likely;
}

/** Messages of a schema in a version. */
export function arbitraryData(schema: Struct, version: number): Arbitrary<object> {
  const fields = Object.entries(schema.fields).map(
    ([name, of]) => [name, fieldOf(of, version)] as const,
  );
  if (fields.length === 0) return fc.constant(defaults(schema));
  return fc.record(Object.fromEntries(fields));
}

/** One example of a schema's messages, the same in each run. */
export function exampleData(schema: Struct, version: number, seed = 3): object {
  return fc.sample(arbitraryData(schema, version), { seed, numRuns: 1 })[0] as object;
}
