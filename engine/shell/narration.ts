/**
 * Sentences about a terminal: what was typed, and how a command ended. What a command prints is
 * shown in its pane, and has no sentence.
 */
import { END_OF_INPUT, INTERRUPT } from '../lab/terminal.ts';
import type { NarrationEntry, Narrator } from '../lab/narration.ts';

function typed(entry: NarrationEntry): string {
  const text = String(entry['text']);
  return text === INTERRUPT ? 'Ctrl-C' : text === END_OF_INPUT ? 'Ctrl-D' : text;
}

export const typedNarration: Narrator = {
  typed: {
    en: (entry) => `Typed in pane ${entry['pane']}: ${typed(entry)}`,
    zh: (entry) => `在窗格 ${entry['pane']} 输入：${typed(entry)}`,
  },
  exit: {
    en: (entry) => (entry['code'] === 0 ? '' : `The command on ${entry['host']} failed.`),
    zh: (entry) => (entry['code'] === 0 ? '' : `${entry['host']} 上的命令失败。`),
  },
};
