/**
 * The command `highwater`: finds the subcommand, prints help and errors, gives the exit code.
 * 0: done; 1: it failed; 2: the command line makes no sense.
 */
import { bench } from './bench.ts';
import { check } from './check.ts';
import { drill } from './drill.ts';
import { explore } from './explore.ts';
import { fuzz } from './fuzz.ts';
import { list } from './list.ts';
import { newLesson } from './new-lesson.ts';
import { prove } from './prove.ts';
import { run } from './run.ts';
import { safe } from './safe.ts';
import { serve } from './serve.ts';
import { shell } from './shell.ts';
import { sweep } from './sweep.ts';
import { UsageError } from './usage.ts';
import type { Command } from './usage.ts';

const commands: readonly Command[] = [
  list,
  run,
  sweep,
  explore,
  safe,
  fuzz,
  prove,
  check,
  newLesson,
  serve,
  shell,
  drill,
  bench,
];

/** Carries out a command line. Resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    const known = commands.map((one) => one.name).join(', ');
    console.error(`highwater: no command '${name}'; there are: ${known}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(command.usage);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`highwater ${name}: ${error.message}`);
    return 2;
  }
}

function overview(): string {
  const lines = commands.map((one) => `  ${one.name.padEnd(12)} ${one.summary}`);
  const more = "'highwater <command> --help' says more.";
  return ['highwater <command> [options]', '', ...lines, '', more].join('\n');
}
