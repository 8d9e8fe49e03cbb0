/**
 * Where a consumer begins to read: the argument x-stream-offset.
 *
 * Source: `rabbit_stream_queue:parse_offset_arg`, `rabbit_amqqueue:check_stream_offset_arg`.
 * Differs: a value that is no offset at all is a 406; in the real broker it ends the channel's
 * process, and the connection with a 541.
 */
import { assert } from '../../kernel/assert.ts';
import type { FieldValue } from '../../wire/amqp/field-table.ts';
import { integerOf, textOf } from '../field-table.ts';
import { ageMs } from '../queue/age.ts';

export type OffsetSpec =
  | 'first'
  /** The last chunk, which may have more records than one. */
  | 'last'
  /** What is published from now on. */
  | 'next'
  | { readonly offset: number }
  /** The first chunk that is not older, in milliseconds since 1970. */
  | { readonly timestampMs: number };

const SECOND_MS = 1000;

/** Null: this is no offset. Without a value it is `next`. */
export function offsetSpecOf(value: FieldValue | undefined, nowMs: number): OffsetSpec | null {
  assert(nowMs >= 0, 'a time', { nowMs });
  if (value === undefined) return 'next';
  const text = textOf(value);
  if (text === 'first' || text === 'last' || text === 'next') return text;
  if (text !== undefined) {
    const age = ageMs(text);
    return age === null ? null : { timestampMs: nowMs - age };
  }
  if (value.type === 'timestamp') {
    const seconds = Number(value.value);
    return Number.isSafeInteger(seconds * SECOND_MS) ? { timestampMs: seconds * SECOND_MS } : null;
  }
  const offset = integerOf(value);
  if (offset === undefined) return null;
  const number = Number(offset);
  return Number.isSafeInteger(number) ? { offset: number } : null;
}
