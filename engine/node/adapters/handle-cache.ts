/**
 * Open file descriptors, at most so many, and those whose sync is under way: the one that was used
 * longest ago is closed when another is needed. A log has three files a segment; a process may not
 * run out of descriptors because it has many logs.
 *
 * Not here: what is read and written (`file-disk.ts`).
 */
import { closeSync, constants, openSync } from 'node:fs';
import { assert } from '../../kernel/assert.ts';

interface Handle {
  readonly fd: number;
  pins: number;
  /** Closed as soon as nobody pins it. */
  doomed: boolean;
}

export class HandleCache {
  readonly #handlesMax: number;
  /** By absolute path, the one used last at the end. */
  readonly #handles = new Map<string, Handle>();
  #lastPath = '';

  constructor(handlesMax: number) {
    assert(handlesMax >= 1, 'a cache holds something', { handlesMax });
    this.#handlesMax = handlesMax;
  }

  get size(): number {
    return this.#handles.size;
  }

  /** The descriptor of a file, opened for reading and writing. Throws what `openSync` throws. */
  descriptorOf(path: string): number {
    return this.#use(path).fd;
  }

  /** Keeps a descriptor open until the returned function is called. */
  pin(path: string): { readonly fd: number; readonly unpin: () => void } {
    const handle = this.#use(path);
    handle.pins++;
    const unpin = (): void => {
      assert(handle.pins > 0, 'unpinned more than pinned', { path });
      handle.pins--;
      if (handle.pins > 0) return;
      if (handle.doomed) closeSync(handle.fd);
      else if (this.#handles.size > this.#handlesMax) this.#close(path, handle);
    };
    return { fd: handle.fd, unpin };
  }

  /** Closes the descriptor of a path, if there is one, and of every path below it. */
  drop(path: string): void {
    const below = `${path}/`;
    for (const [open, handle] of this.#handles) {
      if (open === path || open.startsWith(below)) this.#close(open, handle);
    }
  }

  /** Closes the descriptor of one file, if there is one. */
  dropFile(path: string): void {
    const handle = this.#handles.get(path);
    if (handle !== undefined) this.#close(path, handle);
  }

  /** Closes all of them. */
  end(): void {
    for (const [path, handle] of this.#handles) this.#close(path, handle);
  }

  #use(path: string): Handle {
    const known = this.#handles.get(path);
    if (known !== undefined) {
      if (this.#lastPath !== path) {
        this.#handles.delete(path);
        this.#handles.set(path, known);
        this.#lastPath = path;
      }
      return known;
    }
    if (this.#handles.size >= this.#handlesMax) this.#evict(this.#handles.size);
    const handle: Handle = { fd: this.#open(path), pins: 0, doomed: false };
    this.#handles.set(path, handle);
    this.#lastPath = path;
    return handle;
  }

  #open(path: string): number {
    const flags = constants.O_RDWR | constants.O_CREAT;
    try {
      return openSync(path, flags);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
      // The system has fewer descriptors than we think: give half of ours back and try once more.
      this.#evict(Math.ceil(this.#handles.size / 2));
      return openSync(path, flags);
    }
  }

  /** Closes the oldest until fewer than `count` are left, or only pinned ones. */
  #evict(count: number): void {
    for (const [path, handle] of this.#handles) {
      if (this.#handles.size < count) return;
      if (handle.pins === 0) this.#close(path, handle);
    }
  }

  #close(path: string, handle: Handle): void {
    this.#handles.delete(path);
    if (this.#lastPath === path) this.#lastPath = '';
    if (handle.pins > 0) handle.doomed = true;
    else closeSync(handle.fd);
  }
}
