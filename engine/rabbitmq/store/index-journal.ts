/**
 * The octets of an index of version 1: entries of `journal.jif` and of the segments `N.idx`.
 *
 *     journal:  00 seq 62 bits, publication | 10 seq 62 bits (delivered) | 11 seq 62 bits (acked)
 *     segment:  11 rel 14 bits, publication | 01 rel 14 bits (delivered; the second time: acked)
 *     publication: id 16 octets | expiry uint64 | body's octets uint32 | size uint32 | message
 *
 * A size of 0: the message store has the message. `rel` is the place in the segment.
 * Not here: what the entries mean together (`queue-index-v1.ts`). Source: `rabbit_queue_index`.
 */
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { assert } from '../../kernel/assert.ts';
import { readMessageId, writeMessageId } from './message-id.ts';
import type { IndexEntry } from './queue-index.ts';

const TWO_32 = 0x100000000;
const SEQ_HIGH_MASK = 0x3fffffff;
const REL_MASK = 0x3fff;
const DELIVERED = 2;
const ACKNOWLEDGED = 3;
const NOBODY = '0'.repeat(32);

export type IndexAction =
  | { readonly action: 'publish'; readonly entry: IndexEntry }
  | { readonly action: 'deliver' | 'ack'; readonly seqId: number }
  /** In a segment: delivered, or acknowledged where it was delivered. */
  | { readonly action: 'next'; readonly seqId: number };

export function writeJournalEntry(writer: Writer, of: IndexAction): void {
  assert(of.action !== 'next', 'a journal names what happened', {});
  const seqId = of.action === 'publish' ? of.entry.seqId : of.seqId;
  const prefix = of.action === 'publish' ? 0 : of.action === 'deliver' ? DELIVERED : ACKNOWLEDGED;
  writer.uint32(((prefix << 30) | Math.floor(seqId / TWO_32)) >>> 0);
  writer.uint32(seqId % TWO_32);
  if (of.action === 'publish') writePublication(writer, of.entry);
}

/** The entries up to the first that is not whole, and where they end. */
export function readJournal(bytes: Uint8Array): {
  readonly actions: readonly IndexAction[];
  readonly end: number;
} {
  return readAll(bytes, (reader) => {
    const high = reader.uint32();
    const seqId = (high & SEQ_HIGH_MASK) * TWO_32 + reader.uint32();
    const prefix = high >>> 30;
    if (prefix === DELIVERED) return { action: 'deliver', seqId };
    if (prefix === ACKNOWLEDGED) return { action: 'ack', seqId };
    return { action: 'publish', entry: readPublication(reader, seqId) };
  });
}

export function writeSegmentEntry(writer: Writer, of: IndexAction, segmentEntries: number): void {
  assert(segmentEntries <= REL_MASK + 1, 'a place has 14 bits', { segmentEntries });
  const seqId = of.action === 'publish' ? of.entry.seqId : of.seqId;
  const prefix = of.action === 'publish' ? 3 : 1;
  writer.uint16((prefix << 14) | (seqId % segmentEntries));
  if (of.action === 'publish') writePublication(writer, of.entry);
}

/** As `readJournal`, of a segment whose first position is `first`. */
export function readSegmentEntries(
  bytes: Uint8Array,
  first: number,
): { readonly actions: readonly IndexAction[]; readonly end: number } {
  return readAll(bytes, (reader) => {
    const head = reader.uint16();
    const seqId = first + (head & REL_MASK);
    const prefix = head >>> 14;
    if (prefix === 1) return { action: 'next', seqId };
    if (prefix !== 3) throw new Malformed('an entry of no kind');
    return { action: 'publish', entry: readPublication(reader, seqId) };
  });
}

function readAll(
  bytes: Uint8Array,
  read: (reader: Reader) => IndexAction,
): { readonly actions: readonly IndexAction[]; readonly end: number } {
  const actions: IndexAction[] = [];
  const reader = new Reader(bytes);
  let end = 0;
  try {
    while (reader.remaining > 0) {
      actions.push(read(reader));
      end = reader.position;
    }
  } catch (error) {
    // A crash may have torn the last entry, or left zeros.
    if (!(error instanceof Malformed)) throw error;
  }
  assert(end <= bytes.length, 'within the file', { end, length: bytes.length });
  return { actions, end };
}

function writePublication(writer: Writer, { id, expiry, bodyBytes, embedded }: IndexEntry): void {
  writeMessageId(writer, id);
  writer.int64(expiry);
  writer.uint32(bodyBytes);
  writer.uint32(embedded === null ? 0 : embedded.length);
  if (embedded !== null) writer.raw(embedded);
}

function readPublication(reader: Reader, seqId: number): IndexEntry {
  const id = readMessageId(reader);
  if (id === NOBODY) throw new Malformed('zeros');
  const expiry = reader.int64();
  const bodyBytes = reader.uint32();
  const size = reader.uint32();
  const embedded = size === 0 ? null : reader.view(size).slice();
  return { seqId, id, expiry, bodyBytes, embedded };
}
