/**
 * Share groups as a module of a broker (KIP-932): the share coordinator, and the share-partitions
 * of the partitions that the broker leads. Together with a group coordinator that knows share
 * groups:
 *
 *     createBroker({ ..., modules: [groupCoordinator(null, shareProtocol), shareGroups] })
 *
 * Preview in Kafka 4.1, early access in 4.0, for production since 4.2
 * (`profiles/switches.ts`, `shareGroups`). Not here: members and their assignment (`group/share/`).
 * Source: `BrokerServer`, `SharePartitionManager`, `ShareCoordinatorService`.
 */
import { assert } from '../../kernel/assert.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import type {
  BrokerModule,
  BrokerModuleFactory,
  CoordinatedKeys,
} from '../broker/broker-module.ts';
import { Purgatory } from '../broker/purgatory.ts';
import { findCoordinatorHandler } from '../coordinator/find-coordinator.ts';
import { partitionFor } from '../coordinator/partition-for.ts';
import type { MetadataChanges } from '../metadata/delta.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { Partition } from '../partition/partition.ts';
import { Persister } from './persister.ts';
import type { RecordState } from './record-state.ts';
import { type ShareModuleConfig, shareModuleSettings } from './share-coordinator-config.ts';
import {
  isSharePartitionName,
  SHARE_GROUP_STATE_TOPIC,
  ShareCoordinator,
} from './share-coordinator.ts';
import { shareFetchHandlers } from './share-fetch.ts';
import { SharePartitions } from './share-partitions.ts';
import { ShareSessions } from './share-sessions.ts';

/** `CoordinatorType.SHARE`. */
const SHARE_KEYS = 2;

/** One record in flight, as views and checkers see it. */
export interface InFlightView {
  readonly offset: number;
  readonly state: RecordState;
  readonly deliveryCount: number;
  readonly member: string;
}

export interface SharePartitionView {
  readonly group: string;
  /** `orders-0`. */
  readonly partition: string;
  readonly leaderEpoch: number;
  readonly state: string;
  readonly startOffset: number;
  readonly inFlight: readonly InFlightView[];
}

export interface ShareModuleView {
  readonly kind: 'share-groups';
  readonly sessions: number;
  readonly partitions: readonly SharePartitionView[];
}

class ShareModule implements BrokerModule {
  readonly handlers: BrokerModule['handlers'];
  readonly topics = [SHARE_GROUP_STATE_TOPIC];
  readonly coordinated: readonly CoordinatedKeys[];
  readonly #coordinator: ShareCoordinator;
  readonly #persister: Persister;
  readonly #partitions: SharePartitions;
  readonly #sessions: ShareSessions;
  readonly #purgatory: Purgatory;

  constructor(broker: BrokerParts, config: ShareModuleConfig) {
    const coordinator = new ShareCoordinator(broker, config);
    this.#coordinator = coordinator;
    const persister = new Persister(broker, 'share-persister');
    this.#persister = persister;
    const purgatory = new Purgatory(broker.ports.clock, 'DelayedShareFetch');
    this.#purgatory = purgatory;
    const partitions = new SharePartitions(broker, config, persister, ({ name }) =>
      purgatory.check(name),
    );
    this.#partitions = partitions;
    const sessions = new ShareSessions(config['group.share.max.share.sessions']);
    this.#sessions = sessions;
    broker.replicas.whenProgressed((name) => purgatory.check(name));
    const handlers = [
      findCoordinatorHandler,
      ...coordinator.handlers,
      ...shareFetchHandlers({ broker, sessions, partitions, purgatory }),
    ];
    this.handlers = broker.profile.switches.shareGroups ? handlers : [];
    const count = (): number =>
      broker.image().topics.get(SHARE_GROUP_STATE_TOPIC)?.partitions.length ??
      config['share.coordinator.state.topic.num.partitions'];
    this.coordinated = [
      {
        keyType: SHARE_KEYS,
        topic: SHARE_GROUP_STATE_TOPIC,
        partitionFor: (name) => (isSharePartitionName(name) ? partitionFor(name, count()) : null),
      },
    ];
    broker.autoTopicCreation.internalTopic(stateTopic(config));
  }

  elected(partition: Partition): void {
    this.#coordinator.elected(partition);
  }

  resigned(topic: string, index: number): void {
    assert(topic === SHARE_GROUP_STATE_TOPIC, 'the topic of states', { topic });
    this.#coordinator.resigned(index);
  }

  metadataChanged(_image: MetadataImage, changes: MetadataChanges): void {
    this.#partitions.metadataChanged(changes);
  }

  close(): void {
    this.#purgatory.clear();
    this.#partitions.close();
    this.#persister.close();
    this.#coordinator.close();
  }

  inspect(): ShareModuleView {
    const partitions = [...this.#partitions.all].map((share) => ({
      group: share.key.groupId,
      partition: share.name,
      leaderEpoch: share.leaderEpoch,
      state: share.state,
      startOffset: share.startOffset,
      inFlight: [...share.inFlight].map(([offset, { state, deliveryCount, memberId }]) => {
        return { offset, state, deliveryCount, member: memberId };
      }),
    }));
    return { kind: 'share-groups', sessions: this.#sessions.size, partitions };
  }
}

function stateTopic(config: ShareModuleConfig) {
  const minIsr = config['share.coordinator.state.topic.min.isr'];
  const segmentBytes = config['share.coordinator.state.topic.segment.bytes'];
  return {
    name: SHARE_GROUP_STATE_TOPIC,
    numPartitions: config['share.coordinator.state.topic.num.partitions'],
    replicationFactor: config['share.coordinator.state.topic.replication.factor'],
    assignments: [],
    configs: [
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'min.insync.replicas', value: String(minIsr) },
      { name: 'retention.ms', value: '-1' },
      { name: 'segment.bytes', value: String(segmentBytes) },
    ],
  };
}

/** For `BrokerOptions.modules`. */
export const shareGroups: BrokerModuleFactory<typeof shareModuleSettings> = {
  settings: shareModuleSettings,
  create: (broker, config) => new ShareModule(broker, config),
};
