/**
 * The settings of a broker that only its group coordinator knows: real names, defaults of Kafka 4.1
 * (and of older releases where they differed), and valid values.
 *
 * Source: `GroupCoordinatorConfig`. Not here: `offsets.topic.replication.factor`, which brokers
 * without a coordinator know too (`broker/broker-config.ts`).
 */
import { type ConfigOf, int, long } from '../config.ts';

export const groupCoordinatorSettings = {
  'group.initial.rebalance.delay.ms': int(
    3_000,
    'How long a group that was empty waits for more members before its first assignment.',
    { min: 0 },
  ),
  'group.max.session.timeout.ms': int(1_800_000, 'The longest session of a member.', { min: 1 }),
  'group.max.size': int(2_147_483_647, 'The most members of a group.', { min: 1 }),
  'group.min.session.timeout.ms': int(6_000, 'The shortest session of a member.', { min: 1 }),
  'offset.metadata.max.bytes': int(4_096, 'The longest text with a committed offset.', { min: 0 }),
  'offsets.commit.timeout.ms': int(5_000, 'How long a commit waits for its replicas.', { min: 1 }),
  'offsets.load.buffer.size': int(5_242_880, 'Bytes of the log that are replayed at once.', {
    min: 1,
  }),
  'offsets.retention.check.interval.ms': long(600_000, 'Time between looks for old offsets.', {
    min: 1,
  }),
  'offsets.retention.minutes': int(10_080, 'How long offsets of an empty group stay.', { min: 1 }),
  'offsets.topic.num.partitions': int(50, 'Partitions of __consumer_offsets.', { min: 1 }),
  'offsets.topic.segment.bytes': int(104_857_600, 'Bytes of a segment of __consumer_offsets.', {
    min: 1,
  }),
} as const;

export type GroupCoordinatorConfig = ConfigOf<typeof groupCoordinatorSettings>;
