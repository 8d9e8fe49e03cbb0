/**
 * What `definitions.yaml` must keep to beyond its form: a definition for each term of the glossary
 * and for nothing else, one short sentence in each language, and the glossary's own words.
 */
import { parseDefinitions } from './definitions.ts';
import { GLOSSARY } from './glossary.ts';
import { pairProblems } from './lint-questions.ts';
import { lineWith } from './problem.ts';
import type { Problem } from './problem.ts';
import { countWords } from './prose.ts';

/** Chinese counts by characters, as `countWords` has it. */
const WORDS_MAX = 45;

/** Everything that is wrong with a definitions.yaml. */
export function lintDefinitions(file: string, text: string): Problem[] {
  const { value, problems } = parseDefinitions(file, text);
  if (value === null) return [...problems];
  const at = (part: string): number => lineWith(text, part);
  const problem = (rule: string, line: number, message: string): Problem => {
    return { rule, file, line, message };
  };
  const found: Problem[] = [];
  const seen = new Set<string>();
  for (const { title, terms } of value.groups) {
    found.push(...pairProblems(file, at, title));
    for (const [id, definition] of Object.entries(terms)) {
      const line = at(`      ${id}:`);
      if (GLOSSARY[id] === undefined) {
        found.push(problem('definition', line, `the glossary has no term ${id}`));
      }
      if (seen.has(id)) found.push(problem('double-id', line, `${id} is defined twice`));
      seen.add(id);
      found.push(...pairProblems(file, at, definition));
      const isLong = [definition.en, definition.zh].some((one) => countWords(one) > WORDS_MAX);
      if (isLong) found.push(problem('length', line, `${id} has more than ${WORDS_MAX} words`));
      const isSentence = /[.]$/.test(definition.en) && /。$/.test(definition.zh);
      if (!isSentence) found.push(problem('sentence', line, `${id} needs its full stop`));
    }
  }
  const missing = Object.keys(GLOSSARY).filter((id) => !seen.has(id));
  return [...found, ...missing.map((id) => problem('definition', 1, `${id} is not defined`))];
}
