/**
 * The tables of metadata in a node's memory, and the routes by both of their ends.
 *
 * Not here: what a change does to them (`apply-change.ts`), and what of them is on disk.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Destination } from '../exchange/binding.ts';
import {
  type RouteRow,
  type RowChange,
  type RowWrite,
  type Rows,
  type TableName,
  rowKey,
  tableNames,
} from './rows.ts';

/** What others may see of the tables. Rows are in the order in which they came. */
export interface TablesView {
  get<T extends TableName>(table: T, key: string): Rows[T] | undefined;
  rows<T extends TableName>(table: T): Iterable<Rows[T]>;
  /** The routes that begin at an exchange, by key. */
  routesFrom(vhost: string, exchange: string): ReadonlyMap<string, RouteRow>;
  /** The routes that end there, by key. */
  routesTo(vhost: string, destination: Destination): ReadonlyMap<string, RouteRow>;
}

type Table = Map<string, Rows[TableName]>;
type RouteIndex = Map<string, Map<string, RouteRow>>;

const NO_ROUTES: ReadonlyMap<string, RouteRow> = new Map();

export class Tables implements TablesView {
  readonly #tables = new Map<TableName, Table>();
  readonly #from: RouteIndex = new Map();
  readonly #to: RouteIndex = new Map();

  constructor() {
    for (const name of tableNames) this.#tables.set(name, new Map());
  }

  get<T extends TableName>(table: T, key: string): Rows[T] | undefined {
    return this.#table(table).get(key) as Rows[T] | undefined;
  }

  rows<T extends TableName>(table: T): Iterable<Rows[T]> {
    return this.#table(table).values() as Iterable<Rows[T]>;
  }

  entries(table: TableName): Iterable<readonly [string, Rows[TableName]]> {
    return this.#table(table).entries();
  }

  routesFrom(vhost: string, exchange: string): ReadonlyMap<string, RouteRow> {
    return this.#from.get(rowKey(vhost, exchange)) ?? NO_ROUTES;
  }

  routesTo(vhost: string, { kind, name }: Destination): ReadonlyMap<string, RouteRow> {
    return this.#to.get(rowKey(vhost, kind, name)) ?? NO_ROUTES;
  }

  clear(): void {
    for (const rows of this.#tables.values()) rows.clear();
    this.#from.clear();
    this.#to.clear();
  }

  /** Puts a row, or takes it away (null); gives what changed. */
  write({ table, key, row }: RowWrite): RowChange {
    const rows = this.#table(table);
    const was = rows.get(key) ?? null;
    if (table === 'rabbit_route' && was !== null) this.#unindex(key, was as RouteRow);
    if (row === null) rows.delete(key);
    else rows.set(key, row);
    if (table === 'rabbit_route' && row !== null) this.#index(key, row as RouteRow);
    return { table, key, row, was } as RowChange;
  }

  /** The writes that make empty tables what these are, of the rows that `keep` names. */
  writes(keep: (table: TableName, row: Rows[TableName]) => boolean): readonly RowWrite[] {
    const writes: RowWrite[] = [];
    for (const table of tableNames) {
      for (const [key, row] of this.entries(table)) {
        if (keep(table, row)) writes.push({ table, key, row });
      }
    }
    return writes;
  }

  #table(name: TableName): Table {
    return present(this.#tables.get(name), 'a table');
  }

  #index(key: string, route: RouteRow): void {
    for (const [index, end] of this.#endsOf(route)) {
      let routes = index.get(end);
      if (routes === undefined) index.set(end, (routes = new Map()));
      routes.set(key, route);
    }
  }

  #unindex(key: string, route: RouteRow): void {
    for (const [index, end] of this.#endsOf(route)) {
      const routes = present(index.get(end), 'a route is known by its ends');
      assert(routes.delete(key), 'a route is known by its ends', { key });
      if (routes.size === 0) index.delete(end);
    }
  }

  #endsOf({ vhost, binding }: RouteRow): readonly (readonly [RouteIndex, string])[] {
    const { source, destination } = binding;
    assert(destination.name !== '', 'a binding ends somewhere', { source });
    return [
      [this.#from, rowKey(vhost, source)],
      [this.#to, rowKey(vhost, destination.kind, destination.name)],
    ];
  }
}
