/** What can be known of a line before it is read: the words that any command of it may have. */
import { describe, expect, test } from 'vitest';
import { bareWords, parseLine } from '../../engine/shell/words.ts';

/** The words of all commands of a line, as the shell reads it. */
function wordsOf(line: string): readonly string[] {
  const parsed = parseLine(line);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.pipelines.flatMap(({ stages }) => stages.flatMap(({ words }) => words));
}

describe('shell: the bare words of a line', () => {
  test.each([
    ['one command', 'kafka-topics.sh --list'],
    ['a pipe and a list', 'seq 3|kafka-console-producer.sh --topic a&&kafka-get-offsets.sh;ls'],
    ['quotes within a name', `kafka-"top"ics.sh --com'press'ion-codec "lz"4`],
    ['a backslash within a name', 'kafka-top\\ics.sh compression.type=g\\zip'],
    ['a file', 'kafka-topics.sh --list>topics.txt'],
    ['an operator in quotes', `echo 'a;b' | rabbitmqctl status`],
  ])('%s: what runs is among them', (_name, line) => {
    const bare = bareWords(line);
    const names = wordsOf(line).filter((word) => !/[\s|;&<>()]/.test(word));
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((word) => !bare.includes(word))).toEqual([]);
  });

  test('a line that is not over yet has them, too', () => {
    expect(bareWords(`echo x | kafka-topics.sh --topic 'a`)).toContain('kafka-topics.sh');
  });
});
