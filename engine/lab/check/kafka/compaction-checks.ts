/**
 * K16, from outside: whatever compaction has done, a replica's log has at each offset what was
 * written there, or nothing; of each key the last value that was visible; and below where its
 * cleaner has come only the last record of each key.
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
import { isBatchProblem, readBatchHeader, readRecords } from '../../../wire/kafka/record-batch.ts';

const BYTES_MAX = 100_000_000;

interface Written {
  readonly offset: number;
  readonly key: string;
  /** Of value and headers; null for a tombstone. */
  readonly value: string | null;
}

/** What was visible of one partition. */
class Ghost {
  readonly byOffset = new Map<number, Written>();
  readonly last = new Map<string, Written>();
  end = 0;
  #leaderEpoch = -1;

  take(records: readonly Written[], upTo: number): void {
    for (const record of records) {
      if (record.offset < this.end || record.offset >= upTo) continue;
      this.byOffset.set(record.offset, record);
      this.last.set(record.key, record);
    }
    this.end = Math.max(this.end, upTo);
  }

  /** The latest leader ends there: what was behind it is lost, which is not compaction's doing. */
  cutBy(leaderEpoch: number, end: number): void {
    this.#leaderEpoch = Math.max(this.#leaderEpoch, leaderEpoch);
    if (leaderEpoch < this.#leaderEpoch || end >= this.end) return;
    const kept = [...this.byOffset.values()].filter(({ offset }) => offset < end);
    this.byOffset.clear();
    this.last.clear();
    this.end = 0;
    this.take(kept, end);
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
    ghost.take(recordsOf(partition, disk, ghost.end), highWatermark);
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
    const found = recordsOf(partition, disk, logStartOffset);
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
    return null;
  }
}

function isCompacted(partition: Partition): boolean {
  const policy = partition.log.config['cleanup.policy'];
  return policy.includes('compact') && !policy.includes('delete');
}

/** Read from the files beside the log, so that the checked run costs what an unchecked one does. */
function recordsOf(partition: Partition, disk: Disk, from: number): Written[] {
  const { log } = partition.log;
  const records: Written[] = [];
  for (const { baseOffset, nextOffset, sizeBytes } of log.segmentsWithIndexes) {
    const path = segmentPath(log.folder, baseOffset, '.log');
    if (nextOffset <= from || !disk.exists(path)) continue;
    const bytes = disk.open(path).read(0, sizeBytes);
    for (let at = 0; at < bytes.length;) {
      const header = readBatchHeader(bytes, at);
      if (isBatchProblem(header)) break;
      at += header.sizeBytes;
      if (header.lastOffset < from || header.isControl) continue;
      const batch = readRecords(bytes, header, BYTES_MAX);
      assert(!isBatchProblem(batch), 'a batch that can be read', { path, at });
      for (const { offset, key, value } of batch) {
        if (key === null || offset < from) continue;
        records.push({ offset, key: textOf(key), value: value === null ? null : textOf(value) });
      }
    }
  }
  return records;
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
