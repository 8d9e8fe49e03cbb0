/**
 * The text of Kafka's checkpoint files, format version 0: a version, a count, and a line an entry.
 *
 *     0
 *     2
 *     pay 0 41
 *     pay 1 17
 *
 * Source: CheckpointFile.java. Not here: the meaning of an entry.
 */
import { assert } from '../kernel/assert.ts';

const VERSION = '0';
const NUMBER = /^-?\d{1,16}$/;

/** The file's text for these lines. */
export function checkpointText(lines: readonly string[]): string {
  for (const line of lines) assert(!line.includes('\n'), 'an entry is a line', { line });
  return [VERSION, String(lines.length), ...lines, ''].join('\n');
}

/** The lines of a file's text; null if it is torn or of another version. */
export function checkpointLines(text: string): readonly string[] | null {
  const lines = text.split('\n');
  const count = Number(lines[1] ?? '');
  if (lines[0] !== VERSION || !Number.isSafeInteger(count) || count < 0) return null;
  // A text that was written whole ends with a line end, so that nothing follows the last entry.
  if (lines.length !== count + 3 || lines[count + 2] !== '') return null;
  return lines.slice(2, count + 2);
}

/** A whole number in an entry; null if it is none. */
export function checkpointNumber(text: string | undefined): number | null {
  if (text === undefined || !NUMBER.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}
