/** Consumers that read from the replica in their own rack (KIP-392), and what may go wrong. */
import { describe, expect, test } from 'vitest';
import type { ConsumerRecord } from '../../../engine/kafka/client/consumer/completed-fetch.ts';
import { type Consumer, createConsumer } from '../../../engine/kafka/client/consumer/consumer.ts';
import { RACK_AWARE_SELECTOR } from '../../../engine/kafka/broker/broker-config.ts';
import { type ProfileName, type SwitchName, profileOf } from '../../../engine/kafka/profiles.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { fetch, fetchRequest } from '../../../engine/wire/kafka/messages/fetch.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { ZERO_UUID } from '../../../engine/bytes/base64url.ts';
import { Cluster, valuesOf } from '../cluster.ts';
import { RawClient } from './raw-client.ts';

type Quirks = Partial<Record<SwitchName, boolean>>;

interface Setup {
  readonly quirks?: Quirks;
  readonly release?: ProfileName;
  readonly settings?: Readonly<Record<string, string>>;
  /** Of brokers 1, 2 and 3. */
  readonly racks?: readonly [string, string, string];
}

/** Brokers 1, 2 and 3, in the racks a, b and c where nothing else is said. */
function start(setup: Setup = {}): Cluster {
  const { quirks = {}, release = 'kafka-4.1', settings = {}, racks = ['a', 'b', 'c'] } = setup;
  const cluster = new Cluster({
    profile: profileOf(release, { eligibleLeaderReplicas: false, ...quirks }),
    settings: { 'replica.selector.class': RACK_AWARE_SELECTOR, ...settings },
    brokerSettings: {
      1: { 'broker.rack': racks[0] },
      2: { 'broker.rack': racks[1] },
      3: { 'broker.rack': racks[2] },
    },
  });
  cluster.running();
  cluster.createTopic({
    name: 'pay',
    numPartitions: 1,
    replicationFactor: 3,
    assignments: [[1, 2, 3]],
    configs: { 'min.insync.replicas': '1' },
  });
  return cluster;
}

function write(cluster: Cluster, ...values: string[]): void {
  const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
  for (const value of values) producer.send(value);
  cluster.until('all are acked', () => producer.acked.length === values.length);
}

interface Reader {
  readonly records: ConsumerRecord[];
  preferred(): number;
}

/** A consumer in a rack, which reads from the start. */
function reader(cluster: Cluster, rack: string, settings: Record<string, string> = {}): Reader {
  const { bootstrap, profile, world } = cluster;
  const records: ConsumerRecord[] = [];
  const factory = createConsumer({
    bootstrap,
    profile,
    settings: { 'auto.offset.reset': 'earliest', 'client.rack': rack, ...settings },
    assignment: [{ topic: 'pay', partition: 0 }],
    onRecords: (batch) => {
      records.push(...batch);
    },
  });
  const host = world.addHost(`reader-${rack}`, factory);
  host.start();
  cluster.until('the reader starts', () => host.process !== null);
  const consumer = host.process as Consumer;
  return { records, preferred: () => consumer.inspect().partitions[0]!.preferredReadReplica };
}

function ask(
  cluster: Cluster,
  broker: number,
  asked: { fetchOffset: number; rackId?: string; currentLeaderEpoch?: number },
  version?: number,
) {
  const { rackId = '', ...partition } = asked;
  const client = new RawClient(cluster, `raw-${cluster.world.now}`);
  const topicId = [...cluster.broker(1)!.partitions][0]!.topicId;
  const partitions = [
    {
      partition: 0,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 1_048_576,
      replicaDirectoryId: ZERO_UUID,
      ...partition,
    },
  ];
  const topics = [{ topic: 'pay', topicId, partitions }];
  const body = { ...defaults(fetchRequest), maxWaitMs: 0, minBytes: 1, rackId, topics };
  return client.ask(broker, fetch, body, version).responses[0]!.partitions[0]!;
}

describe('kafka: fetch from follower: what the leader answers', () => {
  test('kafka: fetch from follower: a consumer is sent to the replica in its rack', () => {
    const cluster = start();
    write(cluster, 'a', 'b');
    const sent = ask(cluster, 1, { fetchOffset: 0, rackId: 'b' });
    expect(sent).toMatchObject({ errorCode: 0, preferredReadReplica: 2, highWatermark: 2 });
    expect(sent.records?.length ?? 0).toBe(0);
    expect(ask(cluster, 1, { fetchOffset: 0, rackId: 'a' }).preferredReadReplica).toBe(-1);
    expect(ask(cluster, 1, { fetchOffset: 0, rackId: 'z' }).preferredReadReplica).toBe(-1);
    expect(ask(cluster, 1, { fetchOffset: 0 }).preferredReadReplica).toBe(-1);
    expect(ask(cluster, 2, { fetchOffset: 0, rackId: 'c' }).preferredReadReplica).toBe(-1);
    const fenced = ask(cluster, 1, { fetchOffset: 0, rackId: 'b', currentLeaderEpoch: 7 });
    expect(fenced.errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
  });

  test('kafka: fetch from follower: not without a selector, nor before 2.4 or version 11', () => {
    const asked = { fetchOffset: 0, rackId: 'b' };
    expect(ask(start(), 1, asked, 11).preferredReadReplica).toBe(2);
    expect(ask(start(), 2, asked, 10).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    const without = start({ settings: { 'replica.selector.class': '' } });
    expect(ask(without, 1, asked).preferredReadReplica).toBe(-1);
    const before = start({ release: 'kafka-2.3' });
    expect(ask(before, 1, asked, 11).preferredReadReplica).toBe(-1);
    expect(ask(before, 2, asked, 11).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(ask(start({ release: 'kafka-2.4' }), 1, asked, 11).preferredReadReplica).toBe(2);
  });

  test('kafka: fetch from follower: who is not in the ISR is not named (KAFKA-14372)', () => {
    const cluster = start({ settings: { 'replica.lag.time.max.ms': '3000' } });
    write(cluster, 'a');
    cluster.inject({ fault: 'isolate', host: 'broker-2', from: ['broker-1'] });
    write(cluster, 'b');
    expect(cluster.replica(1)?.isr).toEqual([1, 3]);
    expect(ask(cluster, 1, { fetchOffset: 0, rackId: 'b' }).preferredReadReplica).toBe(-1);
  });

  /** Broker 3 lacks the second record, and has not lagged for long enough to leave the ISR. */
  function withOneBehind(setup: Setup): Cluster {
    const cluster = start(setup);
    write(cluster, 'a');
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1'] });
    cluster.producer({ acks: '1', 'linger.ms': '0' }).send('b');
    cluster.until('2 has b', () => cluster.replica(2)?.leo === 2);
    cluster.sleep(1);
    expect(cluster.replica(1)?.isr).toEqual([1, 2, 3]);
    return cluster;
  }

  test('kafka: fetch from follower: who lacks the offset is not named', () => {
    const cluster = withOneBehind({});
    const named = [1, 2].map((fetchOffset) => ask(cluster, 1, { fetchOffset, rackId: 'c' }));
    expect(named.map(({ preferredReadReplica }) => preferredReadReplica)).toEqual([3, -1]);
  });

  test('kafka: fetch from follower: of two in its rack the one that has more is named', () => {
    const cluster = withOneBehind({ racks: ['a', 'b', 'b'] });
    expect(ask(cluster, 1, { fetchOffset: 1, rackId: 'b' }).preferredReadReplica).toBe(2);
  });

  test('kafka: fetch from follower: a follower gives what is below its own high watermark', () => {
    const cluster = start();
    write(cluster, 'a');
    cluster.until('2 knows', () => cluster.replica(2)?.hw === 1);
    for (const id of [3]) cluster.inject({ fault: 'pause', host: `broker-${id}` });
    const producer = cluster.producer({ acks: '1', 'linger.ms': '0' });
    producer.send('b');
    cluster.until('2 has b', () => cluster.replica(2)?.leo === 2);
    expect(ask(cluster, 2, { fetchOffset: 0 })).toMatchObject({ errorCode: 0, highWatermark: 1 });
    const notYet = ask(cluster, 2, { fetchOffset: 2 });
    expect(notYet).toMatchObject({ errorCode: 0, highWatermark: 1 });
    expect(notYet.records?.length ?? 0).toBe(0);
    const beyond = ask(cluster, 2, { fetchOffset: 3 });
    expect(beyond.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });
});

describe('kafka: fetch from follower: the consumer', () => {
  test('kafka: fetch from follower: it reads from its rack, also when the leader is away', () => {
    const cluster = start();
    write(cluster, 'a', 'b');
    const { records, preferred } = reader(cluster, 'b');
    cluster.until('it has both', () => records.length === 2);
    expect(preferred()).toBe(2);
    cluster.inject({ fault: 'isolate', host: 'reader-b', from: ['broker-1', 'broker-3'] });
    write(cluster, 'c');
    cluster.until('it has c', () => records.length === 3, 5);
    expect(valuesOf(records)).toEqual(['a', 'b', 'c']);
  });

  test('kafka: fetch from follower: it goes back to the leader when its replica is gone', () => {
    const cluster = start();
    write(cluster, 'a');
    const { records, preferred } = reader(cluster, 'b');
    cluster.until('it has a', () => records.length === 1 && preferred() === 2);
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    write(cluster, 'b');
    cluster.until('it has b', () => records.length === 2, 20);
    expect(preferred()).toBe(-1);
    cluster.inject({ fault: 'start', host: 'broker-2' });
    cluster.until('it is sent to 2 again', () => preferred() === 2, 30);
    write(cluster, 'c');
    cluster.until('it has c', () => records.length === 3, 5);
  });

  test('kafka: fetch from follower: it asks the leader again after metadata.max.age.ms', () => {
    const cluster = start({ settings: { 'replica.lag.time.max.ms': '3000' } });
    write(cluster, 'a');
    const { records, preferred } = reader(cluster, 'b', { 'metadata.max.age.ms': '10000' });
    cluster.until('it has a', () => records.length === 1 && preferred() === 2);
    // Broker 2 falls behind: it gives nothing new, and says nothing of it.
    cluster.inject({ fault: 'isolate', host: 'broker-2', from: ['broker-1'] });
    write(cluster, 'b');
    expect(records.length).toBe(1);
    cluster.until('it has b', () => records.length === 2, 15);
    expect(preferred()).toBe(-1);
  });
});

describe('kafka: fetch from follower: KAFKA-14704', () => {
  /**
   * Broker 1 leads on, cut off from the others, and takes x1. The others elect 2 and write m1 and
   * m2. The consumer, which does not check epochs, waits at broker 1 all the time.
   */
  function exLeader(quirks: Quirks, release: ProfileName = 'kafka-4.1'): string[] {
    const cluster = start({ quirks: { consumerChecksTruncation: false, ...quirks }, release });
    write(cluster, 'm0');
    const { records } = reader(cluster, 'a', {
      'fetch.max.wait.ms': '25000',
      'metadata.max.age.ms': '300000',
    });
    cluster.until('it has m0', () => records.length === 1);
    const others = ['broker-2', 'broker-3', 'controller-1'];
    const producer = cluster.producer({ acks: '1', 'linger.ms': '0' });
    producer.send('m0b');
    cluster.until('all have m0b', () => [1, 2, 3].every((id) => cluster.replica(id)?.hw === 2));
    cluster.inject({ fault: 'isolate', host: 'broker-1', from: others });
    producer.send('x1');
    cluster.until('x1 is acked', () => producer.acked.includes('x1'));
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader', 30);
    const second = cluster.producer({ acks: 'all', 'linger.ms': '0' });
    for (const value of ['m1', 'm2']) {
      second.send(value);
      cluster.until(`${value} is acked`, () => second.acked.includes(value), 60);
    }
    cluster.inject({ fault: 'heal' });
    cluster.until('1 agrees', () => cluster.replica(1)?.hw === 4, 30);
    cluster.sleep(30);
    return valuesOf(records);
  }

  test('kafka: fetch from follower: the high watermark taken first shows what is cut', () => {
    expect(exLeader({ truncatesBeforeHighWatermark: false })).toContain('x1');
  });

  test('kafka: fetch from follower: truncation comes before the high watermark', () => {
    expect(exLeader({})).toEqual(['m0', 'm0b', 'm1', 'm2']);
  });

  test('kafka: fetch from follower: the bug is there from 2.8 to 3.3', () => {
    const shows = (release: ProfileName) => exLeader({}, release).includes('x1');
    const releases = ['kafka-2.7', 'kafka-2.8', 'kafka-3.3', 'kafka-3.4'] as const;
    expect(releases.map(shows)).toEqual([false, true, true, false]);
  });
});
