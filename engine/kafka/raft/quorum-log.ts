/**
 * The metadata log as the controller sees it: what is committed, what that says, which decisions
 * wait for it, and the snapshots that are made of it.
 *
 * Every controller of a quorum has one, active or not: a standby replays what is committed, so that
 * it can take over at once. Invariant T6: nothing beyond the high watermark is replayed.
 *
 * A snapshot is made after `metadata.log.max.record.bytes.between.snapshots` bytes of batches. The
 * log before the second newest one goes when log and snapshots together are larger than
 * `metadata.max.retention.bytes`.
 *
 * Not here: bytes and files (`kafka-raft-log.ts`), voting and replication (`consensus/`).
 * Sources: `MetadataLoader`, `SnapshotGenerator`, `KafkaRaftLog.maybeClean`. Differences: it is
 * cleaned when a snapshot has been made, not every minute; no snapshot by time alone.
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../kernel/ports.ts';
import type { Effect } from '../../consensus/effect.ts';
import type { LogPosition, MemberId } from '../../consensus/message.ts';
import type { MetadataLog, SnapshotId } from '../controller/kafka-metadata-log.ts';
import { MetadataDelta } from '../metadata/delta.ts';
import { emptyImage, type MetadataImage } from '../metadata/image.ts';
import { decodeMetadataBatches } from '../metadata/metadata-log.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { entriesOf, FETCH_BYTES_MAX, type KafkaRaftLog } from './kafka-raft-log.ts';
import { decodeSnapshot, encodeSnapshot, type SnapshotContent } from './snapshot-file.ts';
import { memberOf, nodeOf } from './voter-id.ts';

export interface QuorumLogOptions {
  /** `metadata.log.max.record.bytes.between.snapshots` */
  readonly snapshotBytes: number;
  /** `metadata.max.retention.bytes` */
  readonly retentionBytes: number;
  /** The voters of a log that names none. */
  readonly voters: readonly MemberId[];
  /** Whether voters stand in the log (kraft.version 1). */
  readonly votersInLog: boolean;
}

export interface QuorumLogOwner {
  /** Asks the quorum to append a decision: nothing happens if this node does not lead. */
  propose(records: readonly MetadataRecord[]): void;
  /** There is a durable snapshot, and the log before it may go. */
  compacted(snapshot: LogPosition): void;
  /** A snapshot was made, or taken over from the leader. */
  snapshotted(id: SnapshotId, how: 'generated' | 'installed'): void;
  failed(failure: Exclude<DiskResult, 'ok'>): void;
}

interface Awaiting {
  readonly endOffset: number;
  readonly committed: () => void;
}

export class QuorumLog implements MetadataLog {
  readonly #ports: Pick<Ports, 'clock' | 'cost'>;
  readonly #log: KafkaRaftLog;
  readonly #options: QuorumLogOptions;
  readonly #owner: QuorumLogOwner;
  /** By broker id: the offset of its last RegisterBrokerRecord. */
  readonly registerBrokerRecordOffsets = new Map<number, number>();
  #awaiting: Awaiting[] = [];
  #image: MetadataImage = emptyImage;
  #voters: readonly MemberId[];
  #applied = 0;
  #highWatermark = 0;
  #bytesSinceSnapshot = 0;
  #snapshotting = false;

  constructor(
    ports: Pick<Ports, 'clock' | 'cost'>,
    log: KafkaRaftLog,
    options: QuorumLogOptions,
    owner: QuorumLogOwner,
  ) {
    this.#ports = ports;
    this.#log = log;
    this.#options = options;
    this.#owner = owner;
    this.#voters = options.voters;
    const { newest } = log.snapshots;
    if (newest === null) return;
    const read = log.snapshots.read(newest);
    const content = read === null ? null : decodeSnapshot(read.bytes, newest);
    assert(content !== null, 'a snapshot got its name when it was whole', { ...newest });
    this.#take(content, newest);
  }

  get endOffset(): number {
    return this.#log.endOffset;
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** What the committed log says. */
  get image(): MetadataImage {
    return this.#image;
  }

  /** All below it is in the image. */
  get applied(): number {
    return this.#applied;
  }

  /** The voters that the committed log, or the configuration, names. */
  get voters(): readonly MemberId[] {
    return this.#voters;
  }

  append(epoch: number, records: readonly MetadataRecord[]): number {
    assert(records.length > 0 && epoch > 0, 'a decision of an epoch', { epoch });
    this.#owner.propose(records);
    return this.endOffset;
  }

  whenCommitted(endOffset: number, committed: () => void): void {
    assert(endOffset <= this.endOffset, 'of what was appended', { endOffset });
    if (endOffset <= this.#highWatermark) committed();
    else this.#awaiting.push({ endOffset, committed });
  }

  /** The term has ended: what waits is never told. */
  forget(): void {
    this.#awaiting = [];
  }

  read(offset: number, maxBytes: number): Uint8Array | 'OFFSET_OUT_OF_RANGE' | 'CORRUPT_MESSAGE' {
    if (offset < this.#log.startOffset || offset > this.endOffset) return 'OFFSET_OUT_OF_RANGE';
    return this.#log.bytes(offset, Math.max(offset, this.#highWatermark), maxBytes);
  }

  snapshotBefore(offset: number): SnapshotId | null {
    return offset < this.#log.startOffset ? this.#log.snapshots.newest : null;
  }

  // ------------------------------------------------------------------------------------ replaying

  /** The high watermark moved: what is below it is replayed, and decided. */
  advanced(highWatermark: number): void {
    assert(highWatermark >= this.#highWatermark, 'T5: what is committed stays', { highWatermark });
    this.#highWatermark = highWatermark;
    while (this.#applied < highWatermark) this.#replay(highWatermark);
    assert(this.#applied >= highWatermark, 'T6: all that is committed', { highWatermark });
    this.#maybeSnapshot();
  }

  /** Tells those who waited for it, once the owner has taken the news in. */
  tellCommitted(): void {
    const ready = this.#awaiting.filter((one) => one.endOffset <= this.#highWatermark);
    if (ready.length === 0) return;
    this.#awaiting = this.#awaiting.filter((one) => one.endOffset > this.#highWatermark);
    for (const { committed } of ready) committed();
  }

  #replay(upTo: number): void {
    const bytes = this.#log.bytes(this.#applied, upTo, FETCH_BYTES_MAX);
    const batches = bytes === 'CORRUPT_MESSAGE' ? 'corrupt' : decodeMetadataBatches(bytes);
    if (bytes === 'CORRUPT_MESSAGE' || batches === 'corrupt') {
      // What this node wrote is no more what it reads: it must not go on.
      this.#owner.failed('EIO');
      this.#applied = upTo;
      return;
    }
    for (const { control, payload } of entriesOf(bytes)) {
      if (control?.kind === 'voters') this.#voters = control.voters;
      this.#bytesSinceSnapshot += (payload as Uint8Array).length;
    }
    for (const { baseOffset, lastOffset, epoch, records } of batches) {
      assert(baseOffset === this.#applied, 'no gap in the metadata log', { baseOffset });
      const delta = new MetadataDelta(this.#image);
      for (const [index, record] of records.entries()) {
        delta.replay(record);
        if (record.type !== 'RegisterBrokerRecord') continue;
        this.registerBrokerRecordOffsets.set(record.data.brokerId, baseOffset + index);
      }
      this.#image = delta.apply(lastOffset, epoch);
      this.#applied = lastOffset + 1;
    }
  }

  #take({ image, voters }: SnapshotContent, { endOffset }: SnapshotId): void {
    this.#image = image;
    this.#applied = endOffset;
    this.#highWatermark = Math.max(this.#highWatermark, endOffset);
    this.#bytesSinceSnapshot = 0;
    if (voters !== null) this.#voters = voters.voters.map(({ voterId }) => memberOf(voterId));
    this.registerBrokerRecordOffsets.clear();
    for (const id of image.brokers.keys()) {
      this.registerBrokerRecordOffsets.set(id, endOffset - 1);
    }
  }

  // ------------------------------------------------------------------------------------ snapshots

  #maybeSnapshot(): void {
    if (this.#snapshotting || this.#bytesSinceSnapshot < this.#options.snapshotBytes) return;
    const id = { endOffset: this.#applied, epoch: this.#image.epoch };
    const { votersInLog } = this.#options;
    const voters = votersInLog ? this.#log.votersRecord(this.#voters.map(nodeOf)) : null;
    const bytes = encodeSnapshot({ image: this.#image, voters }, this.#ports.clock.wall());
    this.#ports.cost.charge('append', bytes.length);
    this.#snapshotting = true;
    this.#bytesSinceSnapshot = 0;
    const written = this.#log.snapshots.writePart(id, 0, bytes);
    if (written !== 'ok') return this.#owner.failed(written);
    this.#log.snapshots.freeze(id, (result) => {
      this.#snapshotting = false;
      if (result !== 'ok') return this.#owner.failed(result);
      this.#owner.snapshotted(id, 'generated');
      this.#maybeClean();
    });
  }

  #maybeClean(): void {
    const { snapshots } = this.#log;
    for (;;) {
      const [, next] = snapshots.ids;
      const isLarge = this.#log.sizeBytes + snapshots.sizeBytes > this.#options.retentionBytes;
      if (next === undefined || !isLarge || next.endOffset > this.#log.durableEndOffset) return;
      if (next.endOffset > this.#log.startOffset) {
        this.#log.cleanBefore(next.endOffset);
        this.#owner.compacted({ offset: next.endOffset, term: next.epoch });
      }
      snapshots.removeBefore(next);
      assert(snapshots.ids[0] === next, 'one less', { ...next });
    }
  }

  /** A part of the leader's snapshot, for a log that ends before it. */
  keep(
    part: Extract<Effect, { effect: 'keep-chunk' }>,
    installed: (result: DiskResult, voters: readonly MemberId[]) => void,
  ): void {
    const { snapshot, position, bytes, last } = part;
    const id = { endOffset: snapshot.offset, epoch: snapshot.term };
    const { snapshots } = this.#log;
    const written = snapshots.writePart(id, position, bytes);
    if (written !== 'ok') return installed(written, []);
    if (!last) return;
    const content = decodeSnapshot(snapshots.readPart(id), id);
    if (content === null) return installed('EIO', []);
    snapshots.freeze(id, (result) => {
      const emptied = result === 'ok' ? this.#log.beginBehind(id.endOffset) : result;
      if (emptied !== 'ok') return installed(emptied, []);
      assert(id.endOffset > this.#applied, 'T5: what is committed stays', { ...id });
      this.#take(content, id);
      snapshots.removeBefore(id);
      this.#owner.snapshotted(id, 'installed');
      installed('ok', this.#voters);
    });
  }

  /** A part of a snapshot for a follower; null if it is gone. */
  chunk({ offset, term }: LogPosition, position: number, bytesMax = FETCH_BYTES_MAX) {
    return this.#log.snapshots.chunk({ endOffset: offset, epoch: term }, position, bytesMax);
  }
}
