/**
 * Values for any argument, property and table of AMQP, and messages of them, so that whatever is
 * made must come back from its octets unchanged.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { Command } from '#engine/wire/amqp/command.ts';
import type { FieldTable, FieldValue } from '#engine/wire/amqp/field-table.ts';
import type { Argument, Arguments } from '#engine/wire/amqp/grammar.ts';
import { methodNamed, type MethodName } from '#engine/wire/amqp/methods.ts';
import type { BasicProperties } from '#engine/wire/amqp/properties.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const octets = fc.uint8Array({ maxLength: 40 });
const finite = { noNaN: true, noDefaultInfinity: true };
const name = fc.string({ unit: 'binary', maxLength: 6 });
const NOT_UTF8 = Uint8Array.of(0x61, 0xff, 0xc0);

const { table } = fc.letrec<{ table: FieldTable; value: FieldValue }>((tie) => ({
  table: fc.array(fc.record({ name, value: tie('value') }), { maxLength: 4 }),
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ type: fc.constant('bool'), value: fc.boolean() }),
    fc.record({ type: fc.constant('byte'), value: fc.integer({ min: -128, max: 127 }) }),
    fc.record({ type: fc.constant('unsignedbyte'), value: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ type: fc.constant('short'), value: fc.integer({ min: -32768, max: 32767 }) }),
    fc.record({ type: fc.constant('unsignedshort'), value: fc.integer({ min: 0, max: 65535 }) }),
    fc.record({ type: fc.constant('signedint'), value: fc.integer() }),
    fc.record({ type: fc.constant('unsignedint'), value: fc.nat(0xffffffff) }),
    fc.record({
      type: fc.constant('long'),
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.record({
      type: fc.constant('timestamp'),
      value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    }),
    fc.record({ type: fc.constant('float'), value: fc.float(finite) }),
    fc.record({ type: fc.constant('double'), value: fc.double(finite) }),
    fc.record({ type: fc.constant('decimal'), scale: fc.nat(255), value: fc.nat(0xffffffff) }),
    fc.record({ type: fc.constant('longstr'), value: fc.oneof(text, fc.constant(NOT_UTF8)) }),
    fc.record({ type: fc.constant('binary'), value: octets }),
    fc.record({ type: fc.constant('array'), value: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({ type: fc.constant('table'), value: tie('table') }),
    fc.constant({ type: 'void' }),
  ) as Arbitrary<FieldValue>,
}));

export const arbitraryTable: Arbitrary<FieldTable> = table;

const VALUES: Readonly<Record<Argument['type'], Arbitrary<unknown>>> = {
  bit: fc.boolean(),
  octet: fc.nat(255),
  short: fc.nat(65535),
  long: fc.nat(0xffffffff),
  longlong: fc.maxSafeNat(),
  timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  shortstr: text,
  longstr: octets,
  longtext: text,
  table,
};

function valuesOf(args: Arguments): Arbitrary<object> {
  const values = Object.entries(args).map(([of, { type }]) => [of, VALUES[type]] as const);
  return values.length === 0 ? fc.constant({}) : fc.record(Object.fromEntries(values));
}

const properties: Arbitrary<BasicProperties> = fc.record(
  {
    contentType: text,
    contentEncoding: text,
    headers: table,
    deliveryMode: fc.nat(255),
    priority: fc.nat(255),
    correlationId: text,
    replyTo: text,
    expiration: text,
    messageId: text,
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    type: text,
    userId: text,
    appId: text,
    clusterId: text,
  },
  { requiredKeys: [] },
);

const content = fc.record({ properties, body: fc.uint8Array({ maxLength: 200 }) });

/** Commands of a method; their bodies are cut into frames of `frameMax`. */
export function arbitraryCommand(of: MethodName, frameMax = 0): Arbitrary<Command> {
  const { args, hasContent } = methodNamed(of);
  return fc.record({
    kind: fc.constant('command'),
    channel: fc.integer({ min: 1, max: 65535 }),
    name: fc.constant(of),
    args: valuesOf(args),
    content: hasContent ? content : fc.constant(null),
    frameMax: fc.constant(hasContent ? frameMax : 0),
  }) as Arbitrary<Command>;
}
