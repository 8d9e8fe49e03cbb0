/**
 * The settings of a single group (resource type GROUP of IncrementalAlterConfigs), as far as share
 * groups know them: an empty text is what the broker has.
 *
 * Source: `GroupConfig` of Kafka 4.1. Left out: sessions and heartbeats of a single group, and
 * `by_duration` of `share.auto.offset.reset`.
 */
import { assert } from '../../kernel/assert.ts';
import { checkKnown, ConfigError, type ConfigOf, int, string, valueOf } from '../config.ts';

const groupConfigSettings = {
  'share.auto.offset.reset': string('latest', 'Where a share group begins in a partition.', [
    'latest',
    'earliest',
  ]),
  'share.isolation.level': string('read_uncommitted', 'Whether open transactions are read.', [
    'read_uncommitted',
    'read_committed',
  ]),
  'share.record.lock.duration.ms': int(30_000, 'How long a member may keep records.', {
    min: 1_000,
  }),
} as const;

export type GroupSettings = Partial<ConfigOf<typeof groupConfigSettings>>;

/** What was set for a group. */
export function groupSettingsOf(given: ReadonlyMap<string, string> | undefined): GroupSettings {
  const values: Record<string, unknown> = {};
  for (const [name, text] of given ?? []) {
    const setting = groupConfigSettings[name as keyof typeof groupConfigSettings];
    assert(setting !== undefined, 'it was checked when it was set', { name });
    values[name] = valueOf(name, setting, text);
  }
  return values as GroupSettings;
}

/**
 * The sentence that says what is wrong with a setting of a group; null if nothing is. A null value
 * takes the setting back.
 */
export function groupSettingProblem(name: string, text: string | null): string | null {
  try {
    checkKnown(groupConfigSettings, name, text ?? '');
    if (text === null) return null;
    valueOf(name, groupConfigSettings[name as keyof typeof groupConfigSettings], text);
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
