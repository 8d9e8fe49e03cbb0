/**
 * Which of what was typed into a pane is a key. Not here: the keys (`lab/terminal.ts`), and those
 * that move in a line, which the page's line editor takes.
 */
import { END_OF_INPUT, INTERRUPT } from '../lab/terminal.ts';

/** Whether what was typed is a key, and no line. */
export function isKey(text: string): boolean {
  return text === INTERRUPT || text === END_OF_INPUT;
}
