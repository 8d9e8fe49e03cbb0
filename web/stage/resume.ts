/**
 * Where a reader was, for as long as the tab lives: a reload or the other language goes on there.
 * A browser that keeps nothing starts anew.
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
