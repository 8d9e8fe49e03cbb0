/**
 * A cluster in ZooKeeper mode under random faults upon brokers and ZooKeeper, with all invariants
 * checked after every event. Within the promise: brokers lose no power, and no disk lies.
 */
import { randomStream } from '#engine/kernel/random.ts';
import type { Random } from '#engine/kernel/ports.ts';
import { experiment } from '#engine/lab/experiment.ts';
import type { Lab, Step } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { ZOOKEEPER_HOST, zooKeeperMode } from '#engine/lab/kafka-zookeeper.ts';
import { Run } from '#engine/lab/run.ts';
import type { Fault } from '#engine/sim/faults.ts';

const TOPIC = 'pay';
const BROKERS = ['broker-1', 'broker-2', 'broker-3'];
const HOSTS = [ZOOKEEPER_HOST, ...BROKERS];
const STEPS = 20;

interface Wild {
  readonly cluster: KafkaCluster;
  readonly random: Random;
}

function draw(random: Random, lab: Lab): Fault {
  const host = random.pick(HOSTS);
  const isUp = lab.host(host).state === 'running';
  const to = random.pick(HOSTS.filter((name) => name !== host));
  switch (random.below(8)) {
    case 0:
    case 1: {
      const fault = host === ZOOKEEPER_HOST && random.below(2) === 0 ? 'power' : 'crash';
      return isUp ? { fault, host } : { fault: 'start', host };
    }
    case 2:
      return isUp ? { fault: 'crash', host: ZOOKEEPER_HOST } : { fault: 'start', host };
    case 3:
      return { fault: 'isolate', host };
    case 4:
      return { fault: 'pause', host };
    case 5:
      return { fault: 'resume', host };
    case 6:
      return { fault: 'cut', from: host, to };
    default:
      return { fault: 'heal' };
  }
}

function wildStep(place: number): Step<Wild> {
  return {
    id: `wild-${place}`,
    title: { en: 'Something happens', zh: '发生一些事' },
    do: ({ cluster, random }, lab) => {
      cluster.send('producer-1', TOPIC, random.below(3), { partition: random.below(2) });
      lab.inject(draw(random, lab));
      if (random.below(4) > 0) return;
      cluster.reassign(TOPIC, random.below(2), random.shuffle([1, 2, 3]));
    },
    until: () => false,
    timeLimitMs: [1, 10, 500, 2_000, 6_000, 9_000][(place * 7) % 6]!,
  };
}

function wildZooKeeper(seed: number) {
  return experiment({
    id: 'wild-zookeeper',
    knobs: {},
    world: ({ lab }): Wild => {
      const quorum = zooKeeperMode({ brokers: 3, sessionTimeoutMs: 4000 });
      const cluster = new KafkaCluster(lab, { brokers: 3, profile: 'kafka-3.9', quorum });
      return { cluster, random: randomStream(seed, 'wild') };
    },
    steps: [
      {
        id: 'start',
        title: { en: 'Brokers start', zh: 'Broker 启动' },
        until: ({ cluster }) => cluster.allRegistered,
        timeLimitMs: 60_000,
      },
      {
        id: 'create',
        title: { en: 'A topic', zh: '主题' },
        do: ({ cluster }) => {
          const configs = { 'min.insync.replicas': '2' };
          cluster.createTopic(TOPIC, { partitions: 2, replicationFactor: 3, configs });
          cluster.addProducer('producer-1', { acks: 'all' });
        },
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 60_000,
      },
      ...Array.from({ length: STEPS }, (_, place) => wildStep(place)),
    ],
    settle: KafkaCluster.settle<Wild>(),
    measures: () => ({}),
    proofs: {},
  });
}

/** The run of a seed, to its end. */
export function runWild(seed: number): Run {
  const run = new Run(wildZooKeeper(seed), { seed, trace: false, invariants: 'promise' });
  return run.finish();
}
