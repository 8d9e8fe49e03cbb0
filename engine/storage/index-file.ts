/**
 * The file behind an index: entries of one size, appended and cut from the end.
 *
 * The index itself lives in typed arrays (`offset-index.ts`, `time-index.ts`) and is written here
 * only when the log is flushed, rolled or closed. That loses nothing: after an unclean stop the
 * indexes of all segments that were not flushed are rebuilt from the log (invariant K14).
 *
 * Unlike the real broker, which maps the file into memory and preallocates `segment.index.bytes`:
 * nothing is preallocated, the file is as long as its entries, and no entry reaches the page cache
 * before the next flush.
 */
import { assert } from '../kernel/assert.ts';
import type { DiskFile, DiskResult } from '../kernel/ports.ts';

export class IndexFile {
  readonly path: string;
  readonly entryBytes: number;
  readonly #file: DiskFile;
  #entriesWritten: number;
  #dirty = false;

  constructor(file: DiskFile, entryBytes: number) {
    assert(entryBytes > 0, 'an entry has bytes', { path: file.path, entryBytes });
    this.path = file.path;
    this.entryBytes = entryBytes;
    this.#file = file;
    this.#entriesWritten = Math.floor(this.#file.size() / entryBytes);
  }

  /** Bytes in the file; a multiple of `entryBytes` unless a crash tore it. */
  get sizeBytes(): number {
    return this.#file.size();
  }

  /** Whether a sync would have something to do. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** All bytes of the file; the view is valid within the event. */
  readAll(): Uint8Array {
    return this.#file.read(0, this.#file.size());
  }

  /** Writes the entries that the file does not have yet; `encode` fills one entry. */
  save(
    entries: number,
    encode: (entry: number, into: Uint8Array, position: number) => void,
  ): DiskResult {
    assert(entries >= this.#entriesWritten, 'saved entries are cut before the arrays grow again', {
      path: this.path,
      entries,
      written: this.#entriesWritten,
    });
    const missing = entries - this.#entriesWritten;
    if (missing === 0) return 'ok';
    const bytes = new Uint8Array(missing * this.entryBytes);
    for (let i = 0; i < missing; i++) encode(this.#entriesWritten + i, bytes, i * this.entryBytes);
    const result = this.#file.write(this.#entriesWritten * this.entryBytes, bytes);
    if (result !== 'ok') return result;
    this.#entriesWritten = entries;
    this.#dirty = true;
    return 'ok';
  }

  /** Cuts the file to at most this many entries. */
  cut(entries: number): DiskResult {
    assert(entries >= 0, 'a count of entries', { path: this.path, entries });
    const sizeBytes = entries * this.entryBytes;
    if (this.#file.size() <= sizeBytes) return 'ok';
    const result = this.#file.truncate(sizeBytes);
    if (result !== 'ok') return result;
    this.#entriesWritten = Math.min(this.#entriesWritten, entries);
    this.#dirty = true;
    return 'ok';
  }

  /** Makes what was saved durable. */
  sync(done: (result: DiskResult) => void): void {
    this.#dirty = false;
    this.#file.sync(done);
  }

  close(): void {
    this.#file.close();
  }
}
