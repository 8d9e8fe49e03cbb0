/**
 * A table: rows with their committed and their uncommitted version, and its unique indexes.
 *
 * A row's *owner* is the transaction that changed or locked it and has not ended; others read the
 * committed version (READ COMMITTED) and wait for the owner when they want to write. Only the last
 * committed version is kept, not a chain: nobody reads an old snapshot here. Not here: who waits
 * (`session.ts`), statements (`executor.ts`). There is no access path but the scan.
 */
import { assert, present } from '../../kernel/assert.ts';
import { SqlError } from './sql/sql-error.ts';
import type { SqlValue, TableDefinition, UniqueDefinition } from './sql/statement.ts';
import type { Transaction } from './transaction.ts';

/** Values in the order of the table's columns. */
export type Row = readonly SqlValue[];

export interface Slot {
  readonly id: number;
  /** Null: there is no such row for others (not yet, or not any more). */
  committed: Row | null;
  /** What the owner made of it; null: deleted; undefined: only locked. */
  pending: Row | null | undefined;
  owner: Transaction | null;
}

/** A unique index that a row would break, or the transaction that must end before it is known. */
export type Conflict =
  | { readonly kind: 'violation'; readonly index: UniqueDefinition; readonly row: Row }
  | { readonly kind: 'wait'; readonly for: Transaction };

export class Table {
  readonly definition: TableDefinition;
  readonly #slots = new Map<number, Slot>();
  readonly #places: ReadonlyMap<string, number>;
  /** By index and key: the rows that have the key in either version. */
  readonly #keys = new Map<string, Set<Slot>>();
  #nextId = 1;

  constructor(definition: TableDefinition) {
    const names = definition.columns.map((column) => column.name);
    if (new Set(names).size < names.length) {
      throw new SqlError('42701', `a column of "${definition.name}" is specified more than once`);
    }
    this.definition = definition;
    this.#places = new Map(names.map((name, place) => [name, place]));
    for (const name of definition.unique.flatMap((index) => index.columns)) this.place(name);
  }

  /** Where a column stands in a row. Throws a 42703. */
  place(column: string): number {
    const place = this.#places.get(column);
    if (place !== undefined) return place;
    throw new SqlError('42703', `column "${column}" of "${this.definition.name}" does not exist`);
  }

  /** The rows that a transaction sees: its own version, else the committed one. */
  *seenBy(transaction: Transaction | null): Iterable<{ slot: Slot; row: Row }> {
    for (const slot of this.#slots.values()) {
      const row = seen(slot, transaction);
      if (row !== null) yield { slot, row };
    }
  }

  /** The committed rows. */
  get rows(): Row[] {
    return [...this.seenBy(null)].map(({ row }) => row);
  }

  /** Whether the row may stand beside the others. `self` is the slot that it is to replace. */
  conflictOf(row: Row, self: Slot | null, transaction: Transaction): Conflict | null {
    for (const index of this.definition.unique) {
      const key = this.#key(index, row);
      if (key === null) continue;
      for (const slot of this.#keys.get(key) ?? []) {
        if (slot === self) continue;
        const { owner } = slot;
        if (owner !== null && owner !== transaction) return { kind: 'wait', for: owner };
        const other = seen(slot, transaction);
        if (other === null || this.#key(index, other) !== key) continue;
        return { kind: 'violation', index, row: other };
      }
    }
    return null;
  }

  /** Adds a row that only its transaction sees. */
  insert(row: Row, transaction: Transaction): void {
    const slot: Slot = { id: this.#nextId++, committed: null, pending: row, owner: transaction };
    this.#slots.set(slot.id, slot);
    this.#enter(row, slot);
    transaction.touch(this, slot);
  }

  /** Gives a row another version, or none, for its transaction; locks it. */
  change(slot: Slot, row: Row | null, transaction: Transaction): void {
    this.lock(slot, transaction);
    if (slot.pending) this.#leave(slot.pending, slot);
    slot.pending = row;
    if (row !== null) this.#enter(row, slot);
    if (slot.committed !== null) this.#enter(slot.committed, slot);
  }

  lock(slot: Slot, transaction: Transaction): void {
    assert(slot.owner === null || slot.owner === transaction, 'one owner a row', { id: slot.id });
    slot.owner = transaction;
    transaction.touch(this, slot);
  }

  /** The transaction has ended: its version is everybody's, or gone. */
  release(slot: Slot, committed: boolean): void {
    const { pending } = slot;
    slot.owner = null;
    slot.pending = undefined;
    if (pending !== undefined) {
      if (committed) {
        if (slot.committed !== null) this.#leave(slot.committed, slot);
        slot.committed = pending;
      } else if (pending !== null) this.#leave(pending, slot);
      if (slot.committed !== null) this.#enter(slot.committed, slot);
    }
    if (slot.committed === null) this.#slots.delete(slot.id);
  }

  /** Puts a committed version in place, as recovery finds it. */
  restore(id: number, row: Row | null): void {
    const old = this.#slots.get(id);
    if (old?.committed) this.#leave(old.committed, old);
    this.#slots.delete(id);
    this.#nextId = Math.max(this.#nextId, id + 1);
    if (row === null) return;
    const slot: Slot = { id, committed: row, pending: undefined, owner: null };
    this.#slots.set(id, slot);
    this.#enter(row, slot);
  }

  #enter(row: Row, slot: Slot): void {
    for (const index of this.definition.unique) {
      const key = this.#key(index, row);
      if (key === null) continue;
      const slots = this.#keys.get(key) ?? new Set();
      this.#keys.set(key, slots.add(slot));
    }
  }

  #leave(row: Row, slot: Slot): void {
    for (const index of this.definition.unique) {
      const key = this.#key(index, row);
      if (key === null) continue;
      const slots = present(this.#keys.get(key), 'a row is in its indexes');
      slots.delete(slot);
      if (slots.size === 0) this.#keys.delete(key);
    }
  }

  /** Index and values as one text; null where a value is NULL, which equals nothing. */
  #key(index: UniqueDefinition, row: Row): string | null {
    const values = index.columns.map((column) => row[this.place(column)]!);
    return values.some((value) => value === null) ? null : JSON.stringify([index.name, ...values]);
  }
}

function seen(slot: Slot, transaction: Transaction | null): Row | null {
  const own = transaction !== null && slot.owner === transaction && slot.pending !== undefined;
  return own ? slot.pending! : slot.committed;
}
