/**
 * The settings of a topic: real names, defaults and valid values, and which broker setting is the
 * default of each (`TopicConfigSynonyms`).
 *
 * Not here: the broker's own settings (`broker/broker-config.ts`).
 * Differences: settings of tiered storage and of message conversion are absent.
 */
import { assert } from '../../kernel/assert.ts';
import type { LogConfig } from '../../storage/log-config.ts';
import {
  type ConfigOf,
  LONG_MAX,
  boolean,
  double,
  int,
  list,
  long,
  readConfig,
  string,
} from '../config.ts';
import type { Profile } from '../profiles.ts';

export const topicSettings = {
  'cleanup.policy': list('delete', 'What happens to old segments.', ['delete', 'compact']),
  'compression.type': string('producer', 'The codec of the log, or `producer` to keep it.', [
    'producer',
  ]),
  'delete.retention.ms': long(86_400_000, 'How long tombstones stay in a compacted log.', {
    min: 0,
  }),
  'file.delete.delay.ms': long(60_000, 'How long a deleted file stays on disk.', { min: 0 }),
  'flush.messages': long(null, 'Records after which the log is synced.', { min: 1 }),
  'flush.ms': long(null, 'Milliseconds after which the log is synced.', { min: 0 }),
  'follower.replication.throttled.replicas': list('', 'Throttled followers.'),
  'index.interval.bytes': int(4096, 'Log bytes between two entries of the index.', { min: 0 }),
  'leader.replication.throttled.replicas': list('', 'Throttled leaders.'),
  'max.compaction.lag.ms': long(null, 'The longest that a record may stay uncompacted.', {
    min: 1,
  }),
  'max.message.bytes': int(1_048_588, 'The largest record batch.', { min: 0 }),
  'message.timestamp.after.max.ms': long(3_600_000, 'How far ahead a timestamp may be.', {
    min: 0,
  }),
  'message.timestamp.before.max.ms': long(null, 'How far back a timestamp may be.', { min: 0 }),
  'message.timestamp.type': string('CreateTime', 'Whose clock stamps the records.', [
    'CreateTime',
    'LogAppendTime',
  ]),
  'min.cleanable.dirty.ratio': double('0.5', 'How dirty a log must be to be compacted.', {
    min: 0,
    max: 1,
  }),
  'min.compaction.lag.ms': long(0, 'The least that a record stays uncompacted.', { min: 0 }),
  'min.insync.replicas': int(1, 'The fewest in-sync replicas for acks=all.', { min: 1 }),
  preallocate: boolean(false, 'Whether segments are allocated at once.'),
  'retention.bytes': long(-1, 'Bytes of a partition after which segments are deleted.', {
    min: -1,
  }),
  'retention.ms': long(604_800_000, 'Age after which segments are deleted.', { min: -1 }),
  'segment.bytes': int(1_073_741_824, 'Bytes of a segment.', { min: 14 }),
  'segment.index.bytes': int(10_485_760, 'Bytes of an index file.', { min: 4 }),
  'segment.jitter.ms': long(0, 'Random time taken from segment.ms.', { min: 0 }),
  'segment.ms': long(604_800_000, 'Time after which a segment is rolled.', { min: 1 }),
  'unclean.leader.election.enable': boolean(
    false,
    'Whether a replica outside the ISR may lead when nobody else can.',
  ),
} as const;

export type TopicConfig = ConfigOf<typeof topicSettings>;

/** The broker setting that is a topic setting's default, and the factor to the topic's unit. */
export const brokerSynonyms: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  'cleanup.policy': [['log.cleanup.policy', 1]],
  'compression.type': [['compression.type', 1]],
  'delete.retention.ms': [['log.cleaner.delete.retention.ms', 1]],
  'file.delete.delay.ms': [['log.segment.delete.delay.ms', 1]],
  'flush.messages': [['log.flush.interval.messages', 1]],
  'flush.ms': [
    ['log.flush.interval.ms', 1],
    ['log.flush.scheduler.interval.ms', 1],
  ],
  'index.interval.bytes': [['log.index.interval.bytes', 1]],
  'max.compaction.lag.ms': [['log.cleaner.max.compaction.lag.ms', 1]],
  'max.message.bytes': [['message.max.bytes', 1]],
  'message.timestamp.after.max.ms': [['log.message.timestamp.after.max.ms', 1]],
  'message.timestamp.before.max.ms': [['log.message.timestamp.before.max.ms', 1]],
  'message.timestamp.type': [['log.message.timestamp.type', 1]],
  'min.cleanable.dirty.ratio': [['log.cleaner.min.cleanable.ratio', 1]],
  'min.compaction.lag.ms': [['log.cleaner.min.compaction.lag.ms', 1]],
  'min.insync.replicas': [['min.insync.replicas', 1]],
  preallocate: [['log.preallocate', 1]],
  'retention.bytes': [['log.retention.bytes', 1]],
  'retention.ms': [
    ['log.retention.ms', 1],
    ['log.retention.minutes', 60_000],
    ['log.retention.hours', 3_600_000],
  ],
  'segment.bytes': [['log.segment.bytes', 1]],
  'segment.index.bytes': [['log.index.size.max.bytes', 1]],
  'segment.ms': [
    ['log.roll.ms', 1],
    ['log.roll.hours', 3_600_000],
  ],
  'unclean.leader.election.enable': [['unclean.leader.election.enable', 1]],
};

/**
 * The topic settings that follow from the broker's, as texts: of several broker settings for one
 * topic setting the first that was given wins (`log.retention.ms` over minutes over hours).
 */
export function topicDefaults(
  brokerGiven: Readonly<Record<string, string>>,
): Record<string, string> {
  const defaults: Record<string, string> = {};
  for (const [name, synonyms] of Object.entries(brokerSynonyms)) {
    for (const [synonym, factor] of synonyms) {
      const text = brokerGiven[synonym];
      if (text === undefined) continue;
      defaults[name] = factor === 1 ? text : String(Number(text) * factor);
      break;
    }
  }
  return defaults;
}

/** A topic's configuration: its own settings over the broker's over the defaults. */
export function readTopicConfig(
  own: ReadonlyMap<string, string>,
  defaults: Readonly<Record<string, string>>,
  profile: Profile,
): TopicConfig {
  const given: Record<string, string> = { ...releaseDefaults(profile), ...defaults };
  for (const [name, text] of own) given[name] = text;
  const config = readConfig(topicSettings, given, profile);
  assert(config['min.insync.replicas'] >= 1, 'min.insync.replicas', { given });
  return config;
}

/** The defaults that a release has for topics; for the others the table speaks. */
export function releaseDefaults({ defaults }: Profile): Record<string, string> {
  return {
    'max.message.bytes': defaults['message.max.bytes'],
    'message.timestamp.after.max.ms': defaults['log.message.timestamp.after.max.ms'],
    'unclean.leader.election.enable': defaults['unclean.leader.election.enable'],
  };
}

/** What the storage layer needs of a topic's configuration. */
export function logConfigOf(topic: TopicConfig): LogConfig {
  const flushMs = topic['flush.ms'];
  assert(flushMs >= 0 && flushMs <= LONG_MAX, 'flush.ms', { flushMs });
  // A segment that stays active cannot be compacted (KIP-354).
  const compacts = topic['cleanup.policy'].includes('compact');
  return {
    segmentBytes: topic['segment.bytes'],
    segmentMs: compacts
      ? Math.min(topic['segment.ms'], topic['max.compaction.lag.ms'])
      : topic['segment.ms'],
    segmentIndexBytes: topic['segment.index.bytes'],
    indexIntervalBytes: topic['index.interval.bytes'],
    retentionMs: topic['retention.ms'],
    retentionBytes: topic['retention.bytes'],
    flushMessages: topic['flush.messages'],
    flushMs,
    fileDeleteDelayMs: topic['file.delete.delay.ms'],
    deletes: topic['cleanup.policy'].includes('delete'),
  };
}
