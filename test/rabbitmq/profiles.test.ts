/** Which release has which switches and defaults. */
import { describe, expect, test } from 'vitest';
import { newestProfile, profileNames, profileOf } from '../../engine/rabbitmq/profiles.ts';
import { releases, type Release } from '../../engine/rabbitmq/profiles/releases.ts';
import { type SwitchName, switches } from '../../engine/rabbitmq/profiles/switches.ts';
import { compareReleases, type SwitchDefinition } from '../../engine/kernel/releases.ts';

describe('rabbitmq: profiles', () => {
  test('rabbitmq: profiles: one for each minor release from 3.8 to 4.3, in order', () => {
    expect(profileNames.length).toBe(10);
    expect([profileNames[0], profileNames[9]]).toEqual(['rabbitmq-3.8', newestProfile]);
    expect([...releases].sort(compareReleases)).toEqual(releases);
    expect(compareReleases('3.9', '3.10')).toBeLessThan(0);
  });

  test('rabbitmq: profiles: each switch flips at its releases and at no other', () => {
    for (const name of Object.keys(switches) as SwitchName[]) {
      const { since, until, source }: SwitchDefinition<Release> = switches[name];
      const flips = releases.filter((release, at) => {
        const was = at > 0 && profileOf(`rabbitmq-${releases[at - 1]!}`).switches[name];
        return profileOf(`rabbitmq-${release}`).switches[name] !== was;
      });
      expect(flips, name).toEqual(until === undefined ? [since] : [since, until]);
      expect(source.length).toBeGreaterThan(10);
    }
  });

  test.each<[SwitchName, Release]>([
    ['mirroredQueues', '4.0'],
    ['khepriOnly', '4.3'],
    ['brokerKeepsDeaths', '4.0'],
    ['headersMatchWithX', '3.10'],
    ['globalQos', '4.3'],
  ])('rabbitmq: profiles: %s changed in %s', (name, release) => {
    const { since, until }: SwitchDefinition<Release> = switches[name];
    expect([since, until]).toContain(release);
  });

  test('rabbitmq: profiles: defaults that changed, and a quirk changes one switch', () => {
    const sizes = ['3.13', '4.0'].map(
      (release) => profileOf(`rabbitmq-${release as Release}`).defaults.max_message_size,
    );
    expect(sizes).toEqual([134_217_728, 16_777_216]);
    expect(profileOf('rabbitmq-3.13').defaults.delivery_limit).toBeNull();
    expect(profileOf('rabbitmq-4.0').defaults.delivery_limit).toBe(20);
    const quirky = profileOf('rabbitmq-4.3', { globalQos: true });
    expect(quirky.switches).toEqual({ ...profileOf('rabbitmq-4.3').switches, globalQos: true });
  });
});
