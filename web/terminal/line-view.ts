/**
 * Draws the line that is typed below what was printed: which characters go to the terminal so that
 * the prompt, the line and the cursor stand where they belong, over as many rows as they need.
 *
 * Not here: what is in the line (`line-editor.ts`).
 */
import { placeAfter } from './cells.ts';

/** The prompt and a line, and where in it the cursor is, in characters. */
export interface LinePicture {
  readonly prompt: string;
  readonly chars: readonly string[];
  readonly cursor: number;
}

export class LineView {
  /** The row of the cursor, counted from the line's first one. */
  #row = 0;

  /** Removes the line, and leaves the cursor where it began. */
  erase(): string {
    const up = this.#row > 0 ? `\x1b[${this.#row}A` : '';
    this.#row = 0;
    return `${up}\r\x1b[J`;
  }

  /** Leaves the line where it is, its cursor being at its end, and goes below it. */
  leave(): string {
    this.#row = 0;
    return '\r\n';
  }

  /** Draws it anew. `dress` colours the prompt. */
  draw(
    { prompt, chars, cursor }: LinePicture,
    columns: number,
    dress: (prompt: string) => string,
  ): string {
    // a tab would take as many cells as there are to the next stop
    const shown = chars.map((char) => (char === '\t' ? ' ' : char));
    const all = [...prompt, ...shown];
    const end = placeAfter(all, columns);
    const at = placeAfter(all.slice(0, [...prompt].length + cursor), columns);
    const erased = this.erase();
    // a full row leaves a terminal's cursor upon its last cell
    const wrap = end.column === 0 && all.length > 0 ? '\r\n' : '';
    const up = end.row > at.row ? `\x1b[${end.row - at.row}A` : '';
    const right = at.column > 0 ? `\x1b[${at.column}C` : '';
    this.#row = at.row;
    return `${erased}${dress(prompt)}${shown.join('')}${wrap}${up}\r${right}`;
  }
}

/** Words in columns, as a shell lists them: down, then across. */
export function inColumns(words: readonly string[], columns: number): string[] {
  const width = Math.max(...words.map((word) => word.length), 1) + 2;
  const across = Math.max(1, Math.floor(columns / width));
  const rows = Math.ceil(words.length / across);
  return Array.from({ length: rows }, (_, row) => {
    const line = words.filter((__, place) => place % rows === row);
    return line
      .map((word) => word.padEnd(width))
      .join('')
      .trimEnd();
  });
}

/** A printed line without what would steer the terminal. */
export function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char) =>
    char < ' ' ? `^${String.fromCharCode(char.charCodeAt(0) + 64)}` : '�',
  );
}
