/**
 * A small text file that is replaced as a whole, so that a reader finds the old text or the new
 * one: written beside it, synced, renamed over it, and the rename made durable (source:
 * CheckpointFile.java, Utils.atomicMoveWithFallback).
 *
 *     replication-offset-checkpoint.tmp -> sync -> rename -> replication-offset-checkpoint -> sync
 *
 * Unlike in the real broker, whose caller waits for the disk, completion is a later event. Texts
 * that come while one is being written are coalesced: only the newest is written.
 *
 * Not here: what the text says.
 */
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.ts';
import { assert } from '../kernel/assert.ts';
import type { Disk, DiskResult } from '../kernel/ports.ts';

type Done = (result: DiskResult) => void;

export class CheckpointFile {
  readonly path: string;
  readonly #disk: Disk;
  #writing = false;
  #next: string | null = null;
  #nextDone: Done[] = [];

  constructor(disk: Disk, path: string) {
    assert(path.length > 0, 'a path', { path });
    this.#disk = disk;
    this.path = path;
  }

  /** The text, or null if there is no file. */
  read(): string | null {
    if (!this.#disk.exists(this.path)) return null;
    const file = this.#disk.open(this.path);
    const text = decodeUtf8(file.read(0, file.size()));
    file.close();
    return text;
  }

  /** Replaces the text; `done` when it, or a newer one, is durable, or with the disk's error. */
  write(text: string, done?: Done): void {
    this.#next = text;
    if (done !== undefined) this.#nextDone.push(done);
    if (!this.#writing) this.#writeNext();
  }

  #writeNext(): void {
    const text = this.#next;
    assert(text !== null && !this.#writing, 'one text at a time', { path: this.path });
    const waiting = this.#nextDone;
    this.#next = null;
    this.#nextDone = [];
    this.#writing = true;
    this.#replace(encodeUtf8(text), (result) => {
      this.#writing = false;
      for (const done of waiting) done(result);
      // A callback may have begun the next text already.
      if (this.#next !== null && !this.#writing) this.#writeNext();
    });
  }

  #replace(bytes: Uint8Array, done: Done): void {
    const path = `${this.path}.tmp`;
    const file = this.#disk.open(path);
    let result = file.truncate(0);
    if (result === 'ok') result = file.write(0, bytes);
    if (result !== 'ok') {
      file.close();
      done(result);
      return;
    }
    file.sync((synced) => {
      file.close();
      if (synced !== 'ok') {
        done(synced);
        return;
      }
      // The folder may have been renamed meanwhile, when the topic was deleted.
      if (!this.#disk.exists(path)) {
        done('ok');
        return;
      }
      this.#disk.rename(path, this.path);
      const renamed = this.#disk.open(this.path);
      renamed.sync((durable) => {
        renamed.close();
        done(durable);
      });
    });
  }
}
