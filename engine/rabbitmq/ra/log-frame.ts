/**
 * What stands in the files of Ra's logs: entries, and the word that a snapshot took the place of
 * all that came before.
 *
 *     | size uint32 | adler32 uint32 | external term: [uid, offset, term, control, payload] |
 *     | size uint32 | adler32 uint32 | external term: [uid, offset, term]                   |
 *
 * An entry at an offset that was written before takes the place of that one and of all behind it.
 * Source: `ra_log_wal`, which has a checksum by Adler, too. Difference: there a writer's id is
 * written once and stands for a number from then on, and a command is compressed by Erlang.
 * Not here: the files (`wal.ts`, `segment-files.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { adler32 } from '../../bytes/adler32.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import type { Control, Entry, LogPosition } from '../../consensus/message.ts';
import { readTerm, type Term, termSize, writeTerm } from '../../wire/erlang/term.ts';

const HEAD_BYTES = 8;

/** One thing that a log wrote. */
export type LogRecord =
  | { readonly kind: 'entry'; readonly entry: Entry }
  /** The log begins anew behind this snapshot. */
  | { readonly kind: 'reset'; readonly start: LogPosition };

interface LogFrame {
  readonly uid: string;
  readonly record: LogRecord;
}

export function encodeFrame(uid: string, record: LogRecord): Uint8Array {
  assert(uid !== '', 'a log has an id', {});
  const term = termOf(uid, record);
  const size = termSize(term);
  const content = new Writer(size);
  writeTerm(content, term);
  const octets = content.finish();
  assert(octets.length === size, 'the size is known', { size, written: octets.length });
  const frame = new Writer(HEAD_BYTES + size);
  frame.uint32(size);
  frame.uint32(adler32(octets));
  frame.raw(octets);
  return frame.finish();
}

function termOf(uid: string, record: LogRecord): Term {
  if (record.kind === 'reset') return [uid, record.start.offset, record.start.term];
  const { offset, term, control, payload } = record.entry;
  return [uid, offset, term, control as Term, payload as Term];
}

/** All frames that are whole, and where they end: what is behind was torn off by a crash. */
export function decodeFrames(bytes: Uint8Array): {
  readonly frames: readonly LogFrame[];
  readonly endPosition: number;
} {
  const frames: LogFrame[] = [];
  let position = 0;
  while (position + HEAD_BYTES <= bytes.length) {
    const head = new Reader(bytes, position);
    const size = head.uint32();
    const checksum = head.uint32();
    const end = position + HEAD_BYTES + size;
    if (size === 0 || end > bytes.length) break;
    const octets = bytes.subarray(position + HEAD_BYTES, end);
    if (adler32(octets) !== checksum) break;
    const frame = frameOf(octets);
    if (frame === null) break;
    frames.push(frame);
    position = end;
  }
  assert(position <= bytes.length, 'within the file', { position, bytes: bytes.length });
  return { frames, endPosition: position };
}

function frameOf(octets: Uint8Array): LogFrame | null {
  try {
    const term = readTerm(new Reader(octets)) as readonly Term[];
    const [uid, offset, ofTerm] = term as readonly [string, number, number];
    const start = { offset, term: ofTerm };
    if (term.length === 3) return { uid, record: { kind: 'reset', start } };
    const control = (term[3] ?? null) as Control | null;
    const payload = term[4] ?? null;
    const entry = { ...start, endOffset: offset + 1, control, payload };
    return { uid, record: { kind: 'entry', entry } };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
