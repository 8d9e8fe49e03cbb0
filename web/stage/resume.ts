/**
 * What of a reader's work on the stage is kept. Where the reader was, for as long as the tab lives:
 * a reload or the other language goes on there. The goals that were reached, for as long as the
 * browser keeps them.
 */
import { keep, kept, keptTexts } from '../lesson/kept.ts';

export interface Place {
  /** The fragment of the run. */
  readonly link: string;
  readonly event: number;
}

const keyOf = (lesson: string): string => `highwater.stage.${lesson}`;

export function keepPlace(lesson: string, place: Place): void {
  keep('sessionStorage', keyOf(lesson), place);
}

/** The place that was kept, or null. What somebody else wrote there is no place. */
export function keptPlace(lesson: string): Place | null {
  const found = kept('sessionStorage', keyOf(lesson)) as Partial<Place> | null;
  const { link, event } = found ?? {};
  return typeof link === 'string' && typeof event === 'number' ? { link, event } : null;
}

const goalsKeyOf = (lesson: string): string => `highwater.goals.${lesson}`;

export function keepReached(lesson: string, goals: readonly string[]): void {
  keep('localStorage', goalsKeyOf(lesson), goals);
}

/** The ids of the goals that were reached. */
export function keptReached(lesson: string): readonly string[] {
  return keptTexts('localStorage', goalsKeyOf(lesson));
}
