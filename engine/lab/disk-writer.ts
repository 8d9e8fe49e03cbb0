/**
 * The lab's handle on a machine that only writes: records of a size to a file, one after another or
 * each at a random place, to a spinning disk or to flash. What it costs stands in the one table of
 * prices (`kernel/costs.ts`); the virtual clock tells how long it took.
 *
 * Two moments are told apart: when the last write call returned, and when the device had all of it.
 * Not here: Kafka's log, which appends and leaves the rest to the page cache.
 */
import { assert } from '../kernel/assert.ts';
import type { Ports, Process, ProcessFactory } from '../kernel/ports.ts';
import { micros } from '../kernel/units.ts';

export type AccessPattern = 'append' | 'random';
export type Device = 'hdd' | 'ssd';

export interface WriterOptions {
  readonly pattern: AccessPattern;
  readonly device: Device;
  /** Files that are appended to in turn. */
  readonly files: number;
  readonly records: number;
  readonly recordBytes: number;
  /** Whether the page cache takes the writes; without it each goes to the device by itself. */
  readonly pageCache: boolean;
}

/** Records that are written in one event, so that others get their turn. */
const RECORDS_AT_ONCE = 50;

export class DiskWriter implements Process {
  readonly #ports: Ports;
  readonly #options: WriterOptions;
  #written = 0;
  #begun = 0;
  /** When the last call had returned, and when the device was done; -1 before. */
  calledMicros = -1;
  doneMicros = -1;

  constructor(ports: Ports, options: WriterOptions) {
    assert(options.files >= 1 && options.recordBytes > 0, 'something to write', { ...options });
    this.#ports = ports;
    this.#options = options;
  }

  start(): void {
    this.#begun = this.#ports.clock.now();
    this.#write();
  }

  #write(): void {
    const { records, recordBytes, pageCache } = this.#options;
    const end = Math.min(records, this.#written + RECORDS_AT_ONCE);
    for (; this.#written < end; this.#written++) {
      this.#ports.cost.charge('syscall', 1);
      this.#ports.cost.charge('append', recordBytes);
      if (!pageCache) this.#access(recordBytes);
    }
    // The next event comes when what was charged is done.
    this.#ports.clock.after(micros(0), 'write', () => {
      if (this.#written < records) this.#write();
      else this.#called();
    });
  }

  /** The calls have returned. What is dirty goes to the device: in order, or all over the place. */
  #called(): void {
    const { records, recordBytes, pageCache, pattern, files } = this.#options;
    this.calledMicros = this.#ports.clock.now() - this.#begun;
    if (pageCache) {
      // The kernel sorts what is dirty: one place for each file, or each page its own.
      const places = pattern === 'append' ? files : records;
      for (let place = 0; place < places; place++) this.#seek();
      this.#ports.cost.charge('device', records * recordBytes);
    }
    this.#ports.clock.after(micros(0), 'written back', () => {
      this.doneMicros = this.#ports.clock.now() - this.#begun;
    });
  }

  #access(bytes: number): void {
    const { pattern, files } = this.#options;
    // One file that grows needs no seek; several in turn need one each time.
    if (pattern === 'random' || files > 1) this.#seek();
    this.#ports.cost.charge('device', bytes);
  }

  #seek(): void {
    this.#ports.cost.charge(this.#options.device === 'hdd' ? 'seek' : 'flash-access', 1);
  }
}

/** A host that writes once it starts. */
export function diskWriter(options: WriterOptions): ProcessFactory<DiskWriter> {
  return (ports) => new DiskWriter(ports, options);
}
