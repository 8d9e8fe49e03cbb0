/**
 * The keys of one Redis: values and the moments at which they expire.
 *
 * Expiry is by the host's wall clock, in milliseconds since 1970: a clock that jumps ahead ends
 * leases early. An expired key is not there for any reader, whether it has been removed yet or
 * not. Not here: who removes it (`redis.ts`), commands (`commands.ts`).
 */
export interface Entry {
  readonly value: string;
  /** Milliseconds since 1970, or null: for ever. */
  readonly expiresAt: number | null;
}

export class Keyspace {
  readonly #entries = new Map<string, Entry>();
  readonly #wall: () => number;

  constructor(wall: () => number) {
    this.#wall = wall;
  }

  get(key: string): Entry | null {
    const entry = this.#entries.get(key);
    return entry === undefined || this.#expired(entry) ? null : entry;
  }

  set(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
  }

  /** Whether there was such a key. */
  delete(key: string): boolean {
    const there = this.get(key) !== null;
    this.#entries.delete(key);
    return there;
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The keys that have expired and are still kept. */
  expired(): string[] {
    return [...this.#entries].filter(([, entry]) => this.#expired(entry)).map(([key]) => key);
  }

  /** The earliest expiry, or null where no key has one. */
  get nextExpiry(): number | null {
    let next: number | null = null;
    for (const { expiresAt } of this.#entries.values()) {
      if (expiresAt !== null && (next === null || expiresAt < next)) next = expiresAt;
    }
    return next;
  }

  /** Everything that is kept, by key. */
  get all(): [string, Entry][] {
    const all = [...this.#entries];
    all.sort(([left], [right]) => (left < right ? -1 : 1));
    return all;
  }

  #expired({ expiresAt }: Entry): boolean {
    return expiresAt !== null && expiresAt <= this.#wall();
  }
}
