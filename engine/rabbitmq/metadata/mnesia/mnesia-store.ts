/**
 * Mnesia's files of one node: durable rows outlive a crash and a power loss.
 *
 *     LATEST.LOG ----1000 transactions or 3 minutes----> PREVIOUS.LOG
 *                                                             |  dump
 *                        <table>.DCL (changes) <--------------+
 *                                 |  where it is more than a quarter of
 *                                 v
 *                        <table>.DCD (the whole table)
 *
 * A transaction is appended to LATEST.LOG and answered when that is synced; transactions that come
 * meanwhile share the next sync (`mnesia_sync`). Recovery reads DCD, DCL, PREVIOUS.LOG and
 * LATEST.LOG in this order, and rows that come twice do no harm. So a dump may end anywhere: a
 * table's file replaces the old one by a rename when it is synced, and PREVIOUS.LOG goes last.
 * A failed write ends the node, as Mnesia's fatal errors do.
 * Not here: rows that are not durable, other nodes (`mnesia-metadata.ts`).
 * Sources: OTP, `mnesia_log`, `mnesia_dumper`; defaults of `dump_log_write_threshold`,
 * `dump_log_time_threshold` and `dc_dump_limit`, which RabbitMQ leaves.
 */
import { assert } from '../../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../../kernel/ports.ts';
import { Timer } from '../../../kernel/timer.ts';
import { microsOfMillis } from '../../../kernel/units.ts';
import { type TableName, tableNames } from '../rows.ts';
import { DiskLog } from './disk-log.ts';
import { dumpedTrace, recoveredTrace, syncedTrace } from './mnesia-trace.ts';

/** Settings of the applications `mnesia` and `rabbit`. */
export interface MnesiaSettings {
  /** Transactions in the log after which it is dumped. */
  readonly dumpLogWriteThreshold: number;
  readonly dumpLogTimeThresholdMs: number;
  /** How many times the changes of a table may be in it before it is written anew. */
  readonly dcDumpLimit: number;
  /** How long a starting node waits for tables of others, and how often. */
  readonly tableLoadingRetryTimeoutMs: number;
  readonly tableLoadingRetryLimit: number;
}

export const defaultMnesiaSettings: MnesiaSettings = {
  dumpLogWriteThreshold: 1000,
  dumpLogTimeThresholdMs: 180_000,
  dcDumpLimit: 4,
  tableLoadingRetryTimeoutMs: 30_000,
  tableLoadingRetryLimit: 10,
};

/** The tables of metadata, and what Mnesia knows of its nodes (there in `schema.DAT`). */
export type StoredTable = TableName | 'schema';

/** A row in its place; null: it is gone. */
export interface StoredWrite {
  readonly table: StoredTable;
  readonly key: string;
  readonly row: unknown;
}

const storedTables: readonly StoredTable[] = ['schema', ...tableNames];

/** The names that tables with durable and transient rows have on disk. */
const durableNames: Partial<Record<StoredTable, string>> = {
  rabbit_exchange: 'rabbit_durable_exchange',
  rabbit_queue: 'rabbit_durable_queue',
  rabbit_route: 'rabbit_durable_route',
};

interface Pending {
  readonly writes: readonly StoredWrite[];
  readonly synced: () => void;
}

export class MnesiaStore {
  readonly #ports: Ports;
  readonly #settings: MnesiaSettings;
  readonly #folder: string;
  readonly #timer: Timer;
  #log: DiskLog;
  /** What LATEST.LOG holds, a transaction each. */
  #logged: (readonly StoredWrite[])[] = [];
  #pending: Pending[] = [];
  #isSyncing = false;
  #isDumping = false;
  #isClosed = false;

  /** The files are in `mnesia/<node>/`. */
  constructor(ports: Ports, node: string, settings: MnesiaSettings) {
    assert(node !== '', 'a node has a name', {});
    this.#ports = ports;
    this.#settings = settings;
    this.#folder = `mnesia/${node}`;
    this.#timer = new Timer(ports.clock);
    this.#log = this.#open('LATEST.LOG');
  }

  /**
   * Gives what was durable when the node ended, in the order in which it is to be put. What a crash
   * left in the page cache is synced first, since those who ask are told that it is there.
   */
  recover(recovered: (writes: readonly StoredWrite[]) => void): void {
    const writes: StoredWrite[] = [];
    for (const table of storedTables) writes.push(...this.#tableWrites(table));
    const hasPrevious = this.#exists('PREVIOUS.LOG');
    const previous = hasPrevious ? this.#read(this.#open('PREVIOUS.LOG')) : [];
    this.#logged = [...this.#read(this.#log)];
    for (const logged of [...previous, ...this.#logged]) writes.push(...logged);
    this.#isSyncing = true;
    this.#log.sync((result) => {
      if (!this.#check(result, 'LATEST.LOG')) return;
      this.#isSyncing = false;
      this.#ports.trace.record(recoveredTrace, { rows: writes.length });
      if (previous.length > 0) this.#dump(previous.flat());
      this.#setTimer();
      recovered(writes);
    });
  }

  /** Nothing is appended or answered any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer.cancel();
    this.#pending = [];
  }

  /** `synced` is called when a power loss can no longer take the transaction. */
  append(writes: readonly StoredWrite[], synced: () => void): void {
    assert(writes.length > 0, 'a transaction has writes', {});
    this.#pending.push({ writes, synced });
    this.#flush();
  }

  #flush(): void {
    if (this.#isSyncing || this.#pending.length === 0) return;
    const batch = this.#pending;
    this.#pending = [];
    for (const { writes } of batch) {
      if (!this.#check(this.#log.append(writes), 'LATEST.LOG')) return;
      this.#logged.push(writes);
    }
    this.#isSyncing = true;
    this.#log.sync((result) => {
      if (!this.#check(result, 'LATEST.LOG')) return;
      this.#isSyncing = false;
      this.#ports.trace.record(syncedTrace, { transactions: batch.length });
      if (this.#logged.length >= this.#settings.dumpLogWriteThreshold) this.#startDump();
      for (const { synced } of batch) synced();
      this.#flush();
    });
  }

  #setTimer(): void {
    const delay = microsOfMillis(this.#settings.dumpLogTimeThresholdMs);
    this.#timer.set(delay, 'dump_log_time_threshold', () => {
      if (!this.#isSyncing) this.#startDump();
      this.#setTimer();
    });
  }

  // --------------------------------------------------------------------------------------- dump

  /** All that is in LATEST.LOG is synced. */
  #startDump(): void {
    assert(!this.#isSyncing, 'the log is synced', {});
    if (this.#isDumping || this.#logged.length === 0) return;
    const writes = this.#logged.flat();
    this.#logged = [];
    this.#log.close();
    this.#ports.disk.rename(this.#path('LATEST.LOG'), this.#path('PREVIOUS.LOG'));
    this.#log = this.#open('LATEST.LOG');
    this.#dump(writes);
  }

  #dump(writes: readonly StoredWrite[]): void {
    this.#isDumping = true;
    const byTable = new Map<StoredTable, StoredWrite[]>();
    for (const write of writes) {
      const of = byTable.get(write.table);
      if (of === undefined) byTable.set(write.table, [write]);
      else of.push(write);
    }
    const tables = byTable.size;
    assert(tables > 0, 'something is dumped', { writes: writes.length });
    let left = tables;
    for (const [table, of] of byTable) {
      this.#dumpTable(table, of, () => {
        left -= 1;
        if (left > 0) return;
        this.#ports.disk.remove(this.#path('PREVIOUS.LOG'));
        this.#isDumping = false;
        this.#ports.trace.record(dumpedTrace, { tables, writes: writes.length });
      });
    }
  }

  #dumpTable(table: StoredTable, writes: readonly StoredWrite[], dumped: () => void): void {
    const [dcd, dcl] = this.#namesOf(table);
    const changes = this.#open(dcl);
    if (!this.#check(changes.append(writes), dcl)) return;
    const wholeBytes = this.#exists(dcd) ? this.#open(dcd).sizeBytes : 0;
    if (changes.sizeBytes * this.#settings.dcDumpLimit <= wholeBytes) {
      changes.sync((result) => {
        if (!this.#check(result, dcl)) return;
        changes.close();
        dumped();
      });
      return;
    }
    const rows = new Map<string, StoredWrite>();
    for (const write of this.#tableWrites(table)) {
      if (write.row === null) rows.delete(write.key);
      else rows.set(write.key, write);
    }
    const name = `${dcd}.TMP`;
    const whole = this.#open(name);
    if (!this.#check(whole.clear(), name)) return;
    if (rows.size > 0 && !this.#check(whole.append([...rows.values()]), name)) return;
    whole.sync((result) => {
      if (!this.#check(result, name)) return;
      changes.close();
      whole.close();
      this.#ports.disk.rename(this.#path(name), this.#path(dcd));
      this.#ports.disk.remove(this.#path(dcl));
      dumped();
    });
  }

  // -------------------------------------------------------------------------------------- files

  #tableWrites(table: StoredTable): readonly StoredWrite[] {
    return this.#namesOf(table)
      .filter((name) => this.#exists(name))
      .flatMap((name) => this.#read(this.#open(name)).flat());
  }

  #namesOf(table: StoredTable): readonly [string, string] {
    const name = durableNames[table] ?? table;
    return [`${name}.DCD`, `${name}.DCL`];
  }

  #read(log: DiskLog): readonly (readonly StoredWrite[])[] {
    const { terms, cut } = log.read();
    return this.#check(cut, 'a log') ? (terms as readonly (readonly StoredWrite[])[]) : [];
  }

  #exists(name: string): boolean {
    return this.#ports.disk.exists(this.#path(name));
  }

  #open(name: string): DiskLog {
    return new DiskLog(this.#ports.disk, this.#path(name), this.#ports.cost);
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`;
  }

  /** Whether it went well and the store is in use; where it went wrong, the node ends. */
  #check(result: DiskResult, name: string): boolean {
    if (this.#isClosed) return false;
    if (result !== 'ok')
      this.#ports.halt(`Mnesia: cannot write ${this.#folder}/${name}: ${result}`);
    return result === 'ok';
  }
}
