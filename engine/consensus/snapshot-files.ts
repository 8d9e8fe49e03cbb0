/**
 * The snapshots in the folder of a member's log: which there are, their bytes, and how a new one
 * comes to be there, whole or not at all.
 *
 *     <name>.part -> sync -> rename -> <name> -> sync
 *
 * Not here: the bytes' meaning, when one is made or dropped, and what a name looks like, which are
 * the product's.
 * Sources: `org.apache.kafka.snapshot.FileRawSnapshotWriter`; `ra_snapshot` does the same with a
 * folder for each.
 */
import { assert } from '../kernel/assert.ts';
import type { DiskResult, Ports } from '../kernel/ports.ts';

const PART_SUFFIX = '.part';

/** How a product names its snapshots, and which part of the log one stands for. */
export interface SnapshotNaming<Id> {
  nameOf(id: Id): string;
  /** Null for the name of any other file. */
  idOf(name: string): Id | null;
  /** All below it is in the snapshot; no two have the same. */
  endOffsetOf(id: Id): number;
}

export class SnapshotFiles<Id extends object> {
  readonly #ports: Pick<Ports, 'disk' | 'cost'>;
  readonly #folder: string;
  readonly #naming: SnapshotNaming<Id>;
  /** By end offset. */
  #ids: Id[] = [];

  constructor(ports: Pick<Ports, 'disk' | 'cost'>, folder: string, naming: SnapshotNaming<Id>) {
    this.#ports = ports;
    this.#folder = folder;
    this.#naming = naming;
    for (const name of ports.disk.list(folder)) {
      const id = naming.idOf(name);
      if (id !== null) this.#ids.push(id);
      // One that was not finished before the process ended.
      const isPart = name.endsWith(PART_SUFFIX);
      const whole = isPart ? naming.idOf(name.slice(0, -PART_SUFFIX.length)) : null;
      if (whole !== null) ports.disk.remove(`${folder}/${name}`);
    }
    this.#sort();
  }

  get ids(): readonly Id[] {
    return this.#ids;
  }

  get newest(): Id | null {
    return this.#ids.at(-1) ?? null;
  }

  /** Bytes of all snapshots. */
  get sizeBytes(): number {
    return this.#ids.reduce((sum, id) => sum + this.#sizeOf(id), 0);
  }

  /** The whole snapshot, or a part of it; null if it is gone. */
  read(
    id: Id,
    position = 0,
    bytesMax = Number.MAX_SAFE_INTEGER,
  ): { readonly bytes: Uint8Array; readonly sizeBytes: number } | null {
    if (!this.#has(id)) return null;
    const sizeBytes = this.#sizeOf(id);
    assert(position >= 0 && bytesMax > 0, 'a part', { position, bytesMax });
    const file = this.#ports.disk.open(this.#path(id));
    const length = Math.max(0, Math.min(bytesMax, sizeBytes - position));
    const bytes = file.read(Math.min(position, sizeBytes), length).slice();
    file.close();
    this.#ports.cost.charge('read', bytes.length);
    return { bytes, sizeBytes };
  }

  /** A part for a follower, from this byte on; null if the snapshot is gone. */
  chunk(
    id: Id,
    position: number,
    bytesMax: number,
  ): { readonly bytes: Uint8Array; readonly sizeBytes: number; readonly last: boolean } | null {
    const read = this.read(id, position, bytesMax);
    if (read === null || position > read.sizeBytes) return null;
    return { ...read, last: position + read.bytes.length === read.sizeBytes };
  }

  /** Writes bytes at a position of a snapshot that is to be; at 0 it begins anew. */
  writePart(id: Id, position: number, bytes: Uint8Array): DiskResult {
    const file = this.#ports.disk.open(this.#partPath(id));
    let result: DiskResult = position === 0 ? file.truncate(0) : 'ok';
    assert(result !== 'ok' || file.size() === position, 'parts in order', { position });
    if (result === 'ok') result = file.write(position, bytes);
    file.close();
    return result;
  }

  /** The bytes that were written so far of a snapshot that is to be. */
  readPart(id: Id): Uint8Array {
    const file = this.#ports.disk.open(this.#partPath(id));
    const bytes = file.read(0, file.size()).slice();
    assert(bytes.length > 0, 'something was written', {
      name: this.#naming.nameOf(id),
    });
    file.close();
    return bytes;
  }

  /** Makes a snapshot of which all parts are written durable, and gives it its name. */
  freeze(id: Id, done: (result: DiskResult) => void): void {
    const { disk } = this.#ports;
    const part = disk.open(this.#partPath(id));
    part.sync((synced) => {
      part.close();
      if (synced !== 'ok') return done(synced);
      // The folder may have been removed meanwhile.
      if (!disk.exists(this.#partPath(id))) return done('ok');
      disk.rename(this.#partPath(id), this.#path(id));
      const renamed = disk.open(this.#path(id));
      renamed.sync((durable) => {
        renamed.close();
        if (durable === 'ok' && !this.#has(id)) this.#add(id);
        done(durable);
      });
    });
  }

  /** Removes all snapshots before this one. */
  removeBefore(id: Id): void {
    assert(this.#has(id), 'a snapshot that is there', {
      name: this.#naming.nameOf(id),
    });
    const end = this.#endOf(id);
    const gone = this.#ids.filter((one) => this.#endOf(one) < end);
    this.#ids = this.#ids.filter((one) => this.#endOf(one) >= end);
    for (const one of gone) this.#ports.disk.remove(this.#path(one));
  }

  #add(id: Id): void {
    this.#ids.push(id);
    this.#sort();
  }

  #sort(): void {
    this.#ids.sort((left, right) => this.#endOf(left) - this.#endOf(right));
  }

  #endOf(id: Id): number {
    return this.#naming.endOffsetOf(id);
  }

  #has(id: Id): boolean {
    const name = this.#naming.nameOf(id);
    return this.#ids.some((one) => this.#naming.nameOf(one) === name);
  }

  #sizeOf(id: Id): number {
    const file = this.#ports.disk.open(this.#path(id));
    const sizeBytes = file.size();
    file.close();
    return sizeBytes;
  }

  #path(id: Id): string {
    return `${this.#folder}/${this.#naming.nameOf(id)}`;
  }

  #partPath(id: Id): string {
    return `${this.#path(id)}${PART_SUFFIX}`;
  }
}
