/**
 * S4: after a power loss a disk holds what was synced, and of the rest each byte as it was on the
 * platter or as it was last written; unless a fault covers it, which ends the check of that disk.
 *
 * It remembers of each file how much of its beginning was synced and not written again, and what
 * truncations cut off that were not synced: the kernel may write a page back at any time, so that
 * the platter can have the bytes and not yet the truncation. Files whose names changed since are
 * left out: their names may come back, too.
 */
import type { SimHost } from '../../sim/host.ts';
import type { DiskWatcher, SimDisk } from '../../sim/sim-disk.ts';

interface Content {
  readonly cache: Uint8Array;
  readonly platter: Uint8Array;
}

/** What was in a file from this position on was overwritten, or is the tail that was cut off. */
interface Change {
  readonly position: number;
  readonly tail: Uint8Array;
  readonly number: number;
}

const NOTHING = new Uint8Array(0);

/** Watches the disks of hosts from the first time they are seen. */
export class DiskChecks {
  readonly #disks = new Map<string, DiskCheck>();

  watch(host: Pick<SimHost, 'name' | 'disk'>): void {
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
  /** Of each file the changes of bytes it had that the platter may lack, in order. */
  readonly #changes = new Map<string, readonly Change[]>();
  readonly #renamed = new Set<string>();
  #before = new Map<string, Content>();

  constructor(host: string, disk: SimDisk) {
    this.#host = host;
    this.#disk = disk;
  }

  overwrote(path: string, position: number, number: number): void {
    this.#changed(path, { position, tail: NOTHING, number });
  }

  cut(path: string, size: number, tail: Uint8Array, number: number): void {
    this.#changed(path, { position: size, tail: tail.slice(), number });
  }

  renamed(from: string, to: string): void {
    this.removed(from);
    this.removed(to);
  }

  removed(path: string): void {
    this.#synced.delete(path);
    this.#changes.delete(path);
    this.#renamed.add(path);
  }

  synced(path: string, sizeBytes: number, upToChange: number): void {
    if (this.#renamed.has(path)) return;
    const open = this.#changesOf(path).filter(({ number }) => number > upToChange);
    this.#changes.set(path, open);
    this.#synced.set(path, Math.min(sizeBytes, ...open.map(({ position }) => position)));
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
      const place = firstOther(after, { cache, platter }, synced, this.#changesOf(path));
      if (place !== null) this.#found(`${path} has at ${place} what was never written there`);
    }
    this.#before = new Map();
    this.#changes.clear();
    this.#renamed.clear();
    for (const path of this.#synced.keys()) if (!this.#disk.exists(path)) this.#synced.delete(path);
  }

  #changesOf(path: string): readonly Change[] {
    return this.#changes.get(path) ?? [];
  }

  #changed(path: string, change: Change): void {
    this.#changes.set(path, [...this.#changesOf(path), change]);
    const synced = this.#synced.get(path);
    if (synced !== undefined && synced > change.position) this.#synced.set(path, change.position);
  }

  #found(what: string): void {
    this.defect ??= `${this.#host}: ${what}`;
  }
}

/** A byte that is neither old nor new (nor a hole); below `synced` it must be new. */
function firstOther(
  after: Uint8Array,
  { cache, platter }: Content,
  synced: number,
  changes: readonly Change[],
): number | null {
  for (let place = 0; place < after.length; place++) {
    const byte = after[place]!;
    if (place < cache.length && byte === cache[place]) continue;
    if (place < synced) return place;
    const isOld = place < platter.length ? byte === platter[place] : byte === 0;
    if (!isOld && !isLeftByCut(byte, changes, place)) return place;
  }
  return null;
}

/**
 * What was last written at this place before a truncation took it; or, where the platter has the
 * truncation and then only what was written further behind, a hole.
 */
function isLeftByCut(byte: number, changes: readonly Change[], place: number): boolean {
  const cuts = changes.filter(({ position, tail }) => tail.length > 0 && position <= place);
  if (cuts.length === 0) return false;
  const cut = cuts.findLast(({ position, tail }) => place < position + tail.length);
  return byte === 0 || byte === cut?.tail[place - cut.position];
}
