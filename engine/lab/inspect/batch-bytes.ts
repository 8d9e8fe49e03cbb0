/**
 * A record batch as named ranges of its bytes: each field of the header, and each field of each
 * record, with the name that the message format documents (source: Kafka documentation, "Message
 * Format", and KIP-98).
 *
 * Not here: where the batch lies (`record.ts`), reading it for a broker
 * (`wire/kafka/record-batch.ts`).
 */
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { decodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import { BATCH_HEADER_BYTES, type BatchHeader } from '../../wire/kafka/record-batch.ts';

/** A range of a batch's bytes and what it says. */
export interface ByteField {
  /** As the format documents it. */
  readonly name: string;
  /** Bytes from the first byte of the batch. */
  readonly at: number;
  readonly size: number;
  /** A number, or a text; empty where the bytes are only named. */
  readonly value: string;
  /** Which of the batch's records it belongs to; null in the header. */
  readonly record: number | null;
}

type Kind = 'int8' | 'int16' | 'int32' | 'uint32' | 'int64';

const HEADER: readonly (readonly [string, Kind])[] = [
  ['baseOffset', 'int64'],
  ['batchLength', 'int32'],
  ['partitionLeaderEpoch', 'int32'],
  ['magic', 'int8'],
  ['crc', 'uint32'],
  ['attributes', 'int16'],
  ['lastOffsetDelta', 'int32'],
  ['baseTimestamp', 'int64'],
  ['maxTimestamp', 'int64'],
  ['producerId', 'int64'],
  ['producerEpoch', 'int16'],
  ['baseSequence', 'int32'],
  ['recordsCount', 'int32'],
];

/** Every field of a batch, without a gap, in the order of the bytes. */
export function fieldsOf(batch: Uint8Array, header: BatchHeader): readonly ByteField[] {
  assert(batch.length === header.sizeBytes, 'the bytes of one batch', { size: batch.length });
  const fields = new Fields(batch);
  for (const [name, kind] of HEADER) fields.number(name, kind);
  assert(fields.position === BATCH_HEADER_BYTES, 'a header', { position: fields.position });
  if (header.codec !== 'none') {
    fields.rest('records');
    return fields.found;
  }
  try {
    for (let record = 0; record < header.recordsCount; record++) fields.recordFields(record);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  fields.rest('records');
  return fields.found;
}

class Fields {
  readonly found: ByteField[] = [];
  readonly #bytes: Uint8Array;
  readonly #reader: Reader;
  #record: number | null = null;
  #from = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new Reader(bytes);
  }

  get position(): number {
    return this.#reader.position;
  }

  number(name: string, kind: Kind | 'varint' | 'varlong'): number {
    const value = this.#reader[kind]();
    const isHex = name === 'crc' || name === 'attributes';
    this.#note(name, isHex ? `0x${value.toString(16)}` : String(value));
    return value;
  }

  recordFields(record: number): void {
    this.#record = record;
    this.number('length', 'varint');
    this.number('attributes', 'int8');
    this.number('timestampDelta', 'varlong');
    this.number('offsetDelta', 'varint');
    this.#sized('key');
    this.#sized('value');
    const headers = this.number('headersCount', 'varint');
    for (let header = 0; header < headers; header++) {
      this.#sized('headerKey');
      this.#sized('headerValue');
    }
  }

  /** What is left, under one name: compressed, or not to be read. */
  rest(name: string): void {
    if (this.#reader.remaining === 0) return;
    this.#record = null;
    this.#reader.take(this.#reader.remaining);
    this.#note(name, '');
  }

  #sized(name: string): void {
    const length = this.number(`${name}Length`, 'varint');
    if (length <= 0) return;
    const start = this.#reader.take(length);
    this.#note(name, decodeUtf8(this.#bytes.subarray(start, start + length)));
  }

  #note(name: string, value: string): void {
    const at = this.#from;
    this.#from = this.position;
    assert(this.#from > at, 'a field has bytes', { name, at });
    this.found.push({ name, at, size: this.#from - at, value, record: this.#record });
  }
}
