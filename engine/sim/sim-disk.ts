/**
 * A host's disk: a page cache, which a crash of the process leaves alone, and a platter, which is
 * all that a power loss leaves. `sync` moves one to the other and takes time.
 *
 * Model: a file system with an ordered journal (ext4, data=ordered). A good sync of any file makes
 * the creations, renames and removals before it durable; pages that stayed dirty for 30 s are
 * written back by the kernel (vm.dirty_expire_centisecs). After a failed sync the pages count as
 * clean, as on Linux ("fsyncgate"). Invariant S4: a read returns what was last written unless a
 * recorded fault covers it; after a power loss each unsynced page is old, new or torn.
 *
 * Not here: when a sync completes (`host.ts` schedules it), or that a fault was asked for.
 */
import { assert } from '../kernel/assert.ts';
import { limits } from '../kernel/limits.ts';
import type { Disk, DiskFile, DiskResult, Random } from '../kernel/ports.ts';
import type { Micros } from '../kernel/units.ts';
import { FileTable } from './file-table.ts';
import { SimFile, WRITE_BACK_MICROS } from './sim-file.ts';

/** What becomes of pages that were not synced when the power goes. */
export type Unsynced = 'lost' | 'random' | 'torn';

/** What the disk asks of its host: the time, and to be told later. */
export interface DiskHost {
  now(): Micros;
  /** Calls back when the device has written so many bytes and their barrier. */
  afterSync(path: string, bytes: number, complete: () => DiskResult, done: SyncDone): void;
}

export type SyncDone = (result: DiskResult) => void;

/** An outside checker of a disk (S4). It is told of changes, and changes nothing. */
export interface DiskWatcher {
  /** Bytes that the file had were written anew from this position on, by its change so numbered. */
  overwrote(path: string, position: number, change: number): void;
  /** The file ends at `size`, by its change of this number; `tail` is what it had behind. */
  cut(path: string, size: number, tail: Uint8Array, change: number): void;
  renamed(from: string, to: string): void;
  removed(path: string): void;
  /** The platter has taken so many bytes of the file, all of its changes up to this one. */
  synced(path: string, sizeBytes: number, upToChange: number): void;
  losingPower(): void;
  lostPower(): void;
}

type NamespaceChange =
  | { readonly op: 'create'; readonly path: string }
  | { readonly op: 'remove'; readonly path: string; readonly file: SimFile }
  | {
      readonly op: 'rename';
      readonly from: string;
      readonly to: string;
      readonly replaced: SimFile | undefined;
    };

export class SimDisk implements Disk {
  watcher: DiskWatcher | null = null;
  readonly #host: DiskHost;
  readonly #files = new FileTable();
  #pending: NamespaceChange[] = [];
  #capacityBytes = Number.MAX_SAFE_INTEGER;
  #usedBytes = 0;
  #syncErrors = 0;
  #lying = false;
  #trusted = true;

  constructor(host: DiskHost) {
    this.#host = host;
  }

  /** Bytes of all files, page cache included. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether a sync has always kept its word. False for good after a fault that breaks it. */
  get trusted(): boolean {
    return this.#trusted;
  }

  exists(path: string): boolean {
    return this.#files.has(path) || this.#files.hasFolder(path);
  }

  open(path: string): DiskFile {
    assertPath(path);
    if (!this.#files.has(path)) {
      this.#files.set(path, new SimFile());
      this.#pending.push({ op: 'create', path });
    }
    return new OpenFile(this, path);
  }

  list(folder: string): readonly string[] {
    const prefix = folder === '' ? '' : `${folder}/`;
    const found: string[] = [];
    for (const path of this.#files.below(folder)) found.push(path.slice(prefix.length));
    return found.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  }

  freeBytes(): number {
    return Math.max(0, this.#capacityBytes - this.#usedBytes);
  }

  remove(path: string): void {
    for (const target of this.#below(path)) {
      const file = this.#files.get(target)!;
      this.#files.delete(target);
      this.#usedBytes -= file.size;
      this.#pending.push({ op: 'remove', path: target, file });
      this.watcher?.removed(target);
    }
  }

  rename(from: string, to: string): void {
    assertPath(to);
    const targets = this.#below(from);
    assert(targets.length > 0, 'nothing to rename', { from, to });
    for (const target of targets) {
      const file = this.#files.get(target)!;
      const path = to + target.slice(from.length);
      const replaced = this.#files.get(path);
      if (replaced !== undefined) this.#usedBytes -= replaced.size;
      this.#files.delete(target);
      this.#files.set(path, file);
      this.#pending.push({ op: 'rename', from: target, to: path, replaced });
      this.watcher?.renamed(target, path);
    }
  }

  /** The file at a path, for this disk's handles; asserts that it is there. */
  file(path: string): SimFile {
    const file = this.#files.get(path);
    assert(file !== undefined, 'the file is gone', { path });
    return file;
  }

  write(path: string, position: number, data: Uint8Array): DiskResult {
    const file = this.file(path);
    const grown = Math.max(0, position + data.length - file.size);
    if (this.#usedBytes + grown > this.#capacityBytes) return 'ENOSPC';
    assert(position + data.length <= limits.fileBytesMax, 'file too large', { path, position });
    const overwrites = position < file.size;
    file.write(position, data, this.#host.now());
    this.#usedBytes += grown;
    if (overwrites) this.watcher?.overwrote(path, position, file.lastChange);
    return 'ok';
  }

  truncate(path: string, size: number): DiskResult {
    const file = this.file(path);
    const tail = file.read(size, file.size - size);
    this.#usedBytes -= tail.length;
    file.truncate(size, this.#host.now());
    if (tail.length > 0) this.watcher?.cut(path, size, tail, file.lastChange);
    return 'ok';
  }

  sync(path: string, done: SyncDone): void {
    const file = this.file(path);
    const writes = file.seal();
    const sealedBytes = file.size;
    const pendingCount = this.#pending.length;
    const marker = this.#pending[pendingCount - 1];
    const complete = (): DiskResult => {
      if (this.#syncErrors > 0) {
        this.#syncErrors--;
        file.forget(writes.upTo);
        return 'EIO';
      }
      if (this.#lying) return 'ok';
      file.persist(writes.upTo);
      this.#persistNamespace(marker);
      if (this.#files.get(path) === file) this.watcher?.synced(path, sealedBytes, writes.upTo);
      return 'ok';
    };
    this.#host.afterSync(path, writes.bytes, complete, done);
  }

  // ------------------------------------------------------------------------------------ faults

  /** The power goes: what was neither synced nor written back is lost, kept by chance, or torn. */
  losePower(unsynced: Unsynced, random: Random): void {
    const now = this.#host.now();
    this.watcher?.losingPower();
    for (const change of [...this.#pending].reverse()) this.#undo(change);
    this.#pending = [];
    this.#usedBytes = 0;
    for (const [, file] of this.#sorted()) {
      file.losePower(unsynced, random, (now - WRITE_BACK_MICROS) as Micros);
      this.#usedBytes += file.size;
    }
    this.watcher?.lostPower();
  }

  /** The next syncs fail with EIO, and their pages count as clean; 0: none does any more. */
  failSyncs(count: number): void {
    this.#syncErrors = count === 0 ? 0 : this.#syncErrors + count;
    if (count > 0) this.#trusted = false;
  }

  /** While it lies, a sync answers ok and the platter stays as it was. */
  lie(on: boolean): void {
    this.#lying = on;
    if (on) this.#trusted = false;
  }

  /** From now on the disk holds so many bytes. */
  limitTo(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes;
  }

  /** Flips a bit in the cache and on the platter. False if the file has no such byte. */
  rot(path: string, position: number, bit: number): boolean {
    const file = this.#files.get(path);
    if (file === undefined || position >= file.size) return false;
    file.flip(position, bit);
    this.#trusted = false;
    return true;
  }

  /** An empty disk in place of this one. */
  wipe(): void {
    this.#trusted = false;
    this.#files.clear();
    this.#pending = [];
    this.#usedBytes = 0;
  }

  /** A copy of what the platter holds, to be restored later: a backup. */
  backup(): ReadonlyMap<string, Uint8Array> {
    const copy = new Map<string, Uint8Array>();
    for (const [path, file] of this.#sorted()) copy.set(path, file.durable());
    return copy;
  }

  /** Puts a backup in place of what the disk holds. */
  restore(backup: ReadonlyMap<string, Uint8Array>): void {
    this.wipe();
    for (const [path, content] of backup) {
      const file = new SimFile();
      file.write(0, content, this.#host.now());
      file.persist(file.seal().upTo);
      this.#files.set(path, file);
      this.#usedBytes += content.length;
    }
  }

  #below(path: string): string[] {
    if (this.#files.has(path)) return [path];
    return this.list(path).map((below) => `${path}/${below}`);
  }

  #sorted(): [string, SimFile][] {
    return [...this.#files].sort(([left], [right]) => (left < right ? -1 : 1));
  }

  #persistNamespace(marker: NamespaceChange | undefined): void {
    if (marker === undefined) return;
    const place = this.#pending.indexOf(marker);
    if (place >= 0) this.#pending.splice(0, place + 1);
  }

  #undo(change: NamespaceChange): void {
    if (change.op === 'create') {
      this.#files.delete(change.path);
    } else if (change.op === 'remove') {
      this.#files.set(change.path, change.file);
    } else {
      const file = this.#files.get(change.to);
      assert(file !== undefined, 'a rename is undone in order', { to: change.to });
      this.#files.delete(change.to);
      this.#files.set(change.from, file);
      if (change.replaced !== undefined) this.#files.set(change.to, change.replaced);
    }
  }
}

/** A handle. It follows the path, not the inode: nobody here renames a file that is open. */
class OpenFile implements DiskFile {
  readonly #disk: SimDisk;
  readonly path: string;

  constructor(disk: SimDisk, path: string) {
    this.#disk = disk;
    this.path = path;
  }

  size(): number {
    return this.#disk.file(this.path).size;
  }

  read(position: number, length: number): Uint8Array {
    return this.#disk.file(this.path).read(position, length);
  }

  write(position: number, data: Uint8Array): DiskResult {
    return this.#disk.write(this.path, position, data);
  }

  truncate(size: number): DiskResult {
    return this.#disk.truncate(this.path, size);
  }

  sync(done: (result: DiskResult) => void): void {
    this.#disk.sync(this.path, done);
  }

  close(): void {
    // The simulated disk counts no handles: a file is a name.
  }
}

function assertPath(path: string): void {
  const clean = path !== '' && !path.startsWith('/') && !path.split('/').includes('..');
  assert(clean, 'a path is relative and stays inside', { path });
}
