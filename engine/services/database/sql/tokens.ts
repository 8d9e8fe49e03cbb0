/**
 * Cuts a statement's text into tokens: words, quoted text, whole numbers, parameters, symbols.
 * Words are folded to lower case, as PostgreSQL folds unquoted names.
 *
 * Not here: quoted identifiers, comments, floats: nobody writes them in the lab, and each is a
 * syntax error (42601) that says so.
 */
import { SqlError } from './sql-error.ts';

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'parameter' | 'symbol' | 'end';
  readonly text: string;
}

const PATTERN =
  /\s*(?:([A-Za-z_][A-Za-z_0-9]*)|'((?:[^']|'')*)'|(\d+)|\$(\d+)|(<>|<=|>=|!=|[-+*=<>(),;.]))/y;

/** The tokens, with an `end` behind the last. Throws a `SqlError` 42601. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  const text = sql.trimEnd();
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < text.length) {
    const at = PATTERN.lastIndex;
    const match = PATTERN.exec(text);
    if (match === null) {
      throw new SqlError(
        '42601',
        `syntax error at or near "${text.slice(at).trim().slice(0, 20)}"`,
      );
    }
    tokens.push(tokenOf(match));
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

function tokenOf([, word, quoted, number, parameter, symbol]: RegExpExecArray): Token {
  if (word !== undefined) return { kind: 'word', text: word.toLowerCase() };
  if (quoted !== undefined) return { kind: 'text', text: quoted.replaceAll("''", "'") };
  if (number !== undefined) return { kind: 'number', text: number };
  if (parameter !== undefined) return { kind: 'parameter', text: parameter };
  return { kind: 'symbol', text: symbol === '!=' ? '<>' : symbol! };
}
