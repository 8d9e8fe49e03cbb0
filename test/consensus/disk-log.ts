/**
 * A log of entries in one file, for the tests: a length, a checksum and JSON for each. What a crash
 * tore off is cut at the start. It counts by itself what its syncs have made durable.
 */
import { crc32c } from '../../engine/bytes/crc32c.ts';
import { decodeUtf8, encodeUtf8 } from '../../engine/bytes/utf8.ts';
import type { Entry, LogPosition } from '../../engine/consensus/message.ts';
import type { ReplicatedLog } from '../../engine/consensus/raft-driver.ts';
import { assert } from '../../engine/kernel/assert.ts';
import type { Disk, DiskFile, DiskResult } from '../../engine/kernel/ports.ts';

const ENTRIES_A_MESSAGE = 8;

interface Stored {
  readonly entry: Entry;
  readonly endBytes: number;
}

/** What the watch hears. */
export interface LogListener {
  appended(entries: readonly Entry[]): void;
  truncated(endOffset: number): void;
}

export class DiskLog implements ReplicatedLog {
  readonly #file: DiskFile;
  readonly #listener: LogListener;
  #stored: Stored[] = [];
  #startOffset = 0;
  #durableBytes = 0;
  #syncing: { bytes: number }[] = [];

  constructor(disk: Disk, path: string, listener: LogListener) {
    this.#file = disk.open(path);
    this.#listener = listener;
    this.#recover();
  }

  get entries(): readonly Entry[] {
    return this.#stored.map(({ entry }) => entry);
  }

  get durableEndOffset(): number {
    let end = this.#startOffset;
    for (let place = this.#stored.length - 1; place >= 0; place--) {
      const { entry, endBytes } = this.#stored[place]!;
      if (endBytes > this.#durableBytes) continue;
      end = entry.endOffset;
      break;
    }
    return end;
  }

  /** Forgets what is before a snapshot; all of it, if the snapshot is of another log. */
  beginAt({ offset, term }: LogPosition): void {
    const before = this.#stored.find(({ entry }) => entry.endOffset === offset);
    const ours = this.#stored[0]?.entry.offset === offset || before?.entry.term === term;
    this.#stored = ours ? this.#stored.filter(({ entry }) => entry.offset >= offset) : [];
    this.#startOffset = offset;
    if (!ours) this.#cut(0);
  }

  at(offset: number): Entry | undefined {
    return this.#stored[this.#place(offset)]?.entry;
  }

  append(entries: readonly Entry[]): DiskResult {
    for (const entry of entries) {
      const text = encodeUtf8(JSON.stringify(entry));
      const frame = new Uint8Array(8 + text.length);
      const view = new DataView(frame.buffer);
      view.setInt32(0, text.length);
      view.setUint32(4, crc32c(text));
      frame.set(text, 8);
      const position = this.#endBytes();
      const result = this.#file.write(position, frame);
      if (result !== 'ok') return result;
      this.#stored.push({ entry, endBytes: position + frame.length });
    }
    this.#listener.appended(entries);
    return 'ok';
  }

  truncate(endOffset: number): DiskResult {
    this.#stored.length = this.#place(endOffset);
    this.#listener.truncated(endOffset);
    return this.#cut(this.#endBytes());
  }

  sync(done: (result: DiskResult) => void): void {
    const sync = { bytes: this.#file.size() };
    this.#syncing.push(sync);
    this.#file.sync((result) => {
      this.#syncing = this.#syncing.filter((one) => one !== sync);
      if (result === 'ok') this.#durableBytes = Math.max(this.#durableBytes, sync.bytes);
      done(result);
    });
  }

  read(offset: number): readonly Entry[] {
    const place = this.#place(offset);
    return this.#stored.slice(place, place + ENTRIES_A_MESSAGE).map(({ entry }) => entry);
  }

  #cut(bytes: number): DiskResult {
    this.#durableBytes = Math.min(this.#durableBytes, bytes);
    for (const sync of this.#syncing) sync.bytes = Math.min(sync.bytes, bytes);
    return this.#file.truncate(bytes);
  }

  #endBytes(): number {
    const last = this.#stored[this.#stored.length - 1];
    return last?.endBytes ?? this.#file.size();
  }

  /** The place of the first entry at or behind an offset. */
  #place(offset: number): number {
    let [low, high] = [0, this.#stored.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#stored[middle]!.entry.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #recover(): void {
    let position = 0;
    const size = this.#file.size();
    while (position + 8 <= size) {
      const header = this.#file.read(position, 8);
      const view = new DataView(header.buffer, header.byteOffset, 8);
      const [length, crc] = [view.getInt32(0), view.getUint32(4)];
      if (length <= 0 || position + 8 + length > size) break;
      const text = this.#file.read(position + 8, length);
      if (crc32c(text) !== crc) break;
      const entry = JSON.parse(decodeUtf8(text)) as Entry;
      // What was cut and not synced may be back, with what was written after it behind it.
      const before = this.#stored[this.#stored.length - 1]?.entry;
      const follows = before === undefined || entry.offset === before.endOffset;
      if (!follows || entry.term < (before?.term ?? 0)) break;
      position += 8 + length;
      this.#stored.push({ entry, endBytes: position });
    }
    if (position < size) this.#file.truncate(position);
    this.#startOffset = this.#stored[0]?.entry.offset ?? 0;
    assert(this.#endBytes() === position, 'what is left is whole', { position });
  }
}
