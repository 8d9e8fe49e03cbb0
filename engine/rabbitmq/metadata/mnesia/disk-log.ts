/**
 * A log of terms in a file: records behind each other, each with its checksum.
 *
 *     length uint32 | CRC-32C uint32 | text, UTF-8
 *
 * What a crash left half-written at the end is cut off when the log is read. Differs: Erlang's
 * `disk_log` has a header, and marks a log that was not closed; its records have a magic number in
 * the place of a checksum, so that damage within a record is not found there.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Cost, Disk, DiskFile, DiskResult } from '../../../kernel/ports.ts';
import { crc32c } from '../../../bytes/crc32c.ts';
import { decodeUtf8, encodeUtf8 } from '../../../bytes/utf8.ts';
import { termOf, termText } from '../term-text.ts';

const HEADER_BYTES = 8;

export class DiskLog {
  readonly #file: DiskFile;
  readonly #cost: Cost;

  constructor(disk: Disk, path: string, cost: Cost) {
    this.#file = disk.open(path);
    this.#cost = cost;
  }

  get sizeBytes(): number {
    return this.#file.size();
  }

  /** Every whole record, in order; what is behind the last is cut off. */
  read(): { readonly terms: readonly unknown[]; readonly cut: DiskResult } {
    const bytes = this.#file.read(0, this.#file.size());
    this.#cost.charge('read', bytes.length);
    const terms: unknown[] = [];
    let end = 0;
    for (;;) {
      const next = recordAt(bytes, end);
      if (next === null) break;
      terms.push(termOf(decodeUtf8(next)));
      end += HEADER_BYTES + next.length;
    }
    assert(end <= bytes.length, 'records are within the file', { end, bytes: bytes.length });
    return { terms, cut: end < bytes.length ? this.#file.truncate(end) : 'ok' };
  }

  append(term: unknown): DiskResult {
    const body = encodeUtf8(termText(term));
    const bytes = new Uint8Array(HEADER_BYTES + body.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, body.length);
    view.setUint32(4, crc32c(body));
    bytes.set(body, HEADER_BYTES);
    this.#cost.charge('append', bytes.length);
    return this.#file.write(this.#file.size(), bytes);
  }

  clear(): DiskResult {
    return this.#file.truncate(0);
  }

  sync(done: (result: DiskResult) => void): void {
    this.#file.sync(done);
  }

  close(): void {
    this.#file.close();
  }
}

/** The body of the record that begins there; null: none that is whole. */
function recordAt(bytes: Uint8Array, start: number): Uint8Array | null {
  if (start + HEADER_BYTES > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, HEADER_BYTES);
  const [length, crc] = [view.getUint32(0), view.getUint32(4)];
  if (length === 0 || start + HEADER_BYTES + length > bytes.length) return null;
  const body = bytes.subarray(start + HEADER_BYTES, start + HEADER_BYTES + length);
  return crc32c(body) === crc ? body : null;
}
