/**
 * How many cells of a terminal a text takes, and where in the rows its end is.
 *
 * Han, kana, hangul and full-width forms take two cells, as xterm counts them (Unicode's East Asian
 * Width, UAX #11: W and F); marks that combine take none. A wide character that finds one cell left
 * goes to the next row.
 * Not here: what is drawn (`line-view.ts`).
 */

/** First and last code points of what is wide. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x2fffd],
  [0x30000, 0x3fffd],
];

const isWithin = (code: number, ranges: readonly (readonly [number, number])[]): boolean =>
  ranges.some(([first, last]) => code >= first && code <= last);

/** The cells of one character: 0, 1 or 2. */
export function cellsOf(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^\p{Mn}|^\p{Me}|^\u200b/u.test(char)) return 0;
  return isWithin(code, WIDE) ? 2 : 1;
}

/** A place in rows and columns, from 0 on. */
export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

/**
 * Where the next character comes behind characters that begin at a row's first column. A full row
 * ends in the first column of the next one.
 */
export function placeAfter(chars: readonly string[], columns: number): CellPlace {
  let row = 0;
  let column = 0;
  for (const char of chars) {
    const cells = cellsOf(char);
    if (column + cells > columns) {
      row++;
      column = 0;
    }
    column += cells;
  }
  return column >= columns ? { row: row + 1, column: 0 } : { row, column };
}
