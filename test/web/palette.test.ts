/**
 * Contrast of the palette (WCAG 2.2): 4.5 for text and 3 for lines that mean something, in both
 * themes, on every ground on which a role is used.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const CSS = readFileSync(new URL('../../web/style/palette.css', import.meta.url), 'utf8');

const ROLES = new Map(
  [...CSS.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, role = '', light = '', dark = '']) => [role, { light, dark }] as const,
  ),
);

const GROUNDS = ['paper', 'raised', 'sunken'];
const TEXTS = ['ink', 'ink-soft', 'accent', 'good', 'warn', 'bad', 'tide'];
const IDENTITIES = [...ROLES.keys()].filter((role) => role.startsWith('id-'));
const LINES = ['line-strong'];

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours, from 1 to 21. */
function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function colour(role: string, theme: 'light' | 'dark'): string {
  const found = ROLES.get(role);
  if (found === undefined) throw new Error(`the palette has no role ${role}`);
  return found[theme];
}

describe.each(['light', 'dark'] as const)('web: palette (%s)', (theme) => {
  const pairs = (roles: string[]) => roles.flatMap((role) => GROUNDS.map((on) => [role, on]));

  test.each(pairs([...TEXTS, ...IDENTITIES]))('%s on %s is readable as text', (role, on) => {
    expect(contrast(colour(role, theme), colour(on, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(pairs(LINES))('%s on %s is seen as a line', (role, on) => {
    expect(contrast(colour(role, theme), colour(on, theme))).toBeGreaterThanOrEqual(3);
  });

  test('text on the accent and on water is readable', () => {
    expect(contrast(colour('on-accent', theme), colour('accent', theme))).toBeGreaterThan(4.5);
    for (const role of ['ink', 'accent']) {
      expect(contrast(colour(role, theme), colour('water', theme))).toBeGreaterThan(4.5);
    }
  });

  test('there are eight identities, and none looks like a plain line', () => {
    expect(IDENTITIES).toHaveLength(8);
    expect(new Set(IDENTITIES.map((role) => colour(role, theme))).size).toBe(8);
  });
});

test('web: palette: the measure of contrast is right at its ends', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('#777777', '#777777')).toBe(1);
});
