/**
 * What a leader checks of a client's batch before it appends it, in the order of the real broker:
 * exactly one batch of magic 2, its size, its checksum, and then its header and records.
 *
 * Not here: sequences and epochs of producers (`producer-state.ts`), offsets (`unified-log.ts`).
 * Source: `ProduceRequest.validateRecords`, `UnifiedLog.analyzeAndValidateRecords`, `LogValidator`.
 * Differences: what decompresses to more than a cap is MESSAGE_TOO_LARGE (there it is accepted).
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type BatchHeader,
  type BatchProblem,
  isBatchProblem,
  readBatchHeader,
  readRecords,
  validateBatch,
} from '../../wire/kafka/record-batch.ts';
import type { BatchRecord } from '../../wire/kafka/record.ts';
import type { TopicConfig } from './topic-config.ts';

/** Records may be at most this many times larger than `max.message.bytes` when decompressed. */
const DECOMPRESSED_TIMES_MAX = 32;
const DECOMPRESSED_BYTES_MAX = 67_108_864;
/** Where the magic byte stands in the formats of every magic. */
const MAGIC_AT = 16;

/** A record that made the broker refuse its batch (`record_errors`, since v8). */
export interface RecordError {
  readonly batchIndex: number;
  readonly message: string;
}

/**
 * The batch's header, or why it is refused. `atLog`: it came as far as the log, so that the answer
 * tells where the log begins.
 */
export type BatchVerdict =
  | { readonly errorCode: 0; readonly header: BatchHeader }
  | {
      readonly errorCode: Exclude<number, 0>;
      readonly message: string;
      readonly recordErrors: readonly RecordError[];
      readonly atLog: boolean;
    };

const NO_RECORD_ERRORS: readonly RecordError[] = Object.freeze([]);

function refuse(
  errorCode: number,
  message: string,
  recordErrors: readonly RecordError[] = NO_RECORD_ERRORS,
): BatchVerdict {
  assert(errorCode !== ErrorCode.NONE, 'an error', { message });
  return { errorCode, message, recordErrors, atLog: false };
}

/** Refuses what is wrong with the header or the records of a batch that is whole. */
function refuseAtLog(
  errorCode: number,
  message: string,
  recordErrors: readonly RecordError[] = NO_RECORD_ERRORS,
): BatchVerdict {
  return { errorCode, message, recordErrors, atLog: true };
}

/** Whether a batch may be appended to a topic with this configuration. */
export function validateClientBatch(
  ports: Pick<Ports, 'clock' | 'cost'>,
  records: Uint8Array | null,
  config: TopicConfig,
): BatchVerdict {
  if (records === null || records.length === 0) {
    return refuse(ErrorCode.INVALID_RECORD, 'Produce requests must have exactly one record batch');
  }
  if (isOldMagic(records)) {
    return refuse(ErrorCode.INVALID_RECORD, 'Produce requests must have batches of magic 2');
  }
  const header = readBatchHeader(records);
  if (isBatchProblem(header)) return refuse(errorOfProblem(header), `the batch is bad: ${header}`);
  if (header.sizeBytes < records.length) {
    return refuse(ErrorCode.INVALID_RECORD, 'Produce requests must have exactly one record batch');
  }
  if (header.baseOffset !== 0) {
    return refuseAtLog(ErrorCode.INVALID_RECORD, `The baseOffset is ${header.baseOffset}, not 0`);
  }
  if (header.sizeBytes > config['max.message.bytes']) {
    const allowed = config['max.message.bytes'];
    const message = `The batch has ${header.sizeBytes} bytes; at most ${allowed} are allowed`;
    return refuse(ErrorCode.MESSAGE_TOO_LARGE, message);
  }
  ports.cost.charge('crc', header.sizeBytes);
  if (validateBatch(records, header) !== null) {
    return refuse(ErrorCode.CORRUPT_MESSAGE, 'Record is corrupt (stored crc differs)');
  }
  const inHeader = headerError(header);
  if (inHeader !== null) return inHeader;
  return validateRecords(ports, records, header, config);
}

/** Magic 0 and 1 are formats of old; what else it could be, nobody knows. */
function isOldMagic(records: Uint8Array): boolean {
  const magic = records[MAGIC_AT];
  return magic === 0 || magic === 1;
}

function errorOfProblem(problem: BatchProblem): number {
  switch (problem) {
    case 'length':
    case 'magic':
    case 'crc':
      return ErrorCode.CORRUPT_MESSAGE;
    case 'too-large':
      return ErrorCode.MESSAGE_TOO_LARGE;
    case 'codec':
      return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE;
    case 'incomplete':
    case 'field':
    case 'records':
      return ErrorCode.INVALID_RECORD;
  }
}

function headerError(header: BatchHeader): BatchVerdict | null {
  if (header.isControl) {
    return refuseAtLog(
      ErrorCode.INVALID_RECORD,
      'Clients are not allowed to write control records',
    );
  }
  if (header.recordsCount <= 0 || header.recordsCount !== header.lastOffsetDelta + 1) {
    return refuseAtLog(ErrorCode.INVALID_RECORD, 'The count of records does not match the offsets');
  }
  if (header.producerId >= 0 && header.producerEpoch < 0) {
    return refuseAtLog(ErrorCode.INVALID_PRODUCER_EPOCH, `Epoch ${header.producerEpoch} is none`);
  }
  if (header.producerId >= 0 && header.baseSequence < 0) {
    return refuseAtLog(ErrorCode.INVALID_RECORD, `Invalid sequence number ${header.baseSequence}`);
  }
  return null;
}

function validateRecords(
  ports: Pick<Ports, 'clock' | 'cost'>,
  bytes: Uint8Array,
  header: BatchHeader,
  config: TopicConfig,
): BatchVerdict {
  const cap = config['max.message.bytes'] * DECOMPRESSED_TIMES_MAX;
  const records = readRecords(bytes, header, Math.min(cap, DECOMPRESSED_BYTES_MAX));
  if (isBatchProblem(records)) {
    const known = records === 'too-large' ? ErrorCode.MESSAGE_TOO_LARGE : ErrorCode.INVALID_RECORD;
    return refuse(known, `the records are bad: ${records}`);
  }
  ports.cost.charge('record', records.length);
  if (header.codec !== 'none') ports.cost.charge('decompress', sizeOf(records));
  const compacts = config['cleanup.policy'].includes('compact');
  if (compacts) {
    const error = allBad(records, (record) => record.key === null);
    if (error !== null) {
      return refuseAtLog(
        ErrorCode.INVALID_RECORD,
        'Compacted topic cannot accept null keys',
        error,
      );
    }
  }
  if (config['message.timestamp.type'] === 'CreateTime') {
    const wallMs = ports.clock.wall();
    const earliest = wallMs - config['message.timestamp.before.max.ms'];
    const latest = wallMs + config['message.timestamp.after.max.ms'];
    const error = allBad(
      records,
      ({ timestamp }) => timestamp >= 0 && (timestamp < earliest || timestamp > latest),
    );
    if (error !== null) {
      const message = `Timestamp is out of range [${earliest}, ${latest}]`;
      return refuseAtLog(ErrorCode.INVALID_TIMESTAMP, message, error);
    }
  }
  return { errorCode: 0, header };
}

function allBad(
  records: readonly BatchRecord[],
  isBad: (record: BatchRecord) => boolean,
): readonly RecordError[] | null {
  const errors = records.flatMap((record, batchIndex) =>
    isBad(record) ? [{ batchIndex, message: `record ${batchIndex} is not valid` }] : [],
  );
  return errors.length === 0 ? null : errors;
}

function sizeOf(records: readonly BatchRecord[]): number {
  let bytes = 0;
  for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0);
  return bytes;
}
