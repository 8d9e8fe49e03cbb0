/**
 * `highwater shell` and `highwater drill` in a real terminal, by a pseudo-terminal (`script`), and
 * through a pipe. Not here: what the tools print (`test/shell`), drills (`test/lessons/drills`).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { COMMAND } from './project.ts';

const WAIT_MS = 60_000;
const TAB = '\t';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const KAFKA = '--bootstrap-server broker-1:9092';

/** A command in a pseudo-terminal: what was shown, and keys that are pressed once it is there. */
class PseudoTerminal {
  readonly #child;
  #shown = '';

  constructor(line: string) {
    const command = `'${process.execPath}' '${COMMAND}' ${line}`;
    this.#child = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe' });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#shown += text));
  }

  /** Waits until a text is shown, forgets what was before it, and presses keys. */
  async press(keys: string, after: string): Promise<void> {
    const until = Date.now() + WAIT_MS;
    while (!this.#shown.includes(after)) {
      if (Date.now() > until) throw new Error(`'${after}' is not shown: ${this.#shown}`);
      await sleep(20);
    }
    this.#shown = this.#shown.slice(this.#shown.indexOf(after) + after.length);
    this.#child.stdin.write(keys);
  }

  kill(): void {
    this.#child.kill();
  }

  async exit(): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const [code] = (await once(this.#child, 'exit')) as [number | null];
    return code;
  }
}

function terminal(line: string): PseudoTerminal {
  const opened = new PseudoTerminal(line);
  onTestFinished(() => opened.kill());
  return opened;
}

describe('terminal: in a pseudo-terminal', () => {
  test('a drill is typed to its goal: completion, a hint, a follower that is stopped', async () => {
    const drill = terminal('drill acks-and-loss');
    await drill.press('kafka-top', '$ ');
    await drill.press(TAB, 'kafka-top');
    await drill.press(`${KAFKA} --list\r`, 's.sh ');
    await drill.press('hint\r', 'pay\r\n');
    await drill.press('start broker-3\r', 'Two settings of the topic');
    await drill.press(`kafka-console-consumer.sh ${KAFKA} --topic pay\r`, '$ ');
    await drill.press(CTRL_C, '--topic pay');
    await drill.press(
      `kafka-configs.sh ${KAFKA} --alter --entity-type topics --entity-name pay ` +
        '--add-config min.insync.replicas=2,unclean.leader.election.enable=false\r',
      'Processed a total of 0 messages',
    );
    await drill.press(
      `seq 100 | kafka-console-producer.sh ${KAFKA} --topic pay\r`,
      'Completed updating config for topic pay.',
    );
    await drill.press('run 10s\r', '--topic pay');
    await drill.press(CTRL_D, 'Solved with');
    expect(await drill.exit()).toBe(0);
  });

  test('the shell has several panes, and prints what the others print', async () => {
    const shell = terminal('shell');
    await shell.press('add kafka --brokers 1\r', '$ ');
    await shell.press(
      `kafka-topics.sh ${KAFKA} --create --topic t\r`,
      'Kafka 4.1 is ready: broker-1',
    );
    await shell.press('pane 2\r', 'Created topic t.');
    await shell.press(`kafka-console-consumer.sh ${KAFKA} --topic t\r`, '2$ ');
    await shell.press('pane 1\r', '--topic t');
    await shell.press('run 5s\r', '$ ');
    await shell.press(`echo 你好 | kafka-console-producer.sh ${KAFKA} --topic t\r`, 'time ');
    await shell.press('exit\r', '[2] 你好');
    await shell.press('', 'npx highwater shell --link v1.');
    expect(await shell.exit()).toBe(0);
  });
});

describe('terminal: through a pipe', () => {
  async function piped(line: string, lines: readonly string[]) {
    const child = spawn(process.execPath, [COMMAND, ...line.split(' ')], { stdio: 'pipe' });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stdin.end(`${lines.join('\n')}\n`);
    const [code] = (await once(child, 'exit')) as [number | null];
    return { code, out };
  }

  test('a drill that is not solved exits with 1, and says what is left', async () => {
    const { code, out } = await piped('drill acks-and-loss', ['start broker-3', 'run 10s', 'goal']);
    expect(code).toBe(1);
    expect(out).toContain('[x] three replicas are in sync');
    expect(out).toContain('[ ] 100 records are committed');
  });

  test('what undo, back and reset tell is printed, and nothing twice', async () => {
    const lines = ['echo one', 'echo two', 'run 5s', 'undo', 'back 2s', 'reset', 'echo three'];
    const { out } = await piped('shell', lines);
    const printed = out.split('\n').map((line) => line.replace(/^time .*/, 'time'));
    expect(printed.slice(0, -2)).toEqual([
      ...['$ echo one', 'one', '$ echo two', 'two', '$ run 5s', 'time'],
      ...['$ undo', 'time', '$ back 2s', 'time', '$ reset', 'time', '$ echo three', 'three'],
    ]);
  });

  test('a session in the shell ends in a link, and the link in the same trace', async () => {
    const lines = [
      'add kafka --brokers 1',
      `kafka-topics.sh ${KAFKA} --create --topic t`,
      'run 5s',
    ];
    const first = await piped('shell', lines);
    const link = /--link (\S+)/.exec(first.out)?.[1] ?? '';
    const one = await piped(`run --link ${link} --json`, []);
    const again = await piped(`run --link ${link} --json`, []);
    expect(one.code).toBe(0);
    expect(one.out).toBe(again.out);
    expect(JSON.parse(one.out)).toMatchObject({ experiment: 'playground', knobs: {} });
  });
});
