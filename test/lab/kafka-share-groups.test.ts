/** The lab's handle on share groups: who is given what, how often, and what a failover keeps. */
import { describe, expect, test } from 'vitest';
import { experiment } from '../../engine/lab/index.ts';
import {
  ShareGroup,
  shareGroupCoordination,
  type ShareMemberSpec,
} from '../../engine/lab/kafka-share-groups.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import { Run } from '../../engine/lab/run.ts';

const TOPIC = 'orders';

interface World {
  readonly cluster: KafkaCluster;
  readonly group: ShareGroup;
  /** When the step began; microseconds. */
  at: number;
}

type Lab = Run['lab'];
interface Story {
  readonly members: Readonly<Record<string, ShareMemberSpec>>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly records: number;
  readonly steps?: readonly [
    id: string,
    run: (world: World, lab: Lab) => void,
    until: (world: World, lab: Lab) => boolean,
  ][];
}

const step = (
  id: string,
  run: (world: World, lab: Lab) => void,
  until: (world: World, lab: Lab) => boolean,
) => ({
  id,
  title: { en: id, zh: id },
  do: (world: World, lab: Lab) => {
    world.at = lab.now;
    run(world, lab);
  },
  until,
  timeLimitMs: 120_000,
});

const ONE_BY_ONE = { 'max.poll.records': '1' };

function worldOf(lab: Lab, settings: Story['settings'] = {}): World {
  const cluster = new KafkaCluster(lab, {
    brokers: 3,
    modules: shareGroupCoordination,
    settings: {
      'offsets.topic.num.partitions': '1',
      'share.coordinator.state.topic.num.partitions': '1',
      ...settings,
    },
  });
  const group = new ShareGroup(lab, cluster, {
    group: 'packing',
    topics: [TOPIC],
    settings: ONE_BY_ONE,
  });
  return { cluster, group, at: 0 };
}

function told(story: Story): World {
  const names = Object.keys(story.members);
  let last: World | null = null;
  const of = experiment({
    id: 'share-groups',
    knobs: {},
    world: ({ lab }): World => (last = worldOf(lab, story.settings)),
    steps: [
      step(
        'start',
        () => undefined,
        ({ cluster }) => cluster.allRegistered,
      ),
      step(
        'create',
        ({ cluster, group }) => {
          cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 3 });
          cluster.addProducer('shop', { acks: 'all', 'linger.ms': '0', 'batch.size': '0' });
          group.configure({ 'share.auto.offset.reset': 'earliest' });
        },
        ({ cluster }) => cluster.partitionsReady(true),
      ),
      step(
        'join',
        ({ group }) => {
          for (const [name, spec] of Object.entries(story.members)) group.addMember(name, spec);
        },
        ({ group }) => group.isShared(names),
      ),
      step(
        'send',
        ({ cluster }) => cluster.send('shop', TOPIC, story.records),
        ({ group }, { history }) =>
          group.deliveries.length > 0 && history.sent.every(({ outcome }) => outcome !== 'pending'),
      ),
      ...(story.steps ?? []).map((one) => step(...one)),
    ],
    settle: KafkaCluster.settle(),
    measures: () => ({}),
    proofs: {},
  });
  const options = { invariants: 'always', paranoidWire: true, freeze: true } as const;
  const run = new Run(of, options).finish();
  expect(run.world.failure).toBeNull();
  expect(run.violation).toBeNull();
  expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
  expect(last).not.toBeNull();
  return last!;
}

const acceptedAll =
  (records: number) =>
  ({ group }: World): boolean =>
    group.accepted.size === records;

describe('kafka: share groups', () => {
  test('three members share one partition, and each record is accepted once', () => {
    const spec = { processingMs: 100 };
    const { group } = told({
      members: { 'packer-1': spec, 'packer-2': spec, 'packer-3': spec },
      records: 12,
      steps: [['all', () => undefined, acceptedAll(12)]],
    });
    expect(group.busyMembers.size).toBe(3);
    expect(group.deliveries.length).toBe(12);
    expect(group.refused).toEqual([]);
  });
});
