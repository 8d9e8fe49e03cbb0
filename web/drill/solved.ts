/**
 * Whether a reader has ever solved a drill: all that a lesson's page asks before the drill is
 * opened. Not here: what was typed into it (`kept-drill.ts`).
 */
import { kept } from '../lesson/kept.ts';

/** The key of a drill is this and the slug of its lesson. */
export const BEGINNING = 'highwater.drill.';

export function isDrillSolved(lesson: string): boolean {
  const found = kept('localStorage', BEGINNING + lesson) as { isSolved?: unknown } | null;
  return found?.isSolved === true;
}
