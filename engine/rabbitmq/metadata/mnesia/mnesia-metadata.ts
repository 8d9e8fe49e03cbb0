/**
 * Metadata in Mnesia: tables in memory on every running node, and on disc nodes the durable rows in
 * a transaction log.
 *
 * A transaction is visible on a node as soon as it is applied there, and answered when all running
 * nodes have it, and on disk if it had a durable row (`rabbit_misc:execute_mnesia_transaction` with
 * `mnesia_sync`). Nodes wait for tables as `mnesia_table_loading_retry_timeout` and `_limit` say.
 * Not here: the files (`mnesia-store.ts`), the order (`mnesia-cluster.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import { Timer } from '../../../kernel/timer.ts';
import { microsOfMillis } from '../../../kernel/units.ts';
import { applyChange } from '../apply-change.ts';
import { type MetadataChange, type Outcome, subjectOf } from '../metadata-change.ts';
import { changedTrace } from '../metadata-trace.ts';
import type { Follower, Metadata, MetadataContext, MetadataStore } from '../metadata.ts';
import { type RowChange, type RowWrite, isDurable } from '../rows.ts';
import { Tables, type TablesView } from '../tables.ts';
import { type LocalTables, MnesiaCluster } from './mnesia-cluster.ts';
import type { Sequenced } from './mnesia-message.ts';
import {
  defaultMnesiaSettings,
  MnesiaStore,
  type MnesiaSettings,
  type StoredWrite,
} from './mnesia-store.ts';
import { inconsistentTrace, tablesLoadedTrace, waitingForTablesTrace } from './mnesia-trace.ts';

export interface MnesiaOptions extends MetadataContext {
  readonly settings: MnesiaSettings;
}

export const mnesia: MetadataStore = {
  name: 'mnesia',
  open: (context) => new MnesiaMetadata({ ...context, settings: defaultMnesiaSettings }),
};

/**
 * A starting node connects to the others before it looks at its own tables. Differs: there it waits
 * for each attempt to end, `net_setuptime` at most.
 */
const CONNECT_MS = 1000;

type Answer = (outcome: Outcome) => void;

export class MnesiaMetadata implements Metadata, LocalTables {
  readonly isDisc: boolean;
  readonly isForced: boolean;
  readonly #options: MnesiaOptions;
  readonly #cluster: MnesiaCluster;
  readonly #timer: Timer;
  readonly #connecting: Timer;
  readonly #tables = new Tables();
  readonly #downs = new Set<string>();
  readonly #followers: Follower[] = [];
  readonly #answers = new Map<number, Answer>();
  readonly #outcomes = new Map<number, Outcome>();
  /** Transactions that were ordered while followers were told of another. */
  readonly #waiting: (() => void)[] = [];
  #isTelling = false;
  #store: MnesiaStore | null = null;
  #ready: (() => void) | null = null;

  constructor(options: MnesiaOptions) {
    this.#options = options;
    this.isDisc = options.isDisc;
    this.isForced = options.isForced ?? false;
    this.#timer = new Timer(options.ports.clock);
    this.#connecting = new Timer(options.ports.clock);
    this.#cluster = new MnesiaCluster(options.links, this);
  }

  get tables(): TablesView {
    return this.#tables;
  }

  get downs(): ReadonlySet<string> {
    return this.#downs;
  }

  /** The nodes that share these tables. */
  get running(): readonly string[] {
    return this.#cluster.running;
  }

  start(ready: () => void): void {
    assert(this.#ready === null, 'it starts once', {});
    const { ports, settings } = this.#options;
    this.#ready = ready;
    if (!this.isDisc) {
      this.#wait(1);
      return;
    }
    const store = new MnesiaStore(ports, ports.host, settings);
    this.#store = store;
    store.recover((writes) => {
      for (const { table, key, row } of writes) {
        if (table === 'schema') this.#setDown(key, row !== null);
        else this.#tables.write({ table, key, row } as RowWrite);
      }
      this.#wait(1);
    });
  }

  /** The application stops; it may start again, with tables of those that run. */
  stop(): void {
    this.#cluster.stop();
    this.#timer.cancel();
    this.#connecting.cancel();
    this.#answers.clear();
    this.#outcomes.clear();
    this.#store?.close();
    this.#store = null;
    this.#ready = null;
    this.#tables.clear();
    this.#followers.length = 0;
    this.#downs.clear();
  }

  commit(change: MetadataChange, answer: Answer): void {
    this.#cluster.request(change, (id) => this.#answers.set(id, answer));
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  #wait(tries: number): void {
    const { ports, settings } = this.#options;
    const { tableLoadingRetryTimeoutMs, tableLoadingRetryLimit } = settings;
    if (tries > tableLoadingRetryLimit) {
      ports.halt('timeout_waiting_for_tables');
      return;
    }
    if (tries === 1) this.#startCluster();
    else this.#cluster.retry();
    if (this.#cluster.isRunning) return;
    ports.trace.record(waitingForTablesTrace, { retriesLeft: tableLoadingRetryLimit - tries });
    const delay = microsOfMillis(tableLoadingRetryTimeoutMs);
    this.#timer.set(delay, 'mnesia_table_loading_retry_timeout', () => this.#wait(tries + 1));
  }

  #startCluster(): void {
    this.#cluster.start();
    if (this.#cluster.isRunning) return;
    this.#connecting.set(microsOfMillis(CONNECT_MS), 'connect to db_nodes', () =>
      this.#cluster.connected(),
    );
  }

  // ------------------------------------------------------------- for the transaction manager

  noteDown(node: string, isDown: boolean): void {
    if (node === this.#options.links.self || this.#downs.has(node) === isDown) return;
    this.#setDown(node, isDown);
    const row = isDown ? { down: true } : null;
    // In the log of transactions: who finds a later one there finds this, too.
    this.#store?.append([{ table: 'schema', key: node, row }], () => {});
  }

  #setDown(node: string, isDown: boolean): void {
    if (isDown) this.#downs.add(node);
    else this.#downs.delete(node);
  }

  rows(): readonly RowWrite[] {
    return this.#tables.writes(() => true);
  }

  loaded(rows: readonly RowWrite[] | null): void {
    this.#timer.cancel();
    const ready = this.#ready;
    assert(ready !== null, 'it was started', {});
    const from = rows === null ? 'disk' : 'node';
    const { trace } = this.#options.ports;
    trace.record(tablesLoadedTrace, { from, running: this.running.join(' ') });
    if (rows === null) {
      ready();
      return;
    }
    const before = this.#tables.writes(isDurable);
    this.#tables.clear();
    for (const write of rows) this.#tables.write(write);
    const writes = differences(before, this.#tables);
    if (this.#store === null || writes.length === 0) ready();
    else this.#store.append(writes, ready);
  }

  apply(entry: Sequenced, logged: () => void): void {
    this.#waiting.push(() => this.#transact(entry, logged));
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
    this.#isTelling = false;
  }

  #transact({ change, origin, id }: Sequenced, logged: () => void): void {
    const { ports, links } = this.#options;
    const { outcome, changes } = applyChange(this.#tables, change);
    ports.cost.charge('request', 1);
    ports.trace.record(changedTrace, {
      change: change.kind,
      subject: subjectOf(change),
      outcome: outcome.kind,
      rows: changes.length,
    });
    if (origin === links.self) this.#outcomes.set(id, outcome);
    const writes = durableWrites(changes);
    // It has had no tables yet: these are newer than what it may have in the end.
    const joins = change.kind === 'add-node' && !this.running.includes(change.node.name);
    if (joins) this.noteDown(change.node.name, true);
    for (const follower of this.#followers) if (changes.length > 0) follower(changes);
    if (writes.length === 0 || this.#store === null) logged();
    else this.#store.append(writes, logged);
  }

  committed(id: number): void {
    const outcome = this.#outcomes.get(id);
    assert(outcome !== undefined, 'what is committed was applied', { id });
    const answer = this.#answers.get(id);
    this.#outcomes.delete(id);
    this.#answers.delete(id);
    answer?.(outcome);
  }

  inconsistent(node: string): void {
    this.#options.ports.trace.record(inconsistentTrace, {
      context: 'running_partitioned_network',
      node,
    });
    this.#options.inconsistent(node);
  }
}

/** The changes of rows that outlive a restart. */
function durableWrites(changes: readonly RowChange[]): readonly RowWrite[] {
  const writes: RowWrite[] = [];
  for (const { table, key, row, was } of changes) {
    const of = row ?? was;
    assert(of !== null, 'a row came or went', { table, key });
    if (isDurable(table, of)) writes.push({ table, key, row });
  }
  return writes;
}

/** The writes that make the durable rows of some tables those of others. */
function differences(before: readonly RowWrite[], after: Tables): readonly StoredWrite[] {
  const gone = before.filter(({ table, key }) => {
    const row = after.get(table, key);
    return row === undefined || !isDurable(table, row);
  });
  return [...gone.map(({ table, key }) => ({ table, key, row: null })), ...after.writes(isDurable)];
}
