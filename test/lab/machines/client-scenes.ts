/**
 * Small scenes in the simulated world in which clients connect, get a producer's id, and find and
 * lose their position in a partition.
 *
 * Not here: members of groups (`member-scenes.ts`), transactions (`transaction-scenes.ts`).
 */
import type { ProduceResult } from '../../../engine/kafka/client/producer/produce-result.ts';
import { createProducer, type Producer } from '../../../engine/kafka/client/producer/producer.ts';
import { newestProfile, profileOf } from '../../../engine/kafka/profiles.ts';
import { World } from '../../../engine/sim/world.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { initProducerId } from '../../../engine/wire/kafka/messages/init-producer-id.ts';
import { Cluster } from '../../kafka/cluster.ts';
import { ScriptedBroker } from '../../kafka/client/scripted-broker.ts';
import { ScriptedLog, type Script } from '../../kafka/client/scripted-log.ts';
import { GroupRig } from '../../kafka/client/consumer/group-rig.ts';

const SECOND = 1_000_000;

// ------------------------------------------------------------------------------------ connections

/** The state that a host's newest connection has come to. */
function connectionOf(world: World, host: string): string {
  const states = [...world.trace.entries()].flatMap(({ kind, host: at, data }) => {
    const ours = kind === 'machine' && at === host && data['machine'] === 'connection';
    return ours ? [String(data['to'])] : [];
  });
  return states.at(-1) ?? 'DISCONNECTED';
}

/** The broker goes away when the producer's connection to it is in this state. */
function brokenIn(state: string): World {
  const cluster = new Cluster({ brokers: 1 });
  cluster.running();
  cluster.createTopic({ name: 'pay', numPartitions: 1, replicationFactor: 1 });
  const producer = cluster.producer({ 'linger.ms': '0' });
  producer.send('a');
  cluster.until(state, () => connectionOf(cluster.world, producer.name) === state);
  cluster.inject({ fault: 'crash', host: 'broker-1' });
  cluster.sleep(2);
  return cluster.world;
}

export const connectionScenes = [
  () => brokenIn('CONNECTING'),
  () => brokenIn('CHECKING_API_VERSIONS'),
  () => brokenIn('READY'),
] as const;

// -------------------------------------------------------------------------------------- producers

/** What InitProducerId is answered, in order; the last one again and again. */
type Ids = readonly (readonly [errorCode: number, producerEpoch: number])[];

/** An idempotent producer and a leader whose answers are written by hand; one record is sent. */
function produces(ids: Ids, script: Script): World {
  const world = new World({ seed: 7, trace: true, paranoidWire: true, freeze: true });
  const topics = { pay: [{ leader: 1, leaderEpoch: 0 }] };
  const cluster = { brokers: { 1: 'broker-1' }, topics };
  const host = world.addHost('broker-1', (ports) => new ScriptedBroker(ports, cluster));
  const bootstrap = [{ host: 'broker-1', port: 9092 }];
  const options = { bootstrap, profile: profileOf(newestProfile), settings: { 'linger.ms': '0' } };
  const client = world.addHost('producer-1', createProducer(options));
  host.start();
  client.start();
  world.run(() => host.process !== null && client.process !== null);
  const broker = host.process as ScriptedBroker;
  broker.handlers.set(initProducerId.key, ({ times, reply }) => {
    const [errorCode, producerEpoch] = ids[Math.min(times, ids.length - 1)]!;
    reply({ throttleTimeMs: 0, errorCode, producerId: 1000 + times, producerEpoch });
  });
  const log = new ScriptedLog();
  log.script = script;
  log.serve(broker);
  const results: ProduceResult[] = [];
  world.command('producer-1', 'send', () => {
    const record = { topic: 'pay', value: 'a' };
    (client.process as Producer).send(record, (result) => results.push(result));
  });
  const end = world.run(() => results.length === 1, { micros: 300 * SECOND });
  if (world.failure !== null) throw world.failure.error;
  if (end !== 'done') throw new Error(`the record has no outcome (${end})`);
  return world;
}

const LAST_EPOCH = 0x7fff;
const refusedOnce: Script = ({ header }) =>
  header.producerId === 1000 ? { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER } : null;

export const producerScenes = [
  // The coordinator is busy at first.
  () =>
    produces(
      [
        [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, -1],
        [ErrorCode.NONE, 0],
      ],
      () => null,
    ),
  // The epoch would be bumped, but it was the last: another id is asked for (KIP-360).
  () =>
    produces(
      [
        [ErrorCode.NONE, LAST_EPOCH],
        [ErrorCode.NONE, 0],
      ],
      refusedOnce,
    ),
  () => produces([[ErrorCode.CLUSTER_AUTHORIZATION_FAILED, -1]], () => null),
] as const;

// -------------------------------------------------------------------------------------- positions

/** A member finds its committed offset, its leader changes twice, its offset is out of range. */
function positions(): World {
  const rig = new GroupRig(1, {
    brokers: 3,
    settings: { 'offsets.topic.replication.factor': '3' },
  });
  const { cluster } = rig;
  const values = rig.fill(3, 1);
  const reads = (name: string) => {
    const one = rig.member(name, { 'metadata.max.age.ms': '1000' });
    rig.stable([one]);
    return one;
  };
  const first = reads('one');
  cluster.until('it has read', () => first.processed.length === values.length);
  first.command('close', (consumer) => consumer.stop());
  cluster.sleep(1);
  const second = reads('two');
  cluster.sleep(1);
  // It cannot ask the first new leader about its position before there is another one.
  cluster.inject({ fault: 'isolate', host: 'two', from: ['broker-2'] });
  for (const away of [1, 2]) {
    cluster.inject({ fault: 'stop', host: `broker-${away}` });
    cluster.until('another one leads', () => cluster.replica(away + 1)?.role === 'leader', 60);
    cluster.sleep(40);
  }
  second.command('seek', (consumer) => consumer.seek({ topic: 'pay', partition: 0 }, 99));
  cluster.sleep(5);
  return cluster.world;
}

export const positionScenes = [positions] as const;
