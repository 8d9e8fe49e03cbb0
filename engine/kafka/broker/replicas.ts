/**
 * All replicas of this broker: takes the cluster's changes in, makes each replica leader or
 * follower, starts and stops fetchers, and looks after the ISRs.
 *
 * Not here: one replica (`partition/partition.ts`), files (`log-dir.ts`), requests (`api/`).
 * Source: `kafka.server.ReplicaManager` (`applyDelta`, `HostedPartition`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { MetadataChanges, PartitionChange } from '../metadata/delta.ts';
import { type MetadataImage, resourceKey, topicConfig } from '../metadata/image.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';
import type {
  IsrProposal,
  IsrProposer,
  PartitionEnvironment,
} from '../partition/in-sync-replicas.ts';
import { Partition } from '../partition/partition.ts';
import { type TopicConfig, logConfigOf, readTopicConfig } from '../partition/topic-config.ts';
import type { Profile, SwitchName } from '../profiles.ts';
import type { AlterPartitionChannel } from './alter-partition-channel.ts';
import type { BrokerTransactions } from './broker-transactions.ts';
import type { BrokerConfig } from './broker-config.ts';
import type { LogDir } from './log-dir.ts';
import { Purgatory } from './purgatory.ts';
import { ReplicaFetcher } from './replica-fetcher.ts';

export interface ReplicasParts {
  readonly nodeId: number;
  readonly profile: Profile;
  readonly config: BrokerConfig;
  readonly logDir: LogDir;
  readonly alterPartitions: AlterPartitionChannel;
  readonly image: () => MetadataImage;
  readonly brokerEpoch: () => number;
  readonly isStopping: () => boolean;
  /** This broker leads a partition in a new epoch. */
  readonly elected: (partition: Partition) => void;
  /** It leads a partition no more, or has no replica of it. */
  readonly resigned: (topic: string, index: number) => void;
}

export class Replicas implements PartitionEnvironment {
  readonly ports: Ports;
  readonly brokerId: number;
  readonly switches: Readonly<Record<SwitchName, boolean>>;
  readonly lagMicrosMax: number;
  readonly producePurgatory: Purgatory;
  readonly fetchPurgatory: Purgatory;
  /** Set by the transaction module, before any log is opened. */
  transactions: BrokerTransactions | null = null;
  readonly #parts: ReplicasParts;
  readonly #partitions = new Map<string, Partition>();
  readonly #fetchers = new Map<number, ReplicaFetcher>();
  /** Partitions whose log could not be opened: the disk failed. */
  readonly #offline = new Set<string>();
  readonly #progressLooks: ((partitionName: string) => void)[] = [];
  #closed = false;

  constructor(ports: Ports, parts: ReplicasParts) {
    const { nodeId, profile, config } = parts;
    assert(nodeId >= 0, 'node id', { nodeId });
    this.ports = ports;
    this.#parts = parts;
    this.brokerId = nodeId;
    this.switches = profile.switches;
    this.lagMicrosMax = microsOfMillis(config.values['replica.lag.time.max.ms']);
    this.producePurgatory = new Purgatory(ports.clock, 'DelayedProduce');
    this.fetchPurgatory = new Purgatory(ports.clock, 'DelayedFetch');
  }

  /** Where their logs are. */
  get logDir(): LogDir {
    return this.#parts.logDir;
  }

  /** All partitions of this broker, in order of topic and index as they were made. */
  get partitions(): Iterable<Partition> {
    return this.#partitions.values();
  }

  get(topic: string, index: number): Partition | undefined {
    return this.#partitions.get(`${topic}-${index}`);
  }

  /** Why a request for a partition that is not here fails (`getPartitionOrError`). */
  missingError(topic: string, index: number): number {
    if (this.#offline.has(`${topic}-${index}`)) return ErrorCode.KAFKA_STORAGE_ERROR;
    const known = this.#parts.image().topics.get(topic)?.partitions[index] !== undefined;
    return known ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }

  // ------------------------------------------------------------------- as the partitions see it

  brokerEpoch(): number {
    return this.#parts.brokerEpoch();
  }

  aliveBrokerEpoch(brokerId: number): number {
    const broker = this.#parts.image().brokers.get(brokerId);
    return broker === undefined || broker.fenced ? -1 : broker.epoch;
  }

  isFenced(brokerId: number): boolean {
    return this.#parts.image().brokers.get(brokerId)?.fenced ?? true;
  }

  isShuttingDown(brokerId: number): boolean {
    return this.#parts.image().brokers.get(brokerId)?.inControlledShutdown ?? false;
  }

  alterPartition(partition: IsrProposer, proposal: IsrProposal): void {
    this.#parts.alterPartitions.submit(partition, proposal);
  }

  progressed(partitionName: string): void {
    this.producePurgatory.check(partitionName);
    this.fetchPurgatory.check(partitionName);
    for (const look of this.#progressLooks) look(partitionName);
  }

  /** Looks whenever something may have become possible in a partition, by its name. */
  whenProgressed(look: (partitionName: string) => void): void {
    this.#progressLooks.push(look);
  }

  // --------------------------------------------------------------------------- metadata changes

  /** The first metadata after a start: what is on disk and not ours is set aside. */
  applyFirst(image: MetadataImage): void {
    const isOurs = (topic: string, partition: number): boolean =>
      image.topics.get(topic)?.partitions[partition]?.replicas.includes(this.brokerId) ?? false;
    this.#parts.logDir.setAsideStrays(({ topic, partition }) => isOurs(topic, partition));
    this.#parts.logDir.removeDeleted(this.topicConfig('')['file.delete.delay.ms']);
    for (const topic of image.topics.values()) {
      for (const [partition, after] of topic.partitions.entries()) {
        const change = {
          topic: topic.name,
          topicId: topic.id,
          partition,
          before: undefined,
          after,
        };
        this.#applyPartition(change);
      }
    }
    this.#startTimers();
  }

  /** What a later chunk of metadata changed. Deletions come first, as in `applyDelta`. */
  applyChanges(changes: MetadataChanges): void {
    if (this.#closed) return;
    for (const topic of changes.deletedTopics) {
      for (const index of topic.partitions.keys()) this.#delete(`${topic.name}-${index}`, topic.id);
    }
    for (const change of changes.partitions) {
      if (change.after !== undefined) this.#applyPartition(change);
    }
    for (const key of changes.configs) this.#applyConfig(key);
    if (changes.brokers.length > 0) this.#brokersChanged(changes.brokers);
  }

  #applyPartition(change: PartitionChange): void {
    const { topic, topicId, partition: index, after } = change;
    assert(after !== undefined, 'a partition that exists', { topic, index });
    const name = `${topic}-${index}`;
    if (!after.replicas.includes(this.brokerId)) {
      this.#delete(name, topicId);
      return;
    }
    const partition = this.#hosted(topic, topicId, index);
    if (partition === null) return;
    const epoch = partition.leaderEpoch;
    if (after.leader === this.brokerId) {
      this.#stopFetching(name);
      partition.makeLeader(after);
      if (partition.leaderEpoch > epoch) this.#parts.elected(partition);
    } else {
      this.#follow(partition, after);
      this.#parts.resigned(topic, index);
    }
  }

  #hosted(topic: string, topicId: string, index: number): Partition | null {
    const name = `${topic}-${index}`;
    const known = this.#partitions.get(name);
    if (known !== undefined && known.topicId === topicId) return known;
    if (known !== undefined) this.#delete(name, known.topicId);
    if (this.#parts.logDir.offline) return null;
    const config = this.topicConfig(topic);
    const log = this.#parts.logDir.open(
      { topic, partition: index },
      topicId,
      config,
      this.transactions,
    );
    if (log === null) {
      this.#offline.add(name);
      return null;
    }
    const partition = new Partition(this, { topic, index }, log);
    this.#partitions.set(name, partition);
    return partition;
  }

  #follow(partition: Partition, state: PartitionRegistration): void {
    const isNewEpoch = partition.makeFollower(state);
    const isOutside = state.leader < 0 || !state.isr.includes(this.brokerId);
    if (this.#parts.isStopping() && isOutside) {
      this.#stopFetching(partition.name);
    } else if (isNewEpoch) {
      // Stopping comes first, so that the position is found anew.
      this.#stopFetching(partition.name);
      this.#fetchFrom(partition);
    }
  }

  #fetchFrom(partition: Partition): void {
    const { leaderId } = partition;
    const leader = this.#parts.image().brokers.get(leaderId);
    const endPoint = leader?.endPoints[0];
    if (leaderId < 0 || endPoint === undefined) return;
    let fetcher = this.#fetchers.get(leaderId);
    if (fetcher === undefined) {
      fetcher = new ReplicaFetcher(this.ports, {
        brokerId: this.brokerId,
        brokerEpoch: this.#parts.brokerEpoch,
        leaderId,
        address: { host: endPoint.host, port: endPoint.port },
        settings: this.#parts.config.values,
        switches: this.switches,
      });
      this.#fetchers.set(leaderId, fetcher);
    }
    fetcher.add(partition);
  }

  #stopFetching(name: string): void {
    for (const [leaderId, fetcher] of this.#fetchers) {
      fetcher.remove(name);
      if (fetcher.partitionCount > 0) continue;
      fetcher.close();
      this.#fetchers.delete(leaderId);
    }
  }

  #delete(name: string, topicId: string): void {
    this.#offline.delete(name);
    const partition = this.#partitions.get(name);
    if (partition === undefined || partition.topicId !== topicId) return;
    this.#stopFetching(name);
    this.#partitions.delete(name);
    // A replica that moved away sends clients to look for it; a topic that is gone does not.
    partition.stop('STOP_REPLICA', this.missingError(partition.topic, partition.index));
    this.#parts.resigned(partition.topic, partition.index);
    this.#parts.logDir.delete(name);
  }

  /** A leader whose address was not known when we became its follower may be known now. */
  #brokersChanged(ids: readonly number[]): void {
    for (const partition of this.#partitions.values()) {
      if (!partition.isLeader && ids.includes(partition.leaderId)) {
        if (!this.#isFetched(partition)) this.#fetchFrom(partition);
      }
    }
  }

  #isFetched(partition: Partition): boolean {
    return this.#fetchers.get(partition.leaderId)?.has(partition.name) ?? false;
  }

  // -------------------------------------------------------------------------------------- config

  /** A topic's configuration: its own settings, then this broker's, then the release's. */
  topicConfig(topic: string): TopicConfig {
    const { config, profile, image } = this.#parts;
    return readTopicConfig(topicConfig(image(), topic), config.topicDefaults, profile);
  }

  #applyConfig(key: string): void {
    for (const partition of this.#partitions.values()) {
      if (key !== resourceKey('topic', partition.topic)) continue;
      const config = this.topicConfig(partition.topic);
      partition.log.config = config;
      partition.log.log.updateConfig(logConfigOf(config));
    }
  }

  // -------------------------------------------------------------------------------------- timers

  #startTimers(): void {
    const settings = this.#parts.config.values;
    const { logDir } = this.#parts;
    const lagMs = settings['replica.lag.time.max.ms'];
    this.#every(Math.max(1, Math.floor(lagMs / 2)), 'isr-expiration', () => this.#shrinkIsrs());
    const checkpointMs = settings['replica.high.watermark.checkpoint.interval.ms'];
    this.#every(checkpointMs, 'highwatermark-checkpoint', () => logDir.checkpointHighWatermarks());
    const recoveryMs = settings['log.flush.offset.checkpoint.interval.ms'];
    this.#every(recoveryMs, 'recovery-point', () => logDir.checkpointRecoveryPoints());
    const startMs = settings['log.flush.start.offset.checkpoint.interval.ms'];
    this.#every(startMs, 'log-start-offset', () => logDir.checkpointLogStarts());
    const retentionMs = settings['log.retention.check.interval.ms'];
    this.#every(retentionMs, 'log-retention', () => logDir.deleteOldSegments());
    const expirationMs = settings['producer.id.expiration.ms'];
    const expirationCheckMs = settings['producer.id.expiration.check.interval.ms'];
    this.#every(expirationCheckMs, 'producer-id-expiration', () =>
      logDir.removeExpiredProducers(expirationMs),
    );
  }

  #every(intervalMs: number, label: string, act: () => void): void {
    this.ports.clock.after(microsOfMillis(intervalMs), label, () => {
      if (this.#closed) return;
      act();
      this.#every(intervalMs, label, act);
    });
  }

  #shrinkIsrs(): void {
    for (const partition of this.#partitions.values()) partition.maybeShrinkIsr();
  }

  // ----------------------------------------------------------------------------------------- end

  /** The disk failed: every replica is offline. */
  logDirFailed(): void {
    for (const partition of this.#partitions.values()) {
      this.#offline.add(partition.name);
      partition.stop('LOG_DIR_FAILED', ErrorCode.KAFKA_STORAGE_ERROR);
    }
    this.#partitions.clear();
    this.close();
  }

  /** Stops fetching, and what waits is forgotten. Logs are closed by their directory. */
  close(): void {
    this.#closed = true;
    for (const fetcher of this.#fetchers.values()) fetcher.close();
    this.#fetchers.clear();
    this.producePurgatory.clear();
    this.fetchPurgatory.clear();
  }
}
