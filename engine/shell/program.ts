/**
 * What a command is to the shell: a tool with its options and texts, and a program that runs.
 *
 * A program is a process of the simulated world, on the host of its pane. It has ports, reads
 * lines, prints lines, and exits. It is synchronous like every process: it never waits, it is
 * called.
 * Not here: who starts it and where its lines go (`pane.ts`).
 */
import type { Localized } from '../lab/knob.ts';
import type { Lab } from '../lab/experiment.ts';
import type { Handles } from '../lab/terminal.ts';
import type { Ports } from '../kernel/ports.ts';

/** The files of a terminal's folder, by name: their text, lines ended by `\n`. */
export type Files = Map<string, string>;

/** What all commands of a terminal share. */
export interface ShellWorld {
  readonly lab: Lab;
  readonly handles: Handles;
  readonly files: Files;
}

/** Where a program prints. */
export interface Output {
  /** A line on standard output; the next program of the pipe may read it. */
  out(line: string): void;
  /** A line on standard error. */
  err(line: string): void;
  /** A line of the lab's own: it is shown in the reader's language, and no pipe reads it. */
  tell(line: Localized): void;
  /** Ends the program. Nothing that it calls after this has an effect. 0: it went well. */
  exit(code: number): void;
}

/** A command that was called. */
export interface Call extends Output {
  /** What stands behind the tool's name. */
  readonly words: readonly string[];
  readonly ports: Ports;
  readonly world: ShellWorld;
  /** Whether somebody types what it reads: it is not in a pipe and has no file. */
  readonly isTyped: boolean;
}

/** A program that runs. One that does all in `start` and exits needs none of these. */
export interface Program {
  /** Takes a line of its standard input. Without it typed lines wait for the shell. */
  line?(text: string): void;
  /** Its standard input has ended (Ctrl-D, the end of a file or a pipe). */
  end?(): void;
  /** Ctrl-C. Without it the process is killed and its exit code is 130. */
  interrupt?(): void;
  /** What stands before the line that is typed into it, as `>`. */
  readonly prompt?: string;
  /** It waits for somebody: for lines, or for records that are still to come. */
  readonly isWaiting?: boolean;
}

/** What a tool gives back that is at its end at once; on standard error where it failed. */
export function ended(call: Call, code: number, lines: readonly string[]): Program {
  for (const line of lines) {
    if (code === 0) call.out(line);
    else call.err(line);
  }
  call.exit(code);
  return {};
}

/** What may stand behind an option, so that it can be completed. */
export type ValueKind =
  | 'topic'
  | 'group'
  | 'queue'
  | 'exchange'
  | 'host'
  | 'broker-address'
  | 'file'
  | 'number'
  | 'text'
  | readonly string[];

/** An option as its tool has it. */
export interface OptionSpec {
  /** With its dashes, as in `--topic`. */
  readonly name: string;
  /** Other names of the same option. */
  readonly aliases?: readonly string[];
  /** Absent: it takes no value. */
  readonly value?: ValueKind;
  readonly about: Localized;
}

/** What is known of a command before its program is loaded: enough to list it. */
export interface ToolEntry {
  readonly name: string;
  readonly about: Localized;
  /** Why the world has not got it, as its release is another; null or absent: it has. */
  readonly absence?: (world: ShellWorld) => Localized | null;
}

/** What it does. */
export interface ToolProgram {
  /** The options of the release that the world runs. */
  options(world: ShellWorld): readonly OptionSpec[];
  /** Words that may stand next, where they are not options: subcommands, hosts. */
  readonly wordsAfter?: (words: readonly string[], world: ShellWorld) => readonly string[];
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** Runs it. Bad words are told on standard error, with the exit code of the real tool. */
  start(call: Call): Program;
}

/** A command that can be typed. */
export interface Tool extends ToolEntry, ToolProgram {}
