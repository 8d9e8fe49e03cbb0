/**
 * The write-ahead log that all Ra servers of a node share: one file, one sync for what many of them
 * wrote. A file that is full is followed by the next, and goes when the logs have put what it holds
 * into segments of their own.
 *
 *     quorum/rabbit-1/00000007.wal
 *
 * Who asks for a sync while one runs is served by the next one, with all others that ask meanwhile.
 * Source: `ra_log_wal`, `ra_log_segment_writer`; `raft.wal_max_size_bytes`. Difference: there a
 * batch is written when it is synced, here at once, to the page cache.
 * Not here: what a log is (`ra-log.ts`), frames (`log-frame.ts`).
 */
import { assert, present } from '../../kernel/assert.ts';
import type { DiskFile, DiskResult, Ports } from '../../kernel/ports.ts';
import { decodeFrames, encodeFrame, type LogRecord } from './log-frame.ts';
import { walSyncedKind } from './ra-trace.ts';

const NAME = /^(\d{8})\.wal$/;
const NAME_DIGITS = 8;

type Done = (result: DiskResult) => void;

interface WalFile {
  readonly number: number;
  readonly file: DiskFile;
  /** Something was written that no sync covers. */
  isDirty: boolean;
}

export interface WalOptions {
  /** `quorum/rabbit-1` */
  readonly folder: string;
  /** `raft.wal_max_size_bytes` */
  readonly bytesMax: number;
  /** Puts all that the logs have into segments; `done` when it is durable. */
  readonly flush: (done: Done) => void;
}

export class Wal {
  readonly #ports: Pick<Ports, 'disk' | 'cost' | 'trace'>;
  readonly #options: WalOptions;
  /** The last one is written to. */
  #files: WalFile[] = [];
  #waiting: Done[] = [];
  #writers = new Set<string>();
  #isSyncing = false;
  #isFlushing = false;

  constructor(ports: Pick<Ports, 'disk' | 'cost' | 'trace'>, options: WalOptions) {
    assert(options.bytesMax > 0, 'a size', { bytesMax: options.bytesMax });
    this.#ports = ports;
    this.#options = options;
  }

  /**
   * What each log wrote, in its order, by the log's id. It may be in the page cache only, so the
   * first sync covers all of it. Called once, before anything else.
   */
  recover(): ReadonlyMap<string, readonly LogRecord[]> {
    assert(this.#files.length === 0, 'once', { files: this.#files.length });
    const { disk, cost } = this.#ports;
    const { folder } = this.#options;
    const found = new Map<string, LogRecord[]>();
    for (const name of disk.list(folder)) {
      const match = NAME.exec(name);
      if (match === null) continue;
      const file = disk.open(`${folder}/${name}`);
      const bytes = file.read(0, file.size()).slice();
      cost.charge('read', bytes.length);
      cost.charge('crc', bytes.length);
      const { frames, endPosition } = decodeFrames(bytes);
      if (endPosition < bytes.length) file.truncate(endPosition);
      for (const { uid, record } of frames) {
        const records = found.get(uid);
        if (records === undefined) found.set(uid, [record]);
        else records.push(record);
      }
      this.#files.push({ number: Number(match[1]), file, isDirty: true });
    }
    if (this.#files.length === 0) this.#begin(1);
    return found;
  }

  /** Writes to the page cache. */
  write(uid: string, records: readonly LogRecord[]): DiskResult {
    const current = this.#current();
    for (const record of records) {
      const frame = encodeFrame(uid, record);
      this.#ports.cost.charge('crc', frame.length);
      this.#ports.cost.charge('append', frame.length);
      const result = current.file.write(current.file.size(), frame);
      if (result !== 'ok') return result;
      current.isDirty = true;
    }
    this.#writers.add(uid);
    if (current.file.size() >= this.#options.bytesMax) {
      this.#begin(current.number + 1);
      this.#flushOld();
    }
    return 'ok';
  }

  /** `done` when all that was written before the call is durable. */
  sync(done: Done): void {
    this.#waiting.push(done);
    if (!this.#isSyncing) this.#syncNext();
  }

  get fileCount(): number {
    return this.#files.length;
  }

  #current(): WalFile {
    return present(this.#files.at(-1), 'the log was recovered');
  }

  #begin(number: number): void {
    const name = String(number).padStart(NAME_DIGITS, '0');
    const file = this.#ports.disk.open(`${this.#options.folder}/${name}.wal`);
    assert(file.size() === 0, 'a new file', { number });
    this.#files.push({ number, file, isDirty: true });
  }

  #syncNext(): void {
    const waiting = this.#waiting;
    const servers = this.#writers.size;
    this.#waiting = [];
    this.#writers.clear();
    this.#isSyncing = true;
    const dirty = this.#files.filter(({ isDirty }) => isDirty);
    for (const one of dirty) one.isDirty = false;
    this.#syncEach(dirty, (result) => {
      this.#isSyncing = false;
      this.#ports.trace.record(walSyncedKind, { servers, waiting: waiting.length });
      for (const done of waiting) done(result);
      if (this.#waiting.length > 0 && !this.#isSyncing) this.#syncNext();
    });
  }

  #syncEach([first, ...rest]: readonly WalFile[], done: Done): void {
    // Nothing is dirty: what was asked for is durable, and is told in a later event all the same.
    const { file } = first ?? this.#current();
    file.sync((result) => {
      if (result !== 'ok' || rest.length === 0) done(result);
      else this.#syncEach(rest, done);
    });
  }

  #flushOld(): void {
    if (this.#isFlushing) return;
    const old = this.#files.slice(0, -1);
    if (old.length === 0) return;
    this.#isFlushing = true;
    this.#options.flush((result) => {
      // The files stay: what is in them is nowhere else. The next full file asks again.
      if (result !== 'ok') {
        this.#isFlushing = false;
        return;
      }
      // No sync runs on them any more when one that begins now has ended.
      this.sync(() => this.#removeOld(old));
    });
  }

  #removeOld(old: readonly WalFile[]): void {
    assert(this.#isFlushing && old.length > 0, 'files that were put into segments', {});
    this.#isFlushing = false;
    this.#files = this.#files.filter((one) => !old.includes(one));
    for (const { file } of old) {
      file.close();
      this.#ports.disk.remove(file.path);
    }
    this.#flushOld();
  }
}
