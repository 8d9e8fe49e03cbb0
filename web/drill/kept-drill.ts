/**
 * A reader's work at a drill: the lines, so that it can be gone on with, and whether it was ever
 * solved. Kept in this browser and sent nowhere.
 */
import type { KeptSession } from '#engine/shell/terminal-session.ts';
import { keep, kept } from '../lesson/kept.ts';
import { keptSession } from '../terminal/kept-session.ts';
import { BEGINNING } from './solved.ts';

/** What was kept of a drill. */
export interface KeptDrill {
  readonly session: KeptSession;
  readonly isSolved: boolean;
}

const keyOf = (lesson: string): string => BEGINNING + lesson;

export function keepDrill(lesson: string, drill: KeptDrill): void {
  keep('localStorage', keyOf(lesson), drill);
}

/** What was kept, or null. What somebody else wrote there is no drill. */
export function keptDrill(lesson: string): KeptDrill | null {
  const found = kept('localStorage', keyOf(lesson)) as Partial<KeptDrill> | null;
  const session = keptSession(found?.session);
  const isSolved = found?.isSolved;
  return session === null || typeof isSolved !== 'boolean' ? null : { session, isSolved };
}
