/** `.properties` as `java.util.Properties` reads and writes them. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../engine/kernel/random.ts';
import { parseProperties } from '../../../engine/lab/safe/properties.ts';

const valueOf = (text: string) =>
  Object.fromEntries(parseProperties(text).entries.map(({ name, value }) => [name, value]));

/** As `Properties.store` escapes: every character that could mean something else. */
function stored(text: string, isName: boolean): string {
  return [...text]
    .map((letter, place) => {
      const code = letter.charCodeAt(0);
      if (letter === ' ') return isName || place === 0 ? '\\ ' : ' ';
      if ('\\=:#!'.includes(letter)) return `\\${letter}`;
      const known = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' }[letter];
      if (known !== undefined) return known;
      return code < 0x20 || code > 0x7e ? `\\u${code.toString(16).padStart(4, '0')}` : letter;
    })
    .join('');
}

const LETTERS = [
  'a',
  'b',
  '.',
  '-',
  '0',
  ' ',
  '=',
  ':',
  '#',
  '!',
  '\\',
  '\t',
  '\n',
  '\f',
  'é',
  '中',
];

describe('properties', () => {
  test('what is stored is read again, whatever it is (500 files)', () => {
    const random = randomStream(7, 'properties');
    const word = (least: number) =>
      Array.from(
        { length: random.between(least, 12) },
        () => LETTERS[random.below(LETTERS.length)]!,
      ).join('');
    for (let file = 0; file < 500; file++) {
      const pairs = new Map(
        Array.from({ length: random.between(0, 8) }, () => [word(1), word(0)] as const),
      );
      const separators = ['=', ':', ' = ', '\t:  ', ' '];
      const endings = ['\n', '\r\n', '\r'];
      let text = '';
      for (const [name, value] of pairs) {
        if (random.below(3) === 0) text += `${' '.repeat(random.below(3))}# a = comment \\\n`;
        if (random.below(3) === 0) text += ' \t\n';
        const separator = separators[random.below(separators.length)]!;
        // a blank as separator would take a value's own separator for its end
        const own = value === '' && separator.trim() === '' ? '=' : separator;
        text += stored(name, true) + own + stored(value, false);
        text += endings[random.below(endings.length)]!;
      }
      const read = parseProperties(text);
      expect(read.problems, JSON.stringify(text)).toEqual([]);
      expect(valueOf(text), JSON.stringify(text)).toEqual(Object.fromEntries(pairs));
    }
  });

  test('any text is read without an exception, and lines are within it (2000 texts)', () => {
    const random = randomStream(11, 'texts');
    for (let turn = 0; turn < 2000; turn++) {
      const letters = [...LETTERS, 'u', '\r', '0', '4'];
      const text = Array.from(
        { length: random.below(40) },
        () => letters[random.below(letters.length)]!,
      ).join('');
      const { entries, repeated, problems } = parseProperties(text);
      const lines = text.split(/\r\n|\r|\n/).length;
      for (const { line } of [...entries, ...repeated, ...problems]) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
      }
      expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    }
  });

  test.each([
    ['a=1', { a: '1' }],
    ['  a  =  1  ', { a: '1  ' }],
    ['a:1', { a: '1' }],
    ['a 1', { a: '1' }],
    ['a = = 1', { a: '= 1' }],
    ['a', { a: '' }],
    ['# c\n! d\na=1', { a: '1' }],
    ['a=1\\\n   2\\\n3', { a: '123' }],
    ['a=1\\\\\nb=2', { a: '1\\', b: '2' }],
    ['a=1\\\n# no comment', { a: '1# no comment' }],
    ['a=1\\', { a: '1' }],
    ['a\\=b\\ c=d', { 'a=b c': 'd' }],
    ['a=\\u4e2d\\t\\q', { a: '中\tq' }],
    ['\uFEFFa=1', { a: '1' }],
  ])('%j', (text, expected) => {
    expect(valueOf(text)).toEqual(expected);
  });

  test('a later line of the same name wins, and the earlier one is reported', () => {
    const { entries, repeated } = parseProperties('a=1\nb=2\n\na=3\na=4');
    expect(entries).toEqual([
      { name: 'b', value: '2', line: 2 },
      { name: 'a', value: '4', line: 5 },
    ]);
    expect(repeated.map(({ line, laterLine }) => [line, laterLine])).toEqual([
      [1, 5],
      [4, 5],
    ]);
  });

  test('what is malformed is reported with its line, and the rest is read', () => {
    const { entries, problems } = parseProperties('a=1\nb=\\u12\n=x\nc=3');
    expect(entries.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(problems.map(({ line }) => line)).toEqual([2, 3]);
    expect(parseProperties('x'.repeat(1_000_001)).problems).toHaveLength(1);
  });
});
