/**
 * The share-partitions of a broker: made when a member first fetches from a partition that this
 * broker leads, and fenced when the leader epoch changes.
 *
 * Not here: one of them (`share-partition.ts`). Source: `SharePartitionManager`,
 * `SharePartitionCache`.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import { type GroupSettings, groupSettingsOf } from '../group/group-settings.ts';
import type { MetadataChanges } from '../metadata/delta.ts';
import { resourceKey } from '../metadata/image.ts';
import type { Partition } from '../partition/partition.ts';
import type { Persister } from './persister.ts';
import type { ShareModuleConfig } from './share-coordinator-config.ts';
import { type SharePartitionKey, sharePartitionName } from './share-coordinator-shard.ts';
import { SharePartition } from './share-partition.ts';

/** A share-partition with its log, or why there is none here. */
export type FoundSharePartition =
  | { readonly errorCode: 0; readonly share: SharePartition; readonly partition: Partition }
  | { readonly errorCode: number; readonly share: null; readonly partition: null };

export class SharePartitions {
  readonly #broker: BrokerParts;
  readonly #config: ShareModuleConfig;
  readonly #persister: Persister;
  readonly #changed: (share: SharePartition) => void;
  readonly #all = new Map<string, SharePartition>();

  constructor(
    broker: BrokerParts,
    config: ShareModuleConfig,
    persister: Persister,
    /** There may be something to acquire that was not before. */
    changed: (share: SharePartition) => void,
  ) {
    this.#broker = broker;
    this.#config = config;
    this.#persister = persister;
    this.#changed = changed;
  }

  get all(): Iterable<SharePartition> {
    return this.#all.values();
  }

  /** What was set for a group. */
  settingsOf(groupId: string): GroupSettings {
    return groupSettingsOf(this.#broker.image().configs.get(resourceKey('group', groupId)));
  }

  /** How long a member may keep what it acquires, in milliseconds. */
  lockDurationMs(groupId: string): number {
    const own = this.settingsOf(groupId)['share.record.lock.duration.ms'];
    return own ?? this.#config['group.share.record.lock.duration.ms'];
  }

  /**
   * The share-partition, made if it is not there and this broker leads the partition. Errors:
   * UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR.
   */
  find(key: SharePartitionKey): FoundSharePartition {
    const { replicas } = this.#broker;
    const topic = this.#broker.image().topicNames.get(key.topicId);
    if (topic === undefined) return missing(ErrorCode.UNKNOWN_TOPIC_ID);
    const partition = replicas.get(topic, key.partition);
    if (partition === undefined) return missing(replicas.missingError(topic, key.partition));
    const errorCode = partition.checkLeader(-1);
    if (errorCode !== ErrorCode.NONE) return missing(errorCode);
    const name = sharePartitionName(key);
    const known = this.#all.get(name);
    const { leaderEpoch } = partition;
    const isGood = known?.state !== 'FAILED' && known?.leaderEpoch === leaderEpoch;
    if (known !== undefined && isGood) return { errorCode, share: known, partition };
    if (known !== undefined) this.#fence(name, known);
    const share = this.#made(key, partition);
    this.#all.set(name, share);
    return { errorCode, share, partition };
  }

  #made(key: SharePartitionKey, partition: Partition): SharePartition {
    const { log, leaderEpoch, name } = partition;
    const made: SharePartition = new SharePartition({
      ports: this.#broker.ports,
      ...{ key, name, leaderEpoch, persister: this.#persister },
      deliveryCountMax: this.#config['group.share.delivery.count.limit'],
      inFlightMax: this.#config['group.share.partition.max.record.locks'],
      lockDurationMs: () => this.lockDurationMs(key.groupId),
      resetOffset: () =>
        this.settingsOf(key.groupId)['share.auto.offset.reset'] === 'earliest'
          ? log.logStartOffset
          : log.highWatermark,
      changed: () => this.#changed(made),
    });
    return made;
  }

  /** What a member holds is free: its session has ended. */
  release(groupId: string, memberId: string): void {
    for (const share of this.#all.values()) {
      if (share.key.groupId === groupId) share.release(memberId);
    }
  }

  /** Those whose partition has another leader or leader epoch now, or is gone, are fenced. */
  metadataChanged({ partitions }: MetadataChanges): void {
    for (const { topicId, partition, before, after } of partitions) {
      if (before?.leaderEpoch === after?.leaderEpoch) continue;
      for (const [name, share] of [...this.#all]) {
        const { key } = share;
        if (key.topicId === topicId && key.partition === partition) this.#fence(name, share);
      }
    }
  }

  close(): void {
    for (const [name, share] of [...this.#all]) this.#fence(name, share);
    assert(this.#all.size === 0, 'none is left');
  }

  #fence(name: string, share: SharePartition): void {
    this.#all.delete(name);
    share.fence();
    this.#changed(share);
  }
}

function missing(errorCode: number): FoundSharePartition {
  assert(errorCode !== ErrorCode.NONE, 'an error');
  return { errorCode, share: null, partition: null };
}
