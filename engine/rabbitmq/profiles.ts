/**
 * RabbitMQ's behaviour by release. A profile is the switches and the defaults of one minor release,
 * as its last patch release had them, or the same with single switches set otherwise (quirks).
 *
 * Not here: the releases, the switches and the defaults (`profiles/`), what a switch does.
 */
import { profileIn, type ReleaseProfile } from '../kernel/releases.ts';
import { type HistoricalDefault, defaultHistory } from './profiles/default-history.ts';
import { type Release, releases } from './profiles/releases.ts';
import { type SwitchName, switches } from './profiles/switches.ts';

/** One release's switches and defaults. */
export type Profile = ReleaseProfile<
  ProfileName,
  Release,
  SwitchName,
  HistoricalDefault,
  number | null
>;

export type ProfileName = `rabbitmq-${Release}`;

/** One for each minor release, oldest first. */
export const profileNames: readonly ProfileName[] = releases.map(
  (release): ProfileName => `rabbitmq-${release}`,
);
export const newestProfile: ProfileName = 'rabbitmq-4.3';

const tables = { product: 'rabbitmq', releases, switches, defaults: defaultHistory } as const;

/** The profile of a release, with single switches set otherwise (quirks). */
export function profileOf(
  name: ProfileName,
  quirks: Partial<Record<SwitchName, boolean>> = {},
): Profile {
  return profileIn(tables, name, quirks);
}
