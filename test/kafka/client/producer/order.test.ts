/**
 * Producers on a real cluster while brokers die and connections break: what
 * idempotence promises (K20, K21), and that without it the same faults do break the order.
 */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../../engine/kernel/random.ts';
import { Cluster, valuesOf } from '../../cluster.ts';

const PAY = {
  ...{ name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] },
  configs: { 'min.insync.replicas': '2' },
};
const RECORDS = 60;
const SETTINGS = { 'linger.ms': '0', 'request.timeout.ms': '3000', 'delivery.timeout.ms': '90000' };

interface Run {
  readonly acked: readonly string[];
  readonly read: readonly string[];
  readonly sent: readonly string[];
}

/**
 * Sends records all the time, with slow links so that several batches are in flight; at random
 * moments a broker dies or is cut off for a while, or the producer's connections break.
 */
function faultyRun(seed: number, settings: Record<string, string>): Run {
  const cluster = new Cluster({ seed, trace: false });
  const random = randomStream(seed, 'faults');
  cluster.running();
  cluster.createTopic(PAY);
  const producer = cluster.producer({ ...SETTINGS, ...settings });
  for (const id of [1, 2, 3]) {
    const slow = { fault: 'delay', minMicros: 5_000, jitterMicros: 30_000 } as const;
    cluster.inject({ ...slow, from: `broker-${id}`, to: producer.name });
    cluster.inject({ ...slow, from: producer.name, to: `broker-${id}` });
  }
  const sent = Array.from({ length: RECORDS }, (_, index) => `m${index}`);
  let down: string | null = null;
  for (const value of sent) {
    producer.send(value);
    cluster.sleep(random.between(1, 60) / 1000);
    if (random.below(6) > 0) continue;
    if (down !== null) {
      cluster.sleep(random.between(1, 8));
      cluster.inject({ fault: 'start', host: down });
      down = null;
      continue;
    }
    const host = `broker-${random.between(1, 3)}`;
    if (random.below(2) === 0) {
      cluster.inject({ fault: 'reset', from: host, to: producer.name, bytes: 0 });
    } else {
      down = host;
      cluster.inject({ fault: 'crash', host });
    }
  }
  if (down !== null) cluster.inject({ fault: 'start', host: down });
  cluster.until('all sends have ended', () => producer.outcomes.length === RECORDS, 120);
  cluster.sleep(30);
  return { acked: producer.acked, read: valuesOf(cluster.readAll()), sent };
}

const inSendOrder = ({ read, sent }: Run): boolean => {
  const places = read.map((value) => sent.indexOf(value));
  return places.every((place, index) => index === 0 || places[index - 1]! < place);
};

const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);

describe('kafka producer: order under faults', () => {
  test.each(SEEDS)('idempotence: in order, once each, none acked is lost (seed %d)', (seed) => {
    const run = faultyRun(seed, {});
    expect(run.acked.length).toBeGreaterThan(RECORDS / 2);
    expect(run.acked.filter((value) => !run.read.includes(value))).toEqual([]);
    expect(inSendOrder(run)).toBe(true);
  });

  test('without idempotence the same faults reorder or duplicate (K21)', () => {
    const settings = { 'enable.idempotence': 'false' };
    const broken = SEEDS.filter((seed) => !inSendOrder(faultyRun(seed, settings)));
    expect(broken.length).toBeGreaterThan(0);
  });
});
