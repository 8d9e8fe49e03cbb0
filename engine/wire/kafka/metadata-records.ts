/**
 * The frame of a record in the metadata log (KIP-746 keeps it at version 1):
 *
 *     | frameVersion uvarint = 1 | key uvarint | version uvarint | body |
 *
 * It is the value of an ordinary record in an ordinary batch. The schemas: `metadata-schemas.ts`.
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { uvarintSize } from '../../bytes/varint.ts';
import { Writer } from '../../bytes/writer.ts';
import { metadataSchemas } from './metadata-schemas.ts';
import { compile, type Plan } from './plan.ts';
import type { DataOf } from './schema.ts';

type Schemas = typeof metadataSchemas;
export type MetadataRecordType = keyof Schemas;

/** The data of a kind of record: `MetadataRecordData<'TopicRecord'>`. */
export type MetadataRecordData<T extends MetadataRecordType> = DataOf<Schemas[T]['schema']>;

/** One record; `type` tells what `data` is. */
export type MetadataRecord = {
  [T in MetadataRecordType]: {
    readonly type: T;
    readonly version: number;
    readonly data: MetadataRecordData<T>;
  };
}[MetadataRecordType];

const FRAME_VERSION = 1;

const types = Object.keys(metadataSchemas) as MetadataRecordType[];
const typeByKey = new Map<number, MetadataRecordType>(
  types.map((type) => [metadataSchemas[type].key, type]),
);
const plans = new Map<MetadataRecordType, Plan<unknown>[]>();

function planOf(type: MetadataRecordType, version: number): Plan<unknown> {
  const { schema, versionMax } = metadataSchemas[type];
  assert(version >= 0 && version <= versionMax, 'a version that the record lacks', { version });
  let made = plans.get(type);
  if (made === undefined) {
    made = [];
    for (let v = 0; v <= versionMax; v++) made.push(compile(schema, v, true) as Plan<unknown>);
    plans.set(type, made);
  }
  return made[version] as Plan<unknown>;
}

/** The highest version of a kind of record; an older `metadata.version` writes lower ones. */
export function metadataRecordVersionMax(type: MetadataRecordType): number {
  return metadataSchemas[type].versionMax;
}

/** The record with its frame: the value of a log record. */
export function encodeMetadataRecord(record: MetadataRecord): Uint8Array {
  const plan = planOf(record.type, record.version);
  const { key } = metadataSchemas[record.type];
  const header = uvarintSize(FRAME_VERSION) + uvarintSize(key) + uvarintSize(record.version);
  const size = header + plan.size(record.data);
  const writer = new Writer(size);
  writer.uvarint(FRAME_VERSION);
  writer.uvarint(key);
  writer.uvarint(record.version);
  plan.write(writer, record.data);
  assert(writer.length === size, 'size and bytes differ', { size, bytes: writer.length });
  return writer.finish();
}

/** The record in the value of a log record, or null if it is none that the engine knows. */
export function decodeMetadataRecord(value: Uint8Array): MetadataRecord | null {
  try {
    const reader = new Reader(value);
    if (reader.uvarint() !== FRAME_VERSION) return null;
    const type = typeByKey.get(reader.uvarint());
    const version = reader.uvarint();
    if (type === undefined || version > metadataSchemas[type].versionMax) return null;
    const data = planOf(type, version).read(reader);
    return reader.remaining > 0 ? null : ({ type, version, data } as MetadataRecord);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
