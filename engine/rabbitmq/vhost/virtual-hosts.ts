/**
 * The virtual hosts of a node: one for each that metadata has, told of the rows that are its own.
 *
 * Not here: what a virtual host does with them (`virtual-host.ts`).
 */
import { assert, present } from '../../kernel/assert.ts';
import { type RowChange, tableNames } from '../metadata/rows.ts';
import { VirtualHost, type VirtualHostContext } from './virtual-host.ts';

export class VirtualHosts {
  readonly all: ReadonlyMap<string, VirtualHost>;
  readonly #all = new Map<string, VirtualHost>();
  readonly #context: VirtualHostContext;

  constructor(context: VirtualHostContext) {
    this.all = this.#all;
    this.#context = context;
  }

  /** The tables are loaded: what is in them is there, and what changes will be. */
  open(): void {
    assert(this.#all.size === 0, 'opened once', { vhosts: this.#all.size });
    const { tables } = this.#context.metadata;
    for (const table of tableNames) {
      for (const row of tables.rows(table)) {
        this.#follow({ table, key: '', row, was: null } as RowChange);
      }
    }
    for (const vhost of this.#all.values()) vhost.recovered();
    for (const type of this.#context.queueTypes) {
      type.recovered?.(tables.rows('rabbit_queue'), this.#context);
    }
    this.#context.metadata.follow((changes) => {
      for (const change of changes) this.#follow(change);
    });
  }

  /** A clean shutdown of all; `done` when what they have in memory is on the disk. */
  stop(done: () => void): void {
    let left = this.#all.size;
    if (left === 0) done();
    for (const vhost of this.#all.values()) {
      vhost.stop(() => {
        left -= 1;
        if (left === 0) done();
      });
    }
  }

  /** The application ends or runs again, and its links to other nodes stay. */
  processesGone(): void {
    for (const vhost of this.#all.values()) vhost.processesGone();
  }

  #follow(change: RowChange): void {
    const of = change.row ?? change.was;
    assert(of !== null, 'a row came or went', { table: change.table });
    if (change.table === 'rabbit_vhost') this.#followVhost(change);
    else if ('vhost' in of) this.#all.get(of.vhost)?.follow(change);
  }

  #followVhost({ row, was }: Extract<RowChange, { table: 'rabbit_vhost' }>): void {
    const { name } = present(row ?? was, 'a row came or went');
    if (row === null) {
      const vhost = present(this.#all.get(name), 'a virtual host that goes was there');
      vhost.replies.close();
      vhost.deleteStores();
      this.#all.delete(name);
    } else if (was === null) {
      this.#all.set(name, new VirtualHost(name, this.#context));
    }
  }
}
