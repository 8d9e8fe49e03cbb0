/**
 * A terminal in which somebody is at work: a run that is live, what was printed in its panes, and
 * the commands on the session itself: time (`run`, `step`, `back`), what was typed (`undo`,
 * `reset`), the drill (`goal`, `hint`, `solution`), and help.
 *
 * Time stands still between commands. A command gets as much virtual time as it needs; what waits
 * for more (a consumer) gets it by `run`, or from a page that lets time pass (`pass`). The session
 * is its lines: it can be kept, and made again from them.
 * Not here: commands in the world (`shell.ts`), keys and colours (`web/terminal`, `engine/node`).
 */
import { assert } from '../kernel/assert.ts';
import { microsOfMillis } from '../kernel/units.ts';
import type { Drill } from '../lab/drill.ts';
import type { Experiment } from '../lab/experiment.ts';
import type { Localized } from '../lab/knob.ts';
import { toLink } from '../lab/link.ts';
import { narrate } from '../lab/narration.ts';
import { Run } from '../lab/run.ts';
import type { MakeTypist, TypedLine } from '../lab/terminal.ts';
import { Shell } from './shell.ts';
import type { Shown } from './shell.ts';
import { isKey } from './keys.ts';
import { sessionCommands, timeOf } from './session-commands.ts';
import type { Tool } from './program.ts';

/** What stands in a pane, and the event after which it appeared. */
export interface TranscriptLine extends Shown {
  readonly event: number;
}

/** What of a session has to be kept. */
export interface KeptSession {
  readonly typed: readonly TypedLine[];
  readonly event: number;
  readonly hints: number;
  readonly isSolutionShown: boolean;
}

export interface SessionOptions {
  readonly experiment: Experiment;
  readonly tools: readonly Tool[];
  readonly drill?: Drill;
  readonly seed?: number;
  readonly kept?: Partial<KeptSession>;
  /** Told when a run begins, before its first event: frames are taken from then on. */
  readonly onRun?: (run: Run) => void;
}

/** A command has at most so much virtual time before the one who typed it is asked again. */
const COMMAND_MS_MAX = 120_000;
/** Events of preparing a world, and of a command, at most. */
const EVENTS_MAX = 2_000_000;
/** Before the first event of all. */
const NO_EVENT = -1;

const SESSION_NAMES = sessionCommands.map(({ name }) => name);

export class TerminalSession {
  readonly options: SessionOptions;
  #transcript: TranscriptLine[] = [];
  #printedAgain = 0;
  #run!: Run;
  #shell!: Shell;
  #hints: number;
  #isSolutionShown: boolean;
  /** Of virtual time a second; for whoever lets time pass. */
  speed = 1;

  constructor(options: SessionOptions) {
    this.options = options;
    this.#hints = options.kept?.hints ?? 0;
    this.#isSolutionShown = options.kept?.isSolutionShown ?? false;
    this.#begin(options.kept?.typed ?? [], options.kept?.event ?? 0);
  }

  // ---------------------------------------------------------------------------------- the state

  get run(): Run {
    return this.#run;
  }

  get shell(): Shell {
    return this.#shell;
  }

  get transcript(): readonly TranscriptLine[] {
    return this.#transcript;
  }

  /** How many lines of the transcript were printed again when the run was last made anew. */
  get printedAgain(): number {
    return this.#printedAgain;
  }

  get hints(): number {
    return this.#hints;
  }

  get isSolutionShown(): boolean {
    return this.#isSolutionShown;
  }

  /** The parts of the goal, and whether each holds now; none without a drill. */
  get goal(): readonly { readonly text: Localized; readonly holds: boolean }[] {
    const { drill } = this.options;
    const subject = this.#run.subject;
    return (drill?.goal ?? []).map(({ text, holds }) => {
      return { text, holds: holds(subject, this.#run.lab) };
    });
  }

  get isSolved(): boolean {
    const { goal } = this;
    return goal.length > 0 && goal.every(({ holds }) => holds);
  }

  /** Commands in the world so far, for a score beside the par. */
  get commands(): number {
    return this.#run.typed.filter(({ text }) => isInTheWorld(text)).length;
  }

  get par(): number {
    const world = (this.options.drill?.solution ?? []).map((line) => addressed(line).text);
    return world.filter(isInTheWorld).length;
  }

  kept(): KeptSession {
    return {
      typed: this.#run.typed,
      event: this.#run.world.event,
      hints: this.#hints,
      isSolutionShown: this.#isSolutionShown,
    };
  }

  /** The fragment of a link to this session as it is now. */
  link(): string {
    const { experiment, seed, typed } = this.#run;
    const closedAt = this.#run.world.event;
    return toLink({ experiment: experiment.id, knobs: {}, seed, inputs: [], typed, closedAt });
  }

  // --------------------------------------------------------------------------------- the session

  /** Takes a line or a key in a pane, and goes on until its command is done or waits. */
  type(pane: number, text: string): void {
    const one = this.#shell.pane(pane);
    const command = one.reads ? null : sessionCommandOf(text);
    if (command !== null) {
      if (command.isInput?.(text) === true) this.#run.type(pane, text);
      else this.#show({ pane, kind: 'typed', prompt: one.prompt ?? '', text });
      command.run(this, pane, text.trim().split(/\s+/).slice(1));
      return;
    }
    this.#run.type(pane, text);
    this.#untilDone();
  }

  /** Types the lines of a solution, each into the pane that it names. */
  typeAll(lines: readonly string[]): void {
    for (const line of lines) {
      const { pane, text } = addressed(line);
      this.type(pane, text);
    }
  }

  /** Lets virtual time pass, in microseconds; at most so many events. */
  pass(micros: number, eventsMax: number = EVENTS_MAX): void {
    const { world } = this.#run;
    const until = world.now + micros;
    const last = world.event + eventsMax;
    const isDue = (): boolean => world.nextAt === null || world.nextAt <= until;
    while (this.#run.hasMore && isDue() && world.event < last) this.#run.advance(until);
  }

  /** Handles so many events. */
  step(events: number): void {
    const last = this.#run.world.event + events;
    while (this.#run.hasMore && this.#run.world.event < last) this.#run.advance();
  }

  /** Prints something of the lab's own. */
  tell(pane: number, text: Localized | string): void {
    this.#show({ pane, kind: 'lab', text });
  }

  /** How many lines were typed that can be taken back. */
  get undoable(): number {
    return this.#run.typed.filter(({ text }) => !isKey(text)).length;
  }

  /**
   * Takes back the last lines that were typed, with the keys behind them: a consumer that Ctrl-C
   * ended is gone, and does not run again. False if there are not so many.
   */
  undo(count: number): boolean {
    const { typed } = this.#run;
    const lines = typed.flatMap(({ text }, place) => (isKey(text) ? [] : [place]));
    const first = lines[lines.length - count];
    if (first === undefined) return false;
    this.#begin(typed.slice(0, first), typed[first]!.event);
    return true;
  }

  /** Goes back to an earlier moment: what was typed later is gone. */
  back(event: number): void {
    const { typed } = this.#run;
    this.#begin(
      typed.filter((line) => line.event < event),
      event,
    );
  }

  /** Begins again: nothing was typed. */
  reset(): void {
    this.#begin([], 0);
  }

  /** The first event after a virtual time, in microseconds. */
  eventAt(micros: number): number {
    const { trace } = this.#run.world;
    let event = 0;
    for (const entry of trace.entries()) {
      if (entry.at > micros) break;
      event = entry.event;
    }
    return event;
  }

  /** What happened last, in sentences. */
  sentences(count: number): Localized[] {
    const { narrator, world } = this.#run;
    const told: Localized[] = [];
    for (let place = world.trace.length - 1; place >= 0 && told.length < count; place--) {
      const entry = world.trace.entry(place);
      const en = narrate(narrator, entry, 'en');
      const zh = narrate(narrator, entry, 'zh');
      if (en === null || zh === null) continue;
      const when = timeOf(entry.at).padStart(12);
      told.push({ en: `${when}  ${en}`, zh: `${when}  ${zh}` });
    }
    return told.reverse();
  }

  takeHint(): Localized | null {
    const hint = this.options.drill?.hints[this.#hints] ?? null;
    if (hint !== null) this.#hints++;
    return hint;
  }

  showSolution(): readonly string[] {
    this.#isSolutionShown = true;
    return this.options.drill?.solution ?? [];
  }

  // ------------------------------------------------------------------------------------ the run

  /** Makes the run anew from lines, up to an event; what was printed is printed again. */
  #begin(typed: readonly TypedLine[], event: number): void {
    const { experiment, tools, seed, onRun } = this.options;
    const shell: MakeTypist = (lab, handles) => {
      const show = (shown: Shown): void => {
        this.#transcript.push({ ...shown, event: lab.event });
      };
      this.#shell = new Shell(lab, handles, { tools, show, others: SESSION_NAMES });
      return this.#shell;
    };
    this.#transcript = [];
    const options = { shell, live: true, typed, ...(seed === undefined ? {} : { seed }) };
    this.#run = new Run(experiment, options);
    onRun?.(this.#run);
    this.#prepare(typed, event);
    this.#printedAgain = this.#transcript.length;
  }

  #prepare(typed: readonly TypedLine[], event: number): void {
    const run = this.#run;
    const isThere = (): boolean => {
      return run.isOpen && run.typed.length >= typed.length && run.world.event >= event;
    };
    while (run.hasMore && !isThere() && run.world.event < EVENTS_MAX) run.advance();
    // What was awaited in the last event is seen, as when it was typed: a command's end, a prompt.
    if (run.isOpen && run.hasMore) run.advance(NO_EVENT);
    assert(run.world.failure === null, 'a world is prepared', { why: run.world.failure });
  }

  #untilDone(): void {
    const { world } = this.#run;
    const until = world.now + microsOfMillis(COMMAND_MS_MAX);
    const last = world.event + EVENTS_MAX;
    const goesOn = (): boolean => this.#shell.isBusy && world.now < until && world.event < last;
    while (this.#run.hasMore && goesOn()) this.#run.advance();
  }

  #show(shown: Shown): void {
    this.#transcript.push({ ...shown, event: this.#run.world.event });
  }
}

/** The pane and the text of `2> kafka-topics.sh --list`. */
export function addressed(line: string): { readonly pane: number; readonly text: string } {
  const match = /^(\d)> ?(.*)$/.exec(line);
  if (match === null) return { pane: 1, text: line };
  return { pane: Number(match[1]), text: match[2]! };
}

/** Keys, empty lines and commands on the session do not count. */
function isInTheWorld(text: string): boolean {
  return !isKey(text) && text.trim() !== '' && sessionCommandOf(text) === null;
}

function sessionCommandOf(text: string) {
  const [, name = '', more = ''] = /^\s*(\S+)\s*(\S*)/.exec(text) ?? [];
  // `reset` alone begins again; with hosts behind it, it is the fault of that name
  if (name === 'reset' && more !== '') return null;
  return sessionCommands.find((one) => one.name === name) ?? null;
}
