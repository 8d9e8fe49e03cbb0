/**
 * The record inspector: the batch that holds an offset in one host's log, read as
 * `kafka-dump-log.sh` reads it, with its bytes and with the index entries by which a broker would
 * find it. Plain data.
 *
 * It looks at the files, which are there when the process is not. Of a log that a broker serves
 * the indexes are those in its memory: this engine writes them to their files only with a flush.
 * The world is read, never stepped: give it a world of its own (`Session.again`).
 *
 * Not here: the names of the bytes (`batch-bytes.ts`), and how it is shown (`web/stage/inspect`).
 */
import { decodeUtf8 } from '../../bytes/utf8.ts';
import { assert, present } from '../../kernel/assert.ts';
import { limits } from '../../kernel/limits.ts';
import type { Disk } from '../../kernel/ports.ts';
import type { Broker } from '../../kafka/broker.ts';
import type { SimHost } from '../../sim/host.ts';
import type { World } from '../../sim/world.ts';
import { parseSegmentName } from '../../storage/log-directory.ts';
import type { Segment } from '../../storage/segment.ts';
import { sparseIndexesOf } from '../../storage/sparse-indexes.ts';
import {
  isBatchProblem,
  readRecords,
  scanBatches,
  validateBatch,
  type BatchHeader,
} from '../../wire/kafka/record-batch.ts';
import { fieldsOf, type ByteField } from './batch-bytes.ts';

/** A record of a log: host `broker-1`, log `pay-0`. */
export interface RecordAddress {
  readonly host: string;
  readonly log: string;
  readonly offset: number;
}

export interface InspectedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
  /** -1 where the producer is not idempotent. */
  readonly sequence: number;
}

/** An entry of a segment's index. */
export interface IndexEntry {
  /** Its number, from 0. */
  readonly entry: number;
  readonly relativeOffset: number;
  readonly offset: number;
  /** Of the `.index`: where in the `.log` the frame begins. Of the `.timeindex`: a timestamp. */
  readonly says: number;
}

/** An index of the segment, and the entry with which a search for the record begins. */
export interface IndexPlace {
  readonly path: string;
  readonly entries: number;
  /** The last entry at or below what is searched; null where there is none. */
  readonly found: IndexEntry | null;
}

export interface RecordPlace {
  readonly path: string;
  readonly segmentBytes: number;
  readonly baseOffset: number;
  /** Of the record. */
  readonly relativeOffset: number;
  /** Of the batch's first byte in the segment. */
  readonly position: number;
  readonly index: IndexPlace;
  readonly timeIndex: IndexPlace;
  /** Where the scan for the offset begins, and how many batches it passes over. */
  readonly scanFrom: number;
  readonly batchesPassed: number;
}

export interface BatchInspection extends RecordAddress {
  /** `log`: served by a running broker. `disk`: read from the files alone. */
  readonly source: 'log' | 'disk';
  readonly header: BatchHeader;
  readonly isCrcRight: boolean;
  readonly records: readonly InspectedRecord[];
  /** The first bytes of the batch, at most `BYTES_SHOWN_MAX`. */
  readonly bytes: Uint8Array;
  /** Of the bytes shown. */
  readonly fields: readonly ByteField[];
  readonly place: RecordPlace;
}

/** Bytes of a batch that are shown at most: enough for each field once, little enough to read. */
export const BYTES_SHOWN_MAX = 1024;
const RECORDS_SHOWN_MAX = 64;
const INDEX_ENTRY_BYTES = 8;
const TIME_INDEX_ENTRY_BYTES = 12;
const TWO_POW_32 = 4_294_967_296;
const SEQUENCE_MODULUS = 2_147_483_648;

/** The batch that holds the record, or null where no file of that log on that host has it. */
export function inspectRecord(world: World, address: RecordAddress): BatchInspection | null {
  const host = present(world.hostNamed(address.host), `no host '${address.host}'`);
  assert(address.offset >= 0, 'an offset', { offset: address.offset });
  const found = findBatch(host.disk, address);
  if (found === null) return null;
  const { path, bytes, header } = found;
  const segment = liveSegment(host, address.log, found.baseOffset);
  const batch = bytes.slice(header.position, header.position + header.sizeBytes);
  const records = recordsOf(bytes, header);
  const timestamp = records.find(({ offset }) => offset === address.offset)?.timestamp;
  const indexes = segment === null ? indexesOfFiles(host.disk, found) : indexesInMemory(segment);
  const index = { path: `${path}.index`, ...floorOf(indexes.offsets, 'offset', address.offset) };
  const wanted = timestamp ?? header.maxTimestamp;
  const scanFrom = index.found?.says ?? 0;
  const passed = scanBatches(bytes.subarray(0, header.position), scanFrom).batches.length;
  return {
    ...address,
    source: segment === null ? 'disk' : 'log',
    header,
    isCrcRight: validateBatch(bytes, header) === null,
    records: records.slice(0, RECORDS_SHOWN_MAX),
    bytes: batch.subarray(0, BYTES_SHOWN_MAX),
    fields: fieldsOf(batch, header).filter(({ at }) => at < BYTES_SHOWN_MAX),
    place: {
      path: `${path}.log`,
      segmentBytes: bytes.length,
      baseOffset: found.baseOffset,
      relativeOffset: address.offset - found.baseOffset,
      position: header.position,
      index,
      timeIndex: { path: `${path}.timeindex`, ...floorOf(indexes.times, 'says', wanted) },
      scanFrom,
      batchesPassed: passed,
    },
  };
}

interface FoundBatch {
  /** The segment's files without their suffix. */
  readonly path: string;
  readonly baseOffset: number;
  /** The whole `.log`. */
  readonly bytes: Uint8Array;
  readonly header: BatchHeader;
}

function findBatch(disk: Disk, { log, offset }: RecordAddress): FoundBatch | null {
  let best: { path: string; baseOffset: number } | null = null;
  for (const path of disk.list('')) {
    const parts = path.split('/');
    const parsed = parseSegmentName(parts.at(-1) ?? '');
    if (parts.at(-2) !== log || parsed?.suffix !== '.log' || parsed.baseOffset > offset) continue;
    const { baseOffset } = parsed;
    if (best !== null && best.baseOffset > baseOffset) continue;
    best = { path: path.slice(0, -parsed.suffix.length), baseOffset };
  }
  if (best === null) return null;
  const bytes = bytesOf(disk, `${best.path}.log`);
  const header = scanBatches(bytes).batches.find(
    ({ baseOffset, lastOffset }) => baseOffset <= offset && offset <= lastOffset,
  );
  return header === undefined ? null : { ...best, bytes, header };
}

/** The segment in the memory of the broker that serves it; null where none does. */
function liveSegment(host: SimHost, log: string, baseOffset: number): Segment | null {
  const { process } = host;
  const view = process?.inspect?.() as { readonly kind?: string } | null | undefined;
  if (view?.kind !== 'kafka-broker') return null;
  for (const partition of (process as Broker).partitions) {
    if (`${partition.topic}-${partition.index}` !== log) continue;
    const segments = partition.log.log.segmentsWithIndexes;
    return segments.find((segment) => segment.baseOffset === baseOffset) ?? null;
  }
  return null;
}

function recordsOf(bytes: Uint8Array, header: BatchHeader): readonly InspectedRecord[] {
  const records = readRecords(bytes, header, limits.decompressedBytesMax);
  if (isBatchProblem(records)) return [];
  return records.map(({ offset, timestamp, key, value, headers }) => ({
    offset,
    timestamp,
    key: textOf(key),
    value: textOf(value),
    headers: headers.map((one) => [one.key, textOf(one.value)] as const),
    sequence:
      header.baseSequence < 0
        ? -1
        : (header.baseSequence + offset - header.baseOffset) % SEQUENCE_MODULUS,
  }));
}

interface Indexes {
  readonly offsets: readonly IndexEntry[];
  readonly times: readonly IndexEntry[];
}

function indexesInMemory(segment: Segment): Indexes {
  const { baseOffset } = segment;
  const { offsetIndex, timeIndex } = sparseIndexesOf(segment);
  const entryOf = (entry: number, offset: number, says: number): IndexEntry => ({
    entry,
    relativeOffset: offset - baseOffset,
    offset,
    says,
  });
  return {
    offsets: Array.from({ length: offsetIndex.entries }, (_, entry) =>
      entryOf(entry, offsetIndex.offsetAt(entry), offsetIndex.positionAt(entry)),
    ),
    times: Array.from({ length: timeIndex.entries }, (_, entry) =>
      entryOf(entry, timeIndex.offsetAt(entry), timeIndex.timestampAt(entry)),
    ),
  };
}

function indexesOfFiles(disk: Disk, { path, baseOffset }: FoundBatch): Indexes {
  const entriesOf = (suffix: string, size: number, read: (view: DataView, at: number) => number) =>
    entriesIn(bytesOf(disk, `${path}${suffix}`), size).map(([view, at], entry): IndexEntry => {
      // The relative offset comes first in an .index, and last in a .timeindex.
      const relativeOffset = view.getInt32(suffix === '.index' ? at : at + 8);
      return { entry, relativeOffset, offset: baseOffset + relativeOffset, says: read(view, at) };
    });
  return {
    offsets: entriesOf('.index', INDEX_ENTRY_BYTES, (view, at) => view.getInt32(at + 4)),
    times: entriesOf(
      '.timeindex',
      TIME_INDEX_ENTRY_BYTES,
      (view, at) => view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4),
    ),
  };
}

/** The whole entries of an index file, each as a view and its place in it. */
function entriesIn(
  bytes: Uint8Array,
  entryBytes: number,
): readonly (readonly [DataView, number])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = Math.floor(bytes.length / entryBytes);
  return Array.from({ length: count }, (_, entry) => [view, entry * entryBytes] as const);
}

function floorOf(entries: readonly IndexEntry[], by: 'offset' | 'says', wanted: number) {
  const found = entries.findLast((entry) => entry[by] <= wanted) ?? null;
  return { entries: entries.length, found };
}

/** A copy of a file; empty where there is none. */
function bytesOf(disk: Disk, path: string): Uint8Array {
  if (!disk.exists(path)) return new Uint8Array(0);
  const file = disk.open(path);
  const bytes = file.read(0, file.size()).slice();
  file.close();
  return bytes;
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decodeUtf8(bytes);
}
