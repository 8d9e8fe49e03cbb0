/**
 * The log of one replica of a stream: chunks in the segmented log that Kafka's partitions have, too
 * (`storage/`), under `stream/<name>/`.
 *
 * Responsible for: writing chunks, where a consumer begins, reading a chunk, retention, and what a
 * replica has to cut before it follows a new epoch. Source: `osiris_log`.
 * Differs: a start looks at every chunk with its checksum, where the real one trusts all but the
 * last segment.
 * Not here: what is committed (`stream-writer.ts`, `stream-replica.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskResult } from '../../kernel/ports.ts';
import { frameHeader } from '../../storage/framing.ts';
import { openLog, type RecoveryReport } from '../../storage/recovery.ts';
import type { LogHooks, LogPorts, SegmentedLog } from '../../storage/log.ts';
import type { DiskFailure } from '../../storage/segment.ts';
import { chunkEntries, type ChunkExtras, chunkExtras, chunkFraming, encodeChunk } from './chunk.ts';
import type { OffsetSpec } from './offset-spec.ts';
import { streamLayout } from './stream-layout.ts';
import { retainedFrom } from './stream-retention.ts';
import { logConfigOf, type StreamSettings } from './stream-settings.ts';
import { WriterTracking } from './writer-tracking.ts';

/** A chunk as it is read; the bytes are a view, good within the event. */
export interface StreamChunk {
  readonly bytes: Uint8Array;
  readonly firstOffset: number;
  /** The offset behind it. */
  readonly next: number;
}

/** Where an epoch ends in a log: one above its last offset. */
export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

export class StreamLog {
  readonly #ports: LogPorts;
  readonly #log: SegmentedLog;
  readonly #epochs: EpochEnd[];
  readonly #header = frameHeader();
  #settings: StreamSettings;

  private constructor(
    ports: LogPorts,
    log: SegmentedLog,
    epochs: EpochEnd[],
    settings: StreamSettings,
  ) {
    this.#ports = ports;
    this.#log = log;
    this.#epochs = epochs;
    this.#settings = settings;
  }

  /** Opens the log in a folder, new or after any stop. The disk's errors are values. */
  static open(
    ports: LogPorts,
    folder: string,
    settings: StreamSettings,
    hooks: LogHooks = {},
  ): { readonly log: StreamLog; readonly report: RecoveryReport } | DiskFailure {
    const epochs: EpochEnd[] = [];
    const opened = openLog(
      ports,
      chunkFraming,
      {
        folder,
        config: logConfigOf(settings),
        ...{ clean: false, recoveryPoint: 0, logStartOffset: 0, hooks },
        recovered: ({ epoch, lastOffset }) => noteEpoch(epochs, epoch, lastOffset + 1),
      },
      streamLayout,
    );
    if ('failure' in opened) return opened.failure;
    const { log, report } = opened;
    assert(log.segments().length > 0, 'a log has a segment', { folder });
    return { log: new StreamLog(ports, log, epochs, settings), report };
  }

  /** The first offset that there is. */
  get firstOffset(): number {
    return this.#log.logStartOffset;
  }

  /** The offset of the next record. */
  get nextOffset(): number {
    return this.#log.logEndOffset;
  }

  get lastEpoch(): number {
    return this.#epochs.at(-1)?.epoch ?? 0;
  }

  /** Where each epoch ends that the log has, oldest first. */
  get epochEnds(): readonly EpochEnd[] {
    return this.#epochs;
  }

  get failure(): DiskFailure | null {
    return this.#log.failure;
  }

  /** The segments, for views and checks. */
  get segments(): ReturnType<SegmentedLog['segments']> {
    return this.#log.segments();
  }

  /** Writes records as one chunk. On an error nothing is written, and the log has failed. */
  write(bodies: readonly Uint8Array[], epoch: number, extras?: ChunkExtras): DiskResult {
    const timestamp = this.#ports.clock.wall();
    const facts = { firstOffset: this.nextOffset, epoch, timestamp };
    return this.accept(encodeChunk(facts, bodies, extras));
  }

  /** How far each writer id has written, by the trailers of the chunks that there are. */
  tracking(): WriterTracking {
    const tracking = new WriterTracking();
    for (let next = this.firstOffset; next < this.nextOffset;) {
      const chunk = this.read(next, this.nextOffset);
      if (chunk === null || chunk === 'corrupt') break;
      assert(chunk.next > next, 'a chunk has records', { next });
      tracking.read(chunkExtras(chunk.bytes).trailer, chunk.next);
      next = chunk.next;
    }
    return tracking;
  }

  /** Writes a whole chunk that follows the last one: of this stream's writer. */
  accept(chunk: Uint8Array): DiskResult {
    const segments = this.#log.segmentsWithIndexes.length;
    const [first] = chunkEntries(chunk, 0);
    assert(first?.offset === this.nextOffset, 'offsets have no gap', { next: this.nextOffset });
    this.#ports.cost.charge('crc', chunk.length);
    const result = this.#log.append(chunk);
    if (result !== 'ok') return result;
    const header = this.#log.headerAt(this.nextOffset - 1);
    assert(header !== null && header.epoch >= this.lastEpoch, 'epochs never fall', {
      last: this.lastEpoch,
    });
    noteEpoch(this.#epochs, header.epoch, this.nextOffset);
    if (this.#log.segmentsWithIndexes.length > segments) this.retain();
    return 'ok';
  }

  /** The first offset of the chunk at which a consumer that asks for this begins. */
  begin(spec: OffsetSpec): number {
    const { firstOffset, nextOffset } = this;
    if (spec === 'first') return firstOffset;
    if (spec === 'next' || firstOffset === nextOffset) return nextOffset;
    if (spec === 'last') return this.#chunkOf(nextOffset - 1);
    if ('timestampMs' in spec) {
      return this.#log.offsetForTimestamp(spec.timestampMs)?.offset ?? nextOffset;
    }
    if (spec.offset >= nextOffset) return nextOffset;
    return this.#chunkOf(Math.max(firstOffset, spec.offset));
  }

  #chunkOf(offset: number): number {
    const header = this.#log.headerAt(offset);
    assert(header !== null && header.baseOffset <= offset, 'the offset is in a chunk', { offset });
    return header.baseOffset;
  }

  /**
   * The chunk that has the offset, if all of it is below `end`; null if there is none, and
   * `corrupt` where the disk has rotted. An offset that retention took is that of the first chunk.
   */
  read(offset: number, end: number): StreamChunk | null | 'corrupt' {
    const from = Math.max(offset, this.firstOffset);
    if (from >= end) return null;
    const read = this.#log.read(from, 0, { minOneMessage: true, maxOffset: end });
    if (read === 'CORRUPT_MESSAGE') return 'corrupt';
    assert(read !== 'OFFSET_OUT_OF_RANGE', 'an offset of the log', { offset, end });
    const { bytes } = read;
    if (bytes.length === 0) return null;
    this.#ports.cost.charge('read', bytes.length);
    this.#ports.cost.charge('crc', bytes.length);
    if (!chunkFraming.valid(bytes, 0, bytes.length)) return 'corrupt';
    const header = chunkFraming.header(bytes, 0, this.#header);
    assert(header === 'ok', 'a whole chunk', { offset, header });
    return { bytes, firstOffset: this.#header.baseOffset, next: this.#header.lastOffset + 1 };
  }

  /** Applies retention: the first offset may rise. */
  retain(): void {
    const from = retainedFrom(this.#log.segments(), this.#settings, this.#ports.clock.wall());
    if (!this.#log.incrementLogStartOffset(from)) return;
    this.#log.deleteOldSegments(this.#log.logEndOffset);
    assert(this.firstOffset === from, 'whole segments go', { from, first: this.firstOffset });
  }

  /** New settings hold for the next segment; retention at once. */
  updateSettings(settings: StreamSettings): void {
    this.#settings = settings;
    this.#log.updateConfig(logConfigOf(settings));
    this.retain();
  }

  /**
   * Cuts what the writer of a new epoch does not have: the log then ends where both have the same
   * epochs. `ends` are the writer's. Source: `osiris_log:truncate_to`.
   */
  truncateTo(ends: readonly EpochEnd[], writerFirstOffset: number): DiskResult {
    const common = commonEnd(this.#epochs, ends);
    if (common < writerFirstOffset) return this.#restartAt(writerFirstOffset);
    if (common >= this.nextOffset) return 'ok';
    const result = this.#log.truncateTo(common);
    if (result !== 'ok') return result;
    assert(this.nextOffset === common, 'a cut is between chunks', { common, at: this.nextOffset });
    this.#cutEpochs(common);
    return 'ok';
  }

  /** Nothing of it is at the writer any more: it begins where the writer does. */
  #restartAt(offset: number): DiskResult {
    this.#epochs.length = 0;
    return this.#log.truncateFullyAndStartAt(offset);
  }

  #cutEpochs(end: number): void {
    let start = 0;
    const kept: EpochEnd[] = [];
    for (const { epoch, endOffset } of this.#epochs) {
      if (start < end) kept.push({ epoch, endOffset: Math.min(endOffset, end) });
      start = endOffset;
    }
    this.#epochs.splice(0, this.#epochs.length, ...kept);
  }

  /** Closes the files as they are. */
  close(): void {
    this.#log.closeFiles();
  }
}

function noteEpoch(epochs: EpochEnd[], epoch: number, endOffset: number): void {
  const last = epochs.at(-1);
  if (last?.epoch === epoch) epochs.pop();
  assert(last === undefined || last.endOffset <= endOffset, 'offsets rise', { endOffset });
  epochs.push({ epoch, endOffset });
}

/** Up to where two logs are the same: the newest epoch of both, and the nearer of its ends. */
function commonEnd(own: readonly EpochEnd[], others: readonly EpochEnd[]): number {
  for (let at = own.length - 1; at >= 0; at--) {
    const { epoch, endOffset } = own[at]!;
    const other = others.find((of) => of.epoch === epoch);
    if (other !== undefined) return Math.min(endOffset, other.endOffset);
  }
  return 0;
}
