/**
 * The broker's log directory: opens the logs of its partitions, keeps the checkpoints (recovery
 * points, high watermarks, log start offsets), applies retention, and closes all for a clean stop.
 *
 * Not here: segments (`storage/`), which partitions are this broker's (`replicas.ts`).
 * Source: `kafka.log.LogManager`, `ReplicaManager.checkpointHighWatermarks`.
 * Differences: one log directory; logs are opened once their topic is known from the metadata, so
 * that a folder of another topic id is never opened; a checkpoint that would say what the file says
 * already is not written again.
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult, Ports, Random } from '../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { takeCleanShutdown, writeCleanShutdown } from '../../storage/clean-shutdown.ts';
import {
  DELETE_FOLDER_SUFFIX,
  HIGH_WATERMARK_CHECKPOINT,
  LOG_START_OFFSET_CHECKPOINT,
  RECOVERY_POINT_CHECKPOINT,
  logFolder,
  parseLogFolder,
} from '../../storage/log-directory.ts';
import { readMetaProperties, writeMetaProperties } from '../../storage/meta-properties.ts';
import { OffsetCheckpoint, type OffsetEntry } from '../../storage/offset-checkpoint.ts';
import { readPartitionMetadata, writePartitionMetadata } from '../../storage/partition-metadata.ts';
import { openLog } from '../../storage/recovery.ts';
import { LeaderEpochCache } from '../partition/leader-epoch-cache.ts';
import { LeaderEpochCheckpoint } from '../partition/leader-epoch-checkpoint.ts';
import { kafkaFraming } from '../partition/log-framing.ts';
import { logStartKind } from '../partition/partition-trace.ts';
import type { BrokerTransactions } from './broker-transactions.ts';
import { ProducerSnapshots, rebuildProducers } from '../partition/producer-snapshot.ts';
import { ProducerState } from '../partition/producer-state.ts';
import { type TopicConfig, logConfigOf } from '../partition/topic-config.ts';
import { UnifiedLog } from '../partition/unified-log.ts';
import { logDirKind, logLoadedKind } from './broker-trace.ts';
import type { DiskFailure } from '../../storage/segment.ts';
import { randomUuid } from '../metadata/random-uuid.ts';

export interface LogDirOptions {
  readonly path: string;
  readonly nodeId: number;
  readonly clusterId: string;
  /** The disk failed for good. */
  readonly failed: (failure: DiskFailure) => void;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

const UNCLEAN_EPOCH = -1;

export class LogDir {
  readonly #ports: Ports;
  readonly #options: LogDirOptions;
  readonly #logs = new Map<string, TopicPartition & { readonly log: UnifiedLog }>();
  readonly #recoveryPoints: CheckpointedOffsets;
  readonly #highWatermarks: CheckpointedOffsets;
  readonly #logStarts: CheckpointedOffsets;
  readonly #deleteIds: Random;
  /** Whether the last stop was clean. */
  readonly clean: boolean;
  /** The broker epoch of the last clean stop (KIP-966); -1 after an unclean one. */
  readonly previousBrokerEpoch: number;
  readonly directoryId: string;
  #offline = false;

  constructor(ports: Ports, options: LogDirOptions) {
    const { path } = options;
    this.#ports = ports;
    this.#options = options;
    this.#recoveryPoints = new CheckpointedOffsets(ports, `${path}/${RECOVERY_POINT_CHECKPOINT}`);
    this.#highWatermarks = new CheckpointedOffsets(ports, `${path}/${HIGH_WATERMARK_CHECKPOINT}`);
    this.#logStarts = new CheckpointedOffsets(ports, `${path}/${LOG_START_OFFSET_CHECKPOINT}`);
    this.#deleteIds = ports.random('log-delete');
    const cleanEpoch = takeCleanShutdown(ports.disk, path);
    this.clean = cleanEpoch !== null;
    this.previousBrokerEpoch = cleanEpoch ?? UNCLEAN_EPOCH;
    this.directoryId = this.#identify();
  }

  get path(): string {
    return this.#options.path;
  }

  get offline(): boolean {
    return this.#offline;
  }

  /** `meta.properties`: a broker does not start on another broker's or another cluster's disk. */
  #identify(): string {
    const { path, nodeId, clusterId } = this.#options;
    const found = readMetaProperties(this.#ports.disk, path);
    if (found !== null) {
      assert(found.nodeId === nodeId, 'InconsistentBrokerIdException', { found, nodeId });
      assert(found.clusterId === clusterId, 'InconsistentClusterIdException', { found, clusterId });
      return found.directoryId;
    }
    const directoryId = randomUuid(this.#ports.random('directory-id'));
    writeMetaProperties(this.#ports.disk, path, { clusterId, nodeId, directoryId });
    return directoryId;
  }

  // --------------------------------------------------------------------------------------- logs

  /** Opens a partition's log, new or old; null if the disk failed. */
  open(
    id: TopicPartition,
    topicId: string,
    config: TopicConfig,
    transactional: BrokerTransactions | null = null,
  ): UnifiedLog | null {
    const folder = logFolder(this.path, id.topic, id.partition);
    const name = `${id.topic}-${id.partition}`;
    assert(!this.#logs.has(name), 'a log is opened once', { name });
    this.#setAsideStray(folder, topicId);
    const isNew = !this.#ports.disk.exists(folder) && this.#ports.disk.list(folder).length === 0;
    // Checkpoints may still know a log of that name that was deleted.
    const known = (file: CheckpointedOffsets): number => (isNew ? 0 : file.get(name));
    const snapshots = new ProducerSnapshots(this.#ports.disk, folder);
    let opened: UnifiedLog | null = null;
    const recoveryPoint = known(this.#recoveryPoints);
    const result = openLog(this.#ports, kafkaFraming, {
      folder,
      config: logConfigOf(config),
      clean: this.clean || isNew,
      recoveryPoint,
      logStartOffset: known(this.#logStarts),
      hooks: {
        failed: (failure) => this.fail(failure),
        rolled: (baseOffset) => opened?.rolled(baseOffset),
        segmentDeleted: (baseOffset) => opened?.transactions?.segmentDeleted(baseOffset),
      },
    });
    if ('failure' in result) {
      this.fail(result.failure);
      return null;
    }
    if (readPartitionMetadata(this.#ports.disk, folder) === null) {
      writePartitionMetadata(this.#ports.disk, folder, topicId);
    }
    const { log, report } = result;
    const epochs = new LeaderEpochCache(new LeaderEpochCheckpoint(this.#ports.disk, folder));
    epochs.restore(log);
    const producers = new ProducerState();
    snapshots.removeAfter(log.logEndOffset);
    const segmentOf = (offset: number): number =>
      log.segments().findLast(({ baseOffset }) => baseOffset <= offset)?.baseOffset ?? 0;
    const make = transactional?.makeLogTransactions;
    const transactions = make?.(this.#ports, { folder, producers, segmentOf }) ?? null;
    // What the transaction index has beyond the recovery point may be lost: it is made again.
    const trusted = transactions === null || this.clean ? log.logEndOffset : recoveryPoint;
    rebuildProducers(producers, snapshots, log, transactions, trusted);
    const highWatermark = known(this.#highWatermarks);
    const state = { producers, snapshots, transactions };
    opened = new UnifiedLog(this.#ports, { topicId, log, epochs, highWatermark, config, ...state });
    this.#logs.set(name, { ...id, log: opened });
    this.#ports.trace.record(logLoadedKind, {
      partition: name,
      clean: this.clean || isNew,
      endOffset: log.logEndOffset,
      bytesCut: report.bytesCut,
    });
    return opened;
  }

  /** A folder that belongs to another topic of the same name is not ours to read (KIP-516). */
  #setAsideStray(folder: string, topicId: string): void {
    const found = readPartitionMetadata(this.#ports.disk, folder);
    if (found === null || found === topicId) return;
    this.#ports.disk.rename(folder, `${folder}.${found}-stray`);
  }

  /** Folders of partitions that the metadata no longer gives to this broker are set aside. */
  setAsideStrays(isOurs: (id: TopicPartition) => boolean): string[] {
    const strays: string[] = [];
    for (const folder of this.#folders()) {
      const id = parseLogFolder(folder);
      if (id === null || isOurs(id)) continue;
      const path = `${this.path}/${folder}`;
      const topicId = readPartitionMetadata(this.#ports.disk, path) ?? 'unknown';
      this.#ports.disk.rename(path, `${path}.${topicId}-stray`);
      strays.push(folder);
    }
    return strays;
  }

  #folders(): string[] {
    const folders = new Set<string>();
    for (const path of this.#ports.disk.list(this.path)) {
      const slash = path.indexOf('/');
      if (slash > 0) folders.add(path.slice(0, slash));
    }
    return [...folders];
  }

  /**
   * The topic is deleted, or the replica moved away: the folder is renamed at once to
   * `<topic>-<partition>.<id>-delete` and removed later. The id is new each time, since a replica
   * may come back and go again within that time (`LocalLog.logDeleteDirName`).
   */
  delete(name: string): void {
    const known = this.#logs.get(name);
    if (known === undefined) return;
    this.#logs.delete(name);
    const { disk } = this.#ports;
    let id: string;
    do id = this.#deleteId();
    while (disk.list(`${this.path}/${name}.${id}${DELETE_FOLDER_SUFFIX}`).length > 0);
    known.log.log.delete(id);
  }

  /** A UUID as `LocalLog` writes it here: in hexadecimal, without dashes. */
  #deleteId(): string {
    const word = (): string => this.#deleteIds.uint32().toString(16).padStart(8, '0');
    const id = word() + word() + word() + word();
    assert(id.length === 32, '128 bits', { id });
    return id;
  }

  /** Folders of deleted logs that the last stop left behind are removed after that delay, too. */
  removeDeleted(delayMs: number): void {
    const deleted = this.#folders().filter((folder) => folder.endsWith(DELETE_FOLDER_SUFFIX));
    if (deleted.length === 0) return;
    assert(delayMs >= 0, 'file.delete.delay.ms', { delayMs });
    this.#ports.clock.after(microsOfMillis(delayMs), 'file.delete.delay.ms', () => {
      for (const folder of deleted) this.#ports.disk.remove(`${this.path}/${folder}`);
    });
  }

  // -------------------------------------------------------------------------------- checkpoints

  /** `replication-offset-checkpoint`: what a follower falls back to, and a restart begins with. */
  checkpointHighWatermarks(): void {
    this.#checkpoint(this.#highWatermarks, (log) => log.highWatermark);
  }

  /** `done`: they are durable. */
  checkpointRecoveryPoints(done?: (result: DiskResult) => void): void {
    this.#checkpoint(this.#recoveryPoints, (log) => log.log.recoveryPoint, done);
  }

  checkpointLogStarts(): void {
    this.#checkpoint(this.#logStarts, (log) => log.logStartOffset);
  }

  #checkpoint(
    file: CheckpointedOffsets,
    offsetOf: (log: UnifiedLog) => number,
    done?: (result: DiskResult) => void,
  ): void {
    if (this.#offline || this.#logs.size === 0) return;
    const entries: OffsetEntry[] = [];
    for (const { topic, partition, log } of this.#logs.values()) {
      entries.push({ topic, partition, offset: offsetOf(log) });
    }
    const written = (result: DiskResult): void => {
      if (result !== 'ok') this.fail(result);
      done?.(result);
    };
    file.write(entries, written, done !== undefined);
  }

  /** Retention of all logs. */
  deleteOldSegments(): void {
    if (this.#offline) return;
    let deleted = 0;
    for (const [partition, { log }] of this.#logs) {
      if (log.deleteOldSegments() === 0) continue;
      deleted += 1;
      const to = log.logStartOffset;
      this.#ports.trace.record(logStartKind, { partition, to, reason: 'retention' });
    }
    if (deleted > 0) this.checkpointLogStarts();
  }

  removeExpiredProducers(expirationMs: number): void {
    const wallMs = this.#ports.clock.wall();
    for (const { log } of this.#logs.values()) {
      log.producers.removeExpired(wallMs, expirationMs);
      log.transactions?.removeExpired(wallMs, expirationMs);
    }
  }

  // ---------------------------------------------------------------------------------------- end

  /** Syncs and closes all logs, then writes the checkpoints and the mark of a clean stop. */
  close(brokerEpoch: number, done: () => void): void {
    if (this.#offline) {
      done();
      return;
    }
    let open = this.#logs.size;
    let failed = false;
    const closed = (result: DiskResult): void => {
      if (result !== 'ok') failed = true;
      open -= 1;
      if (open > 0) return;
      if (failed) done();
      else this.#writeLast(brokerEpoch, done);
    };
    if (open === 0) {
      open = 1;
      closed('ok');
      return;
    }
    for (const { log } of [...this.#logs.values()]) {
      // One that cannot be closed takes the directory offline, and the broker with it.
      if (this.#offline) return;
      log.close(closed);
    }
  }

  #writeLast(brokerEpoch: number, done: () => void): void {
    this.checkpointHighWatermarks();
    this.checkpointLogStarts();
    this.checkpointRecoveryPoints();
    if (this.clean || this.#hasOpenedAll()) {
      writeCleanShutdown(this.#ports.disk, this.path, brokerEpoch, () => done());
    } else {
      // Not within the call: whoever closes is told when it has returned.
      this.#ports.clock.after(micros(0), 'log-dir-closed', done);
    }
  }

  /** A log that was not looked at since an unclean stop is not clean by this one (KAFKA-10471). */
  #hasOpenedAll(): boolean {
    return this.#folders().every((folder) => {
      const id = parseLogFolder(folder);
      return id === null || this.#logs.has(`${id.topic}-${id.partition}`);
    });
  }

  /** The directory is offline: nothing is written any more. */
  fail(failure: DiskFailure): void {
    if (this.#offline) return;
    this.#offline = true;
    this.#ports.trace.record(logDirKind, { dir: this.path, error: failure });
    for (const { log } of this.#logs.values()) log.log.closeFiles();
    this.#options.failed(failure);
  }
}

/** An offset checkpoint with what it says now. */
class CheckpointedOffsets {
  readonly #file: OffsetCheckpoint;
  readonly #offsets = new Map<string, number>();

  constructor(ports: Pick<Ports, 'disk'>, path: string) {
    this.#file = new OffsetCheckpoint(ports.disk, path);
    const read = this.#file.read();
    if (!read.ok) return;
    for (const { topic, partition, offset } of read.entries) {
      this.#offsets.set(`${topic}-${partition}`, offset);
    }
  }

  /** 0 for a partition that is not in the file. */
  get(name: string): number {
    return this.#offsets.get(name) ?? 0;
  }

  /** `always`: even what the file says already, so that `done` comes when it is durable. */
  write(
    entries: readonly OffsetEntry[],
    done: (result: DiskResult) => void,
    always: boolean,
  ): void {
    const same =
      !always &&
      entries.length === this.#offsets.size &&
      entries.every(
        ({ topic, partition, offset }) => this.#offsets.get(`${topic}-${partition}`) === offset,
      );
    if (same) return;
    this.#offsets.clear();
    for (const { topic, partition, offset } of entries) {
      this.#offsets.set(`${topic}-${partition}`, offset);
    }
    this.#file.write(entries, done);
  }
}
