/**
 * The controller's copy of the metadata log on its disk: appends a decision as one batch, syncs it,
 * and says when it is committed. With one voter the high watermark is the synced end.
 *
 * Syncs are grouped: while one is under way, later decisions wait and share the next.
 *
 * Not here: what the records say (`metadata/delta.ts`), the bytes (`metadata/metadata-log.ts`).
 * Source: `kafka.raft.KafkaMetadataLog`, `KafkaRaftClient`. Differences: this is the log of a
 * controller that is alone, without voting and snapshots, whose epoch begins with a NoOpRecord and
 * not with a LeaderChangeMessage; that of a quorum is `raft/kafka-raft-log.ts`.
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../kernel/ports.ts';
import { DEFAULT_LOG_CONFIG } from '../../storage/log-config.ts';
import type { SegmentedLog } from '../../storage/log.ts';
import { openLog, type RecoveryReport } from '../../storage/recovery.ts';
import {
  decodeMetadataBatches,
  encodeMetadataBatch,
  METADATA_PARTITION,
  METADATA_TOPIC,
  type DecodedMetadataBatch,
} from '../metadata/metadata-log.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { kafkaFraming } from '../partition/log-framing.ts';

type DiskFailure = Exclude<DiskResult, 'ok'>;

/** `MetadataLogConfig`: a batch is at most 8 MiB. */
const readBytesMax = 8 * 1024 * 1024;

interface Awaiting {
  readonly endOffset: number;
  readonly committed: () => void;
}

/** What the active controller and its observers ask of the log, whoever keeps it. */
export interface MetadataLog {
  /** The offset of the next record. */
  readonly endOffset: number;
  /** What is below it is committed: brokers may have it. */
  readonly highWatermark: number;
  /** Appends a decision; returns the end, which is where it was if nothing could be appended. */
  append(epoch: number, records: readonly MetadataRecord[]): number;
  /** Calls `committed` once all below `endOffset` is; never, if that cannot be known any more. */
  whenCommitted(endOffset: number, committed: () => void): void;
  /** Committed batches from an offset on. */
  read(offset: number, maxBytes: number): Uint8Array | 'OFFSET_OUT_OF_RANGE' | 'CORRUPT_MESSAGE';
  /** The snapshot to take where the log from that offset on is gone. */
  snapshotBefore?(offset: number): SnapshotId | null;
}

/** A snapshot's name: the log up to, and without, an offset, and the epoch of its last batch. */
export interface SnapshotId {
  readonly endOffset: number;
  readonly epoch: number;
}

interface MetadataLogOwner {
  /** The high watermark moved. */
  advanced(highWatermark: number): void;
  /** A write or sync failed: nothing more will be committed. */
  failed(failure: DiskFailure): void;
}

export class KafkaMetadataLog implements MetadataLog {
  readonly #ports: Pick<Ports, 'disk' | 'clock' | 'cost'>;
  readonly #log: SegmentedLog;
  readonly #owner: MetadataLogOwner;
  readonly #awaiting: Awaiting[] = [];
  readonly report: RecoveryReport;
  #highWatermark = 0;
  #syncing = false;
  #failed = false;

  constructor(
    ports: Pick<Ports, 'disk' | 'clock' | 'cost'>,
    opened: { readonly log: SegmentedLog; readonly report: RecoveryReport },
    owner: MetadataLogOwner,
  ) {
    this.#ports = ports;
    this.#log = opened.log;
    this.report = opened.report;
    this.#owner = owner;
  }

  /**
   * Opens the log in `<logDir>/__cluster_metadata-0`. All of it is checked, for it is small.
   * What is only in the page cache counts as not committed until the first sync.
   */
  static open(
    ports: Pick<Ports, 'disk' | 'clock' | 'cost'>,
    logDir: string,
    owner: MetadataLogOwner,
  ): KafkaMetadataLog | DiskFailure {
    const folder = `${logDir}/${METADATA_TOPIC}-${METADATA_PARTITION}`;
    const config = { ...DEFAULT_LOG_CONFIG, deletes: false };
    const start = { recoveryPoint: 0, logStartOffset: 0, clean: false };
    const opened = openLog(ports, kafkaFraming, { folder, config, ...start });
    if ('failure' in opened) return opened.failure;
    assert(opened.log.logStartOffset === 0, 'the metadata log is whole', { folder });
    return new KafkaMetadataLog(ports, opened, owner);
  }

  /** The offset of the next record. */
  get endOffset(): number {
    return this.#log.logEndOffset;
  }

  /** What is below it is committed: on the platter, and shown to brokers. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** The epoch of the last batch, -1 in an empty log. */
  get lastEpoch(): number {
    return this.#log.lastEpoch;
  }

  /** Shows all batches, in order, at the start. */
  replay(visit: (batch: DecodedMetadataBatch) => void): void {
    let offset = 0;
    while (offset < this.endOffset) {
      const read = this.#log.read(offset, readBytesMax, {
        minOneMessage: true,
        maxOffset: this.endOffset,
      });
      assert(typeof read !== 'string', 'recovered frames can be read', { offset, read });
      const batches = decodeMetadataBatches(read.bytes);
      // Recovery has just checked every frame, so what cannot be read was never written by us.
      assert(batches !== 'corrupt', 'recovered batches can be read', { offset });
      assert(batches.length > 0, 'a batch at each offset', { offset, end: this.endOffset });
      for (const batch of batches) visit(batch);
      offset = batches[batches.length - 1]!.lastOffset + 1;
    }
  }

  /**
   * Appends a decision as one batch and begins to sync it. Returns the end offset; on an error of
   * the disk the owner hears `failed` and the end stays.
   */
  append(epoch: number, records: readonly MetadataRecord[]): number {
    assert(records.length > 0, 'a decision has a record');
    assert(epoch >= this.lastEpoch, 'epochs in order (K6)', { epoch, last: this.lastEpoch });
    const baseOffset = this.endOffset;
    const timestamp = this.#ports.clock.wall();
    const bytes = encodeMetadataBatch({ baseOffset, epoch, timestamp, records });
    this.#ports.cost.charge('record', records.length);
    this.#ports.cost.charge('crc', bytes.length);
    const result = this.#log.append(bytes);
    if (result !== 'ok') {
      this.#fail(result);
      return this.endOffset;
    }
    assert(this.endOffset === baseOffset + records.length, 'one offset a record');
    this.#sync();
    return this.endOffset;
  }

  /**
   * Calls `committed` once all below `endOffset` is committed: at once, if it is already. Never
   * after a failure of the disk, when nobody knows what is committed.
   */
  whenCommitted(endOffset: number, committed: () => void): void {
    if (this.#failed) return;
    assert(endOffset <= this.endOffset, 'of what was appended', { endOffset });
    if (endOffset <= this.#highWatermark) committed();
    else this.#awaiting.push({ endOffset, committed });
  }

  /** Committed batches from an offset on; empty at the high watermark. */
  read(offset: number, maxBytes: number): Uint8Array | 'OFFSET_OUT_OF_RANGE' | 'CORRUPT_MESSAGE' {
    if (offset < 0 || offset > this.#highWatermark) return 'OFFSET_OUT_OF_RANGE';
    const maxOffset = this.#highWatermark;
    const read = this.#log.read(offset, Math.min(maxBytes, readBytesMax), {
      minOneMessage: true,
      maxOffset,
    });
    if (typeof read === 'string') return read;
    this.#ports.cost.charge('read', read.bytes.length);
    return read.bytes.slice();
  }

  close(done: () => void): void {
    this.#awaiting.length = 0;
    this.#log.close(done);
  }

  #sync(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    const upTo = this.endOffset;
    this.#log.flush((result) => {
      this.#syncing = false;
      if (result !== 'ok') this.#fail(result);
      else this.#commit(upTo);
    });
  }

  #commit(upTo: number): void {
    assert(upTo >= this.#highWatermark, 'the high watermark grows', { upTo });
    assert(this.#log.recoveryPoint >= upTo, 'it is on the platter', { upTo });
    this.#highWatermark = upTo;
    const ready = this.#awaiting.filter((one) => one.endOffset <= upTo);
    const later = this.#awaiting.filter((one) => one.endOffset > upTo);
    this.#awaiting.length = 0;
    this.#awaiting.push(...later);
    this.#owner.advanced(upTo);
    for (const { committed } of ready) committed();
    if (upTo < this.endOffset) this.#sync();
  }

  #fail(failure: DiskFailure): void {
    this.#failed = true;
    this.#awaiting.length = 0;
    this.#owner.failed(failure);
  }
}
