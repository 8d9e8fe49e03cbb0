/**
 * A controller's copy of `__cluster_metadata-0` as a log that is replicated: one entry a batch,
 * with the control batches by which the quorum governs itself, and snapshots before it.
 *
 * The core appends, cuts, syncs and reads by `ReplicatedLog`; what is committed, and what it says,
 * is the business of `quorum-log.ts`. All of it is checked at the start, for it is small.
 *
 * Source: `kafka.raft.KafkaMetadataLog` (`KafkaRaftLog` since 4.1). Difference: at a start the log
 * before the newest snapshot is not looked at any more, where the real one keeps it for followers.
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../kernel/ports.ts';
import type { Control, Entry, EntryHeader, LogPosition } from '../../consensus/message.ts';
import type { ReplicatedLog } from '../../consensus/raft-driver.ts';
import { SnapshotFiles } from '../../consensus/snapshot-files.ts';
import type { SnapshotId } from '../controller/kafka-metadata-log.ts';
import { DEFAULT_LOG_CONFIG } from '../../storage/log-config.ts';
import type { SegmentedLog } from '../../storage/log.ts';
import { openLog } from '../../storage/recovery.ts';
import { scanBatches, validateBatch, type BatchHeader } from '../../wire/kafka/record-batch.ts';
import type { QuorumRecord, VotersRecord } from '../../wire/kafka/quorum-records.ts';
import {
  encodeMetadataBatch,
  METADATA_PARTITION,
  METADATA_TOPIC,
} from '../metadata/metadata-log.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { kafkaFraming } from '../partition/log-framing.ts';
import { controlBatch, readControlBatch, snapshotNaming } from './snapshot-file.ts';
import { type ControllerNode, directoryIdOf, memberOf, nodeOf } from './voter-id.ts';

type DiskFailure = Exclude<DiskResult, 'ok'>;
type LogPorts = Pick<Ports, 'disk' | 'clock' | 'cost'>;

/** `KafkaRaftClient.MAX_FETCH_SIZE_BYTES`. */
export const FETCH_BYTES_MAX = 8 * 1024 * 1024;

export interface RaftLogOptions {
  readonly logDir: string;
  /** `metadata.log.segment.bytes` */
  readonly segmentBytes: number;
  /** Where controllers listen, for the records that name voters. */
  readonly controllers: readonly ControllerNode[];
  /** Who is known to have voted for this node, for the record of its election. */
  readonly granting: () => readonly number[];
  /** Who votes now. */
  readonly voters: () => readonly number[];
}

export class KafkaRaftLog implements ReplicatedLog {
  readonly snapshots: SnapshotFiles<SnapshotId>;
  readonly #ports: LogPorts;
  readonly #log: SegmentedLog;
  readonly #options: RaftLogOptions;

  constructor(
    ports: LogPorts,
    log: SegmentedLog,
    snapshots: SnapshotFiles<SnapshotId>,
    options: RaftLogOptions,
  ) {
    this.#ports = ports;
    this.#log = log;
    this.snapshots = snapshots;
    this.#options = options;
  }

  /** Opens the log in `<logDir>/__cluster_metadata-0`, behind its newest snapshot. */
  static open(ports: LogPorts, options: RaftLogOptions): KafkaRaftLog | DiskFailure {
    const folder = metadataFolder(options.logDir);
    const snapshots = new SnapshotFiles(ports, folder, snapshotNaming);
    const start = snapshots.newest ?? { endOffset: 0, epoch: 0 };
    const config = { ...DEFAULT_LOG_CONFIG, deletes: false, segmentBytes: options.segmentBytes };
    const from = { recoveryPoint: 0, logStartOffset: start.endOffset, clean: false };
    const opened = openLog(ports, kafkaFraming, { folder, config, ...from });
    if ('failure' in opened) return opened.failure;
    const made = new KafkaRaftLog(ports, opened.log, snapshots, options);
    const emptied = made.#agreeWith({ offset: start.endOffset, term: start.epoch });
    return emptied === 'ok' ? made : emptied;
  }

  get endOffset(): number {
    return this.#log.logEndOffset;
  }

  get startOffset(): number {
    return this.#log.logStartOffset;
  }

  /** All below it is on the platter, in the log or in the snapshot before it. */
  get durableEndOffset(): number {
    return Math.max(this.#log.recoveryPoint, this.startOffset);
  }

  get sizeBytes(): number {
    return this.#log.sizeBytes;
  }

  /** The snapshot before the log. */
  get start(): LogPosition {
    const offset = this.startOffset;
    const snapshot = this.snapshots.ids.find(({ endOffset }) => endOffset === offset);
    assert(offset === 0 || snapshot !== undefined, 'a snapshot before the log', { offset });
    return { offset, term: snapshot?.epoch ?? 0 };
  }

  /** What the core must know of a log that was there before. */
  headers(): readonly EntryHeader[] {
    const headers: EntryHeader[] = [];
    let offset = this.startOffset;
    while (offset < this.endOffset) {
      for (const { payload: _, ...header } of this.read(offset)) {
        headers.push(header);
        offset = header.endOffset;
      }
    }
    assert(offset === this.endOffset, 'all of it', { offset });
    return headers;
  }

  append(entries: readonly Entry[]): DiskResult {
    for (const entry of entries) {
      assert(entry.offset === this.endOffset, 'T3: no gap', { offset: entry.offset });
      const bytes = this.#bytesOf(entry);
      this.#ports.cost.charge('crc', bytes.length);
      const result = this.#log.append(bytes);
      if (result !== 'ok') return result;
      assert(this.endOffset === entry.endOffset, 'one offset a record', { ...entry });
    }
    return 'ok';
  }

  truncate(endOffset: number): DiskResult {
    assert(endOffset >= this.startOffset, 'a cut within the log', { endOffset });
    return this.#log.truncateTo(endOffset);
  }

  sync(done: (result: DiskResult) => void): void {
    this.#log.flush(done);
  }

  read(offset: number): readonly Entry[] {
    const bytes = this.bytes(offset, this.endOffset, FETCH_BYTES_MAX);
    return bytes === 'CORRUPT_MESSAGE' ? [] : entriesOf(bytes);
  }

  /** Whole batches from an offset on, none that reaches `maxOffset`; at least one if there is. */
  bytes(offset: number, maxOffset: number, maxBytes: number): Uint8Array | 'CORRUPT_MESSAGE' {
    const read = this.#log.read(offset, Math.min(maxBytes, FETCH_BYTES_MAX), {
      minOneMessage: true,
      maxOffset,
    });
    assert(read !== 'OFFSET_OUT_OF_RANGE', 'within the log', {
      offset,
      start: this.startOffset,
      end: this.endOffset,
    });
    if (read === 'CORRUPT_MESSAGE') return read;
    this.#ports.cost.charge('read', read.bytes.length);
    return read.bytes.slice();
  }

  /** Drops all of the log: a snapshot of another log, which ends here, has taken its place. */
  beginBehind(offset: number): DiskResult {
    const result = this.#log.truncateFullyAndStartAt(offset);
    assert(result !== 'ok' || this.startOffset === offset, 'it begins there', { offset });
    return result;
  }

  /** Drops the log before a snapshot: whole segments, as far as they lie before it. */
  cleanBefore(offset: number): void {
    assert(offset <= this.endOffset, 'a snapshot of this log', { offset, end: this.endOffset });
    this.#log.incrementLogStartOffset(offset);
    this.#log.deleteOldSegments(offset);
  }

  close(done: () => void): void {
    this.#log.close(done);
  }

  /** A crash between a snapshot's installation and the emptying of the log leaves another log. */
  #agreeWith(snapshot: LogPosition): DiskResult {
    if (snapshot.offset === 0 || this.endOffset === snapshot.offset) return 'ok';
    if (snapshot.offset < this.endOffset) {
      const before = this.#log.headerAt(snapshot.offset - 1);
      // The segment that had it may be gone; then what follows was written behind the snapshot.
      const isSame = before === null || before.epoch === snapshot.term;
      const isEnd = before === null || before.lastOffset === snapshot.offset - 1;
      if (isSame && isEnd) return 'ok';
    }
    return this.beginBehind(snapshot.offset);
  }

  #bytesOf({ offset, term, control, payload }: Entry): Uint8Array {
    if (payload instanceof Uint8Array) return payload;
    const timestamp = this.#ports.clock.wall();
    const at = { baseOffset: offset, epoch: term, timestamp };
    if (control !== null) return controlBatch([this.#recordOf(control)], at);
    const records = payload as readonly MetadataRecord[];
    this.#ports.cost.charge('record', records.length);
    return encodeMetadataBatch({ ...at, records });
  }

  #recordOf(control: Control): QuorumRecord {
    if (control.kind === 'voters') {
      return { type: 'KRaftVoters', data: this.votersRecord(control.voters.map(nodeOf)) };
    }
    const replica = (voterId: number) => ({ voterId, voterDirectoryId: directoryIdOf(voterId) });
    const leaderId = nodeOf(control.leader);
    assert(this.#options.voters().length > 0, 'somebody voted', { leaderId });
    return {
      type: 'LeaderChange',
      data: {
        // `LEADER_CHANGE_CURRENT_VERSION`: directory ids came with version 1, which nobody writes.
        version: 0,
        leaderId,
        voters: this.#options.voters().map(replica),
        grantingVoters: this.#options.granting().map(replica),
      },
    };
  }

  votersRecord(voters: readonly number[]): VotersRecord {
    const { controllers } = this.#options;
    return {
      version: 0,
      voters: voters.map((voterId) => ({
        voterId,
        voterDirectoryId: directoryIdOf(voterId),
        endpoints: controllers
          .filter(({ nodeId }) => nodeId === voterId)
          .map(({ host, port }) => ({ name: 'CONTROLLER', host, port })),
        kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
      })),
    };
  }
}

export function metadataFolder(logDir: string): string {
  assert(logDir.length > 0, 'log.dir', { logDir });
  return `${logDir}/${METADATA_TOPIC}-${METADATA_PARTITION}`;
}

/** The batches in a buffer as entries, with their bytes; a last one that is cut off is left out. */
export function entriesOf(bytes: Uint8Array): readonly Entry[] {
  return scanBatches(bytes).batches.map((header) => ({
    offset: header.baseOffset,
    endOffset: header.lastOffset + 1,
    term: header.partitionLeaderEpoch,
    control: controlOf(bytes, header),
    payload: bytes.subarray(header.position, header.position + header.sizeBytes),
  }));
}

/** Entries that came over the wire, or null if they are not what follows the position. */
export function entriesReceived(
  bytes: Uint8Array,
  { offset, term }: LogPosition,
): readonly Entry[] | null {
  const { batches } = scanBatches(bytes);
  let [end, last] = [offset, term];
  for (const header of batches) {
    if (validateBatch(bytes, header) !== null) return null;
    if (header.baseOffset !== end || header.partitionLeaderEpoch < last) return null;
    if (header.partitionLeaderEpoch <= 0) return null;
    [end, last] = [header.lastOffset + 1, header.partitionLeaderEpoch];
  }
  assert(end >= offset, 'entries go forward', { offset, end });
  return entriesOf(bytes);
}

/** What a control batch means to the quorum; null for a batch of decisions. */
export function controlOf(bytes: Uint8Array, header: BatchHeader): Control | null {
  if (!header.isControl) return null;
  for (const record of readControlBatch(bytes, header)) {
    if (record.type === 'LeaderChange') {
      return { kind: 'leader-change', leader: memberOf(record.data.leaderId) };
    }
    if (record.type === 'KRaftVoters') {
      return { kind: 'voters', voters: record.data.voters.map((one) => memberOf(one.voterId)) };
    }
  }
  return null;
}
