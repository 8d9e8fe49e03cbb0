/** The command line as a whole: what is refused and how, help, the JSON of a run, Ctrl-C. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { carriedOut, COMMAND, highwater } from './project.ts';

const SUBCOMMANDS = [
  'list',
  'run',
  'sweep',
  'explore',
  'safe',
  'fuzz',
  'prove',
  'check',
  'new-lesson',
  'serve',
  'shell',
  'drill',
  'bench',
];
const LESSON = 'acks-and-loss';

describe('command: refusals have exit code 2 and are one sentence on stderr', () => {
  test.each([
    ['fly', "highwater: no command 'fly'; there are: list, run,"],
    ['run', 'highwater run: name an experiment; there are: '],
    ['run nothing', "highwater run: no experiment 'nothing'; there are: "],
    [`run ${LESSON} again`, "highwater run: what is 'again'?"],
    [`run ${LESSON} --knob colour=red`, "unknown knob 'colour'; there are: acks, "],
    [`run ${LESSON} --knob acks=2`, "knob 'acks' cannot be '2'; it is one of: default, 0, 1, all"],
    [`run ${LESSON} --knob min.insync.replicas=9`, 'a whole number from 1 to 3'],
    [`run ${LESSON} --knob unclean.leader.election.enable=yes`, 'one of: default, true, false'],
    [`run ${LESSON} --knob acks`, "--knob is name=value, not 'acks'"],
    [`run ${LESSON} --seed abc`, "--seed is a whole number from 0 to 9007199254740991, not 'abc'"],
    [`run ${LESSON} --seed=-1`, "not '-1'"],
    [`run ${LESSON} --lang fr`, "--lang is one of en, zh, not 'fr'"],
    [`run ${LESSON} --sped 1`, "Unknown option '--sped'. The options are: --knob, --seed,"],
    [`run ${LESSON} --trace /no/such/folder/trace`, '--trace cannot be written: ENOENT'],
    ['run --link x', '--link cannot be opened'],
    [`sweep ${LESSON}`, 'name a knob with --over'],
    [`sweep ${LESSON} --over colour`, "unknown knob 'colour'"],
    [`prove ${LESSON} --proof none`, "no proof 'none'; there are: acks-1-loses, "],
    ['prove nothing', "highwater prove: no experiment 'nothing'"],
    ['check lessons', "highwater check: what is 'lessons'?"],
    ['list all', "highwater list: what is 'all'?"],
    ['new-lesson pulsar/log', "highwater new-lesson: no track 'pulsar'; the tracks are: "],
    ['serve --kafka 0', '--kafka is a whole number from 1 to 65000'],
    ['serve 9092', "highwater serve: what is '9092'?"],
    ['fuzz --seeds 1', 'name a --system; there are: kafka'],
    ['fuzz --system pulsar', "no system 'pulsar'; there are: kafka"],
    ['fuzz --system kafka --quirk none', '--quirk is one of '],
    ['fuzz --system kafka --link x', '--link cannot be opened'],
    ['shell --link x', '--link cannot be opened'],
    ['bench fast', "highwater bench: what is 'fast'?"],
  ])('%s', async (line, message) => {
    const { status, out, err } = await carriedOut(...line.split(' '));
    expect(err).toContain(message);
    expect(err.trimEnd()).not.toContain('\n');
    expect({ status, out }).toEqual({ status: 2, out: '' });
  });
});

describe('command: help', () => {
  test.each(SUBCOMMANDS)('%s --help describes its options, with exit code 0', async (name) => {
    const { status, out, err } = await carriedOut(name, '--help');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(new RegExp(`^highwater ${name}`));
    for (const option of out.split('\n')[0]!.match(/--[a-z-]+/g) ?? []) {
      expect(out.match(new RegExp(`^  ${option}\\b`, 'm')), option).not.toBeNull();
    }
  });

  test('without a command it lists the commands, with exit code 2; --help with 0', async () => {
    const nothing = highwater();
    const help = await carriedOut('--help');
    expect([nothing.status, help.status]).toEqual([2, 0]);
    expect(nothing.out).toBe(help.out);
    const listed = [...help.out.matchAll(/^ {2}(\S+) +\S/gm)].map((match) => match[1]);
    expect(listed).toEqual(SUBCOMMANDS);
  });
});

test('command: run --json prints one object, the same one twice', async () => {
  const first = highwater('run', LESSON, '--seed', '7', '--knob', 'acks=all', '--json');
  const second = highwater('run', LESSON, '--seed', '7', '--knob', 'acks=all', '--json');
  expect({ status: first.status, err: first.err }).toEqual({ status: 0, err: '' });
  expect(second.out).toBe(first.out);
  const report = JSON.parse(first.out) as Record<string, unknown>;
  const keys = ['experiment', 'knobs', 'seed', 'events', 'traceHash', 'measures', 'proofs'];
  expect(Object.keys(report)).toEqual([...keys, 'violations']);
  expect(report).toMatchObject({ experiment: LESSON, seed: 7, knobs: { acks: 'all' } });
  expect(report['traceHash']).toMatch(/^[0-9a-f]{8,}$/);
  const other = await carriedOut('run', LESSON, '--seed', '8', '--knob', 'acks=all', '--json');
  expect(JSON.parse(other.out)).not.toHaveProperty('traceHash', report['traceHash']);
});

test('command: run gallery/<slug> replays a historical bug and says what it breaks', async () => {
  const bug = 'gallery/truncation-to-high-watermark';
  const red = await carriedOut('run', bug);
  expect(red.out).toMatch(/^invariant K4 broke at event \d+: pay-0/m);
  const green = await carriedOut('run', bug, '--knob', 'quirk=off');
  expect(green.out).not.toContain('invariant');
  expect([red.status, green.status]).toEqual([0, 0]);
});

test.each(['bench', 'prove', `run ${LESSON}`])(
  'command: SIGINT ends %s without a stack trace',
  async (line) => {
    const child = spawn(process.execPath, [COMMAND, ...line.split(' ')]);
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdout.resume();
    const ended = once(child, 'exit');
    await sleep(700);
    child.kill('SIGINT');
    const [code, signal] = (await ended) as [number | null, string | null];
    expect(err).toBe('');
    // a short run may have ended by itself before the signal
    expect([0, 130, 'SIGINT']).toContain(code ?? signal);
  },
);
