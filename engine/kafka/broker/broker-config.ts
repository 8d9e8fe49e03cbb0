/**
 * The settings of a broker: real names, defaults (of the profile where they changed) and valid
 * values. Settings that are the default of a topic setting keep their own name here.
 *
 * Not here: topic settings (`partition/topic-config.ts`), the reading of tables (`config.ts`).
 * Differences: `node.id`, `listeners` and `controller.quorum.voters` are given to the broker as
 * values, not as settings, for the host and its address come from the world.
 */
import { assert } from '../../kernel/assert.ts';
import {
  ConfigError,
  type ConfigOf,
  boolean,
  byProfile,
  double,
  int,
  list,
  long,
  readConfig,
  string,
} from '../config.ts';
import { topicDefaults } from '../partition/topic-config.ts';
import type { Profile } from '../profiles.ts';

/** The only `ReplicaSelector` that Kafka brings along (KIP-392). */
export const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';

const hours = { min: 1, max: 2_147_483_647 };

export const brokerSettings = {
  'auto.create.topics.enable': boolean(true, 'Whether asking for a topic makes it.'),
  'broker.heartbeat.interval.ms': int(2_000, 'Time between heartbeats to the controller.', {
    min: 1,
  }),
  'broker.rack': string('', 'The rack that the broker stands in.'),
  'broker.session.timeout.ms': int(9_000, 'Silence after which the controller fences a broker.', {
    min: 1,
  }),
  'compression.type': string('producer', 'The codec of the log.', ['producer']),
  'controlled.shutdown.enable': boolean(true, 'Whether leaders move away before a stop.'),
  'controller.socket.timeout.ms': int(30_000, 'Request timeout towards the controller.', {
    min: 1,
  }),
  'default.replication.factor': int(1, 'Replicas of a topic that is made automatically.', {
    min: 1,
  }),
  'fetch.max.bytes': int(57_671_680, 'The most bytes of one Fetch reply.', { min: 1024 }),
  'log.cleaner.delete.retention.ms': long(86_400_000, 'How long tombstones stay.', { min: 0 }),
  'log.cleaner.max.compaction.lag.ms': long(null, 'The longest wait for compaction.', { min: 1 }),
  'log.cleaner.min.cleanable.ratio': double('0.5', 'How dirty a log must be.', { min: 0, max: 1 }),
  'log.cleaner.min.compaction.lag.ms': long(0, 'The least wait for compaction.', { min: 0 }),
  'log.cleanup.policy': list('delete', 'What happens to old segments.', ['delete', 'compact']),
  'log.dir': string('data', 'The folder of the logs.'),
  'log.flush.interval.messages': long(null, 'Records after which a log is synced.', { min: 1 }),
  'log.flush.interval.ms': long(null, 'Time after which a log is synced.', { min: 0 }),
  'log.flush.offset.checkpoint.interval.ms': int(60_000, 'Time between recovery points.', {
    min: 1,
  }),
  'log.flush.scheduler.interval.ms': long(null, 'Time between looks for logs to sync.', { min: 1 }),
  'log.flush.start.offset.checkpoint.interval.ms': int(60_000, 'Time between start offsets.', {
    min: 1,
  }),
  'log.index.interval.bytes': int(4096, 'Log bytes between two index entries.', { min: 0 }),
  'log.index.size.max.bytes': int(10_485_760, 'Bytes of an index file.', { min: 4 }),
  'log.message.timestamp.after.max.ms': byProfile(
    long(3_600_000, 'How far ahead a timestamp may be.', { min: 0 }),
  ),
  'log.message.timestamp.before.max.ms': long(null, 'How far back a timestamp may be.', { min: 0 }),
  'log.message.timestamp.type': string('CreateTime', 'Whose clock stamps the records.', [
    'CreateTime',
    'LogAppendTime',
  ]),
  'log.preallocate': boolean(false, 'Whether segments are allocated at once.'),
  'log.retention.bytes': long(-1, 'Bytes of a partition before segments are deleted.', { min: -1 }),
  'log.retention.check.interval.ms': long(300_000, 'Time between looks for old segments.', {
    min: 1,
  }),
  'log.retention.hours': int(168, 'Age of a segment before it is deleted, in hours.', { min: -1 }),
  'log.retention.minutes': int(10_080, 'Age of a segment, in minutes.', { min: -1 }),
  'log.retention.ms': long(604_800_000, 'Age of a segment, in milliseconds.', { min: -1 }),
  'log.roll.hours': int(168, 'Age at which a segment is rolled, in hours.', hours),
  'log.roll.ms': long(604_800_000, 'Age at which a segment is rolled.', { min: 1 }),
  'log.segment.bytes': int(1_073_741_824, 'Bytes of a segment.', { min: 14 }),
  'log.segment.delete.delay.ms': long(60_000, 'How long a deleted file stays.', { min: 0 }),
  'message.max.bytes': byProfile(int(1_048_588, 'The largest record batch.', { min: 0 })),
  'min.insync.replicas': int(1, 'The fewest in-sync replicas for acks=all.', { min: 1 }),
  'num.partitions': int(1, 'Partitions of a topic that is made automatically.', { min: 1 }),
  'offsets.topic.replication.factor': int(3, 'Replicas of __consumer_offsets.', { min: 1 }),
  'producer.id.expiration.ms': int(86_400_000, 'Silence after which a producer is forgotten.', {
    min: 1,
  }),
  'producer.id.expiration.check.interval.ms': int(600_000, 'Time between looks for silent ones.', {
    min: 1,
  }),
  'replica.fetch.backoff.ms': int(1_000, 'Wait of a fetcher after an error.', { min: 0 }),
  'replica.fetch.max.bytes': int(1_048_576, 'Bytes of a partition in a follower fetch.', {
    min: 0,
  }),
  'replica.fetch.min.bytes': int(1, 'Bytes that a follower fetch waits for.', { min: 0 }),
  'replica.fetch.response.max.bytes': int(10_485_760, 'Bytes of a follower fetch.', { min: 0 }),
  'replica.fetch.wait.max.ms': int(500, 'The longest wait of a follower fetch.', { min: 0 }),
  'replica.high.watermark.checkpoint.interval.ms': long(5_000, 'Time between HW checkpoints.', {
    min: 1,
  }),
  'replica.lag.time.max.ms': byProfile(
    long(30_000, 'Lag after which a follower leaves the ISR.', { min: 1 }),
  ),
  'replica.selector.class': string('', 'Who says where consumers fetch; empty: the leader.', [
    '',
    RACK_AWARE_SELECTOR,
  ]),
  'replica.socket.timeout.ms': int(30_000, 'Request timeout of a follower fetch.', { min: 1 }),
  'request.timeout.ms': int(30_000, 'Request timeout towards other nodes.', { min: 1 }),
  'socket.request.max.bytes': int(104_857_600, 'The largest request.', { min: 1 }),
  'unclean.leader.election.enable': byProfile(
    boolean(false, 'Whether a replica outside the ISR may lead.'),
  ),
} as const;

/** The typed settings, with what was given as text for the topics' defaults. */
export type BrokerSettings = ConfigOf<typeof brokerSettings>;
export interface BrokerConfig {
  readonly values: BrokerSettings;
  /** What was set by hand, by name. */
  readonly given: Readonly<Record<string, string>>;
  /** Topic settings that follow from `given`. */
  readonly topicDefaults: Readonly<Record<string, string>>;
}

/** Reads a broker's settings. Throws a `ConfigError`. */
export function readBrokerConfig(
  given: Readonly<Record<string, string>>,
  profile: Profile,
): BrokerConfig {
  const values = readConfig(brokerSettings, given, profile);
  assert(values['log.dir'].length > 0, 'log.dir', { given });
  const waitMs = values['replica.fetch.wait.max.ms'];
  const lagMs = values['replica.lag.time.max.ms'];
  if (waitMs > lagMs) {
    const allowed = `at most replica.lag.time.max.ms (${lagMs}), or the ISR would shrink for ever`;
    throw new ConfigError('replica.fetch.wait.max.ms', String(waitMs), allowed);
  }
  return { values, given, topicDefaults: topicDefaults(given) };
}
