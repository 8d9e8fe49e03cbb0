/**
 * The group coordinator as a module of a broker: groups of the classic protocol and their committed
 * offsets, kept in `__consumer_offsets`.
 *
 *     createBroker({ ..., modules: [groupCoordinator()] })
 *
 * Not here: how a shard is loaded and written (`coordinator/`), the groups (`group-shard.ts`).
 * Source: `GroupCoordinatorService`. Differences: groups of KIP-848 and share groups are parts that
 * are handed in.
 */
import { assert } from '../../kernel/assert.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import type {
  BrokerModule,
  BrokerModuleFactory,
  CoordinatedKeys,
  TransactionEnd,
} from '../broker/broker-module.ts';
import { CoordinatorRuntime } from '../coordinator/coordinator-runtime.ts';
import { findCoordinatorHandler } from '../coordinator/find-coordinator.ts';
import { partitionFor } from '../coordinator/partition-for.ts';
import type { ConfigOf } from '../config.ts';
import type { ShardTimer } from '../coordinator/coordinator-shard.ts';
import type { MetadataChanges } from '../metadata/delta.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { Partition } from '../partition/partition.ts';
import {
  type GroupCoordinatorConfig,
  groupCoordinatorSettings,
} from './group-coordinator-config.ts';
import { groupHandlers } from './group-handlers.ts';
import type { ConsumerProtocol } from './consumer/consumer-group-handlers.ts';
import type { ConsumerGroups } from './consumer/consumer-groups.ts';
import { type GroupRecord, groupRecordCodecWith } from './group-record.ts';
import { GroupShard } from './group-shard.ts';
import { type GroupCoordinatorView, viewOf } from './group-view.ts';
import { offsetHandlers } from './offset-handlers.ts';
import type { ShareProtocol } from './share/share-group-handlers.ts';
import type { ShareGroups } from './share/share-groups.ts';

export const GROUP_METADATA_TOPIC = '__consumer_offsets';
/** `CoordinatorType.GROUP`. */
const GROUP_KEYS = 0;

/** What a coordinator knows besides the classic protocol. */
interface GroupProtocols {
  readonly consumer: ConsumerProtocol | null;
  readonly share: ShareProtocol | null;
}

const CLASSIC_ONLY: GroupProtocols = { consumer: null, share: null };

/** The shards of the groups, and which of them a group belongs to. */
export class GroupRuntime extends CoordinatorRuntime<GroupShard, GroupRecord> {
  readonly #image: () => MetadataImage;
  readonly #partitions: number;

  constructor(
    broker: BrokerParts,
    config: GroupCoordinatorConfig,
    { consumer, share }: GroupProtocols,
  ) {
    const { ports } = broker;
    const more = {
      consumer: consumer === null ? null : consumerGroupsOf(consumer, broker, config),
      share: share === null ? null : shareGroupsOf(share, broker, config),
    };
    super(broker, {
      topic: GROUP_METADATA_TOPIC,
      codec: groupRecordCodecWith(consumer?.codec ?? null, share?.codec ?? null),
      makeShard: (parts) => new GroupShard(ports, config, parts, more),
      writeTimeoutMs: config['offsets.commit.timeout.ms'],
      loadBufferBytes: config['offsets.load.buffer.size'],
    });
    this.#image = () => broker.image();
    this.#partitions = config['offsets.topic.num.partitions'];
  }

  /** The partition of a group's records. */
  partitionFor(groupId: string): number {
    const known = this.#image().topics.get(GROUP_METADATA_TOPIC)?.partitions.length;
    return partitionFor(groupId, known ?? this.#partitions);
  }
}

/** What makes the groups of the consumer protocol in a shard. */
function consumerGroupsOf(
  protocol: ConsumerProtocol,
  broker: BrokerParts,
  config: GroupCoordinatorConfig,
): (timer: ShardTimer) => ConsumerGroups {
  const { ports } = broker;
  // The factory gave the settings of both.
  const given = config as GroupCoordinatorConfig & ConfigOf<ConsumerProtocol['settings']>;
  return (timer) =>
    protocol.makeGroups({ ports, config: given, timer, image: () => broker.image() });
}

/** What makes the share groups in a shard. */
function shareGroupsOf(
  protocol: ShareProtocol,
  broker: BrokerParts,
  config: GroupCoordinatorConfig,
): (timer: ShardTimer) => ShareGroups {
  const { ports } = broker;
  const given = config as GroupCoordinatorConfig & ConfigOf<ShareProtocol['settings']>;
  return (timer) =>
    protocol.makeGroups({ ports, config: given, timer, image: () => broker.image() });
}

export class GroupCoordinator implements BrokerModule {
  readonly runtime: GroupRuntime;
  readonly handlers: BrokerModule['handlers'];
  readonly topics = [GROUP_METADATA_TOPIC];
  readonly coordinated: readonly CoordinatedKeys[];
  readonly #closeShare: () => void;

  constructor(
    broker: BrokerParts,
    config: GroupCoordinatorConfig,
    protocols: GroupProtocols = CLASSIC_ONLY,
  ) {
    const runtime = new GroupRuntime(broker, config, protocols);
    this.runtime = runtime;
    const isKnown = broker.profile.switches.shareGroups;
    const share = isKnown ? protocols.share?.handlers(runtime, broker) : undefined;
    this.#closeShare = () => share?.close();
    this.handlers = [
      findCoordinatorHandler,
      ...groupHandlers(runtime, config),
      ...offsetHandlers(runtime),
      ...(protocols.consumer?.handlers(runtime) ?? []),
      ...(share?.handlers ?? []),
    ];
    this.coordinated = [
      {
        keyType: GROUP_KEYS,
        topic: GROUP_METADATA_TOPIC,
        partitionFor: (groupId) => runtime.partitionFor(groupId),
      },
    ];
    broker.autoTopicCreation.internalTopic({
      name: GROUP_METADATA_TOPIC,
      numPartitions: config['offsets.topic.num.partitions'],
      replicationFactor: broker.config.values['offsets.topic.replication.factor'],
      assignments: [],
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'producer' },
        { name: 'segment.bytes', value: String(config['offsets.topic.segment.bytes']) },
      ],
    });
  }

  elected(partition: Partition): void {
    this.runtime.elected(partition);
  }

  resigned(topic: string, index: number): void {
    assert(topic === GROUP_METADATA_TOPIC, 'the topic of groups', { topic });
    this.runtime.resigned(index);
  }

  transactionEnding({ index }: Partition): number {
    return this.runtime.transactionEnding(index);
  }

  transactionEnded({ index }: Partition, end: TransactionEnd): void {
    this.runtime.transactionEnded(index, end);
  }

  metadataChanged(image: MetadataImage, changes: MetadataChanges): void {
    for (const { name } of changes.deletedTopics) {
      if (image.topics.has(name)) continue;
      for (const [index] of [...this.runtime.active()]) {
        // What cannot be written now goes when it expires.
        this.runtime.write(
          index,
          (shard) => shard.topicDeleted(name),
          () => {},
        );
      }
    }
  }

  close(): void {
    this.#closeShare();
    this.runtime.close();
  }

  inspect(): GroupCoordinatorView {
    return viewOf(this.runtime);
  }
}

/**
 * The group coordinator, for `BrokerOptions.modules`; with `consumerProtocol`
 * (`consumer/consumer-group-handlers.ts`) it has groups of KIP-848, too, with `shareProtocol`
 * (`share/share-group-handlers.ts`) share groups.
 */
export function groupCoordinator(
  consumer: ConsumerProtocol | null = null,
  share: ShareProtocol | null = null,
): BrokerModuleFactory<typeof groupCoordinatorSettings> {
  return {
    settings: { ...groupCoordinatorSettings, ...consumer?.settings, ...share?.settings },
    create: (parts, config) => new GroupCoordinator(parts, config, { consumer, share }),
  };
}
