/**
 * Tables as `rabbitmqadmin` draws them: its preset `modern`.
 *
 * A cell may have several lines, and each line that ends is followed by another, be it empty. A
 * table without rows has no lower edge. Source: the crate tabled, its style `modern_rounded`.
 * Not here: what is in it.
 */
import { assert } from '../../kernel/assert.ts';

export interface AdminTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function drawTable({ columns, rows }: AdminTable): string[] {
  for (const row of rows) assert(row.length === columns.length, 'a cell a column', { columns });
  const widths = columns.map((name, place) =>
    Math.max(name.length, ...rows.flatMap((row) => row[place]!.split('\n').map(lengthOf))),
  );
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${widths.map((width) => '─'.repeat(width + 2)).join(middle)}${right}`;
  const edges = rows.length === 0 ? [] : [rule('╰', '┴', '╯')];
  return [
    rule('╭', '┬', '╮'),
    ...lines(columns, widths),
    rule('├', '┼', '┤'),
    ...rows.flatMap((row) => lines(row, widths)),
    ...edges,
  ];
}

function lengthOf(text: string): number {
  return [...text].length;
}

function lines(row: readonly string[], widths: readonly number[]): string[] {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, at) => {
    const parts = cells.map((cell, place) => {
      const text = cell[at] ?? '';
      return ` ${text}${' '.repeat(widths[place]! - lengthOf(text))} `;
    });
    return `│${parts.join('│')}│`;
  });
}

/** `name: "value"`, a line each, and the end of the last one (`properties`, `definition`). */
export function propertyLines(properties: readonly (readonly [string, unknown])[]): string {
  return properties.map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join('');
}

/** The same without the last end: arguments of queues and exchanges. */
export function argumentLines(properties: readonly (readonly [string, unknown])[]): string {
  return properties.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join('\n');
}
