/**
 * Small scenes in the simulated world in which replicas lead, follow, truncate, fail and go, and
 * leaders change their ISR.
 */
import { profileOf, type SwitchName } from '../../../engine/kafka/profiles.ts';
import { ZERO_UUID } from '../../../engine/bytes/base64url.ts';
import type { World } from '../../../engine/sim/world.ts';
import { deleteTopics } from '../../../engine/wire/kafka/messages/delete-topics.ts';
import { RawClient } from '../../kafka/broker/raw-client.ts';
import { Cluster, type ClusterOptions } from '../../kafka/cluster.ts';

type Switches = Partial<Record<SwitchName, boolean>>;

const LAG = { 'replica.lag.time.max.ms': '4000' };
const PATIENT = { 'replica.lag.time.max.ms': '120000', 'broker.session.timeout.ms': '120000' };

/** Topic pay is on brokers 1, 2, 3; broker 1 leads. */
function started(switches: Switches = {}, options: ClusterOptions = {}): Cluster {
  const profile = profileOf('kafka-4.1', { eligibleLeaderReplicas: false, ...switches });
  const cluster = new Cluster({ settings: LAG, ...options, profile });
  cluster.running();
  const configs = { 'min.insync.replicas': '1' };
  const of = { name: 'pay', numPartitions: 1, replicationFactor: 3, configs };
  cluster.createTopic({ ...of, assignments: [[1, 2, 3]] });
  return cluster;
}

const leads = (cluster: Cluster, id: number) => () => cluster.replica(id)?.role === 'leader';

function send(cluster: Cluster, value: string, acks = 'all'): void {
  const producer = cluster.producer({ acks, 'linger.ms': '0' });
  producer.send(value);
  cluster.until(`${value} is acked`, () => producer.acked.length === 1, 30);
}

/**
 * Broker 1 has a record that the others lack, and is cut off: another one leads, and broker 1 cuts
 * its log when it hears so. Then broker 1 is elected again.
 */
function leadsAndFollows(switches: Switches = {}): World {
  const cluster = started(switches);
  send(cluster, 'a');
  cluster.inject({ fault: 'isolate', host: 'broker-1' });
  const hasty = cluster.producer({ acks: '1', 'linger.ms': '0' });
  cluster.inject({ fault: 'heal' });
  cluster.inject({ fault: 'isolate', host: 'broker-1', from: ['broker-2', 'broker-3'] });
  hasty.send('b');
  cluster.until('b is acked', () => hasty.acked.length === 1, 30);
  cluster.inject({ fault: 'isolate', host: 'broker-1' });
  cluster.until('2 leads', leads(cluster, 2), 30);
  cluster.inject({ fault: 'heal' });
  cluster.until('1 follows', () => cluster.replica(1)?.role === 'follower', 30);
  cluster.until('1 is in sync', () => cluster.replica(2)?.isr.includes(1) === true, 60);
  cluster.inject({ fault: 'stop', host: 'broker-2' });
  cluster.until('1 leads', leads(cluster, 1), 30);
  return cluster.world;
}

/** A release in which a smaller ISR has a new leader epoch, under the same leader. */
function leadsOn(): World {
  const cluster = started({ leaderEpochBumpOnIsrShrink: true });
  send(cluster, 'a');
  cluster.inject({ fault: 'crash', host: 'broker-3' });
  cluster.until('3 is out', () => cluster.replica(1)?.isr.includes(3) === false, 30);
  cluster.inject({ fault: 'start', host: 'broker-3' });
  cluster.until('3 is in', () => cluster.replica(1)?.isr.includes(3) === true, 60);
  return cluster.world;
}

/** Broker 3 does not hear that the leader changed from 1 to 2 and back: it is fenced. */
function isGivenUp(): World {
  const cluster = started({ truncationInFetch: false }, { settings: PATIENT });
  send(cluster, 'a');
  cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['controller-1'] });
  cluster.inject({ fault: 'stop', host: 'broker-1' });
  cluster.until('2 leads', leads(cluster, 2));
  cluster.inject({ fault: 'crash', host: 'broker-1' });
  cluster.inject({ fault: 'heal' });
  cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['controller-1', 'broker-2'] });
  cluster.inject({ fault: 'start', host: 'broker-1' });
  cluster.until('1 is in sync', () => cluster.replica(2)?.isr.includes(1) === true, 30);
  cluster.inject({ fault: 'stop', host: 'broker-2' });
  cluster.until('1 leads', leads(cluster, 1));
  cluster.until('3 is fenced', () => cluster.replica(3)?.roleState === 'Follower.Failed', 30);
  return cluster.world;
}

function diskFills(id: number): World {
  const cluster = started();
  const host = `broker-${id}`;
  const { usedBytes } = cluster.world.hostNamed(host)!.disk;
  cluster.inject({ fault: 'disk-full', host, capacityBytes: usedBytes + 10 });
  cluster.producer({ acks: '1', 'linger.ms': '0' }).send('a');
  cluster.until('it has halted', () => !cluster.isUp(id), 20);
  return cluster.world;
}

function topicGoes(): World {
  const cluster = started();
  const topics = [{ name: 'pay', topicId: ZERO_UUID }];
  const raw = new RawClient(cluster);
  raw.ask(1, deleteTopics, { topics, topicNames: [], timeoutMs: 1000 });
  cluster.until('replicas are gone', () => [1, 2].every((id) => cluster.replica(id) === undefined));
  return cluster.world;
}

export const replicaScenes = [
  () => leadsAndFollows(),
  () => leadsAndFollows({ truncationInFetch: false }),
  leadsOn,
  isGivenUp,
  () => diskFills(1),
  () => diskFills(2),
  topicGoes,
] as const;

// -------------------------------------------------------------------------------------- the ISR

/** A follower that cannot fetch leaves the ISR, and comes back. */
function leavesAndJoins(): World {
  const cluster = started();
  send(cluster, 'a');
  cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
  const producer = cluster.producer({ acks: '1', 'linger.ms': '0' });
  producer.send('b');
  cluster.until('3 is out', () => cluster.replica(1)?.isr.includes(3) === false, 30);
  cluster.inject({ fault: 'heal' });
  cluster.until('3 is in', () => cluster.replica(1)?.isr.includes(3) === true, 60);
  return cluster.world;
}

/**
 * Broker 3 may join, and the leader asks for it, but cannot reach the controller. When it can,
 * broker 3 lives in another incarnation: the controller refuses (KIP-903).
 */
function joinsTooLate(): World {
  const settings = { ...LAG, 'broker.session.timeout.ms': '30000' };
  const cluster = started({}, { settings });
  send(cluster, 'a');
  cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
  const producer = cluster.producer({ acks: '1', 'linger.ms': '0' });
  producer.send('b');
  cluster.until('3 is out', () => cluster.replica(1)?.isr.includes(3) === false, 30);
  cluster.inject({ fault: 'heal' });
  cluster.inject({ fault: 'isolate', host: 'broker-1', from: ['controller-1'] });
  const pending = () => cluster.replica(1)?.isrState === 'PendingExpandIsr';
  cluster.until('1 asks', pending, 10);
  cluster.inject({ fault: 'stop', host: 'broker-3' });
  cluster.until('3 is down', () => !cluster.isUp(3), 10);
  cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
  cluster.inject({ fault: 'start', host: 'broker-3' });
  cluster.until('3 is back', () => cluster.broker(3)?.state === 'RUNNING', 20);
  cluster.inject({ fault: 'heal' });
  cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
  cluster.until('1 has its answer', () => !pending(), 20);
  return cluster.world;
}

/** While the change is asked for, the leadership moves: what the controller says ends it. */
function updatedMeanwhile(): World {
  const cluster = started();
  cluster.inject({ fault: 'crash', host: 'broker-2' });
  cluster.until('2 is out', () => cluster.replica(1)?.isr.includes(2) === false, 30);
  return cluster.world;
}

export const isrScenes = [leavesAndJoins, joinsTooLate, updatedMeanwhile] as const;
