/**
 * A reader's bet on a lesson's run, what came of it, and in one sentence why: kept in this browser
 * and sent nowhere. A browser that keeps nothing forgets them with the page.
 */
import { forget, keep, kept, keptKeys } from './kept.ts';

export interface KeptBet {
  /** The ids of the option that was chosen, and of the one that came true. */
  readonly chosen: string;
  readonly came: string;
  readonly why: string;
}

/** A bet, and the slug of the lesson on whose run it was made. */
export interface LessonBet extends KeptBet {
  readonly lesson: string;
}

const BEGINNING = 'highwater.bet.';
const keyOf = (lesson: string): string => BEGINNING + lesson;

export function keepBet(lesson: string, bet: KeptBet): void {
  keep('localStorage', keyOf(lesson), bet);
}

/** The bet that was kept, or null. What somebody else wrote there is no bet. */
export function keptBet(lesson: string): KeptBet | null {
  const found = kept('localStorage', keyOf(lesson)) as Partial<KeptBet> | null;
  const { chosen, came, why } = found ?? {};
  const isBet = [chosen, came, why].every((one) => typeof one === 'string');
  return isBet ? ({ chosen, came, why } as KeptBet) : null;
}

/** Every bet that was kept, by lesson. */
export function keptBets(): readonly LessonBet[] {
  return [...keptKeys('localStorage', BEGINNING)].sort().flatMap((lesson) => {
    const bet = keptBet(lesson);
    return bet === null ? [] : [{ lesson, ...bet }];
  });
}

export function forgetBets(): void {
  for (const lesson of keptKeys('localStorage', BEGINNING)) forget('localStorage', keyOf(lesson));
}
