/**
 * What a topic's configuration means to the controller: its effective min.insync.replicas, whether
 * an unclean election is allowed, and whether given settings are valid.
 *
 * Not here: names, types and defaults (`partition/topic-config.ts`), changes
 * (`incremental-alter-configs.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { ConfigError } from '../config.ts';
import { RESOURCE_TYPE_TOPIC } from '../metadata/delta.ts';
import { topicConfig, type TopicImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { readTopicConfig, topicSettings, type TopicConfig } from '../partition/topic-config.ts';
import type { ControllerConfig } from './controller-config.ts';
import type { ClusterView } from './controller-result.ts';

/**
 * The topic's min.insync.replicas, at most its replication factor.
 * Source: `ReplicationControlManager.getTopicEffectiveMinIsr`.
 */
export function effectiveMinIsr(view: ClusterView, topic: TopicImage): number {
  const name = 'min.insync.replicas';
  const { config, image } = view;
  const text =
    topicConfig(image, topic.name).get(name) ??
    config.topicDefaults[name] ??
    topicSettings[name].defaultText;
  const minIsr = Number(text);
  const replicas = topic.partitions[0]?.replicas.length;
  assert(replicas !== undefined, 'a topic has a partition', { topic: topic.name });
  assert(Number.isInteger(minIsr) && minIsr >= 1, 'min.insync.replicas was checked', { text });
  return Math.min(minIsr, replicas);
}

/** Whether a replica outside the ISR may lead the topic's partitions when nobody else can. */
export function uncleanElectionEnabled(view: ClusterView, topic: string): boolean {
  const name = 'unclean.leader.election.enable';
  const { config, image } = view;
  const text =
    topicConfig(image, topic).get(name) ??
    config.topicDefaults[name] ??
    config.profile.defaults[name];
  assert(text === 'true' || text === 'false', 'it was checked when it was set', { topic, text });
  return text === 'true';
}

/** A new topic's whole configuration, or the sentence that says what is wrong with its settings. */
export function topicConfigOf(
  config: ControllerConfig,
  own: ReadonlyMap<string, string>,
): TopicConfig | string {
  try {
    return readTopicConfig(own, config.topicDefaults, config.profile);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** The record that sets (or, with null, removes) one setting of a topic. */
export function topicConfigRecord(
  topic: string,
  name: string,
  value: string | null,
): MetadataRecord {
  assert(topic.length > 0 && name.length > 0, 'a topic and a setting', { topic, name });
  const data = { resourceType: RESOURCE_TYPE_TOPIC, resourceName: topic, name, value };
  return { type: 'ConfigRecord', data };
}
