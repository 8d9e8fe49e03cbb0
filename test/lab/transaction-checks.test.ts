/** K24 and K26 as the checker judges them, on coordinators that say what no real one would. */
import { describe, expect, test } from 'vitest';
import { Broker } from '#engine/kafka/broker.ts';
import { OngoingTransactions } from '#engine/kafka/partition/ongoing-transactions.ts';
import { TransactionModule } from '#engine/kafka/transaction/transaction-module.ts';
import { TransactionChecks } from '#engine/lab/check/kafka/transaction-checks.ts';
import type { SimHost } from '#engine/sim/host.ts';

const LOG = { logEndOffset: 0, logStartOffset: 0, segmentsWithIndexes: [] };
const NAMES = ['pay-0'];

/** A transactional id as its coordinator has it; Ongoing in pay-0 by default. */
const metadata = (change: object = {}) => ({
  transactionalId: 'transfers',
  state: 'Ongoing',
  pendingState: null,
  hasFailedEpochFence: false,
  producerId: 7,
  previousProducerId: 7,
  producerEpoch: 3,
  startMs: 0,
  timeoutMs: 1_000,
  partitions: new Map(NAMES.map((name) => [name, {}])),
  ...change,
});

interface Told {
  readonly ids?: readonly object[];
  /** Of `__transaction_state-0`, as this broker has it; below 0 it follows. */
  readonly leaderEpoch?: number;
  readonly loaded?: boolean;
  /** Producer ids that are open in pay-0, which it leads. */
  readonly open?: readonly number[];
}

/** A broker that coordinates, and may lead pay-0, too. */
function broker({ ids = [], leaderEpoch = 1, loaded = true, open = [] }: Told): Broker {
  const transactions = Object.create(OngoingTransactions.prototype) as object;
  const ongoing = new Map(open.map((id, offset) => [offset, id]));
  Object.defineProperty(transactions, 'openTransactions', { value: ongoing });
  const isLeader = leaderEpoch >= 0;
  const state = { topic: '__transaction_state', index: 0, name: '__transaction_state-0', isLeader };
  const pay = { topic: 'pay', index: 0, name: 'pay-0', isLeader: open.length > 0, leaderEpoch: 1 };
  const partitions = [
    { ...state, leaderEpoch: Math.abs(leaderEpoch), log: { log: LOG, transactions: null } },
    { ...pay, log: { log: LOG, transactions } },
  ];
  const known = loaded ? ids : [];
  const coordinator = {
    transactions: () => known,
    partitionCount: 1,
    partitionFor: () => 0,
    abortIntervalMs: 100,
    coordinatorError: () => (loaded && isLeader ? 0 : 16),
    loadedPartitions: () => (loaded && isLeader ? [0] : []),
    metadataOf: () => known[0],
  };
  const module = Object.create(TransactionModule.prototype) as object;
  Object.defineProperty(module, 'coordinator', { value: coordinator });
  const made = Object.create(Broker.prototype) as Broker;
  Object.defineProperty(made, 'partitions', { value: partitions });
  Object.defineProperty(made, 'modules', { value: [module] });
  return made;
}

/** One sight after the other; each is a cluster, of which the first broker had an event. */
function judged(id: 'K24' | 'K26', sights: readonly (readonly Broker[])[], wallMs = 0): string[] {
  let brokers: readonly Broker[] = [];
  const checks = new TransactionChecks(() => brokers);
  return sights.flatMap((sight, place) => {
    brokers = sight;
    const host = { process: sight[0], disk: {}, wall: { read: () => wallMs } };
    // As often as a coordinator that runs has events.
    const at = { event: place, now: place * 100_000 };
    return checks.finding(id, at, host as unknown as SimHost) ?? [];
  });
}

const openIn = (ids: readonly object[]) => judged('K24', [[broker({ ids, open: [7] })]]);

describe('lab: K24 turns red', () => {
  test('where the coordinator does not have the partition, or has ended the transaction', () => {
    expect(openIn([metadata()])).toEqual([]);
    expect(openIn([metadata({ partitions: new Map() })])).toHaveLength(1);
    expect(openIn([metadata({ state: 'CompleteAbort' })])).toHaveLength(1);
  });

  test('where no coordinator knows the producer, and all have loaded', () => {
    expect(openIn([])[0]).toMatch(/no coordinator knows of it/);
    const loading = broker({ loaded: false, open: [7] });
    expect(judged('K24', [[loading]])).toEqual([]);
    // Another broker has heard of a later leader than the one that answers.
    const late = [broker({ open: [7] }), broker({ leaderEpoch: -2 })];
    expect(judged('K24', [late])).toEqual([]);
  });

  test('where the producer id was replaced while its transaction is open', () => {
    const replaced = metadata({ producerId: 8, previousProducerId: 7 });
    expect(openIn([replaced])[0]).toMatch(/has producer id 8 now/);
  });

  test('where what is overdue is not ended, though the coordinator had its time', () => {
    const overdue = (change: object) => {
      const one = broker({ ids: [metadata(change)], open: [7] });
      return judged(
        'K24',
        Array.from({ length: 6 }, () => [one]),
        2_000,
      );
    };
    expect(overdue({})[0]).toMatch(/is overdue/);
    expect(overdue({ startMs: 1_500 })).toEqual([]);
    expect(overdue({ pendingState: 'PrepareAbort' })).toEqual([]);
    expect(overdue({ hasFailedEpochFence: true })).toEqual([]);
    // Each sight is another life of the broker: none of them had its time.
    const lives = Array.from({ length: 6 }, () => [broker({ ids: [metadata()], open: [7] })]);
    expect(judged('K24', lives, 2_000)).toEqual([]);
  });
});

describe('lab: K26 turns red', () => {
  const next = (before: object, after: readonly object[]) =>
    judged('K26', [[broker({ ids: [before] })], [broker({ ids: after, leaderEpoch: 2 })]]);

  test('where what was decided is open again, or decided otherwise', () => {
    const decided = metadata({ state: 'PrepareCommit' });
    expect(next(decided, [decided])).toEqual([]);
    expect(next(decided, [metadata()])).toHaveLength(1);
    expect(next(decided, [metadata({ state: 'CompleteAbort' })])).toHaveLength(1);
  });

  test('where the next coordinator does not know of a transaction that had not ended', () => {
    expect(next(metadata(), [])[0]).toMatch(/is unknown to its next coordinator/);
    expect(next(metadata({ state: 'PrepareAbort' }), [])).toHaveLength(1);
    // What has ended may have expired, and one that still loads says nothing.
    expect(next(metadata({ state: 'CompleteCommit' }), [])).toEqual([]);
    const loading = broker({ leaderEpoch: 2, loaded: false });
    expect(judged('K26', [[broker({ ids: [metadata()] })], [loading]])).toEqual([]);
  });

  test('where an epoch goes back that somebody was told of', () => {
    expect(next(metadata(), [metadata({ producerEpoch: 2 })])).toHaveLength(1);
    // A raised epoch that could not be written was told to nobody; its state still counts.
    const failed = metadata({ hasFailedEpochFence: true, producerEpoch: 4 });
    const sights = (last: object) => [
      [broker({ ids: [metadata({ state: 'PrepareCommit' })] })],
      [broker({ ids: [{ ...failed, state: 'PrepareCommit' }] })],
      [broker({ ids: [last], leaderEpoch: 2 })],
    ];
    expect(judged('K26', sights(metadata({ state: 'CompleteCommit' })))).toEqual([]);
    expect(judged('K26', sights({ ...failed, state: 'Ongoing', producerEpoch: 3 }))).toHaveLength(
      1,
    );
  });
});
