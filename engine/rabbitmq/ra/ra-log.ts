/**
 * The log of one Ra server: what it has written to the write-ahead log and to its segments, all of
 * it in memory since the last snapshot.
 *
 * Source: `ra_log`. Differences: there only what is not in a segment yet is in memory
 * (`ra_log_ets`, `ra_mt`), the rest is read from segments. At a start the log must go on where the
 * snapshot ends. Not here: the rules by which entries come and go (`consensus/`), their meaning (a
 * machine's).
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../kernel/ports.ts';
import type { Entry, EntryHeader, LogPosition } from '../../consensus/message.ts';
import type { ReplicatedLog } from '../../consensus/raft-driver.ts';
import type { LogRecord } from './log-frame.ts';
import { SegmentFiles } from './segment-files.ts';
import type { Wal } from './wal.ts';

/** `max_append_entries_rpc_batch_size` */
const ENTRIES_A_MESSAGE = 128;

export interface RaLogOptions {
  readonly uid: string;
  /** `quorum/rabbit-1/2F_Q1ABCDEF` */
  readonly folder: string;
  readonly wal: Wal;
  /** What the write-ahead log has of it. */
  readonly written: readonly LogRecord[];
  /** The newest snapshot, or offset 0 and term 0. */
  readonly start: LogPosition;
}

export class RaLog implements ReplicatedLog {
  readonly #uid: string;
  readonly #wal: Wal;
  readonly #segments: SegmentFiles;
  #start: LogPosition;
  /** The entry of an offset stands at that offset less the start's. */
  #entries: Entry[];
  /** All below it is in the segments. */
  #segmentedEnd: number;

  constructor(ports: Pick<Ports, 'disk' | 'cost'>, options: RaLogOptions) {
    const { uid, folder, wal, written, start } = options;
    this.#uid = uid;
    this.#wal = wal;
    this.#start = start;
    this.#segments = new SegmentFiles(ports, folder, uid);
    const inSegments = new Replay();
    for (const record of this.#segments.recover()) inSegments.take(record);
    const all = inSegments.copy();
    for (const record of written) all.take(record);
    this.#entries = all.behind(start);
    // What the write-ahead log has anew is written again.
    const untouched = all.untouchedBelow(inSegments.endOffset);
    this.#segmentedEnd = Math.max(start.offset, Math.min(untouched, this.endOffset));
  }

  /** The snapshot before the log. */
  get start(): LogPosition {
    return this.#start;
  }

  get endOffset(): number {
    return this.#start.offset + this.#entries.length;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get segmentCount(): number {
    return this.#segments.count;
  }

  headers(): readonly EntryHeader[] {
    return this.#entries;
  }

  at(offset: number): Entry | undefined {
    return this.#entries[offset - this.#start.offset];
  }

  /** The term of the entry before an offset, or of the snapshot that ends there. */
  termBefore(offset: number): number {
    if (offset === this.#start.offset) return this.#start.term;
    const before = this.at(offset - 1);
    assert(before !== undefined, 'within the log', { offset, end: this.endOffset });
    return before.term;
  }

  append(entries: readonly Entry[]): DiskResult {
    for (const entry of entries) {
      assert(entry.offset === this.endOffset, 'T3: no gap', { offset: entry.offset });
      this.#entries.push(entry);
    }
    return this.#wal.write(
      this.#uid,
      entries.map((entry) => ({ kind: 'entry', entry })),
    );
  }

  /** The next entry that is written says to a start that what was here is gone. */
  truncate(endOffset: number): DiskResult {
    assert(endOffset >= this.#start.offset, 'a cut within the log', { endOffset });
    this.#entries.length = endOffset - this.#start.offset;
    this.#segmentedEnd = Math.min(this.#segmentedEnd, endOffset);
    return 'ok';
  }

  sync(done: (result: DiskResult) => void): void {
    this.#wal.sync(done);
  }

  read(offset: number): readonly Entry[] {
    const place = offset - this.#start.offset;
    assert(place >= 0, 'within the log', { offset, start: this.#start.offset });
    return this.#entries.slice(place, place + ENTRIES_A_MESSAGE);
  }

  /** A snapshot of this log is durable: what is before it goes. */
  compact(snapshot: LogPosition): void {
    const { offset } = snapshot;
    assert(offset >= this.#start.offset && offset <= this.endOffset, 'of this log', { offset });
    this.#entries = this.#entries.slice(offset - this.#start.offset);
    this.#start = snapshot;
    this.#segmentedEnd = Math.max(this.#segmentedEnd, offset);
    this.#segments.dropBefore(offset);
  }

  /** A snapshot of another log took the place of this one; `done` when a start would know it. */
  beginBehind(snapshot: LogPosition, done: (result: DiskResult) => void): void {
    const written = this.#wal.write(this.#uid, [{ kind: 'reset', start: snapshot }]);
    if (written !== 'ok') return done(written);
    this.#wal.sync((result) => {
      if (result !== 'ok') return done(result);
      this.#entries = [];
      this.#start = snapshot;
      this.#segmentedEnd = snapshot.offset;
      // Not before: until then what is in them may be what a start needs.
      this.#segments.dropAll();
      done('ok');
    });
  }

  /** Puts all that is not there yet into segments, so that the write-ahead log may go. */
  flush(done: (result: DiskResult) => void): void {
    const first = this.#segmentedEnd - this.#start.offset;
    const entries = this.#entries.slice(first);
    if (entries.length === 0) return done('ok');
    this.#segmentedEnd = this.endOffset;
    this.#segments.append(entries, done);
  }
}

/** What a log's records come to, one after the other. */
class Replay {
  #first = 0;
  #entries: Entry[] = [];
  #untouched = Number.MAX_SAFE_INTEGER;

  get endOffset(): number {
    return this.#first + this.#entries.length;
  }

  copy(): Replay {
    const copied = new Replay();
    copied.#first = this.#first;
    copied.#entries = [...this.#entries];
    return copied;
  }

  take(record: LogRecord): void {
    if (record.kind === 'reset') {
      this.#begin(record.start.offset);
      return;
    }
    const { entry } = record;
    const isWithin = entry.offset >= this.#first && entry.offset <= this.endOffset;
    if (!isWithin) this.#begin(entry.offset);
    this.#untouched = Math.min(this.#untouched, entry.offset);
    this.#entries.length = entry.offset - this.#first;
    this.#entries.push(entry);
  }

  /** Below it nothing was taken since the copy was made. */
  untouchedBelow(endOffset: number): number {
    return Math.min(this.#untouched, endOffset);
  }

  /** The entries behind a snapshot; none, where the log is not the one that the snapshot is of. */
  behind({ offset, term }: LogPosition): Entry[] {
    const before = this.#entries[offset - 1 - this.#first];
    if (before !== undefined && before.term !== term) return [];
    if (this.#first > offset || this.endOffset < offset) return [];
    return this.#entries.slice(offset - this.#first);
  }

  #begin(offset: number): void {
    this.#first = offset;
    this.#entries = [];
    this.#untouched = Math.min(this.#untouched, offset);
  }
}
