/**
 * Whether a run's measures meet a condition: which option of a bet came true, and whether a
 * puzzle is solved. Small and without packages, since pages and workers carry it.
 */
import type { Bet, Condition } from './front-matter.ts';

type Measures = Readonly<Record<string, number>>;

/** True where the measure is within every bound that is named. False where a measure is absent. */
export function holds(condition: Condition, measures: Measures): boolean {
  const value = measures[condition.measure];
  if (value === undefined) return false;
  const bound = (of: number | string | undefined): number | undefined =>
    typeof of === 'string' ? measures[of] : of;
  const [min, max, below] = [bound(condition.min), bound(condition.max), bound(condition.below)];
  return (
    (condition.min === undefined || (min !== undefined && value >= min)) &&
    (condition.max === undefined || (max !== undefined && value <= max)) &&
    (condition.below === undefined || (below !== undefined && value < below))
  );
}

/** The id of the first option that the run made true, or null where none is. */
export function betOutcome(bet: Pick<Bet, 'options'>, measures: Measures): string | null {
  return bet.options.find(({ when }) => holds(when, measures))?.id ?? null;
}
