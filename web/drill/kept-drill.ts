/**
 * A reader's work at a drill: the lines, so that it can be gone on with, and whether it was ever
 * solved. Kept in this browser and sent nowhere.
 */
import type { KeptSession } from '#engine/shell/terminal-session.ts';
import { keep, kept } from '../lesson/kept.ts';

/** What was kept of a drill. */
export interface KeptDrill {
  readonly session: KeptSession;
  readonly isSolved: boolean;
}

const keyOf = (lesson: string): string => `highwater.drill.${lesson}`;

export function keepDrill(lesson: string, drill: KeptDrill): void {
  keep('localStorage', keyOf(lesson), drill);
}

/** What was kept, or null. What somebody else wrote there is no drill. */
export function keptDrill(lesson: string): KeptDrill | null {
  const found = kept('localStorage', keyOf(lesson)) as Partial<KeptDrill> | null;
  const { session, isSolved } = found ?? {};
  if (session === undefined || session === null || typeof isSolved !== 'boolean') return null;
  const { typed, event, hints, isSolutionShown } = session;
  const isLine = (line: unknown): boolean => {
    const { event: at, pane, text } = (line ?? {}) as Readonly<Record<string, unknown>>;
    return Number.isSafeInteger(at) && Number.isSafeInteger(pane) && typeof text === 'string';
  };
  if (!Array.isArray(typed) || !typed.every(isLine)) return null;
  if (!Number.isSafeInteger(event) || !Number.isSafeInteger(hints)) return null;
  return typeof isSolutionShown === 'boolean' ? { session, isSolved } : null;
}
