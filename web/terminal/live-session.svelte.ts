/**
 * A terminal's session as its page sees it: what was printed in each pane, the state, the picture's
 * tape, and time that passes while somebody lets it. Calls go to the worker one after the other.
 *
 * Not here: the session itself (`web/worker/terminal.ts`), what is seen of it (the components).
 */
import { releaseProxy, type Remote } from 'comlink';
import { prefersReducedMotion } from 'svelte/motion';
import type { Completion } from '#engine/shell/completion.ts';
import type { KeptSession } from '#engine/shell/terminal-session.ts';
import type { Lang } from '../lesson/content.ts';
import { Player } from '../stage/player.svelte.ts';
import type { Tape } from '../stage/tape.ts';
import { lab } from '../worker/lab.ts';
import type { Answer, LinkProblem } from '../worker/recording.ts';
import type { LiveTerminal } from '../worker/terminal.ts';
import type {
  DrillText,
  PrintedLine,
  TerminalSource,
  TerminalState,
} from '../worker/terminal-state.ts';
import { LiveTape } from './live-tape.ts';
import { PaneScreens, type PaneScreen } from './pane-screens.ts';

/** Milliseconds between two pictures, and two slices of time. */
const PICTURE_MS = 250;
const SLICE_MS = 50;
export const SPEEDS = [0.01, 0.1, 0.5, 1, 2, 5, 10, 50, 100] as const;

export interface LiveOptions {
  readonly source: TerminalSource;
  /** What the session is called where it is drawn and kept. */
  readonly id: string;
  readonly lang: Lang;
  /** Told after every change of what has to be kept. */
  readonly onkeep?: (kept: KeptSession, state: TerminalState) => void;
}

export class LiveSession {
  state: TerminalState | null = $state.raw(null);
  drill: DrillText | null = $state.raw(null);
  /** A sentence of what went wrong, or empty. */
  problem = $state('');
  /** Why the link could not be opened, or null. */
  linkProblem: LinkProblem | null = $state.raw(null);
  isBusy = $state(false);
  /** Whether time passes by itself. */
  isPassing = $state(false);
  /** Commands that were typed, for the marks. */
  typed: readonly PrintedLine[] = $state.raw([]);
  /** The command that a mark stands for, and that was chosen. */
  selected: PrintedLine | null = $state.raw(null);
  tape: Tape | null = $state.raw(null);
  readonly player: Player;
  readonly options: LiveOptions;
  #remote: Remote<LiveTerminal> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #generation = 0;
  /** Lines of the transcript that were fetched. */
  #fetched = 0;
  readonly #screens = new PaneScreens();
  #live: LiveTape;
  #isDrawn = false;
  #drawnAt = 0;
  #isFollowing = true;
  #passedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveOptions) {
    this.options = options;
    this.#live = new LiveTape(options.id);
    this.player = new Player(
      () => this.tape ?? this.#live.tape(),
      () => prefersReducedMotion.current,
      () => undefined,
    );
  }

  /** Opens it, as it was left, or as a link's fragment has it, if that can be. */
  async open(kept: Partial<KeptSession> | null, link: string | null = null): Promise<void> {
    await this.#enqueue(async () => {
      this.#remote ??= (await lab().terminal(this.options.lang)) as unknown as Remote<LiveTerminal>;
      const { source } = this.options;
      const wish = kept === null ? { source } : { source, kept };
      let answer = await this.#remote.open(link === null ? wish : { source, link });
      // what another version of the lab has kept, or a link has, may make no sense now
      const isAsked = kept !== null || link !== null;
      if (!answer.ok && isAsked) answer = await this.#remote.open({ source });
      if (!answer.ok) {
        this.problem = answer.error;
        return;
      }
      this.drill = answer.value.drill;
      this.linkProblem = answer.value.linkProblem;
      await this.#follow(answer.value.state);
    });
  }

  // ---------------------------------------------------------------------------------- what is done

  type(pane: number, text: string): Promise<void> {
    return this.#act((remote) => remote.type(pane, text));
  }

  /** So many events on, or back; time stands then. */
  step(events: number): Promise<void> {
    this.pause();
    return this.#act((remote) => remote.step(events));
  }

  reset(): Promise<void> {
    this.pause();
    return this.#act((remote) => remote.reset());
  }

  takeHint(): Promise<void> {
    return this.#act((remote) => remote.takeHint());
  }

  showSolution(): Promise<void> {
    return this.#act((remote) => remote.showSolution());
  }

  setSpeed(speed: number): Promise<void> {
    return this.#act((remote) => remote.setSpeed(speed));
  }

  async completions(pane: number, text: string): Promise<Completion> {
    const none = { from: text.length, words: [] };
    const answer = await this.#ask<Completion>((remote) => remote.completions(pane, text));
    return answer ?? none;
  }

  /** The fragment of a link to the session as it is now; null where there is none. */
  link(): Promise<string | null> {
    return this.#ask((remote) => remote.link());
  }

  /** Lets time pass, or lets it stand. */
  toggle(): void {
    if (this.isPassing) this.pause();
    else this.pass();
  }

  pass(): void {
    if (this.isPassing) return;
    this.isPassing = true;
    this.now();
    this.#passedAt = performance.now();
    this.#timer = setTimeout(() => void this.#slice(), SLICE_MS);
  }

  pause(): void {
    if (!this.isPassing) return;
    this.isPassing = false;
    clearTimeout(this.#timer);
    // the last slices may not be in the picture yet
    void this.#enqueue(() => this.#picture(true));
  }

  /** Ends it, when all that was asked is answered and kept. */
  close(): void {
    this.pause();
    this.player.pause();
    clearTimeout(this.#keeping);
    void this.#keep().then(() => {
      this.#remote?.[releaseProxy]();
      this.#remote = null;
    });
  }

  async #slice(): Promise<void> {
    const now = performance.now();
    // a tab in the background comes back with a long pause: not a reason to leap
    const millis = Math.min(now - this.#passedAt, 4 * SLICE_MS);
    this.#passedAt = now;
    const micros = Math.round(millis * 1000 * (this.state?.speed ?? 1));
    await this.#act((remote) => remote.pass(micros), true);
    if (this.isPassing) this.#timer = setTimeout(() => void this.#slice(), SLICE_MS);
  }

  // ------------------------------------------------------------------------------ what is shown

  /** Shows a pane from now on, beginning with all that was printed; gives what ends it. */
  show(pane: number, screen: PaneScreen): () => void {
    return this.#screens.show(pane, screen);
  }

  promptOf(pane: number): string | null {
    return this.state?.panes.find(({ number }) => number === pane)?.prompt ?? null;
  }

  isRunningIn(pane: number): boolean {
    return this.state?.panes.find(({ number }) => number === pane)?.isRunning === true;
  }

  /** Draws a picture from now on. */
  async draw(): Promise<void> {
    this.#isDrawn = true;
    await this.#enqueue(() => this.#picture(true));
  }

  /** Shows the moment of a command, and marks it in its pane. */
  select(line: PrintedLine): void {
    this.pause();
    const { pane, event, text } = line;
    const isSame = (one: PrintedLine): boolean =>
      one.pane === pane && one.event === event && one.text === text;
    this.selected = this.typed.find(isSame) ?? line;
    this.seek(line.event);
  }

  seek(event: number): void {
    const last = this.tape?.events ?? 0;
    this.#isFollowing = event >= last;
    this.player.pause();
    this.player.seek(Math.max(event, this.#live.first));
  }

  /** Shows what is now, and follows it. */
  now(): void {
    this.#isFollowing = true;
    if (this.tape !== null) this.player.seek(this.tape.events);
  }

  get firstEvent(): number {
    return this.#live.first;
  }

  // ---------------------------------------------------------------------------------- the worker

  #enqueue<T>(act: () => Promise<T> | T): Promise<T> {
    const done = this.#queue.then(act);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** An answer of the worker, or null where it has none. */
  #ask<T>(call: (remote: Remote<LiveTerminal>) => Promise<Answer<T>>): Promise<T | null> {
    return this.#enqueue(async () => {
      const answer = this.#remote === null ? null : await call(this.#remote);
      return answer?.ok === true ? answer.value : null;
    });
  }

  async #act(
    call: (remote: Remote<LiveTerminal>) => Promise<Answer<TerminalState>>,
    isQuiet = false,
  ): Promise<void> {
    if (!isQuiet) this.isBusy = true;
    await this.#enqueue(async () => {
      const remote = this.#remote;
      if (remote === null) return;
      try {
        const answer = await call(remote);
        if (answer.ok) await this.#follow(answer.value);
        else this.problem = answer.error;
      } catch (problem) {
        this.problem = problem instanceof Error ? problem.message : String(problem);
      }
    });
    if (!isQuiet) this.isBusy = false;
  }

  /** Fetches what a new state says that there is. */
  async #follow(state: TerminalState): Promise<void> {
    if (state.generation !== this.#generation) this.#begin(state.generation);
    this.state = state;
    if (state.failure !== null) this.problem = state.failure;
    while (this.#fetched < state.lines) {
      const answer = await this.#remote!.printed(this.#fetched);
      if (!answer.ok || answer.value.lines.length === 0) break;
      this.#print(answer.value.lines);
      if (this.#fetched < state.lines) await frame();
    }
    this.#screens.settle();
    await this.#picture(!this.isPassing);
    this.#keepSoon();
  }

  #begin(generation: number): void {
    this.#generation = generation;
    this.#fetched = 0;
    this.typed = [];
    this.selected = null;
    this.#live = new LiveTape(this.options.id);
    this.tape = null;
    this.#isFollowing = true;
    this.#screens.clear();
  }

  #print(lines: readonly PrintedLine[]): void {
    this.#fetched += lines.length;
    const typed = lines.filter(({ kind }) => kind === 'typed');
    if (typed.length > 0) this.typed = [...this.typed, ...typed];
    this.#screens.print(lines);
  }

  /** Fetches what happened, if somebody looks; at once, or when it is time for another picture. */
  async #picture(atOnce: boolean): Promise<void> {
    const { state } = this;
    const now = performance.now();
    if (!this.#isDrawn || state === null || (!atOnce && now - this.#drawnAt < PICTURE_MS)) return;
    if (this.tape !== null && this.#live.last >= state.event) return;
    while (this.#live.last < state.event) {
      const answer = await this.#remote!.recorded();
      if (!answer.ok || answer.value.generation !== this.#generation) return;
      this.#live.add(answer.value);
      if (this.#live.last < state.event) await frame();
    }
    this.#drawnAt = performance.now();
    this.tape = this.#live.tape();
    if (this.#isFollowing) this.player.seek(this.tape.events);
  }

  #keepSoon(): void {
    if (this.options.onkeep === undefined) return;
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => void this.#keep(), PICTURE_MS);
  }

  async #keep(): Promise<void> {
    const { onkeep } = this.options;
    const kept = await this.#ask<KeptSession>((remote) => remote.kept());
    if (kept !== null && this.state !== null) onkeep?.(kept, this.state);
  }
}

/** Until the browser has had time to draw. */
function frame(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
