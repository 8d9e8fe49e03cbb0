/**
 * The bugs of replication's history, each shown by its switch and gone without it: what a follower
 * truncates to, and who may join the ISR.
 */
import { describe, expect, test } from 'vitest';
import { type ProfileName, type SwitchName, profileOf } from '../../../engine/kafka/profiles.ts';
import { Cluster, type ClusterOptions, valuesOf } from '../cluster.ts';

type Quirks = Partial<Record<SwitchName, boolean>>;

function clusterWith(quirks: Quirks, options: ClusterOptions = {}): Cluster {
  const name: ProfileName = 'kafka-4.1';
  const profile = profileOf(name, { eligibleLeaderReplicas: false, ...quirks });
  const cluster = new Cluster({ ...options, profile });
  cluster.running();
  return cluster;
}

/** Values by offset. */
function logOf(cluster: Cluster, id: number): (string | null)[] {
  return cluster.replica(id)!.records.map(({ value }) => value);
}

const leads = (cluster: Cluster, id: number) => () => cluster.replica(id)?.role === 'leader';

function topic(replicas: readonly number[], configs: Record<string, string> = {}) {
  return {
    name: 'pay',
    numPartitions: 1,
    replicationFactor: replicas.length,
    assignments: [replicas],
    configs: { 'min.insync.replicas': '1', ...configs },
  };
}

describe('kafka: failover: KIP-101 scenario 1', () => {
  /** m2 is acked by all; both followers have it but do not know that it is committed. */
  function twoLeadersDie(quirks: Quirks) {
    const cluster = clusterWith(quirks);
    cluster.createTopic(topic([1, 2, 3]));
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
    producer.send('m1');
    cluster.until('m1 is committed everywhere', () => cluster.replica(3)?.hw === 1);
    cluster.until('m1 is committed everywhere', () => cluster.replica(2)?.hw === 1);
    producer.send('m2');
    cluster.until('m2 is acked', () => producer.acked.length === 2);
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    expect(cluster.replica(3)).toMatchObject({ leo: 2, hw: 1 });
    cluster.inject({ fault: 'isolate', host: 'broker-2', from: ['broker-3'] });
    cluster.until('2 leads', leads(cluster, 2));
    cluster.until('3 follows 2', () => cluster.replica(3)?.leader === 2);
    cluster.sleep(0.1);
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.until('3 leads', leads(cluster, 3));
    return valuesOf(cluster.readAll());
  }

  test('kafka: failover: truncating to the high watermark loses an acked record', () => {
    expect(twoLeadersDie({ leaderEpochTruncation: false })).toEqual(['m1']);
  });

  test('kafka: failover: follower truncates by epoch, not by high watermark', () => {
    expect(twoLeadersDie({})).toEqual(['m1', 'm2']);
    expect(twoLeadersDie({ truncationInFetch: false })).toEqual(['m1', 'm2']);
  });
});

describe('kafka: failover: KIP-101 scenario 2', () => {
  /** Both lose power; only broker 1 had synced m2. Broker 2 comes back first and writes m3. */
  function powerLoss(quirks: Quirks): Cluster {
    const cluster = clusterWith(quirks, {
      brokers: 2,
      brokerSettings: { 1: { 'log.flush.interval.messages': '1' } },
    });
    cluster.createTopic(topic([1, 2]));
    const producer = cluster.producer({ acks: '1', 'linger.ms': '0' });
    producer.send('m1');
    cluster.sleep(40);
    producer.send('m2');
    cluster.sleep(8);
    for (const id of [1, 2]) cluster.inject({ fault: 'power', host: `broker-${id}` });
    cluster.sleep(15);
    cluster.inject({ fault: 'start', host: 'broker-2' });
    cluster.until('2 leads', leads(cluster, 2));
    expect(logOf(cluster, 2)).toEqual(['m1']);
    producer.send('m3');
    cluster.until('m3 is acked', () => producer.acked.includes('m3'));
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.until('1 follows', () => cluster.replica(1)?.roleState === 'Follower.Fetching');
    cluster.sleep(3);
    return cluster;
  }

  test('kafka: failover: without epochs two replicas hold different records at one offset', () => {
    const cluster = powerLoss({ leaderEpochTruncation: false });
    expect(logOf(cluster, 2)).toEqual(['m1', 'm3']);
    expect(logOf(cluster, 1)).toEqual(['m1', 'm2']);
  });

  test('kafka: failover: with epochs the old leader takes the new one’s records', () => {
    const cluster = powerLoss({});
    expect(logOf(cluster, 1)).toEqual(['m1', 'm3']);
    expect(logOf(cluster, 2)).toEqual(['m1', 'm3']);
  });
});

describe('kafka: failover: KIP-279', () => {
  /** Broker 2 wrote epoch 1 alone, broker 1 never saw it and writes epoch 2. */
  function fastFailover(quirks: Quirks): Cluster {
    const cluster = clusterWith(quirks, { brokers: 2 });
    cluster.createTopic(topic([1, 2], { 'unclean.leader.election.enable': 'true' }));
    const producer = cluster.producer({ acks: '1', 'linger.ms': '0' });
    const send = (...values: string[]): void => {
      for (const value of values) producer.send(value);
      const last = values[values.length - 1]!;
      cluster.until(`${last} is acked`, () => producer.acked.includes(last));
    };
    send('m0', 'm1');
    cluster.until('2 has them', () => cluster.replica(2)?.leo === 2);
    cluster.inject({ fault: 'isolate', host: 'broker-1', from: ['broker-2'] });
    send('m2', 'm3');
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.until('2 leads', leads(cluster, 2));
    // Each in a batch of its own: a log is cut between batches.
    for (const value of ['n2', 'n3', 'n4']) send(value);
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.inject({ fault: 'heal' });
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.until('1 leads', leads(cluster, 1), 400);
    // A new producer: the old one knows only the broker that it was told of last.
    const second = cluster.producer({ acks: '1', 'linger.ms': '0' });
    second.send('p4');
    cluster.until('p4 is acked', () => second.acked.length === 1);
    cluster.inject({ fault: 'start', host: 'broker-2' });
    cluster.until('1 sees 2 in sync', () => cluster.replica(1)?.isr.length === 2, 90);
    return cluster;
  }

  test('kafka: failover: an end offset without its epoch leaves another epoch’s records', () => {
    const cluster = fastFailover({ epochReplyWithEpoch: false });
    expect(logOf(cluster, 1)).toEqual(['m0', 'm1', 'm2', 'm3', 'p4']);
    expect(logOf(cluster, 2)).toEqual(['m0', 'm1', 'n2', 'n3', 'p4']);
  });

  test('kafka: failover: the epoch in the reply makes both logs one', () => {
    for (const quirks of [{}, { truncationInFetch: false }]) {
      const cluster = fastFailover(quirks);
      expect(logOf(cluster, 1)).toEqual(['m0', 'm1', 'm2', 'm3', 'p4']);
      expect(logOf(cluster, 2)).toEqual(['m0', 'm1', 'm2', 'm3', 'p4']);
    }
  });
});

describe('kafka: failover: KAFKA-7128', () => {
  /**
   * m1 is acked by brokers 1, 2 and 4, but 2 does not know that it is committed, when it is
   * elected, and 4 cannot tell it. Broker 3 comes back with m0 only; the reply to its first fetch
   * is lost. Then 2 and 4 die.
   */
  function returns(quirks: Quirks): string[] {
    const settings = { 'replica.lag.time.max.ms': '4000' };
    const cluster = clusterWith(quirks, { brokers: 4, settings });
    cluster.createTopic(topic([1, 2, 3, 4]));
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
    producer.send('m0');
    cluster.until('m0 everywhere', () => [2, 3, 4].every((id) => cluster.replica(id)?.hw === 1));
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
    producer.send('m1');
    cluster.until('m1 is acked', () => producer.acked.length === 2);
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.inject({ fault: 'isolate', host: 'broker-4', from: ['broker-2'] });
    expect(cluster.replica(2)).toMatchObject({ leo: 2, hw: 1 });
    cluster.until('2 leads', leads(cluster, 2));
    cluster.inject({ fault: 'heal' });
    cluster.inject({ fault: 'isolate', host: 'broker-4', from: ['broker-2'] });
    cluster.inject({ fault: 'reset', from: 'broker-2', to: 'broker-3', bytes: 10 });
    cluster.until('3 is in', () => cluster.replica(2)?.isr.includes(3) === true, 90);
    for (const id of [2, 4]) cluster.inject({ fault: 'crash', host: `broker-${id}` });
    cluster.until('3 leads', leads(cluster, 3));
    return valuesOf(cluster.readAll());
  }

  test('kafka: failover: who joins the ISR at a stale high watermark loses an acked record', () => {
    expect(returns({ isrJoinNeedsEpochStart: false })).toEqual(['m0']);
  });

  test('kafka: failover: a follower joins at the start of the leader epoch', () => {
    expect(returns({})).toEqual(['m0', 'm1']);
  });
});

describe('kafka: failover: an epoch without records', () => {
  test('kafka: failover: a leader that was overtaken before its first append can follow', () => {
    for (const quirks of [{}, { truncationInFetch: false }]) {
      const cluster = clusterWith(quirks);
      cluster.createTopic(topic([1, 2, 3]));
      const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
      producer.send('m0');
      cluster.until('m0 everywhere', () => [2, 3].every((id) => cluster.replica(id)?.hw === 1));
      cluster.inject({ fault: 'crash', host: 'broker-1' });
      cluster.until('2 leads', leads(cluster, 2));
      cluster.inject({ fault: 'isolate', host: 'broker-2' });
      cluster.until('3 leads', leads(cluster, 3));
      producer.send('m1');
      cluster.until('m1 is acked', () => producer.acked.length === 2);
      cluster.inject({ fault: 'heal' });
      cluster.until('2 is in sync', () => cluster.replica(3)!.isr.includes(2), 60);
      expect(logOf(cluster, 2)).toEqual(['m0', 'm1']);
    }
  });
});

describe('kafka: failover: the last replica standing (KIP-966)', () => {
  /** One broker after the other goes; the last one takes acks=1 and loses power. */
  function shrinks(quirks: Quirks): Cluster {
    const cluster = clusterWith(quirks, { settings: { 'replica.lag.time.max.ms': '4000' } });
    cluster.createTopic(topic([1, 2, 3], { 'min.insync.replicas': '2' }));
    const producer = cluster.producer({ acks: '1', 'linger.ms': '0' });
    producer.send('m0');
    cluster.until('m0 everywhere', () => [2, 3].every((id) => cluster.replica(id)?.hw === 1));
    for (const id of [2, 3]) cluster.inject({ fault: 'crash', host: `broker-${id}` });
    cluster.until('1 is alone', () => cluster.replica(1)?.isr.length === 1, 30);
    producer.send('m1');
    cluster.until('m1 is acked', () => producer.acked.length === 2);
    return cluster;
  }

  test('kafka: failover: below min.insync.replicas the high watermark stands still', () => {
    expect(shrinks({}).replica(1)).toMatchObject({ leo: 2, hw: 1 });
  });

  test('kafka: failover: before KAFKA-15583 a lone leader commits by itself', () => {
    const cluster = shrinks({ highWatermarkNeedsMinIsr: false });
    expect(cluster.replica(1)).toMatchObject({ leo: 2, hw: 2 });
  });
});
