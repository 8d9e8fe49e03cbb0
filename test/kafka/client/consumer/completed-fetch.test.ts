/**
 * What a Fetch reply's bytes turn into, record by record. Not here: where they were fetched from.
 */
import { describe, expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../../../engine/bytes/utf8.ts';
import {
  CompletedFetch,
  type FetchedData,
} from '../../../../engine/kafka/client/consumer/completed-fetch.ts';
import { encodeMarker } from '../../../../engine/wire/kafka/control-record.ts';
import { encodeBatch } from '../../../../engine/wire/kafka/record-batch.ts';

const partition = { topic: 'pay', partition: 0 };
const record = (value: string) => ({ timestamp: 1, key: null, value: encodeUtf8(value) });

function batch(baseOffset: number, values: string[], over: object = {}): Uint8Array {
  const records = values.map(record);
  return encodeBatch({ records, baseOffset, partitionLeaderEpoch: 3, ...over });
}

function marker(baseOffset: number, type: 'abort' | 'commit', producerId: number): Uint8Array {
  const records = [encodeMarker({ type, coordinatorEpoch: 0 }, 1)];
  const control = { isControl: true, isTransactional: true, producerId, producerEpoch: 0 };
  return encodeBatch({ records, baseOffset, partitionLeaderEpoch: 3, ...control });
}

function fetched(parts: Uint8Array[], over: Partial<FetchedData> = {}): CompletedFetch {
  const records = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    records.set(part, at);
    at += part.length;
  }
  const base = { partition, fetchOffset: 0, abortedTransactions: null, checksCrcs: true };
  return new CompletedFetch({ ...base, records, ...over });
}

const texts = (completed: CompletedFetch, max = 100): string[] =>
  completed.take(max).map(({ value }) => decodeUtf8(value!));

describe('kafka consumer: what a fetch brought', () => {
  test('records before the fetch offset in its batch are not given out', () => {
    const completed = fetched([batch(0, ['a', 'b', 'c'])], { fetchOffset: 2 });
    expect(texts(completed)).toEqual(['c']);
    expect(completed.nextFetchOffset).toBe(3);
    expect(completed.lastEpoch).toBe(3);
  });

  test('records are given out bit by bit, and the next offset follows', () => {
    const completed = fetched([batch(0, ['a', 'b']), batch(5, ['c'])]);
    expect(texts(completed, 1)).toEqual(['a']);
    expect(completed.nextFetchOffset).toBe(1);
    expect(texts(completed, 2)).toEqual(['b', 'c']);
    expect(completed.nextFetchOffset).toBe(6);
    expect(completed.isDrained).toBe(true);
  });

  test('a compacted batch is left behind its last offset, not its last record', () => {
    const completed = fetched([batch(0, ['a'], { lastOffsetDelta: 9 })]);
    expect(texts(completed)).toEqual(['a']);
    expect(completed.nextFetchOffset).toBe(10);
  });

  test('read_committed skips aborted transactions and all markers (K12)', () => {
    const transactional = { isTransactional: true, producerEpoch: 0, baseSequence: 0 };
    const parts = [
      batch(0, ['aborted'], { ...transactional, producerId: 1 }),
      batch(1, ['committed'], { ...transactional, producerId: 2 }),
      batch(2, ['plain']),
      marker(3, 'abort', 1),
      marker(4, 'commit', 2),
      batch(5, ['later'], { ...transactional, producerId: 1, baseSequence: 1 }),
      marker(6, 'commit', 1),
    ];
    const abortedTransactions = [{ producerId: 1, firstOffset: 0 }];
    const committed = fetched(parts, { abortedTransactions });
    expect(texts(committed)).toEqual(['committed', 'plain', 'later']);
    expect(committed.nextFetchOffset).toBe(7);
    const all = ['aborted', 'committed', 'plain', 'later'];
    expect(texts(fetched(parts))).toEqual(all);
  });

  test('a batch whose CRC is wrong is not given out', () => {
    const damaged = batch(0, ['a']);
    damaged[damaged.length - 1]! ^= 1;
    const completed = fetched([batch(0, ['ok']), damaged]);
    expect(texts(completed)).toEqual(['ok']);
    expect(completed.corrupt).toBe(true);
  });

  test('a batch that is cut off at the end is no damage', () => {
    const completed = fetched([batch(0, ['a']), batch(1, ['b']).subarray(0, 30)]);
    expect(texts(completed)).toEqual(['a']);
    expect(completed.corrupt).toBe(false);
    expect(completed.nextFetchOffset).toBe(1);
  });
});
