/** Options as jopt-simple reads them, where no transcript shows it. */
import { describe, expect, it } from 'vitest';
import { argument, JoptTable } from '../../../engine/shell/kafka/jopt.ts';

const about = { en: 'What it is for.', zh: '用途。' };
const table = new JoptTable([
  { name: 'topic', argument: argument('String', 'topic'), about },
  { name: 'count', argument: argument('Integer', null), defaultText: '3', about },
  { name: 'state', argument: { ...argument('String', null), isOptional: true }, about },
  { name: 'list', about },
]);

function given(...words: string[]) {
  const parsed = table.parse(words);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.given;
}

describe('shell: kafka: jopt', () => {
  it('an argument is joined to its option or follows it, even if it looks like one', () => {
    expect(given('--topic', 'orders').value('topic')).toBe('orders');
    expect(given('--topic=a=b').value('topic')).toBe('a=b');
    expect(given('-topic', '--list').value('topic')).toBe('--list');
  });

  it('an optional argument is taken unless an option follows', () => {
    expect(given('--state', 'empty').values('state')).toEqual(['empty']);
    const without = given('--state', '--list');
    expect([without.has('state'), without.values('state'), without.has('list')]).toEqual([
      true,
      [],
      true,
    ]);
  });

  it('a default holds where an option is not given, which is not to have it', () => {
    expect([given().value('count'), given().has('count')]).toEqual(['3', false]);
    expect(given().value('topic')).toBeNull();
  });

  it('numbers are whole and within their type', () => {
    expect(given('--count', '2147483647').malformed()).toBeNull();
    expect(given('--count', '2147483648').malformed()?.message).toBe(
      "Cannot parse argument '2147483648' of option count",
    );
    expect(given('--count', '1.5').malformed(['topic'])).toBeNull();
  });

  it('one argument is asked for where several were given', () => {
    expect(given('--topic', 'a', '--topic', 'b').repeated(['topic'])?.message).toBe(
      'Found multiple arguments for option topic, but you asked for only one',
    );
  });

  it('what stands behind two dashes is no option', () => {
    expect(given('--list', '--', '--topic').others).toEqual(['--topic']);
  });

  it('usage keeps to 80 columns', () => {
    const longest = Math.max(...table.usage().map((line) => line.trimEnd().length));
    expect(longest).toBeGreaterThan(40);
    expect(longest).toBeLessThanOrEqual(80);
  });
});
