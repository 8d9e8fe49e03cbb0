/**
 * The metadata log as bytes: a batch of metadata records is a record batch v2 whose records'
 * values are framed metadata records. Also the log's constant names.
 *
 *     record batch  | header: baseOffset, controller epoch ... | record | record | ...
 *     record        | key: null | value: frameVersion, type, version, fields |
 *
 * Not here: the frame of one record (`wire/kafka/metadata-records.ts`), replaying (`delta.ts`), the
 * log on the controller's disk (`controller/kafka-metadata-log.ts`).
 * Source: KIP-746, `org.apache.kafka.server.common.serialization.AbstractApiMessageSerde`.
 */
import { assert } from '../../kernel/assert.ts';
import {
  encodeBatch,
  isBatchProblem,
  readRecords,
  scanBatches,
  validateBatch,
  type BatchHeader,
} from '../../wire/kafka/record-batch.ts';
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  metadataRecordVersionMax,
  type MetadataRecord as VersionedRecord,
} from '../../wire/kafka/metadata-records.ts';
import { MetadataDelta, type MetadataChanges } from './delta.ts';
import type { MetadataImage } from './image.ts';
import type { MetadataRecord } from './record.ts';

export const METADATA_TOPIC = '__cluster_metadata';
/** `Uuid.METADATA_TOPIC_ID`. */
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
export const METADATA_PARTITION = 0;
/** Where the controller listens. */
export const CONTROLLER_PORT = 9093;
/** Every cluster of ours has the same id: two clusters never meet in one world. */
export const CLUSTER_ID = 'HighwaterHighwaterAAAA';

/** `KafkaRaftClient.MAX_BATCH_SIZE_BYTES`: batches are written uncompressed and bounded. */
const batchBytesMax = 8 * 1024 * 1024;

interface MetadataBatch {
  readonly baseOffset: number;
  /** The controller's epoch. */
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly records: readonly MetadataRecord[];
}

export interface DecodedMetadataBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly records: readonly MetadataRecord[];
}

/** The bytes of a batch. Each record is written in its newest version. */
export function encodeMetadataBatch(batch: MetadataBatch): Uint8Array {
  const { baseOffset, epoch, timestamp } = batch;
  assert(batch.records.length > 0 && epoch >= 0, 'a batch of an epoch', { epoch });
  const records = batch.records.map((record) => ({
    timestamp,
    key: null,
    value: encodeMetadataRecord(versioned(record)),
  }));
  const bytes = encodeBatch({ baseOffset, partitionLeaderEpoch: epoch, records });
  assert(bytes.length <= batchBytesMax, 'a batch of 8 MiB', { bytes: bytes.length });
  return bytes;
}

/**
 * The whole batches in a buffer; a last one that is cut off is left out. `corrupt` if a batch has a
 * bad checksum or cannot be read.
 */
export function decodeMetadataBatches(
  bytes: Uint8Array,
): readonly DecodedMetadataBatch[] | 'corrupt' {
  const { batches, problem } = scanBatches(bytes);
  if (problem !== null && problem !== 'incomplete') return 'corrupt';
  const decoded: DecodedMetadataBatch[] = [];
  for (const header of batches) {
    const records = recordsOf(bytes, header);
    if (records === 'corrupt') return 'corrupt';
    const { baseOffset, lastOffset, partitionLeaderEpoch: epoch } = header;
    const offsets = lastOffset - baseOffset + 1;
    assert(header.isControl || records.length === offsets, 'an offset a record', { baseOffset });
    decoded.push({ baseOffset, lastOffset, epoch, records });
  }
  return decoded;
}

interface Replayed {
  readonly image: MetadataImage;
  readonly changes: MetadataChanges;
  /** How many records were new; those of the quorum itself do not count. */
  readonly records: number;
}

/**
 * The image after the batches of a Fetch reply, and what changed. Batches that the image already
 * has are skipped. `corrupt` as in `decodeMetadataBatches`; then nothing was replayed.
 */
export function replayFetched(image: MetadataImage, bytes: Uint8Array): Replayed | 'corrupt' {
  const batches = decodeMetadataBatches(bytes);
  if (batches === 'corrupt') return 'corrupt';
  const delta = new MetadataDelta(image);
  let { offset, epoch } = image;
  let records = 0;
  for (const batch of batches) {
    if (batch.lastOffset <= offset) continue;
    assert(batch.baseOffset === offset + 1, 'no gap in the metadata log', {
      offset,
      baseOffset: batch.baseOffset,
    });
    for (const record of batch.records) delta.replay(record);
    records += batch.records.length;
    offset = batch.lastOffset;
    epoch = batch.epoch;
  }
  const changes = delta.changes();
  const isNew = offset > image.offset;
  return { image: isNew ? delta.apply(offset, epoch) : image, changes, records };
}

function recordsOf(bytes: Uint8Array, header: BatchHeader): readonly MetadataRecord[] | 'corrupt' {
  if (validateBatch(bytes, header) !== null) return 'corrupt';
  // What the quorum says to itself (`wire/kafka/quorum-records.ts`) changes no image.
  if (header.isControl) return [];
  const read = readRecords(bytes, header, batchBytesMax);
  if (isBatchProblem(read)) return 'corrupt';
  const records: MetadataRecord[] = [];
  for (const { value } of read) {
    const record = value === null ? null : decodeMetadataRecord(value);
    if (record === null) return 'corrupt';
    records.push(record);
  }
  return records;
}

function versioned(record: MetadataRecord): VersionedRecord {
  const version = metadataRecordVersionMax(record.type);
  return { ...record, version } as VersionedRecord;
}
