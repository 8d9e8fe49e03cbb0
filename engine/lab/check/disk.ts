/**
 * S4: after a power loss a disk holds what was synced, and of the rest each byte as it was on the
 * platter or as it was last written; unless a fault covers it, which ends the check of that disk.
 *
 * It remembers of each file how much of its beginning was synced and not written again. Files whose
 * names changed since are left out: their names may come back, too.
 */
import type { SimHost } from '../../sim/host.ts';
import type { DiskWatcher, SimDisk } from '../../sim/sim-disk.ts';

interface Content {
  readonly cache: Uint8Array;
  readonly platter: Uint8Array;
}

/** Watches the disks of hosts from the first time they are seen. */
export class DiskChecks {
  readonly #disks = new Map<string, DiskCheck>();

  watch(host: SimHost): void {
    if (this.#disks.has(host.name)) return;
    const check = new DiskCheck(host.name, host.disk);
    this.#disks.set(host.name, check);
    host.disk.watcher = check;
  }

  /** The first defect that a power loss has shown, or null. */
  get defect(): string | null {
    for (const { defect } of this.#disks.values()) if (defect !== null) return defect;
    return null;
  }
}

class DiskCheck implements DiskWatcher {
  defect: string | null = null;
  readonly #host: string;
  readonly #disk: SimDisk;
  readonly #synced = new Map<string, number>();
  readonly #renamed = new Set<string>();
  #before = new Map<string, Content>();

  constructor(host: string, disk: SimDisk) {
    this.#host = host;
    this.#disk = disk;
  }

  wrote(path: string, position: number): void {
    const synced = this.#synced.get(path);
    if (synced !== undefined && synced > position) this.#synced.set(path, position);
  }

  cut(path: string, size: number): void {
    this.wrote(path, size);
  }

  renamed(from: string, to: string): void {
    this.removed(from);
    this.removed(to);
  }

  removed(path: string): void {
    this.#synced.delete(path);
    this.#renamed.add(path);
  }

  synced(path: string, sizeBytes: number): void {
    if (!this.#renamed.has(path)) this.#synced.set(path, sizeBytes);
  }

  losingPower(): void {
    this.#before = new Map();
    if (!this.#disk.trusted) return;
    for (const path of this.#disk.list('')) {
      const file = this.#disk.file(path);
      const cache = file.read(0, file.size).slice();
      this.#before.set(path, { cache, platter: file.durable() });
    }
  }

  lostPower(): void {
    for (const [path, { cache, platter }] of this.#before) {
      const synced = this.#synced.get(path) ?? 0;
      if (this.#renamed.has(path)) continue;
      if (!this.#disk.exists(path)) {
        if (synced > 0) this.#found(`${path} is gone, ${synced} bytes of it were synced`);
        continue;
      }
      const file = this.#disk.file(path);
      const after = file.read(0, file.size);
      if (after.length < synced) this.#found(`${path} has ${after.length} of ${synced} synced`);
      const place = firstOther(after, { cache, platter }, synced);
      if (place !== null) this.#found(`${path} has at ${place} what was never written there`);
    }
    this.#before = new Map();
    this.#renamed.clear();
    for (const path of this.#synced.keys()) if (!this.#disk.exists(path)) this.#synced.delete(path);
  }

  #found(what: string): void {
    this.defect ??= `${this.#host}: ${what}`;
  }
}

/** A byte that is neither old nor new (nor a hole); below `synced` it must be new. */
function firstOther(after: Uint8Array, { cache, platter }: Content, synced: number): number | null {
  for (let place = 0; place < after.length; place++) {
    const byte = after[place]!;
    if (place < cache.length && byte === cache[place]) continue;
    if (place < synced) return place;
    const isOld = place < platter.length ? byte === platter[place] : byte === 0;
    if (!isOld) return place;
  }
  return null;
}
