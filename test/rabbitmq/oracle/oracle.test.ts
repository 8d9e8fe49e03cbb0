/**
 * What a real broker did, line by line, against what ours does with the same release's behaviour.
 * `accepted.ts` has the lines that differ, each with its reason; one that no longer does is red.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { profileOf } from '../../../engine/rabbitmq/profiles.ts';
import { accepted } from './accepted.ts';
import { playOurs } from './play-ours.ts';
import { scenarios } from './scenarios.ts';

const RELEASE = '3.10.8';

/** The recorded history of each scenario by its name. */
function recorded(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(new URL(`recorded/${RELEASE}.txt`, import.meta.url), 'utf8');
  const [head, ...parts] = text.split(/^== /m);
  expect(head?.trim()).toBe(`RabbitMQ ${RELEASE}`);
  return new Map(
    parts.map((part) => {
      const [name, ...lines] = part.trimEnd().split('\n');
      return [name!, lines];
    }),
  );
}

const histories = recorded();

describe('rabbitmq: oracle', () => {
  test('rabbitmq: oracle: every scenario was recorded, and at least sixty', () => {
    expect([...histories.keys()]).toEqual(scenarios.map(({ name }) => name));
    expect(new Set(histories.keys()).size).toBeGreaterThanOrEqual(60);
  });

  // by %s a name is shown in full
  const named = scenarios.map((scenario) => [scenario.name, scenario] as const);
  test.each(named)('rabbitmq: oracle: %s', (_, scenario) => {
    const real = [...histories.get(scenario.name)!];
    const ours = [...playOurs(scenario, profileOf('rabbitmq-3.10'))];
    for (const { theirs, ours: instead } of accepted[scenario.name] ?? []) {
      const place = real.indexOf(theirs);
      expect(place, theirs).toBeGreaterThanOrEqual(0);
      real.splice(place, 1, ...instead);
    }
    expect(ours).toEqual(real);
  });

  test('rabbitmq: oracle: nothing is accepted that no scenario has', () => {
    const names = new Set(scenarios.map(({ name }) => name));
    expect(Object.keys(accepted).filter((name) => !names.has(name))).toEqual([]);
  });
});
