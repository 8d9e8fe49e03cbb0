/**
 * The leader epochs of one replica's log: which epochs wrote it, and where each began. A follower
 * that asks "where does epoch 4 end at yours" learns where its log and the leader's part, and
 * truncates there and not at its high watermark (KIP-101; KIP-279 adds the epoch to the answer).
 *
 *     epoch          0           2       5
 *     log       |0 1 2 3 4 5 6|7 8 9|10 11 ...        entries: (0, 0) (2, 7) (5, 10)
 *
 * Invariant K6: entries rise strictly in epoch and in start offset, and are those that the log
 * gives when it is read from the start. Source: LeaderEpochFileCache.java.
 *
 * Every change is handed to the checkpoint. The real broker waits for the disk when an epoch is
 * assigned; here the write goes on behind, and `restore` reads what is missing from the log.
 *
 * Not here: truncation itself (`follower-replica.ts`), the file (`leader-epoch-checkpoint.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { FrameHeader } from '../../storage/framing.ts';
import type { EpochEntry, LeaderEpochCheckpoint } from './leader-epoch-checkpoint.ts';

/** "No epoch" and "no offset" in OffsetForLeaderEpoch. */
export const UNDEFINED_EPOCH = -1;
export const UNDEFINED_EPOCH_OFFSET = -1;

/** What OffsetForLeaderEpoch answers: the epoch that was found and where it ends. */
export interface EpochEndOffset {
  readonly epoch: number;
  readonly endOffset: number;
}

/** What `restore` needs of the log. */
export interface EpochLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly lastEpoch: number;
  headerAt(offset: number): FrameHeader | null;
  scan(from: number, visit: (header: FrameHeader) => void): void;
}

const UNDEFINED: EpochEndOffset = { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET };

export class LeaderEpochCache {
  readonly #checkpoint: LeaderEpochCheckpoint | null;
  #entries: readonly EpochEntry[] = [];

  /** Without a checkpoint the cache lives in memory only. Begins empty: see `restore`. */
  constructor(checkpoint: LeaderEpochCheckpoint | null) {
    this.#checkpoint = checkpoint;
  }

  /** Oldest first. The array is never changed, only replaced. */
  get entries(): readonly EpochEntry[] {
    return this.#entries;
  }

  latest(): EpochEntry | null {
    return this.#entries[this.#entries.length - 1] ?? null;
  }

  /** The latest epoch that has records, -1 if there is none. */
  get latestEpoch(): number {
    return this.latest()?.epoch ?? UNDEFINED_EPOCH;
  }

  /** The epoch before this one, -1 if there is none. */
  previousEpoch(epoch: number): number {
    return this.#entries.findLast((entry) => entry.epoch < epoch)?.epoch ?? UNDEFINED_EPOCH;
  }

  /**
   * Notes that an epoch begins at an offset. Entries that would break the order are removed: they
   * are of a log that was there before. False if nothing changed, as when the epoch is known.
   */
  assign(epoch: number, startOffset: number): boolean {
    const changed = this.#assign(epoch, startOffset);
    if (changed) this.#write();
    return changed;
  }

  /**
   * The largest epoch at or below the requested one, and its end: the start of the next epoch, or
   * the log end offset for the latest epoch. Below the first known epoch the answer is the
   * requested epoch and the first known start; above the latest one, and for -1, undefined.
   */
  endOffsetFor(requestedEpoch: number, logEndOffset: number): EpochEndOffset {
    assert(logEndOffset >= 0, 'a log end offset', { logEndOffset });
    if (requestedEpoch === UNDEFINED_EPOCH) return UNDEFINED;
    if (requestedEpoch === this.latestEpoch) {
      return { epoch: requestedEpoch, endOffset: logEndOffset };
    }
    const higher = this.#entries.findIndex(({ epoch }) => epoch > requestedEpoch);
    if (higher < 0) return UNDEFINED;
    const floor = this.#entries[higher - 1];
    const endOffset = this.#entries[higher]!.startOffset;
    return { epoch: floor?.epoch ?? requestedEpoch, endOffset };
  }

  /** The epoch that wrote this offset; -1 if it is below the first entry. */
  epochForOffset(offset: number): number {
    const entry = this.#entries.findLast(({ startOffset }) => startOffset <= offset);
    return entry?.epoch ?? UNDEFINED_EPOCH;
  }

  /** The log was cut at `endOffset`: epochs that began there or later are gone. */
  truncateFromEnd(endOffset: number): void {
    assert(endOffset >= 0, 'a log end offset', { endOffset });
    this.#keep(this.#entries.filter(({ startOffset }) => startOffset < endOffset));
  }

  /** The log begins at `startOffset` now: the epoch that is there begins there, older ones go. */
  truncateFromStart(startOffset: number): void {
    assert(startOffset >= 0, 'a log start offset', { startOffset });
    const floor = this.#entries.findLastIndex((entry) => entry.startOffset <= startOffset);
    if (floor < 0) return;
    const first: EpochEntry = { epoch: this.#entries[floor]!.epoch, startOffset };
    this.#keep([first, ...this.#entries.slice(floor + 1)]);
  }

  clear(): void {
    this.#keep([]);
  }

  /**
   * After the log was opened: takes the checkpoint's entries that the log bears out, and reads the
   * rest from the log, since the checkpoint may be lost, torn or older than the log.
   */
  restore(log: EpochLog): void {
    const read = this.#checkpoint?.read() ?? { ok: false, error: 'absent' };
    this.#entries = [];
    if (read.ok) {
      for (const { epoch, startOffset } of read.entries) this.#assign(epoch, startOffset);
    }
    this.#entries = this.#entries.slice(0, this.#bornOutBy(log));
    const lastEpoch = log.lastEpoch;
    if (lastEpoch >= 0 && this.latestEpoch !== lastEpoch) {
      // Frames below the log start offset that are still on disk say what the epoch there is.
      log.scan(this.latest()?.startOffset ?? 0, ({ epoch, baseOffset }) => {
        if (epoch > this.latestEpoch) this.#assign(epoch, baseOffset);
      });
      assert(this.latestEpoch === lastEpoch, 'invariant K6', { lastEpoch, found: this.latest() });
    }
    const derived = this.#entries;
    this.truncateFromStart(log.logStartOffset);
    const before = read.ok ? read.entries : [];
    if (derived === this.#entries && !same(before, derived)) this.#write();
  }

  /**
   * How many entries are true of this log: each must begin where its epoch begins, behind a frame
   * of the entry before it. Of those at or below the log start offset only the last one counts.
   */
  #bornOutBy(log: EpochLog): number {
    const { logStartOffset, logEndOffset } = log;
    const first = this.#entries[0];
    const oldest = log.headerAt(logStartOffset);
    // A log start offset that was not yet durable: older records are back, without their epochs.
    if (first !== undefined && oldest !== null) {
      if (Math.max(oldest.baseOffset, logStartOffset) < first.startOffset) return 0;
    }
    const floor = this.#entries.findLastIndex(
      ({ startOffset }) => startOffset <= logStartOffset && startOffset < logEndOffset,
    );
    if (floor >= 0) {
      const { epoch } = this.#entries[floor]!;
      const there = oldest?.epoch ?? (log.lastEpoch < 0 ? epoch : log.lastEpoch);
      const isGap = oldest !== null && oldest.baseOffset > logStartOffset;
      if (isGap ? there < epoch : there !== epoch) return 0;
    }
    let count = floor + 1;
    while (count < this.#entries.length && this.#isTrueOf(log, count)) count++;
    return count;
  }

  /**
   * Whether an entry above the log start offset begins where its epoch does. Where compaction has
   * left a gap the next frame may be of a later epoch.
   */
  #isTrueOf(log: EpochLog, place: number): boolean {
    const { epoch, startOffset } = this.#entries[place]!;
    if (startOffset >= log.logEndOffset) return false;
    if (!agrees(log.headerAt(startOffset), startOffset, epoch)) return false;
    const before = this.#entries[place - 1]?.epoch;
    return before === undefined || agrees(log.headerAt(startOffset - 1), startOffset - 1, before);
  }

  #assign(epoch: number, startOffset: number): boolean {
    assert(epoch >= 0 && startOffset >= 0, 'an epoch and its start', { epoch, startOffset });
    const latest = this.latest();
    if (latest !== null && latest.epoch === epoch && startOffset >= latest.startOffset) {
      return false;
    }
    let keep = this.#entries.length;
    while (keep > 0) {
      const entry = this.#entries[keep - 1]!;
      if (entry.epoch < epoch && entry.startOffset < startOffset) break;
      keep -= 1;
    }
    this.#entries = [...this.#entries.slice(0, keep), { epoch, startOffset }];
    return true;
  }

  #keep(entries: readonly EpochEntry[]): void {
    if (same(entries, this.#entries)) return;
    this.#entries = entries;
    this.#write();
  }

  #write(): void {
    this.#checkpoint?.write(this.#entries);
  }
}

/** Whether a log can have had a record of this epoch at this offset; `found` reaches it. */
function agrees(found: FrameHeader | null, offset: number, epoch: number): boolean {
  if (found === null) return false;
  return found.baseOffset <= offset ? found.epoch === epoch : found.epoch >= epoch;
}

function same(left: readonly EpochEntry[], right: readonly EpochEntry[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((entry, i) => {
    const other = right[i]!;
    return entry.epoch === other.epoch && entry.startOffset === other.startOffset;
  });
}
