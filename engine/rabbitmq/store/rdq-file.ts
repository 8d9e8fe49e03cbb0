/**
 * The octets of a message store's file, `N.rdq`, and the search for messages in them.
 *
 *     size uint64 (of id and message) | id 16 octets | message | 255
 *
 * Nothing says where a record begins, and there is no checksum: whoever lost the index reads from
 * the start, and from the next octet wherever something is no record that is still wanted. Holes
 * are full of messages that were removed, so octets of their bodies are read as sizes, too. Not
 * here: which records are wanted (`message-store.ts`). Source: `rabbit_msg_store:scan_data` (since
 * 3.13), `rabbit_msg_file` before. Differs: the file is read as a whole, not in blocks of 4 MiB;
 * before 3.13 the search ended at the first such place.
 */
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { assert } from '../../kernel/assert.ts';
import { type MessageId, readMessageId, writeMessageId } from './message-id.ts';

const SIZE_BYTES = 8;
const ID_BYTES = 16;
const END_MARK = 255;
/** Octets of a record beside the message. */
const RECORD_OVERHEAD_BYTES = SIZE_BYTES + ID_BYTES + 1;

export interface FoundRecord {
  readonly id: MessageId;
  /** Where it begins, and its octets with size and mark. */
  readonly offset: number;
  readonly size: number;
}

export function encodeRecord(id: MessageId, message: Uint8Array): Uint8Array {
  assert(message.length > 0, 'a message', { id });
  const writer = new Writer(message.length + RECORD_OVERHEAD_BYTES);
  writer.int64(ID_BYTES + message.length);
  writeMessageId(writer, id);
  writer.raw(message);
  writer.int8(END_MARK - 256);
  return writer.finish();
}

/** The message's octets in a record; null where it is another message's. */
export function messageInRecord(record: Uint8Array, id: MessageId): Uint8Array | null {
  assert(record.length > RECORD_OVERHEAD_BYTES, 'a record', { length: record.length });
  const found = readMessageId(new Reader(record, SIZE_BYTES, SIZE_BYTES + ID_BYTES));
  return found === id ? record.subarray(SIZE_BYTES + ID_BYTES, record.length - 1) : null;
}

/**
 * `wanted`: the record is kept; `passed`: it is one, but nobody wants it any more; `no`: it may be
 * octets that look like one.
 */
export type Judgement = 'wanted' | 'passed' | 'no';

/**
 * Looks for records from the first octet to the last and asks about each; gives those that are
 * wanted, in order. `dropsTail`: a size that ends within the last nine octets of the file ends the
 * search (gallery 23).
 */
export function scanRecords(
  bytes: Uint8Array,
  judge: (found: FoundRecord) => Judgement,
  { dropsTail }: { readonly dropsTail: boolean },
): readonly FoundRecord[] {
  const wanted: FoundRecord[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let offset = 0;
  while (bytes.length - offset >= SIZE_BYTES) {
    const left = bytes.length - offset;
    const size = sizeAt(view, offset);
    const found = recordAt(bytes, offset, size);
    const judgement = found === null ? 'no' : judge(found);
    if (found !== null && judgement !== 'no') {
      if (judgement === 'wanted') wanted.push(found);
      offset += found.size;
      continue;
    }
    // The real one waits for more octets, finds the end of the file, and forgets those it has.
    if (dropsTail && size < left && left < size + SIZE_BYTES + 1) break;
    offset += 1;
  }
  assert(offset <= bytes.length, 'within the file', { offset, length: bytes.length });
  return wanted;
}

/** A size that no file has reads as the largest number. */
function sizeAt(view: DataView, offset: number): number {
  const high = view.getUint32(offset);
  return high === 0 ? view.getUint32(offset + 4) : Number.MAX_SAFE_INTEGER;
}

function recordAt(bytes: Uint8Array, offset: number, size: number): FoundRecord | null {
  if (size < ID_BYTES || offset + SIZE_BYTES + size + 1 > bytes.length) return null;
  if (bytes[offset + SIZE_BYTES + size] !== END_MARK) return null;
  const reader = new Reader(bytes, offset + SIZE_BYTES, offset + SIZE_BYTES + ID_BYTES);
  return { id: readMessageId(reader), offset, size: SIZE_BYTES + size + 1 };
}
