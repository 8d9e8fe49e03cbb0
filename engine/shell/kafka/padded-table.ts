/**
 * Columns as `ToolsUtils.prettyPrintTable` has them: each as wide as its longest text, and a tab.
 * Source: `org.apache.kafka.tools.ToolsUtils`. Not here: the columns of
 * the older tools (`text-table.ts`).
 */
import { assert } from '../../kernel/assert.ts';

/** The lines of a table, the titles first. */
export function paddedTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = titles.map((title, place) =>
    Math.max(title.length, ...rows.map((row) => row[place]?.length ?? 0)),
  );
  return [titles, ...rows].map((cells) => {
    assert(cells.length === titles.length, 'a cell a column', { cells: cells.length });
    return cells.map((cell, place) => `${cell.padEnd(widths[place]!)}\t`).join('');
  });
}
