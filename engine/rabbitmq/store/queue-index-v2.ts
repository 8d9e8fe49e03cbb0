/**
 * The index of a queue, version 2: segment files `N.qi` with an entry at a fixed place for each
 * position, and a buffer of what is to be written.
 *
 *     status octet (1: there, 0: none or acknowledged) | persistent octet | 0 | location 17 octets
 *       | body's octets uint32 | expiry uint64
 *     location: 1, id (the message store) | 2, offset uint64, size uint32, 0 uint32 (.qs)
 *
 * A publication that is acknowledged while it is in the buffer is never written. Flushed is not
 * synced: the operating system has it, and a power loss may take it. When no message of a segment
 * is left, its files go. Which messages were delivered is not on disk: a clean shutdown leaves the
 * highest, and after a crash all count as delivered. Source: `rabbit_classic_queue_index_v2`,
 * `rabbit_variable_queue` (next_deliver_seq_id).
 */
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { assert } from '../../kernel/assert.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { FlushTimer } from './flush-timer.ts';
import { readMessageId, writeMessageId } from './message-id.ts';
import type { StorePorts } from './message-store.ts';
import {
  type IndexEntry,
  type IndexRecovery,
  type QueueIndex,
  type RecoveredEntry,
  type RecoveredIndex,
  nextSegment,
} from './queue-index.ts';
import { QueueStoreV2, type StoreLocation } from './queue-store-v2.ts';
import {
  hasHeader,
  openSegment,
  SEGMENT_HEADER_BYTES,
  type SegmentKind,
  segmentsIn,
  writeAt,
} from './segment-file.ts';
import { indexFlushedKind } from './store-trace.ts';

const INDEX: SegmentKind = { magic: 0x52435149, extension: '.qi' };
const ENTRY_BYTES = 32;
const IN_MESSAGE_STORE = 1;
const IN_QUEUE_STORE = 2;
/** The queue's timer. Source: `rabbit_amqqueue_process`, SYNC_INTERVAL. */
const SYNC_INTERVAL_MS = 200;
/** Without confirms to give, what waits is written before the queue's process hibernates. */
const HIBERNATE_AFTER_MS = 1000;
/** Source: `classic_queue_store_v2_max_cache_size`. */
const BUFFER_BYTES_MAX = 512_000;

type Buffered = { readonly entry: IndexEntry; readonly location: StoreLocation | null } | 'ack';

export interface IndexOptions {
  /** The queue's name, for the trace. */
  readonly queue: string;
  readonly folder: string;
  readonly segmentEntries: number;
}

export class QueueIndexV2 implements QueueIndex {
  readonly recovered: RecoveredIndex;
  readonly #ports: StorePorts;
  readonly #options: IndexOptions;
  readonly #store: QueueStoreV2;
  readonly #timer: FlushTimer;
  readonly #hibernate: Timer;
  readonly #buffer = new Map<number, Buffered>();
  /** Messages that are not acknowledged, by segment. */
  readonly #segments = new Map<number, number>();
  #told: (() => void)[] = [];
  /** All before it may have been delivered. */
  #redeliverBelow = 0;

  constructor(ports: StorePorts, options: IndexOptions, recovery: IndexRecovery) {
    this.#ports = ports;
    this.#options = options;
    this.#store = new QueueStoreV2(ports, options.folder, options.segmentEntries);
    const timer = { intervalMs: SYNC_INTERVAL_MS, label: 'queue-index' };
    this.#timer = new FlushTimer(ports.clock, timer, () => this.#flush());
    this.#hibernate = new Timer(ports.clock);
    this.recovered = this.#recover(recovery);
  }

  publish(entry: IndexEntry, told: (() => void) | null): void {
    const { seqId, embedded } = entry;
    assert(!this.#buffer.has(seqId), 'a position is published once', { seqId });
    const location = embedded === null ? null : this.#store.write(seqId, embedded);
    this.#buffer.set(seqId, { entry, location });
    const segment = this.#segmentOf(seqId);
    const unacknowledged = this.#segments.get(segment);
    if (unacknowledged === undefined) this.#open(segment);
    this.#segments.set(segment, (unacknowledged ?? 0) + 1);
    if (told !== null) this.#told.push(told);
    const isFull =
      this.#buffer.size >= this.#options.segmentEntries ||
      this.#store.bufferedBytes >= BUFFER_BYTES_MAX;
    if (isFull) this.#write();
    this.#waits();
  }

  deliver(seqId: number): void {
    assert(seqId >= 0, 'a position', { seqId });
    this.#redeliverBelow = Math.max(this.#redeliverBelow, seqId + 1);
  }

  ack(seqIds: readonly number[]): void {
    for (const seqId of seqIds) {
      const segment = this.#segmentOf(seqId);
      const left = (this.#segments.get(segment) ?? 0) - 1;
      assert(left >= 0, 'what is acknowledged was published', { seqId });
      this.#store.remove(seqId);
      const buffered = this.#buffer.get(seqId);
      assert(buffered !== 'ack', 'a message is acknowledged once', { seqId });
      if (buffered === undefined) this.#buffer.set(seqId, 'ack');
      else this.#buffer.delete(seqId);
      if (left > 0) this.#segments.set(segment, left);
      else this.#deleteSegment(segment);
    }
    // Acknowledgements alone wait until there are many.
    if (this.#buffer.size >= this.#options.segmentEntries / 2) this.#write();
    this.#waits();
  }

  close(done: (terms: string) => void): void {
    this.#flush();
    const segments = [...this.#segments.keys()];
    let left = 2 * segments.length;
    const synced = (): void => {
      left -= 1;
      if (left <= 0) done(String(this.#redeliverBelow));
    };
    if (segments.length === 0) synced();
    for (const segment of segments) {
      this.#store.sync(segment, synced);
      const file = this.#open(segment);
      file.sync((result) => {
        if (result === 'ok') synced();
        else this.#ports.failed(file.path, result);
      });
    }
  }

  stop(): void {
    this.#timer.stop();
    this.#hibernate.cancel();
  }

  // ----------------------------------------------------------------------------------- writing

  #waits(): void {
    if (this.#told.length > 0) this.#timer.added();
    if (this.#buffer.size === 0 || this.#hibernate.isSet) return;
    this.#hibernate.set(microsOfMillis(HIBERNATE_AFTER_MS), 'hibernate', () => this.#flush());
  }

  #flush(): void {
    this.stop();
    this.#write();
    const told = this.#told;
    this.#told = [];
    for (const tell of told) tell();
  }

  #write(): void {
    const entries = this.#buffer.size;
    for (const [seqId, buffered] of this.#buffer) {
      const octets = buffered === 'ack' ? NO_ENTRY : encodeEntry(buffered.entry, buffered.location);
      const place = SEGMENT_HEADER_BYTES + (seqId % this.#options.segmentEntries) * ENTRY_BYTES;
      writeAt(this.#ports, this.#open(this.#segmentOf(seqId)), place, octets);
    }
    this.#buffer.clear();
    this.#store.flush();
    const { queue } = this.#options;
    if (entries === 0) return;
    this.#ports.trace.record(indexFlushedKind, { queue, entries, synced: false });
  }

  #deleteSegment(segment: number): void {
    this.#segments.delete(segment);
    this.#store.deleteSegment(segment);
    for (const seqId of [...this.#buffer.keys()]) {
      if (this.#segmentOf(seqId) !== segment) continue;
      assert(this.#buffer.get(seqId) === 'ack', 'nothing of it is left', { seqId });
      this.#buffer.delete(seqId);
    }
    this.#ports.disk.remove(`${this.#options.folder}/${segment}${INDEX.extension}`);
  }

  #segmentOf(seqId: number): number {
    return Math.floor(seqId / this.#options.segmentEntries);
  }

  #open(segment: number): ReturnType<typeof openSegment> {
    return openSegment(this.#ports, INDEX, { ...this.#options, segment });
  }

  // ---------------------------------------------------------------------------------- recovery

  #recover({ terms, contains }: IndexRecovery): RecoveredIndex {
    const { folder, segmentEntries } = this.#options;
    const segments = segmentsIn(this.#ports, folder, INDEX.extension);
    const nextSeqId = nextSegment(segments, segmentEntries);
    this.#redeliverBelow = terms === null ? nextSeqId : Number(terms);
    assert(Number.isInteger(this.#redeliverBelow), 'the terms are a position', { terms });
    const entries: RecoveredEntry[] = [];
    let dropped = 0;
    for (const segment of segments) {
      const found = readSegment(this.#ports, this.#options, segment);
      const before = entries.length;
      for (const [seqId, { entry, location }] of found) {
        const embedded = location === null ? null : this.#store.read(seqId, location);
        const isThere = location === null ? contains(entry.id) : embedded !== null;
        if (isThere) {
          entries.push({ ...entry, embedded, delivered: seqId < this.#redeliverBelow });
          continue;
        }
        dropped += 1;
        const place = SEGMENT_HEADER_BYTES + (seqId % segmentEntries) * ENTRY_BYTES;
        writeAt(this.#ports, this.#open(segment), place, NO_ENTRY);
      }
      if (entries.length > before) this.#segments.set(segment, entries.length - before);
      else this.#deleteSegment(segment);
    }
    return { entries, nextSeqId, dropped };
  }
}

/** Messages of the message store that the queue's index wants, before anything is opened. */
export function referencesOfV2(ports: StorePorts, options: IndexOptions): readonly string[] {
  return segmentsIn(ports, options.folder, INDEX.extension).flatMap((segment) =>
    [...readSegment(ports, options, segment).values()].flatMap(({ entry, location }) =>
      location === null ? [entry.id] : [],
    ),
  );
}

interface Found {
  readonly entry: IndexEntry;
  readonly location: StoreLocation | null;
}

/** The entries of a segment that are not acknowledged; none where its header is not whole. */
function readSegment(
  ports: StorePorts,
  { folder }: IndexOptions,
  segment: number,
): ReadonlyMap<number, Found> {
  const found = new Map<number, Found>();
  const file = ports.disk.open(`${folder}/${segment}${INDEX.extension}`);
  if (!hasHeader(file, INDEX)) return found;
  const octets = file.read(0, file.size()).slice();
  ports.cost.charge('read', octets.length);
  const header = new Reader(octets, 5);
  const first = header.int64();
  const count = header.int64() - first;
  for (let place = 0; place < count; place++) {
    const start = SEGMENT_HEADER_BYTES + place * ENTRY_BYTES;
    if (start + ENTRY_BYTES > octets.length) break;
    const reader = new Reader(octets, start, start + ENTRY_BYTES);
    const decoded = decodeEntry(reader, first + place);
    if (decoded !== null) found.set(first + place, decoded);
  }
  assert(found.size <= count, 'a position once', { segment });
  return found;
}

const NO_ENTRY = new Uint8Array(1);

function encodeEntry(entry: IndexEntry, location: StoreLocation | null): Uint8Array {
  const writer = new Writer(ENTRY_BYTES);
  writer.int8(1);
  writer.int8(1);
  writer.int8(0);
  if (location === null) {
    writer.int8(IN_MESSAGE_STORE);
    writeMessageId(writer, entry.id);
  } else {
    writer.int8(IN_QUEUE_STORE);
    writer.int64(location.offset);
    writer.uint32(location.size);
    writer.uint32(0);
  }
  writer.uint32(entry.bodyBytes);
  writer.int64(entry.expiry);
  assert(writer.length === ENTRY_BYTES, 'an entry', { length: writer.length });
  return writer.finish();
}

function decodeEntry(reader: Reader, seqId: number): Found | null {
  const isThere = reader.int8() === 1 && reader.int8() === 1;
  if (!isThere) return null;
  reader.int8();
  const where = reader.int8();
  const start = reader.position;
  const isShared = where === IN_MESSAGE_STORE;
  const id = isShared ? readMessageId(reader) : '';
  const location =
    where === IN_QUEUE_STORE ? { offset: reader.int64(), size: reader.uint32() } : null;
  reader.position = start + 16;
  const bodyBytes = reader.uint32();
  const expiry = reader.int64();
  if (!isShared && location === null) return null;
  return { entry: { seqId, id, expiry, bodyBytes, embedded: null }, location };
}
