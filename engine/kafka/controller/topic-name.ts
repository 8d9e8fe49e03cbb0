/**
 * What a topic may be called. Source: `org.apache.kafka.common.internals.Topic`.
 */
import { assert } from '../../kernel/assert.ts';

const lengthMax = 249;

/** The sentence that says why a topic cannot have this name; null if it can. */
export function topicNameProblem(name: string, existing: readonly string[]): string | null {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed';
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`;
  if (name.length > lengthMax) {
    return `Topic name is invalid: the length of '${name}' is longer than ${lengthMax}`;
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return (
      `Topic name is invalid: '${name}' contains one or more characters other than ` +
      `ASCII alphanumerics, '.', '_' and '-'`
    );
  }
  const collision = existing.find((other) => other !== name && unified(other) === unified(name));
  if (collision !== undefined) {
    return `Topic '${name}' collides with existing topic: ${collision}`;
  }
  return null;
}

/** Metrics write '.' as '_', so two names that differ only there are one to them. */
function unified(name: string): string {
  const result = name.replaceAll('.', '_');
  assert(result.length === name.length, 'one character for one', { name });
  return result;
}
