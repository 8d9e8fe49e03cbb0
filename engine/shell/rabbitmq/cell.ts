/**
 * A value in a listing of RabbitMQ's tools, and its text as each formatter writes it.
 *
 * Text stands for Erlang's binaries, atoms and process identifiers: all are written as they are.
 * Not here: lines and headers (`formatter.ts`). Source: RabbitMQ.CLI.Formatters.FormatterHelpers
 * and Json.
 */
import { assert } from '../../kernel/assert.ts';
import type { FieldTable, FieldValue } from '../../wire/amqp/field-table.ts';

export type Cell = string | number | boolean | readonly Cell[] | AmqpTable;

/** The arguments of a queue, an exchange, a binding or a consumer. */
export interface AmqpTable {
  readonly table: FieldTable;
}

/** Sorted by name, as the broker keeps them. */
export function argumentsCell(table: FieldTable): AmqpTable {
  const byName = (left: { name: string }, right: { name: string }): number =>
    left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
  return { table: [...table].sort(byName) };
}

function isTable(cell: Cell): cell is AmqpTable {
  return typeof cell === 'object' && !Array.isArray(cell);
}

/** As the formatters `table`, `csv` and `pretty_table` write it. */
export function cellText(cell: Cell): string {
  if (isTable(cell)) return tableText(cell.table);
  if (typeof cell === 'object') return `[${(cell as readonly Cell[]).map(cellText).join(', ')}]`;
  return String(cell);
}

function tableText(table: FieldTable): string {
  return `[${table.map(({ name, value }) => `{"${name}",${valueText(value)}}`).join(',')}]`;
}

function valueText(of: FieldValue): string {
  switch (of.type) {
    case 'longstr':
      return `"${String(of.value)}"`;
    case 'table':
      return tableText(of.value);
    case 'array':
      return `[${of.value.map(valueText).join(',')}]`;
    case 'void':
      return 'undefined';
    default:
      return String(of.value);
  }
}

/** As the formatter `json` writes it. */
export function cellJson(cell: Cell): unknown {
  if (isTable(cell)) return tableJson(cell.table);
  if (typeof cell === 'object') return (cell as readonly Cell[]).map(cellJson);
  assert(typeof cell !== 'number' || Number.isFinite(cell), 'a number of JSON', { cell });
  return cell;
}

function tableJson(table: FieldTable): unknown {
  return table.map(({ name, value }) => [name, value.type, valueJson(value)]);
}

/** A field's value as JSON has it. */
export function valueJson(of: FieldValue): unknown {
  switch (of.type) {
    case 'table':
      return tableJson(of.value);
    case 'array':
      return of.value.map((one) => [one.type, valueJson(one)]);
    case 'void':
      return null;
    default:
      return typeof of.value === 'bigint' ? Number(of.value) : of.value;
  }
}
