/** A broker's life: start, clean and unclean stop, restart, a failed disk, deleted topics. */
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { deleteTopics } from '../../../engine/wire/kafka/messages/delete-topics.ts';
import { metadata } from '../../../engine/wire/kafka/messages/metadata.ts';
import { ZERO_UUID } from '../../../engine/bytes/base64url.ts';
import { Cluster, type ClusterOptions, valuesOf } from '../cluster.ts';
import { RawClient } from './raw-client.ts';

const TOPIC = { name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] };

function start(options: ClusterOptions = {}): Cluster {
  const cluster = new Cluster(options);
  cluster.running();
  cluster.createTopic(TOPIC);
  return cluster;
}

function write(cluster: Cluster, count: number): string[] {
  const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
  for (let index = 0; index < count; index++) producer.send(`v${index}`);
  cluster.until('all are acked', () => producer.acked.length === count);
  return producer.acked;
}

const files = (cluster: Cluster, id: number): readonly string[] =>
  cluster.world.hostNamed(`broker-${id}`)!.disk.list('data');

/** The names of the machine's states in the order of the trace. */
function states(cluster: Cluster, machine: string, host: string): string[] {
  const names: string[] = [];
  for (const entry of cluster.world.trace.entries()) {
    const { data } = entry as unknown as { data: Record<string, string> };
    if (entry.kind !== 'machine' || entry.host !== host || data['machine'] !== machine) continue;
    if (data['from'] !== data['to']) names.push(data['to']!);
  }
  return names;
}

describe('kafka: broker lifecycle', () => {
  test('kafka: lifecycle: a broker goes from STARTING over RECOVERY to RUNNING', () => {
    const cluster = new Cluster();
    cluster.running();
    expect(states(cluster, 'broker-lifecycle', 'broker-1')).toEqual([
      'NOT_RUNNING',
      'STARTING',
      'RECOVERY',
      'RUNNING',
    ]);
  });

  test('kafka: lifecycle: a clean stop moves leaders away, syncs all and leaves its mark', () => {
    const cluster = start();
    const written = write(cluster, 20);
    expect(cluster.replica(1)!.role).toBe('leader');
    cluster.inject({ fault: 'stop', host: 'broker-1' });
    cluster.until('1 has stopped', () => !cluster.isUp(1), 5);
    expect(states(cluster, 'broker-lifecycle', 'broker-1').slice(-3)).toEqual([
      'PENDING_CONTROLLED_SHUTDOWN',
      'SHUTTING_DOWN',
      'NOT_RUNNING',
    ]);
    expect(files(cluster, 1)).toContain('.kafka_cleanshutdown');
    cluster.until(
      'another leads',
      () => [2, 3].some((id) => cluster.replica(id)?.role === 'leader'),
      1,
    );
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.running();
    expect(files(cluster, 1)).not.toContain('.kafka_cleanshutdown');
    cluster.until('1 has its log', () => cluster.replica(1)?.leo === 20);
    cluster.until('1 is in sync', () =>
      [2, 3].some((id) => cluster.replica(id)?.isr.includes(1) === true),
    );
    expect(valuesOf(cluster.readAll())).toEqual(written);
  });

  test('kafka: lifecycle: a stop before the logs are read is no clean one (KAFKA-10471)', () => {
    const cluster = start();
    write(cluster, 3);
    cluster.inject({ fault: 'power', host: 'broker-1' });
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.until(
      '1 starts',
      () => states(cluster, 'broker-lifecycle', 'broker-1').at(-1) === 'STARTING',
    );
    cluster.inject({ fault: 'stop', host: 'broker-1' });
    cluster.until('1 has stopped', () => !cluster.isUp(1), 5);
    expect(files(cluster, 1)).not.toContain('.kafka_cleanshutdown');
    // Clean before, it is clean still: nobody has written into a log since.
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.running();
    cluster.inject({ fault: 'stop', host: 'broker-1' });
    cluster.until('1 has stopped again', () => !cluster.isUp(1), 5);
    expect(files(cluster, 1)).toContain('.kafka_cleanshutdown');
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.until(
      '1 starts again',
      () => states(cluster, 'broker-lifecycle', 'broker-1').at(-1) === 'STARTING',
    );
    cluster.inject({ fault: 'stop', host: 'broker-1' });
    cluster.until('1 has stopped for good', () => !cluster.isUp(1), 5);
    expect(files(cluster, 1)).toContain('.kafka_cleanshutdown');
  });

  test('kafka: lifecycle: a crash of all keeps what is in the page cache', () => {
    const cluster = start();
    const written = write(cluster, 30);
    for (const id of [1, 2, 3]) cluster.inject({ fault: 'crash', host: `broker-${id}` });
    cluster.sleep(12);
    for (const id of [1, 2, 3]) cluster.inject({ fault: 'start', host: `broker-${id}` });
    cluster.until('somebody leads', () =>
      [1, 2, 3].some((id) => cluster.replica(id)?.role === 'leader'),
    );
    expect(valuesOf(cluster.readAll())).toEqual(written);
  });

  test('kafka: lifecycle: a restart within the session leads to a new registration', () => {
    const cluster = start();
    write(cluster, 3);
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.inject({ fault: 'start', host: 'broker-2' });
    cluster.running();
    cluster.until('2 is in sync', () => cluster.replica(1)!.isr.includes(2), 60);
    cluster.until('2 has all', () => cluster.replica(2)?.leo === 3);
    expect(cluster.replica(2)!.hw).toBeGreaterThanOrEqual(0);
  });

  test('kafka: lifecycle: a failed sync takes the log dir offline, and the broker halts', () => {
    const cluster = start({ brokerSettings: { 1: { 'log.flush.interval.messages': '1' } } });
    write(cluster, 3);
    cluster.inject({ fault: 'sync-error', host: 'broker-1', count: 1 });
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
    producer.send('more');
    cluster.until('1 has halted', () => !cluster.isUp(1), 20);
    cluster.until('more is acked by the next leader', () => producer.acked.length === 1, 60);
    expect(cluster.replica(2)!.leo).toBe(4);
  });

  test('kafka: lifecycle: a full disk halts the broker, too', () => {
    const cluster = start();
    write(cluster, 3);
    const { usedBytes } = cluster.world.hostNamed('broker-1')!.disk;
    cluster.inject({ fault: 'disk-full', host: 'broker-1', capacityBytes: usedBytes + 10 });
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
    producer.send('more');
    cluster.until('1 has halted', () => !cluster.isUp(1), 20);
    cluster.until('more is acked by the next leader', () => producer.acked.length === 1, 60);
  });

  test('kafka: lifecycle: a deleted topic is gone, and one of its name starts empty', () => {
    const cluster = start();
    write(cluster, 5);
    cluster.inject({ fault: 'stop', host: 'broker-3' });
    cluster.until('3 has stopped', () => !cluster.isUp(3));
    const raw = new RawClient(cluster);
    const topics = [{ name: 'pay', topicId: ZERO_UUID }];
    const deleted = raw.ask(1, deleteTopics, { topics, topicNames: [], timeoutMs: 1000 });
    expect(deleted.responses[0]!.errorCode).toBe(ErrorCode.NONE);
    cluster.until('the replica is gone', () => cluster.replica(1) === undefined);
    cluster.createTopic(TOPIC);
    expect(cluster.replica(1)!.leo).toBe(0);
    cluster.inject({ fault: 'start', host: 'broker-3' });
    cluster.running();
    cluster.until('3 has the new topic', () => cluster.replica(3) !== undefined);
    expect(cluster.replica(3)!.leo).toBe(0);
    expect(files(cluster, 3).some((path) => path.includes('-stray'))).toBe(true);
  });

  test('kafka: metadata: asking for a topic makes it, unless that is switched off', () => {
    const ask = (cluster: Cluster) => {
      const raw = new RawClient(cluster);
      const body = {
        topics: [{ topicId: ZERO_UUID, name: 'new' }],
        allowAutoTopicCreation: true,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      };
      const first = raw.ask(1, metadata, body).topics[0]!.errorCode;
      expect(first).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      cluster.sleep(1);
      return raw.ask(1, metadata, body).topics[0]!;
    };
    const made = new Cluster();
    made.running();
    expect(ask(made)).toMatchObject({ errorCode: 0, name: 'new', isInternal: false });
    const not = new Cluster({ settings: { 'auto.create.topics.enable': 'false' } });
    not.running();
    expect(ask(not).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});

describe('kafka: isr', () => {
  test('kafka: isr: a follower that lags leaves, and comes back when it has caught up', () => {
    const cluster = start({ settings: { 'replica.lag.time.max.ms': '4000' } });
    write(cluster, 2);
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
    write(cluster, 2);
    cluster.until('3 has left', () => !cluster.replica(1)!.isr.includes(3), 8);
    expect(cluster.replica(1)!.isr).toEqual([1, 2]);
    cluster.inject({ fault: 'heal' });
    cluster.until('3 is back', () => cluster.replica(1)!.isr.includes(3), 40);
    expect(cluster.replica(3)!.leo).toBe(4);
  });

  test('kafka: isr: the high watermark waits for who is about to join (maximal ISR)', () => {
    const cluster = start({ settings: { 'replica.lag.time.max.ms': '4000' } });
    write(cluster, 2);
    const changes: string[] = [];
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
    write(cluster, 1);
    cluster.until('3 has left', () => !cluster.replica(1)!.isr.includes(3), 10);
    cluster.world.observe(() => {
      const replica = cluster.replica(1);
      if (replica === undefined) return;
      const now = `${replica.isr.join(',')} / ${replica.maximalIsr.join(',')}`;
      if (changes[changes.length - 1] !== now) changes.push(now);
    });
    cluster.inject({ fault: 'heal' });
    cluster.until('3 is back', () => cluster.replica(1)!.isr.includes(3), 40);
    expect(changes).toEqual(['1,2 / 1,2', '1,2 / 1,2,3', '1,2,3 / 1,2,3']);
  });

  test('kafka: isr: no replica leaves an idle partition', () => {
    const cluster = start({ settings: { 'replica.lag.time.max.ms': '2000' } });
    cluster.sleep(20);
    expect(cluster.replica(1)!.isr).toEqual([1, 2, 3]);
  });
});

describe('kafka: retention', () => {
  test('kafka: retention: old segments go everywhere, and stay gone after a restart', () => {
    const cluster = new Cluster({
      settings: { 'log.retention.check.interval.ms': '5000', 'log.segment.delete.delay.ms': '0' },
    });
    cluster.running();
    cluster.createTopic({
      ...TOPIC,
      configs: { 'segment.bytes': '1024', 'retention.bytes': '2048' },
    });
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0', 'batch.size': '1' });
    for (let index = 0; index < 100; index++) producer.send(`record number ${index}`);
    cluster.until('all are acked', () => producer.acked.length === 100);
    cluster.sleep(20);
    const starts = [1, 2, 3].map((id) => cluster.replica(id)!.logStart);
    for (const logStart of starts) expect(logStart).toBeGreaterThan(40);
    const read = valuesOf(cluster.readAll());
    expect(read[read.length - 1]).toBe('record number 99');
    expect(read.length).toBe(100 - starts[0]!);
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.inject({ fault: 'start', host: 'broker-2' });
    cluster.running();
    cluster.until('2 is back', () => (cluster.replica(2)?.leo ?? 0) === 100);
    expect(cluster.replica(2)!.logStart).toBeGreaterThan(40);
  });

  test('kafka: retention: a follower that was away too long starts where the leader does', () => {
    const cluster = new Cluster({
      settings: {
        'log.retention.check.interval.ms': '5000',
        'log.segment.delete.delay.ms': '0',
        'replica.lag.time.max.ms': '4000',
      },
    });
    cluster.running();
    cluster.createTopic({
      ...TOPIC,
      configs: { 'segment.bytes': '1024', 'retention.bytes': '2048' },
    });
    write(cluster, 2);
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-1', 'broker-2'] });
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0', 'batch.size': '1' });
    for (let index = 0; index < 100; index++) producer.send(`record number ${index}`);
    cluster.until('all are acked', () => producer.acked.length === 100);
    cluster.until('3 has left', () => !cluster.replica(1)!.isr.includes(3), 10);
    cluster.until('the leader deletes', () => cluster.replica(1)!.logStart > 10, 20);
    cluster.inject({ fault: 'heal' });
    cluster.until('3 is back', () => cluster.replica(1)!.isr.includes(3), 60);
    expect(cluster.replica(3)!.logStart).toBeGreaterThan(10);
    expect(cluster.replica(3)!.leo).toBe(102);
  });
});
