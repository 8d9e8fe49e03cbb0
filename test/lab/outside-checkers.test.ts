/**
 * The outside checkers, each on a scene that one defect of the engine would make break its
 * invariant: without the defect the checker is silent, and under the mutation of that name (see
 * `test/mutations/catchers.ts`) it turns red. What the component itself answers is tested beside
 * it; here nothing is asked but what the checker has seen.
 */
import { expect, test } from 'vitest';
import { profileOf } from '../../engine/kafka/profiles.ts';
import { GroupChecks, type GroupInvariant } from '../../engine/lab/check/kafka/group-checks.ts';
import { TransactionChecks } from '../../engine/lab/check/kafka/transaction-checks.ts';
import { WireChecks } from '../../engine/lab/check/kafka/wire-checks.ts';
import type { World } from '../../engine/sim/world.ts';
import { fetch, fetchRequest } from '../../engine/wire/kafka/messages/fetch.ts';
import { metadata, metadataRequest } from '../../engine/wire/kafka/messages/metadata.ts';
import { writeTxnMarkers } from '../../engine/wire/kafka/messages/write-txn-markers.ts';
import { defaults } from '../../engine/wire/kafka/schema.ts';
import { RawClient } from '../kafka/broker/raw-client.ts';
import { Cluster, type ClusterOptions } from '../kafka/cluster.ts';
import { RawGroups } from '../kafka/group/raw-group.ts';
import { RawTransactions } from '../kafka/transaction/raw-transactions.ts';
import { wildRun } from './check-cluster.ts';
import { wildGroups } from './group-cluster.ts';
import { wildTransactions } from './transaction-cluster.ts';

// ------------------------------------------------------------------------------------------ logs

test('K17: what the followers lack outlives its retention', () => {
  const configs = { 'segment.bytes': '300', 'retention.bytes': '300' };
  const settings = { 'log.retention.check.interval.ms': '100', 'replica.lag.time.max.ms': '30000' };
  const producer = { acks: '1' };
  const wild = { calm: true, steps: 12, records: 60, configs, settings, producer };
  const run = wildRun(1, wild);
  while (run.step !== 'wild-0') run.advance();
  const others = ['broker-2', 'broker-3'];
  run.lab.inject({ fault: 'isolate', host: 'broker-1', from: others });
  run.finish();
  expect(run.world.failure?.error ?? null).toBeNull();
  expect(run.violations).toEqual([]);
});

test('K18: a request that could be answered waits for the one before', () => {
  const cluster = new Cluster({ brokers: 1 });
  cluster.running();
  cluster.createTopic({ name: 'pay', numPartitions: 1, replicationFactor: 1 });
  const found: string[] = [];
  const wire = new WireChecks({
    partition: () => undefined,
    nodeIdOf: () => 1,
    violated: (id, what) => found.push(`${id}: ${what}`),
  });
  cluster.world.network.watcher = (endpoint, message) => wire.sent(endpoint, message as never);
  const raw = new RawClient(cluster);
  let answered = 0;
  const unknown = { currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1 };
  const asked = { ...unknown, partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000 };
  const topics = [{ topic: 'pay', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [asked] }];
  const body = { ...defaults(fetchRequest), maxWaitMs: 500, minBytes: 1, topics };
  raw.send(1, fetch, body as never, () => answered++, { version: 12 });
  raw.send(1, metadata, defaults(metadataRequest), () => answered++);
  cluster.sleep(2);
  expect([answered, found]).toEqual([2, []]);
});

// ---------------------------------------------------------------------------------- transactions

/** What the checker finds in the world's events from now on. */
function findings(rig: RawTransactions, checks: TransactionChecks): Set<string> {
  const found = new Set<string>();
  const { world } = rig.cluster;
  world.observe((event, host) => {
    if (host === null) return;
    for (const id of ['K22', 'K24', 'K25', 'K26']) {
      const what = checks.finding(id, { event, now: world.now }, host);
      if (what !== null) found.add(`${id}: ${what}`);
    }
  });
  return found;
}

function checked(options: ClusterOptions = {}): {
  readonly rig: RawTransactions;
  readonly checks: TransactionChecks;
  readonly found: ReadonlySet<string>;
} {
  const rig = new RawTransactions({}, options);
  const { cluster } = rig;
  const checks = new TransactionChecks(() => cluster.brokerIds.map((id) => cluster.broker(id)));
  return { rig, checks, found: findings(rig, checks) };
}

/** A transaction of one record, and its end. */
function commit(rig: RawTransactions, producer: ReturnType<RawTransactions['init']>): void {
  rig.add(producer);
  rig.produce(producer, 'a');
  rig.endAndComplete(producer, true);
}

test('K22: who was replaced writes nothing more', () => {
  // Of the two guards against it this is the older one: the epoch in the marker.
  const profile = profileOf('kafka-4.1', { verifiesFirstWrite: false });
  const { rig, checks, found } = checked({ profile });
  const first = rig.init();
  rig.add(first);
  rig.produce(first, 'a');
  const second = rig.init();
  checks.granted(second.producerId, second.producerEpoch);
  // The first one is taken for a retry.
  rig.produce(first, 'late');
  rig.produce(first, 'later');
  rig.sleep(100);
  expect([...found]).toEqual([]);
});

test('K23: of what was aborted nothing is read', () => {
  const run = wildTransactions(1, { profile: 'kafka-3.9' }, { trace: false }).finish();
  expect(run.world.failure?.error ?? null).toBeNull();
  expect(run.violations).toEqual([]);
});

test('K24: a late batch begins no transaction that its coordinator does not know', () => {
  const { rig, found } = checked();
  const producer = rig.init();
  commit(rig, producer);
  rig.produce(producer, 'late');
  rig.sleep(500);
  expect([...found]).toEqual([]);
});

test('K25: a coordinator that was replaced ends no transaction', () => {
  const { rig, found } = checked();
  const producer = rig.init();
  const markers = (coordinatorEpoch: number) => [
    {
      ...producer,
      transactionResult: true,
      topics: [{ name: 'pay', partitionIndexes: [0] }],
      coordinatorEpoch,
    },
  ];
  const ask = (epoch: number) => rig.client.ask(1, writeTxnMarkers, { markers: markers(epoch) });
  for (const epoch of [7, 3]) {
    rig.add(producer);
    rig.produce(producer, 'a');
    ask(epoch);
  }
  rig.sleep(100);
  expect([...found]).toEqual([]);
});

test('K26: the next coordinator goes on with what was decided', () => {
  const { rig, found } = checked();
  const producer = rig.init();
  rig.add(producer);
  rig.produce(producer, 'a');
  const host = `broker-${rig.coordinator()}`;
  rig.end(producer, true);
  // It is answered when the decision is in the log, which the markers follow.
  rig.cluster.inject({ fault: 'crash', host });
  rig.cluster.until('the next one knows', () => rig.view() !== null, 60);
  rig.sleep(5_000);
  expect([...found]).toEqual([]);
});

// ---------------------------------------------------------------------------------------- groups

/** What the checker of groups finds on the wire. */
function watched(world: World): (id: GroupInvariant) => string | null {
  const checks = new GroupChecks();
  world.network.watcher = (endpoint, message) => checks.sent(endpoint, message as never);
  return (id) => checks.take(id);
}

test('K30: a member of the generation before is granted nothing', () => {
  const rig = new RawGroups();
  const take = watched(rig.cluster.world);
  const [one] = rig.stable(['one']);
  const two = rig.member('two');
  two.identify();
  two.join();
  rig.until('PreparingRebalance');
  one!.join();
  rig.settle([one!, two]);
  one!.beat({ generation: 1 });
  one!.commit(7, { generation: 1 });
  expect(take('K30')).toBeNull();
});

test('K31: a cooperative group gives nothing to two members', () => {
  const settings = { 'partition.assignment.strategy': 'cooperative-sticky' };
  const run = wildGroups(1, { calm: true, settings }).finish();
  expect(run.world.failure?.error ?? null).toBeNull();
  expect(run.violations).toEqual([]);
});

test('K32: each generation is greater than the one before', () => {
  const rig = new RawGroups();
  const take = watched(rig.cluster.world);
  const [one] = rig.stable(['one']);
  for (let round = 0; round < 3; round++) {
    one!.join();
    rig.settle([one!]);
  }
  expect(take('K32')).toBeNull();
});

test('K33: what was told to be committed outlives the coordinator', () => {
  const rig = new RawGroups();
  const take = watched(rig.cluster.world);
  const [one] = rig.stable(['one'], { sessionTimeoutMs: 60_000 });
  one!.commit(5);
  const leader = rig.coordinator();
  const others = rig.cluster.brokerIds.filter((id) => id !== leader);
  const host = `broker-${leader}`;
  rig.cluster.inject({ fault: 'isolate', host, from: others.map((id) => `broker-${id}`) });
  const { generation, memberId } = one!;
  const told = rig.commitOnce(7, { generation, memberId, broker: leader });
  rig.cluster.inject({ fault: 'crash', host });
  rig.cluster.inject({ fault: 'heal' });
  rig.cluster.sleep(15);
  rig.fetchOnce();
  expect(take('K33'), `the commit was answered with ${told}`).toBeNull();
});
