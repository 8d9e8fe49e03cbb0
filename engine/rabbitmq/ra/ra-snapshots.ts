/**
 * Snapshots of one Ra server: the machine's state and the members at a place of the log, as a file
 * that is written beside and renamed when it is durable.
 *
 *     quorum/rabbit-1/2F_Q1ABCDEF/snapshots/00000003_000000000000F3A0.dat
 *     | adler32 uint32 | external term: [members, state] |
 *
 * Source: `ra_snapshot`, `ra_log_snapshot` (the name is term and index in hexadecimal). Difference:
 * a file where there is a folder with one file in it.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { adler32 } from '../../bytes/adler32.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import type { LogPosition, MemberId } from '../../consensus/message.ts';
import { SnapshotFiles, type SnapshotNaming } from '../../consensus/snapshot-files.ts';
import { readTerm, type Term, termSize, writeTerm } from '../../wire/erlang/term.ts';

const NAME = /^([0-9A-F]{8})_([0-9A-F]{16})\.dat$/;
const TERM_DIGITS = 8;
const OFFSET_DIGITS = 16;
const HEAD_BYTES = 4;

export interface SnapshotContent {
  readonly voters: readonly MemberId[];
  readonly state: Term;
}

const naming: SnapshotNaming<LogPosition> = {
  nameOf: ({ offset, term }) => `${hex(term, TERM_DIGITS)}_${hex(offset, OFFSET_DIGITS)}.dat`,
  idOf: (name) => {
    const match = NAME.exec(name);
    if (match === null) return null;
    return { term: parseInt(match[1]!, 16), offset: parseInt(match[2]!, 16) };
  },
  endOffsetOf: ({ offset }) => offset,
};

function hex(value: number, digits: number): string {
  assert(value >= 0, 'a place of the log', { value });
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

export function openSnapshots(
  ports: Pick<Ports, 'disk' | 'cost'>,
  folder: string,
): SnapshotFiles<LogPosition> {
  return new SnapshotFiles(ports, `${folder}/snapshots`, naming);
}

export function encodeSnapshot({ voters, state }: SnapshotContent): Uint8Array {
  const term: Term = [voters, state];
  const content = new Writer(termSize(term));
  writeTerm(content, term);
  const octets = content.finish();
  const whole = new Writer(HEAD_BYTES + octets.length);
  whole.uint32(adler32(octets));
  whole.raw(octets);
  return whole.finish();
}

/** Null for bytes that are no snapshot. */
export function decodeSnapshot(bytes: Uint8Array): SnapshotContent | null {
  if (bytes.length <= HEAD_BYTES) return null;
  const octets = bytes.subarray(HEAD_BYTES);
  if (new Reader(bytes).uint32() !== adler32(octets)) return null;
  try {
    const [voters, state] = readTerm(new Reader(octets)) as readonly [readonly MemberId[], Term];
    return { voters, state };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
