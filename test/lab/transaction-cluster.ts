/**
 * Transactional producers on a cluster under random faults, with the invariants K22 to K26 checked
 * after every event: they commit and abort, are fenced by others of their id, and give up what
 * takes too long. In the end all is healed, and nothing may be left open.
 */
import { experiment } from '../../engine/lab/experiment.ts';
import type { Lab, Step } from '../../engine/lab/experiment.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import type { KafkaOptions } from '../../engine/lab/kafka.ts';
import { Transactions, transactionCoordination } from '../../engine/lab/kafka-transactions.ts';
import { Run } from '../../engine/lab/run.ts';
import type { RunOptions } from '../../engine/lab/run.ts';
import type { Random } from '../../engine/kernel/ports.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { brokersStart, wildSteps } from '../kafka/wild-cluster.ts';

export interface WildTransactions {
  readonly profile?: KafkaOptions['profile'];
  readonly quirks?: KafkaOptions['quirks'];
  readonly settings?: Readonly<Record<string, string>>;
  readonly steps?: number;
}

const TOPICS = ['pay', 'out'];
const HOSTS = ['broker-1', 'broker-2', 'broker-3'];
const STEPS_MS = [5, 20, 100, 500, 2_000, 5_000];
const SETTINGS = {
  'transaction.state.log.num.partitions': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
  'replica.lag.time.max.ms': '3000',
};
const PRODUCER = {
  'linger.ms': '0',
  'transaction.timeout.ms': '8000',
  'request.timeout.ms': '2000',
  'delivery.timeout.ms': '5000',
};
/** Longer than any transaction may take. */
const OVER_MS = 30_000;

interface Wild {
  readonly cluster: KafkaCluster;
  readonly transactions: Transactions;
  readonly random: Random;
  /** By transactional id: how many producers it has had. */
  readonly incarnations: Map<string, number>;
  overAt: number;
}

const IDS = ['transfers', 'refunds'];
const nameOf = (id: string, incarnation: number): string => `${id}-${incarnation}`;

function draw(random: Random, lab: Lab): Fault {
  const host = random.pick(HOSTS);
  const others = HOSTS.filter((name) => name !== host);
  const isUp = lab.host(host).state === 'running';
  switch (random.below(9)) {
    case 0:
    case 1:
      return isUp ? { fault: 'crash', host } : { fault: 'start', host };
    case 2:
      return isUp ? { fault: 'stop', host } : { fault: 'start', host };
    case 3:
      return { fault: 'isolate', host, from: others };
    case 4:
      return { fault: 'isolate', host };
    case 5:
      return { fault: 'pause', host };
    case 6:
      return { fault: 'resume', host };
    case 7: {
      const [minMicros, jitterMicros] = [random.below(200_000), random.below(200_000)];
      return { fault: 'delay', from: host, to: random.pick(others), minMicros, jitterMicros };
    }
    default:
      return { fault: 'heal' };
  }
}

function newProducer({ transactions, incarnations }: Wild, id: string): void {
  const incarnation = (incarnations.get(id) ?? 0) + 1;
  incarnations.set(id, incarnation);
  transactions.addProducer(nameOf(id, incarnation), id, PRODUCER);
}

/** What an application does next, by the state of its producer. */
function act(wild: Wild, id: string, mayReplace: boolean): void {
  const { transactions, random, incarnations } = wild;
  const name = nameOf(id, incarnations.get(id)!);
  const state = transactions.producer(name)?.state;
  if (state === undefined || (!transactions.isIdle(name) && state !== 'FATAL_ERROR')) return;
  if (state === 'FATAL_ERROR' || (mayReplace && random.below(12) === 0)) {
    newProducer(wild, id);
  } else if (state === 'UNINITIALIZED') {
    transactions.init(name);
  } else if (state === 'READY') {
    transactions.begin(name);
    transactions.send(name, random.pick(TOPICS), 1 + random.below(3));
  } else if (state === 'ABORTABLE_ERROR') {
    transactions.abort(name);
  } else if (state === 'IN_TRANSACTION') {
    if (random.below(3) === 0) transactions.send(name, random.pick(TOPICS), 1 + random.below(3));
    else if (random.below(4) === 0) transactions.abort(name);
    else transactions.commit(name);
  }
}

/** All is healed and started, and so much time passes. */
function over(id: string, millis: number): Step<Wild> {
  return {
    id,
    title: { en: 'Everything ends', zh: '结束' },
    do: (world, lab) => {
      lab.inject({ fault: 'heal' });
      for (const host of lab.hosts()) {
        if (host.state !== 'running') lab.inject({ fault: 'start', host: host.name });
        else if (host.paused) lab.inject({ fault: 'resume', host: host.name });
      }
      world.overAt = lab.now + millis * 1_000;
    },
    until: ({ overAt }, lab) => lab.now >= overAt,
    timeLimitMs: 2 * OVER_MS,
  };
}

export function wildTransactions(
  seed: number,
  wild: WildTransactions = {},
  options: RunOptions = {},
) {
  const made = experiment({
    id: 'wild-transactions',
    knobs: {},
    world: ({ lab }): Wild => {
      const settings = { ...SETTINGS, ...wild.settings };
      const cluster = new KafkaCluster(lab, {
        brokers: 3,
        ...(wild.profile === undefined ? {} : { profile: wild.profile }),
        quirks: wild.quirks ?? {},
        settings,
        modules: transactionCoordination,
      });
      const transactions = new Transactions(lab, cluster);
      const random = randomStream(seed, 'wild');
      const world = { cluster, transactions, random, incarnations: new Map(), overAt: 0 };
      for (const id of IDS) newProducer(world, id);
      return world;
    },
    steps: [
      brokersStart(30_000),
      {
        id: 'create',
        title: { en: 'Two topics', zh: '主题' },
        do: ({ cluster, transactions }) => {
          const configs = { 'min.insync.replicas': '2' };
          for (const topic of TOPICS) {
            cluster.createTopic(topic, { partitions: 1, replicationFactor: 3, configs });
            transactions.addReader(`reader-${topic}`, topic);
          }
        },
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 30_000,
      },
      {
        id: 'init',
        title: { en: 'The producers get their ids', zh: '生产者拿到 id' },
        do: ({ transactions }) => IDS.forEach((id) => transactions.init(nameOf(id, 1))),
        until: ({ transactions }) =>
          IDS.every((id) => transactions.producer(nameOf(id, 1))?.state === 'READY'),
        timeLimitMs: 30_000,
      },
      ...wildSteps<Wild>(wild.steps ?? 40, STEPS_MS, (world, lab) => {
        for (const id of IDS) act(world, id, true);
        if (world.random.below(2) === 0) lab.inject(draw(world.random, lab));
      }),
      // A broker that was asked to stop may do so only when the network is well again.
      over('healed', OVER_MS / 2),
      over('over', OVER_MS),
    ],
    settle: KafkaCluster.settle<Wild>(),
    measures: ({ world: { transactions } }) => ({
      transactions: transactions.history.length,
      committed: transactions.history.filter(({ outcome }) => outcome === 'committed').length,
      aborted: transactions.history.filter(({ outcome }) => outcome === 'aborted').length,
      torn: transactions.torn.length,
      lost: transactions.lost.length,
      held: TOPICS.reduce((sum, topic) => sum + transactions.stableLag(topic), 0),
    }),
    proofs: {},
  });
  return new Run(made, { seed, invariants: 'promise', onViolation: 'note', ...options });
}
