/**
 * A cluster with a consumer group under random faults, with the invariants checked after every
 * event, for tests of the checkers: a seed draws what goes wrong and when. Within the promise: at
 * most one broker is in trouble at a time.
 */
import type { Random } from '../../engine/kernel/ports.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import { type Lab, experiment } from '../../engine/lab/experiment.ts';
import { ConsumerGroup, groupCoordination } from '../../engine/lab/kafka-groups.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import { Run } from '../../engine/lab/run.ts';
import type { RunOptions } from '../../engine/lab/run.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { brokersStart, wildSteps } from '../kafka/wild-cluster.ts';

const HOSTS = ['broker-1', 'broker-2', 'broker-3'];
const MEMBERS = ['one', 'two', 'three'];
const PARTITIONS = 4;
const SETTINGS = {
  'min.insync.replicas': '2',
  'offsets.topic.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '500',
  'broker.session.timeout.ms': '4000',
  'broker.heartbeat.interval.ms': '1000',
};

interface Wild {
  readonly cluster: KafkaCluster;
  readonly group: ConsumerGroup;
  readonly random: Random;
}

export interface WildGroup {
  /** No faults, but one more member at each of the first steps. */
  readonly calm?: boolean;
  /** Of every member. */
  readonly settings?: Readonly<Record<string, string>>;
}

const SESSION = { 'session.timeout.ms': '6000', 'max.poll.interval.ms': '10000' };
const MEMBER = { processingMs: 20 };

const STEPS_MS = [500, 3_000, 9_000, 15_000];

/** At most one broker is in trouble at a time: the promise is that no more than that happens. */
function act(
  { cluster, group, random }: Wild,
  lab: Lab,
  { place, calm }: { readonly place: number; readonly calm: boolean },
): void {
  cluster.send('producer', 'pay', random.below(8), { partition: random.below(PARTITIONS) });
  const next = MEMBERS[place + 1];
  if (calm && next !== undefined) group.addMember(next, MEMBER);
  if (calm) return;
  const down = [...HOSTS, ...MEMBERS].filter((name) => lab.host(name).state !== 'running');
  for (const host of down) lab.inject({ fault: 'start', host });
  lab.inject({ fault: 'heal' });
  const host = random.pick([...HOSTS, ...HOSTS, ...MEMBERS]);
  for (const name of HOSTS) lab.inject({ fault: 'resume', host: name });
  if (lab.host(host).state !== 'running') return;
  const others = HOSTS.filter((name) => name !== host);
  const choices: readonly Fault[] = [
    { fault: 'crash', host },
    { fault: 'stop', host },
    { fault: 'isolate', host },
    { fault: 'isolate', host, from: others },
    { fault: 'pause', host },
  ];
  lab.inject(random.pick(choices));
}

/** The run, not begun. */
export function wildGroups(seed: number, wild: WildGroup = {}, options: RunOptions = {}): Run {
  const { calm = false } = wild;
  const made = experiment({
    id: 'groups-under-faults',
    knobs: {},
    world: ({ lab }): Wild => {
      const cluster = new KafkaCluster(lab, {
        brokers: 3,
        modules: groupCoordination,
        settings: SETTINGS,
      });
      const classic = wild.settings?.['group.protocol'] !== 'consumer';
      const settings = { ...(classic ? SESSION : {}), ...wild.settings };
      const group = new ConsumerGroup(lab, cluster, { group: 'g', topics: ['pay'], settings });
      return { cluster, group, random: randomStream(seed, 'group-faults') };
    },
    steps: [
      brokersStart(30_000),
      {
        id: 'create',
        title: { en: 'A topic and a group', zh: '主题和消费组' },
        do: ({ cluster, group }) => {
          cluster.createTopic('pay', { partitions: PARTITIONS, replicationFactor: 3 });
          cluster.addProducer('producer', { acks: 'all' });
          for (const name of calm ? MEMBERS.slice(0, 1) : MEMBERS) group.addMember(name, MEMBER);
        },
        until: ({ cluster, group }) => cluster.partitionsReady(true) && group.isStable(),
        timeLimitMs: 60_000,
      },
      ...wildSteps<Wild>(12, STEPS_MS, (world, lab, place) => act(world, lab, { place, calm })),
    ],
    settle: KafkaCluster.settle<Wild>(),
    measures: () => ({}),
    proofs: {},
  });
  return new Run(made, { seed, invariants: 'promise', onViolation: 'note', ...options });
}
