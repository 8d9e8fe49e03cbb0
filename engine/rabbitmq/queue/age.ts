/**
 * An age as a text, as in `7D`: the argument x-max-age and an interval as x-stream-offset.
 * Source: `rabbit_amqqueue:check_max_age`. Differs: a text that does not begin with a number is no
 * age; there it ends the channel's process.
 */
import { assert } from '../../kernel/assert.ts';

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;

const unitMs: Readonly<Record<string, number>> = {
  Y: 365 * DAY_MS,
  M: 30 * DAY_MS,
  D: DAY_MS,
  h: 3600 * SECOND_MS,
  m: 60 * SECOND_MS,
  s: SECOND_MS,
};

/** Milliseconds of a text as in `7D` or `12h`; null where it is none. Months have 30 days. */
export function ageMs(text: string): number | null {
  const match = /^([0-9]+)(.)$/.exec(text);
  const unit = match === null ? undefined : unitMs[match[2]!];
  const count = Number(match?.[1]);
  assert(match === null || count >= 0, 'digits are a number', { text });
  if (unit === undefined || count === 0) return null;
  return Number.isSafeInteger(count * unit) ? count * unit : null;
}
