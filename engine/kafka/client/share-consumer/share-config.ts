/**
 * The settings of a share consumer (KIP-932): those of a consumer without what a share group does
 * not have, and how records are acknowledged.
 *
 * Source: `ShareConsumerConfig` of Kafka 4.1: where a group begins, and which records it reads, are
 * settings of the group (`group/group-settings.ts`).
 */
import {
  type ConfigOf,
  ConfigError,
  int,
  readConfig,
  splitSettings,
  string,
} from '../../config.ts';
import type { Profile } from '../../profiles.ts';
import { type ConsumerConfig, consumerConfig } from '../config.ts';

const shareSettings = {
  'max.poll.interval.ms': int(
    300_000,
    'How long the application may take between two polls before the member leaves.',
    { min: 1 },
  ),
  'share.acknowledgement.mode': string(
    'implicit',
    'Whether the next poll accepts all that the last one returned.',
    ['implicit', 'explicit'],
  ),
} as const;

export type ShareConsumerConfig = ConsumerConfig & ConfigOf<typeof shareSettings>;

/** Source: `SHARE_GROUP_UNSUPPORTED_CONFIGS`. */
const UNSUPPORTED = [
  'auto.offset.reset',
  'auto.commit.interval.ms',
  'enable.auto.commit',
  'group.instance.id',
  'group.protocol',
  'group.remote.assignor',
  'heartbeat.interval.ms',
  'isolation.level',
  'partition.assignment.strategy',
  'session.timeout.ms',
];

/** The settings of a member. Throws `ConfigError`. */
export function shareConsumerConfig(
  profile: Profile,
  given: Readonly<Record<string, string>>,
): ShareConsumerConfig {
  for (const name of UNSUPPORTED) {
    const value = given[name];
    if (value !== undefined) throw new ConfigError(name, value, 'not set for a share group');
  }
  const { own, others } = splitSettings(shareSettings, given);
  return { ...consumerConfig(profile, others), ...readConfig(shareSettings, own, profile) };
}
