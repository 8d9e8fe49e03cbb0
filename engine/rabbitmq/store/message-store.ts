/**
 * The message store of a virtual host: one for all its classic queues, for messages that are too
 * large for the queues' own files.
 *
 * Messages are appended to `N.rdq` until the file is full; a message that several queues have is
 * there once, with a count. Whoever wrote one is told when it is on the disk (until 3.12), or with
 * the operating system (since 3.13). A message that is removed before it was written is not
 * written, and whoever waits is told at once. What is removed later leaves a hole: an empty file
 * is deleted, others are merged (`file-merge.ts`) or compacted (`file-compaction.ts`). Not here:
 * recovery (`message-store-recovery.ts`), which queue has which message (the indexes). Source:
 * `rabbit_msg_store`. Differs: what waits is in memory until the flush, there in the store's
 * mailbox and then in a buffer of 1 MiB; large messages have no files of their own.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Clock, Cost, Disk, DiskFile, DiskResult, Trace } from '../../kernel/ports.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { compactFile } from './file-compaction.ts';
import { findFilesToMerge, mergeFiles } from './file-merge.ts';
import { FlushTimer } from './flush-timer.ts';
import type { MessageId } from './message-id.ts';
import { MessageLocations } from './message-locations.ts';
import { encodeRecord, messageInRecord } from './rdq-file.ts';
import type { MessageStoreBehaviour } from './store-settings.ts';
import {
  messagesWrittenKind,
  storeCompactedKind,
  storeFileDeletedKind,
  storeRolledKind,
  storeSyncedKind,
} from './store-trace.ts';

export interface StorePorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly cost: Cost;
  readonly trace: Trace;
  /** The disk refused; whoever has the store ends the node, as a crash of the store does. */
  failed(path: string, result: DiskResult): void;
}

/** A message that was not written yet. */
interface Waiting {
  readonly record: Uint8Array;
  refCount: number;
  readonly told: (() => void)[];
}

/** What waits is written at once from so many octets on. Source: MAX_BUFFER_SIZE. */
const BUFFER_BYTES_MAX = 1_048_576;
/** After a removal the file is looked at so much later. Source: gc_candidate. */
const COMPACTION_CHECK_MS = 15_000;

export class MessageStore {
  readonly folder: string;
  readonly locations: MessageLocations;
  readonly #ports: StorePorts;
  readonly #behaviour: MessageStoreBehaviour;
  readonly #timer: FlushTimer;
  readonly #compactionCheck: Timer;
  readonly #waiting = new Map<MessageId, Waiting>();
  /** Who waits for the next flush although the message is written. */
  #told: (() => void)[] = [];
  /** Files that had removals since the last look. */
  #candidates = new Set<number>();
  #waitingBytes = 0;
  #syncing = 0;
  #isClosed = false;
  #current: number;

  constructor(
    ports: StorePorts,
    behaviour: MessageStoreBehaviour,
    recovered: { readonly folder: string; readonly locations: MessageLocations },
  ) {
    this.folder = recovered.folder;
    this.locations = recovered.locations;
    this.#ports = ports;
    this.#behaviour = behaviour;
    this.#current = present([...this.locations.files.keys()].at(-1), 'a store has a file');
    const options = { intervalMs: behaviour.syncIntervalMs, label: 'message-store' };
    this.#timer = new FlushTimer(ports.clock, options, () => this.#flush());
    this.#compactionCheck = new Timer(ports.clock);
  }

  /** The number of the file that is appended to. */
  get currentFile(): number {
    return this.#current;
  }

  /** Messages that wait to be written. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  contains(id: MessageId): boolean {
    return this.#waiting.has(id) || this.locations.find(id) !== undefined;
  }

  /** One queue more has the message; `told` when it is stored, or removed before. */
  write(id: MessageId, encode: () => Uint8Array, told: (() => void) | null): void {
    assert(!this.#isClosed, 'the store is open', { id });
    const waiting = this.#waiting.get(id);
    const location = this.locations.find(id);
    assert(waiting === undefined || location === undefined, 'it waits or is stored', { id });
    if (location !== undefined) {
      location.refCount += 1;
      if (told !== null) this.#told.push(told);
    } else if (waiting !== undefined) {
      waiting.refCount += 1;
      if (told !== null) waiting.told.push(told);
    } else {
      const record = encodeRecord(id, encode());
      this.#waiting.set(id, { record, refCount: 1, told: told === null ? [] : [told] });
      this.#waitingBytes += record.length;
      this.#ports.cost.charge('copy', record.length);
    }
    if (this.#waitingBytes >= BUFFER_BYTES_MAX && this.#syncing === 0) this.#flush();
    else this.#timer.added();
  }

  /** One queue fewer has it. */
  remove(id: MessageId): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      const file = this.locations.removeReference(id);
      if (file !== null) this.#removedFrom(file);
      return;
    }
    waiting.refCount -= 1;
    assert(waiting.refCount >= 0, 'as many removals as writes', { id });
    if (waiting.refCount > 0) return;
    this.#waiting.delete(id);
    this.#waitingBytes -= waiting.record.length;
    for (const told of waiting.told) told();
  }

  /** The message's octets; null where its file has none: they were lost. */
  read(id: MessageId): Uint8Array | null {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) return messageInRecord(waiting.record, id);
    const { file, offset, size } = present(this.locations.find(id), 'it is stored');
    this.#ports.cost.charge('syscall', 1);
    this.#ports.cost.charge('read', size);
    const octets = this.#open(file).read(offset, size);
    return octets.length === size ? messageInRecord(octets, id) : null;
  }

  /** Makes what was created and removed so far durable, as a sync of a file does. */
  syncFolder(): void {
    const file = this.#open(this.#current);
    file.sync((result) => this.#check(file.path, result));
  }

  /** Writes what waits and syncs it; `done` when the store is as its tables say. */
  close(done: () => void): void {
    assert(!this.#isClosed, 'a store is closed once', { folder: this.folder });
    this.#append();
    this.stop();
    this.#sync(this.#current, () => {
      for (const told of this.#take()) told();
      done();
    });
  }

  /** Nothing is written any more. */
  stop(): void {
    this.#timer.stop();
    this.#compactionCheck.cancel();
    this.#isClosed = true;
  }

  // ---------------------------------------------------------------------------------- writing

  #flush(): void {
    if (this.#isClosed || this.#syncing > 0) return;
    this.#append();
    const told = this.#take();
    if (told.length === 0) return;
    if (!this.#behaviour.syncs) {
      for (const tell of told) tell();
      return;
    }
    this.#sync(this.#current, () => {
      for (const tell of told) tell();
      if (this.#waiting.size > 0 || this.#told.length > 0) this.#timer.added();
    });
  }

  #take(): readonly (() => void)[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  /** Writes what waits, one write a file. */
  #append(): void {
    let records: Uint8Array[] = [];
    let bytes = 0;
    for (const [id, { record, refCount, told }] of this.#waiting) {
      const offset = this.locations.summary(this.#current).fileBytes;
      this.locations.add(id, { refCount, file: this.#current, offset, size: record.length });
      this.#told.push(...told);
      records.push(record);
      bytes += record.length;
      if (offset + record.length < this.#behaviour.fileSizeLimit) continue;
      this.#writeOut(records, bytes);
      [records, bytes] = [[], 0];
      this.#roll();
    }
    this.#waiting.clear();
    this.#waitingBytes = 0;
    if (bytes > 0) this.#writeOut(records, bytes);
  }

  #writeOut(records: readonly Uint8Array[], bytes: number): void {
    const file = this.#open(this.#current);
    const octets = new Uint8Array(bytes);
    let at = 0;
    for (const record of records) {
      octets.set(record, at);
      at += record.length;
    }
    assert(at === bytes, 'octets are counted', { at, bytes });
    this.#ports.cost.charge('syscall', 1);
    this.#ports.cost.charge('append', bytes);
    this.#check(file.path, file.write(file.size(), octets));
    const messages = records.length;
    this.#ports.trace.record(messagesWrittenKind, { file: file.path, messages, bytes });
  }

  /** The next file begins; the full one is synced first where a confirm says so. */
  #roll(): void {
    const full = this.#current;
    const bytes = this.locations.summary(full).fileBytes;
    this.#ports.trace.record(storeRolledKind, { file: this.#path(full), bytes });
    const told = this.#behaviour.syncs ? this.#take() : [];
    if (told.length > 0) {
      this.#sync(full, () => {
        for (const tell of told) tell();
      });
    }
    this.#current = full + 1;
    this.locations.addFile(this.#current, { validBytes: 0, fileBytes: 0, locked: false });
    this.#open(this.#current);
    this.#removedFrom(full);
  }

  #sync(file: number, done: () => void): void {
    this.#syncing += 1;
    const open = this.#open(file);
    this.#ports.cost.charge('syscall', 1);
    open.sync((result) => {
      this.#syncing -= 1;
      this.#check(open.path, result);
      if (result !== 'ok') return;
      this.#ports.trace.record(storeSyncedKind, { file: open.path });
      done();
    });
  }

  #check(path: string, result: DiskResult): void {
    if (result !== 'ok') this.#ports.failed(path, result);
  }

  // --------------------------------------------------------------------------------- garbage

  #removedFrom(file: number): void {
    const { validBytes, locked } = this.locations.summary(file);
    if (file !== this.#current && validBytes === 0 && !locked) {
      this.#delete(file);
      return;
    }
    if (this.#behaviour.mergesFiles) {
      this.#maybeMerge();
      return;
    }
    if (file === this.#current) return;
    this.#candidates.add(file);
    if (this.#compactionCheck.isSet) return;
    const delay = microsOfMillis(COMPACTION_CHECK_MS);
    this.#compactionCheck.set(delay, 'maybe_gc', () => this.#compactCandidates());
  }

  #delete(file: number): void {
    this.locations.removeFile(file);
    this.#candidates.delete(file);
    this.#ports.disk.remove(this.#path(file));
    this.#ports.trace.record(storeFileDeletedKind, { file: this.#path(file) });
  }

  /** Until 3.12: more than half of all octets are garbage, and there are more than two files. */
  #maybeMerge(): void {
    if (this.#isClosed) return;
    const { fileSizeLimit } = this.#behaviour;
    const found = findFilesToMerge(this.locations, { fileSizeLimit, current: this.#current });
    if (found === null) return;
    const { left, right } = found;
    const from = this.locations.summary(left).fileBytes + this.locations.summary(right).fileBytes;
    mergeFiles(this.#gcPorts(), found, () => {
      const to = this.locations.summary(left).fileBytes;
      const merged = this.#path(right);
      this.#ports.trace.record(storeCompactedKind, { file: this.#path(left), merged, from, to });
      this.#delete(right);
      this.#removedFrom(left);
    });
  }

  /** Since 3.13: of each file that had removals, if less than half is wanted. */
  #compactCandidates(): void {
    const candidates = [...this.#candidates].sort((left, right) => left - right);
    this.#candidates = new Set();
    for (const file of candidates) {
      const summary = this.locations.files.get(file);
      if (summary === undefined || summary.locked || summary.validBytes === 0) continue;
      if (summary.validBytes * 2 >= summary.fileBytes) continue;
      const from = summary.fileBytes;
      const { scanDropsTail: dropsTail } = this.#behaviour;
      compactFile(this.#gcPorts(), { file, dropsTail }, () => {
        const to = summary.fileBytes;
        this.#ports.trace.record(storeCompactedKind, {
          ...{ file: this.#path(file), merged: '', from, to },
        });
        if (summary.validBytes === 0) this.#delete(file);
      });
    }
  }

  #gcPorts(): GarbagePorts {
    const { disk, cost, failed } = this.#ports;
    return { disk, cost, failed, locations: this.locations, path: (file) => this.#path(file) };
  }

  #open(file: number): DiskFile {
    return this.#ports.disk.open(this.#path(file));
  }

  #path(file: number): string {
    return rdqPath(this.folder, file);
  }
}

/** What merging and compacting are given. */
export interface GarbagePorts extends Pick<StorePorts, 'disk' | 'cost' | 'failed'> {
  readonly locations: MessageLocations;
  path(file: number): string;
}

export function rdqPath(folder: string, file: number): string {
  return `${folder}/${file}.rdq`;
}
