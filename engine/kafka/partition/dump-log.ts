/**
 * `kafka-dump-log.sh`: a log's files as text, in the words and the order of the real tool (source:
 * DumpLogSegments, releases 2.7 to 4.1). What it writes to its error stream (mismatches between
 * index and log, gaps) comes last.
 *
 *     Dumping data/pay-0/00000000000000000000.log
 *     Log starting offset: 0
 *     baseOffset: 0 lastOffset: 1 count: 2 baseSequence: -1 ... compresscodec: none isvalid: true
 *     | offset: 0 CreateTime: 1700000000000 keySize: 1 valueSize: 5 sequence: -1 headerKeys: []
 *
 * Differences: files are named as they were given, not by their absolute path; where the real tool
 * ends with an exception (no batch at an index entry), this one prints -1 or stops at the bytes.
 * Not here: the decoders for Kafka's own topics (`shell/kafka/dump-decoders.ts`).
 */
import { decodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import { limits } from '../../kernel/limits.ts';
import type { Disk } from '../../kernel/ports.ts';
import { parseSegmentName } from '../../storage/log-directory.ts';
import { decodeMarker } from '../../wire/kafka/control-record.ts';
import {
  readBatchHeader,
  readRecords,
  validateBatch,
  type BatchHeader,
} from '../../wire/kafka/record-batch.ts';
import { decodeQuorumRecord } from '../../wire/kafka/quorum-records.ts';
import type { BatchRecord } from '../../wire/kafka/record.ts';
import { decodeSnapshot } from './producer-snapshot.ts';
import type { ProducerBatch, ProducerEntry } from './producer-state.ts';
import { type AbortedTxn, decodeAbortedTxns } from './transaction-index.ts';

export interface DumpLogOptions {
  /** `--print-data-log`: the records, with their keys and values. */
  readonly printDataLog?: boolean;
  /** `--deep-iteration`: the records, without keys and values. */
  readonly deepIteration?: boolean;
  /** `--skip-record-metadata`: only keys and values of the records. */
  readonly skipRecordMetadata?: boolean;
  /** `--max-bytes`: stop after so many bytes of a log file. */
  readonly maxBytes?: number;
  /** `--verify-index-only`: only what is wrong with an index. */
  readonly verifyIndexOnly?: boolean;
  /** The index of a log's last segment ends with zeros: the broker that has it open made room. */
  readonly isPreallocated?: boolean;
  /** How a record is printed, by default as UTF-8. Null: it cannot be, and the dump ends there. */
  readonly message?: (record: BatchRecord) => DumpedMessage | null;
}

/** Null prints nothing. */
export interface DumpedMessage {
  readonly key: string | null;
  readonly payload: string | null;
}

const ALL_BYTES = Number.MAX_SAFE_INTEGER;
const SEQUENCE_MODULUS = 2_147_483_648;
const INDEX_ENTRY_BYTES = 8;
const TIME_INDEX_ENTRY_BYTES = 12;
const TWO_POW_32 = 4_294_967_296;

/** The text for these files, each with its path on the disk. */
export function dumpLog(
  disk: Disk,
  files: readonly string[],
  options: DumpLogOptions = {},
): string {
  const dump = new Dump(disk, options);
  for (const path of files) dump.file(path);
  return dump.text();
}

class Dump {
  readonly #disk: Disk;
  readonly #options: DumpLogOptions;
  readonly #lines: string[] = [];
  readonly #errors: string[] = [];
  /** A record could not be decoded. */
  #isOver = false;

  constructor(disk: Disk, options: DumpLogOptions) {
    this.#disk = disk;
    this.#options = options;
  }

  text(): string {
    return [...this.#lines, ...this.#errors, ''].join('\n');
  }

  file(path: string): void {
    this.#lines.push(`Dumping ${path}`);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const parsed = parseSegmentName(name);
    const bytes = this.#read(path);
    const snapshot = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name);
    if (snapshot !== null) {
      const [, offset, epoch] = snapshot;
      this.#lines.push(`Snapshot end offset: ${Number(offset)}, epoch: ${Number(epoch)}`);
      this.#log(path, name, bytes);
    } else if (parsed?.suffix === '.log') {
      this.#lines.push(`Log starting offset: ${parsed.baseOffset}`);
      this.#log(path, name, bytes);
    } else if (parsed?.suffix === '.index' || parsed?.suffix === '.timeindex') {
      this.#indexFile(path, parsed, bytes);
    } else if (parsed?.suffix === '.txnindex') {
      this.#lines.push(...decodeAbortedTxns(bytes).map(abortedText));
    } else if (/^\d{20}\.snapshot$/.test(name)) this.#producers(bytes);
    else this.#errors.push(`Ignoring unknown file ${path}`);
  }

  #indexFile(
    path: string,
    { baseOffset, suffix }: { readonly baseOffset: number; readonly suffix: string },
    bytes: Uint8Array,
  ): void {
    const log = this.#read(`${path.slice(0, -suffix.length)}.log`);
    const isOffsets = suffix === '.index';
    const { isPreallocated = false } = this.#options;
    const spare = isOffsets ? INDEX_ENTRY_BYTES : TIME_INDEX_ENTRY_BYTES;
    const padded = new Uint8Array(bytes.length + (isPreallocated ? spare : 0));
    padded.set(bytes);
    assert(padded.length >= bytes.length, 'all entries', { path });
    if (isOffsets) this.#index(path, { baseOffset, bytes: padded, log });
    else this.#timeIndex(path, { baseOffset, bytes: padded, log });
  }

  #producers(bytes: Uint8Array): void {
    const entries = decodeSnapshot(bytes.slice());
    if (entries === null) this.#errors.push('Snapshot is corrupt (CRC is no longer valid).');
    else this.#lines.push(...entries.map(producerText));
  }

  #read(path: string): Uint8Array {
    if (!this.#disk.exists(path)) return new Uint8Array(0);
    const file = this.#disk.open(path);
    const bytes = file.read(0, file.size());
    file.close();
    return bytes;
  }

  #log(path: string, name: string, whole: Uint8Array): void {
    const { printDataLog = false, deepIteration = false, maxBytes = ALL_BYTES } = this.#options;
    const bytes = whole.subarray(0, Math.min(maxBytes, whole.length));
    const gaps: string[] = [];
    let position = 0;
    let lastOffset = -1;
    for (const header of batches(bytes)) {
      this.#lines.push(batchLine(bytes, header));
      position += header.sizeBytes;
      if (!printDataLog && !deepIteration) continue;
      const records = readRecords(bytes, header, limits.decompressedBytesMax);
      if (typeof records === 'string') continue;
      for (const record of records) {
        if (lastOffset !== -1 && record.offset !== lastOffset + 1) {
          gaps.push(`  ${lastOffset} is followed by ${record.offset}`);
        }
        lastOffset = record.offset;
        this.#lines.push(this.#recordLine(header, record));
        if (this.#isOver) return;
      }
    }
    const trailing = bytes.length - position;
    if (trailing > 0 && maxBytes === ALL_BYTES) {
      this.#lines.push(`Found ${trailing} invalid bytes at the end of ${name}`);
    }
    // The real tool puts each new pair in front of the others.
    if (gaps.length > 0) {
      this.#errors.push(`Non-consecutive offsets in ${path}`, ...gaps.reverse());
    }
  }

  #recordLine(header: BatchHeader, record: BatchRecord): string {
    const { printDataLog = false, skipRecordMetadata = false } = this.#options;
    const parts: string[] = [];
    if (!skipRecordMetadata) {
      const keys = record.headers.map(({ key }) => key).join(',');
      parts.push(
        `| offset: ${record.offset} ${timestampName(header)}: ${record.timestamp}`,
        `keySize: ${record.key?.length ?? -1} valueSize: ${record.value?.length ?? -1}`,
        `sequence: ${sequenceOf(header, record.offset - header.baseOffset)} headerKeys: [${keys}]`,
      );
      if (header.isControl) parts.push(markerText(record));
    }
    if (printDataLog && !header.isControl) {
      const message = (this.#options.message ?? utf8Message)(record);
      this.#isOver = message === null;
      const { key = null, payload = null } = message ?? {};
      // The mark before a line comes with the metadata or else with the key.
      if (key !== null) parts.push(parts.length === 0 ? `| key: ${key}` : `key: ${key}`);
      else if (payload !== null && parts.length === 0) parts.push('');
      if (payload !== null) parts.push(`payload: ${payload}`);
    }
    return parts.join(' ');
  }

  #index(path: string, index: { baseOffset: number; bytes: Uint8Array; log: Uint8Array }): void {
    const { bytes, baseOffset, log } = index;
    const count = Math.floor(bytes.length / INDEX_ENTRY_BYTES);
    if (count === 0) {
      this.#lines.push(`${path} is empty.`);
      return;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const mismatches: string[] = [];
    for (let entry = 0; entry < count; entry++) {
      const offset = baseOffset + view.getInt32(entry * INDEX_ENTRY_BYTES);
      const position = view.getInt32(entry * INDEX_ENTRY_BYTES + 4);
      // A file that was preallocated and lost its tail in a crash ends with zeros.
      if (offset === baseOffset && entry > 0) break;
      const inside = position >= 0 && position < log.length;
      const header = inside ? readBatchHeader(log, position) : 'incomplete';
      const lastOffset = typeof header === 'string' ? -1 : header.lastOffset;
      if (lastOffset !== offset) {
        mismatches.push(`  Index offset: ${offset}, log offset: ${lastOffset}`);
      }
      if (this.#options.verifyIndexOnly !== true) {
        this.#lines.push(`offset: ${offset} position: ${position}`);
      }
    }
    if (mismatches.length > 0) {
      this.#errors.push(`Mismatches in :${path}`, ...mismatches.reverse());
    }
  }

  #timeIndex(
    path: string,
    index: { baseOffset: number; bytes: Uint8Array; log: Uint8Array },
  ): void {
    const { bytes, baseOffset, log } = index;
    const headers = [...batches(log)];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const mismatches: string[] = [];
    const disorder: string[] = [];
    const absent: string[] = [];
    let previous = -1;
    for (let at = 0; at + TIME_INDEX_ENTRY_BYTES <= bytes.length; at += TIME_INDEX_ENTRY_BYTES) {
      const timestamp = view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4);
      const offset = baseOffset + view.getInt32(at + 8);
      if (offset === baseOffset && at > 0) break;
      const batch = headers.find(({ lastOffset }) => lastOffset >= offset);
      if (batch?.lastOffset !== offset) {
        absent.push(`Indexed offset: ${offset}, found log offset: ${batch?.lastOffset ?? -1}`);
      } else {
        const { maxTimestamp } = batch;
        if (maxTimestamp !== timestamp) {
          mismatches.push(`  Index timestamp: ${timestamp}, log timestamp: ${maxTimestamp}`);
        }
        if (previous >= timestamp) {
          disorder.push(
            `  Index timestamp: ${timestamp}, Previously indexed timestamp: ${previous}`,
          );
        }
      }
      if (this.#options.verifyIndexOnly !== true) {
        this.#lines.push(`timestamp: ${timestamp} offset: ${offset}`);
      }
      previous = timestamp;
    }
    this.#list(`Found timestamp mismatch in :${path}`, mismatches);
    this.#list(`Found out of order timestamp in :${path}`, disorder);
    this.#list('The following indexed offsets are not found in the log.', absent);
  }

  #list(title: string, errors: readonly string[]): void {
    if (errors.length > 0) this.#errors.push(title, ...errors);
  }
}

/** The headers of the batches up to the first bytes that are none. */
function* batches(bytes: Uint8Array): Generator<BatchHeader> {
  let position = 0;
  while (position < bytes.length) {
    const header = readBatchHeader(bytes, position);
    if (typeof header === 'string') return;
    assert(header.sizeBytes > 0, 'a batch has bytes', { position });
    yield header;
    position += header.sizeBytes;
  }
}

function batchLine(bytes: Uint8Array, header: BatchHeader): string {
  const horizon = header.hasDeleteHorizon
    ? `OptionalLong[${header.baseTimestamp}]`
    : 'OptionalLong.empty';
  return [
    `baseOffset: ${header.baseOffset} lastOffset: ${header.lastOffset}`,
    `count: ${header.recordsCount} baseSequence: ${header.baseSequence}`,
    `lastSequence: ${sequenceOf(header, header.lastOffsetDelta)}`,
    `producerId: ${header.producerId} producerEpoch: ${header.producerEpoch}`,
    `partitionLeaderEpoch: ${header.partitionLeaderEpoch}`,
    `isTransactional: ${header.isTransactional} isControl: ${header.isControl}`,
    `deleteHorizonMs: ${horizon} position: ${header.position}`,
    `${timestampName(header)}: ${header.maxTimestamp} size: ${header.sizeBytes} magic: 2`,
    `compresscodec: ${header.codec} crc: ${header.crc}`,
    `isvalid: ${validateBatch(bytes, header) === null}`,
  ].join(' ');
}

/** The sequence number of the record at this distance; it wraps around behind 2^31 - 1. */
function sequenceOf(header: BatchHeader, delta: number): number {
  assert(delta >= 0, 'a record of the batch', { delta });
  return header.baseSequence < 0 ? -1 : (header.baseSequence + delta) % SEQUENCE_MODULUS;
}

function timestampName(header: BatchHeader): string {
  return header.timestampType === 'append' ? 'LogAppendTime' : 'CreateTime';
}

function markerText(record: BatchRecord): string {
  const marker = decodeMarker(record);
  if (marker === null) return quorumText(record);
  const type = marker.type === 'commit' ? 'COMMIT' : 'ABORT';
  return `endTxnMarker: ${type} coordinatorEpoch: ${marker.coordinatorEpoch}`;
}

/** A record by which the quorum of the metadata log governs itself. */
function quorumText(record: BatchRecord): string {
  const told = decodeQuorumRecord(record);
  if (told === null) return 'controlType: UNKNOWN(-1)';
  return told.type === 'LeaderChange'
    ? 'controlType: LEADER_CHANGE(2)'
    : `${told.type} ${JSON.stringify(told.data)}`;
}

function abortedText(one: AbortedTxn): string {
  return (
    `version: 0 producerId: ${one.producerId} firstOffset: ${one.firstOffset} ` +
    `lastOffset: ${one.lastOffset} lastStableOffset: ${one.lastStableOffset}`
  );
}

function producerText(entry: ProducerEntry): string {
  const open = entry.currentTxnFirstOffset;
  const [batch] = entry.batches;
  return [
    `producerId: ${entry.producerId} producerEpoch: ${entry.producerEpoch}`,
    `coordinatorEpoch: ${entry.coordinatorEpoch}`,
    `currentTxnFirstOffset: ${open < 0 ? 'OptionalLong.empty' : `OptionalLong[${open}]`}`,
    `lastTimestamp: ${entry.lastTimestamp}`,
    batch === undefined ? '' : batchText(batch),
  ].join(' ');
}

function batchText(batch: ProducerBatch): string {
  return (
    `firstSequence: ${batch.baseSequence} lastSequence: ${batch.lastSequence} ` +
    `lastOffset: ${batch.lastOffset} offsetDelta: ${batch.lastOffset - batch.firstOffset} ` +
    `timestamp: ${batch.timestamp}`
  );
}

function utf8Message(record: BatchRecord): DumpedMessage {
  return {
    key: record.key === null ? null : decodeUtf8(record.key),
    payload: record.value === null ? null : decodeUtf8(record.value),
  };
}
