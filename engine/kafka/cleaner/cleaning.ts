/**
 * One cleaning of one log: reads the dirty part into a map of key and last offset, then writes
 * every segment up to there anew without the records that a later one of their key makes useless.
 *
 *     map      |....clean....|....dirty....|        a -> 41, b -> 37, c -> 40
 *     segments [ 0 ][ 12 ][ 20 ][ 31 ]              grouped up to segment.bytes
 *     result   [ 0           ][ 31 ]                offsets stay, gaps open
 *
 * A record stays if it is the last of its key that the map knows, and has a value or its batch's
 * delete horizon has not passed. The last batch of a live producer stays, if only as an empty one,
 * for its sequence; so does the last batch of the part. Invariant K16.
 *
 * Source: `Cleaner` (`doClean`, `buildOffsetMap`, `groupSegmentsBySize`, `cleanSegments`,
 * `cleanInto`). Differences: it works on the broker's own thread, one segment an event, and syncs
 * are awaited by later events; a log that was cut or lost segments meanwhile is left as it is (in
 * the real broker whoever cuts it waits for the cleaner).
 * Not here: which log is cleaned (`log-cleaner.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { limits } from '../../kernel/limits.ts';
import type { Ports } from '../../kernel/ports.ts';
import { micros } from '../../kernel/units.ts';
import { frameHeader } from '../../storage/framing.ts';
import { RELATIVE_OFFSET_MAX } from '../../storage/offset-index.ts';
import type { DiskFailure, Segment } from '../../storage/segment.ts';
import { sparseIndexesOf } from '../../storage/sparse-indexes.ts';
import { beginCleaned, removeCleaned, swapSegments } from '../../storage/segment-swap.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readBatchHeader,
  readRecords,
} from '../../wire/kafka/record-batch.ts';
import type { BatchRecord } from '../../wire/kafka/record.ts';
import type { AbortedTransaction } from '../partition/log-transactions.ts';
import type { UnifiedLog } from '../partition/unified-log.ts';
import type { CleanablePart } from './cleanable.ts';
import { CleanedTransactions } from './cleaned-transactions.ts';
import { type FilterVerdict, deleteHorizonOf, filteredBatch } from './filtered-batch.ts';
import { OffsetMap } from './offset-map.ts';

/** What a cleaning did. Bytes are those of the segments that it wrote anew. */
export interface Cleaned {
  readonly endOffset: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly recordsRead: number;
  readonly recordsKept: number;
}

/**
 * `aborted`: the log was cut, closed or taken away. `corrupt`: a batch cannot be read, so that the
 * partition is not cleaned any more. Else the disk's error.
 */
export type CleaningEnd = Cleaned | 'aborted' | 'corrupt' | DiskFailure;

export interface CleaningOptions {
  readonly dedupeBufferBytes: number;
  /** How full the map may become: 0 to 1. */
  readonly loadFactor: number;
  /** False: a marker goes when a later record has its key's bytes (KAFKA-14055, gallery 16). */
  readonly keepsMarkers: boolean;
  /** Whether the log is still this broker's, and open. */
  readonly isAlive: () => boolean;
  readonly done: (end: CleaningEnd) => void;
}

type CleaningPorts = Pick<Ports, 'clock' | 'cost' | 'disk'>;

const AT_ONCE = micros(0);

export class Cleaning {
  readonly #ports: CleaningPorts;
  readonly #log: UnifiedLog;
  readonly #part: CleanablePart;
  readonly #options: CleaningOptions;
  readonly #map: OffsetMap;
  readonly #keysMax: number;
  readonly #nowMs: number;
  /** As they were when the cleaning began. Offsets never change; sizes tell of a cut. */
  readonly #segments: readonly Segment[];
  readonly #sizes: Map<Segment, number>;
  /** By producer id: where its newest batch ends; of one that has markers only, their epoch. */
  readonly #lastOfProducers: ReadonlyMap<number, LastRecord>;
  #transactions = new CleanedTransactions();
  #bytesRead = 0;
  #bytesWritten = 0;
  #recordsRead = 0;
  #recordsKept = 0;

  constructor(
    ports: CleaningPorts,
    log: UnifiedLog,
    part: CleanablePart,
    options: CleaningOptions,
  ) {
    const { firstDirtyOffset, firstUncleanableOffset } = part;
    assert(firstDirtyOffset < firstUncleanableOffset, 'something to clean', { ...part });
    assert(firstUncleanableOffset <= log.lastStableOffset, 'K16: below the LSO', { ...part });
    this.#ports = ports;
    this.#log = log;
    this.#part = part;
    this.#options = options;
    this.#map = new OffsetMap(options.dedupeBufferBytes);
    this.#keysMax = Math.max(1, Math.floor(this.#map.slots * options.loadFactor));
    this.#nowMs = ports.clock.wall();
    const all = log.log.segmentsWithIndexes;
    this.#segments = all.filter(({ baseOffset }) => baseOffset < firstUncleanableOffset);
    this.#sizes = new Map(this.#segments.map((segment) => [segment, segment.sizeBytes]));
    this.#lastOfProducers = lastRecords(log);
  }

  /** Begins. `done` is told in a later event. */
  start(): void {
    const dirty = this.#segments.filter(
      ({ nextOffset }) => nextOffset > this.#part.firstDirtyOffset,
    );
    assert(dirty.length > 0, 'dirty segments', { ...this.#part });
    this.#transactions.add(this.#abortedIn(dirty));
    this.#then(() => this.#buildMap(dirty, 0));
  }

  /** Goes on in a later event, if the log still is what it was. */
  #then(act: () => void): void {
    this.#ports.clock.after(AT_ONCE, 'log-cleaner', () => {
      if (this.#options.isAlive() && this.#isAsItWas(this.#segments)) act();
      else this.#options.done('aborted');
    });
  }

  #isAsItWas(segments: readonly Segment[]): boolean {
    const now = this.#log.log.segmentsWithIndexes;
    return segments.every((segment) => !this.#sizes.has(segment) || this.#isSame(now, segment));
  }

  #isSame(now: readonly Segment[], segment: Segment): boolean {
    return now.includes(segment) && this.#sizes.get(segment) === segment.sizeBytes;
  }

  // ------------------------------------------------------------------------------------- the map

  #buildMap(dirty: readonly Segment[], place: number): void {
    const segment = dirty[place]!;
    const wasFull = this.#readIntoMap(segment);
    if (wasFull === 'corrupt') {
      this.#options.done('corrupt');
      return;
    }
    if (!wasFull) this.#map.latestOffset = Math.max(this.#map.latestOffset, segment.nextOffset - 1);
    if (!wasFull && place + 1 < dirty.length) {
      this.#then(() => this.#buildMap(dirty, place + 1));
      return;
    }
    this.#beginGroups();
  }

  /** True when the map has no place for more keys: the cleaning ends before that batch. */
  #readIntoMap(segment: Segment): boolean | 'corrupt' {
    return this.#eachBatch(segment, (_bytes, header, records) => {
      if (header.lastOffset < this.#part.firstDirtyOffset) return false;
      if (header.isControl) {
        this.#transactions.onMarker(header, records[0] ?? null);
      } else if (!this.#transactions.onBatch(header)) {
        for (const { key, offset } of records) {
          if (key === null || offset < this.#part.firstDirtyOffset) continue;
          if (this.#map.size >= this.#keysMax) return true;
          this.#map.put(key, offset);
        }
      }
      this.#map.latestOffset = header.lastOffset;
      return false;
    });
  }

  // ----------------------------------------------------------------------------------- the groups

  #beginGroups(): void {
    const end = this.#map.latestOffset + 1;
    const { firstDirtyOffset } = this.#part;
    if (end <= firstDirtyOffset) {
      // Not even the first batch has its keys in the map: it stays as it is for ever.
      this.#options.done('corrupt');
      return;
    }
    const segments = this.#segments.filter(({ baseOffset }) => baseOffset < end);
    const groups = groupBySize(segments, this.#log.config);
    this.#transactions = new CleanedTransactions();
    this.#cleanGroup(groups, 0);
  }

  #cleanGroup(groups: readonly (readonly Segment[])[], place: number): void {
    const group = groups[place];
    if (group === undefined) {
      this.#options.done(this.#result());
      return;
    }
    this.#then(() => {
      const first = group[0]!;
      const cleaned = beginCleaned(this.#log.log, first.baseOffset, this.#nowMs);
      this.#cleanInto(cleaned, group, 0, () => this.#cleanGroup(groups, place + 1));
    });
  }

  #cleanInto(cleaned: Segment, group: readonly Segment[], place: number, next: () => void): void {
    const segment = group[place];
    if (segment === undefined) {
      this.#finish(cleaned, group, next);
      return;
    }
    this.#transactions.add(this.#abortedIn([segment]));
    const result = this.#copyRetained(segment, cleaned);
    if (result !== 'ok') {
      this.#abandon(cleaned, result);
      return;
    }
    this.#then(() => this.#cleanInto(cleaned, group, place + 1, next));
  }

  #copyRetained(segment: Segment, cleaned: Segment): 'ok' | 'corrupt' | DiskFailure {
    const { framing } = this.#log.log.segmentContext;
    const frame = frameHeader();
    const horizonMs = this.#nowMs + this.#log.config['delete.retention.ms'];
    let failure: DiskFailure | null = null;
    const read = this.#eachBatch(segment, (bytes, header, records) => {
      const verdict = this.#judge(header, records);
      const kept = filteredBatch(bytes, header, verdict, horizonMs);
      this.#recordsRead += records.length;
      this.#bytesRead += header.sizeBytes;
      if (kept === null) return false;
      if (kept !== bytes) this.#ports.cost.charge('crc', kept.length);
      const isFrame = framing.header(kept, 0, frame);
      assert(isFrame === 'ok' && frame.lastOffset === header.lastOffset, 'K16: offsets stay', {
        lastOffset: header.lastOffset,
      });
      cleaned.note(frame);
      const written = cleaned.write(kept, this.#nowMs);
      if (written !== 'ok') failure = written;
      this.#recordsKept += verdict.records.length;
      this.#bytesWritten += kept.length;
      return failure !== null;
    });
    if (read === 'corrupt') return 'corrupt';
    return failure ?? 'ok';
  }

  /** Source: `checkBatchRetention` and `shouldRetainRecord` of `Cleaner.cleanInto`. */
  #judge(header: BatchHeader, records: readonly BatchRecord[]): FilterVerdict {
    const horizonMs = deleteHorizonOf(header);
    const isPast = horizonMs !== null && horizonMs <= this.#nowMs;
    const isMarker = header.isControl;
    const isOfNothing = isMarker
      ? this.#transactions.onMarker(header, records[0] ?? null)
      : this.#transactions.onBatch(header);
    const goes = isOfNothing && (!isMarker || isPast);
    const last = this.#lastOfProducers.get(header.producerId);
    const isLastOfProducer =
      last !== undefined &&
      (last.offset === null
        ? isMarker && header.producerEpoch === last.epoch
        : header.lastOffset === last.offset);
    const endsPart = header.lastOffset + 1 === this.#part.firstUncleanableOffset;
    const mustStay = isLastOfProducer || endsPart;
    const kept = goes
      ? NO_RECORDS
      : isMarker && this.#options.keepsMarkers
        ? records
        : records.filter((record) => this.#stays(record, isPast));
    return {
      retention: mustStay ? 'retain-empty' : goes ? 'delete' : 'delete-empty',
      markerOfEmptyTransaction: isOfNothing && isMarker,
      records: kept,
    };
  }

  #stays({ key, value, offset }: BatchRecord, isPast: boolean): boolean {
    if (offset > this.#map.latestOffset) return true;
    if (key === null) return false;
    return offset >= this.#map.get(key) && (value !== null || !isPast);
  }

  /** Syncs the new segment, and then lets it take the place of the old ones. */
  #finish(cleaned: Segment, group: readonly Segment[], next: () => void): void {
    const lastGroup = group[group.length - 1]!;
    cleaned.becomeInactive();
    const saved = cleaned.saveIndexes();
    if (saved !== 'ok') {
      this.#abandon(cleaned, saved);
      return;
    }
    let failure: DiskFailure | null = null;
    let pending = 0;
    const finished = (): void => {
      if (!this.#options.isAlive()) this.#options.done('aborted');
      else if (failure !== null) this.#abandon(cleaned, failure);
      else if (!this.#isAsItWas(group)) this.#abandon(cleaned, 'aborted');
      else {
        assert(lastGroup.nextOffset <= this.#log.lastStableOffset, 'K16: below the LSO', {
          end: lastGroup.nextOffset,
        });
        swapSegments(this.#ports, this.#log.log, cleaned, group);
        const bases = group.map(({ baseOffset }) => baseOffset);
        this.#log.transactions?.segmentsReplaced(bases, this.#transactions.takeGone());
        // What is swapped in cannot be cut off by surprise: only the rest is watched from here on.
        for (const segment of group) this.#sizes.delete(segment);
        next();
      }
    };
    pending = cleaned.sync((result) => {
      if (result !== 'ok') failure = result;
      pending -= 1;
      if (pending === 0) finished();
    });
    if (pending === 0) finished();
  }

  #abandon(cleaned: Segment, end: 'aborted' | 'corrupt' | DiskFailure): void {
    cleaned.closeFiles();
    removeCleaned(this.#log.log, cleaned.baseOffset);
    this.#options.done(end);
  }

  #result(): Cleaned {
    return {
      endOffset: this.#map.latestOffset + 1,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      recordsRead: this.#recordsRead,
      recordsKept: this.#recordsKept,
    };
  }

  // -------------------------------------------------------------------------------------- reading

  /** Until a visit returns true; that is then the answer. */
  #eachBatch(
    segment: Segment,
    visit: (bytes: Uint8Array, header: BatchHeader, records: readonly BatchRecord[]) => boolean,
  ): boolean | 'corrupt' {
    const scan = segment.scanFrom(segment.baseOffset);
    for (let step = scan.next(); step !== 'end'; step = scan.next()) {
      if (step !== 'frame' || !scan.whole()) return 'corrupt';
      const { start } = scan;
      const bytes = scan.bytes.subarray(start, start + scan.header.sizeBytes);
      const header = readBatchHeader(bytes);
      if (isBatchProblem(header)) return 'corrupt';
      const records = readRecords(bytes, header, limits.decompressedBytesMax);
      if (isBatchProblem(records)) return 'corrupt';
      this.#ports.cost.charge('record', records.length);
      if (visit(bytes, header, records)) return true;
    }
    return false;
  }

  #abortedIn(segments: readonly Segment[]): readonly AbortedTransaction[] {
    const { transactions } = this.#log;
    if (transactions === null) return [];
    return segments.flatMap(({ baseOffset, nextOffset }) =>
      transactions.abortedBetween(baseOffset, nextOffset),
    );
  }
}

const NO_RECORDS: readonly BatchRecord[] = Object.freeze([]);

/** Source: `ProducerStateManager.lastRecordsOfActiveProducers`. */
interface LastRecord {
  readonly offset: number | null;
  readonly epoch: number;
}

function lastRecords(log: UnifiedLog): ReadonlyMap<number, LastRecord> {
  const last = new Map<number, LastRecord>();
  for (const [producerId, { batches, producerEpoch: epoch }] of log.producers.entries) {
    const batch = batches[batches.length - 1];
    last.set(producerId, { offset: batch?.lastOffset ?? null, epoch });
  }
  return last;
}

/** Neighbours that fit together into one segment, its indexes and their relative offsets. */
function groupBySize(
  segments: readonly Segment[],
  config: { readonly 'segment.bytes': number; readonly 'segment.index.bytes': number },
): readonly (readonly Segment[])[] {
  const groups: Segment[][] = [];
  let bytes = 0;
  let indexBytes = 0;
  let timeIndexBytes = 0;
  for (const segment of segments) {
    const group = groups[groups.length - 1];
    bytes += segment.sizeBytes;
    const { offsetIndex, timeIndex } = sparseIndexesOf(segment);
    indexBytes += offsetIndex.file.sizeBytes;
    timeIndexBytes += timeIndex.file.sizeBytes;
    const fits =
      group !== undefined &&
      bytes <= config['segment.bytes'] &&
      indexBytes <= config['segment.index.bytes'] &&
      timeIndexBytes <= config['segment.index.bytes'] &&
      segment.nextOffset - 1 - group[0]!.baseOffset <= RELATIVE_OFFSET_MAX;
    if (fits) {
      group.push(segment);
      continue;
    }
    groups.push([segment]);
    bytes = segment.sizeBytes;
    indexBytes = offsetIndex.file.sizeBytes;
    timeIndexBytes = timeIndex.file.sizeBytes;
  }
  return groups;
}
