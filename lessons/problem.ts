/**
 * What a check of the lessons found: the rule, the place as an editor understands it, and one
 * sentence that says what is there and what is allowed. It judges nothing (`lint.ts` does).
 */
export interface Problem {
  readonly rule: string;
  /** From the project's root, with forward slashes. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** The line, from 1, of a position in a text. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < position; at = text.indexOf('\n', at + 1)) {
    line += 1;
  }
  return line;
}

/** The first line, from 1, that has some text in it; the first of all where none has. */
export function lineWith(text: string, part: string): number {
  return lineAt(text, text.indexOf(part));
}

/** One line a problem, as an editor can jump to it. */
export function printed(problems: readonly Problem[]): string[] {
  return problems.map(({ rule, file, line, message }) => `${file}:${line} ${rule}: ${message}`);
}
