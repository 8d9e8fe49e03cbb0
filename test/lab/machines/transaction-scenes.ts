/**
 * Small scenes in the simulated world in which transactions begin, end, fail, expire, and are found
 * in the log by the next coordinator: for the coordinator's machine and for the producer's.
 */
import { createProducer, type Producer } from '../../../engine/kafka/client/producer/producer.ts';
import {
  producerTransactions,
  transactionsOf,
} from '../../../engine/kafka/client/producer/producer-transactions.ts';
import { newestProfile, profileOf } from '../../../engine/kafka/profiles.ts';
import { World } from '../../../engine/sim/world.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import {
  findCoordinator,
  findCoordinatorResponse,
} from '../../../engine/wire/kafka/messages/find-coordinator.ts';
import { initProducerId } from '../../../engine/wire/kafka/messages/init-producer-id.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { ScriptedBroker } from '../../kafka/client/scripted-broker.ts';
import { RawTransactions } from '../../kafka/transaction/raw-transactions.ts';
import { TransactionalCluster } from '../../kafka/transaction/transactional-cluster.ts';

const RELEASES = ['kafka-3.9', 'kafka-4.1'] as const;
type Release = (typeof RELEASES)[number];

const QUICKLY_EXPIRED = {
  'transactional.id.expiration.ms': '1000',
  'transaction.remove.expired.transaction.cleanup.interval.ms': '500',
};

/** Nobody uses the id any more after what it did last. */
function expires(last: 'nothing' | 'commit' | 'abort'): World {
  const rig = new RawTransactions(QUICKLY_EXPIRED);
  const producer = rig.init();
  if (last !== 'nothing') {
    rig.add(producer);
    rig.produce(producer, 'a');
    rig.endAndComplete(producer, last === 'commit');
  }
  rig.sleep(3_000);
  if (rig.view() !== null) throw new Error('the transactional id is still known');
  return rig.cluster.world;
}

/** Commits, aborts, and starts of the producer, each after each. */
function inTurn(): World {
  const rig = new RawTransactions();
  rig.init();
  let producer = rig.init();
  for (const isCommit of [true, true, false, false]) {
    rig.add(producer);
    rig.add(producer, ['out']);
    rig.produce(producer, 'a');
    rig.endAndComplete(producer, isCommit);
  }
  producer = rig.init();
  rig.add(producer);
  rig.produce(producer, 'b');
  rig.endAndComplete(producer, true);
  producer = rig.init();
  rig.add(producer);
  // The transaction of the one before is aborted for the next one.
  rig.init();
  return rig.cluster.world;
}

/** In version 2 an abort ends a transaction, too, of which the coordinator knows nothing. */
function abortsNothing(): World {
  const rig = new RawTransactions();
  let producer = rig.init();
  producer = rig.endAndComplete(producer, false, 5);
  producer = rig.endAndComplete(producer, false, 5);
  rig.produce(producer, 'a', { version: 12 });
  rig.cluster.sleep(0.5);
  return rig.cluster.world;
}

function abortsNothingAfterCommit(): World {
  const rig = new RawTransactions();
  let producer = rig.init();
  rig.add(producer);
  rig.produce(producer, 'a');
  producer = rig.endAndComplete(producer, true, 5);
  rig.endAndComplete(producer, false, 5);
  return rig.cluster.world;
}

/** The coordinator crashes in each state that its log can have. */
function isFoundInTheLog(): World {
  const rig = new RawTransactions();
  const restart = (): void => {
    const host = `broker-${rig.coordinator()}`;
    rig.cluster.inject({ fault: 'crash', host });
    rig.cluster.inject({ fault: 'start', host });
    rig.cluster.running();
    rig.coordinator();
    rig.cluster.sleep(1);
  };
  rig.init();
  restart();
  for (const isCommit of [true, false]) {
    const producer = rig.init();
    rig.add(producer);
    restart();
    rig.end(producer, isCommit);
    restart();
    rig.cluster.sleep(5);
    restart();
  }
  return rig.cluster.world;
}

export const transactionScenes = [
  () => expires('nothing'),
  () => expires('commit'),
  () => expires('abort'),
  inTurn,
  abortsNothing,
  abortsNothingAfterCommit,
  isFoundInTheLog,
] as const;

// ----------------------------------------------------------------------------- producers with them

/** Commits, aborts, and fails with an offset of a group that has no such member. */
function producerGoesOn(release: Release): World {
  const rig = new TransactionalCluster({}, { profile: profileOf(release) });
  const producer = rig.producer();
  producer.init();
  for (const ends of ['commit', 'abort'] as const) {
    producer.begin();
    producer.send('a');
    producer[ends]();
  }
  producer.begin();
  const zombie = { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: null };
  producer.sendOffsets(7, zombie);
  producer.abort();
  return rig.cluster.world;
}

function producerIsFenced(release: Release): World {
  const rig = new TransactionalCluster({}, { profile: profileOf(release) });
  const first = rig.producer();
  first.init();
  first.begin();
  first.send('a');
  rig.cluster.sleep(1);
  rig.producer().init();
  first.send('b');
  rig.cluster.sleep(1);
  first.abort();
  return rig.cluster.world;
}

/** The records are lost with their leader, which is away for longer than they may take. */
function committedRecordsFail(release: Release): World {
  const rig = new TransactionalCluster({}, { profile: profileOf(release) });
  const settings = { 'delivery.timeout.ms': '3000', 'request.timeout.ms': '1000' };
  const producer = rig.producer('tx', settings);
  producer.init();
  producer.begin();
  producer.send('a');
  rig.cluster.sleep(1);
  rig.cluster.inject({ fault: 'isolate', host: 'broker-1' });
  producer.send('b');
  producer.commit();
  rig.cluster.inject({ fault: 'heal' });
  rig.cluster.sleep(5);
  producer.abort();
  return rig.cluster.world;
}

/** A coordinator that gives no id, but says that an abort would help (KIP-1050). */
function isRefusedItsId(): World {
  const world = new World({ seed: 7, trace: true, paranoidWire: true, freeze: true });
  const bootstrap = [{ host: 'broker-1', port: 9092 }];
  const cluster = { brokers: { 1: 'broker-1' }, topics: {} };
  const host = world.addHost('broker-1', (ports) => new ScriptedBroker(ports, cluster));
  const settings = { 'transactional.id': 'tx' };
  const profile = profileOf(newestProfile);
  const options = { bootstrap, profile, settings, transactions: producerTransactions };
  const client = world.addHost('producer-1', createProducer(options));
  host.start();
  client.start();
  world.run(() => host.process !== null && client.process !== null);
  const { handlers } = host.process as ScriptedBroker;
  handlers.set(findCoordinator.key, ({ reply }) => {
    const found = { ...bootstrap[0]!, key: 'tx', nodeId: 1, errorCode: 0, errorMessage: null };
    reply({ ...defaults(findCoordinatorResponse), coordinators: [found] });
  });
  handlers.set(initProducerId.key, ({ reply }) => {
    const errorCode = ErrorCode.TRANSACTION_ABORTABLE;
    reply({ throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 });
  });
  let told: number | null = null;
  world.command('producer-1', 'initTransactions', () => {
    const transactions = transactionsOf(client.process as Producer);
    transactions.initTransactions((errorCode) => (told = errorCode));
  });
  world.run(() => told !== null, { micros: 60_000_000 });
  if (world.failure !== null) throw world.failure.error;
  if (told !== ErrorCode.TRANSACTION_ABORTABLE) throw new Error(`it is told ${told}`);
  return world;
}

export const transactionalProducerScenes = [
  ...RELEASES.flatMap((release) => [
    () => producerGoesOn(release),
    () => producerIsFenced(release),
    () => committedRecordsFail(release),
  ]),
  isRefusedItsId,
];
