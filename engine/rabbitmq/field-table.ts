/**
 * What the broker does with field tables: arguments, headers, and the entries of x-death.
 *
 * A table is a list of named values that carry their type, as on the wire; the types have
 * RabbitMQ's names (`rabbit_binary_parser`). Not here: types and bytes of a table
 * (`wire/amqp/field-table.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { FieldTable, FieldValue } from '../wire/amqp/field-table.ts';

const INTEGER_TYPES: ReadonlySet<string> = new Set([
  ...['byte', 'short', 'signedint', 'long'],
  ...['unsignedbyte', 'unsignedshort', 'unsignedint'],
]);

/** A text as a value: most arguments and headers are such. */
export const longstr = (value: string): FieldValue => ({ type: 'longstr', value });

/** The table with the value in the place of the name's first, or at the end. */
export function withValue(table: FieldTable, name: string, value: FieldValue): FieldTable {
  assert(name.length > 0, 'a field has a name', { name });
  const place = table.findIndex((entry) => entry.name === name);
  if (place < 0) return [...table, { name, value }];
  return table.map((entry, at) => (at === place ? { name, value } : entry));
}

/** The table without a name. */
export function without(table: FieldTable, name: string): FieldTable {
  return table.filter((entry) => entry.name !== name);
}

/** Whether the type is one of whole numbers (`?INTEGER_ARG_TYPES` of `rabbit.hrl`). */
export function isIntegerType(type: FieldValue['type']): boolean {
  return INTEGER_TYPES.has(type);
}

/** The whole number that a value holds; undefined where it holds something else. */
export function integerOf(of: FieldValue | undefined): bigint | undefined {
  if (of === undefined || !isIntegerType(of.type)) return undefined;
  assert(of.type !== 'void', 'a number has a value', { type: of.type });
  const { value } = of;
  assert(typeof value === 'number' || typeof value === 'bigint', 'a number', { type: of.type });
  return BigInt(value);
}

/** The text that a value holds; undefined where it holds something else. */
export function textOf(of: FieldValue | undefined): string | undefined {
  return of?.type === 'longstr' && typeof of.value === 'string' ? of.value : undefined;
}

/** Whole numbers of all sizes compare with each other, so do both sizes of fractions. */
function typeClass(type: FieldValue['type']): string {
  if (isIntegerType(type)) return 'int';
  return type === 'double' ? 'float' : type;
}

/** Whether two values mean the same (`rabbit_misc:assert_args_equivalence`). */
export function sameMeaning(left: FieldValue, right: FieldValue): boolean {
  return typeClass(left.type) === typeClass(right.type) && sameContent(left, right);
}

/** Whether two values have the same content, whatever their types are (Erlang's `==`). */
export function sameContent(left: FieldValue, right: FieldValue): boolean {
  return contentKey(left) === contentKey(right);
}

/** A text that is equal for equal contents. */
function contentKey(of: FieldValue): string {
  switch (of.type) {
    case 'void':
      return 'void';
    case 'longstr':
    case 'binary':
      return typeof of.value === 'string' ? `s:${of.value}` : `s:${latin1(of.value)}`;
    case 'bool':
      return `t:${of.value}`;
    case 'decimal':
      return `D:${of.scale}:${of.value}`;
    case 'array':
      return `A:[${of.value.map((value) => keyOf(value)).join(',')}]`;
    case 'table':
      return `F:${tableKey(of.value)}`;
    default:
      return `n:${of.value}`;
  }
}

const keyOf = (of: FieldValue): string => `${of.type} ${JSON.stringify(contentKey(of))}`;

/** A text that is equal for tables with equal entries in any order, as bindings compare them. */
export function tableKey(table: FieldTable): string {
  const entries = table.map(({ name, value }) => `${JSON.stringify(name)}=${keyOf(value)}`);
  return `{${entries.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join(',')}}`;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** A value as the broker prints it into an error's text (`~s` and `~p` of Erlang). */
export function printed(of: FieldValue): string {
  switch (of.type) {
    case 'void':
      return 'undefined';
    case 'longstr':
    case 'binary':
      return typeof of.value === 'string' ? of.value : latin1(of.value);
    case 'decimal':
      return `{${of.scale},${of.value}}`;
    case 'array':
      return `[${of.value.map((value) => `{${value.type},${printed(value)}}`).join(',')}]`;
    case 'table':
      return `[${of.value
        .map(({ name, value }) => `{<<"${name}">>,${value.type},${printed(value)}}`)
        .join(',')}]`;
    default:
      return String(of.value);
  }
}
