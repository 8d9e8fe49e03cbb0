/** What a Tab offers: commands, options, values of the world, and nothing that does not fit. */
import { describe, expect, test } from 'vitest';
import { completionsOf } from '../../engine/shell/completion.ts';
import type { Tool } from '../../engine/shell/program.ts';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';
import { worlds } from './worlds.ts';

const about = { en: 'a tool', zh: '工具' };
const make: Tool = {
  name: 'make-tool',
  about,
  options: () => [
    { name: '--topic', value: 'topic', about },
    { name: '--group', value: 'group', about },
    { name: '--bootstrap-server', aliases: ['--server'], value: 'broker-address', about },
    { name: '--acks', value: ['0', '1', 'all'], about },
    { name: '--list', about },
    { name: '--file', value: 'file', about },
  ],
  wordsAfter: (words) => (words.length === 0 ? ['start', 'stop'] : []),
  examples: [],
  start: (call) => {
    call.exit(0);
    return {};
  },
};

const session = () => {
  const tools = [...toolsOf(['kafka']), make];
  return new TerminalSession({ experiment: worlds['kafka']!({}), tools });
};

const one = session();
const words = (text: string, earlier: readonly string[] = []) =>
  completionsOf(text, one.shell, earlier).words;

describe('shell: completion', () => {
  test('the first word is a tool, a fault or a command of the lab', () => {
    expect(words('ma')).toEqual(['make-tool', 'man']);
    expect(words('cra')).toEqual(['crash']);
    expect(words('')).toContain('hint');
  });

  test('behind a pipe only tools may stand', () => {
    expect(words('ls | cra')).toEqual([]);
    expect(words('ls | hea')).toEqual(['head']);
    expect(words('ls && mak')).toEqual(['make-tool']);
  });

  test('hosts of faults are those of the world, and no pane', () => {
    one.type(2, 'cat');
    expect(words('crash bro')).toEqual(['broker-1', 'broker-2', 'broker-3']);
    expect(words('crash shell')).toEqual([]);
    expect(words('restart broker-1 ')).toEqual([]);
    expect(words('partition broker-1 b')).toEqual(['broker-2', 'broker-3']);
  });

  test('options are offered that do not stand there yet', () => {
    expect(words('make-tool --')).toContain('--server');
    expect(words('make-tool --list --l')).toEqual([]);
    expect(words('make-tool ')).toEqual(['start', 'stop']);
  });

  test('values are what the world has, also behind an equals sign', () => {
    expect(words('make-tool --bootstrap-server broker-2')).toEqual(['broker-2:9092']);
    expect(words('make-tool --acks ')).toEqual(['0', '1', 'all']);
    const joined = completionsOf('make-tool --acks=a', one.shell, []);
    expect(joined).toEqual({ from: 'make-tool --acks='.length, words: ['all'] });
  });

  test('what was named before can be named again', () => {
    expect(words('make-tool --group ', ['make-tool --group billing'])).toEqual(['billing']);
  });

  test('behind a redirection stand files', () => {
    one.type(1, 'echo a > plan.json');
    expect(words('cat < pl')).toEqual(['plan.json']);
    expect(words('make-tool --file p')).toEqual(['plan.json']);
    expect(words('cat pl')).toEqual(['plan.json']);
  });

  test('a quote that is open keeps its blanks', () => {
    expect(completionsOf("echo 'ma", one.shell, []).words).toEqual([]);
    expect(words("echo 'a | b' ")).toEqual([]);
  });
});
