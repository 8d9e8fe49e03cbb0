/**
 * Consume, transform and produce under random faults: every order is paid once, whoever freezes or
 * dies in the middle, and with the group's metadata left out it is not (KIP-447).
 */
import { describe, expect, test } from 'vitest';
import { randomStream } from '#engine/kernel/random.ts';
import type { Random } from '#engine/kernel/ports.ts';
import { experiment } from '#engine/lab/experiment.ts';
import type { Lab, Step } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { Transactions } from '#engine/lab/kafka-transactions.ts';
import { Transforms, transformation } from '#engine/lab/kafka-transforms.ts';
import { Run } from '#engine/lab/run.ts';

const TILLS = ['till-1', 'till-2', 'till-3'];
const BROKERS = ['broker-1', 'broker-2', 'broker-3'];
const ORDERS = 40;
const STEPS = 12;
const OVER_MS = 90_000;
const SETTINGS = {
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.num.partitions': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
  'replica.lag.time.max.ms': '3000',
};

interface Wild {
  readonly cluster: KafkaCluster;
  readonly transactions: Transactions;
  readonly random: Random;
}

function strike(random: Random, lab: Lab): void {
  const host = random.pick(random.below(3) === 0 ? BROKERS : TILLS);
  const { state, paused } = lab.host(host);
  if (state !== 'running') lab.inject({ fault: 'start', host });
  else if (paused) lab.inject({ fault: 'resume', host });
  else lab.inject({ fault: random.pick(['crash', 'pause', 'pause']), host });
}

function restore(lab: Lab): void {
  for (const { name, state, paused } of lab.hosts()) {
    if (state !== 'running') lab.inject({ fault: 'start', host: name });
    else if (paused) lab.inject({ fault: 'resume', host: name });
  }
}

const title = { en: 'A step', zh: '一步' };
const waits = (id: string, timeLimitMs: number, act: Step<Wild>['do']): Step<Wild> => ({
  ...{ id, title, timeLimitMs },
  ...(act === undefined ? {} : { do: act }),
  until: () => false,
});

function wildTransforms(seed: number, sendsGroupMetadata: boolean): Run {
  const made = experiment({
    id: 'wild-transforms',
    knobs: {},
    world: ({ lab }): Wild => {
      const quirks = { sendsGroupMetadata, transactionVersion2: seed % 2 === 0 };
      const of = { brokers: 3, quirks, settings: SETTINGS, modules: transformation };
      const cluster = new KafkaCluster(lab, of);
      const transactions = new Transactions(lab, cluster);
      const consumer = { 'session.timeout.ms': '6000', 'max.poll.records': '3' };
      const spec = { group: 'till', from: 'orders', to: 'pay', consumer, workMs: 300 };
      const transforms = new Transforms(lab, cluster, spec);
      for (const name of TILLS) transforms.add(name, name);
      return { cluster, transactions, random: randomStream(seed, 'wild') };
    },
    steps: [
      {
        ...{ id: 'start', title, timeLimitMs: 30_000 },
        until: ({ cluster }) => cluster.allRegistered,
      },
      {
        ...{ id: 'create', title, timeLimitMs: 30_000 },
        do: ({ cluster }) => {
          const configs = { 'min.insync.replicas': '2' };
          cluster.createTopic('orders', { partitions: 2, replicationFactor: 3, configs });
          cluster.createTopic('pay', { partitions: 1, replicationFactor: 3, configs });
          cluster.addProducer('shop-1', { acks: 'all' });
        },
        until: ({ cluster }) => cluster.partitionsReady(true),
      },
      waits('orders', 5_000, ({ cluster }) => {
        for (let order = 0; order < ORDERS; order++) {
          cluster.send('shop-1', 'orders', 1, { partition: order % 2, delayMs: 500 * order });
        }
      }),
      ...Array.from({ length: STEPS }, (_, place) =>
        waits(`wild-${place}`, [400, 9_000, 2_000][place % 3]!, ({ random }, lab) =>
          strike(random, lab),
        ),
      ),
      // An application that was refused has stopped; the second time it is started once more.
      waits('restored', OVER_MS, (_, lab) => restore(lab)),
      waits('over', OVER_MS, ({ transactions }, lab) => {
        restore(lab);
        transactions.addReader('reader-1', 'pay');
      }),
    ],
    settle: KafkaCluster.settle<Wild>(),
    measures: ({ history }) => {
      const read = history.delivered.filter(({ consumer }) => consumer === 'reader-1');
      const ids = new Set(read.map(({ id }) => id));
      const sent = history.sent.filter(({ outcome }) => outcome === 'acknowledged');
      const missing = sent.filter(({ id }) => !ids.has(id)).length;
      return { missing, doubled: read.length - ids.size, sent: sent.length };
    },
    proofs: {},
  });
  return new Run(made, { seed, invariants: 'promise', onViolation: 'note', trace: false }).finish();
}

/** Seeds in which an instance freezes in the middle, and another takes over. */
const ZOMBIES = [5, 11];

describe('kafka: transforms under random faults', () => {
  test.each([4, ...ZOMBIES])('each order is paid once (seed %i)', (seed) => {
    const run = wildTransforms(seed, true);
    expect(run.world.failure?.error ?? null).toBeNull();
    expect(run.violations).toEqual([]);
    expect(run.measures()).toEqual({ missing: 0, doubled: 0, sent: ORDERS });
  });

  test.each(ZOMBIES)('without the metadata of the group some are paid twice (seed %i)', (seed) => {
    const run = wildTransforms(seed, false);
    expect(run.measures()['doubled']).toBeGreaterThan(0);
    expect(run.violations.map(({ invariant }) => invariant)).toContain('K30');
  });
});
