/**
 * The lab's handle on one replica's log: what lies in its files, and how an offset is found there.
 * It reads beside the broker and charges it nothing.
 *
 * Not here: records as a client sees them (`kafka.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Broker } from '../kafka/broker.ts';
import { segmentPath } from '../storage/log-directory.ts';
import type { Segment } from '../storage/segment.ts';
import { sparseIndexesOf } from '../storage/sparse-indexes.ts';
import {
  BATCH_HEADER_BYTES,
  isBatchProblem,
  readBatchHeader,
  readRecords,
} from '../wire/kafka/record-batch.ts';
import { recordSize } from '../wire/kafka/record.ts';
import type { BatchHeader } from '../wire/kafka/record-batch.ts';
import type { Lab } from './experiment.ts';

const RECORDS_BYTES_MAX = 100_000_000;

export interface LogFacts {
  readonly segments: number;
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  /** What the same batches would take without compression. */
  readonly plainBytes: number;
  readonly indexEntries: number;
  readonly timeIndexEntries: number;
  /** The base offset of the segment that is written to. */
  readonly activeBaseOffset: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
}

/** How an offset was found: the segment, its sparse index, and a scan from there. */
export interface Lookup {
  /** Entries of the index that a binary search compared. */
  readonly comparisons: number;
  readonly entriesInSegment: number;
  /** From where the index pointed to the end of the batch. */
  readonly bytesScanned: number;
  readonly found: boolean;
}

/** The facts of a log; null while its broker is down or has no such replica. */
export function logFacts(lab: Lab, host: string, topic: string, partition = 0): LogFacts | null {
  const log = logOf(lab, host, topic, partition);
  if (log === null) return null;
  const segments = log.segmentsWithIndexes;
  let batches = 0;
  let records = 0;
  let plainBytes = 0;
  for (const segment of segments) {
    eachBatch(lab, host, log.folder, segment, (header, bytes) => {
      batches += 1;
      const read = readRecords(bytes, header, RECORDS_BYTES_MAX);
      assert(!isBatchProblem(read), 'a batch that can be read', { offset: header.baseOffset });
      records += read.length;
      plainBytes += BATCH_HEADER_BYTES;
      for (const record of read) {
        const { offset, timestamp } = record;
        const { baseOffset, baseTimestamp } = header;
        plainBytes += recordSize(record, timestamp - baseTimestamp, offset - baseOffset);
      }
    });
  }
  const sum = (of: (segment: Segment) => number): number =>
    segments.reduce((total, segment) => total + of(segment), 0);
  return {
    segments: segments.length,
    batches,
    records,
    bytes: sum(({ sizeBytes }) => sizeBytes),
    plainBytes,
    indexEntries: sum(({ indexes }) => indexes.entries),
    timeIndexEntries: sum(({ indexes }) => indexes.timeEntries),
    activeBaseOffset: segments[segments.length - 1]?.baseOffset ?? 0,
    logStartOffset: log.logStartOffset,
    logEndOffset: log.logEndOffset,
  };
}

/** Finds an offset as the broker does; null while there is no such replica. */
export function lookUp(lab: Lab, host: string, topic: string, offset: number): Lookup | null {
  const log = logOf(lab, host, topic, 0);
  const segment = log?.segmentsWithIndexes.findLast(({ baseOffset }) => baseOffset <= offset);
  if (log === null || segment === undefined) return null;
  const { offsetIndex } = sparseIndexesOf(segment);
  let [low, high, comparisons] = [0, offsetIndex.entries, 0];
  while (low < high) {
    const middle = (low + high) >>> 1;
    comparisons += 1;
    if (offsetIndex.offsetAt(middle) <= offset) low = middle + 1;
    else high = middle;
  }
  const from = low === 0 ? 0 : offsetIndex.positionAt(low - 1);
  assert(from === offsetIndex.lookup(offset), 'as the broker finds it', { offset, from });
  let bytesScanned = 0;
  let found = false;
  eachBatch(lab, host, log.folder, segment, ({ position, sizeBytes, lastOffset }) => {
    if (found || position < from) return;
    bytesScanned = position + sizeBytes - from;
    found = lastOffset >= offset;
  });
  return { comparisons, entriesInSegment: offsetIndex.entries, bytesScanned, found };
}

function logOf(lab: Lab, host: string, topic: string, partition: number) {
  const broker = lab.host(host).process as Broker | null;
  for (const one of broker?.partitions ?? []) {
    if (one.topic === topic && one.index === partition) return one.log.log;
  }
  return null;
}

function eachBatch(
  lab: Lab,
  host: string,
  folder: string,
  segment: Segment,
  visit: (header: BatchHeader, bytes: Uint8Array) => void,
): void {
  const path = segmentPath(folder, segment.baseOffset, '.log');
  const bytes = lab.host(host).disk.open(path).read(0, segment.sizeBytes);
  for (let at = 0; at < bytes.length;) {
    const header = readBatchHeader(bytes, at);
    assert(!isBatchProblem(header), 'whole batches', { path, at });
    visit(header, bytes);
    at += header.sizeBytes;
  }
}
