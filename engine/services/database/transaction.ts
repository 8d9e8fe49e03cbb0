/**
 * A transaction: the rows that it has changed or locked, and whom it waits for.
 *
 * Not here: when it begins and ends (`session.ts`), what it does (`executor.ts`).
 */
import type { Row, Slot, Table } from './table.ts';

/** A change as the write-ahead log keeps it. */
export interface Change {
  readonly table: string;
  readonly id: number;
  readonly row: Row | null;
}

export class Transaction {
  /** In the order of beginning. */
  readonly id: number;
  /** Whose end this one waits for, or null. */
  waitsFor: Transaction | null = null;
  readonly #touched = new Map<Slot, Table>();

  constructor(id: number) {
    this.id = id;
  }

  touch(table: Table, slot: Slot): void {
    this.#touched.set(slot, table);
  }

  /** What a commit would change, in the order of the first touch. */
  get changes(): Change[] {
    const changes: Change[] = [];
    for (const [slot, table] of this.#touched) {
      if (slot.pending === undefined || slot.pending === slot.committed) continue;
      changes.push({ table: table.definition.name, id: slot.id, row: slot.pending });
    }
    return changes;
  }

  /** Makes its versions everybody's, or drops them, and lets go of its rows. */
  end(committed: boolean): void {
    for (const [slot, table] of this.#touched) table.release(slot, committed);
    this.#touched.clear();
  }

  /** Whether whom it waits for waits, through others, for it. */
  get deadlocked(): boolean {
    let other = this.waitsFor;
    const met = new Set<Transaction>();
    while (other !== null && !met.has(other)) {
      if (other === this) return true;
      met.add(other);
      other = other.waitsFor;
    }
    return false;
  }
}
