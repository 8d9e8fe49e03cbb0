/**
 * The commands on a session: what `undo`, `reset` and `man` tell, and which `reset` is a fault.
 * Not here: tools (`transcripts.test.ts`), drills (`test/lessons/drills.test.ts`).
 */
import { describe, expect, it } from 'vitest';
import { INTERRUPT } from '../../engine/lab/terminal.ts';
import { playgroundExperiment } from '../../engine/shell/playground/playground-experiment.ts';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';

function session(lines: readonly string[] = []): TerminalSession {
  const experiment = playgroundExperiment;
  const made = new TerminalSession({ experiment, tools: toolsOf(experiment.terminal!.products) });
  made.typeAll(lines);
  return made;
}

/** What the lab answers to a line, in English. */
function answer(to: TerminalSession, line: string): string[] {
  const { transcript } = to;
  const before = transcript.length;
  to.type(1, line);
  const from = to.transcript === transcript ? before : to.printedAgain;
  const said = to.transcript.slice(from).filter(({ kind }) => kind !== 'typed');
  return said.map(({ text }) => (typeof text === 'string' ? text : text.en));
}

describe('shell: session', () => {
  it('undo and reset say at which time the world is now', () => {
    const lab = session(['add kafka --brokers 1', 'run 5s']);
    expect(answer(lab, 'undo')).toEqual([expect.stringMatching(/^time \d\.\d{3} s, event \d+$/)]);
    expect(answer(lab, 'reset')).toEqual(['time 0.000 s, event 1']);
    expect(answer(lab, 'undo')).toEqual(['nothing was typed that undo takes back']);
  });

  it('a pane has its prompt again when the command before it was taken back', () => {
    const lab = session(['echo one', 'echo two']);
    const { event } = lab.run.world;
    lab.type(1, 'echo three');
    lab.type(1, 'undo');
    expect(lab.run.world.event).toBe(event);
    expect(lab.shell.pane(1).prompt).toBe('$ ');
  });

  it('undo takes back a command together with the Ctrl-C that ended it', () => {
    const lab = session(['echo one', 'cat']);
    lab.type(1, INTERRUPT);
    lab.type(1, 'undo');
    expect(lab.run.typed.map(({ text }) => text)).toEqual(['echo one']);
    expect(lab.shell.pane(1).isRunning).toBe(false);
    expect(answer(lab, 'undo 2')).toEqual(["undo: '2' cannot stand here; allowed: 1 to 1"]);
  });

  it('reset alone begins again; with two hosts it is a fault, and what was typed stays', () => {
    const lab = session(['add kafka --brokers 2']);
    expect(answer(lab, 'reset broker-1 broker-2')).toEqual([]);
    expect(lab.run.typed.map(({ text }) => text)).toEqual([
      'add kafka --brokers 2',
      'reset broker-1 broker-2',
    ]);
    expect(answer(lab, 'reset broker-9')[0]).toMatch(/^reset: 'broker-9' cannot stand here;/);
    lab.type(1, 'reset');
    expect(lab.run.typed).toEqual([]);
  });

  it('a name that is none is told with those that were meant', () => {
    const lab = session(['add kafka --brokers 1']);
    const toldOf = (line: string) => answer(lab, line).slice(1);
    expect(toldOf('kafka-topic.sh --list')).toEqual(['did you mean kafka-topics.sh?']);
    expect(toldOf('kafka-topics --list')).toEqual(['did you mean kafka-topics.sh?']);
    expect(toldOf('restrat broker-1')).toEqual(['did you mean restart?']);
    expect(toldOf('hepl')).toEqual(['did you mean heal, help?']);
    expect(toldOf('solutoin')).toEqual(['did you mean solution?']);
    expect(toldOf('nothing-like-it')).toEqual([]);
    expect(toldOf('kubectl')).toEqual([]);
  });

  it('a hint where there is no drill says so', () => {
    expect(answer(session(), 'hint')).toEqual(['there is no goal here']);
  });

  it('help and man have blanks between a name and what is said of it', () => {
    const lab = session(['add kafka --brokers 1', 'add rabbitmq --nodes 1']);
    const lines = ['help', ...lab.shell.tools.map(({ name }) => `man ${name}`)];
    const listed = lines
      .flatMap((line) => answer(lab, line))
      .filter((line) => /^ {2}-{0,2}\w/.test(line));
    expect(listed.length).toBeGreaterThan(200);
    const tight = listed.filter((line) => !/^ {2}(?:\S.*? {2}\S|\w[\w-]*, )/.test(line));
    expect(tight).toEqual([]);
  });

  it('man tells how a fault is typed, and which commands a tool has', () => {
    const lab = session(['add kafka --brokers 1']);
    expect(answer(lab, 'man crash')).toEqual(['  crash <host>']);
    expect(answer(lab, 'man delay')).toEqual(['  delay <host> [->] <host> <500ms|5s|0ms>']);
    expect(answer(lab, 'man partition')).toEqual(['  partition host+host host ...']);
    expect(answer(lab, 'man reset')).toEqual(['  reset  begins again', '  reset <host> <host>']);
    expect(answer(lab, 'man')).toEqual(['man <command>; see help']);
    expect(answer(lab, 'man kafka-transactions.sh')).toContain(
      '  list, describe, describe-producers, abort, find-hanging, forceTerminateTransaction',
    );
  });
});
