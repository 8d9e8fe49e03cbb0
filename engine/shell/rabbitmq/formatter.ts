/**
 * How RabbitMQ's tools print what a command gives: `table` (words between tabs), `pretty_table`,
 * `csv`, `json`, or plain text.
 *
 * Not here: values (`cell.ts`), what a command gives. Differs: the formatters `erlang`, `inspect`,
 * `report` and `plugins` are not there. Source: RabbitMQ.CLI.Formatters, stdout_formatter.
 */
import { assert } from '../../kernel/assert.ts';
import { type Cell, cellJson, cellText } from './cell.ts';

export type FormatterName = 'table' | 'pretty_table' | 'csv' | 'json';

export const formatterNames: readonly FormatterName[] = ['table', 'pretty_table', 'csv', 'json'];
/** Formatters that the real tools have besides. */
export const foreignFormatters: readonly string[] = ['erlang', 'inspect', 'report', 'json_stream'];

export interface Listing {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Without a banner: a program reads it. */
export function isMachineReadable(formatter: string): boolean {
  return formatter === 'json' || formatter === 'csv';
}

export function formatted(listing: Listing, formatter: FormatterName, headers: boolean): string[] {
  const { columns, rows } = listing;
  for (const row of rows) {
    assert(row.length === columns.length, 'a value for each column', { columns, row });
  }
  switch (formatter) {
    case 'table':
      return table(listing, headers);
    case 'pretty_table':
      return prettyTable(listing);
    case 'csv':
      return csv(listing);
    case 'json':
      return json(listing);
  }
}

function table({ columns, rows }: Listing, headers: boolean): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map((row) => row.map(cellText).join('\t'));
  return headers ? [columns.join('\t'), ...lines] : lines;
}

function csv({ columns, rows }: Listing): string[] {
  if (rows.length === 0) return [];
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const lines = rows.map((row) => row.map((cell) => quoted(cellText(cell))).join(','));
  return [columns.map(quoted).join(','), ...lines];
}

function json({ columns, rows }: Listing): string[] {
  const objects = rows.map((row) => {
    const entries = columns.map((name, place) => [name, cellJson(row[place]!)] as const);
    return JSON.stringify(Object.fromEntries(entries));
  });
  return ['[', ...objects.map((text, place) => (place === 0 ? text : `,${text}`)), ']'];
}

function prettyTable({ columns, rows }: Listing): string[] {
  if (rows.length === 0) return [];
  const all = [columns, ...rows.map((row) => row.map(cellText))];
  const widths = columns.map((_, place) => Math.max(...all.map((row) => row[place]!.length)));
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${widths.map((width) => '─'.repeat(width + 2)).join(middle)}${right}`;
  const line = (row: readonly string[]): string =>
    `│${row.map((text, place) => ` ${text.padEnd(widths[place]!)} `).join('│')}│`;
  const between = rule('├', '┼', '┤');
  const body = all.flatMap((row, place) => (place === 0 ? [line(row)] : [between, line(row)]));
  return [rule('┌', '┬', '┐'), ...body, rule('└', '┴', '┘')];
}
