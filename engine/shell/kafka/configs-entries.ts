/**
 * A setting as `kafka-configs.sh --describe` prints it: its value, and what stands behind it.
 *
 * Source: `ConfigCommand.getResourceConfig`, `ConfigHelper`, `ServerTopicConfigSynonyms`.
 * Difference: what a broker's properties say is not shown below a topic's own value.
 */
import { assert } from '../../kernel/assert.ts';
import { brokerSynonyms, topicSettings } from '../../kafka/partition/topic-config.ts';
import type { DescribeConfigsResponse } from '../../wire/kafka/messages/describe-configs.ts';

export type ConfigEntry = DescribeConfigsResponse['results'][number]['configs'][number];

/** `ConfigEntry.ConfigSource`, by its number on the wire. */
const SOURCES: Readonly<Record<number, string>> = {
  1: 'DYNAMIC_TOPIC_CONFIG',
  2: 'DYNAMIC_BROKER_CONFIG',
  3: 'DYNAMIC_DEFAULT_BROKER_CONFIG',
  4: 'STATIC_BROKER_CONFIG',
  5: 'DEFAULT_CONFIG',
  8: 'DYNAMIC_GROUP_CONFIG',
};
/** Settings of a broker that are not set by default: another one in place of them is. */
const UNSET = ['log.retention.ms', 'log.roll.ms', 'log.flush.interval.ms'];

/** Whether it was set for just this topic, broker or group while the cluster ran. */
export function isDynamic({ configSource }: ConfigEntry): boolean {
  const source = SOURCES[configSource] ?? '';
  return source.startsWith('DYNAMIC') && source !== 'DYNAMIC_DEFAULT_BROKER_CONFIG';
}

/** `  name=value sensitive=false synonyms={...}`. */
export function configLine(entry: ConfigEntry, type: 'topic' | 'broker' | 'group'): string {
  const { name, value, configSource } = entry;
  const source = SOURCES[configSource];
  assert(source !== undefined, 'a source of settings', { name, configSource });
  const synonym = brokerSynonyms[name]?.[0]?.[0] ?? null;
  const isOwn = type !== 'topic' || source === 'DYNAMIC_TOPIC_CONFIG';
  const synonyms = [
    ...(source === 'DEFAULT_CONFIG'
      ? []
      : [`${source}:${isOwn ? name : (synonym ?? name)}=${value}`]),
    ...defaultOf(entry, type, synonym),
  ];
  return `  ${name}=${value} sensitive=false synonyms={${synonyms.join(', ')}}`;
}

function defaultOf(
  { name, value, configSource }: ConfigEntry,
  type: 'topic' | 'broker' | 'group',
  synonym: string | null,
): string[] {
  const isDefault = SOURCES[configSource] === 'DEFAULT_CONFIG';
  if (type === 'group') return [];
  if (type === 'broker') return isDefault ? [`DEFAULT_CONFIG:${name}=${value}`] : [];
  if (synonym === null || UNSET.includes(synonym)) return [];
  const setting = topicSettings[name as keyof typeof topicSettings];
  const text = isDefault ? value : setting.defaultText;
  return [`DEFAULT_CONFIG:${synonym}=${text}`];
}
