/**
 * Kafka's behaviour by release: named switches, each with the release in which it changed and the
 * source, and the defaults that a release ships. A profile is the set of both for one release.
 *
 * A *quirk* is a switch that no profile but an old one has on: a historical bug, set by name.
 * Not here: what a switch does; that stands where the behaviour is.
 */
import { assert } from '../kernel/assert.ts';

/** A behaviour that changed: `since` is the first release (major.minor) that has it on. */
interface SwitchDefinition {
  readonly since: string;
  /** The first release that no longer has it, for bugs and for what was removed. */
  readonly until?: string;
  readonly about: string;
  readonly source: string;
}

const definitions = {
  leaderEpochTruncation: {
    since: '0.11',
    about: 'A follower truncates by leader epoch, not to its own high watermark.',
    source: 'KIP-101',
  },
  epochReplyWithEpoch: {
    since: '2.0',
    about: 'OffsetForLeaderEpoch answers with the largest epoch at or below the asked one.',
    source: 'KIP-279, KAFKA-6361',
  },
  epochFencing: {
    since: '2.1',
    about: 'Fetch and ListOffsets carry currentLeaderEpoch; a mismatch is fenced.',
    source: 'KIP-320',
  },
  isrJoinNeedsEpochStart: {
    since: '2.1',
    about: 'A follower joins the ISR only at or beyond the start offset of the leader epoch.',
    source: 'KAFKA-7128',
  },
  offsetNotAvailable: {
    since: '2.2',
    about: 'A new leader whose high watermark is stale refuses latest offsets with error 78.',
    source: 'KIP-207',
  },
  stickyPartitioner: {
    since: '2.4',
    about: 'Records without a key stay with one partition until the batch is full.',
    source: 'KIP-480',
  },
  truncationInFetch: {
    since: '2.7',
    about: 'The leader names the diverging epoch in the Fetch reply; no separate request.',
    source: 'KIP-595',
  },
  alterPartition: {
    since: '2.7',
    about: 'The leader asks the controller to change the ISR and counts the maximal ISR meanwhile.',
    source: 'KIP-497',
  },
  uniformStickyPartitioner: {
    since: '3.3',
    about: 'Records without a key switch partition after batch.size bytes, whatever linger did.',
    source: 'KIP-794',
  },
  brokerEpochInIsrChange: {
    since: '3.5',
    about: 'A follower is judged by its broker epoch, so a reboot cannot sneak into the ISR.',
    source: 'KIP-903, KAFKA-15221',
  },
  leaderEpochBumpOnIsrShrink: {
    since: '0.8',
    until: '3.6',
    about: 'An ISR that shrinks bumps the leader epoch although the leader stays.',
    source: 'KAFKA-15021',
  },
  uncleanElectionOnConfigChange: {
    since: '2.1',
    until: '3.9',
    about: 'Enabling unclean election for a topic elects at once, not at the next periodic check.',
    source: 'KAFKA-6835; KRaft checks every five minutes instead: KAFKA-12670',
  },
  highWatermarkNeedsMinIsr: {
    since: '3.7',
    about: 'The high watermark does not move while the ISR is below min.insync.replicas.',
    source: 'KAFKA-15583, KIP-966',
  },
  eligibleLeaderReplicas: {
    since: '4.1',
    about:
      'The controller remembers the replicas that left an ISR at its minimum, and may elect one.',
    source: 'KIP-966; on by default for new clusters since 4.1',
  },
} as const satisfies Record<string, SwitchDefinition>;

export type SwitchName = keyof typeof definitions;

/** A configuration default that changed: pairs of (first release, value), oldest first. */
const defaultHistory = {
  acks: [
    ['0.8', '1'],
    ['3.0', 'all'],
  ],
  'enable.idempotence': [
    ['0.11', 'false'],
    ['3.0', 'true'],
  ],
  retries: [
    ['0.8', '0'],
    ['2.1', '2147483647'],
  ],
  'linger.ms': [
    ['0.8', '0'],
    ['4.0', '5'],
  ],
  'unclean.leader.election.enable': [
    ['0.8', 'true'],
    ['0.11', 'false'],
  ],
  'replica.lag.time.max.ms': [
    ['0.8', '10000'],
    ['2.5', '30000'],
  ],
} as const satisfies Record<string, readonly (readonly [string, string])[]>;

export type HistoricalDefault = keyof typeof defaultHistory;

/** One release's switches and defaults. */
export interface Profile {
  readonly name: string;
  readonly release: string;
  readonly switches: Readonly<Record<SwitchName, boolean>>;
  readonly defaults: Readonly<Record<HistoricalDefault, string>>;
}

/** The releases that can be chosen, oldest first. */
export const profileNames = [
  'kafka-0.10',
  'kafka-1.1',
  'kafka-2.8',
  'kafka-3.6',
  'kafka-3.9',
  'kafka-4.1',
] as const;
export type ProfileName = (typeof profileNames)[number];
export const newestProfile: ProfileName = 'kafka-4.1';

/** The profile of a release, with single switches set otherwise (quirks). */
export function profileOf(
  name: ProfileName,
  quirks: Partial<Record<SwitchName, boolean>> = {},
): Profile {
  assert(profileNames.includes(name), 'unknown profile', { name, known: profileNames });
  const release = name.slice('kafka-'.length);
  const on = {} as Record<SwitchName, boolean>;
  for (const key of Object.keys(definitions) as SwitchName[]) {
    on[key] = quirks[key] ?? holds(definitions[key], release);
  }
  const defaults = {} as Record<HistoricalDefault, string>;
  for (const key of Object.keys(defaultHistory) as HistoricalDefault[]) {
    defaults[key] = defaultAt(key, release);
  }
  return { name, release, switches: on, defaults };
}

/** The default of a setting in a release (`'3.9'`). Before the setting existed: its first value. */
export function defaultAt(key: HistoricalDefault, release: string): string {
  const history: readonly (readonly [string, string])[] = defaultHistory[key];
  let value = history[0]![1];
  for (const [since, next] of history) if (compareReleases(release, since) >= 0) value = next;
  return value;
}

function holds(definition: SwitchDefinition, release: string): boolean {
  if (compareReleases(release, definition.since) < 0) return false;
  return definition.until === undefined || compareReleases(release, definition.until) < 0;
}

/** Orders `0.11` after `0.10` and `2.8` after `2.0`: by number, not by text. */
export function compareReleases(left: string, right: string): number {
  const [leftMajor, leftMinor] = partsOf(left);
  const [rightMajor, rightMinor] = partsOf(right);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

function partsOf(release: string): [number, number] {
  const [major, minor] = release.split('.').map(Number);
  assert(Number.isInteger(major) && Number.isInteger(minor), 'not a release', { release });
  return [major!, minor!];
}
