/** The cleaner in a cluster: when it cleans, what it notes, and what clients see of it. */
import { describe, expect, test } from 'vitest';
import { decodeUtf8 } from '#engine/bytes/utf8.ts';
import { logCleaner } from '#engine/kafka/cleaner/log-cleaner.ts';
import { Cluster } from '../cluster.ts';
import type { SendingProducer } from '../cluster.ts';

const SETTINGS = {
  'log.cleaner.backoff.ms': '1000',
  'log.retention.check.interval.ms': '1000',
};
const brokerSettings = { 1: SETTINGS, 2: SETTINGS, 3: SETTINGS };

function start(configs: Record<string, string> = {}, seed = 1): Cluster {
  const cluster = new Cluster({ modules: [logCleaner], brokerSettings, seed });
  cluster.running();
  const topic = { name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] };
  const given = { 'cleanup.policy': 'compact', 'segment.bytes': '500', ...configs };
  cluster.createTopic({ ...topic, configs: given });
  return cluster;
}

function write(cluster: Cluster, producer: SendingProducer, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    producer.send(`v${i}`, 'pay', 0, `k${i % 4}`);
    cluster.until(`v${i} is acked`, () => producer.acked.includes(`v${i}`));
  }
}

const checkpoint = (cluster: Cluster, broker: number): string => {
  const { disk } = cluster.world.hostNamed(`broker-${broker}`)!;
  const file = disk.open('data/cleaner-offset-checkpoint');
  return decodeUtf8(file.read(0, file.size()));
};

/** Key and value of what a consumer reads. */
const read = (cluster: Cluster): string[] =>
  cluster.readAll().map(({ key, value, offset }) => {
    return `${decodeUtf8(key!)}=${value === null ? '' : decodeUtf8(value)}@${offset}`;
  });

describe('kafka: log cleaner', () => {
  test('every replica compacts by itself, and a consumer reads on over the gaps', () => {
    const cluster = start();
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
    write(cluster, producer, 0, 40);
    cluster.sleep(10);
    for (const broker of cluster.brokerIds) {
      const [partition] = [...cluster.broker(broker)!.partitions];
      const segments = partition!.log.log.segments();
      expect(partition!.log.log.sizeBytes).toBeLessThan(40 * 70);
      const end = Number(/^pay 0 (\d+)$/m.exec(checkpoint(cluster, broker))![1]);
      expect(end).toBe(segments.at(-1)!.baseOffset);
    }
    const records = read(cluster);
    expect(records.length).toBeLessThan(20);
    expect(records.slice(-4)).toEqual(['k0=v36@36', 'k1=v37@37', 'k2=v38@38', 'k3=v39@39']);
    const offsets = cluster.readAll().map(({ offset }) => offset);
    expect(offsets[0]).toBeGreaterThan(0);
  });

  test('a log is not cleaned before it is dirty enough (min.cleanable.dirty.ratio)', () => {
    const cluster = start({ 'min.cleanable.dirty.ratio': '1' });
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
    write(cluster, producer, 0, 40);
    cluster.sleep(10);
    expect(read(cluster)).toHaveLength(40);
  });

  test('after a crash and a restart nothing is missing, and cleaning goes on', () => {
    for (const fault of ['crash', 'power'] as const) {
      const cluster = start();
      const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
      write(cluster, producer, 0, 40);
      cluster.sleep(10);
      cluster.inject({ fault, host: 'broker-1' });
      cluster.until('another leads', () => cluster.replica(2)?.role === 'leader', 120);
      write(cluster, producer, 40, 60);
      cluster.inject({ fault: 'start', host: 'broker-1' });
      cluster.until('it is back in the ISR', () => cluster.replica(2)!.isr.length === 3, 120);
      cluster.sleep(20);
      for (const broker of [1, 2, 3]) {
        const [partition] = [...cluster.broker(broker)!.partitions];
        expect(partition!.log.logEndOffset).toBe(60);
        expect(partition!.log.epochs.entries.length).toBeGreaterThan(1);
      }
      const records = read(cluster);
      expect(records.slice(-4)).toEqual(['k0=v56@56', 'k1=v57@57', 'k2=v58@58', 'k3=v59@59']);
      expect(records.length).toBeLessThan(25);
    }
  });

  test('compact,delete: retention takes old segments, too', () => {
    const cluster = start({ 'cleanup.policy': 'compact,delete', 'retention.ms': '30000' });
    const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
    write(cluster, producer, 0, 40);
    cluster.sleep(60);
    write(cluster, producer, 40, 44);
    cluster.sleep(5);
    expect(cluster.replica(1)!.logStart).toBeGreaterThan(30);
  });

  test('a tombstone removes its key in the end', () => {
    const cluster = start({ 'delete.retention.ms': '1000', 'min.cleanable.dirty.ratio': '0.01' });
    const producer = cluster.producer({
      acks: 'all',
      'linger.ms': '0',
      'enable.idempotence': 'false',
    });
    write(cluster, producer, 0, 8);
    producer.send(null, 'pay', 0, 'k0');
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 12; i++) producer.send(`${round}.${i}`, 'pay', 0, 'k1');
      cluster.sleep(5);
    }
    expect(read(cluster).filter((text) => text.startsWith('k0'))).toEqual([]);
  });
});
