/**
 * A map that can be read as it was at the high watermark: what was written since may be lost with
 * this broker, and must not be told to anybody yet.
 *
 * A key keeps its older values only until a newer one is on all in-sync replicas.
 * Source: `TimelineHashMap`. Differences: versions hang on their keys, there are no snapshots of
 * the whole map; nothing is reverted, for what could not be appended was never put in.
 */
import { assert } from '../../kernel/assert.ts';

interface Version<V> {
  /** Undefined: removed. */
  readonly value: V | undefined;
  /** Of the record that wrote it. */
  readonly recordOffset: number;
  before: Version<V> | null;
}

/** Read the newest, whether it can be lost or not. */
export const LATEST = Number.MAX_SAFE_INTEGER;

export class TimelineMap<V> {
  readonly #versions = new Map<string, Version<V>>();
  /** Removed keys that still stand in the map, oldest first. */
  #removed: string[] = [];
  #size = 0;

  /** Keys that have a value now. */
  get size(): number {
    return this.#size;
  }

  /** Whether nothing stands in it, not even older values. */
  get isForgotten(): boolean {
    return this.#versions.size === 0;
  }

  /** The value at an offset: of the last record below it. */
  get(key: string, atOffset: number): V | undefined {
    let version = this.#versions.get(key) ?? null;
    while (version !== null && version.recordOffset >= atOffset) version = version.before;
    return version?.value;
  }

  /** The values at an offset, in the order in which their keys came. */
  *values(atOffset: number): Generator<V> {
    for (const key of this.#versions.keys()) {
      const value = this.get(key, atOffset);
      if (value !== undefined) yield value;
    }
  }

  /** `committedOffset` is the high watermark: no reader will ask for what was before it. */
  set(key: string, value: V | undefined, recordOffset: number, committedOffset: number): void {
    const before = this.#versions.get(key) ?? null;
    assert(before === null || before.recordOffset <= recordOffset, 'records come in order', {
      key,
      recordOffset,
    });
    if (before?.value !== undefined) this.#size--;
    if (value !== undefined) this.#size++;
    const next: Version<V> = { value, recordOffset, before };
    prune(next, committedOffset);
    this.#versions.set(key, next);
    if (value === undefined) this.#removed.push(key);
    this.#forgetRemoved(committedOffset);
    assert(this.#size >= 0 && this.#size <= this.#versions.size, 'a size', { size: this.#size });
  }

  #forgetRemoved(committedOffset: number): void {
    if (this.#removed.length === 0) return;
    this.#removed = this.#removed.filter((key) => {
      const version = this.#versions.get(key);
      if (version === undefined || version.value !== undefined) return false;
      if (version.recordOffset >= committedOffset) return true;
      this.#versions.delete(key);
      return false;
    });
  }
}

/** Drops what lies below the first version that cannot be lost. */
function prune<V>(newest: Version<V>, committedOffset: number): void {
  let version: Version<V> | null = newest;
  while (version !== null && version.recordOffset >= committedOffset) version = version.before;
  if (version !== null) version.before = null;
}
