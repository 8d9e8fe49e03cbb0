/** What the real tools printed is what those here print. Not here: how (`transcript.ts`). */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';
import { doIn, isSame, readTranscript } from './transcript.ts';
import { differences } from './transcripts/differences.ts';
import { worlds } from './worlds.ts';

const FOLDER = new URL('transcripts/', import.meta.url);
/** Recorded command lines that are compared, at least. */
const COMMANDS_MIN = 8;

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

describe.each(transcripts)('shell: transcript $file', ({ file, world, acts }) => {
  it('is what the tools here print', () => {
    const product = file.split('/')[0]!;
    const experiment = worlds[product]!(world);
    const tools = toolsOf(experiment.terminal!.products);
    const session = new TerminalSession({ experiment, tools });
    for (const act of acts) {
      const { printed, exit } = doIn(session, act);
      const differs = differences.find((one) => one.file === file && one.command === act.text);
      const recorded = differs === undefined ? act.printed : differs.ours;
      if (recorded === null) continue;
      const where = `${file}:${act.at} ${act.text}`;
      const ours = { where, printed: printedAs(recorded, printed), exit };
      expect(ours).toEqual({ where, printed: recorded, exit: act.exit });
    }
  });
});

describe('shell: transcripts', () => {
  it('are of many command lines', () => {
    const typed = transcripts.flatMap(({ acts }) => acts).filter(({ kind }) => kind === 'typed');
    expect(typed.length).toBeGreaterThanOrEqual(COMMANDS_MIN);
  });

  it('differ only where a command is there that differs', () => {
    for (const { file, command } of differences) {
      const { acts = [] } = transcripts.find((one) => one.file === file) ?? {};
      expect(acts.map(({ text }) => text)).toContain(command);
    }
  });
});
