/**
 * What Java says of a setting that is wrong: the sentences of `ConfigDef`, which tools and brokers
 * print. Ours name what is allowed instead (`kafka/config.ts`).
 *
 * Source: `ConfigDef.parseType`, `ConfigDef.Range`, `ConfigDef.ValidList`, `ConfigDef.ValidString`.
 */
import { assert } from '../../kernel/assert.ts';
import { ConfigError, type Setting, type Settings, valueOf } from '../../kafka/config.ts';

/** The sentence that says what is wrong with a value; null if nothing is. */
export function configProblem(name: string, setting: Setting, text: string): string | null {
  assert(name.length > 0, 'a setting has a name', { text });
  try {
    valueOf(name, setting, text);
    return null;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `Invalid value ${text} for configuration ${name}: ${reasonOf(setting, text)}`;
  }
}

function reasonOf({ type, min, max, allowed }: Setting, text: string): string {
  if (type === 'boolean') return 'Expected value to be either true or false';
  if (type === 'int' || type === 'long' || type === 'double') {
    const isWhole = /^[+-]?\d{1,19}$/.test(text);
    const isFraction = /^[+-]?\d*[.]?\d+$/.test(text);
    if (type === 'double' ? !isFraction : !isWhole) {
      return `Not a number of type ${type.toUpperCase()}`;
    }
    if (Number(text) < min) return `Value must be at least ${min}`;
    return `Value must be no more than ${max}`;
  }
  assert(allowed !== null, 'any text is right where nothing is excluded', { text });
  const texts = type === 'list' ? [...allowed].sort((a, b) => (a < b ? -1 : 1)) : allowed;
  return `String must be one of: ${texts.join(', ')}`;
}

/** The first of a client's settings that is wrong; names that the table has not are left out. */
export function clientProblem(
  settings: Settings,
  given: Readonly<Record<string, string>>,
): string | null {
  for (const [name, text] of Object.entries(given)) {
    const setting = settings[name];
    const problem = setting === undefined ? null : configProblem(name, setting, text);
    if (problem !== null) return problem;
  }
  return null;
}
