/**
 * The state of a log's idempotent producers on disk, so that a restart need not read the whole log:
 * `<offset>.snapshot` holds what was known below that offset. Written when a segment is rolled and
 * at a clean stop.
 *
 *     version int16 = 1 | crc uint32 (CRC-32C of what follows) | count int32 | entries
 *     entry: producerId int64 | producerEpoch int16 | lastSequence int32 | lastOffset int64 |
 *            offsetDelta int32 | timestamp int64 | coordinatorEpoch int32 |
 *            currentTxnFirstOffset int64
 *
 * Only the last batch of a producer is kept, as in the real file: after a restart a retry of an
 * older one is out of order. Source: `ProducerStateManager.writeSnapshot`, `readSnapshot`.
 * Not here: the rules (`producer-state.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Disk } from '../../kernel/ports.ts';
import { crc32c } from '../../bytes/crc32c.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import type { SegmentedLog } from '../../storage/log.ts';
import { isBatchProblem, readBatchHeader } from '../../wire/kafka/record-batch.ts';
import type { LogTransactions } from './log-transactions.ts';
import {
  NO_OFFSET,
  type ProducerEntry,
  type ProducerState,
  sequencePlus,
} from './producer-state.ts';

const VERSION = 1;
const CRC_AT = 2;
const ENTRIES_AT = 6;
const SEQUENCES = 2_147_483_648;
const OFFSET_DIGITS = 20;
const SNAPSHOT_FILE = /^(\d{20})\.snapshot$/;
/** A snapshot at the log's end and one before it are kept. */
const KEPT = 2;

export class ProducerSnapshots {
  readonly #disk: Disk;
  readonly #folder: string;

  constructor(disk: Disk, folder: string) {
    assert(folder.length > 0, 'a folder');
    this.#disk = disk;
    this.#folder = folder;
  }

  /** Offsets of the snapshots, lowest first. */
  offsets(): number[] {
    const offsets: number[] = [];
    for (const name of this.#disk.list(this.#folder)) {
      const match = SNAPSHOT_FILE.exec(name);
      if (match !== null) offsets.push(Number(match[1]));
    }
    return offsets.sort((left, right) => left - right);
  }

  /** Writes what the producers are up to at an offset. Nothing is written for no producers. */
  write(producers: ProducerState, offset: number): void {
    assert(offset >= 0, 'an offset', { offset });
    if (producers.entries.size === 0) return;
    const file = this.#disk.open(this.#path(offset));
    file.truncate(0);
    file.write(0, encodeSnapshot([...producers.entries.values()]));
    file.sync(() => file.close());
    for (const old of this.offsets().slice(0, -KEPT)) this.#disk.remove(this.#path(old));
  }

  /** The entries of a snapshot; null if it is not whole. */
  read(offset: number): readonly ProducerEntry[] | null {
    const file = this.#disk.open(this.#path(offset));
    const bytes = file.read(0, file.size()).slice();
    file.close();
    return decodeSnapshot(bytes);
  }

  /** The log was cut: snapshots of what is beyond are wrong. -1 removes all. */
  removeAfter(offset: number): void {
    for (const known of this.offsets()) {
      if (known > offset) this.#disk.remove(this.#path(known));
    }
  }

  /** Retention moved the log start: what is below it is of no use. */
  removeBefore(offset: number): void {
    for (const known of this.offsets()) {
      if (known < offset) this.#disk.remove(this.#path(known));
    }
  }

  #path(offset: number): string {
    return `${this.#folder}/${String(offset).padStart(OFFSET_DIGITS, '0')}.snapshot`;
  }
}

/**
 * Brings the producers to the log's end: the newest whole snapshot up to an offset, then the log
 * from there.
 */
export function rebuildProducers(
  producers: ProducerState,
  snapshots: ProducerSnapshots,
  log: SegmentedLog,
  transactions: LogTransactions | null = null,
  snapshotOffsetMax = log.logEndOffset,
): void {
  producers.reset([], log.logStartOffset);
  for (const offset of snapshots.offsets().reverse()) {
    if (offset < log.logStartOffset || offset > snapshotOffsetMax) continue;
    const entries = snapshots.read(offset);
    if (entries === null) continue;
    producers.reset(entries, offset);
    break;
  }
  const from = producers.mapEndOffset;
  transactions?.rebuildFrom(from);
  log.scan(from, (frame, bytes, position) => {
    const header = readBatchHeader(bytes, position);
    assert(!isBatchProblem(header), 'a frame of the log', { position, header });
    if (frame.baseOffset < from || header.producerId < 0) return;
    const { producerId, producerEpoch, baseSequence, lastOffsetDelta } = header;
    const at = { firstOffset: header.baseOffset, lastOffset: header.lastOffset };
    if (!header.isControl) {
      const lastSequence = sequencePlus(baseSequence, lastOffsetDelta);
      producers.appended(
        { producerId, producerEpoch, baseSequence, lastSequence },
        { ...at, timestamp: header.maxTimestamp },
      );
    }
    transactions?.tookIn(header, bytes, at);
  });
  producers.mapEndOffset = log.logEndOffset;
}

/** The bytes of a snapshot; entries in order of producer id. */
export function encodeSnapshot(entries: readonly ProducerEntry[]): Uint8Array {
  const sorted = [...entries].sort((left, right) => left.producerId - right.producerId);
  const writer = new Writer();
  writer.int16(VERSION);
  writer.uint32(0);
  writer.int32(sorted.length);
  for (const entry of sorted) {
    const last = entry.batches[entry.batches.length - 1];
    writer.int64(entry.producerId);
    writer.int16(entry.producerEpoch);
    // After a bump of the epoch a producer has no batch of it yet.
    writer.int32(last?.lastSequence ?? -1);
    writer.int64(last?.lastOffset ?? NO_OFFSET);
    writer.int32(last === undefined ? 0 : last.lastOffset - last.firstOffset);
    writer.int64(entry.lastTimestamp);
    writer.int32(entry.coordinatorEpoch);
    writer.int64(entry.currentTxnFirstOffset);
  }
  const bytes = writer.finish();
  const crc = crc32c(bytes, ENTRIES_AT);
  const patched = bytes.slice();
  new DataView(patched.buffer).setUint32(CRC_AT, crc);
  return patched;
}

/** The entries of a snapshot; null if the bytes are none. */
export function decodeSnapshot(bytes: Uint8Array): readonly ProducerEntry[] | null {
  try {
    const reader = new Reader(bytes);
    if (reader.int16() !== VERSION) return null;
    if (reader.uint32() !== crc32c(bytes, ENTRIES_AT)) return null;
    const count = reader.int32();
    const entries: ProducerEntry[] = [];
    for (let index = 0; index < count; index++) entries.push(readEntry(reader));
    return reader.remaining === 0 ? entries : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function readEntry(reader: Reader): ProducerEntry {
  const producerId = reader.int64();
  const producerEpoch = reader.int16();
  const lastSequence = reader.int32();
  const lastOffset = reader.int64();
  const offsetDelta = reader.int32();
  const timestamp = reader.int64();
  const coordinatorEpoch = reader.int32();
  const currentTxnFirstOffset = reader.int64();
  const first = lastSequence - offsetDelta;
  const baseSequence = lastSequence >= 0 && first < 0 ? first + SEQUENCES : first;
  const firstOffset = lastOffset - offsetDelta;
  const batch = { baseSequence, lastSequence, firstOffset, lastOffset, timestamp };
  const batches = lastOffset === NO_OFFSET ? [] : [batch];
  const of = { coordinatorEpoch, currentTxnFirstOffset };
  return { producerId, producerEpoch, batches, lastTimestamp: timestamp, ...of };
}
