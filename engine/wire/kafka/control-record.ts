/**
 * The records of a control batch: a transaction's end, written by its coordinator into each
 * partition that it touched (KIP-98). Consumers do not see them.
 *
 *     key    | version int16 = 0 | type int16: 0 abort, 1 commit |
 *     value  | version int16 = 0 | coordinatorEpoch int32 |
 *
 * Not here: the control records of the metadata log's own quorum (types 2 and above).
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import type { BatchRecord, RecordDraft } from './record.ts';

/** How a transaction ended. */
export interface EndTransactionMarker {
  readonly type: 'abort' | 'commit';
  /** The epoch of the coordinator that wrote it: an older one is fenced. */
  readonly coordinatorEpoch: number;
}

const KEY_VERSION = 0;
const VALUE_VERSION = 0;
const TYPES = ['abort', 'commit'] as const;

/** The marker as the one record of a control batch. */
export function encodeMarker(marker: EndTransactionMarker, timestamp: number): RecordDraft {
  assert(marker.coordinatorEpoch >= 0, 'not an epoch', { epoch: marker.coordinatorEpoch });
  const key = new Writer(4);
  key.int16(KEY_VERSION);
  key.int16(TYPES.indexOf(marker.type));
  const value = new Writer(6);
  value.int16(VALUE_VERSION);
  value.int32(marker.coordinatorEpoch);
  assert(key.length === 4 && value.length === 6, 'marker size');
  return { timestamp, key: key.finish(), value: value.finish() };
}

/** The marker in a control record, or null for another type or bytes that are none. */
export function decodeMarker(record: BatchRecord): EndTransactionMarker | null {
  if (record.key === null || record.value === null) return null;
  try {
    const key = new Reader(record.key);
    if (key.int16() < KEY_VERSION) return null;
    const type = TYPES[key.int16()];
    const value = new Reader(record.value);
    // Later versions only add fields at the end.
    if (type === undefined || value.int16() < VALUE_VERSION) return null;
    return { type, coordinatorEpoch: value.int32() };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
