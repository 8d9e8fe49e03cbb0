/**
 * A pane in xterm: prints its transcript above the line that is typed, takes keys, and makes every
 * typed command a link to its moment. A chunk of its own, loaded when a terminal is opened.
 *
 * Not here: the line's keys (`line-editor.ts`), colours (`terminal-colours.ts`).
 */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type IMarker } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { commonStart } from '#engine/lab/fault-command.ts';
import { END_OF_INPUT, INTERRUPT } from '#engine/lab/terminal.ts';
import { isKey } from '#engine/shell/keys.ts';
import type { PrintedLine } from '../worker/terminal-state.ts';
import { LineEditor } from './line-editor.ts';
import { harmless, inColumns, LineView } from './line-view.ts';
import type { LiveSession } from './live-session.svelte.ts';
import type { PaneScreen } from './pane-screens.ts';
import { terminalColours, whenColoursChange } from './terminal-colours.ts';

/** Lines that can be scrolled back to. */
const SCROLLBACK = 12_000;
const FONT_PIXELS = 13;
/** Words that are listed at most. */
const WORDS_MAX = 120;

const dim = (text: string): string => `\x1b[90m${text}\x1b[0m`;
const accent = (text: string): string => `\x1b[34m${text}\x1b[0m`;
const bad = (text: string): string => `\x1b[31m${text}\x1b[0m`;
const good = (text: string): string => `\x1b[32m${text}\x1b[0m`;

export interface ScreenOptions {
  readonly box: HTMLElement;
  readonly session: LiveSession;
  readonly pane: number;
  readonly label: string;
  /** A key that is the page's, and none of the line's; true if it was one. */
  readonly onkey: (event: KeyboardEvent) => boolean;
}

export class XtermScreen implements PaneScreen {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #editor = new LineEditor();
  readonly #view = new LineView();
  readonly #options: ScreenOptions;
  readonly #ends: (() => void)[] = [];
  #isCompleting = false;
  #typedAhead: string[] = [];
  #commands: { readonly marker: IMarker; readonly line: PrintedLine }[] = [];

  constructor(options: ScreenOptions) {
    this.#options = options;
    const { box, session, pane, onkey } = options;
    this.#terminal = new Terminal({
      fontFamily: getComputedStyle(box).fontFamily,
      fontSize: FONT_PIXELS,
      lineHeight: 1.2,
      scrollback: SCROLLBACK,
      theme: terminalColours(box),
      cursorBlink: false,
      macOptionIsMeta: true,
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.open(box);
    this.#terminal.textarea?.setAttribute('aria-label', options.label);
    this.#terminal.attachCustomKeyEventHandler((event) => this.#isMine(event, onkey));
    this.#terminal.onData((data) => this.#take(data));
    this.#linkCommands();
    this.fit();
    const observer = new ResizeObserver(() => this.fit());
    observer.observe(box);
    this.#ends.push(() => observer.disconnect());
    this.#ends.push(whenColoursChange(() => (this.#terminal.options.theme = terminalColours(box))));
    this.#ends.push(session.show(pane, this));
  }

  focus(): void {
    this.#terminal.focus();
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#terminal.dispose();
  }

  fit(): void {
    // a pane that is not shown has no size
    if (this.#options.box.clientWidth === 0) return;
    this.#terminal.write(this.#view.erase());
    this.#fit.fit();
    this.#draw();
  }

  print(lines: readonly PrintedLine[]): void {
    if (lines.length === 0) return;
    const typed = lines.filter(({ kind }) => kind === 'typed').map(({ text }) => text);
    const isOld = this.#editor.history.length === 0;
    if (isOld) this.#editor.remember(typed.filter((text) => !isKey(text)));
    let text = this.#view.erase();
    for (const line of lines) {
      if (line.kind === 'typed') {
        this.#terminal.write(text);
        this.#mark(line);
        text = '';
      }
      text += `${dressed(line)}\r\n`;
    }
    this.#terminal.write(text);
    this.#draw();
  }

  clear(): void {
    this.#commands = [];
    this.#terminal.reset();
    this.#view.erase();
  }

  settle(): void {
    this.#draw();
  }

  /** Scrolls to a command, and shows which it is. */
  select(line: PrintedLine): void {
    const found = this.#commands.find((one) => one.line === line);
    if (found === undefined || found.marker.isDisposed) return;
    const row = found.marker.line;
    this.#terminal.scrollToLine(Math.max(row - 2, 0));
    this.#terminal.select(0, row, this.#terminal.cols);
  }

  // ------------------------------------------------------------------------------------ the keys

  /** Whether xterm is to take a key. */
  #isMine(event: KeyboardEvent, onkey: ScreenOptions['onkey']): boolean {
    if (event.type === 'keydown' && onkey(event)) {
      event.preventDefault();
      return false;
    }
    const isCopy = event.key === 'c' && (event.metaKey || (event.ctrlKey && event.shiftKey));
    if (isCopy) return false;
    // out of the terminal by keys, as out of any other field
    return !(event.key === 'Tab' && event.shiftKey);
  }

  #take(data: string): void {
    const { session, pane } = this.#options;
    // what is typed behind a Tab belongs behind what the Tab puts
    if (this.#isCompleting) {
      this.#typedAhead.push(data);
      return;
    }
    for (const { act, ...rest } of this.#editor.take(data)) {
      if (act === 'submit') void session.type(pane, (rest as { text: string }).text);
      else if (act === 'interrupt') void session.type(pane, INTERRUPT);
      else if (act === 'end of input') void session.type(pane, END_OF_INPUT);
      else if (act === 'clear') this.#terminal.clear();
      else if (session.isRunningIn(pane)) this.#editor.insert('\t');
      else void this.#complete();
    }
    this.#terminal.scrollToBottom();
    this.#draw();
  }

  async #complete(): Promise<void> {
    const { session, pane } = this.#options;
    this.#isCompleting = true;
    const { from, words } = await session.completions(pane, this.#editor.before);
    this.#isCompleting = false;
    const isPut = this.#editor.complete(from, words, commonStart(words));
    if (!isPut && words.length > 1) this.#list(words);
    this.#draw();
    const ahead = this.#typedAhead;
    this.#typedAhead = [];
    for (const data of ahead) this.#take(data);
  }

  #list(words: readonly string[]): void {
    const shown = words.slice(0, WORDS_MAX);
    const rows = inColumns(shown, this.#terminal.cols).map((row) => `${dim(row)}\r\n`);
    const more = words.length > shown.length ? `${dim(`… ${words.length}`)}\r\n` : '';
    // the line stays above the words, as a shell leaves it
    this.#draw(this.#editor.chars.length);
    this.#terminal.write(this.#view.leave() + rows.join('') + more);
  }

  // ---------------------------------------------------------------------------------- the screen

  #draw(cursor = this.#editor.cursor): void {
    const { session, pane } = this.#options;
    const prompt = session.promptOf(pane) ?? '';
    const { chars } = this.#editor;
    const line = { prompt, chars, cursor };
    this.#terminal.write(this.#view.draw(line, this.#terminal.cols, accent));
  }

  #mark(line: PrintedLine): void {
    // written after what stands before it: only then is the cursor's row that of the command
    this.#terminal.write('', () => {
      const marker = this.#terminal.registerMarker(0);
      if (marker !== undefined) this.#commands.push({ marker, line });
    });
  }

  #linkCommands(): void {
    const { session } = this.#options;
    const { dispose } = this.#terminal.registerLinkProvider({
      provideLinks: (row, told) => {
        const found = this.#commands.find(({ marker }) => marker.line === row - 1);
        if (found === undefined) {
          told(undefined);
          return;
        }
        const text = found.line.prompt + found.line.text;
        const range = { start: { x: 1, y: row }, end: { x: this.#terminal.cols, y: row } };
        told([{ range, text, activate: () => session.select(found.line) }]);
      },
    });
    this.#ends.push(dispose);
  }
}

const keyName = (text: string): string => (text === INTERRUPT ? '^C' : '^D');

function dressed({ kind, prompt, text }: PrintedLine): string {
  switch (kind) {
    case 'typed':
      return accent(prompt) + (isKey(text) ? dim(keyName(text)) : harmless(text));
    case 'err':
      return bad(harmless(text));
    case 'lab':
      return good(harmless(text));
    case 'out':
      return harmless(text);
  }
}
