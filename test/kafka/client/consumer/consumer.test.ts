/**
 * The consumer against a real cluster: positions, commits, leader changes, truncation. Not here:
 * single batches (completed-fetch.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { incrementalAlterConfigs } from '../../../../engine/kafka/client/administration.ts';
import { decodeUtf8 } from '../../../../engine/bytes/utf8.ts';
import type { ConsumerError } from '../../../../engine/kafka/client/consumer/consumer-error.ts';
import {
  type Consumer,
  type ConsumerOptions,
  createConsumer,
} from '../../../../engine/kafka/client/consumer/consumer.ts';
import { Cluster } from '../../cluster.ts';

const PAY = { topic: 'pay', partition: 0 };

class Reader {
  readonly polls: string[][] = [];
  readonly errors: ConsumerError[] = [];
  readonly cluster: Cluster;
  readonly host;

  constructor(
    cluster: Cluster,
    settings: Record<string, string>,
    over: Partial<ConsumerOptions> = {},
  ) {
    this.cluster = cluster;
    const { bootstrap, profile } = cluster;
    const options: ConsumerOptions = {
      ...{ bootstrap, profile, settings, assignment: [PAY] },
      onRecords: (records) => {
        this.polls.push(records.map(({ value }) => decodeUtf8(value!)));
      },
      onError: (error) => {
        this.errors.push(error);
      },
      ...over,
    };
    this.host = cluster.world.addHost('reader-1', createConsumer(options));
    this.host.start();
    cluster.until('it has started', () => this.host.process !== null);
  }

  get consumer(): Consumer {
    return this.host.process as Consumer;
  }

  get read(): string[] {
    return this.polls.flat();
  }

  command(label: string, run: (consumer: Consumer) => void): void {
    this.cluster.world.command('reader-1', label, () => run(this.consumer));
    this.cluster.sleep(0.001);
  }
}

function filled(count: number, brokers = 1): { cluster: Cluster; values: string[] } {
  const cluster = new Cluster({ brokers });
  cluster.running();
  const replicas = Array.from({ length: brokers }, (_, index) => index + 1);
  const topic = { name: 'pay', numPartitions: 1, replicationFactor: brokers };
  cluster.createTopic({ ...topic, assignments: [replicas] });
  const values = Array.from({ length: count }, (_, index) => `m${index}`);
  produceAll(cluster, values);
  return { cluster, values };
}

function produceAll(cluster: Cluster, values: string[]): void {
  const producer = cluster.producer();
  for (const value of values) producer.send(value);
  cluster.until('all are acked', () => producer.acked.length === values.length);
}

describe('kafka consumer: positions', () => {
  test('earliest reads everything in order, at most max.poll.records at a time', () => {
    const { cluster, values } = filled(25);
    const reader = new Reader(cluster, {
      ...{ 'auto.offset.reset': 'earliest', 'max.poll.records': '10' },
    });
    cluster.until('all are read', () => reader.read.length === 25);
    expect(reader.read).toEqual(values);
    expect(Math.max(...reader.polls.map(({ length }) => length))).toBe(10);
    expect(reader.consumer.position(PAY)).toBe(25);
    expect(reader.consumer.inspect().partitions[0]).toMatchObject({
      ...{ fetchState: 'FETCHING', highWatermark: 25, lag: 0 },
    });
  });

  test('latest reads what comes after it has its position', () => {
    const { cluster } = filled(5);
    const reader = new Reader(cluster, { 'auto.offset.reset': 'latest' });
    cluster.until('it has a position', () => reader.consumer.position(PAY) === 5);
    produceAll(cluster, ['new']);
    cluster.until('it is read', () => reader.read.length > 0);
    expect(reader.read).toEqual(['new']);
  });

  test('none tells the application and waits for a seek', () => {
    const { cluster, values } = filled(5);
    const reader = new Reader(cluster, { 'auto.offset.reset': 'none' });
    cluster.until('it is told', () => reader.errors.length === 1);
    expect(reader.errors[0]).toMatchObject({ reason: 'NoOffsetForPartitionException' });
    cluster.sleep(1);
    expect(reader.read).toEqual([]);
    reader.command('seek', (consumer) => consumer.seek(PAY, 2));
    cluster.until('it reads', () => reader.read.length === 3);
    expect(reader.read).toEqual(values.slice(2));
  });

  test.each([
    ['earliest', 5],
    ['latest', 0],
  ])('a position out of range is reset to %s', (strategy, count) => {
    const { cluster } = filled(5);
    const reader = new Reader(cluster, { 'auto.offset.reset': strategy });
    cluster.until('it has a position', () => reader.consumer.position(PAY) !== null);
    cluster.sleep(1);
    reader.polls.length = 0;
    reader.command('seek', (consumer) => consumer.seek(PAY, 1000));
    cluster.until('it is back', () => reader.consumer.position(PAY) === 5);
    expect(reader.read).toHaveLength(count);
    expect(reader.errors).toEqual([]);
  });

  test('a position out of range without a policy is told', () => {
    const { cluster } = filled(5);
    const reader = new Reader(cluster, { 'auto.offset.reset': 'none' });
    cluster.until('it is told', () => reader.errors.length === 1);
    reader.command('seek', (consumer) => consumer.seek(PAY, 1000));
    cluster.until('it is told again', () => reader.errors.length === 2);
    expect(reader.errors[1]).toMatchObject({ reason: 'OffsetOutOfRangeException', offset: 1000 });
  });

  test('a paused partition gives nothing and keeps its position', () => {
    const { cluster, values } = filled(5);
    const reader = new Reader(cluster, { 'auto.offset.reset': 'earliest' });
    cluster.until('it has read', () => reader.read.length === 5);
    reader.command('pause', (consumer) => consumer.pause(PAY));
    produceAll(cluster, ['later']);
    cluster.sleep(2);
    expect(reader.read).toEqual(values);
    reader.command('resume', (consumer) => consumer.resume(PAY));
    cluster.until('it reads on', () => reader.read.length === 6);
    expect(reader.read[5]).toBe('later');
  });

  test('seekToBeginning reads again', () => {
    const { cluster, values } = filled(3);
    const reader = new Reader(cluster, { 'auto.offset.reset': 'earliest' });
    cluster.until('it has read', () => reader.read.length === 3);
    reader.command('seek', (consumer) => consumer.seekToBeginning(PAY));
    cluster.until('it has read again', () => reader.read.length === 6);
    expect(reader.read).toEqual([...values, ...values]);
  });
});

describe('kafka consumer: committed positions', () => {
  const crashAfterFirstPoll = (commit: ConsumerOptions['commit']): string[] => {
    const { cluster } = filled(6);
    const settings = {
      ...{ 'group.id': 'g', 'auto.offset.reset': 'earliest', 'max.poll.records': '2' },
    };
    const reader = new Reader(cluster, settings, {
      ...{ commit: commit!, processingMicrosPerRecord: 500_000 },
    });
    cluster.until('the second poll is processed', () => reader.polls.length === 2);
    cluster.inject({ fault: 'crash', host: 'reader-1' });
    cluster.inject({ fault: 'start', host: 'reader-1' });
    cluster.until('it has caught up', () => reader.read.includes('m5'));
    return reader.read;
  };

  test('committed after processing: what a crash interrupts is processed again', () => {
    const read = crashAfterFirstPoll('after-processing');
    expect(read).toEqual(['m0', 'm1', 'm2', 'm3', 'm2', 'm3', 'm4', 'm5']);
  });

  test('committed before processing: nothing is processed twice', () => {
    const read = crashAfterFirstPoll('before-processing');
    expect(read).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
  });

  test('without a commit a restart begins at the policy', () => {
    const read = crashAfterFirstPoll('manual');
    expect(read.slice(4)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
  });

  test('auto.commit.interval.ms commits what earlier polls returned', () => {
    const { cluster } = filled(4);
    const settings = {
      ...{ 'group.id': 'g', 'auto.offset.reset': 'earliest', 'auto.commit.interval.ms': '100' },
    };
    const reader = new Reader(cluster, settings);
    cluster.until('it has read', () => reader.read.length === 4);
    expect(reader.consumer.committed(PAY)).toBeNull();
    cluster.sleep(1);
    produceAll(cluster, ['next']);
    cluster.until('it has read on', () => reader.read.length === 5);
    expect(reader.consumer.committed(PAY)).toBe(4);
  });
});

describe('kafka consumer: leader changes', () => {
  test('a consumer goes on with the new leader, without a gap or a repetition', () => {
    const { cluster, values } = filled(5, 3);
    const reader = new Reader(cluster, { 'auto.offset.reset': 'earliest' });
    cluster.until('it has read', () => reader.read.length === 5);
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.until('another broker leads', () => cluster.replica(2)?.role === 'leader', 30);
    produceAll(cluster, ['x', 'y']);
    cluster.until('it has read on', () => reader.read.length === 7);
    expect(reader.read).toEqual([...values, 'x', 'y']);
  });

  /** The leader goes on alone, its records are consumed, it dies, an old replica is elected. */
  const truncatedUnder = (reset: string): Reader => {
    const { cluster } = filled(5, 3);
    const admin = cluster.admin();
    let altered = false;
    cluster.world.command(admin.name, 'alter', () => {
      const values = { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' };
      incrementalAlterConfigs(admin.process, { type: 'topic', name: 'pay' }, values, (result) => {
        altered = result.ok;
      });
    });
    cluster.until('unclean election is on', () => altered);
    const reader = new Reader(cluster, { 'auto.offset.reset': reset, 'client.id': 'reader' });
    if (reset === 'none') {
      cluster.until('it is told', () => reader.errors.length === 1);
      reader.errors.length = 0;
      reader.command('seek', (consumer) => consumer.seek(PAY, 0));
    }
    cluster.until('it has read', () => reader.read.length === 5);
    cluster.inject({ fault: 'isolate', host: 'broker-1', from: ['broker-2', 'broker-3'] });
    const producer = cluster.producer({ acks: '1' });
    for (const value of ['gone-1', 'gone-2', 'gone-3']) producer.send(value);
    cluster.until('it is alone', () => cluster.replica(1)?.isr.length === 1, 60);
    cluster.until('it has read what will be gone', () => reader.read.length === 8);
    cluster.inject({ fault: 'power', host: 'broker-1' });
    cluster.until('a replica is elected', () => cluster.replica(2)?.role === 'leader', 60);
    return reader;
  };

  test('truncation is found by leader epoch, and the consumer goes back (KIP-320)', () => {
    const reader = truncatedUnder('earliest');
    produceAll(reader.cluster, ['x', 'y', 'z', 'u']);
    reader.cluster.until('it has read on', () => reader.read.includes('u'));
    expect(reader.read.slice(8)).toEqual(['x', 'y', 'z', 'u']);
  });

  test('without a policy truncation is told, with the offset where the logs part', () => {
    const reader = truncatedUnder('none');
    reader.cluster.until('it is told', () => reader.errors.length === 1, 60);
    expect(reader.errors[0]).toMatchObject({
      ...{ reason: 'LogTruncationException', offset: 8, divergentOffset: 5 },
    });
  });
});
