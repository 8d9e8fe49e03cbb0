/**
 * A file that begins with a header of its own, such as a format's name and version, as one that
 * begins behind it: position 0 is the first byte after the header.
 *
 * The header is written with the first bytes. A file whose header is torn or another's holds
 * nothing that could be found, and begins anew.
 */
import { assert } from '../kernel/assert.ts';
import type { Disk, DiskFile, DiskResult } from '../kernel/ports.ts';

export class HeadedFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #header: Uint8Array;

  constructor(disk: Disk, path: string, header: Uint8Array) {
    assert(header.length > 0, 'a header', { path });
    this.#file = disk.open(path);
    this.#header = header;
    if (this.#file.size() > 0 && !this.#isHeaded()) this.#file.truncate(0);
  }

  get path(): string {
    return this.#file.path;
  }

  size(): number {
    return Math.max(0, this.#file.size() - this.#header.length);
  }

  read(position: number, length: number): Uint8Array {
    return this.#file.read(position + this.#header.length, length);
  }

  write(position: number, bytes: Uint8Array): DiskResult {
    assert(position >= 0 && position <= this.size(), 'within the file', { position });
    if (this.#file.size() === 0) {
      const result = this.#file.write(0, this.#header);
      if (result !== 'ok') return result;
    }
    return this.#file.write(position + this.#header.length, bytes);
  }

  truncate(size: number): DiskResult {
    assert(size <= this.size(), 'a cut shortens', { size });
    return this.#file.size() === 0 ? 'ok' : this.#file.truncate(size + this.#header.length);
  }

  sync(done: (result: DiskResult) => void): void {
    this.#file.sync(done);
  }

  close(): void {
    this.#file.close();
  }

  #isHeaded(): boolean {
    const bytes = this.#file.read(0, this.#header.length);
    return bytes.length === this.#header.length && this.#header.every((of, at) => of === bytes[at]);
  }
}
