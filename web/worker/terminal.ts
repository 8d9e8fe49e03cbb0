/**
 * A terminal's session in the worker: what a page types is done here, and what came of it is told
 * in pieces that are small enough to be shown without a stop.
 *
 * A chunk of its own, as are a world's drill and each tool. Errors are values. A call that loads
 * something is answered later: whoever calls waits for it before the next call.
 * Not here: the session (`engine/shell/terminal-session.ts`), keys and colours (`web/terminal`).
 */
import type { Drill } from '#engine/lab/drill.ts';
import { drillExperiment } from '#engine/lab/drill.ts';
import type { Experiment } from '#engine/lab/experiment.ts';
import type { Localized } from '#engine/lab/knob.ts';
import { fromLink } from '#engine/lab/link.ts';
import type { Language } from '#engine/lab/narration.ts';
import type { Product } from '#engine/lab/terminal.ts';
import { completionsOf } from '#engine/shell/completion.ts';
import type { Completion } from '#engine/shell/completion.ts';
import { PANES_MAX } from '#engine/shell/shell.ts';
import { TerminalSession } from '#engine/shell/terminal-session.ts';
import type { KeptSession } from '#engine/shell/terminal-session.ts';
import { LiveRecorder } from './live-recorder.ts';
import { playgroundState } from './playground-state.ts';
import type { Answer, LinkProblem } from './recording.ts';
import type {
  DrillText,
  LiveRecording,
  OpenedTerminal,
  PaneState,
  Printed,
  TerminalSource,
  TerminalState,
  TerminalWish,
} from './terminal-state.ts';
import { Toolbox } from './toolbox.ts';

const DRILLS = import.meta.glob<Drill>('../../lessons/*/*/drill.ts', { import: 'default' });

/** Milliseconds for which time may pass in one call: other calls wait no longer. */
const SLICE_MS = 30;
/** Events between two looks at the clock. */
const EVENTS_AT_ONCE = 100;
/** Lines of an answer at most: a page shows so many within a frame. */
const LINES_MAX = 200;

/** What a terminal is opened on. */
interface Opening {
  readonly experiment: Experiment;
  readonly products: readonly Product[];
  readonly drill?: Drill;
}

async function openingOf(source: TerminalSource): Promise<Opening> {
  if (source.kind === 'playground') {
    const { playgroundExperiment: experiment } =
      await import('#engine/shell/playground/playground-experiment.ts');
    return { experiment, products: experiment.terminal!.products };
  }
  const { lesson } = source;
  const path = Object.keys(DRILLS).find((one) => one.endsWith(`/${lesson}/drill.ts`));
  if (path === undefined) throw new Error(`the lesson '${lesson}' has no drill`);
  const drill = await DRILLS[path]!();
  return { experiment: drillExperiment(drill), products: drill.products, drill };
}

/** The session of a link, or why it cannot be opened here. */
function linkedOf(link: string, experiment: Experiment): LinkProblem | Partial<KeptSession> {
  const opened = fromLink(link);
  if (!opened.ok) return opened.reason;
  const { experiment: id, typed = [], closedAt = 0 } = opened.shared;
  return id === experiment.id ? { typed, event: closedAt } : 'other lesson';
}

export class LiveTerminal {
  readonly #language: Language;
  #session: TerminalSession | null = null;
  #toolbox: Toolbox | null = null;
  #recorder: LiveRecorder | null = null;
  #generation = 0;
  /** Virtual time by the clock of whoever lets it pass, in microseconds: no event may be due. */
  #clock = 0;

  constructor(language: Language) {
    this.#language = language;
  }

  /** Begins a session, or goes on with one that was kept. */
  async open({ source, kept, link }: TerminalWish): Promise<Answer<OpenedTerminal>> {
    try {
      const { experiment, products, drill } = await openingOf(source);
      const linked = link === undefined ? kept : linkedOf(link, experiment);
      const linkProblem = typeof linked === 'string' ? linked : null;
      const begun = linked === undefined || typeof linked === 'string' ? {} : linked;
      const toolbox = await Toolbox.of(products);
      await toolbox.loadFor((begun.typed ?? []).map(({ text }) => text));
      this.#toolbox = toolbox;
      this.#session = new TerminalSession({
        experiment,
        tools: toolbox.tools,
        ...(drill === undefined ? {} : { drill }),
        kept: begun,
        onRun: (run) => {
          this.#generation++;
          this.#clock = 0;
          this.#recorder = new LiveRecorder(run, this.#language);
        },
      });
      const told = drill === undefined ? null : this.#text(drill);
      return { ok: true, value: { state: this.#state(), drill: told, linkProblem } };
    } catch (problem) {
      return { ok: false, error: problem instanceof Error ? problem.message : String(problem) };
    }
  }

  /** Types a line, or a key, into a pane. */
  async type(pane: number, text: string): Promise<Answer<TerminalState>> {
    return this.#loaded(text, () =>
      this.#change((session) => {
        session.type(pane, text);
        this.#clock = session.run.world.now;
      }),
    );
  }

  /** Lets virtual time pass, in microseconds, as much of it as there is time for. */
  pass(micros: number): Answer<TerminalState> {
    return this.#change((session) => {
      const { world } = session.run;
      this.#clock = Math.max(this.#clock, world.now) + micros;
      const end = performance.now() + SLICE_MS;
      for (;;) {
        const before = world.event;
        session.pass(this.#clock - world.now, EVENTS_AT_ONCE);
        if (world.event - before < EVENTS_AT_ONCE) return;
        if (performance.now() < end) continue;
        // a world that is slower than it should be is not owed the rest
        this.#clock = world.now;
        return;
      }
    });
  }

  /** Handles so many events; or goes back by so many: what was typed later is gone. */
  step(events: number): Answer<TerminalState> {
    return this.#change((session) => {
      if (events >= 0) session.step(events);
      else session.back(Math.max(session.run.world.event + events, 0));
      this.#clock = session.run.world.now;
    });
  }

  setSpeed(speed: number): Answer<TerminalState> {
    return this.#change((session) => {
      session.speed = speed;
    });
  }

  reset(): Answer<TerminalState> {
    return this.#change((session) => session.reset());
  }

  takeHint(): Answer<TerminalState> {
    return this.#change((session) => {
      session.takeHint();
    });
  }

  showSolution(): Answer<TerminalState> {
    return this.#change((session) => {
      session.showSolution();
    });
  }

  /** What may stand where a line ends; nothing while a program reads the pane. */
  async completions(pane: number, text: string): Promise<Answer<Completion>> {
    return this.#loaded(text, () =>
      this.#ask(({ shell, run }) => {
        if (shell.pane(pane).isRunning) return { from: text.length, words: [] };
        const earlier = run.typed.map((line) => line.text);
        return completionsOf(text, shell, earlier);
      }),
    );
  }

  /** Lines of the transcript from a place on. */
  printed(from: number): Answer<Printed> {
    return this.#ask(({ transcript }) => {
      const lines = transcript.slice(from, from + LINES_MAX).map((line) => {
        const { pane, kind, prompt = '', text, event } = line;
        return { pane, kind, prompt, text: this.#said(text), event };
      });
      return { generation: this.#generation, from, lines };
    });
  }

  /** What happened since the last answer, for the picture. */
  recorded(): Answer<LiveRecording> {
    return this.#ask(() => ({ generation: this.#generation, ...this.#recorder!.next() }));
  }

  kept(): Answer<KeptSession> {
    return this.#ask((session) => session.kept());
  }

  /** The fragment of a link to this session as it is now. */
  link(): Answer<string> {
    return this.#ask((session) => session.link());
  }

  /** An answer that needs what a line names. */
  async #loaded<T>(line: string, answer: () => Answer<T>): Promise<Answer<T>> {
    try {
      await this.#toolbox?.loadFor([line]);
    } catch (problem) {
      return { ok: false, error: problem instanceof Error ? problem.message : String(problem) };
    }
    return answer();
  }

  #change(act: (session: TerminalSession) => void): Answer<TerminalState> {
    return this.#ask((session) => {
      act(session);
      return this.#state();
    });
  }

  #ask<T>(about: (session: TerminalSession) => T): Answer<T> {
    try {
      if (this.#session === null) return { ok: false, error: 'no terminal is open' };
      return { ok: true, value: about(this.#session) };
    } catch (problem) {
      return { ok: false, error: problem instanceof Error ? problem.message : String(problem) };
    }
  }

  #state(): TerminalState {
    const session = this.#session!;
    const { run, shell, transcript, goal, commands, par, hints, speed } = session;
    const { world } = run;
    const { playground } = shell.world.handles;
    return {
      generation: this.#generation,
      event: world.event,
      at: Math.max(this.#clock, world.now),
      lines: transcript.length,
      panes: Array.from({ length: PANES_MAX }, (_, place) => this.#pane(place + 1)),
      goal: goal.map(({ holds }) => holds),
      isSolved: goal.length > 0 && goal.every(({ holds }) => holds),
      commands,
      par,
      hints,
      isSolutionShown: session.isSolutionShown,
      speed,
      hasMore: run.hasMore,
      hosts: shell.hosts,
      failure: world.failure === null ? null : world.failure.error.message,
      playground: playground === undefined ? null : playgroundState(playground),
    };
  }

  #pane(number: number): PaneState {
    const { prompt, isRunning } = this.#session!.shell.pane(number);
    return { number, prompt, isRunning };
  }

  #text(drill: Drill): DrillText {
    const { title, task, goal, hints, solution } = drill;
    return {
      title: this.#said(title),
      task: this.#said(task),
      goal: goal.map(({ text }) => this.#said(text)),
      hints: hints.map((hint) => this.#said(hint)),
      solution,
    };
  }

  #said(text: Localized | string): string {
    return typeof text === 'string' ? text : text[this.#language];
  }
}
