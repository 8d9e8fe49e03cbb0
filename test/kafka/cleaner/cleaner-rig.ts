/** One compacted log on a simulated disk, its cleanings, and the model that they are held to. */
import { expect } from 'vitest';
import { encodeUtf8, decodeUtf8 } from '#engine/bytes/utf8.ts';
import type { CleanablePart } from '#engine/kafka/cleaner/cleanable.ts';
import { cleanablePart } from '#engine/kafka/cleaner/cleanable.ts';
import { Cleaning } from '#engine/kafka/cleaner/cleaning.ts';
import type { CleaningEnd } from '#engine/kafka/cleaner/cleaning.ts';
import { LeaderEpochCache } from '#engine/kafka/partition/leader-epoch-cache.ts';
import { kafkaFraming } from '#engine/kafka/partition/log-framing.ts';
import { OngoingTransactions } from '#engine/kafka/partition/ongoing-transactions.ts';
import { ProducerSnapshots, rebuildProducers } from '#engine/kafka/partition/producer-snapshot.ts';
import { ProducerState } from '#engine/kafka/partition/producer-state.ts';
import { logConfigOf, readTopicConfig } from '#engine/kafka/partition/topic-config.ts';
import { UnifiedLog } from '#engine/kafka/partition/unified-log.ts';
import { profileOf } from '#engine/kafka/profiles.ts';
import { present } from '#engine/kernel/assert.ts';
import type { Disk } from '#engine/kernel/ports.ts';
import {
  encodeBatch,
  isBatchProblem,
  readBatchHeader,
  readRecords,
} from '#engine/wire/kafka/record-batch.ts';
import type { BatchDraft, BatchHeader } from '#engine/wire/kafka/record-batch.ts';
import { encodeMarker } from '#engine/wire/kafka/control-record.ts';
import { FOLDER, Rig } from '../../storage/rig.ts';

/** What was written at an offset. `value` null is a tombstone. */
export interface Written {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: number;
}

export class Crash extends Error {}

export class CleanerRig {
  readonly rig = new Rig();
  readonly configs: Record<string, string>;
  /** Everything that was ever written, by offset. */
  readonly written: Written[] = [];
  /** The next sequence of each producer id. */
  readonly sequences = new Map<number, number>();
  log: UnifiedLog;
  checkpoint: number | null = null;
  dedupeBufferBytes = 100_000;
  keepsMarkers = true;
  /** The process dies at this change of the disk, counted from when this is set; 0: never. */
  crashAt = 0;
  changes = 0;

  constructor(configs: Record<string, string> = {}) {
    this.configs = {
      'cleanup.policy': 'compact',
      'segment.bytes': '600',
      'index.interval.bytes': '100',
      'delete.retention.ms': '1000',
      ...configs,
    };
    this.log = this.open(true, 0);
  }

  get ports() {
    return { ...this.rig.ports, disk: crashing(this.rig.disk, () => this.#change()) };
  }

  #change(): void {
    this.changes += 1;
    if (this.changes === this.crashAt) throw new Crash();
  }

  open(clean: boolean, recoveryPoint: number): UnifiedLog {
    const config = readTopicConfig(
      new Map(Object.entries(this.configs)),
      {},
      profileOf('kafka-4.1'),
    );
    const opened = this.rig.open(
      { config: logConfigOf(config), clean, recoveryPoint },
      kafkaFraming,
    );
    const { log } = opened;
    const epochs = new LeaderEpochCache(null);
    epochs.restore(log);
    const producers = new ProducerState();
    const snapshots = new ProducerSnapshots(this.rig.disk, FOLDER);
    const segmentOf = (offset: number): number =>
      log.segments().findLast(({ baseOffset }) => baseOffset <= offset)?.baseOffset ?? 0;
    const place = { folder: FOLDER, producers, segmentOf };
    const rules = { verification: false, markerRenewsProducer: true };
    const transactions = new OngoingTransactions(this.rig.ports, place, rules);
    rebuildProducers(producers, snapshots, log, transactions);
    const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
    const parts = { topicId, log, epochs, producers, snapshots, config, transactions };
    this.log = new UnifiedLog(this.rig.ports, { ...parts, highWatermark: log.logEndOffset });
    return this.log;
  }

  /** Appends one batch, which is on the platter and below the high watermark at once. */
  append(
    records: readonly { readonly key: string; readonly value: string | null }[],
    draft: Partial<BatchDraft> = {},
    epoch = 0,
  ): void {
    const timestamp = Math.floor(this.rig.nowMicros / 1000);
    const base = this.log.logEndOffset;
    const bytes = encodeBatch({
      ...draft,
      records: records.map(({ key, value }) => ({
        timestamp,
        key: encodeUtf8(key),
        value: value === null ? null : encodeUtf8(value),
      })),
    });
    const header = readBatchHeader(bytes);
    if (isBatchProblem(header)) throw new Error(header);
    const info = this.log.appendAsLeader(bytes, header, epoch);
    expect(info.errorCode).toBe(0);
    records.forEach(({ key, value }, place) => {
      this.written.push({ offset: base + place, key, value, timestamp });
    });
    this.log.log.flush();
    this.rig.settle();
    this.log.maybeIncrementHighWatermark(this.log.logEndOffset);
  }

  /** Ends a producer's transaction. */
  mark(producerId: number, type: 'abort' | 'commit'): void {
    const timestamp = Math.floor(this.rig.nowMicros / 1000);
    const bytes = encodeBatch({
      records: [encodeMarker({ type, coordinatorEpoch: 0 }, timestamp)],
      producerId,
      producerEpoch: 0,
      isTransactional: true,
      isControl: true,
    });
    const header = readBatchHeader(bytes);
    if (isBatchProblem(header)) throw new Error(header);
    expect(this.log.appendAsLeader(bytes, header, 0).errorCode).toBe(0);
    this.log.log.flush();
    this.rig.settle();
    this.log.maybeIncrementHighWatermark(this.log.logEndOffset);
  }

  /** Headers of the batches that the log has. */
  batches(): BatchHeader[] {
    const found: BatchHeader[] = [];
    this.log.log.scan(this.log.logStartOffset, (_frame, bytes, position) => {
      const header = readBatchHeader(bytes, position);
      if (isBatchProblem(header)) throw new Error(header);
      found.push(header);
    });
    return found;
  }

  part(): CleanablePart {
    return cleanablePart(this.log, this.checkpoint, Math.floor(this.rig.nowMicros / 1000));
  }

  /** Cleans once, to the end. Throws `Crash` where the rig was told to. */
  clean(part = this.part(), afterFirstStep: () => void = () => undefined): CleaningEnd {
    let end: CleaningEnd | null = null;
    const cleaning = new Cleaning(this.ports, this.log, part, {
      dedupeBufferBytes: this.dedupeBufferBytes,
      loadFactor: 1,
      keepsMarkers: this.keepsMarkers,
      isAlive: () => true,
      done: (how) => (end = how),
    });
    cleaning.start();
    for (let turn = 0; end === null; turn++) {
      if (turn > 1000) throw new Error('the cleaning does not end');
      this.rig.advance(0);
      this.rig.settle();
      if (turn === 0) afterFirstStep();
    }
    this.rig.settle();
    const how = end as CleaningEnd;
    if (typeof how === 'object') this.checkpoint = how.endOffset;
    return how;
  }

  /** What the log has, read batch by batch through its own reads. */
  records(): Written[] {
    const found: Written[] = [];
    let offset = this.log.logStartOffset;
    const maxOffset = this.log.logEndOffset;
    while (offset < maxOffset) {
      const read = this.log.read(offset, 1, { minOneMessage: true, maxOffset });
      if (typeof read === 'string') throw new Error(read);
      if (read.bytes.length === 0) break;
      const header = readBatchHeader(read.bytes);
      if (isBatchProblem(header)) throw new Error(header);
      const records = readRecords(read.bytes, header, 1_000_000);
      if (isBatchProblem(records)) throw new Error(records);
      for (const record of records) {
        found.push({
          offset: record.offset,
          key: decodeUtf8(present(record.key, 'a key')),
          value: record.value === null ? null : decodeUtf8(record.value),
          timestamp: record.timestamp,
        });
      }
      expect(header.lastOffset).toBeGreaterThanOrEqual(offset);
      offset = header.lastOffset + 1;
    }
    return found;
  }

  /**
   * Invariant K16: what is there is what was written there; the last value of each key is there;
   * below the checkpoint nothing else is, save tombstones that may still be read.
   */
  checkAgainstModel(): void {
    const found = this.records();
    const last = new Map(this.written.map((record) => [record.key, record]));
    const end = this.checkpoint ?? 0;
    const lastBelow = new Map(
      this.written.filter(({ offset }) => offset < end).map((record) => [record.key, record]),
    );
    for (const record of found) {
      expect(record).toEqual(this.written[record.offset]);
      if (record.offset < end) expect(record).toEqual(lastBelow.get(record.key));
    }
    let before = -1;
    this.log.log.scan(this.log.logStartOffset, ({ baseOffset, lastOffset }) => {
      expect(baseOffset, 'no two segments hold the same offsets').toBeGreaterThan(before);
      before = lastOffset;
    });
    const offsets = new Set(found.map(({ offset }) => offset));
    for (const { offset, value } of last.values()) {
      if (value !== null) expect(offsets.has(offset), `offset ${offset}`).toBe(true);
    }
    expect([...offsets]).toEqual([...offsets].sort((left, right) => left - right));
  }
}

/** A disk that dies with the process at a change. */
function crashing(disk: Disk, change: () => void): Disk {
  return {
    exists: (path) => disk.exists(path),
    list: (folder) => disk.list(folder),
    freeBytes: () => disk.freeBytes(),
    open: (path) => {
      const file = disk.open(path);
      return {
        path: file.path,
        size: () => file.size(),
        read: (position, length) => file.read(position, length),
        write: (position, bytes) => (change(), file.write(position, bytes)),
        truncate: (size) => (change(), file.truncate(size)),
        sync: (done) => (change(), file.sync(done)),
        close: () => file.close(),
      };
    },
    remove: (path) => {
      if (!disk.exists(path)) return;
      change();
      disk.remove(path);
    },
    rename: (from, to) => {
      change();
      disk.rename(from, to);
    },
  };
}
