/** Which release has which switches and defaults. */
import { describe, expect, test } from 'vitest';
import {
  type ProfileName,
  newestProfile,
  profileNames,
  profileOf,
} from '../../engine/kafka/profiles.ts';
import type { HistoricalDefault } from '../../engine/kafka/profiles/default-history.ts';
import { type Release, releaseBefore, releases } from '../../engine/kafka/profiles/releases.ts';
import { type SwitchName, switches } from '../../engine/kafka/profiles/switches.ts';
import { compareReleases, type SwitchDefinition } from '../../engine/kernel/releases.ts';

/** The releases around a change. */
function around(release: Release): readonly [ProfileName, ProfileName] {
  const before = releaseBefore(release);
  expect(before).not.toBeNull();
  return [`kafka-${before!}`, `kafka-${release}`];
}

describe('kafka: profiles', () => {
  test('kafka: profiles: one for each minor release from 0.8 to 4.1, in order', () => {
    expect(profileNames.length).toBe(27);
    expect([profileNames[0], profileNames[26]]).toEqual(['kafka-0.8', newestProfile]);
    const sorted = [...releases].sort(compareReleases);
    expect(releases).toEqual(sorted);
    for (const name of profileNames) expect(profileOf(name).name).toBe(name);
  });

  test('kafka: profiles: the release before another crosses the majors', () => {
    expect(releaseBefore('3.0')).toBe('2.8');
    expect(releaseBefore('2.0')).toBe('1.1');
    expect(releaseBefore('1.0')).toBe('0.11');
    expect(releaseBefore('4.0')).toBe('3.9');
    expect(releaseBefore('0.8')).toBeNull();
  });

  test('kafka: profiles: each switch flips at its release and at no other', () => {
    for (const key of Object.keys(switches) as SwitchName[]) {
      const { since, until }: SwitchDefinition<Release> = switches[key];
      const flips = releases.filter((release) => {
        const before = releaseBefore(release);
        const was = before !== null && profileOf(`kafka-${before}`).switches[key];
        return profileOf(`kafka-${release}`).switches[key] !== was;
      });
      expect(flips, key).toEqual(until === undefined ? [since] : [since, until]);
    }
  });

  test.each<[SwitchName, Release]>([
    ['leaderEpochTruncation', '0.11'],
    ['epochReplyWithEpoch', '2.0'],
    ['isrJoinNeedsEpochStart', '2.0'],
    ['epochFencing', '2.1'],
    ['offsetNotAvailable', '2.2'],
    ['consumerChecksTruncation', '2.3'],
    ['fetchFromFollower', '2.4'],
    ['stickyPartitioner', '2.4'],
    ['truncationInFetch', '2.8'],
    ['uniformStickyPartitioner', '3.3'],
    ['truncatesBeforeHighWatermark', '3.4'],
    ['brokerEpochInIsrChange', '3.5'],
    ['refusesStaleFetch', '3.7'],
    ['highWatermarkNeedsMinIsr', '3.7'],
    ['eligibleLeaderReplicas', '4.1'],
  ])('kafka: profiles: %s is on since %s', (key, since) => {
    const [before, from] = around(since);
    expect([profileOf(before).switches[key], profileOf(from).switches[key]]).toEqual([false, true]);
  });

  test.each<[HistoricalDefault, Release, string, string]>([
    ['unclean.leader.election.enable', '0.11', 'true', 'false'],
    ['retries', '2.1', '0', '2147483647'],
    ['replica.lag.time.max.ms', '2.5', '10000', '30000'],
    ['message.max.bytes', '2.5', '1000012', '1048588'],
    ['acks', '3.0', '1', 'all'],
    ['enable.idempotence', '3.0', 'false', 'true'],
    ['linger.ms', '4.0', '0', '5'],
    ['log.message.timestamp.after.max.ms', '4.0', '9223372036854775807', '3600000'],
  ])('kafka: profiles: the default of %s changed in %s', (key, release, was, is) => {
    const values = [releaseBefore(release)!, release].map(
      (of) => profileOf(`kafka-${of}`).defaults[key],
    );
    expect(values).toEqual([was, is]);
  });

  test('kafka: profiles: a quirk sets one switch and leaves the others', () => {
    const plain = profileOf('kafka-4.1').switches;
    const quirky = profileOf('kafka-4.1', { countsPendingIsr: false }).switches;
    expect(plain.countsPendingIsr).toBe(true);
    expect(quirky).toEqual({ ...plain, countsPendingIsr: false });
    expect(profileOf('kafka-0.8').switches.countsPendingIsr).toBe(true);
  });
});
