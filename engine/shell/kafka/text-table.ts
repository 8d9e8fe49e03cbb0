/**
 * Columns of text as Kafka's tools print them: each padded to a width and followed by a blank, the
 * last one as it is unless it is padded, too. Source: `String.format("%-15s ...")`.
 */
import { assert } from '../../kernel/assert.ts';

export interface TextColumn {
  readonly title: string;
  /** At least so wide; 0: as it is. */
  readonly width: number;
  /** As wide as its longest text, if that is more. */
  readonly grows?: true;
}

/** The lines of a table, the titles first. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = columns.map(({ width, grows }, place) => {
    const lengths = rows.map((row) => row[place]?.length ?? 0);
    return grows === true ? Math.max(width, ...lengths) : width;
  });
  const lineOf = (cells: readonly string[]): string => {
    assert(cells.length === columns.length, 'a cell a column', { cells: cells.length });
    return cells.map((cell, place) => cell.padEnd(widths[place]!)).join(' ');
  };
  return [columns.map(({ title }) => title), ...rows].map(lineOf);
}
