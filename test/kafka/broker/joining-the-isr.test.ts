/**
 * The bugs of replication's history that need a controller, a leader and a follower who know
 * different things: each shown by its switch and gone without it.
 */
import { describe, expect, test } from 'vitest';
import type { Controller } from '../../../engine/kafka/controller/controller.ts';
import type { ControllerView } from '../../../engine/kafka/controller/controller-view.ts';
import { type ProfileName, type SwitchName, profileOf } from '../../../engine/kafka/profiles.ts';
import { Cluster, type ClusterOptions, type SendingProducer, valuesOf } from '../cluster.ts';

type Quirks = Partial<Record<SwitchName, boolean>>;

const LAG = { 'replica.lag.time.max.ms': '4000', 'broker.session.timeout.ms': '30000' };

function clusterWith(
  quirks: Quirks,
  options: ClusterOptions = {},
  release: ProfileName = 'kafka-4.1',
): Cluster {
  const profile = profileOf(release, { eligibleLeaderReplicas: false, ...quirks });
  const cluster = new Cluster({ settings: LAG, ...options, profile });
  cluster.running();
  return cluster;
}

function create(cluster: Cluster, minIsr: number): SendingProducer {
  cluster.createTopic({
    name: 'pay',
    numPartitions: 1,
    replicationFactor: 3,
    assignments: [[1, 2, 3]],
    configs: { 'min.insync.replicas': String(minIsr) },
  });
  // Old releases do not retry unless they are told to.
  const settings = { acks: 'all', 'linger.ms': '0', retries: '1000' };
  return cluster.producer({ ...settings, 'delivery.timeout.ms': '40000' });
}

const logOf = (cluster: Cluster, id: number): (string | null)[] =>
  cluster.replica(id)!.records.map(({ value }) => value);
const leads = (cluster: Cluster, id: number) => () => cluster.replica(id)?.role === 'leader';

function brokerAtController(cluster: Cluster, id: number): ControllerView['brokers'][number] {
  const controller = cluster.world.hostNamed('controller-1')!.process as Controller;
  return controller.inspect().brokers.find((broker) => broker.id === id)!;
}

/** m0 is everywhere, then broker 3 is cut off from both others and leaves the ISR. */
function withoutThree(cluster: Cluster, producer: SendingProducer): void {
  producer.send('m0');
  cluster.until('m0 everywhere', () => [2, 3].every((id) => cluster.replica(id)?.hw === 1));
  cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
  producer.send('m1');
  cluster.until('m1 is acked', () => producer.acked.length === 2, 30);
  cluster.until('3 is out', () => !cluster.replica(1)!.isr.includes(3), 30);
}

describe('kafka: the ISR: who is about to join (the maximal ISR)', () => {
  /**
   * The controller adds broker 3, but the leader does not hear so. Broker 3 is cut off again, and
   * m2 is written. Then the leader and the other member are gone for good.
   */
  function pending(quirks: Quirks): { acked: readonly string[]; read: string[] } {
    const cluster = clusterWith(quirks);
    const producer = create(cluster, 2);
    withoutThree(cluster, producer);
    cluster.inject({ fault: 'heal' });
    cluster.inject({ fault: 'cut', from: 'controller-1', to: 'broker-1' });
    cluster.until('1 asks', () => cluster.replica(1)?.isrState === 'PendingExpandIsr', 10);
    cluster.sleep(0.2);
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
    expect(cluster.replica(1)).toMatchObject({ isr: [1, 2], isrState: 'PendingExpandIsr' });
    // As long as it was caught up a moment ago, a follower holds the high watermark back anyway.
    cluster.sleep(5);
    producer.send('m2');
    cluster.sleep(5);
    for (const id of [1, 2]) cluster.inject({ fault: 'crash', host: `broker-${id}` });
    cluster.until('3 leads', leads(cluster, 3));
    return { acked: producer.acked, read: valuesOf(cluster.readAll()) };
  }

  test('kafka: the ISR: a member that the leader does not count yet loses an acked record', () => {
    const { acked, read } = pending({ countsPendingIsr: false });
    expect(acked).toEqual(['m0', 'm1', 'm2']);
    expect(read).toEqual(['m0', 'm1']);
  });

  test('kafka: the ISR: the leader waits for whom it proposed before the controller agrees', () => {
    const { acked, read } = pending({});
    expect(acked).toEqual(['m0', 'm1']);
    expect(read).toEqual(['m0', 'm1']);
  });
});

describe('kafka: the ISR: a follower that was rebooted (KIP-903)', () => {
  /**
   * Broker 3 has caught up, and the leader asks for it, but cannot reach the controller. Meanwhile
   * broker 3 loses power while it stops, and what it had not synced; it registers anew.
   */
  function rebooted(quirks: Quirks): Cluster {
    const cluster = clusterWith(quirks);
    const producer = create(cluster, 2);
    withoutThree(cluster, producer);
    cluster.inject({ fault: 'heal' });
    cluster.inject({ fault: 'isolate', host: 'broker-1', from: ['controller-1'] });
    cluster.until('1 asks', () => cluster.replica(1)?.isrState === 'PendingExpandIsr', 10);
    expect(cluster.replica(3)?.leo).toBe(2);
    cluster.inject({ fault: 'stop', host: 'broker-3' });
    cluster.until('3 may go', () => brokerAtController(cluster, 3).fenced, 5);
    cluster.inject({ fault: 'power', host: 'broker-3' });
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
    cluster.inject({ fault: 'start', host: 'broker-3' });
    cluster.until('3 is back', () => cluster.broker(3)?.state === 'RUNNING', 20);
    expect(cluster.replica(3)?.leo).toBe(0);
    cluster.inject({ fault: 'heal' });
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
    cluster.sleep(2);
    for (const id of [1, 2]) cluster.inject({ fault: 'crash', host: `broker-${id}` });
    cluster.sleep(40);
    return cluster;
  }

  test('kafka: the ISR: without broker epochs a rebooted follower joins by its former life', () => {
    const cluster = rebooted({ brokerEpochInIsrChange: false });
    expect(cluster.replica(3)).toMatchObject({ role: 'leader', leo: 0 });
  });

  test('kafka: the ISR: with broker epochs a rebooted follower stays out', () => {
    expect(rebooted({}).replica(3)?.role).not.toBe('leader');
  });
});

describe('kafka: the ISR: a follower of an old epoch (KIP-320)', () => {
  /**
   * Broker 3 does not hear from the controller that the leader changed from 1 to 2 and back. In
   * between broker 1 has cut x1, which broker 3 holds, and m1 is at its offset.
   */
  function oldEpoch(
    quirks: Quirks,
    release: ProfileName = 'kafka-4.1',
  ): { cluster: Cluster; producer: SendingProducer } {
    const settings = {
      'replica.lag.time.max.ms': '120000',
      'broker.session.timeout.ms': '120000',
    };
    const cluster = clusterWith({ ...quirks, truncationInFetch: false }, { settings }, release);
    const producer = create(cluster, 1);
    producer.send('m0');
    cluster.until('m0 everywhere', () => [2, 3].every((id) => cluster.replica(id)?.hw === 1));
    cluster.inject({ fault: 'isolate', host: 'broker-2', from: ['broker-1'] });
    const hasty = cluster.producer({ acks: '1', 'linger.ms': '0' });
    hasty.send('x1');
    cluster.until('3 has x1', () => cluster.replica(3)?.leo === 2);
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['controller-1'] });
    cluster.inject({ fault: 'stop', host: 'broker-1' });
    cluster.until('2 leads', leads(cluster, 2));
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.inject({ fault: 'heal' });
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['controller-1', 'broker-2'] });
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.until('1 is in sync', () => cluster.replica(2)?.isr.includes(1) === true, 20);
    expect(logOf(cluster, 1)).toEqual(['m0']);
    cluster.inject({ fault: 'stop', host: 'broker-2' });
    cluster.until('1 leads', leads(cluster, 1));
    producer.send('m1');
    cluster.sleep(5);
    expect(logOf(cluster, 1)).toEqual(['m0', 'm1']);
    expect(cluster.replica(1)?.isr).toContain(3);
    return { cluster, producer };
  }

  test('kafka: the ISR: without epochs in fetches an acked record is not what a member has', () => {
    const { cluster, producer } = oldEpoch({ epochFencing: false });
    expect(producer.acked).toEqual(['m0', 'm1']);
    expect(logOf(cluster, 3)).toEqual(['m0', 'x1']);
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.inject({ fault: 'heal' });
    cluster.until('3 leads', leads(cluster, 3), 150);
    expect(valuesOf(cluster.readAll())).toEqual(['m0', 'x1']);
  });

  test('kafka: the ISR: fetches carry the leader epoch since 2.1, not before', () => {
    expect(oldEpoch({}, 'kafka-2.0').producer.acked).toEqual(['m0', 'm1']);
    expect(oldEpoch({}, 'kafka-2.1').producer.acked).toEqual(['m0']);
  });

  test('kafka: the ISR: a fetch of an old epoch is fenced and acknowledges nothing', () => {
    const { producer } = oldEpoch({});
    expect(producer.acked).toEqual(['m0']);
  });
});
