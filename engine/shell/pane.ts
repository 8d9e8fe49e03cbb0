/**
 * A pane of a terminal: a shell on a host of its own (`shell-1`), where one command line runs at a
 * time. Lines that nobody reads yet wait, as in a terminal's input queue.
 *
 * A crash of the host kills the command (137) and nothing else. Not here: which commands there are
 * (`shell.ts`), the joining of programs (`command-process.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Ports, Process } from '../kernel/ports.ts';
import { traceKind } from '../kernel/ports.ts';
import type { Localized } from '../lab/knob.ts';
import { END_OF_INPUT, INTERRUPT } from '../lab/terminal.ts';
import { CommandProcess, INTERRUPTED } from './command-process.ts';
import type { Print } from './command-process.ts';
import type { ShellWorld, Tool } from './program.ts';
import { parseLine } from './words.ts';
import type { Pipeline, Stage } from './words.ts';

/** The exit codes of a shell: no such command, a line that makes no sense, a killed process. */
const NOT_FOUND = 127;
const MISUSED = 2;
const KILLED = 137;

/** Every line that a command prints is in the trace. */
export const outputKind = traceKind('output', { stream: 'string', text: 'string' });
/** A command has ended. */
export const exitKind = traceKind('exit', { code: 'int' });

export interface PaneOptions {
  readonly host: string;
  readonly world: ShellWorld;
  readonly toolNamed: (name: string) => Tool | undefined;
  /** Why there is no tool of a name that others have. */
  readonly absenceOf: (name: string) => Localized | null;
  /** Names of commands that may have been meant by one that is none. */
  readonly similarTo: (name: string) => readonly string[];
  readonly print: Print;
}

export class Pane {
  readonly host: string;
  readonly #options: PaneOptions;
  readonly #waiting: string[] = [];
  #pipelines: Pipeline[] = [];
  #line = '';
  #stages: { readonly tool: Tool; readonly stage: Stage }[] = [];
  #running = false;
  /** Lines on their way to the process. */
  #coming = 0;
  #code = 0;

  constructor(options: PaneOptions) {
    this.host = options.host;
    this.#options = options;
  }

  /** The exit code of the last command. */
  get code(): number {
    return this.#code;
  }

  /** Whether a command runs, or is to run at once. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** Whether a command is under way that does not wait for somebody. */
  get isBusy(): boolean {
    return this.#running && (this.#coming > 0 || this.#process?.isWaiting !== true);
  }

  /** Whether what is typed goes to the command that runs. */
  get reads(): boolean {
    return this.#process?.reads === true;
  }

  /** What stands before the line that is typed; null while nobody reads it. */
  get prompt(): string | null {
    return this.#running ? (this.#process?.prompt ?? null) : '$ ';
  }

  get #process(): CommandProcess | null {
    if (!this.#running) return null;
    return this.#options.world.lab.host(this.host).process as CommandProcess | null;
  }

  /** Takes a line or a key. Runs between events. */
  type(text: string): void {
    if (text === INTERRUPT) this.#interrupt();
    else if (text === END_OF_INPUT) this.#toProcess('end of input', text);
    else if (!this.#running) this.#begin(text);
    else if (this.reads) this.#toProcess('typed', text);
    else this.#waiting.push(text);
  }

  #interrupt(): void {
    this.#waiting.length = 0;
    this.#pipelines = [];
    this.#toProcess('interrupt', INTERRUPT);
  }

  #toProcess(label: string, text: string): void {
    if (!this.#running) return;
    this.#coming++;
    this.#options.world.lab.command<CommandProcess>(this.host, label, (process) => {
      this.#coming--;
      process.type(text);
    });
  }

  #begin(line: string): void {
    const parsed = parseLine(line);
    if (!parsed.ok) {
      this.#code = MISUSED;
      this.#options.print('err', `sh: ${parsed.problem}`);
      return;
    }
    this.#line = line;
    this.#pipelines = [...parsed.pipelines];
    this.#next();
  }

  /** Starts the next pipeline that is to run, or takes the next line that waits. */
  #next(): void {
    for (;;) {
      const pipeline = this.#pipelines.shift();
      if (pipeline === undefined) break;
      const { after } = pipeline;
      if (after !== 'always' && (after === 'success') !== (this.#code === 0)) continue;
      if (this.#starts(pipeline)) return;
    }
    const line = this.#waiting.shift();
    if (line !== undefined) this.#begin(line);
  }

  #starts({ stages }: Pipeline): boolean {
    const { print, toolNamed, world } = this.#options;
    const found = stages.map((stage) => ({ stage, tool: toolNamed(stage.words[0]!) }));
    for (const { stage, tool } of found) {
      if (tool === undefined) this.#tellNotFound(stage.words[0]!);
      else if (stage.from !== null && !world.files.has(stage.from)) {
        print('err', `sh: ${stage.from}: No such file or directory`);
      } else continue;
      this.#code = tool === undefined ? NOT_FOUND : 1;
      return false;
    }
    this.#stages = found.map(({ stage, tool }) => ({ stage, tool: tool! }));
    this.#start();
    return true;
  }

  #tellNotFound(name: string): void {
    const { print, absenceOf, similarTo } = this.#options;
    print('err', `sh: ${name}: command not found`);
    const absence = absenceOf(name);
    if (absence !== null) print('lab', absence);
    const meant = absence === null ? similarTo(name).join(', ') : '';
    if (meant !== '') print('lab', { en: `did you mean ${meant}?`, zh: `是不是 ${meant}？` });
  }

  #start(): void {
    const { lab } = this.#options.world;
    assert(!this.#running, 'one command at a time', { host: this.host, line: this.#line });
    const known = lab.hosts().find(({ name }) => name === this.host);
    const factory = (ports: Ports): Process => this.#processOn(ports);
    const host = known ?? lab.addHost(this.host, factory, { started: false });
    this.#running = true;
    this.#code = KILLED;
    host.start();
    const { incarnation } = host;
    lab.when(
      () => host.incarnation !== incarnation,
      () => {
        this.#running = false;
        this.#coming = 0;
        this.#next();
      },
    );
  }

  #processOn(ports: Ports): Process {
    const { world, print } = this.#options;
    return new CommandProcess(ports, {
      line: this.#line,
      stages: this.#stages,
      world,
      print: (stream, text) => {
        const traced = typeof text === 'string' ? text : text.en;
        ports.trace.record(outputKind, { stream, text: traced });
        print(stream, text);
      },
      exited: (code) => {
        this.#code = code;
        ports.trace.record(exitKind, { code });
        if (code === INTERRUPTED) this.#pipelines = [];
      },
    });
  }
}
