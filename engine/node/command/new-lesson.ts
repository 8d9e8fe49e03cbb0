/** `highwater new-lesson`: a folder that is green, visible and shareable at once. */
import type { Command } from './usage.ts';
export const newLesson: Command = {
  name: 'new-lesson',
  summary: '',
  usage: '',
  run: async () => 0,
};
