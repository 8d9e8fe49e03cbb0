/**
 * The segments of one log: files into which entries go when the write-ahead log is full, so that it
 * can go. Whole ones go when a snapshot has taken the place of all that they hold.
 *
 *     quorum/rabbit-1/2F_Q1ABCDEF/00000003.segment
 *
 * Source: `ra_log_segment`, 4096 entries each. Differences: no index at the front; a read is only
 * made at the start, for all entries since the last snapshot are in memory (`ra-log.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskFile, DiskResult, Ports } from '../../kernel/ports.ts';
import type { Entry } from '../../consensus/message.ts';
import { decodeFrames, encodeFrame, type LogRecord } from './log-frame.ts';

const NAME = /^(\d{8})\.segment$/;
const NAME_DIGITS = 8;
/** `segment_max_entries` */
export const SEGMENT_ENTRIES_MAX = 4096;

interface Segment {
  readonly number: number;
  readonly path: string;
  entries: number;
  /** Behind the last entry that was ever written to it. */
  endOffset: number;
}

export class SegmentFiles {
  readonly #ports: Pick<Ports, 'disk' | 'cost'>;
  readonly #folder: string;
  readonly #uid: string;
  #segments: Segment[] = [];

  constructor(ports: Pick<Ports, 'disk' | 'cost'>, folder: string, uid: string) {
    this.#ports = ports;
    this.#folder = folder;
    this.#uid = uid;
  }

  get count(): number {
    return this.#segments.length;
  }

  /** All that was written, in its order. Called once, before anything else. */
  recover(): readonly LogRecord[] {
    assert(this.#segments.length === 0, 'once', { segments: this.#segments.length });
    const { disk, cost } = this.#ports;
    const found: LogRecord[] = [];
    for (const name of disk.list(this.#folder)) {
      const match = NAME.exec(name);
      if (match === null) continue;
      const path = `${this.#folder}/${name}`;
      const file = disk.open(path);
      const bytes = file.read(0, file.size()).slice();
      cost.charge('read', bytes.length);
      const { frames, endPosition } = decodeFrames(bytes);
      // What a crash tore off is in the write-ahead log still.
      if (endPosition < bytes.length) file.truncate(endPosition);
      file.close();
      const segment = { number: Number(match[1]), path, entries: frames.length, endOffset: 0 };
      for (const { record } of frames) {
        found.push(record);
        if (record.kind !== 'entry') continue;
        segment.endOffset = Math.max(segment.endOffset, record.entry.endOffset);
      }
      this.#segments.push(segment);
    }
    return found;
  }

  /** Writes entries behind what is there; `done` when they are durable. */
  append(entries: readonly Entry[], done: (result: DiskResult) => void): void {
    assert(entries.length > 0, 'something to write', { uid: this.#uid });
    const touched = new Map<string, DiskFile>();
    for (const entry of entries) {
      const segment = this.#segmentToWrite();
      const frame = encodeFrame(this.#uid, { kind: 'entry', entry });
      const file = touched.get(segment.path) ?? this.#ports.disk.open(segment.path);
      touched.set(segment.path, file);
      this.#ports.cost.charge('append', frame.length);
      const result = file.write(file.size(), frame);
      if (result !== 'ok') return done(result);
      segment.entries += 1;
      segment.endOffset = Math.max(segment.endOffset, entry.endOffset);
    }
    syncEach([...touched.values()], done);
  }

  /** Drops the segments whose entries are all before this offset. */
  dropBefore(offset: number): void {
    const gone = this.#segments.filter(({ endOffset }) => endOffset <= offset);
    this.#segments = this.#segments.filter(({ endOffset }) => endOffset > offset);
    for (const { path } of gone) this.#ports.disk.remove(path);
  }

  dropAll(): void {
    for (const { path } of this.#segments) this.#ports.disk.remove(path);
    this.#segments = [];
  }

  #segmentToWrite(): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.entries < SEGMENT_ENTRIES_MAX) return last;
    const number = (last?.number ?? 0) + 1;
    const name = String(number).padStart(NAME_DIGITS, '0');
    const path = `${this.#folder}/${name}.segment`;
    const made = { number, path, entries: 0, endOffset: 0 };
    this.#segments.push(made);
    return made;
  }
}

function syncEach([first, ...rest]: readonly DiskFile[], done: (result: DiskResult) => void): void {
  assert(first !== undefined, 'a file', {});
  first.sync((result) => {
    first.close();
    if (result !== 'ok' || rest.length === 0) done(result);
    else syncEach(rest, done);
  });
}
