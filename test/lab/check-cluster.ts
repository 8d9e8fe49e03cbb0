/**
 * A cluster under random faults with the invariants checked after every event, for tests of the
 * checkers: a seed draws what goes wrong and when. Within the promise: no power is lost, acks=all,
 * min.insync.replicas=2; with `power` a broker may lose it, and more than is promised may go wrong.
 *
 * Not here: searches (`engine/lab/swarm/`).
 */
import { experiment } from '../../engine/lab/experiment.ts';
import type { Lab } from '../../engine/lab/experiment.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import type { KafkaOptions } from '../../engine/lab/kafka.ts';
import { compaction, watchCompaction } from '../../engine/lab/kafka-cleaner.ts';
import { Run } from '../../engine/lab/run.ts';
import type { RunOptions } from '../../engine/lab/run.ts';
import type { Random } from '../../engine/kernel/ports.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { brokersStart, TOPIC, wildSteps } from '../kafka/wild-cluster.ts';
import type { Wild } from '../kafka/wild-cluster.ts';

export interface Wildness {
  readonly profile?: KafkaOptions['profile'];
  readonly quirks?: KafkaOptions['quirks'];
  readonly settings?: Readonly<Record<string, string>>;
  readonly configs?: Readonly<Record<string, string>>;
  readonly producer?: Readonly<Record<string, string>>;
  readonly steps?: number;
  readonly records?: number;
  readonly power?: boolean;
  readonly calm?: boolean;
  /** The topic is compacted, and its records have one of a few keys. */
  readonly compacts?: boolean;
}

const KEYS = ['a', 'b', 'c', 'd'];
const CLEANER = { 'log.cleaner.backoff.ms': '500' };
const COMPACTED = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.1' };

const HOSTS = ['broker-1', 'broker-2', 'broker-3'];
const STEPS_MS = [1, 10, 100, 500, 2_000, 6_000];

function draw(random: Random, lab: Lab, power: boolean): Fault {
  const host = random.pick(HOSTS);
  const others = HOSTS.filter((name) => name !== host);
  const isUp = lab.host(host).state === 'running';
  switch (random.below(10)) {
    case 0:
    case 1:
      return isUp ? { fault: 'crash', host } : { fault: 'start', host };
    case 2:
      if (!isUp) return { fault: 'start', host };
      return power ? { fault: 'power', host } : { fault: 'stop', host };
    case 3:
      return { fault: 'isolate', host, from: others };
    case 4:
      return { fault: 'isolate', host };
    case 5:
      return { fault: 'pause', host };
    case 6:
      return { fault: 'resume', host };
    case 7: {
      const [minMicros, jitterMicros] = [random.below(300_000), random.below(300_000)];
      return { fault: 'delay', from: host, to: random.pick(others), minMicros, jitterMicros };
    }
    default:
      return { fault: 'heal' };
  }
}

/** Records, of a few keys where they are to be compacted, and a fault. */
function act({ cluster, random }: Wild, lab: Lab, wild: Wildness): void {
  const count = random.below(wild.records ?? 6);
  const keyed = (): string[] => Array.from({ length: count }, () => random.pick(KEYS));
  cluster.send('producer-1', TOPIC, wild.compacts === true ? keyed() : count);
  if (wild.calm !== true) lab.inject(draw(random, lab, wild.power ?? false));
}

export function wildExperiment(seed: number, wild: Wildness) {
  return experiment({
    id: 'wild',
    knobs: {},
    world: ({ lab }): Wild => {
      const cluster = new KafkaCluster(lab, {
        brokers: 3,
        ...(wild.profile === undefined ? {} : { profile: wild.profile }),
        quirks: wild.quirks ?? {},
        settings: { 'replica.lag.time.max.ms': '3000', ...wild.settings },
        ...(wild.compacts === true
          ? { modules: compaction, brokerSettings: { 1: CLEANER, 2: CLEANER, 3: CLEANER } }
          : {}),
      });
      if (wild.compacts === true) watchCompaction(lab);
      return { cluster, random: randomStream(seed, 'wild') };
    },
    steps: [
      brokersStart(30_000),
      {
        id: 'create',
        title: { en: 'A topic', zh: '主题' },
        do: ({ cluster }) => {
          const compacted = wild.compacts === true ? COMPACTED : {};
          const configs = { 'min.insync.replicas': '2', ...compacted, ...wild.configs };
          cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 3, configs });
          const producer = { acks: 'all', 'linger.ms': '0', ...wild.producer };
          cluster.addProducer('producer-1', producer);
          cluster.addConsumer('consumer-1', TOPIC, {});
        },
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 30_000,
      },
      ...wildSteps<Wild>(wild.steps ?? 25, STEPS_MS, (world, lab) => act(world, lab, wild)),
    ],
    settle: KafkaCluster.settle<Wild>(),
    measures: () => ({}),
    proofs: {},
  });
}

/** The run, not begun. */
export function wildRun(seed: number, wild: Wildness = {}, options: RunOptions = {}): Run {
  return new Run(wildExperiment(seed, wild), {
    seed,
    invariants: 'promise',
    onViolation: 'note',
    ...options,
  });
}
