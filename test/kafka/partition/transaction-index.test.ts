/** The transaction index and the log's part for transactions, on a disk of the simulated world. */
import { describe, expect, test } from 'vitest';
import { encodeMarker } from '#engine/wire/kafka/control-record.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import { encodeBatch, readBatchHeader } from '#engine/wire/kafka/record-batch.ts';
import type { BatchDraft, BatchHeader } from '#engine/wire/kafka/record-batch.ts';
import {
  decodeTransactionLogKey,
  decodeTransactionLogValue,
  encodeTransactionLogKey,
  encodeTransactionLogValue,
} from '#engine/wire/kafka/transaction-log.ts';
import { OngoingTransactions } from '#engine/kafka/partition/ongoing-transactions.ts';
import { ProducerState } from '#engine/kafka/partition/producer-state.ts';
import {
  TransactionIndex,
  decodeAbortedTxns,
  encodeAbortedTxns,
} from '#engine/kafka/partition/transaction-index.ts';
import type { Disk, Ports } from '#engine/kernel/ports.ts';
import { World } from '#engine/sim/world.ts';

function host(): { readonly disk: Disk; readonly ports: Ports } {
  const world = new World({ seed: 1, trace: false });
  let ports: Ports | null = null;
  const made = world.addHost('broker-1', (given) => {
    ports = given;
    return { start: () => undefined };
  });
  made.start();
  world.run(() => ports !== null, { micros: 1_000_000, events: 100 });
  return { disk: made.disk, ports: ports! };
}

const entry = (firstOffset: number, lastOffset: number, lastStableOffset = lastOffset + 1) => ({
  producerId: 7,
  firstOffset,
  lastOffset,
  lastStableOffset,
});
const segments = (offset: number): number => (offset < 100 ? 0 : 100);

function headerOf(draft: BatchDraft): { readonly header: BatchHeader; readonly bytes: Uint8Array } {
  const bytes = encodeBatch(draft);
  return { header: readBatchHeader(bytes) as BatchHeader, bytes };
}

/** A log's part with a producer of epoch 0; each batch takes one offset. */
function transactionsOf(rules = { verification: false, markerRenewsProducer: true }) {
  const { ports } = host();
  const producers = new ProducerState();
  const parts = { folder: 'pay-0', producers, segmentOf: segments };
  const transactions = new OngoingTransactions(ports, parts, rules);
  const data = (offset: number, sequence: number, producerEpoch = 0, timestamp = 1_000) => {
    const records = [{ timestamp, key: null, value: null }];
    const of = { producerId: 7, producerEpoch, baseSequence: sequence, isTransactional: true };
    const { header, bytes } = headerOf({ records, ...of, baseOffset: offset });
    const errorCode = transactions.judge(header, bytes, null);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    const at = { firstOffset: offset, lastOffset: offset };
    const batch = { producerId: 7, producerEpoch, baseSequence: sequence, lastSequence: sequence };
    producers.appended(batch, { ...at, timestamp });
    transactions.tookIn(header, bytes, at);
    return errorCode;
  };
  const marker = (offset: number, type: 'commit' | 'abort', coordinatorEpoch = 0, at = 1_000) => {
    const records = [encodeMarker({ type, coordinatorEpoch }, at)];
    const of = { producerId: 7, producerEpoch: 0, isTransactional: true, isControl: true };
    const { header, bytes } = headerOf({ records, ...of, baseOffset: offset });
    const errorCode = transactions.judge(header, bytes, null);
    if (errorCode === ErrorCode.NONE) {
      transactions.tookIn(header, bytes, { firstOffset: offset, lastOffset: offset });
    }
    return errorCode;
  };
  return { transactions, producers, data, marker };
}

describe('kafka: transaction index', () => {
  test('kafka: transaction index: entries of 34 bytes, and what is cut off is none', () => {
    const bytes = encodeAbortedTxns([entry(1, 3), entry(5, 9, 7)]);
    expect(bytes.length).toBe(68);
    expect(decodeAbortedTxns(bytes)).toEqual([entry(1, 3), entry(5, 9, 7)]);
    expect(decodeAbortedTxns(bytes.subarray(0, 50))).toEqual([entry(1, 3)]);
  });

  test('kafka: transaction index: a file a segment; a restart reads it, truncation cuts', () => {
    const { disk } = host();
    const index = new TransactionIndex(disk, 'pay-0', segments);
    for (const one of [entry(1, 3), entry(5, 9), entry(20, 120)]) index.append(one);
    expect(disk.list('pay-0')).toEqual([
      '00000000000000000000.txnindex',
      '00000000000000000100.txnindex',
    ]);
    const again = new TransactionIndex(disk, 'pay-0', segments);
    expect(again.entries).toMatchObject([entry(1, 3), entry(5, 9), entry(20, 120)]);
    expect(again.collect(4, 10)).toMatchObject([entry(5, 9)]);
    again.truncateTo(9);
    expect(disk.list('pay-0')).toEqual(['00000000000000000000.txnindex']);
    expect(new TransactionIndex(disk, 'pay-0', segments).entries).toMatchObject([entry(1, 3)]);
    again.removeSegment(0);
    expect(disk.list('pay-0')).toEqual([]);
  });

  test('kafka: transactions of a log: the last stable offset waits for marker and replicas', () => {
    const { transactions, data, marker } = transactionsOf();
    expect(transactions.firstUnstableOffset).toBe(-1);
    data(4, 0);
    data(5, 1);
    expect(transactions.firstUnstableOffset).toBe(4);
    marker(6, 'abort');
    expect(transactions.firstUnstableOffset).toBe(4);
    transactions.highWatermarkMoved(7);
    expect(transactions.firstUnstableOffset).toBe(-1);
    expect(transactions.aborted).toMatchObject([{ producerId: 7, firstOffset: 4 }]);
  });

  test('kafka: transactions of a log: an older coordinator is fenced (K25)', () => {
    const { data, marker } = transactionsOf();
    data(0, 0);
    expect(marker(1, 'commit', 5)).toBe(ErrorCode.NONE);
    expect(marker(2, 'abort', 4)).toBe(ErrorCode.TRANSACTION_COORDINATOR_FENCED);
    expect(marker(2, 'abort', 6)).toBe(ErrorCode.NONE);
  });

  test('kafka: transactions of a log: forgotten early, the zombie is let in (gallery 18)', () => {
    for (const markerRenewsProducer of [true, false]) {
      const { producers, data, marker } = transactionsOf({
        verification: false,
        markerRenewsProducer,
      });
      data(0, 0, 0, 1_000);
      marker(1, 'commit', 5, 60_000);
      producers.removeExpired(61_500, 30_000);
      const zombie = marker(2, 'abort', 4, 62_000);
      const fenced = ErrorCode.TRANSACTION_COORDINATOR_FENCED;
      expect(zombie).toBe(markerRenewsProducer ? fenced : ErrorCode.NONE);
    }
  });

  test('kafka: transactions of a log: a guard is good for one transaction (KAFKA-14884)', () => {
    const rules = { verification: true, markerRenewsProducer: true };
    const { transactions, data, marker } = transactionsOf(rules);
    expect(data(0, 0)).toBe(ErrorCode.INVALID_TXN_STATE);
    const first = { producerId: 7, producerEpoch: 0, baseSequence: 0 };
    const guard = transactions.startVerification(first);
    expect(transactions.startVerification(first)).toBe(guard);
    marker(0, 'abort');
    const records = [{ timestamp: 1, key: null, value: null }];
    const { header, bytes } = headerOf({ records, ...first, isTransactional: true });
    expect(transactions.judge(header, bytes, guard)).toBe(ErrorCode.INVALID_TXN_STATE);
    const fresh = transactions.startVerification(first);
    expect(transactions.judge(header, bytes, fresh)).toBe(ErrorCode.NONE);
  });
});

describe('kafka: records of __transaction_state', () => {
  const value = {
    producerId: 4000,
    previousProducerId: -1,
    nextProducerId: -1,
    producerEpoch: 3,
    transactionTimeoutMs: 60_000,
    transactionStatus: 1,
    transactionPartitions: [{ topic: 'pay', partitionIds: [0, 2] }],
    transactionLastUpdateTimestampMs: 1_700_000_000_000,
    transactionStartTimestampMs: 1_700_000_000_000,
    clientTransactionVersion: 0,
  };

  test('kafka: transaction log: keys and values of both versions come back', () => {
    expect(decodeTransactionLogKey(encodeTransactionLogKey('tx'))).toBe('tx');
    expect(decodeTransactionLogValue(encodeTransactionLogValue(value, 0))).toEqual(value);
    const newer = { ...value, nextProducerId: 9, clientTransactionVersion: 2 };
    expect(decodeTransactionLogValue(encodeTransactionLogValue(newer, 1))).toEqual(newer);
    expect(decodeTransactionLogValue(Uint8Array.of(0, 9))).toBeNull();
  });

  test('kafka: transaction log: golden bytes of a key', () => {
    expect(Buffer.from(encodeTransactionLogKey('tx')).toString('hex')).toBe(
      '0000' + '0002' + '7478',
    );
  });
});
