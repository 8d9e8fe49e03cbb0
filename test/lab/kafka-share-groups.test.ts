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

  test('a released record comes again, until it was delivered as often as the limit allows', () => {
    const { group } = told({
      members: { 'packer-1': { decide: ({ offset }) => (offset === 1 ? 'release' : 'accept') } },
      settings: { 'group.share.delivery.count.limit': '3' },
      records: 3,
      steps: [['rest', () => undefined, ({ group: one }) => one.accepted.size === 2]],
    });
    const counts = group.deliveries
      .filter(({ offset }) => offset === 1)
      .map(({ deliveryCount }) => deliveryCount);
    expect(counts).toEqual([1, 2, 3]);
    expect(group.partitions.map(({ startOffset }) => startOffset)).toEqual([3]);
  });

  test('a rejected record does not come again', () => {
    const { group } = told({
      members: { 'packer-1': { decide: ({ offset }) => (offset === 0 ? 'reject' : 'accept') } },
      records: 3,
      steps: [['rest', () => undefined, acceptedAll(2)]],
    });
    expect(group.deliveries.map(({ offset }) => offset)).toEqual([0, 1, 2]);
  });

  test('a member that hangs keeps its record as long as the lock, then another gets it', () => {
    const { group } = told({
      members: { 'packer-1': { processingMs: 60_000 }, 'packer-2': { processingMs: 60_000 } },
      records: 2,
      steps: [
        [
          'hang',
          ({ group: one }) => one.addMember('packer-3'),
          ({ group: one }) => one.accepted.size === 2,
        ],
      ],
    });
    const [first] = group.deliveries;
    const again = group.deliveries.find((one) => one.offset === 0 && one.deliveryCount === 2);
    expect(again?.member).toBe('packer-3');
    const waitedMs = ((again?.at ?? 0) - (first?.at ?? 0)) / 1_000;
    expect(waitedMs).toBeGreaterThanOrEqual(30_000 - 50);
    expect(waitedMs).toBeLessThan(31_000);
  });

  test('a member that crashes gives its record back, and that delivery does not count', () => {
    const { group } = told({
      members: { 'packer-1': { processingMs: 60_000 } },
      records: 1,
      steps: [
        [
          'crash',
          ({ group: one }, lab) => {
            lab.inject({ fault: 'crash', host: 'packer-1' });
            one.addMember('packer-2');
          },
          acceptedAll(1),
        ],
      ],
    });
    expect(group.deliveries.map((one) => [one.member, one.deliveryCount])).toEqual([
      ['packer-1', 1],
      ['packer-2', 1],
    ]);
  });

  test('a failover of the leader keeps what was accepted and how often a record came', () => {
    const seen: number[] = [];
    const { group } = told({
      members: {
        'packer-1': {
          processingMs: 50,
          decide: ({ offset, deliveryCount }) => {
            if (offset === 2) seen.push(deliveryCount);
            return offset === 2 && deliveryCount < 3 ? 'release' : 'accept';
          },
        },
      },
      records: 10,
      steps: [
        ['some', () => undefined, ({ group: one }) => one.accepted.size >= 4],
        [
          'failover',
          ({ cluster }, lab) => {
            const leader = cluster.leaderOf(TOPIC, 0);
            expect(leader).not.toBeNull();
            lab.inject({ fault: 'crash', host: cluster.brokerName(leader ?? 0) });
          },
          ({ group: one }) => one.accepted.size === 10 || one.partitions[0]?.startOffset === 10,
        ],
      ],
    });
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
    expect(seen.at(-1)).toBe(3);
    expect(group.partitions.at(-1)?.startOffset).toBe(10);
  });
});
