/**
 * The disk port on the file system: one folder, and everything below it.
 *
 * Reads and writes are `*Sync` calls, which meet the page cache; a sync runs on Node's threads and
 * its completion is an event. Sizes are kept in memory, for nobody else writes here (`data-lock.ts`
 * sees to that). Small reads are served from a window of 16 KiB, so that stepping through batch
 * headers or index entries is not a system call each.
 *
 * Not here: descriptors (`handle-cache.ts`), durable names (`folder-sync.ts`). Differs from the
 * simulated disk: errors are the system's own, and a read error ends the process, as in Kafka a
 * broker without a working log folder does.
 */
import {
  existsSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { assert } from '../../kernel/assert.ts';
import type { Disk, DiskFile, DiskResult } from '../../kernel/ports.ts';
import { LOCK_FILE } from './data-lock.ts';
import type { EventLoop, EventOwner } from './event-loop.ts';
import { FolderSync } from './folder-sync.ts';
import { HandleCache } from './handle-cache.ts';

export interface DiskOptions {
  /** The folder; it is made if it is not there. */
  readonly folder: string;
  readonly loop: EventLoop;
  readonly owner: EventOwner;
  /** Descriptors that are open at a time. */
  readonly handlesMax: number;
  log(line: string): void;
}

/** What is known of a file between events. */
interface FileState {
  readonly path: string;
  readonly absolute: string;
  size: number;
  window: Uint8Array;
  windowAt: number;
}

const NOTHING = new Uint8Array(0);
const PAGE_BYTES = 4096;
const WINDOW_BYTES = 16_384;
/** The longest path that Linux takes. */
const PATH_LENGTH_MAX = 4096;

export class FileDisk implements Disk {
  readonly #root: string;
  readonly #options: DiskOptions;
  readonly #files = new Map<string, FileState>();
  readonly #handles: HandleCache;
  readonly #names: FolderSync;

  constructor(options: DiskOptions) {
    this.#options = options;
    this.#root = resolve(options.folder);
    mkdirSync(this.#root, { recursive: true });
    this.#handles = new HandleCache(options.handlesMax);
    this.#names = new FolderSync(this.#root);
  }

  exists(path: string): boolean {
    if (this.#files.has(path)) return true;
    const found = statSync(this.#absolute(path), { throwIfNoEntry: false });
    if (found === undefined) return false;
    // A folder is there with its first file, and no longer than its last.
    return found.isDirectory() ? this.list(path).length > 0 : true;
  }

  open(path: string): DiskFile {
    const absolute = this.#absolute(path);
    if (!this.#files.has(path)) {
      const found = statSync(absolute, { throwIfNoEntry: false });
      assert(found?.isDirectory() !== true, 'a folder is no file', { path });
      if (found === undefined) this.#create(absolute);
      this.#remember(path, absolute, found === undefined ? 0 : found.size);
    }
    return new OpenFile(this, path);
  }

  list(folder: string): readonly string[] {
    const found: string[] = [];
    this.#collect(folder === '' ? this.#root : this.#absolute(folder), '', found);
    return found.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#root);
    return bavail * bsize;
  }

  remove(path: string): void {
    const absolute = this.#absolute(path);
    this.#forget(path);
    this.#handles.drop(absolute);
    rmSync(absolute, { recursive: true, force: true });
    this.#names.entryChanged(dirname(absolute));
  }

  rename(from: string, to: string): void {
    const source = this.#absolute(from);
    const target = this.#absolute(to);
    const found = statSync(source, { throwIfNoEntry: false });
    assert(found !== undefined, 'nothing to rename', { from, to });
    if (found.isDirectory() && existsSync(target)) {
      // The system moves a folder only over an empty one.
      for (const below of this.list(from)) this.rename(`${from}/${below}`, `${to}/${below}`);
      rmSync(source, { recursive: true, force: true });
      return;
    }
    for (const path of [from, to]) this.#forget(path);
    for (const absolute of [source, target]) this.#handles.drop(absolute);
    this.#makeFolder(dirname(target));
    renameSync(source, target);
    this.#names.entryChanged(dirname(source));
    this.#names.entryChanged(dirname(target));
  }

  size(path: string): number {
    return this.#state(path).size;
  }

  read(path: string, position: number, length: number): Uint8Array {
    assert(position >= 0 && length >= 0, 'read within the file', { path, position, length });
    const file = this.#state(path);
    const end = Math.min(position + length, file.size);
    if (end <= position) return NOTHING;
    if (end - position > WINDOW_BYTES - PAGE_BYTES) return this.#readAt(file, position, end);
    const { windowAt } = file;
    if (position < windowAt || end > windowAt + file.window.length) {
      file.windowAt = position - (position % PAGE_BYTES);
      const windowEnd = Math.min(file.windowAt + WINDOW_BYTES, file.size);
      file.window = this.#readAt(file, file.windowAt, windowEnd);
    }
    return file.window.subarray(position - file.windowAt, end - file.windowAt);
  }

  write(path: string, position: number, bytes: Uint8Array): DiskResult {
    const file = this.#state(path);
    assert(position >= 0 && position <= file.size, 'no holes', {
      path,
      position,
      size: file.size,
    });
    if (position < file.windowAt + file.window.length) file.window = NOTHING;
    let written = 0;
    try {
      const fd = this.#handles.descriptorOf(file.absolute);
      while (written < bytes.length) {
        written += writeSync(fd, bytes, written, bytes.length - written, position + written);
      }
    } catch (error) {
      // What was written before the error counts, as it would after a crash.
      file.size = Math.max(file.size, position + written);
      return this.#result('write', path, error as NodeJS.ErrnoException);
    }
    file.size = Math.max(file.size, position + written);
    return 'ok';
  }

  truncate(path: string, size: number): DiskResult {
    const file = this.#state(path);
    assert(size >= 0 && size <= file.size, 'truncate within the file', { path, size });
    if (size === file.size) return 'ok';
    try {
      ftruncateSync(this.#handles.descriptorOf(file.absolute), size);
    } catch (error) {
      return this.#result('truncate', path, error as NodeJS.ErrnoException);
    }
    file.size = size;
    file.window = NOTHING;
    return 'ok';
  }

  sync(path: string, done: (result: DiskResult) => void): void {
    const { absolute } = this.#state(path);
    let handle: ReturnType<HandleCache['pin']>;
    const end = (error: NodeJS.ErrnoException | null): void => {
      const result = error === null ? 'ok' : this.#result('sync', path, error);
      this.#options.loop.post(this.#options.owner, () => done(result));
    };
    try {
      handle = this.#handles.pin(absolute);
    } catch (error) {
      setImmediate(() => end(error as NodeJS.ErrnoException));
      return;
    }
    fdatasync(handle.fd, (error) => {
      handle.unpin();
      if (error === null) this.#names.syncNamesOf(absolute, end);
      else end(error);
    });
  }

  close(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    this.#handles.dropFile(file.absolute);
  }

  /** The process has ended: all descriptors are closed. */
  end(): void {
    assert(!this.#options.owner.alive, 'only a dead process loses its disk');
    this.#files.clear();
    this.#handles.end();
  }

  /** The state of a file, for this disk's handles; asserts that the file is there. */
  #state(path: string): FileState {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const absolute = this.#absolute(path);
    const found = statSync(absolute, { throwIfNoEntry: false });
    assert(found?.isDirectory() === false, 'the file is gone', { path });
    return this.#remember(path, absolute, found.size);
  }

  #remember(path: string, absolute: string, size: number): FileState {
    const state: FileState = { path, absolute, size, window: NOTHING, windowAt: 0 };
    this.#files.set(path, state);
    return state;
  }

  /** A new file. If that fails, so does the first write, with the reason. */
  #create(absolute: string): void {
    this.#makeFolder(dirname(absolute));
    try {
      this.#handles.descriptorOf(absolute);
    } catch (error) {
      this.#result('open', absolute, error as NodeJS.ErrnoException);
    }
    this.#names.entryChanged(dirname(absolute));
  }

  #makeFolder(folder: string): void {
    if (existsSync(folder)) return;
    this.#makeFolder(dirname(folder));
    mkdirSync(folder, { recursive: true });
    this.#names.entryChanged(dirname(folder));
  }

  #readAt(file: FileState, position: number, end: number): Uint8Array {
    const length = end - position;
    const buffer = Buffer.allocUnsafeSlow(length);
    const fd = this.#handles.descriptorOf(file.absolute);
    let done = 0;
    while (done < length) {
      const count = readSync(fd, buffer, done, length - done, position + done);
      assert(count > 0, 'the file is shorter than we wrote it', { path: file.path, position, end });
      done += count;
    }
    return new Uint8Array(buffer.buffer, buffer.byteOffset, length);
  }

  #collect(folder: string, prefix: string, found: string[]): void {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) return;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = prefix + entry.name;
      if (entry.isDirectory()) this.#collect(join(folder, entry.name), `${path}/`, found);
      else if (entry.isFile() && path !== LOCK_FILE) found.push(path);
    }
  }

  #forget(path: string): void {
    const below = `${path}/`;
    for (const known of [...this.#files.keys()]) {
      if (known === path || known.startsWith(below)) this.#files.delete(known);
    }
  }

  #absolute(path: string): string {
    const parts = path.split('/');
    const clean = parts.every((part) => part !== '' && part !== '.' && part !== '..');
    assert(clean && !path.includes('\0') && path !== LOCK_FILE, 'a path stays inside', { path });
    assert(path.length <= PATH_LENGTH_MAX, 'path too long', { length: path.length });
    return join(this.#root, path);
  }

  #result(what: string, path: string, error: NodeJS.ErrnoException): DiskResult {
    this.#options.log(`disk: ${what} ${path}: ${error.message}`);
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT' || error.code === 'EFBIG') {
      return 'ENOSPC';
    }
    return error.code === 'EMFILE' || error.code === 'ENFILE' ? 'EMFILE' : 'EIO';
  }
}

/** A handle. It follows the path, as in the simulated world. */
class OpenFile implements DiskFile {
  readonly #disk: FileDisk;
  readonly path: string;

  constructor(disk: FileDisk, path: string) {
    this.#disk = disk;
    this.path = path;
  }

  size(): number {
    return this.#disk.size(this.path);
  }

  read(position: number, length: number): Uint8Array {
    return this.#disk.read(this.path, position, length);
  }

  write(position: number, bytes: Uint8Array): DiskResult {
    return this.#disk.write(this.path, position, bytes);
  }

  truncate(size: number): DiskResult {
    return this.#disk.truncate(this.path, size);
  }

  sync(done: (result: DiskResult) => void): void {
    this.#disk.sync(this.path, done);
  }

  close(): void {
    this.#disk.close(this.path);
  }
}
