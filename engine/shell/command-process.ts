/**
 * The process of a command line: the programs of a pipe, on the host of their pane, joined from
 * standard output to standard input.
 *
 * It ends when its last program exits; what is before it in the pipe is then cut off, as by
 * SIGPIPE.
 * Not here: the words (`words.ts`), and what comes after it in a list (`pane.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Ports, Process } from '../kernel/ports.ts';
import type { Localized } from '../lab/knob.ts';
import { END_OF_INPUT, INTERRUPT } from '../lab/terminal.ts';
import type { Call, Program, ShellWorld, Tool } from './program.ts';
import type { Stage } from './words.ts';

/** The exit code of what Ctrl-C has killed: 128 and the signal's number. */
export const INTERRUPTED = 130;

/** Takes a line that was printed; `lab`: in both languages, by a command of the lab's own. */
export type Print = (stream: 'out' | 'err' | 'lab', text: string | Localized) => void;

export interface CommandOptions {
  readonly line: string;
  readonly stages: readonly { readonly tool: Tool; readonly stage: Stage }[];
  readonly world: ShellWorld;
  readonly print: Print;
  /** Its exit code; the process halts in the same event. */
  readonly exited: (code: number) => void;
}

/** A program, and whether it still runs. */
interface Running {
  readonly stage: Stage;
  program: Program;
  code: number | null;
}

export class CommandProcess implements Process {
  readonly #ports: Ports;
  readonly #options: CommandOptions;
  readonly #running: Running[];
  readonly #view: { readonly kind: 'command'; readonly line: string };
  #isOver = false;

  constructor(ports: Ports, options: CommandOptions) {
    assert(options.stages.length > 0, 'a command has a program', { line: options.line });
    this.#ports = ports;
    this.#options = options;
    this.#view = { kind: 'command', line: options.line };
    this.#running = options.stages.map(({ stage }) => ({ stage, program: {}, code: null }));
  }

  /** Whoever reads is there before the one who writes. */
  start(): void {
    for (let place = this.#running.length - 1; place >= 0 && !this.#isOver; place--) {
      const { tool, stage } = this.#options.stages[place]!;
      this.#running[place]!.program = tool.start(this.#callOf(place, stage));
    }
    const first = this.#running[0]!;
    if (!this.#isOver && first.stage.from !== null) this.#feed(first);
  }

  inspect(): unknown {
    return this.#view;
  }

  /** Whether it takes the lines that are typed. */
  get reads(): boolean {
    const first = this.#running[0]!;
    return first.code === null && first.stage.from === null && first.program.line !== undefined;
  }

  get prompt(): string | null {
    return this.reads ? (this.#running[0]!.program.prompt ?? '') : null;
  }

  /** Whether nothing will end by itself: all that runs waits for somebody. */
  get isWaiting(): boolean {
    const alive = this.#running.filter(({ code }) => code === null);
    return alive.length > 0 && alive.every(({ program }) => program.isWaiting === true);
  }

  /** Takes a line or a key that was typed. Runs as an event of the host. */
  type(text: string): void {
    if (this.#isOver) return;
    if (text === INTERRUPT) this.#interrupt();
    else if (text === END_OF_INPUT) this.#running[0]!.program.end?.();
    else this.#running[0]!.program.line?.(text);
  }

  #interrupt(): void {
    const alive = this.#running.filter(({ code }) => code === null);
    if (alive.every(({ program }) => program.interrupt === undefined)) {
      this.#end(INTERRUPTED);
      return;
    }
    for (const { program } of alive) program.interrupt?.();
  }

  #feed(first: Running): void {
    const text = this.#options.world.files.get(first.stage.from!) ?? '';
    for (const line of linesOf(text)) {
      if (first.code !== null || this.#isOver) return;
      first.program.line?.(line);
    }
    if (first.code === null) first.program.end?.();
  }

  #callOf(place: number, stage: Stage): Call {
    const { world, print } = this.#options;
    const { to } = stage;
    const isLast = place === this.#running.length - 1;
    const one = this.#running[place]!;
    if (to !== null && !to.append) world.files.set(to.file, '');
    const write = (line: string): void => {
      if (to !== null) world.files.set(to.file, `${world.files.get(to.file) ?? ''}${line}\n`);
      else if (isLast) print('out', line);
      else this.#running[place + 1]!.program.line?.(line);
    };
    const runs = (): boolean => one.code === null && !this.#isOver;
    return {
      words: stage.words.slice(1),
      ports: this.#ports,
      world,
      isTyped: place === 0 && stage.from === null,
      out: (line) => {
        if (runs()) write(line);
      },
      err: (line) => {
        if (runs()) print('err', line);
      },
      tell: (line) => {
        if (runs()) print('lab', line);
      },
      exit: (code) => {
        if (runs()) this.#exit(place, code);
      },
    };
  }

  #exit(place: number, code: number): void {
    this.#running[place]!.code = code;
    if (place === this.#running.length - 1) this.#end(code);
    else this.#running[place + 1]!.program.end?.();
  }

  #end(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.exited(code);
    this.#ports.halt(`exit ${code}`);
  }
}

/** The lines of a text; a last one without an end counts. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
}
