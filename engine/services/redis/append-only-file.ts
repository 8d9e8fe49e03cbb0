/**
 * The append-only file: every write as the command that repeats it, in RESP.
 *
 * `appendfsync`: `always` before the reply, `everysec` once a second, `no` when the operating
 * system likes. A tail that is not whole is cut off at the start (`aof-load-truncated yes`).
 * Differences: one file, never rewritten. Not here: RDB snapshots; under the default `save` rules
 * (3600 1 300 100 60 10000) none is due within the minutes of a lab.
 * Source: redis.io, "Redis persistence".
 */
import type { Ports, DiskFile } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { commandOf, encodeResp, RespCutter, wordsOf } from './resp.ts';
import type { RespValue } from './resp.ts';

export type AppendFsync = 'always' | 'everysec' | 'no';

const FILE = 'appendonlydir/appendonly.aof.1.incr.aof';
const EVERY_SECOND_MS = 1000;

export class AppendOnlyFile {
  readonly #ports: Ports;
  readonly #file: DiskFile;
  readonly #fsync: AppendFsync;
  #syncIsDue = false;

  constructor(ports: Ports, fsync: AppendFsync) {
    this.#ports = ports;
    this.#fsync = fsync;
    this.#file = ports.disk.open(FILE);
  }

  /** Hands every whole command to `apply`; cuts off the rest. */
  load(apply: (words: readonly string[]) => void): void {
    const cutter = new RespCutter();
    const { messages } = cutter.cut(this.#file.read(0, this.#file.size()));
    for (const value of messages as readonly RespValue[]) {
      const words = wordsOf(value);
      if (words !== null) apply(words);
    }
    if (cutter.rest > 0) this.#file.truncate(this.#file.size() - cutter.rest);
  }

  /** A new start: what a full synchronisation brought replaces what was there. */
  reset(): void {
    this.#file.truncate(0);
  }

  append(words: readonly string[]): void {
    const written = this.#file.write(this.#file.size(), encodeUtf8(encodeResp(commandOf(words))));
    if (written !== 'ok') {
      this.#ports.halt(`Can't write to the append-only file: ${written}`);
      return;
    }
    if (this.#fsync !== 'everysec' || this.#syncIsDue) return;
    this.#syncIsDue = true;
    this.#ports.clock.after(microsOfMillis(EVERY_SECOND_MS), 'appendfsync everysec', () => {
      this.#syncIsDue = false;
      this.#file.sync(() => {});
    });
  }

  /** Calls `done` when replies may leave: at once, or, with `always`, after a sync. */
  beforeReply(done: () => void): void {
    if (this.#fsync !== 'always') {
      done();
      return;
    }
    this.#file.sync((result) => {
      if (result === 'ok') done();
      else this.#ports.halt(`Can't persist the append-only file: ${result}`);
    });
  }
}

/** For the parts of a server (`RedisParts`). */
export const appendOnlyFile = (ports: Ports, fsync: AppendFsync): AppendOnlyFile =>
  new AppendOnlyFile(ports, fsync);
