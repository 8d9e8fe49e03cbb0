/**
 * A queue's own store of small messages, version 2: a file `N.qs` beside each index segment
 * `N.qi`.
 *
 *     size uint32 | has a checksum octet | checksum uint16 | 0 | message
 *
 * A message is written once, is not counted and not shared; it goes with its segment. What is
 * acknowledged before the flush is not written. Nothing is synced but at a shutdown.
 * Source: `rabbit_classic_queue_store_v2`. Differs: the checksum is of CRC-32C, not CRC-32.
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { assert } from '../../kernel/assert.ts';
import type { StorePorts } from './message-store.ts';
import {
  hasHeader,
  openSegment,
  SEGMENT_HEADER_BYTES,
  type SegmentKind,
  writeAt,
} from './segment-file.ts';

const QUEUE_STORE: SegmentKind = { magic: 0x52435153, extension: '.qs' };
const ENTRY_HEADER_BYTES = 8;

/** Where a message is in the file of its segment. */
export interface StoreLocation {
  readonly offset: number;
  readonly size: number;
}

interface Buffered extends StoreLocation {
  readonly segment: number;
  readonly octets: Uint8Array;
}

export class QueueStoreV2 {
  readonly #ports: StorePorts;
  readonly #folder: string;
  readonly #segmentEntries: number;
  readonly #buffer = new Map<number, Buffered>();
  #bufferedBytes = 0;
  /** The segment that is written, and where its next message begins. */
  #segment: number | null = null;
  #offset = SEGMENT_HEADER_BYTES;

  constructor(ports: StorePorts, folder: string, segmentEntries: number) {
    assert(segmentEntries > 0, 'entries a segment', { segmentEntries });
    this.#ports = ports;
    this.#folder = folder;
    this.#segmentEntries = segmentEntries;
  }

  /** Octets that wait for the flush. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  write(seqId: number, octets: Uint8Array): StoreLocation {
    assert(!this.#buffer.has(seqId), 'a message is written once', { seqId });
    const segment = Math.floor(seqId / this.#segmentEntries);
    if (this.#segment !== segment) {
      assert((this.#segment ?? -1) < segment, 'segments ascend', { segment });
      this.#segment = segment;
      const path = `${this.#folder}/${segment}${QUEUE_STORE.extension}`;
      const there = this.#ports.disk.exists(path) ? this.#ports.disk.open(path).size() : 0;
      this.#offset = Math.max(there, SEGMENT_HEADER_BYTES);
    }
    const location = { offset: this.#offset, size: octets.length };
    this.#offset += ENTRY_HEADER_BYTES + octets.length;
    this.#buffer.set(seqId, { ...location, segment, octets });
    this.#bufferedBytes += octets.length;
    return location;
  }

  /** The message is gone: if it was not written yet, it will not be. */
  remove(seqId: number): void {
    const buffered = this.#buffer.get(seqId);
    if (buffered === undefined) return;
    this.#buffer.delete(seqId);
    this.#bufferedBytes -= buffered.octets.length;
    assert(this.#bufferedBytes >= 0, 'octets are counted', { seqId });
  }

  /** Writes what waits: consecutive messages by one write. */
  flush(): void {
    let run: Buffered[] = [];
    for (const next of this.#buffer.values()) {
      const last = run.at(-1);
      const follows =
        last?.segment === next.segment &&
        last.offset + ENTRY_HEADER_BYTES + last.size === next.offset;
      if (!follows) {
        this.#writeRun(run);
        run = [];
      }
      run.push(next);
    }
    this.#writeRun(run);
    this.#buffer.clear();
    this.#bufferedBytes = 0;
  }

  #writeRun(run: readonly Buffered[]): void {
    const [first] = run;
    if (first === undefined) return;
    const { segment, offset } = first;
    const writer = new Writer();
    for (const { octets } of run) {
      writer.uint32(octets.length);
      writer.int8(1);
      writer.uint16(crc32c(octets) & 0xffff);
      writer.int8(0);
      writer.raw(octets);
      this.#ports.cost.charge('crc', octets.length);
    }
    writeAt(this.#ports, this.#open(segment), offset, writer.finish());
  }

  /** The message at a place; null where it is not, or not whole. */
  read(seqId: number, { offset, size }: StoreLocation): Uint8Array | null {
    const segment = Math.floor(seqId / this.#segmentEntries);
    const path = `${this.#folder}/${segment}${QUEUE_STORE.extension}`;
    if (!this.#ports.disk.exists(path)) return null;
    const file = this.#ports.disk.open(path);
    if (!hasHeader(file, QUEUE_STORE)) return null;
    const entry = file.read(offset, ENTRY_HEADER_BYTES + size).slice();
    this.#ports.cost.charge('read', entry.length);
    if (entry.length < ENTRY_HEADER_BYTES + size) return null;
    const reader = new Reader(entry);
    const isOfSize = reader.uint32() === size;
    const hasChecksum = reader.int8() === 1;
    const checksum = reader.uint16();
    const octets = entry.subarray(ENTRY_HEADER_BYTES);
    const isWhole = isOfSize && hasChecksum && checksum === (crc32c(octets) & 0xffff);
    return isWhole ? octets : null;
  }

  deleteSegment(segment: number): void {
    for (const [seqId, of] of this.#buffer) if (of.segment === segment) this.remove(seqId);
    this.#ports.disk.remove(`${this.#folder}/${segment}${QUEUE_STORE.extension}`);
  }

  /** Syncs the segment's file, if it has one, at a shutdown. */
  sync(segment: number, done: () => void): void {
    if (!this.#ports.disk.exists(`${this.#folder}/${segment}${QUEUE_STORE.extension}`)) {
      done();
      return;
    }
    const file = this.#open(segment);
    file.sync((result) => {
      if (result === 'ok') done();
      else this.#ports.failed(file.path, result);
    });
  }

  #open(segment: number): ReturnType<typeof openSegment> {
    const where = { folder: this.#folder, segment, segmentEntries: this.#segmentEntries };
    return openSegment(this.#ports, QUEUE_STORE, where);
  }
}
