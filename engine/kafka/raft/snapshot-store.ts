/**
 * The snapshots in a controller's log folder: which there are, their bytes, and how a new one comes
 * to be there, whole or not at all.
 *
 *     <id>.checkpoint.part -> sync -> rename -> <id>.checkpoint -> sync
 *
 * Not here: the bytes' meaning (`snapshot-file.ts`), when one is made or dropped.
 * Source: `org.apache.kafka.snapshot.FileRawSnapshotWriter`, `KafkaRaftLog.snapshots`.
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../kernel/ports.ts';
import type { SnapshotId } from '../controller/kafka-metadata-log.ts';
import { PART_SUFFIX, parseSnapshotFileName, snapshotFileName } from './snapshot-file.ts';

export class SnapshotStore {
  readonly #ports: Pick<Ports, 'disk' | 'cost'>;
  readonly #folder: string;
  /** By end offset. */
  #ids: SnapshotId[] = [];

  constructor(ports: Pick<Ports, 'disk' | 'cost'>, folder: string) {
    this.#ports = ports;
    this.#folder = folder;
    for (const name of ports.disk.list(folder)) {
      const id = parseSnapshotFileName(name);
      if (id !== null) this.#ids.push(id);
      // One that was not finished before the process ended.
      if (name.endsWith(PART_SUFFIX)) ports.disk.remove(`${folder}/${name}`);
    }
    this.#ids.sort((left, right) => left.endOffset - right.endOffset);
  }

  get ids(): readonly SnapshotId[] {
    return this.#ids;
  }

  get newest(): SnapshotId | null {
    return this.#ids.at(-1) ?? null;
  }

  /** Bytes of all snapshots. */
  get sizeBytes(): number {
    return this.#ids.reduce((sum, id) => sum + this.#sizeOf(id), 0);
  }

  /** The whole snapshot, or a part of it; null if it is gone. */
  read(
    id: SnapshotId,
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

  /** Writes bytes at a position of a snapshot that is to be; at 0 it begins anew. */
  writePart(id: SnapshotId, position: number, bytes: Uint8Array): DiskResult {
    const file = this.#ports.disk.open(this.#partPath(id));
    let result: DiskResult = position === 0 ? file.truncate(0) : 'ok';
    assert(result !== 'ok' || file.size() === position, 'parts in order', { position });
    if (result === 'ok') result = file.write(position, bytes);
    file.close();
    return result;
  }

  /** The bytes that were written so far of a snapshot that is to be. */
  readPart(id: SnapshotId): Uint8Array {
    const file = this.#ports.disk.open(this.#partPath(id));
    const bytes = file.read(0, file.size()).slice();
    assert(bytes.length > 0, 'something was written', { ...id });
    file.close();
    return bytes;
  }

  /** Makes a snapshot of which all parts are written durable, and gives it its name. */
  freeze(id: SnapshotId, done: (result: DiskResult) => void): void {
    const { disk } = this.#ports;
    const part = disk.open(this.#partPath(id));
    part.sync((synced) => {
      part.close();
      if (synced !== 'ok') return done(synced);
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
  removeBefore(id: SnapshotId): void {
    assert(this.#has(id), 'a snapshot that is there', { ...id });
    const gone = this.#ids.filter(({ endOffset }) => endOffset < id.endOffset);
    this.#ids = this.#ids.filter(({ endOffset }) => endOffset >= id.endOffset);
    for (const one of gone) this.#ports.disk.remove(this.#path(one));
  }

  #add(id: SnapshotId): void {
    this.#ids.push(id);
    this.#ids.sort((left, right) => left.endOffset - right.endOffset);
  }

  #has({ endOffset, epoch }: SnapshotId): boolean {
    return this.#ids.some((one) => one.endOffset === endOffset && one.epoch === epoch);
  }

  #sizeOf(id: SnapshotId): number {
    const file = this.#ports.disk.open(this.#path(id));
    const sizeBytes = file.size();
    file.close();
    return sizeBytes;
  }

  #path(id: SnapshotId): string {
    return `${this.#folder}/${snapshotFileName(id)}`;
  }

  #partPath(id: SnapshotId): string {
    return `${this.#path(id)}.part`;
  }
}
