/**
 * A `TerminalSession` in a real terminal: one pane is in front, `pane 2` puts another there, what
 * the others print is marked with their number. Without a terminal (a pipe) lines are read to the
 * end, and nothing is coloured.
 *
 * Time stands still at the prompt; while a command waits for more (a consumer), it passes as the
 * clock on the wall does, times `speed`. Tab completes (`shell/completion.ts`).
 * Not here: the session, its commands.
 */
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Language } from '../../lab/narration.ts';
import { END_OF_INPUT, INTERRUPT } from '../../lab/terminal.ts';
import { completionsOf } from '../../shell/completion.ts';
import { PANES_MAX } from '../../shell/shell.ts';
import { addressed } from '../../shell/terminal-session.ts';
import type { TerminalSession, TranscriptLine } from '../../shell/terminal-session.ts';

const TICK_MS = 50;
/** Events of a tick at most, so that keys are heard. */
const TICK_EVENTS_MAX = 5_000;
const KEYS: Readonly<Record<string, string>> = { '^C': INTERRUPT, '^D': END_OF_INPUT };

export interface TerminalOptions {
  readonly session: TerminalSession;
  readonly language: Language;
  readonly input: NodeJS.ReadStream;
  readonly print: (text: string) => void;
  /** Told after each line, and when it ends. */
  readonly afterLine: () => void;
}

/** Resolves when the input has ended. */
export function typeInto(options: TerminalOptions): Promise<void> {
  const front = new Front(options);
  return options.input.isTTY ? front.interactive() : front.piped();
}

class Front {
  readonly #options: TerminalOptions;
  #pane = 1;
  /** Lines of the transcript that were shown. */
  #shown: number;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#shown = options.session.transcript.length;
  }

  async piped(): Promise<void> {
    const lines = createInterface({ input: this.#options.input, terminal: false });
    for await (const line of lines) {
      if (this.#leaves(line)) break;
      this.#take(line, true);
    }
    this.#options.afterLine();
  }

  interactive(): Promise<void> {
    const { input, session } = this.#options;
    const completer = (text: string): [string[], string] => this.#completions(text);
    const ui = createInterface({ input, output: process.stdout, terminal: true, completer });
    const tick = setInterval(() => this.#tick(ui), TICK_MS);
    ui.on('SIGINT', () => {
      if (session.shell.pane(this.#pane).isRunning) this.#take(INTERRUPT, false);
      else process.stdout.write('^C\n');
      this.#ask(ui, '');
    });
    ui.on('line', (line) => {
      if (this.#leaves(line)) {
        ui.close();
        return;
      }
      this.#take(line, false);
      this.#ask(ui, '');
    });
    this.#ask(ui, '');
    return new Promise((resolve) => {
      // Ctrl-D ends the input of a command that reads, else the shell.
      ui.on('close', () => {
        clearInterval(tick);
        process.stdout.write('\n');
        resolve();
      });
    });
  }

  /** Words for the end of a line, and what of them is there, as `readline` wants it. */
  #completions(text: string): [string[], string] {
    const { shell, run } = this.#options.session;
    if (shell.pane(this.#pane).isRunning) return [[], text];
    const typed = run.typed.map((line) => line.text);
    const { from, words } = completionsOf(text, shell, typed);
    const [only] = words;
    return [words.length === 1 ? [`${only} `] : [...words], text.slice(from)];
  }

  /** Lets time pass for what waits in any pane. */
  #tick(ui: Interface): void {
    const { session } = this.#options;
    const isFollowed = PANES.some((pane) => session.shell.pane(pane).isRunning);
    if (!isFollowed) return;
    session.pass(Math.floor(TICK_MS * 1000 * session.speed), TICK_EVENTS_MAX);
    const news = this.#news();
    if (news.length === 0) return;
    const { line } = ui;
    process.stdout.write('\r\u001b[K');
    for (const text of news) this.#options.print(text);
    this.#ask(ui, line);
  }

  #ask(ui: Interface, line: string): void {
    const { session } = this.#options;
    const prompt = session.shell.pane(this.#pane).prompt ?? '';
    ui.setPrompt(this.#pane === 1 ? prompt : `${this.#pane}${prompt}`);
    ui.prompt(true);
    if (line !== '' && ui.line === '') ui.write(line);
  }

  /** Whether a line ends it all: what runs may want that word. */
  #leaves(line: string): boolean {
    return line.trim() === 'exit' && !this.#options.session.shell.pane(this.#pane).isRunning;
  }

  /** Takes a line; `2> line` is for another pane, `pane 2` puts it in front. */
  #take(line: string, isEchoed: boolean): void {
    const { session, afterLine } = this.#options;
    const wanted = /^\s*pane(?:\s+(\S*))?\s*$/.exec(line);
    if (wanted !== null && !session.shell.pane(this.#pane).reads) {
      this.#show(Number(wanted[1] ?? '0'), wanted[1] ?? '');
      return;
    }
    const { pane, text } = /^\d> /.test(line) ? addressed(line) : { pane: this.#pane, text: line };
    if (pane > PANES_MAX) {
      this.#show(pane, String(pane));
      return;
    }
    const { transcript } = session;
    const prompt = session.shell.pane(pane).prompt ?? '';
    session.type(pane, Object.hasOwn(KEYS, text) ? KEYS[text]! : text);
    if (session.transcript !== transcript) {
      // The run was made anew: what was printed again is on the screen already.
      this.#shown = session.printedAgain;
      const typed = { pane, kind: 'typed', prompt, text, event: 0 } as const;
      if (isEchoed) this.#options.print(this.#textOf(typed, this.#options.language));
    }
    for (const news of this.#news(isEchoed)) this.#options.print(news);
    afterLine();
  }

  #show(pane: number, given: string): void {
    if (PANES.includes(pane)) this.#pane = pane;
    else this.#options.print(PROBLEM[this.#options.language](given));
  }

  /** What appeared since; what was typed is on the screen already, unless it came by a pipe. */
  #news(isEchoed = false): string[] {
    const { session, language } = this.#options;
    const news = session.transcript.slice(this.#shown);
    this.#shown = session.transcript.length;
    return news
      .filter(({ kind }) => isEchoed || kind !== 'typed')
      .map((line) => this.#textOf(line, language));
  }

  #textOf({ pane, kind, prompt, text }: TranscriptLine, language: Language): string {
    const said = typeof text === 'string' ? text : text[language];
    const mark = pane === this.#pane ? '' : `[${pane}] `;
    return kind === 'typed' ? `${mark}${prompt ?? ''}${shownKey(said)}` : `${mark}${said}`;
  }
}

const PANES = Array.from({ length: PANES_MAX }, (_, place) => place + 1);
const PROBLEM: Readonly<Record<Language, (given: string) => string>> = {
  en: (given) => `pane: '${given}' is none; allowed: 1 to ${PANES_MAX}`,
  zh: (given) => `pane：没有窗格“${given}”，可以用 1 到 ${PANES_MAX}`,
};

function shownKey(text: string): string {
  return text === INTERRUPT ? '^C' : text === END_OF_INPUT ? '^D' : text;
}
