/**
 * All drills that a reader worked at, as study saves them to a file and forgets them. Not here: one
 * of them (`kept-drill.ts`), which a lesson's page loads.
 */
import { forget, keptKeys } from '../lesson/kept.ts';
import { keptDrill, type KeptDrill } from './kept-drill.ts';
import { BEGINNING } from './solved.ts';

/** A drill that was worked at, and the slug of its lesson. */
export interface LessonDrill extends KeptDrill {
  readonly lesson: string;
}

/** Every drill that was kept, by lesson. */
export function keptDrills(): readonly LessonDrill[] {
  return [...keptKeys('localStorage', BEGINNING)].sort().flatMap((lesson) => {
    const drill = keptDrill(lesson);
    return drill === null ? [] : [{ lesson, ...drill }];
  });
}

export function forgetDrills(): void {
  for (const lesson of keptKeys('localStorage', BEGINNING))
    forget('localStorage', BEGINNING + lesson);
}
