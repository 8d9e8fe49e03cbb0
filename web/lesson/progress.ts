/**
 * Which questions the reader can answer: their slugs, kept in this browser and sent nowhere. A
 * browser that keeps nothing forgets them with the page.
 */
const KEY = 'highwater.known';

export function knownQuestions(): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    // what somebody else wrote there is no progress
    if (!Array.isArray(kept)) return new Set();
    return new Set(kept.filter((slug) => typeof slug === 'string'));
  } catch {
    return new Set();
  }
}

export function isKnown(slug: string): boolean {
  return knownQuestions().has(slug);
}

export function setKnown(slug: string, known: boolean): void {
  const slugs = new Set(knownQuestions());
  if (known) slugs.add(slug);
  else slugs.delete(slug);
  try {
    localStorage.setItem(KEY, JSON.stringify([...slugs]));
  } catch {
    // private windows may refuse
  }
}
