/**
 * Names of topics as the tools take them: one name, several behind commas, or a regular expression.
 * Source: `org.apache.kafka.server.util.TopicFilter.IncludeList`. Difference: expressions are
 * JavaScript's; what both have is what names of topics need.
 */
import { assert } from '../../kernel/assert.ts';

export type TopicPattern =
  | { readonly ok: true; readonly matches: (name: string) => boolean }
  | { readonly ok: false; readonly problem: string };

/** Commas stand for `|`; quotes around it all are taken off. */
export function topicPattern(text: string): TopicPattern {
  const bare = text
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+|["']+$/g, '');
  try {
    const pattern = new RegExp(`^(?:${bare})$`);
    assert(!pattern.global, 'an expression keeps nothing from test to test');
    return { ok: true, matches: (name) => pattern.test(name) };
  } catch {
    return { ok: false, problem: `${text} is an invalid regex.` };
  }
}
