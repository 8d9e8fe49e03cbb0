/**
 * RabbitMQ's behaviour by release. A profile is the switches and the defaults of one minor release,
 * as its last patch release had them, or the same with single switches set otherwise (quirks).
 *
 * Not here: the releases, the switches and the defaults (`profiles/`), what a switch does.
 */
import { assert } from '../kernel/assert.ts';
import {
  type HistoricalDefault,
  defaultAt,
  historicalDefaults,
} from './profiles/default-history.ts';
import { type Release, releases } from './profiles/releases.ts';
import { type SwitchName, isOn, switchNames } from './profiles/switches.ts';

/** One release's switches and defaults. */
export interface Profile {
  readonly name: ProfileName;
  readonly release: Release;
  readonly switches: Readonly<Record<SwitchName, boolean>>;
  readonly defaults: Readonly<Record<HistoricalDefault, number | null>>;
}

export type ProfileName = `rabbitmq-${Release}`;

/** One for each minor release, oldest first. */
export const profileNames: readonly ProfileName[] = releases.map(
  (release): ProfileName => `rabbitmq-${release}`,
);
export const newestProfile: ProfileName = 'rabbitmq-4.3';

/** The profile of a release, with single switches set otherwise (quirks). */
export function profileOf(
  name: ProfileName,
  quirks: Partial<Record<SwitchName, boolean>> = {},
): Profile {
  assert(profileNames.includes(name), 'unknown profile', { name, known: profileNames });
  const release = name.slice('rabbitmq-'.length) as Release;
  const switches = {} as Record<SwitchName, boolean>;
  for (const key of switchNames) switches[key] = quirks[key] ?? isOn(key, release);
  const defaults = {} as Record<HistoricalDefault, number | null>;
  for (const key of historicalDefaults) defaults[key] = defaultAt(key, release);
  return { name, release, switches, defaults };
}
