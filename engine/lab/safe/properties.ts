/**
 * Reads a `.properties` file as `java.util.Properties.load` does: comments (`#`, `!`), names that
 * end at `=`, `:` or a blank, lines that go on after a backslash, escapes (`\t \n \r \f \uXXXX`).
 *
 * Of a name that occurs twice the later line wins, and the earlier one is reported. Not here: what
 * a setting means (`kafka/kafka-settings.ts`). Differences: a line without a name is an error,
 * since in a configuration it can only be a slip; so is a file of more than 1 MB.
 */
import type { Localized } from '../knob.ts';

/** One setting, and the line on which it begins, from 1. */
export interface Property {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

export interface PropertyProblem {
  readonly line: number;
  readonly text: Localized;
}

export interface Properties {
  /** Each name once, in the order of the lines that count. */
  readonly entries: readonly Property[];
  /** Earlier lines of the same names, with the line that counts instead. */
  readonly repeated: readonly (Property & { readonly laterLine: number })[];
  readonly problems: readonly PropertyProblem[];
}

const CHARACTERS_MAX = 1_000_000;
const BLANKS = ' \t\f';
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/** Reads a text. Never throws. */
export function parseProperties(text: string): Properties {
  if (text.length > CHARACTERS_MAX) {
    const tooLong = {
      en: `the file has more than ${CHARACTERS_MAX} characters`,
      zh: `文件超过 ${CHARACTERS_MAX} 个字符`,
    };
    return { entries: [], repeated: [], problems: [{ line: 1, text: tooLong }] };
  }
  const entries = new Map<string, Property>();
  const earlier: Property[] = [];
  const problems: PropertyProblem[] = [];
  for (const { line, content } of logicalLines(text.replace(/^\uFEFF/, ''))) {
    const read = readLine(content);
    if ('en' in read) {
      problems.push({ line, text: read });
      continue;
    }
    const before = entries.get(read.name);
    if (before !== undefined) {
      earlier.push(before);
      entries.delete(read.name);
    }
    entries.set(read.name, { ...read, line });
  }
  const repeated = earlier.map((one) => ({ ...one, laterLine: entries.get(one.name)!.line }));
  return { entries: [...entries.values()], repeated, problems };
}

/** Lines without comments, each with what it goes on with. */
function logicalLines(text: string): { line: number; content: string }[] {
  const natural = text.split(/\r\n|\r|\n/);
  const lines: { line: number; content: string }[] = [];
  for (let place = 0; place < natural.length; place++) {
    const line = place + 1;
    let content = withoutIndent(natural[place]!);
    if (content === '' || content.startsWith('#') || content.startsWith('!')) continue;
    while (goesOn(content)) {
      place++;
      content = content.slice(0, -1) + withoutIndent(natural[place] ?? '');
      if (place >= natural.length) break;
    }
    lines.push({ line, content });
  }
  return lines;
}

function withoutIndent(line: string): string {
  let start = 0;
  while (start < line.length && BLANKS.includes(line[start]!)) start++;
  return line.slice(start);
}

/** Whether it ends with an odd number of backslashes: the last one is no escaped backslash. */
function goesOn(content: string): boolean {
  let count = 0;
  while (content[content.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

/** The name and the value of a line, or what is wrong with it. */
function readLine(content: string): { name: string; value: string } | Localized {
  let end = 0;
  while (end < content.length && !`=:${BLANKS}`.includes(content[end]!)) {
    end += content[end] === '\\' ? 2 : 1;
  }
  let start = Math.min(end, content.length);
  while (BLANKS.includes(content[start] ?? '#')) start++;
  if (content[start] === '=' || content[start] === ':') start++;
  while (BLANKS.includes(content[start] ?? '#')) start++;
  const name = unescaped(content.slice(0, end));
  const value = unescaped(content.slice(start));
  if (name === null || value === null) {
    return {
      en: 'malformed \\uxxxx encoding: four hexadecimal digits follow \\u',
      zh: '\\uxxxx 编码有误：\\u 后面应是四位十六进制数字',
    };
  }
  if (name === '') {
    return { en: 'there is no name before the separator', zh: '分隔符前面没有配置名' };
  }
  return { name, value };
}

/** The text that escapes stand for; null where `\u` has no four digits. */
function unescaped(text: string): string | null {
  let result = '';
  for (let place = 0; place < text.length; place++) {
    const letter = text[place]!;
    if (letter !== '\\') {
      result += letter;
      continue;
    }
    const escaped = text[++place] ?? '';
    if (escaped !== 'u') {
      result += ESCAPES[escaped] ?? escaped;
      continue;
    }
    const digits = text.slice(place + 1, place + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) return null;
    result += String.fromCharCode(Number.parseInt(digits, 16));
    place += 4;
  }
  return result;
}
