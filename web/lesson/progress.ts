/**
 * Which questions the reader can answer: their slugs, kept in this browser and sent nowhere. A
 * browser that keeps nothing forgets them with the page.
 */
import { forget, keep, keptTexts } from './kept.ts';

const KEY = 'highwater.known';

export function knownQuestions(): ReadonlySet<string> {
  return new Set(keptTexts('localStorage', KEY));
}

export function isKnown(slug: string): boolean {
  return knownQuestions().has(slug);
}

export function setKnown(slug: string, known: boolean): void {
  const slugs = new Set(knownQuestions());
  if (known) slugs.add(slug);
  else slugs.delete(slug);
  keep('localStorage', KEY, [...slugs]);
}

export function forgetKnown(): void {
  forget('localStorage', KEY);
}
