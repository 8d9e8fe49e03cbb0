/**
 * Patterns of policies and permissions: regular expressions that match anywhere in a name.
 *
 * Differs: they are JavaScript's, where the real ones are PCRE (`re:run`): possessive quantifiers,
 * `\A`, `\z` and inline flags are refused or mean something else. The common part is the same.
 */
import { assert } from '../../kernel/assert.ts';

const compiled = new Map<string, RegExp | null>();
/** Patterns that are kept compiled; a broker has few. */
const COMPILED_MAX = 10_000;

/** Whether the text is a pattern. */
export function isPattern(text: string): boolean {
  return compile(text) !== null;
}

/** Whether the pattern, which is one, matches somewhere in the name. */
export function matchesPattern(pattern: string, name: string): boolean {
  const expression = compile(pattern);
  assert(expression !== null, 'patterns are checked where they are set', { pattern });
  return expression.test(name);
}

function compile(text: string): RegExp | null {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  let expression: RegExp | null;
  try {
    expression = new RegExp(text);
  } catch {
    expression = null;
  }
  if (compiled.size >= COMPILED_MAX) compiled.clear();
  compiled.set(text, expression);
  assert(compiled.size <= COMPILED_MAX, 'what is kept is bounded', { size: compiled.size });
  return expression;
}
