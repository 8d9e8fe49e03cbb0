/**
 * Acknowledgements as ShareFetch and ShareAcknowledge carry them: their types, whether a list of
 * them makes sense, and what each asks for. Source: `AcknowledgeType`,
 * `KafkaApis.validateAcknowledgementBatches`, `SharePartition.fetchRecordState`.
 */
import { assert, present } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { RecordState } from './record-state.ts';

/** `GAP`: there is no record at the offset. */
export const ACKNOWLEDGE_TYPES = { GAP: 0, ACCEPT: 1, RELEASE: 2, REJECT: 3 } as const;
const TYPE_MAX = ACKNOWLEDGE_TYPES.REJECT;

export interface AcknowledgementBatch {
  readonly firstOffset: number;
  /** Included. */
  readonly lastOffset: number;
  /** One for each offset, or one for all. */
  readonly acknowledgeTypes: readonly number[];
}

/** INVALID_REQUEST for batches that overlap, go backwards, or have types that do not fit. */
export function acknowledgementError(batches: readonly AcknowledgementBatch[]): number {
  let previousEnd = -1;
  for (const { firstOffset, lastOffset, acknowledgeTypes: types } of batches) {
    const fits = types.length === 1 || types.length === lastOffset - firstOffset + 1;
    const isKnown = types.every((type) => type >= 0 && type <= TYPE_MAX);
    const isOrdered = firstOffset <= lastOffset && firstOffset > previousEnd;
    if (types.length === 0 || !fits || !isKnown || !isOrdered) return ErrorCode.INVALID_REQUEST;
    previousEnd = lastOffset;
  }
  return ErrorCode.NONE;
}

/** The state that an acknowledgement asks for. */
export function stateWanted(batch: AcknowledgementBatch, offset: number): RecordState {
  const { firstOffset, lastOffset, acknowledgeTypes: types } = batch;
  assert(offset >= firstOffset && offset <= lastOffset, 'an offset of it', { offset });
  const type = types.length === 1 ? types[0] : types[offset - firstOffset];
  switch (present(type, 'a type')) {
    case ACKNOWLEDGE_TYPES.ACCEPT:
      return 'ACKNOWLEDGED';
    case ACKNOWLEDGE_TYPES.RELEASE:
      return 'AVAILABLE';
    default:
      return 'ARCHIVED';
  }
}
