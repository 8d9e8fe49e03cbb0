/**
 * The shell of a run: panes in which commands are typed, the tools that they name, the files of
 * their folder, and the lab's own commands on faults.
 *
 * A line is an input of the run, so that what was typed is replayed with it. What a tool prints is
 * English, as the real one's; the lab's own words are in both languages.
 * Not here: commands on the session, such as `undo` (`terminal-session.ts`); the tools themselves.
 */
import { assert } from '../kernel/assert.ts';
import type { Lab } from '../lab/experiment.ts';
import type { Localized } from '../lab/knob.ts';
import type { Handles, Typist } from '../lab/terminal.ts';
import { spanOfRun } from './time-span.ts';
import { FaultCommands } from './fault-commands.ts';
import { typedNarration } from './narration.ts';
import { Pane } from './pane.ts';
import type { ShellWorld, Tool } from './program.ts';
import { similarNames } from './similar-names.ts';
import { textTools } from './text-tools.ts';

/** What appears in a pane: a line that was typed, or one that was printed. */
export interface Shown {
  readonly pane: number;
  /** `lab`: printed by the lab, and not by a program of the world. */
  readonly kind: 'typed' | 'out' | 'err' | 'lab';
  /** What stands before a typed line. */
  readonly prompt?: string;
  readonly text: string | Localized;
}

export interface ShellOptions {
  readonly tools: readonly Tool[];
  readonly show?: (shown: Shown) => void;
  /** Commands that are typed here and that somebody else takes: those on the session. */
  readonly others?: readonly string[];
}

/** Panes at most: a host each. */
export const PANES_MAX = 6;

export class Shell implements Typist {
  readonly world: ShellWorld;
  readonly #show: (shown: Shown) => void;
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #panes = new Map<number, Pane>();
  readonly #faults: FaultCommands;
  readonly #others: readonly string[];
  /** Spans of time that were asked for and are not over. */
  #ticks = 0;

  constructor(lab: Lab, handles: Handles, { tools, show, others = [] }: ShellOptions) {
    this.world = { lab, handles, files: new Map() };
    this.#show = show ?? (() => undefined);
    this.#tools = new Map([...textTools, ...tools].map((tool) => [tool.name, tool]));
    this.#others = others;
    this.#faults = new FaultCommands(lab);
    lab.narrateWith(typedNarration);
  }

  /** Those that the world has, in the order of their names. */
  get tools(): readonly Tool[] {
    const byName = (left: Tool, right: Tool): number => (left.name < right.name ? -1 : 1);
    return [...this.#tools.values()].filter((tool) => this.#has(tool)).sort(byName);
  }

  toolNamed(name: string): Tool | undefined {
    const tool = this.#tools.get(name);
    return tool !== undefined && this.#has(tool) ? tool : undefined;
  }

  #has(tool: Tool): boolean {
    return (tool.absence?.(this.world) ?? null) === null;
  }

  /** Everything that may stand first in a line. */
  #typedNames(): string[] {
    return [...this.tools.map(({ name }) => name), ...this.faultCommands, ...this.#others];
  }

  get isBusy(): boolean {
    return this.#ticks > 0 || [...this.#panes.values()].some((pane) => pane.isBusy);
  }

  pane(number: number): Pane {
    assert(number >= 1 && number <= PANES_MAX, 'a pane', { number, allowed: `1 to ${PANES_MAX}` });
    const known = this.#panes.get(number);
    if (known !== undefined) return known;
    const made = new Pane({
      host: `shell-${number}`,
      world: this.world,
      toolNamed: (name) => this.toolNamed(name),
      similarTo: (name) => similarNames(name, this.#typedNames()),
      absenceOf: (name) => this.#tools.get(name)?.absence?.(this.world) ?? null,
      print: (stream, text) => this.#show({ pane: number, kind: stream, text }),
    });
    this.#panes.set(number, made);
    return made;
  }

  /** The lab's commands on faults, by name. */
  get faultCommands(): readonly string[] {
    return this.#faults.names;
  }

  /** How one of them is typed. */
  usageOfFault(name: string): string {
    return this.#faults.usageOf(name);
  }

  /** Hosts that a fault may strike: those of panes are none of the story's. */
  get hosts(): readonly string[] {
    return this.#faults.hosts;
  }

  type(number: number, text: string): void {
    const pane = this.pane(number);
    this.#show({ pane: number, kind: 'typed', prompt: pane.prompt ?? '', text });
    const span = pane.reads ? null : spanOfRun(text);
    if (span !== null) {
      this.#ticks++;
      this.world.lab.tick(span, () => this.#ticks--);
      return;
    }
    if (!pane.isRunning && this.#faults.takes(text)) {
      const problem = this.#faults.run(text);
      if (problem !== null) this.#show({ pane: number, kind: 'lab', text: problem });
      return;
    }
    pane.type(text);
  }
}
