/**
 * A command line as words: what a POSIX shell makes of quotes, backslashes, pipes, redirections
 * and lists, as far as people who drive a broker's tools use it.
 *
 *   echo 'a b' | kafka-console-producer.sh ... && kafka-topics.sh --list > topics.txt
 *
 * Source: POSIX.1-2017, Shell Command Language, 2.2 and 2.9; differences: no variables, no
 * substitution, no patterns, no background jobs, no subshells. Each of these is an error that names
 * it. Not here: what runs (`shell.ts`).
 */
import { assert } from '../kernel/assert.ts';

/** A command with its words, and where its lines come from and go to. */
export interface Stage {
  readonly words: readonly string[];
  readonly from: string | null;
  readonly to: { readonly file: string; readonly append: boolean } | null;
}

/** Commands joined by `|`. */
export interface Pipeline {
  readonly stages: readonly Stage[];
  /** When it runs: always, or by how the one before it ended. */
  readonly after: 'always' | 'success' | 'failure';
}

export type Parsed =
  | { readonly ok: true; readonly pipelines: readonly Pipeline[] }
  | { readonly ok: false; readonly problem: string };

/** A word, or an operator that stands outside of quotes. */
interface Token {
  readonly text: string;
  readonly isOperator: boolean;
}

const OPERATORS = ['&&', '||', '>>', '<<', '|', ';', '>', '<', '&', '(', ')'] as const;
const JOINTS: Readonly<Record<string, Pipeline['after']>> = {
  ';': 'always',
  '&&': 'success',
  '||': 'failure',
};

/** Reads a line. An empty one, or a comment, has no pipelines. */
export function parseLine(line: string): Parsed {
  const tokens = tokensOf(line);
  if (typeof tokens === 'string') return { ok: false, problem: tokens };
  const pipelines: Pipeline[] = [];
  let stages: Stage[] = [];
  let part: Token[] = [];
  let after: Pipeline['after'] = 'always';
  for (const token of [...tokens, { text: ';', isOperator: true }]) {
    const joint = token.isOperator ? JOINTS[token.text] : undefined;
    if (joint === undefined && !(token.isOperator && token.text === '|')) {
      part.push(token);
      continue;
    }
    const isLast = joint === 'always' && part.length === 0 && stages.length === 0;
    if (isLast && after === 'always') continue;
    const stage = stageOf(part);
    if (typeof stage === 'string') return { ok: false, problem: stage };
    stages.push(stage);
    part = [];
    if (joint === undefined) continue;
    pipelines.push({ stages, after });
    stages = [];
    after = joint;
  }
  return { ok: true, pipelines };
}

/**
 * Words of a line without its quotes, whether it makes sense or not. Any word without a blank or an
 * operator that `parseLine` finds, a command's name too, is among them; others may be.
 */
export function bareWords(line: string): readonly string[] {
  const bare = line.replace(/['"\\]/g, '');
  return bare.split(/[\s|;&<>()]+/).filter((word) => word !== '');
}

function stageOf(tokens: readonly Token[]): Stage | string {
  const words: string[] = [];
  let from: Stage['from'] = null;
  let to: Stage['to'] = null;
  for (let place = 0; place < tokens.length; place++) {
    const { text, isOperator } = tokens[place]!;
    if (!isOperator) {
      words.push(text);
      continue;
    }
    if (text === '<<') return "here-documents are not supported: use 'cat > file', then Ctrl-D";
    if (text === '&') return 'jobs in the background are not supported: use another pane';
    if (text === '(' || text === ')') return `subshells are not supported: '${text}'`;
    const file = tokens[++place];
    if (file === undefined || file.isOperator) return `syntax error: no file behind '${text}'`;
    if (text === '<') from = file.text;
    else to = { file: file.text, append: text === '>>' };
  }
  if (words.length === 0) return 'syntax error: a command is missing';
  return { words, from, to };
}

/** The tokens of a line, or what is wrong with it. */
function tokensOf(line: string): Token[] | string {
  const tokens: Token[] = [];
  let place = 0;
  while (place < line.length) {
    const rest = line.slice(place);
    const blank = /^\s+/.exec(rest);
    if (blank !== null) {
      place += blank[0].length;
      continue;
    }
    if (rest.startsWith('#')) break;
    const operator = OPERATORS.find((one) => rest.startsWith(one));
    if (operator !== undefined) {
      tokens.push({ text: operator, isOperator: true });
      place += operator.length;
      continue;
    }
    const word = wordAt(line, place);
    if (typeof word === 'string') return word;
    assert(word.end > place, 'a word has characters', { line, place });
    tokens.push({ text: word.text, isOperator: false });
    place = word.end;
  }
  return tokens;
}

/** The word that begins at a place, its quotes taken off. */
function wordAt(line: string, begin: number): { text: string; end: number } | string {
  let text = '';
  let place = begin;
  while (place < line.length) {
    const char = line[place]!;
    if (/[\s|;&<>()]/.test(char)) break;
    if (char === "'" || char === '"') {
      const quoted = quotedAt(line, place);
      if (quoted === null) return `syntax error: the quote ${char} is not closed`;
      text += quoted.text;
      place = quoted.end;
    } else if (char === '$' && /[\w({]/.test(line[place + 1] ?? '')) {
      return `variables and substitutions are not supported: '${line.slice(place)}'`;
    } else if (char === '`') {
      return 'variables and substitutions are not supported: a backquote';
    } else if (char === '\\') {
      text += line[place + 1] ?? '';
      place += 2;
    } else {
      text += char;
      place++;
    }
  }
  return { text, end: place };
}

/** Within double quotes a backslash keeps its meaning before these only. */
const ESCAPED = '"\\$`';

function quotedAt(line: string, begin: number): { text: string; end: number } | null {
  const quote = line[begin]!;
  let text = '';
  for (let place = begin + 1; place < line.length; place++) {
    const char = line[place]!;
    if (char === quote) return { text, end: place + 1 };
    const next = line[place + 1] ?? '';
    if (quote === '"' && char === '\\' && next !== '' && ESCAPED.includes(next)) {
      text += next;
      place++;
    } else {
      text += char;
    }
  }
  return null;
}
