/** Numbers with so many digits behind the point, as `String.format("%.2f")` has them. */
import { assert } from '../../kernel/assert.ts';

/** Half is rounded up. */
export function fixed(value: number, digits: number): string {
  assert(value >= 0 && digits >= 0 && digits <= 4, 'a figure', { value, digits });
  const scale = [1, 10, 100, 1_000, 10_000][digits]!;
  const whole = Math.floor(value * scale + 0.5);
  if (digits === 0) return String(whole);
  const text = String(whole).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
