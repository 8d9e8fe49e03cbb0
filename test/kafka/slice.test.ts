/**
 * The story of the slice: three brokers, one partition, the leader dies. With acks=1 an
 * acknowledged record is gone, with acks=all none is.
 */
import { describe, expect, test } from 'vitest';
import { Cluster, type SendingProducer, valuesOf } from './cluster.ts';

const TOPIC = { name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] };

interface Ending {
  readonly cluster: Cluster;
  readonly lost: string[];
  readonly read: string[];
  readonly producer: SendingProducer;
}

/** The leader is cut off from its followers, takes some more records, and dies. */
function leaderDies(acks: string, death: 'crash' | 'power', seed = 1): Ending {
  const cluster = new Cluster({ seed });
  cluster.running();
  cluster.createTopic({ ...TOPIC, configs: { 'min.insync.replicas': '2' } });
  const producer = cluster.producer({ acks, 'delivery.timeout.ms': '40000', 'linger.ms': '0' });
  for (let index = 0; index < 10; index++) producer.send(`before-${index}`);
  cluster.until('the first records are acked', () => producer.acked.length === 10);
  cluster.sleep(1);
  cluster.inject({ fault: 'isolate', host: 'broker-1', from: ['broker-2', 'broker-3'] });
  for (let index = 0; index < 5; index++) producer.send(`cut-off-${index}`);
  cluster.sleep(2);
  cluster.inject({ fault: death, host: 'broker-1' });
  cluster.until('another broker leads', () => cluster.replica(2)?.role === 'leader', 30);
  cluster.inject({ fault: 'heal' });
  cluster.inject({ fault: 'start', host: 'broker-1' });
  cluster.running();
  for (let index = 0; index < 5; index++) producer.send(`after-${index}`);
  cluster.until('all sends have ended', () => producer.outcomes.length === 20, 90);
  cluster.until('all are in sync', () => inSync(cluster), 90);
  const read = valuesOf(cluster.readAll());
  const lost = producer.acked.filter((value) => !read.includes(value));
  return { cluster, lost, read, producer };
}

function inSync(cluster: Cluster): boolean {
  const leader = [1, 2, 3].map((id) => cluster.replica(id)).find((r) => r?.role === 'leader');
  return leader?.isr.length === 3;
}

/** Invariant K2: below the high watermark all replicas hold the same records. */
function expectSameLogs(cluster: Cluster): void {
  const logs = [1, 2, 3].map((id) => cluster.replica(id)!);
  const committed = Math.min(...logs.map(({ hw }) => hw));
  const texts = logs.map(({ records }) =>
    JSON.stringify(records.filter(({ offset }) => offset < committed)),
  );
  expect(new Set(texts).size).toBe(1);
  expect(committed).toBeGreaterThan(0);
}

describe('kafka: the slice', () => {
  for (const death of ['crash', 'power'] as const) {
    test(`kafka: slice: acks=1 loses what only the leader had (${death})`, () => {
      const { lost, cluster } = leaderDies('1', death);
      expect(lost).toEqual(['cut-off-0', 'cut-off-1', 'cut-off-2', 'cut-off-3', 'cut-off-4']);
      expectSameLogs(cluster);
    });

    test(`kafka: slice: acks=all loses nothing that was acknowledged (${death})`, () => {
      const { lost, read, producer, cluster } = leaderDies('all', death);
      expect(lost).toEqual([]);
      expect(producer.acked.length).toBe(20);
      expect(new Set(read).size).toBe(read.length);
      expectSameLogs(cluster);
    });
  }

  test('kafka: slice: the same seed gives the same trace hash, another seed another', () => {
    const hashes = [1, 1, 2].map((seed) => leaderDies('1', 'power', seed).cluster.world.trace.hash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });
});
