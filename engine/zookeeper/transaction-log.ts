/**
 * The write-ahead log: each transaction behind a checksum, synced before its reply leaves.
 *
 *     file header: magic "ZKLG" int32 | version 2 int32 | dbid int64
 *     entry: adler32 int64 | length int32 | transaction | 0x42
 *
 * One file, named by its first zxid in hexadecimal; it is read whole at the start, and a tail that
 * is not whole is cut off. Syncs are grouped: while one is under way, later transactions wait and
 * share the next. Differences: no snapshots, no preallocation and no second file, since a
 * lab's log is short. Source: `org.apache.zookeeper.server.persistence.FileTxnLog`.
 */
import { adler32 } from '../bytes/adler32.ts';
import { Malformed } from '../bytes/malformed.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { assert } from '../kernel/assert.ts';
import type { DiskFile, DiskResult, Ports } from '../kernel/ports.ts';
import { fileHeader } from '../wire/zookeeper/records.ts';
import { decodeTransaction, encodeTransaction } from './transaction.ts';
import type { Transaction } from './transaction.ts';

const MAGIC = 0x5a4b4c47;
const VERSION = 2;
const HEADER_BYTES = 16;
/** Checksum and length before an entry. */
const ENTRY_HEAD_BYTES = 12;
const END_OF_ENTRY = 0x42;
/** `jute.maxbuffer`, and what a header adds. */
const ENTRY_BYTES_MAX = 2 * 1024 * 1024;

export class TransactionLog {
  readonly #ports: Pick<Ports, 'disk' | 'cost'>;
  readonly #failed: (failure: DiskResult) => void;
  readonly #file: DiskFile;
  #end = 0;
  #synced = 0;
  #syncing = false;
  readonly #waiting: { readonly end: number; readonly done: () => void }[] = [];

  /** `failed` is called when a write or a sync fails: nothing more may be acknowledged. */
  constructor(
    ports: Pick<Ports, 'disk' | 'cost'>,
    dataDir: string,
    failed: (failure: DiskResult) => void,
  ) {
    this.#ports = ports;
    this.#failed = failed;
    this.#file = ports.disk.open(`${dataDir}/version-2/log.1`);
  }

  /** Hands on every whole transaction in order; cuts off the rest. */
  replay(visit: (transaction: Transaction) => void): void {
    const bytes = this.#file.read(0, this.#file.size());
    let at = HEADER_BYTES;
    if (bytes.length < HEADER_BYTES || new Reader(bytes).int32() !== MAGIC) at = 0;
    for (let entry = at > 0 ? entryAt(bytes, at) : null; entry !== null;) {
      visit(entry.transaction);
      at = entry.end;
      entry = entryAt(bytes, at);
    }
    if (at < bytes.length) this.#file.truncate(at);
    this.#end = at;
    this.#ports.cost.charge('read', at);
    if (at === 0) this.#begin();
  }

  append(transaction: Transaction): void {
    assert(this.#end >= HEADER_BYTES, 'the log was replayed', { end: this.#end });
    const bytes = encodeTransaction(transaction);
    assert(bytes.length <= ENTRY_BYTES_MAX, 'a transaction fits', { length: bytes.length });
    const writer = new Writer(ENTRY_HEAD_BYTES + bytes.length + 1);
    writer.int64(adler32(bytes));
    writer.int32(bytes.length);
    writer.raw(bytes);
    writer.raw(Uint8Array.of(END_OF_ENTRY));
    this.#write(writer.finish());
  }

  /** Calls `done` once all that was appended is synced: at once, if it is. */
  afterSync(done: () => void): void {
    if (this.#synced >= this.#end && this.#waiting.length === 0) {
      done();
      return;
    }
    this.#waiting.push({ end: this.#end, done });
    this.#sync();
  }

  #begin(): void {
    const writer = new Writer(HEADER_BYTES);
    fileHeader.write(writer, { magic: MAGIC, version: VERSION, dbid: 0 });
    this.#write(writer.finish());
  }

  #write(bytes: Uint8Array): void {
    this.#ports.cost.charge('append', bytes.length);
    const result = this.#file.write(this.#end, bytes);
    if (result === 'ok') this.#end += bytes.length;
    else this.#failed(result);
  }

  #sync(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    const end = this.#end;
    this.#file.sync((result) => {
      this.#syncing = false;
      if (result !== 'ok') {
        this.#failed(result);
        return;
      }
      this.#synced = end;
      while (this.#waiting.length > 0 && this.#waiting[0]!.end <= end) {
        this.#waiting.shift()!.done();
      }
      if (this.#waiting.length > 0) this.#sync();
    });
  }
}

/** The entry at a position, or null where there is no whole one. */
function entryAt(
  bytes: Uint8Array,
  at: number,
): { readonly transaction: Transaction; readonly end: number } | null {
  if (at + ENTRY_HEAD_BYTES > bytes.length) return null;
  try {
    const reader = new Reader(bytes, at);
    const checksum = reader.int64();
    const length = reader.int32();
    if (length <= 0 || length > ENTRY_BYTES_MAX) return null;
    const entry = reader.view(length);
    if (reader.view(1)[0] !== END_OF_ENTRY || adler32(entry) !== checksum) return null;
    return { transaction: decodeTransaction(entry.slice()), end: reader.position };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
