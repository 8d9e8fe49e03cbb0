/** The lab's handle on groups: members, ownership by generation, lag, what took effect twice. */
import { describe, expect, test } from 'vitest';
import { experiment } from '../../engine/lab/index.ts';
import {
  consumerGroupCoordination,
  consumerGroupNarration,
} from '../../engine/lab/kafka-consumer-protocol.ts';
import { ConsumerGroup, groupCoordination } from '../../engine/lab/kafka-groups.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import { Run } from '../../engine/lab/run.ts';

const TOPIC = 'pay';
const PARTITIONS = 3;

interface World {
  readonly cluster: KafkaCluster;
  readonly group: ConsumerGroup;
}

const step = (
  id: string,
  run: (world: World, lab: Run['lab']) => void,
  until: (world: World, lab: Run['lab']) => boolean,
) => ({ id, title: { en: id, zh: id }, do: run, until, timeLimitMs: 60_000 });

const CLASSIC_SETTINGS = {
  'session.timeout.ms': '6000',
  'heartbeat.interval.ms': '1000',
} as const;
const CONSUMER_SETTINGS = {
  'group.consumer.session.timeout.ms': '6000',
  'group.consumer.heartbeat.interval.ms': '1000',
} as const;

type Commit = 'after-processing' | 'before-processing';

/** The world of the last run. */
let last: World | null = null;

function worldOf(lab: Run['lab'], strategy: string): World {
  const isConsumer = strategy === 'consumer';
  if (isConsumer) lab.narrateWith(consumerGroupNarration);
  const cluster = new KafkaCluster(lab, {
    brokers: 3,
    modules: isConsumer ? consumerGroupCoordination : groupCoordination,
    settings: {
      'group.initial.rebalance.delay.ms': '500',
      'offsets.topic.num.partitions': '2',
      ...(isConsumer ? CONSUMER_SETTINGS : {}),
    },
  });
  const settings = isConsumer
    ? { 'group.protocol': 'consumer' }
    : { ...CLASSIC_SETTINGS, 'partition.assignment.strategy': strategy };
  const group = new ConsumerGroup(lab, cluster, { group: 'billing', topics: [TOPIC], settings });
  last = { cluster, group };
  return last;
}

const start = step(
  'start',
  () => undefined,
  ({ cluster }) => cluster.allRegistered,
);
const create = step(
  'create',
  ({ cluster }) => {
    cluster.createTopic(TOPIC, { partitions: PARTITIONS, replicationFactor: 3 });
    cluster.addProducer('producer-1', { acks: 'all', 'linger.ms': '0' });
  },
  ({ cluster }) => cluster.partitionsReady(true),
);
const join = (commit: Commit) =>
  step(
    'join',
    ({ group }) => {
      for (const name of ['billing-1', 'billing-2']) {
        group.addMember(name, { commit, processingMs: 100 });
      }
    },
    ({ group }) => group.isStable(),
  );
const work = (commit: Commit) =>
  step(
    'work',
    ({ cluster, group }, lab) => {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        cluster.send('producer-1', TOPIC, 4, { partition });
      }
      // Between processing and commit.
      lab.when(
        () =>
          group.processedBy('billing-1').length > 0 &&
          (commit === 'before-processing' || group.awaitsCommit('billing-1')),
        () => lab.inject({ fault: 'crash', host: 'billing-1' }),
      );
    },
    ({ group }) => group.lag(TOPIC, PARTITIONS).every(({ committed }) => committed === 4),
  );

function story(strategy: string, commit: Commit) {
  return experiment({
    id: 'groups',
    knobs: {},
    world: ({ lab }) => worldOf(lab, strategy),
    steps: [start, create, join(commit), work(commit)],
    settle: KafkaCluster.settle(),
    measures({ world, history }) {
      const delivered = new Set(history.delivered.map(({ id }) => id));
      return {
        doubled: world.group.doubled.size,
        lost: history.sent.filter(({ id }) => !delivered.has(id)).length,
      };
    },
    proofs: {},
  });
}

function ran(strategy: string, commit: Commit): Run {
  const options = { invariants: 'always', paranoidWire: true, freeze: true } as const;
  const run = new Run(story(strategy, commit), options).finish();
  expect(run.world.failure).toBeNull();
  expect(run.violation).toBeNull();
  expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
  return run;
}

describe('lab: groups', () => {
  test.each(['range', 'cooperative-sticky', 'consumer'])(
    '%s: a crash between processing and commit: some take effect twice, none is lost',
    (strategy) => {
      const run = ran(strategy, 'after-processing');
      expect(run.measures()['doubled']).toBeGreaterThan(0);
      expect(run.measures()['lost']).toBe(0);
    },
  );

  test('commit first: none takes effect twice, some are lost', () => {
    const run = ran('range', 'before-processing');
    expect(run.measures()['doubled']).toBe(0);
    expect(run.measures()['lost']).toBeGreaterThan(0);
  });

  test('who owns what by generation, and what was handed over', () => {
    ran('cooperative-sticky', 'after-processing');
    const { group } = last as unknown as World;
    const byGeneration = new Map<number, string[]>();
    for (const { generation, partitions } of group.ownerships) {
      byGeneration.set(generation, [...(byGeneration.get(generation) ?? []), ...partitions]);
    }
    for (const partitions of byGeneration.values()) {
      expect(new Set(partitions).size).toBe(partitions.length);
    }
    expect([...byGeneration.keys()].length).toBeGreaterThan(1);
    expect(group.coordinated).toMatchObject({ groupId: 'billing', protocol: 'cooperative-sticky' });
    expect(group.ownerOf({ topic: TOPIC, partition: 0 })).toMatch(/^billing-/);
    expect(group.lag(TOPIC, PARTITIONS).map(({ committed }) => committed)).toEqual([4, 4, 4]);
  });
});
