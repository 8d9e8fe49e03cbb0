/** Idempotent producers as a log knows them, and their snapshot on disk. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeSnapshot,
  encodeSnapshot,
} from '../../../engine/kafka/partition/producer-snapshot.ts';
import {
  ProducerState,
  inSequence,
  sequencePlus,
} from '../../../engine/kafka/partition/producer-state.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';

const SEQUENCE_MAX = 2_147_483_647;

function header(baseSequence: number, count = 1, producerEpoch = 0, producerId = 1) {
  const lastSequence = sequencePlus(baseSequence, count - 1);
  return { producerId, producerEpoch, baseSequence, lastSequence };
}

function append(state: ProducerState, of: ReturnType<typeof header>, firstOffset: number): void {
  const lastOffset = firstOffset + of.lastSequence - of.baseSequence;
  state.appended(of, { firstOffset, lastOffset, timestamp: 1000 });
}

describe('kafka: producer state', () => {
  test('kafka: producer state: sequences wrap from 2^31 - 1 to 0', () => {
    expect(inSequence(SEQUENCE_MAX, 0)).toBe(true);
    expect(inSequence(5, 6)).toBe(true);
    expect(inSequence(5, 0)).toBe(false);
    expect(sequencePlus(SEQUENCE_MAX - 1, 3)).toBe(1);
    const state = new ProducerState();
    state.appended(header(SEQUENCE_MAX), { firstOffset: 0, lastOffset: 0, timestamp: 1 });
    expect(state.judge(header(0)).kind).toBe('append');
    expect(state.judge(header(1)).kind).toBe('refuse');
  });

  test('kafka: producer state: an unknown producer may begin anywhere', () => {
    expect(new ProducerState().judge(header(77)).kind).toBe('append');
  });

  test('kafka: producer state: only a whole batch is a duplicate, not a part of it', () => {
    const state = new ProducerState();
    append(state, header(0, 4), 0);
    expect(state.judge(header(0, 4))).toMatchObject({
      kind: 'duplicate',
      batch: { firstOffset: 0 },
    });
    expect(state.judge(header(0, 3))).toEqual({
      kind: 'refuse',
      errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    });
    expect(state.judge(header(2, 2)).kind).toBe('refuse');
  });

  test('kafka: producer state: a new epoch forgets the batches of the old one', () => {
    const state = new ProducerState();
    append(state, header(0, 1, 0), 0);
    append(state, header(0, 1, 1), 1);
    expect(state.judge(header(0, 1, 1))).toMatchObject({ batch: { firstOffset: 1 } });
    expect(state.judge(header(1, 1, 0))).toEqual({
      kind: 'refuse',
      errorCode: ErrorCode.INVALID_PRODUCER_EPOCH,
    });
  });

  test('kafka: producer state: who is silent for producer.id.expiration.ms is forgotten', () => {
    const state = new ProducerState();
    append(state, header(0), 0);
    state.removeExpired(1999, 1000);
    expect(state.entries.size).toBe(1);
    state.removeExpired(2000, 1000);
    expect(state.entries.size).toBe(0);
    expect(state.judge(header(9)).kind).toBe('append');
  });

  test('kafka: producer state: K20: whatever is sent, accepted sequences are contiguous', () => {
    const sends = fc.array(fc.record({ base: fc.nat(12), count: fc.integer({ min: 1, max: 3 }) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(sends, (list) => {
        const state = new ProducerState();
        append(state, header(0), 0);
        let next = 1;
        let offset = 1;
        for (const { base, count } of list) {
          const of = header(base, count);
          const verdict = state.judge(of);
          if (verdict.kind !== 'append') continue;
          expect(base).toBe(next);
          append(state, of, offset);
          offset += count;
          next = sequencePlus(of.lastSequence, 1);
        }
      }),
    );
  });
});

describe('kafka: producer snapshot', () => {
  test('kafka: producer snapshot: keeps the last batch, and notices a flipped bit', () => {
    const state = new ProducerState();
    append(state, header(0, 3), 0);
    append(state, header(3, 2), 3);
    const bytes = encodeSnapshot([...state.entries.values()]);
    expect(decodeSnapshot(bytes)).toEqual([
      {
        producerId: 1,
        coordinatorEpoch: -1,
        currentTxnFirstOffset: -1,
        producerEpoch: 0,
        lastTimestamp: 1000,
        batches: [
          { baseSequence: 3, lastSequence: 4, firstOffset: 3, lastOffset: 4, timestamp: 1000 },
        ],
      },
    ]);
    for (let at = 0; at < bytes.length; at++) {
      const torn = bytes.slice();
      torn[at] = torn[at]! ^ 1;
      expect(decodeSnapshot(torn)).toBeNull();
      expect(decodeSnapshot(bytes.subarray(0, at))).toBeNull();
    }
  });
});
