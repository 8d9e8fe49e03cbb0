/** The transaction coordinator, its log and its markers, as a client by hand sees them. */
import { describe, expect, test } from 'vitest';
import { profileOf } from '#engine/kafka/profiles.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import { describeProducers } from '#engine/wire/kafka/messages/describe-producers.ts';
import { describeTransactions } from '#engine/wire/kafka/messages/describe-transactions.ts';
import {
  listTransactions,
  listTransactionsRequest,
} from '#engine/wire/kafka/messages/list-transactions.ts';
import { defaults } from '#engine/wire/kafka/schema.ts';
import { RawTransactions } from './raw-transactions.ts';

const FAST = { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '100' };

describe('kafka: transactions', () => {
  test('kafka: transaction: read_committed sees all of a commit and none of an abort', () => {
    const rig = new RawTransactions();
    const producer = rig.init();
    expect(producer.producerEpoch).toBe(0);
    expect(rig.add(producer, ['pay', 'out'])).toBe(ErrorCode.NONE);
    expect(rig.produce(producer, 'a').errorCode).toBe(ErrorCode.NONE);
    expect(rig.produce(producer, 'b', { topic: 'out' }).errorCode).toBe(ErrorCode.NONE);
    expect(rig.view()).toMatchObject({ state: 'Ongoing', partitions: ['pay-0', 'out-0'] });
    expect([rig.read(0), rig.read(1)]).toEqual([['a'], []]);
    rig.endAndComplete(producer, true);
    rig.sleep(500);
    expect([rig.read(1), rig.read(1, 'out')]).toEqual([['a'], ['b']]);
    rig.add(producer);
    rig.produce(producer, 'c');
    rig.endAndComplete(producer, false);
    rig.sleep(500);
    expect([rig.read(0), rig.read(1)]).toEqual([['a', 'c'], ['a']]);
  });

  test('kafka: transaction: a second producer fences the first and aborts what it began', () => {
    const rig = new RawTransactions();
    const first = rig.init();
    rig.add(first);
    rig.produce(first, 'a');
    expect(rig.initOnce().errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    const second = rig.init();
    expect(second.producerId).toBe(first.producerId);
    expect(second.producerEpoch).toBe(first.producerEpoch + 2);
    expect(rig.add(first)).toBe(ErrorCode.PRODUCER_FENCED);
    expect(rig.end(first, true).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
    expect(rig.produce(first, 'b').errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    rig.add(second);
    rig.produce(second, 'c');
    rig.endAndComplete(second, true);
    rig.sleep(500);
    expect(rig.read(1)).toEqual(['c']);
  });

  test('kafka: transaction: the next one begins when the markers of the last are written', () => {
    const rig = new RawTransactions();
    const producer = rig.init();
    rig.add(producer, ['out']);
    rig.produce(producer, 'a', { topic: 'out' });
    const leader = rig.coordinator() === 2 ? 3 : 2;
    rig.cluster.inject({ fault: 'pause', host: `broker-${leader}` });
    expect(rig.end(producer, true).errorCode).toBe(ErrorCode.NONE);
    expect(rig.add(producer)).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    rig.cluster.inject({ fault: 'resume', host: `broker-${leader}` });
    rig.sleep(1_000);
    expect(rig.add(producer)).toBe(ErrorCode.NONE);
  });

  // With version 2 the raised epoch looks like that of an end whose answer was lost.
  const late = [
    ['kafka-3.9', ErrorCode.PRODUCER_FENCED],
    ['kafka-4.1', ErrorCode.INVALID_TXN_STATE],
  ] as const;
  for (const [release, error] of late) {
    test(`kafka: transaction: one that takes too long is aborted (${release})`, () => {
      const rig = new RawTransactions(FAST, { profile: profileOf(release) });
      const producer = rig.init('tx', undefined, 1_000);
      rig.add(producer);
      rig.produce(producer, 'a');
      rig.sleep(2_000);
      expect(rig.view()).toMatchObject({ state: 'CompleteAbort', producerEpoch: 1 });
      expect(rig.end(producer, true).errorCode).toBe(error);
      expect(rig.read(1)).toEqual([]);
      expect(rig.initOnce('tx', undefined, 900_001).errorCode).toBe(
        ErrorCode.INVALID_TRANSACTION_TIMEOUT,
      );
    });
  }

  test('kafka: transaction: what is prepared is completed by the next coordinator (K26)', () => {
    const rig = new RawTransactions();
    const producer = rig.init();
    rig.add(producer, ['pay', 'out']);
    rig.produce(producer, 'a');
    rig.produce(producer, 'b', { topic: 'out' });
    const old = rig.coordinator();
    expect(rig.end(producer, true).errorCode).toBe(ErrorCode.NONE);
    rig.cluster.inject({ fault: 'crash', host: `broker-${old}` });
    rig.cluster.until('another coordinates', () => rig.view()?.state === 'CompleteCommit');
    rig.cluster.inject({ fault: 'start', host: `broker-${old}` });
    rig.cluster.running();
    rig.sleep(20_000);
    const leader = rig.cluster.brokerIds.find((id) => rig.cluster.replica(id)?.role === 'leader')!;
    expect(rig.read(1, 'pay', leader)).toEqual(['a']);
    expect(rig.coordinator()).not.toBe(old);
    const next = rig.init('tx', producer);
    expect(next).toEqual({ producerId: producer.producerId, producerEpoch: 1 });
  });

  test('kafka: transaction: with version 2 each end raises the epoch (KIP-890)', () => {
    const rig = new RawTransactions();
    const first = rig.init();
    // No AddPartitionsToTxn: the leader takes the partition up.
    expect(rig.produce(first, 'a', { version: 12 }).errorCode).toBe(ErrorCode.NONE);
    expect(rig.view()).toMatchObject({ state: 'Ongoing', partitions: ['pay-0'] });
    const second = rig.endAndComplete(first, true, 5);
    expect(second).toEqual({ ...first, producerEpoch: first.producerEpoch + 1 });
    expect(rig.produce(first, 'late', { version: 12 }).errorCode).toBe(
      ErrorCode.INVALID_PRODUCER_EPOCH,
    );
    // The answer was lost: the same again is no harm.
    const retried = rig.end(first, true, 5);
    expect(retried).toMatchObject({ errorCode: ErrorCode.NONE, ...second });
    expect(rig.produce(second, 'b', { version: 12 }).errorCode).toBe(ErrorCode.NONE);
    expect(rig.end(first, true, 5).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
    rig.endAndComplete(second, false, 5);
    rig.sleep(500);
    expect([rig.read(0), rig.read(1)]).toEqual([['a', 'b'], ['a']]);
  });

  test('kafka: transaction: an epoch that runs out gives way to another producer id', () => {
    const rig = new RawTransactions();
    const last = { ...rig.init(), producerEpoch: 32_766 };
    rig.wearOut(last);
    expect(rig.produce(last, 'a', { version: 12 }).errorCode).toBe(ErrorCode.NONE);
    const next = rig.endAndComplete(last, true, 5);
    expect(next.producerEpoch).toBe(0);
    expect(next.producerId).not.toBe(last.producerId);
    expect(rig.end(last, true, 5)).toMatchObject({ errorCode: ErrorCode.NONE, ...next });
    expect(rig.produce(next, 'b', { version: 12 }).errorCode).toBe(ErrorCode.NONE);
    rig.endAndComplete(next, true, 5);
    rig.sleep(500);
    expect(rig.read(1)).toEqual(['a', 'b']);
  });

  test('kafka: transaction: a fence at the last epoch raises it once (KAFKA-19367)', () => {
    const rig = new RawTransactions(FAST);
    const last = { ...rig.init('tx', undefined, 1_000), producerEpoch: 32_766 };
    rig.wearOut(last);
    rig.produce(last, 'a', { version: 12 });
    rig.sleep(2_000);
    expect(rig.view()).toMatchObject({ state: 'CompleteAbort', producerEpoch: 32_767 });
    const next = rig.init();
    expect(next.producerEpoch).toBe(0);
    expect(next.producerId).not.toBe(last.producerId);
  });

  test('kafka: transaction: raised twice, the epoch has no room left (4.0.0, gallery 15b)', () => {
    const profile = profileOf('kafka-4.1', { epochFenceBumpsOnce: false });
    const rig = new RawTransactions(FAST, { profile });
    const last = { ...rig.init('tx', undefined, 1_000), producerEpoch: 32_766 };
    rig.wearOut(last);
    rig.produce(last, 'a', { version: 12 });
    rig.sleep(2_000);
    expect(rig.view()).toMatchObject({ state: 'Ongoing', producerEpoch: 32_767 });
    // No end, no successor: neither has an epoch left.
    expect(rig.initOnce().errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    rig.sleep(5_000);
    expect(rig.view()).toMatchObject({ state: 'Ongoing', pendingState: null });
    expect(rig.cluster.replica(1)).toMatchObject({ lso: 0, hw: 1 });
  });

  test('kafka: transaction: one with the epoch of a fence cannot be ended (KAFKA-20090)', () => {
    const rig = new RawTransactions(FAST);
    const last = { ...rig.init('tx', undefined, 1_000), producerEpoch: 32_766 };
    rig.wearOut(last);
    rig.produce(last, 'a', { version: 12 });
    rig.sleep(2_000);
    // The late abort looks like one that is sent again: it is told the epoch of the fence.
    const told = rig.end(last, false, 5);
    expect(told).toMatchObject({ errorCode: ErrorCode.NONE, producerEpoch: 32_767 });
    const next = { producerId: last.producerId, producerEpoch: 32_767 };
    expect(rig.produce(next, 'b', { version: 12 }).errorCode).toBe(ErrorCode.NONE);
    expect(rig.end(next, true, 5).errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    rig.sleep(5_000);
    expect(rig.view()).toMatchObject({ state: 'Ongoing', producerEpoch: 32_767 });
  });

  test('kafka: transaction: a late batch begins none that nobody ends (K24, gallery 14)', () => {
    const rig = new RawTransactions();
    const producer = rig.init();
    rig.add(producer);
    expect(rig.produce(producer, 'a').errorCode).toBe(ErrorCode.NONE);
    rig.endAndComplete(producer, false);
    expect(rig.produce(producer, 'late').errorCode).toBe(ErrorCode.TRANSACTION_ABORTABLE);
    rig.sleep(500);
    expect(rig.cluster.replica(1)).toMatchObject({ lso: 2, hw: 2 });
  });

  test('kafka: transaction: without verification a late batch hangs (gallery 14)', () => {
    const profile = profileOf('kafka-4.1', { verifiesFirstWrite: false });
    const rig = new RawTransactions({}, { profile });
    const producer = rig.init();
    rig.add(producer);
    rig.produce(producer, 'a');
    rig.endAndComplete(producer, false);
    expect(rig.produce(producer, 'late').errorCode).toBe(ErrorCode.NONE);
    rig.sleep(200_000);
    expect(rig.cluster.replica(1)).toMatchObject({ lso: 2, hw: 3 });
  });

  test('kafka: transaction: tools tell what is open (KIP-664)', () => {
    const rig = new RawTransactions();
    const producer = rig.init();
    rig.add(producer);
    rig.produce(producer, 'a');
    const coordinator = rig.coordinator();
    const listed = rig.client.ask(coordinator, listTransactions, {
      ...defaults(listTransactionsRequest),
      stateFilters: ['Ongoing', 'Nonsense'],
      transactionalIdPattern: 't.',
    });
    expect(listed.unknownStateFilters).toEqual(['Nonsense']);
    expect(listed.transactionStates).toEqual([
      { transactionalId: 'tx', producerId: producer.producerId, transactionState: 'Ongoing' },
    ]);
    const described = rig.client.ask(coordinator, describeTransactions, {
      transactionalIds: ['tx', 'nobody'],
    });
    expect(described.transactionStates).toMatchObject([
      { errorCode: 0, transactionState: 'Ongoing', topics: [{ topic: 'pay', partitions: [0] }] },
      { errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND },
    ]);
    const producers = rig.client.ask(1, describeProducers, {
      topics: [{ name: 'pay', partitionIndexes: [0] }],
    });
    expect(producers.topics[0]!.partitions[0]!.activeProducers).toMatchObject([
      { ...producer, lastSequence: 0, coordinatorEpoch: -1, currentTxnStartOffset: 0 },
    ]);
  });

  test('kafka: transaction: an idle transactional id is forgotten', () => {
    const rig = new RawTransactions({
      'transactional.id.expiration.ms': '1000',
      'transaction.remove.expired.transaction.cleanup.interval.ms': '500',
    });
    const producer = rig.init();
    rig.sleep(3_000);
    expect(rig.view()).toBeNull();
    expect(rig.add(producer)).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  });

  test('kafka: transaction: the log keeps aborted transactions over a crash (.txnindex)', () => {
    const rig = new RawTransactions();
    const producer = rig.init();
    for (const value of ['a', 'b', 'c']) {
      rig.add(producer);
      rig.produce(producer, value);
      rig.endAndComplete(producer, value === 'b');
    }
    rig.add(producer);
    rig.produce(producer, 'open');
    rig.sleep(1_000);
    expect(rig.read(1)).toEqual(['b']);
    for (const id of [1, 2, 3]) rig.cluster.inject({ fault: 'crash', host: `broker-${id}` });
    for (const id of [1, 2, 3]) rig.cluster.inject({ fault: 'start', host: `broker-${id}` });
    rig.cluster.running();
    rig.sleep(20_000);
    const leader = rig.cluster.brokerIds.find((id) => rig.cluster.replica(id)?.role === 'leader')!;
    expect([rig.read(0, 'pay', leader), rig.read(1, 'pay', leader)]).toEqual([
      ['a', 'b', 'c', 'open'],
      ['b'],
    ]);
    expect(rig.cluster.replica(leader)).toMatchObject({ lso: 6, hw: 7 });
  });
});
