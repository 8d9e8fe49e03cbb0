/**
 * A cluster with three controllers under random faults, most of them upon the controllers, with all
 * invariants checked after every event: for the checkers T1 to T8, and for what trips each of them.
 *
 * Within the promise: brokers lose no power, and no disk lies. Not here: the swarm with everything
 * else (`engine/lab/swarm/`).
 */
import type { RaftSwitches } from '#engine/consensus/raft-config.ts';
import { randomStream } from '#engine/kernel/random.ts';
import type { Random } from '#engine/kernel/ports.ts';
import { experiment } from '#engine/lab/experiment.ts';
import type { Lab, Step } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { raftQuorum } from '#engine/lab/kafka-quorum.ts';
import { Run } from '#engine/lab/run.ts';
import type { Fault } from '#engine/sim/faults.ts';

const TOPIC = 'pay';
const CONTROLLERS = ['controller-1', 'controller-2', 'controller-3'];
const BROKERS = ['broker-1', 'broker-2', 'broker-3'];
const HOSTS = [...CONTROLLERS, ...CONTROLLERS, ...BROKERS];
const STEPS = 25;

interface Wild {
  readonly cluster: KafkaCluster;
  readonly random: Random;
}

function draw(random: Random, lab: Lab): Fault {
  const host = random.pick(HOSTS);
  const isUp = lab.host(host).state === 'running';
  const to = random.pick(HOSTS.filter((name) => name !== host));
  switch (random.below(9)) {
    case 0:
    case 1:
      return isUp ? { fault: 'crash', host } : { fault: 'start', host };
    case 2: {
      const fault = CONTROLLERS.includes(host) ? 'power' : 'crash';
      return isUp ? { fault, host } : { fault: 'start', host };
    }
    case 3:
      return { fault: 'isolate', host };
    case 4:
      return { fault: 'pause', host };
    case 5:
      return { fault: 'resume', host };
    case 6:
      return { fault: 'cut', from: host, to };
    case 7: {
      const [minMicros, jitterMicros] = [random.below(900_000), random.below(300_000)];
      return { fault: 'delay', from: host, to, minMicros, jitterMicros };
    }
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
    timeLimitMs: [1, 10, 100, 500, 2_000, 4_000][(place * 7) % 6]!,
  };
}

/** Links as they were: a healed network keeps its delays. */
const CALM: Step<Wild> = {
  id: 'calm',
  title: { en: 'No delays any more', zh: '不再有延迟' },
  do: (_, lab) => {
    const all = [...CONTROLLERS, ...BROKERS];
    for (const from of all) {
      for (const to of all.filter((name) => name !== from)) {
        lab.inject({ fault: 'delay', from, to, minMicros: 500, jitterMicros: 100 });
      }
    }
  },
  until: () => true,
  timeLimitMs: 10,
};

function wildQuorum(seed: number, switches: Partial<RaftSwitches>) {
  return experiment({
    id: 'wild-quorum',
    knobs: {},
    world: ({ lab }): Wild => {
      const settings = {
        'metadata.log.max.record.bytes.between.snapshots': '2000',
        'metadata.max.retention.bytes': seed % 2 === 0 ? '4000' : '100000',
      };
      const quorum = raftQuorum({ controllers: 3, settings, switches });
      const cluster = new KafkaCluster(lab, { brokers: 3, quorum });
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
      CALM,
    ],
    settle: KafkaCluster.settle<Wild>(),
    measures: () => ({}),
    proofs: {},
  });
}

/** The run of a seed, to its end. It goes on after a violation where `notes` says so. */
export function runWild(
  seed: number,
  switches: Partial<RaftSwitches> = {},
  notes: boolean = false,
): Run {
  const onViolation = notes ? 'note' : 'stop';
  const options = { seed, trace: false, invariants: 'promise', onViolation } as const;
  const run = new Run(wildQuorum(seed, switches), options);
  return run.finish();
}
