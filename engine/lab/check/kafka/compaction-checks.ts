/**
 * K16, from outside: whatever compaction has done, a replica's log has at each offset what was
 * written there, or nothing; of each key the last value that was visible; below where its cleaner
 * has come only the last record of each key; and the marker of each transaction of which it has a
 * record (KAFKA-14055).
 *
 * The ghost is what was below a high watermark, read from the file of whoever had it there first,
 * before any cleaner can have touched it. A replica is read again when its cleaner has finished a
 * cleaning or its broker has restarted.
 * Not here: the promise (a record that is lost with its disk is K4's).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Disk } from '../../../kernel/ports.ts';
import { Broker } from '../../../kafka/broker.ts';
import { LogCleaner } from '../../../kafka/cleaner/log-cleaner.ts';
import type { Partition } from '../../../kafka/partition/partition.ts';
import { segmentPath } from '../../../storage/log-directory.ts';
import { decodeMarker } from '../../../wire/kafka/control-record.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readBatchHeader,
  readRecords,
} from '../../../wire/kafka/record-batch.ts';
import type { BatchRecord } from '../../../wire/kafka/record.ts';

const BYTES_MAX = 100_000_000;

interface Written {
  readonly offset: number;
  readonly key: string;
  /** Of value and headers; null for a tombstone. */
  readonly value: string | null;
  /** Of a record in a transaction, else -1. */
  readonly producerId: number;
}

interface Marker {
  readonly offset: number;
  readonly producerId: number;
  readonly commits: boolean;
}

/** What a replica's files have, in order of offset. */
interface Contents {
  readonly records: Written[];
  readonly markers: Marker[];
}

/** What was visible of one partition. */
class Ghost {
  readonly byOffset = new Map<number, Written>();
  /** Of what is decided: a record of a transaction counts from its commit on, if there is one. */
  readonly last = new Map<string, Written>();
  markers: Marker[] = [];
  end = 0;
  /** By producer id: what its open transaction has written. */
  readonly #undecided = new Map<number, Written[]>();
  #leaderEpoch = -1;

  take({ records, markers }: Contents, upTo: number): void {
    const isNew = ({ offset }: { readonly offset: number }): boolean =>
      offset >= this.end && offset < upTo;
    const ends = markers.filter(isNew);
    let place = 0;
    const endUpTo = (offset: number): void => {
      for (; (ends[place]?.offset ?? offset) < offset; place++) this.#decide(ends[place]!);
    };
    for (const record of records.filter(isNew)) {
      endUpTo(record.offset);
      this.byOffset.set(record.offset, record);
      const open = this.#undecided.get(record.producerId);
      if (record.producerId < 0) this.#count(record);
      else if (open === undefined) this.#undecided.set(record.producerId, [record]);
      else open.push(record);
    }
    endUpTo(upTo);
    this.markers.push(...ends);
    this.end = Math.max(this.end, upTo);
  }

  #decide({ producerId, commits }: Marker): void {
    const records = this.#undecided.get(producerId) ?? [];
    this.#undecided.delete(producerId);
    if (commits) for (const record of records) this.#count(record);
  }

  #count(record: Written): void {
    const known = this.last.get(record.key);
    if (known === undefined || known.offset < record.offset) this.last.set(record.key, record);
  }

  /** The latest leader ends there: what was behind it is lost, which is not compaction's doing. */
  cutBy(leaderEpoch: number, end: number): void {
    this.#leaderEpoch = Math.max(this.#leaderEpoch, leaderEpoch);
    if (leaderEpoch < this.#leaderEpoch || end >= this.end) return;
    const records = [...this.byOffset.values()].filter(({ offset }) => offset < end);
    const markers = this.markers.filter(({ offset }) => offset < end);
    this.byOffset.clear();
    this.last.clear();
    this.#undecided.clear();
    this.markers = [];
    this.end = 0;
    this.take({ records, markers }, end);
  }
}

export class CompactionChecks {
  readonly #ghosts = new Map<string, Ghost>();
  /** By host: the broker's life, and how many cleanings of it were looked at. */
  readonly #seen = new Map<string, { readonly broker: Broker; cleaned: number }>();

  /** What is wrong on a host after an event; null if nothing is. */
  defect(host: string, broker: Broker, disk: Disk): string | null {
    for (const partition of broker.partitions) {
      if (isCompacted(partition)) this.#takeIn(partition, disk);
    }
    const cleaner = broker.modules.find((one) => one instanceof LogCleaner);
    if (cleaner === undefined) return null;
    const cleaned = cleaner.inspect().cleanedCount;
    const seen = this.#seen.get(host);
    if (seen?.broker === broker && seen.cleaned === cleaned) return null;
    this.#seen.set(host, { broker, cleaned });
    for (const partition of broker.partitions) {
      if (!isCompacted(partition)) continue;
      const what = this.#compare(partition, cleaner.checkpointOf(partition.name) ?? 0, disk);
      if (what !== null) return `${what} of ${partition.name} on ${host}`;
    }
    return null;
  }

  #takeIn(partition: Partition, disk: Disk): void {
    const ghost = this.#ghostOf(partition);
    const { highWatermark, logEndOffset } = partition.log;
    if (partition.isLeader) ghost.cutBy(partition.leaderEpoch, logEndOffset);
    if (highWatermark <= ghost.end) return;
    ghost.take(contentsOf(partition, disk, ghost.end), highWatermark);
  }

  #ghostOf({ topicId, index }: Partition): Ghost {
    const id = `${topicId}-${index}`;
    const known = this.#ghosts.get(id) ?? new Ghost();
    this.#ghosts.set(id, known);
    return known;
  }

  #compare(partition: Partition, checkpoint: number, disk: Disk): string | null {
    const ghost = this.#ghostOf(partition);
    const { logStartOffset, highWatermark, lastStableOffset } = partition.log;
    if (checkpoint > lastStableOffset) return `the cleaner came to ${checkpoint}, above the LSO`;
    const contents = contentsOf(partition, disk, logStartOffset);
    const found = contents.records;
    const last = new Map<string, number>();
    for (const { offset, key } of found) if (offset < checkpoint) last.set(key, offset);
    const offsets = new Set<number>();
    let before = -1;
    for (const { offset, key, value } of found) {
      if (offset <= before) return `offset ${offset} stands behind ${before}`;
      before = offset;
      offsets.add(offset);
      if (offset >= Math.min(ghost.end, highWatermark)) continue;
      const was = ghost.byOffset.get(offset);
      if (was !== undefined && (was.key !== key || was.value !== value)) {
        return `offset ${offset} has something else than was written`;
      }
      if (offset < checkpoint && last.get(key) !== offset) {
        return `offset ${offset} is still there though ${last.get(key)} has the same key`;
      }
    }
    for (const { offset, value } of ghost.last.values()) {
      if (value === null || offset < logStartOffset || offset >= highWatermark) continue;
      if (!offsets.has(offset)) return `offset ${offset}, the last of its key, is gone`;
    }
    return unmarked(ghost, contents, Math.min(ghost.end, highWatermark));
  }
}

/** A transaction below an offset of which records are there, and the marker is not. */
function unmarked({ markers }: Ghost, found: Contents, end: number): string | null {
  const there = new Set(found.markers.map(({ offset }) => offset));
  /** By producer id: the offset of the marker before. */
  const before = new Map<number, number>();
  for (const { offset, producerId } of markers) {
    const from = before.get(producerId) ?? -1;
    before.set(producerId, offset);
    if (offset >= end || there.has(offset)) continue;
    const left = found.records.find(
      (record) =>
        record.producerId === producerId && record.offset > from && record.offset < offset,
    );
    if (left === undefined) continue;
    return `the marker at ${offset} is gone, offset ${left.offset} of its transaction is not,`;
  }
  return null;
}

function isCompacted(partition: Partition): boolean {
  const policy = partition.log.config['cleanup.policy'];
  return policy.includes('compact') && !policy.includes('delete');
}

/** Read from the files beside the log, so that the checked run costs what an unchecked one does. */
function contentsOf(partition: Partition, disk: Disk, from: number): Contents {
  const { log } = partition.log;
  const contents: Contents = { records: [], markers: [] };
  for (const { baseOffset, nextOffset, sizeBytes } of log.segmentsWithIndexes) {
    const path = segmentPath(log.folder, baseOffset, '.log');
    if (nextOffset <= from || !disk.exists(path)) continue;
    const bytes = disk.open(path).read(0, sizeBytes);
    for (let at = 0; at < bytes.length;) {
      const header = readBatchHeader(bytes, at);
      if (isBatchProblem(header)) break;
      at += header.sizeBytes;
      if (header.lastOffset < from) continue;
      const batch = readRecords(bytes, header, BYTES_MAX);
      assert(!isBatchProblem(batch), 'a batch that can be read', { path, at });
      note(contents, header, batch, from);
    }
  }
  return contents;
}

function note(
  { records, markers }: Contents,
  { isControl, isTransactional, producerId: owner }: BatchHeader,
  batch: readonly BatchRecord[],
  from: number,
): void {
  const producerId = isTransactional ? owner : -1;
  for (const record of batch) {
    const { offset, key, value } = record;
    if (key === null || offset < from) continue;
    if (!isControl) {
      const text = value === null ? null : textOf(value);
      records.push({ offset, key: textOf(key), value: text, producerId });
      continue;
    }
    const marker = decodeMarker(record);
    if (marker !== null) markers.push({ offset, producerId, commits: marker.type === 'commit' });
  }
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
