/**
 * What a statement does to the tables, in a transaction, all or nothing.
 *
 * A statement that meets a row owned by another transaction changes nothing and says whom it waits
 * for; it is executed again, from its start, when that one has ended. So its WHERE is judged on
 * the rows as they are then, as PostgreSQL does under READ COMMITTED (documentation, 13.2.1).
 * Difference: PostgreSQL keeps the row locks that it got before it had to wait; this keeps none.
 * Not here: BEGIN, COMMIT, ROLLBACK (`session.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { holds, ordered, valueOf } from './sql/evaluate.ts';
import type { Scope } from './sql/evaluate.ts';
import { SqlError } from './sql/sql-error.ts';
import type { ColumnDefinition, SqlValue, Statement, Term } from './sql/statement.ts';
import { Table } from './table.ts';
import type { Row, Slot } from './table.ts';
import type { Transaction } from './transaction.ts';

/** What a statement answers: PostgreSQL's command tag, the rows it changed or gives. */
export interface StatementResult {
  /** As in `INSERT 0 1`, `UPDATE 2`, `SELECT 1`. */
  readonly tag: string;
  readonly count: number;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export type Outcome =
  | { readonly kind: 'done'; readonly result: StatementResult }
  | { readonly kind: 'wait'; readonly for: Transaction };

type Insert = Extract<Statement, { kind: 'insert' }>;
type Update = Extract<Statement, { kind: 'update' }>;
type Select = Extract<Statement, { kind: 'select' }>;

export class Executor {
  readonly tables = new Map<string, Table>();

  /** Executes a statement that is not about the transaction itself. Throws a `SqlError`. */
  execute(
    statement: Statement,
    parameters: readonly SqlValue[],
    transaction: Transaction,
  ): Outcome {
    switch (statement.kind) {
      case 'insert':
        return this.#insert(statement, parameters, transaction);
      case 'update':
        return this.#update(statement, parameters, transaction);
      case 'delete': {
        const table = this.#table(statement.table);
        const found = targets(table, statement.where, parameters, transaction);
        if (found.kind === 'wait') return found;
        for (const { slot } of found.rows) table.change(slot, null, transaction);
        return done(`DELETE ${found.rows.length}`, found.rows.length);
      }
      case 'select':
        return this.#select(statement, parameters, transaction);
      default:
        assert(false, 'a statement on rows', { kind: statement.kind });
    }
  }

  #insert(statement: Insert, parameters: readonly SqlValue[], transaction: Transaction): Outcome {
    const table = this.#table(statement.table);
    const { columns } = table.definition;
    const row: SqlValue[] = columns.map((column) => column.preset);
    const scope = { parameters, column: noColumn };
    statement.columns.forEach((name, place) => {
      row[table.place(name)] = valueOf(statement.values[place]!, scope);
    });
    checkRow(table, row);
    const conflict = table.conflictOf(row, null, transaction);
    if (conflict?.kind === 'wait') return conflict;
    if (conflict?.kind === 'violation' && !statement.skipConflicts) {
      throw uniqueViolation(table, row, conflict.index);
    }
    if (conflict === null) table.insert(row, transaction);
    const count = conflict === null ? 1 : 0;
    return done(`INSERT 0 ${count}`, count);
  }

  #update(statement: Update, parameters: readonly SqlValue[], transaction: Transaction): Outcome {
    const table = this.#table(statement.table);
    const places = statement.set.map(({ column }) => table.place(column));
    const found = targets(table, statement.where, parameters, transaction);
    if (found.kind === 'wait') return found;
    const changed: { slot: Slot; row: Row }[] = [];
    for (const { slot, row } of found.rows) {
      const next = [...row];
      const scope = scopeOf(table, row, parameters);
      statement.set.forEach(({ to }, turn) => {
        next[places[turn]!] = valueOf(to, scope);
      });
      checkRow(table, next);
      const conflict = table.conflictOf(next, slot, transaction);
      if (conflict?.kind === 'wait') return conflict;
      if (conflict?.kind === 'violation') throw uniqueViolation(table, next, conflict.index);
      changed.push({ slot, row: next });
    }
    for (const { slot, row } of changed) table.change(slot, row, transaction);
    return done(`UPDATE ${changed.length}`, changed.length);
  }

  #select(statement: Select, parameters: readonly SqlValue[], transaction: Transaction): Outcome {
    const table = this.#table(statement.table);
    const { selection, orderBy, where } = statement;
    let rows: Row[];
    if (statement.forUpdate) {
      const found = targets(table, where, parameters, transaction);
      if (found.kind === 'wait') return found;
      for (const { slot } of found.rows) table.lock(slot, transaction);
      rows = found.rows.map(({ row }) => row);
    } else {
      rows = [...table.seenBy(transaction)]
        .map(({ row }) => row)
        .filter((row) => holds(where, scopeOf(table, row, parameters)));
    }
    if (orderBy !== null) {
      const place = table.place(orderBy);
      rows.sort((left, right) => ordered(left[place]!, right[place]!));
    }
    const count = rows.length;
    const chosen = columnsOf(table, selection);
    if (selection.kind === 'count') return answer(chosen, [[count]]);
    if (selection.kind === 'sum') {
      const place = table.place(selection.column);
      return answer(chosen, [[sumOf(rows.map((row) => row[place]!))]]);
    }
    const places = chosen.map((name) => table.place(name));
    return answer(
      chosen,
      rows.map((row) => places.map((place) => row[place]!)),
    );
  }

  #table(name: string): Table {
    const table = this.tables.get(name);
    if (table !== undefined) return table;
    throw new SqlError('42P01', `relation "${name}" does not exist`);
  }
}

type Targets =
  | { readonly kind: 'found'; readonly rows: readonly { slot: Slot; row: Row }[] }
  | { readonly kind: 'wait'; readonly for: Transaction };

/** The rows that a writer means, unless one of them belongs to somebody else. */
function targets(
  table: Table,
  where: readonly Term[],
  parameters: readonly SqlValue[],
  transaction: Transaction,
): Targets {
  const rows: { slot: Slot; row: Row }[] = [];
  for (const one of table.seenBy(transaction)) {
    if (!holds(where, scopeOf(table, one.row, parameters))) continue;
    const { owner } = one.slot;
    if (owner !== null && owner !== transaction) return { kind: 'wait', for: owner };
    rows.push(one);
  }
  return { kind: 'found', rows };
}

function scopeOf(table: Table, row: Row, parameters: readonly SqlValue[]): Scope {
  return { parameters, column: (name) => row[table.place(name)]! };
}

function noColumn(name: string): never {
  throw new SqlError('42703', `column "${name}" does not exist here`);
}

function done(tag: string, count: number): Outcome {
  return { kind: 'done', result: { tag, count, columns: [], rows: [] } };
}

function answer(columns: readonly string[], rows: readonly Row[]): Outcome {
  const count = rows.length;
  return { kind: 'done', result: { tag: `SELECT ${count}`, count, columns, rows } };
}

function columnsOf(table: Table, selection: Select['selection']): readonly string[] {
  if (selection.kind === 'columns') return selection.names;
  if (selection.kind !== 'all') return [selection.kind];
  return table.definition.columns.map((column) => column.name);
}

function sumOf(values: readonly SqlValue[]): SqlValue {
  let sum: number | null = null;
  for (const value of values) {
    if (value === null) continue;
    if (typeof value === 'string') throw new SqlError('42804', 'function sum(text) does not exist');
    sum = (sum ?? 0) + value;
  }
  return sum;
}

function checkRow(table: Table, row: Row): void {
  table.definition.columns.forEach((column, place) => checkValue(table, column, row[place]!));
}

function checkValue(table: Table, column: ColumnDefinition, value: SqlValue): void {
  const { name, type, notNull } = column;
  if (value === null) {
    if (!notNull) return;
    const where = `column "${name}" of relation "${table.definition.name}"`;
    throw new SqlError('23502', `null value in ${where} violates not-null constraint`);
  }
  if ((type === 'integer') === (typeof value === 'number')) return;
  throw new SqlError('42804', `column "${name}" is of type ${type}, not of ${typeof value}`);
}

function uniqueViolation(
  table: Table,
  row: Row,
  index: { readonly name: string; readonly columns: readonly string[] },
): SqlError {
  const values = index.columns.map((column) => row[table.place(column)]).join(', ');
  const key = `(${index.columns.join(', ')})=(${values})`;
  const text = `duplicate key value violates unique constraint "${index.name}"; Key ${key} exists`;
  return new SqlError('23505', text);
}
