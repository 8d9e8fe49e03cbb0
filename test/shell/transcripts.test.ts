/** What the real tools printed is what those here print. Not here: how (`transcript.ts`). */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';
import type { Act } from './transcript.ts';
import { doIn, isSame, readTranscript, withoutDescriptions } from './transcript.ts';
import { differences } from './transcripts/differences.ts';
import { worlds } from './worlds.ts';

const FOLDER = new URL('transcripts/', import.meta.url);
/** Recorded command lines that are compared, at least. */
const COMMANDS_MIN = 1_000;

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.replaceAll('\\', '/'))
  .sort((left, right) => (left < right ? -1 : 1));

const transcripts = files.map((file) => {
  return { file, ...readTranscript(readFileSync(new URL(file, FOLDER), 'utf8')) };
});

function printedAs(recorded: readonly string[], printed: readonly string[]): string[] {
  return printed.map((line, place) => {
    const wanted = recorded[place];
    return wanted !== undefined && isSame(wanted, line) ? wanted : line;
  });
}

interface Told {
  readonly where: string;
  readonly printed: readonly string[];
  readonly exit: number;
}

/**
 * A command with all that is typed into it: between which of its lines something appears depends on
 * how fast they were typed.
 */
function byCommand(acts: readonly Act[]): Act[][] {
  const commands: Act[][] = [];
  for (const act of acts) {
    if (act.kind === 'command' || commands.length === 0) commands.push([act]);
    else commands[commands.length - 1]!.push(act);
  }
  return commands;
}

describe.each(transcripts)('shell: transcript $file', ({ file, world, acts }) => {
  it('is what the tools here print', () => {
    const product = file.split('/')[0]!;
    const experiment = worlds[product]!(world);
    const tools = toolsOf(experiment.terminal!.products);
    const session = new TerminalSession({ experiment, tools });
    const wanted: Told[] = [];
    const ours: Told[] = [];
    for (const command of byCommand(acts)) {
      const { at, text } = command[0]!;
      const done = command.map((act) => doIn(session, act));
      const printed = withoutDescriptions(done.flatMap((one) => one.printed));
      const differs = differences.find((one) => one.file === file && one.command === text);
      const shown = differs === undefined ? command.flatMap((act) => act.printed) : differs.ours;
      if (shown === null) continue;
      const recorded = withoutDescriptions(shown);
      const where = `${file}:${at} ${text}`;
      const { exit } = done[done.length - 1]!;
      ours.push({ where, printed: printedAs(recorded, printed), exit });
      const wantedExit = differs?.exit ?? command[command.length - 1]!.exit;
      wanted.push({ where, printed: recorded, exit: wantedExit });
    }
    expect(ours).toEqual(wanted);
  });
});

describe('shell: transcripts', () => {
  it('are of many command lines', () => {
    const typed = transcripts.flatMap(({ acts }) => acts).filter(({ kind }) => kind === 'command');
    expect(typed.length).toBeGreaterThanOrEqual(COMMANDS_MIN);
  });

  it('differ only where a command is there that differs', () => {
    for (const { file, command } of differences) {
      const { acts = [] } = transcripts.find((one) => one.file === file) ?? {};
      expect(acts.map(({ text }) => text)).toContain(command);
    }
  });
});
