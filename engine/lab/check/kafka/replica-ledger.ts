/**
 * What is known of one replica's log in one life of its broker: its batches, read on from where the
 * checker was, and its offsets as they were after the last event that changed them.
 *
 * Not here: what must hold of them (the checks beside it).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Disk } from '../../../kernel/ports.ts';
import type { EpochEntry } from '../../../kafka/partition/leader-epoch-checkpoint.ts';
import type { Partition } from '../../../kafka/partition/partition.ts';
import { type Batch, placeOf, readBatches, sameBatch } from './batch.ts';

const NONE: readonly Batch[] = [];

/** What one look found: of these the checks are made, and of nothing else. */
export interface Look {
  /** The place of the first batch that is new; all behind it are. */
  readonly appendedFrom: number;
  /** Batches that were cut off the end, oldest first. */
  readonly cut: readonly Batch[];
  /** Whether the log start moved: the log may have been begun anew. */
  readonly startMoved: boolean;
  /** Where it was; -1 at the first look. */
  readonly startBefore: number;
  /** Base offsets of segments that are full now. */
  readonly rolled: readonly number[];
  readonly epochsChanged: boolean;
  /** Whether it led before this event, and in this epoch. */
  readonly ledBefore: boolean;
  readonly isNewLeader: boolean;
}

export class ReplicaLedger {
  readonly host: string;
  readonly nodeId: number;
  readonly incarnation: number;
  readonly partition: Partition;
  readonly batches: Batch[] = [];
  /** What was cut off. No truncation is synced: a power loss may bring it back. */
  readonly cutOff: Batch[] = [];
  readonly #disk: Disk;
  readonly #ofProducer = new Map<number, Batch>();
  start = -1;
  end = -1;
  highWatermark = -1;
  /** Below it everything is on the platter. */
  synced = -1;
  leads = false;
  leaderEpoch = -1;
  maximalIsr: readonly number[] | null = null;
  epochs: readonly EpochEntry[] | null = null;
  /** So many batches have been compared with what was visible before (`visible-ledger.ts`). */
  comparedCount = 0;
  #segment = -1;
  #agreesWith: ReplicaLedger | null = null;
  #agreedCount = 0;

  constructor(
    of: { readonly host: string; readonly nodeId: number; readonly incarnation: number },
    disk: Disk,
    partition: Partition,
  ) {
    this.host = of.host;
    this.nodeId = of.nodeId;
    this.incarnation = of.incarnation;
    this.partition = partition;
    this.#disk = disk;
  }

  /** Compaction rewrites batches and leaves gaps: what it must keep is K16. */
  get isCompacted(): boolean {
    return this.partition.log.config['cleanup.policy'].includes('compact');
  }

  /** Whether anything that a check is about is other than at the last look. */
  get changed(): boolean {
    const { partition } = this;
    const { log } = partition;
    return (
      this.end !== log.logEndOffset ||
      this.highWatermark !== log.highWatermark ||
      this.start !== log.logStartOffset ||
      this.synced !== log.log.recoveryPoint ||
      this.leaderEpoch !== partition.leaderEpoch ||
      this.leads !== partition.isLeader ||
      this.maximalIsr !== partition.maximalIsr ||
      this.epochs !== log.epochs.entries
    );
  }

  /** Takes in what changed. Amortised: what was appended is read once. */
  look(): Look {
    const { partition } = this;
    const { log } = partition;
    const before = { start: this.start, epoch: this.leaderEpoch, epochs: this.epochs };
    const led = this.leads;
    this.start = log.logStartOffset;
    this.highWatermark = log.highWatermark;
    this.synced = log.log.recoveryPoint;
    this.leads = partition.isLeader;
    this.leaderEpoch = partition.leaderEpoch;
    this.maximalIsr = partition.maximalIsr;
    this.epochs = log.epochs.entries;
    const cut = this.#cut(log.logEndOffset);
    this.cutOff.push(...cut);
    const appendedFrom = this.batches.length;
    const grew = this.end !== log.logEndOffset;
    this.end = log.logEndOffset;
    const rolled = grew || this.#segment < 0 ? this.#read() : [];
    return {
      appendedFrom,
      cut,
      startMoved: before.start !== this.start,
      startBefore: before.start,
      rolled,
      epochsChanged: before.epochs !== this.epochs,
      ledBefore: led && this.leads && before.epoch === this.leaderEpoch,
      isNewLeader: this.leads && (!led || before.epoch !== this.leaderEpoch),
    };
  }

  /** The newest batch of a producer in this log. */
  lastOf(producerId: number): Batch | null {
    return this.#ofProducer.get(producerId) ?? null;
  }

  /** The batch that holds an offset. */
  batchAt(offset: number): Batch | null {
    const batch = this.batches[placeOf(this.batches, offset)];
    return batch !== undefined && batch.baseOffset <= offset ? batch : null;
  }

  /**
   * The offset up to which this log is the leader's, batch by batch. It is looked for from where it
   * was, or, under another leader, from what both have been compared with.
   */
  agreedEnd(leader: ReplicaLedger): number {
    if (leader === this) return this.end;
    if (this.#agreesWith !== leader) {
      this.#agreesWith = leader;
      this.#agreedCount = Math.min(this.comparedCount, this.#placeIn(leader));
    }
    const next = this.batches[this.#agreedCount];
    if (this.isCompacted) this.#agreeOnCompacted(leader);
    else if (next !== undefined) this.#agreeOn(leader, placeOf(leader.batches, next.baseOffset));
    const last = this.batches[this.#agreedCount - 1];
    return Math.max(last === undefined ? 0 : last.lastOffset + 1, Math.min(this.start, this.end));
  }

  #placeIn(leader: ReplicaLedger): number {
    const compared = leader.batches[leader.comparedCount - 1];
    return compared === undefined ? 0 : placeOf(this.batches, compared.lastOffset + 1);
  }

  /** Where both still have something, they must have it of the same epoch. */
  #agreeOnCompacted(leader: ReplicaLedger): void {
    for (;;) {
      const own = this.batches[this.#agreedCount];
      if (own === undefined) return;
      const theirs = leader.batches[placeOf(leader.batches, own.baseOffset)];
      if (theirs === undefined) return;
      const overlaps = theirs.baseOffset <= own.lastOffset;
      const isSame = theirs.baseOffset === own.baseOffset && theirs.epoch === own.epoch;
      if (overlaps && !isSame) return;
      this.#agreedCount += 1;
    }
  }

  #agreeOn(leader: ReplicaLedger, from: number): void {
    let place = from;
    for (;;) {
      const own = this.batches[this.#agreedCount];
      const theirs = leader.batches[place];
      if (own === undefined) return;
      const isGone = own.lastOffset < leader.start || own.lastOffset < this.start;
      if (!isGone && (theirs === undefined || !sameBatch(own, theirs))) return;
      this.#agreedCount += 1;
      place += isGone && theirs?.baseOffset !== own.baseOffset ? 0 : 1;
    }
  }

  #cut(end: number): readonly Batch[] {
    const { batches } = this;
    let keep = batches.length;
    while (keep > 0 && batches[keep - 1]!.lastOffset >= end) keep -= 1;
    if (keep === batches.length) return NONE;
    const cut = batches.splice(keep);
    for (const batch of [...cut].reverse()) {
      if (batch.before === null) this.#ofProducer.delete(batch.producerId);
      else this.#ofProducer.set(batch.producerId, batch.before);
    }
    this.comparedCount = Math.min(this.comparedCount, keep);
    this.#agreedCount = Math.min(this.#agreedCount, keep);
    this.#segment = batches[keep - 1]?.segment ?? -1;
    return cut;
  }

  /** Reads on. Returns the segments that another one has followed meanwhile. */
  #read(): readonly number[] {
    const { log } = this.partition.log;
    const segments = log.segmentsWithIndexes;
    let place = segments.length - 1;
    while (place > 0 && segments[place]!.baseOffset > this.#segment) place -= 1;
    const rolled: number[] = [];
    for (; place < segments.length; place++) {
      const segment = segments[place]!;
      const last = this.batches[this.batches.length - 1];
      const goesOn = last?.segment === segment.baseOffset;
      if (last === undefined || goesOn || segment.nextOffset > last.lastOffset + 1) {
        const from = goesOn ? last.endPosition : 0;
        readBatches(this.#disk, log.folder, segment, from, (batch) => this.#add(batch));
      }
      if (place < segments.length - 1) rolled.push(segment.baseOffset);
    }
    this.#segment = segments[segments.length - 1]!.baseOffset;
    return rolled;
  }

  #add(batch: Batch): void {
    assert(batch.lastOffset < this.end, 'a batch within the log', { end: this.end, ...batch });
    if (batch.producerId >= 0) {
      batch.before = this.#ofProducer.get(batch.producerId) ?? null;
      this.#ofProducer.set(batch.producerId, batch);
    }
    this.batches.push(batch);
  }
}
