/**
 * The files of a simulated disk by their paths, and by the folders that they lie in: what lies in
 * one folder is found without a look at all the others.
 *
 * Folders exist as long as something lies in them. Not here: what is in a file (`sim-file.ts`),
 * what of the table survives a loss of power (`sim-disk.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { SimFile } from './sim-file.ts';

export class FileTable {
  readonly #files = new Map<string, SimFile>();
  /** Paths at any depth below a folder. */
  readonly #below = new Map<string, Set<string>>();

  has(path: string): boolean {
    return this.#files.has(path);
  }

  hasFolder(folder: string): boolean {
    return this.#below.has(folder);
  }

  get(path: string): SimFile | undefined {
    return this.#files.get(path);
  }

  set(path: string, file: SimFile): void {
    assert(path.length > 0, 'a path', { path });
    if (!this.#files.has(path)) {
      for (const folder of foldersOf(path)) {
        const known = this.#below.get(folder);
        if (known === undefined) this.#below.set(folder, new Set([path]));
        else known.add(path);
      }
    }
    this.#files.set(path, file);
  }

  delete(path: string): void {
    if (!this.#files.delete(path)) return;
    for (const folder of foldersOf(path)) {
      const known = this.#below.get(folder);
      assert(known !== undefined, 'a folder of a file', { path, folder });
      known.delete(path);
      if (known.size === 0) this.#below.delete(folder);
    }
  }

  clear(): void {
    this.#files.clear();
    this.#below.clear();
  }

  /** Paths below a folder, the root being the empty text; in no order. */
  below(folder: string): Iterable<string> {
    return folder === '' ? this.#files.keys() : (this.#below.get(folder) ?? []);
  }

  [Symbol.iterator](): Iterator<[string, SimFile]> {
    return this.#files.entries();
  }
}

/** `a/b` and `a` for `a/b/c`. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    folders.push(path.slice(0, end));
  }
  return folders;
}
