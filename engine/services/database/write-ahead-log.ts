/**
 * The write-ahead log: each commit as one record, synced before anybody hears of it.
 *
 *     length uint32 | CRC-32C uint32 | JSON, UTF-8
 *
 * Recovery replays the records from the start up to the first that is not whole. Differences from
 * PostgreSQL: there is one file and no checkpoint; records hold rows, not pages. A failed write or
 * sync is a PANIC, as in PostgreSQL since 12 (`data_sync_retry`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Disk, DiskFile } from '../../kernel/ports.ts';
import { crc32c } from '../../bytes/crc32c.ts';
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts';
import type { TableDefinition } from './sql/statement.ts';
import type { Change } from './transaction.ts';

export type WalRecord =
  | { readonly kind: 'create'; readonly table: TableDefinition }
  | { readonly kind: 'commit'; readonly changes: readonly Change[] };

const FILE = 'pg_wal/000000010000000000000001';
const HEADER_BYTES = 8;

export class WriteAheadLog {
  readonly #file: DiskFile;
  readonly #panic: (what: string) => void;
  #end = 0;

  constructor(disk: Disk, panic: (what: string) => void) {
    this.#file = disk.open(FILE);
    this.#panic = panic;
  }

  /** Hands every whole record to `redo`, in order, and cuts off what is not whole. */
  recover(redo: (record: WalRecord) => void): void {
    assert(this.#end === 0, 'recovery comes first', { end: this.#end });
    for (;;) {
      const record = this.#read();
      if (record === null) break;
      redo(record);
    }
    if (this.#end < this.#file.size() && this.#file.truncate(this.#end) !== 'ok') {
      this.#panic('could not truncate the write-ahead log');
    }
  }

  /** Writes a record to the page cache. */
  append(record: WalRecord): void {
    const body = encodeUtf8(JSON.stringify(record));
    const bytes = new Uint8Array(HEADER_BYTES + body.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, body.length);
    view.setUint32(4, crc32c(body));
    bytes.set(body, HEADER_BYTES);
    const written = this.#file.write(this.#end, bytes);
    if (written !== 'ok') {
      this.#panic(`could not write the write-ahead log: ${written}`);
      return;
    }
    this.#end += bytes.length;
  }

  /** `synced` is called when a power loss can no longer take what was appended before. */
  sync(synced: () => void): void {
    this.#file.sync((result) => {
      if (result === 'ok') synced();
      else this.#panic(`could not fsync the write-ahead log: ${result}`);
    });
  }

  #read(): WalRecord | null {
    const header = this.#file.read(this.#end, HEADER_BYTES);
    if (header.length < HEADER_BYTES) return null;
    const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
    const [length, crc] = [view.getUint32(0), view.getUint32(4)];
    if (length === 0 || this.#end + HEADER_BYTES + length > this.#file.size()) return null;
    const body = this.#file.read(this.#end + HEADER_BYTES, length);
    if (crc32c(body) !== crc) return null;
    this.#end += HEADER_BYTES + length;
    return JSON.parse(decodeUtf8(body)) as WalRecord;
  }
}
