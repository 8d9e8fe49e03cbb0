/**
 * Which folders have entries (new files, renamed files) that a power loss would undo, and the
 * sync that makes them last: on POSIX a file's own sync does not cover its name.
 *
 * Not here: a file's content (`file-disk.ts`). Windows has no such sync and needs none.
 */
import { close, fsync, open } from 'node:fs';
import { dirname } from 'node:path';
import { assert } from '../../kernel/assert.ts';

type Done = (error: NodeJS.ErrnoException | null) => void;

export class FolderSync {
  readonly #root: string;
  /** Folders with unsynced entries, each with the number of its last change. */
  readonly #changed = new Map<string, number>();
  #changeCount = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** An entry of this folder came, went or changed its name. */
  entryChanged(folder: string): void {
    assert(folder === this.#root || folder.startsWith(this.#root), 'outside', { folder });
    this.#changed.set(folder, ++this.#changeCount);
  }

  /** Makes every name on the way from the root to this file last; calls back in a later tick. */
  syncNamesOf(path: string, done: Done): void {
    const folders: string[] = [];
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if (this.#changed.has(folder)) folders.push(folder);
      if (folder === this.#root || folder === dirname(folder)) break;
    }
    this.#syncEach(folders, done);
  }

  #syncEach(folders: readonly string[], done: Done): void {
    const [folder, ...rest] = folders;
    if (folder === undefined || process.platform === 'win32') {
      done(null);
      return;
    }
    const change = this.#changed.get(folder);
    syncFolder(folder, (error) => {
      if (error !== null) {
        done(error);
        return;
      }
      if (this.#changed.get(folder) === change) this.#changed.delete(folder);
      this.#syncEach(rest, done);
    });
  }
}

function syncFolder(folder: string, done: Done): void {
  open(folder, 'r', (openError, fd) => {
    // A folder that was renamed or removed meanwhile has nothing left to make last.
    if (openError !== null) {
      done(openError.code === 'ENOENT' ? null : openError);
      return;
    }
    fsync(fd, (syncError) => close(fd, (closeError) => done(syncError ?? closeError)));
  });
}
