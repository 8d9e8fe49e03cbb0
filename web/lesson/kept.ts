/**
 * What a browser keeps of a reader's work, under a key, and sends nowhere: `localStorage` for as
 * long as the browser likes, `sessionStorage` for as long as the tab lives. A browser that keeps
 * nothing (private windows may refuse) forgets it with the page.
 *
 * Not here: what is kept (`own-words.ts`, `progress.ts`, `web/stage/resume.ts`), the theme, which
 * the page reads before its scripts are there (`web/theme.ts`), and study (`web/study/shelf.ts`).
 */
type StorageName = 'localStorage' | 'sessionStorage';

export function keep(storage: StorageName, key: string, value: unknown): void {
  try {
    window[storage].setItem(key, JSON.stringify(value));
  } catch {
    // then it is forgotten
  }
}

/** What was kept, or null. Somebody else may have written it: the caller looks at its form. */
export function kept(storage: StorageName, key: string): unknown {
  try {
    return JSON.parse(window[storage].getItem(key) ?? 'null') as unknown;
  } catch {
    return null;
  }
}

/** A list of texts that was kept; what is no text in it is left out. */
export function keptTexts(storage: StorageName, key: string): readonly string[] {
  const list = kept(storage, key);
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

/** The keys that begin so, without their beginning. */
export function keptKeys(storage: StorageName, beginning: string): readonly string[] {
  try {
    const keys = Object.keys(window[storage]);
    return keys
      .filter((key) => key.startsWith(beginning))
      .map((key) => key.slice(beginning.length));
  } catch {
    return [];
  }
}

export function forget(storage: StorageName, key: string): void {
  try {
    window[storage].removeItem(key);
  } catch {
    // nothing was kept
  }
}
