/**
 * The state machine of Khepri: the tables of metadata, and the changes as its commands.
 *
 * All members apply the same changes, so all have the same tables (invariant R15). Not here: who
 * asks and who is told (`khepri-metadata.ts`). Source: `khepri_machine`. Differs: its tree of paths
 * is our tables, and a transaction's function is a change.
 */
import { assert } from '../../../kernel/assert.ts';
import { Hash64 } from '../../../kernel/hash.ts';
import type { Term } from '../../../wire/erlang/term.ts';
import type { Applied, CommandMeta, RaEffect, RaMachine } from '../../ra/ra-machine.ts';
import { applyChange } from '../apply-change.ts';
import type { MetadataChange, Outcome } from '../metadata-change.ts';
import { type RowChange, type RowWrite, type Rows, type TableName, rowKey } from '../rows.ts';
import type { Tables } from '../tables.ts';
import { termText } from '../term-text.ts';

/** What a change is answered with: where it stands in the log, and what became of it. */
export interface KhepriReply {
  readonly index: number;
  readonly outcome: Outcome;
}

interface State {
  readonly index: number;
  readonly rows: readonly RowWrite[];
}

export interface MachineOwner {
  /** A command was applied here, or a snapshot stands for it; rows in the order of their change. */
  changed(index: number, changes: readonly RowChange[], change: MetadataChange | null): void;
}

const NOTHING: readonly RaEffect[] = [];

export class KhepriMachine implements RaMachine {
  readonly #tables: Tables;
  readonly #owner: MachineOwner;
  /** Of the last command that was applied. */
  #index = -1;

  constructor(tables: Tables, owner: MachineOwner) {
    this.#tables = tables;
    this.#owner = owner;
  }

  get index(): number {
    return this.#index;
  }

  apply({ index }: CommandMeta, command: Term): Applied {
    assert(index > this.#index, 'R15: in the order of the log', { index, last: this.#index });
    this.#index = index;
    const change = command as unknown as MetadataChange;
    const { outcome, changes } = applyChange(this.#tables, change);
    this.#owner.changed(index, changes, change);
    const reply: KhepriReply = { index, outcome };
    return { reply: reply as unknown as Term, effects: NOTHING };
  }

  entered(): readonly RaEffect[] {
    return NOTHING;
  }

  applied(): readonly RaEffect[] {
    return NOTHING;
  }

  tick(): void {}

  /** How far this member is. */
  query(): Term {
    return this.#index;
  }

  snapshot(): Term {
    const state: State = { index: this.#index, rows: this.#tables.writes(() => true) };
    return state as unknown as Term;
  }

  /** Followers are told of what differs: what is gone first, and what hangs on it before it. */
  restore(term: Term): void {
    const { index, rows } = term as unknown as State;
    assert(index >= this.#index, 'a snapshot is not older', { index, last: this.#index });
    const wanted = new Set(rows.map(({ table, key }) => rowKey(table, key)));
    const gone = this.#tables
      .writes(() => true)
      .filter(({ table, key }) => !wanted.has(rowKey(table, key)))
      .toReversed();
    const changes: RowChange[] = [];
    for (const { table, key } of gone) changes.push(this.#tables.write({ table, key, row: null }));
    for (const write of rows) {
      if (!isSame(this.#tables.get(write.table, write.key), write.row)) {
        changes.push(this.#tables.write(write));
      }
    }
    this.#index = index;
    this.#owner.changed(index, changes, null);
  }

  hash(): string {
    const hash = new Hash64();
    for (const write of this.#tables.writes(() => true)) hash.text(termText(write));
    return hash.digest();
  }
}

function isSame(left: Rows[TableName] | undefined, right: Rows[TableName] | null): boolean {
  return left !== undefined && termText(left) === termText(right);
}
