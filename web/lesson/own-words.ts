/**
 * A reader's bet on a lesson's run, what came of it, and in one sentence why: kept in this browser
 * and sent nowhere. A browser that keeps nothing forgets them with the page.
 */
export interface KeptBet {
  /** The ids of the option that was chosen, and of the one that came true. */
  readonly chosen: string;
  readonly came: string;
  readonly why: string;
}

const keyOf = (lesson: string): string => `highwater.bet.${lesson}`;

export function keepBet(lesson: string, bet: KeptBet): void {
  try {
    localStorage.setItem(keyOf(lesson), JSON.stringify(bet));
  } catch {
    // private windows may refuse
  }
}

/** The bet that was kept, or null. What somebody else wrote there is no bet. */
export function keptBet(lesson: string): KeptBet | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(lesson)) ?? 'null') as Partial<KeptBet>;
    const { chosen, came, why } = kept ?? {};
    const isBet = [chosen, came, why].every((one) => typeof one === 'string');
    return isBet ? (kept as KeptBet) : null;
  } catch {
    return null;
  }
}
