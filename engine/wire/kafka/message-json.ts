/**
 * A message as JSON: the fields that its version has, in the order of the schema; a tagged field
 * only where it differs from its default; bytes as base64.
 *
 * Not here: its bytes (`plan.ts`). Source: the generated `*JsonConverter` of Kafka's messages.
 */
import { assert } from '../../kernel/assert.ts';
import type { DataOf, FieldType, Struct } from './schema.ts';

/** What `JSON.stringify` takes. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The message of a version. */
export function messageJson<S extends Struct>(
  schema: S,
  version: number,
  data: DataOf<S>,
): { readonly [name: string]: Json } {
  assert(version >= 0, 'a version', { version, schema: schema.name });
  const json: Record<string, Json> = {};
  for (const [name, field] of Object.entries(schema.fields)) {
    if (version < field.since || version > field.until) continue;
    const value: unknown = data[name];
    assert(value !== undefined, 'a field of the message', { name, schema: schema.name });
    const told = valueJson(field.type, version, value);
    const isDefault = field.tag >= 0 && same(told, valueJson(field.type, version, field.default));
    if (!isDefault) json[name] = told;
  }
  return json;
}

function valueJson(type: FieldType, version: number, value: unknown): Json {
  if (value === null) return null;
  if (type.kind === 'bytes') return encodeBase64(value as Uint8Array);
  if (type.kind === 'struct') return messageJson(type.struct, version, value as DataOf<Struct>);
  if (type.kind === 'array') {
    return (value as readonly unknown[]).map((one) => valueJson(type.element, version, one));
  }
  return value as string | number | boolean;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** RFC 4648, section 4, padded. */
function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const four = [18, 12, 6, 0].map((shift) => ALPHABET.charAt((bits >> shift) & 63)).join('');
    text += left >= 3 ? four : four.slice(0, left + 1).padEnd(4, '=');
  }
  return text;
}

function same(left: Json, right: Json): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
