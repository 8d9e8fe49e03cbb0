/**
 * Field tables from plain values, as a client's application writes arguments and headers.
 *
 * Types are those that the Java client gives: a whole number is an int where it fits and else a
 * long, another number a double, a text a long string (`com.rabbitmq.client.impl.ValueWriter`).
 * Not here: the octets (`wire/amqp/field-table.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { FieldTable, FieldValue } from '../../wire/amqp/field-table.ts';

export type PlainValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

/** `{ 'x-message-ttl': 1000 }`, say. */
export type PlainTable = Readonly<Record<string, PlainValue>>;

const INT_MAX = 0x7fffffff;

/** The table, in the order of the object's names. */
export function tableOf(plain: PlainTable): FieldTable {
  return Object.entries(plain).map(([name, value]) => ({ name, value: fieldOf(value) }));
}

function fieldOf(plain: PlainValue): FieldValue {
  if (plain === null) return { type: 'void' };
  if (typeof plain === 'boolean') return { type: 'bool', value: plain };
  if (typeof plain === 'number') return numberOf(plain);
  if (typeof plain === 'string') return { type: 'longstr', value: plain };
  if (plain instanceof Uint8Array) return { type: 'binary', value: plain };
  if (isList(plain)) return { type: 'array', value: plain.map(fieldOf) };
  return { type: 'table', value: tableOf(plain) };
}

function isList(plain: PlainValue): plain is readonly PlainValue[] {
  return Array.isArray(plain);
}

function numberOf(value: number): FieldValue {
  assert(Number.isFinite(value), 'a number of a table is finite', { value });
  if (!Number.isInteger(value)) return { type: 'double', value };
  assert(Number.isSafeInteger(value), 'a whole number of a table is exact', { value });
  if (value >= -INT_MAX - 1 && value <= INT_MAX) return { type: 'signedint', value };
  return { type: 'long', value: BigInt(value) };
}
