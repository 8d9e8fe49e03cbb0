/**
 * The line that is being typed: its characters, its cursor, and the lines before it. It takes what
 * a terminal sends for keys (ECMA-48, and the control characters of a Unix terminal with the keys
 * of GNU Readline), text that was pasted, and text of an input method.
 *
 * Not here: how it is drawn (`line-view.ts`), and what a line does (`live-session.svelte.ts`).
 */

/** What is to be done, besides drawing the line. */
export type LineAct =
  | { readonly act: 'submit'; readonly text: string }
  | { readonly act: 'interrupt' }
  | { readonly act: 'end of input' }
  | { readonly act: 'complete' }
  | { readonly act: 'clear' };

/** Sequences of keys, without the escape character. */
const SEQUENCES: Readonly<Record<string, (editor: LineEditor) => void>> = {
  '[A': (editor) => editor.earlier(),
  '[B': (editor) => editor.later(),
  '[C': (editor) => editor.move(1),
  '[D': (editor) => editor.move(-1),
  '[H': (editor) => editor.toStart(),
  '[F': (editor) => editor.toEnd(),
  '[1~': (editor) => editor.toStart(),
  '[4~': (editor) => editor.toEnd(),
  '[3~': (editor) => editor.remove(editor.cursor, editor.cursor + 1),
  '[1;5C': (editor) => editor.moveWord(1),
  '[1;5D': (editor) => editor.moveWord(-1),
  '[1;3C': (editor) => editor.moveWord(1),
  '[1;3D': (editor) => editor.moveWord(-1),
  OA: (editor) => editor.earlier(),
  OB: (editor) => editor.later(),
  OC: (editor) => editor.move(1),
  OD: (editor) => editor.move(-1),
  OH: (editor) => editor.toStart(),
  OF: (editor) => editor.toEnd(),
  b: (editor) => editor.moveWord(-1),
  f: (editor) => editor.moveWord(1),
  d: (editor) => editor.kill(editor.cursor, editor.wordEnd()),
  '\x7f': (editor) => editor.kill(editor.wordStart(), editor.cursor),
};

/** Control characters that change the line. */
const CONTROLS: Readonly<Record<string, (editor: LineEditor) => void>> = {
  '\x01': (editor) => editor.toStart(),
  '\x02': (editor) => editor.move(-1),
  '\x05': (editor) => editor.toEnd(),
  '\x06': (editor) => editor.move(1),
  '\b': (editor) => editor.remove(editor.cursor - 1, editor.cursor),
  '\x7f': (editor) => editor.remove(editor.cursor - 1, editor.cursor),
  '\x0b': (editor) => editor.kill(editor.cursor, editor.chars.length),
  '\x0e': (editor) => editor.later(),
  '\x10': (editor) => editor.earlier(),
  '\x15': (editor) => editor.kill(0, editor.cursor),
  '\x17': (editor) => editor.kill(editor.wordStart(), editor.cursor),
  '\x19': (editor) => editor.insert(editor.killed),
};

/** Lines that are remembered. */
const HISTORY_MAX = 500;
/** Characters of a line: what is pasted beyond is cut off. */
const LINE_MAX = 4000;

export class LineEditor {
  chars: readonly string[] = [];
  /** In characters. */
  cursor = 0;
  /** What was cut out last. */
  killed = '';
  #history: string[] = [];
  /** The place in the history; its length for the line that is new. */
  #place = 0;
  #draft = '';

  get text(): string {
    return this.chars.join('');
  }

  get history(): readonly string[] {
    return this.#history;
  }

  /** The text up to the cursor. */
  get before(): string {
    return this.chars.slice(0, this.cursor).join('');
  }

  /** Lines that were typed before this editor was made. */
  remember(lines: readonly string[]): void {
    for (const line of lines) {
      if (line.trim() !== '' && line !== this.#history.at(-1)) this.#history.push(line);
    }
    this.#history = this.#history.slice(-HISTORY_MAX);
    this.#place = this.#history.length;
  }

  /** Takes what a terminal sends, or a paste; what is to be done, in order. */
  take(data: string): LineAct[] {
    // a tab of what is pasted is a character
    if (data === '\t') return [{ act: 'complete' }];
    const acts: LineAct[] = [];
    const chars = [...data.replaceAll('\r\n', '\r').replaceAll('\n', '\r')];
    for (let place = 0; place < chars.length; place++) {
      const char = chars[place]!;
      if (char === '\x1b') {
        const sequence = sequenceAt(chars, place + 1);
        SEQUENCES[sequence]?.(this);
        place += sequence.length;
        continue;
      }
      const act = this.#actOf(char);
      if (act !== null) acts.push(act);
      else if (CONTROLS[char] !== undefined) CONTROLS[char](this);
      else if (char >= ' ' || char === '\t') this.insert(char);
    }
    return acts;
  }

  #actOf(char: string): LineAct | null {
    switch (char) {
      case '\r':
        return { act: 'submit', text: this.#submit() };
      case '\x03':
        this.replace('');
        this.#place = this.#history.length;
        return { act: 'interrupt' };
      case '\x04':
        if (this.chars.length === 0) return { act: 'end of input' };
        this.remove(this.cursor, this.cursor + 1);
        return null;
      case '\x0c':
        return { act: 'clear' };
      default:
        return null;
    }
  }

  #submit(): string {
    const { text } = this;
    this.remember([text]);
    this.#place = this.#history.length;
    this.replace('');
    return text;
  }

  /** Another text, with the cursor behind it. */
  replace(text: string): void {
    this.chars = [...text].slice(0, LINE_MAX);
    this.cursor = this.chars.length;
  }

  insert(text: string): void {
    const room = LINE_MAX - this.chars.length;
    const added = [...text].slice(0, room);
    this.chars = [...this.chars.slice(0, this.cursor), ...added, ...this.chars.slice(this.cursor)];
    this.cursor += added.length;
  }

  /** Removes characters from a place up to another. */
  remove(from: number, to: number): void {
    const first = Math.max(from, 0);
    const removed = Math.min(to, this.chars.length) - first;
    if (removed <= 0) return;
    this.chars = [...this.chars.slice(0, first), ...this.chars.slice(first + removed)];
    if (this.cursor > first) this.cursor = Math.max(first, this.cursor - removed);
  }

  /** Removes them and keeps them for Ctrl-Y. */
  kill(from: number, to: number): void {
    if (to > from) this.killed = this.chars.slice(from, to).join('');
    this.remove(from, to);
  }

  move(by: number): void {
    this.cursor = Math.min(Math.max(this.cursor + by, 0), this.chars.length);
  }

  moveWord(by: 1 | -1): void {
    this.cursor = by > 0 ? this.wordEnd() : this.wordStart();
  }

  toStart(): void {
    this.cursor = 0;
  }

  toEnd(): void {
    this.cursor = this.chars.length;
  }

  /** Where the word before the cursor begins. */
  wordStart(): number {
    let place = this.cursor;
    while (place > 0 && this.chars[place - 1] === ' ') place--;
    while (place > 0 && this.chars[place - 1] !== ' ') place--;
    return place;
  }

  /** Where the word behind the cursor ends. */
  wordEnd(): number {
    let place = this.cursor;
    while (place < this.chars.length && this.chars[place] === ' ') place++;
    while (place < this.chars.length && this.chars[place] !== ' ') place++;
    return place;
  }

  earlier(): void {
    if (this.#place === 0) return;
    if (this.#place === this.#history.length) this.#draft = this.text;
    this.#place--;
    this.replace(this.#history[this.#place]!);
  }

  later(): void {
    if (this.#place >= this.#history.length) return;
    this.#place++;
    const isNew = this.#place === this.#history.length;
    this.replace(isNew ? this.#draft : this.#history[this.#place]!);
  }

  /**
   * Puts what all words have in front, or the only word whole, where the completion begins; false
   * where there is nothing to put: then the words are to be listed.
   */
  complete(from: number, words: readonly string[], start: string): boolean {
    const begun = this.before.slice(from);
    const [only] = words;
    if (only === undefined || (words.length > 1 && start === begun)) return false;
    const isOpen = only.endsWith('=') || only.endsWith('/');
    const text = words.length === 1 ? only + (isOpen ? '' : ' ') : start;
    this.insert(text.slice(begun.length));
    return true;
  }
}

/** What stands behind an escape character, as far as it belongs to it. */
function sequenceAt(chars: readonly string[], from: number): string {
  const rest = chars.slice(from, from + 12).join('');
  return /^(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z]|[^\r])/.exec(rest)?.[0] ?? '';
}
