/**
 * The settings of a broker that only its share groups know: real names, defaults of Kafka 4.1, and
 * valid values.
 *
 * Sources: `ShareGroupConfig`, `ShareCoordinatorConfig`. Those of the group coordinator:
 * `group/share/share-groups.ts`; those of a single group: `group/group-settings.ts`. Differences:
 * who has the module has share groups, as with `share.version=1`; the bounds of
 * `group.share.record.lock.duration.ms` are not settings.
 */
import { type ConfigOf, int } from '../config.ts';

const FROM_1 = { min: 1 };

export const shareModuleSettings = {
  'group.share.delivery.count.limit': int(5, 'How often a record is delivered at most.', {
    min: 2,
    max: 10,
  }),
  'group.share.partition.max.record.locks': int(
    2_000,
    'Records of a share-partition that may be in flight at once.',
    { min: 100, max: 10_000 },
  ),
  'group.share.record.lock.duration.ms': int(
    30_000,
    'How long a member may keep records that it has acquired.',
    { min: 1_000, max: 3_600_000 },
  ),
  'group.share.max.share.sessions': int(2_000, 'Share sessions of a broker.', FROM_1),
  'share.coordinator.load.buffer.size': int(5_242_880, 'Bytes that are replayed at once.', FROM_1),
  'share.coordinator.snapshot.update.records.per.snapshot': int(
    500,
    'Updates of a share-partition after which its whole state is written again.',
    { min: 0, max: 500 },
  ),
  'share.coordinator.state.topic.min.isr': int(2, 'min.insync.replicas of its topic.', FROM_1),
  'share.coordinator.state.topic.num.partitions': int(50, 'Partitions of its topic.', FROM_1),
  'share.coordinator.state.topic.replication.factor': int(3, 'Replicas of its topic.', FROM_1),
  'share.coordinator.state.topic.segment.bytes': int(104_857_600, 'A segment of its topic.', {
    min: 14,
  }),
  'share.coordinator.write.timeout.ms': int(5_000, 'How long a write waits.', FROM_1),
} as const;

export type ShareModuleConfig = ConfigOf<typeof shareModuleSettings>;
