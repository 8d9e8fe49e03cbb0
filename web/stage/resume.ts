/**
 * What this browser keeps of a reader's work, and sends nowhere. Where the reader was, for as long
 * as the tab lives: a reload or the other language goes on there. The goals that were reached, for
 * as long as the browser keeps them. A browser that keeps nothing starts anew.
 */
export interface Place {
  /** The fragment of the run. */
  readonly link: string;
  readonly event: number;
}

const keyOf = (lesson: string): string => `highwater.stage.${lesson}`;

export function keepPlace(lesson: string, place: Place): void {
  try {
    sessionStorage.setItem(keyOf(lesson), JSON.stringify(place));
  } catch {
    // private windows may refuse
  }
}

/** The place that was kept, or null. What somebody else wrote there is no place. */
export function keptPlace(lesson: string): Place | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(lesson)) ?? 'null') as Partial<Place>;
    const { link, event } = kept ?? {};
    return typeof link === 'string' && typeof event === 'number' ? { link, event } : null;
  } catch {
    return null;
  }
}

const goalsKeyOf = (lesson: string): string => `highwater.goals.${lesson}`;

export function keepReached(lesson: string, goals: readonly string[]): void {
  try {
    localStorage.setItem(goalsKeyOf(lesson), JSON.stringify(goals));
  } catch {
    // private windows may refuse
  }
}

/** The ids of the goals that were reached. What somebody else wrote there is none. */
export function keptReached(lesson: string): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(goalsKeyOf(lesson)) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}
