/**
 * The settings of a controller: the table of the broker, since one `KafkaConfig` serves both roles,
 * and those that only a controller reads. Also the settings that a topic has by default, which the
 * controller must know to decide on elections.
 *
 * Not here: the table of the broker (`broker/broker-config.ts`), topic settings
 * (`partition/topic-config.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { boolean, long, readConfig, type ConfigOf } from '../config.ts';
import { brokerSettings } from '../broker/broker-config.ts';
import { topicDefaults } from '../partition/topic-config.ts';
import type { Profile } from '../profiles.ts';

export const controllerSettings = {
  ...brokerSettings,
  'auto.leader.rebalance.enable': boolean(true, 'Whether preferred leaders are elected again.'),
  'leader.imbalance.check.interval.seconds': long(300, 'Time between preferred elections.', {
    min: 1,
  }),
  'unclean.leader.election.interval.ms': long(300_000, 'Time between unclean elections.', {
    min: 1,
  }),
} as const;

export interface ControllerConfig {
  readonly values: ConfigOf<typeof controllerSettings>;
  readonly profile: Profile;
  /** Texts of the topic settings that follow from the given settings. */
  readonly topicDefaults: Readonly<Record<string, string>>;
}

/** Reads a controller's settings. Throws a `ConfigError`. */
export function readControllerConfig(
  given: Readonly<Record<string, string>>,
  profile: Profile,
): ControllerConfig {
  const values = readConfig(controllerSettings, given, profile);
  assert(values['log.dir'].length > 0, 'log.dir', { given });
  return { values, profile, topicDefaults: topicDefaults(given) };
}
