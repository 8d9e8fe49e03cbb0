/**
 * The lock on a data folder: a file `.lock`, as Kafka's, so that two servers never write the same
 * logs.
 *
 * Differs: Kafka holds an operating system lock (`FileLock`), which Node does not offer. Ours says
 * who holds it (process id and start time); one whose holder no longer runs is stale and is taken
 * over, as after `kill -9`.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { assert } from '../../kernel/assert.ts';

export const LOCK_FILE = '.lock';

/** Folders that this program holds. */
const held = new Set<string>();

export class DataLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Locks the folder (made if it is not there), or says who has it. */
  static take(folder: string): DataLock | { readonly heldBy: string } {
    mkdirSync(folder, { recursive: true });
    const path = join(resolve(folder), LOCK_FILE);
    for (let attempt = 0; attempt < 3; attempt++) {
      const holder = read(path);
      if (holder !== undefined && runs(holder, path)) return { heldBy: holder };
      if (holder !== undefined && !removeStale(path, holder)) continue;
      if (!create(path)) continue;
      held.add(path);
      return new DataLock(path);
    }
    return { heldBy: read(path) ?? 'another process that is starting' };
  }

  release(): void {
    assert(held.delete(this.#path), 'the lock is held', { path: this.#path });
    rmSync(this.#path, { force: true });
  }
}

/** `process 4711 started 123456`: the start time tells a process from a later one of its number. */
function identityOf(pid: number): string {
  return `process ${pid} started ${startOf(pid)}`;
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name in brackets and may hold spaces; the start time is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

function runs(holder: string, path: string): boolean {
  const found = /^process (\d+) started (\S+)$/.exec(holder);
  if (found === null) return false;
  const pid = Number(found[1]);
  if (pid === process.pid) return held.has(path);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return identityOf(pid) === holder;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Moves the stale lock away; if it is not the one that was read, somebody was faster. */
function removeStale(path: string, holder: string): boolean {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  const moved = read(aside);
  if (moved === holder) {
    rmSync(aside, { force: true });
    return true;
  }
  renameSync(aside, path);
  return false;
}

function create(path: string): boolean {
  try {
    writeFileSync(path, `${identityOf(process.pid)}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
