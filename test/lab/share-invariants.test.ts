/**
 * The invariants of share groups: silent while brokers, leaders and members fail, and red when a
 * leader does what it must not.
 */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../engine/kernel/random.ts';
import type { InFlightView } from '../../engine/kafka/share/share-module.ts';
import { ShareCheck, type ShareInvariant } from '../../engine/lab/check/kafka/share-check.ts';
import { experiment } from '../../engine/lab/index.ts';
import { ShareGroup, shareGroupCoordination } from '../../engine/lab/kafka-share-groups.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import { Run } from '../../engine/lab/run.ts';

const IDS: readonly ShareInvariant[] = ['K35', 'K36', 'K37'];
const LIMIT = 5;

const record = (member: string, deliveryCount = 1): InFlightView => {
  return { offset: 7, state: 'ACQUIRED', deliveryCount, member };
};
const leader = (leaderEpoch: number, inFlight: readonly InFlightView[]) => {
  const of = { group: 'packing', partition: 'orders-0', state: 'ACTIVE', startOffset: 0 };
  return { ...of, leaderEpoch, inFlight };
};
const broken = (check: ShareCheck): ShareInvariant[] => IDS.filter((id) => check.take(id) !== null);

describe('lab: invariants of share groups', () => {
  test('K35 turns red when an accepted record is acquired again', () => {
    const check = new ShareCheck('packing', LIMIT);
    check.look([leader(0, [record('one')])]);
    check.accepted('orders-0', 7);
    expect(broken(check)).toEqual([]);
    check.look([leader(0, [record('two', 2)])]);
    expect(check.take('K35')).toMatch(/orders-0@7 was accepted in group packing, and two/);
    expect(broken(check)).toEqual(['K35']);
  });

  test('K36 turns red when two members have a record at once', () => {
    const check = new ShareCheck('packing', LIMIT);
    check.look([leader(0, [record('one')])]);
    check.look([leader(0, [record('two')])]);
    expect(check.take('K36')).toBe('orders-0@7 is acquired by one and two');
    expect(broken(check)).toEqual(['K36']);
  });

  test('K37 turns red when a record is delivered too often', () => {
    const check = new ShareCheck('packing', LIMIT);
    check.look([leader(0, [record('one', LIMIT)])]);
    expect(broken(check)).toEqual([]);
    check.look([leader(0, [record('one', LIMIT + 1)])]);
    expect(broken(check)).toEqual(['K37']);
  });

  test('a new leader forgets who has what; an old one does not count', () => {
    const check = new ShareCheck('packing', LIMIT);
    check.look([leader(0, [record('one')])]);
    check.look([leader(0, [record('one')]), leader(1, [record('two')])]);
    check.accepted('orders-0', 7);
    check.look([leader(0, [record('three', 2)]), leader(1, [])]);
    expect(broken(check)).toEqual([]);
  });

  test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    'seed %i: they hold while leaders, coordinators and members fail, and all is accepted',
    (seed) => {
      const run = ranUnderFaults(seed);
      expect(run.world.failure).toBeNull();
      expect(run.violation).toBeNull();
      expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
    },
  );
});

const TOPIC = 'orders';
const RECORDS = 24;
const DOWN_MS = 4_000;
const MEMBERS = ['packer-1', 'packer-2', 'packer-3'];

interface World {
  readonly cluster: KafkaCluster;
  readonly group: ShareGroup;
}

function ranUnderFaults(seed: number): Run {
  const random = randomStream(seed, 'share-faults');
  const decide = ({ offset, deliveryCount }: { offset: number; deliveryCount: number }) =>
    (offset + seed) % 4 === 0 && deliveryCount < 3 ? 'release' : 'accept';
  const faults = Array.from({ length: 4 }, () => ({
    atMs: 6_500 + random.below(6_000),
    host: ['broker-1', 'broker-2', 'broker-3', ...MEMBERS][random.below(6)] ?? 'broker-1',
    fault: random.below(2) === 0 ? ('crash' as const) : ('pause' as const),
  }));
  const of = experiment({
    id: 'share-faults',
    knobs: {},
    world: ({ lab }): World => {
      const cluster = new KafkaCluster(lab, {
        brokers: 3,
        modules: shareGroupCoordination,
        settings: {
          'offsets.topic.num.partitions': '1',
          'share.coordinator.state.topic.num.partitions': '1',
          'share.coordinator.snapshot.update.records.per.snapshot': String(seed % 4),
        },
      });
      const settings = { 'max.poll.records': String(1 + (seed % 3)) };
      const spec = { group: 'packing', topics: [TOPIC], settings };
      return { cluster, group: new ShareGroup(lab, cluster, spec) };
    },
    steps: [
      {
        id: 'start',
        title: { en: 'start', zh: 'start' },
        until: ({ cluster }) => cluster.allRegistered,
        timeLimitMs: 30_000,
      },
      {
        id: 'create',
        title: { en: 'create', zh: 'create' },
        do: ({ cluster, group }) => {
          cluster.createTopic(TOPIC, { partitions: 2, replicationFactor: 3 });
          cluster.addProducer('shop', { acks: 'all', 'linger.ms': '0', 'batch.size': '0' });
          group.configure({ 'share.auto.offset.reset': 'earliest' });
        },
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 30_000,
      },
      {
        id: 'work',
        title: { en: 'work', zh: 'work' },
        do: ({ cluster, group }, lab) => {
          for (const name of MEMBERS) group.addMember(name, { processingMs: 150, decide });
          cluster.send('shop', TOPIC, RECORDS / 2, { partition: 0, delayMs: 6_000 });
          cluster.send('shop', TOPIC, RECORDS / 2, { partition: 1, delayMs: 6_000 });
          const begun = lab.now;
          for (const { atMs, host, fault } of faults) {
            const undone = fault === 'crash' ? 'start' : 'resume';
            const after = (ms: number) => () => lab.now >= begun + ms * 1_000;
            lab.when(after(atMs), () => lab.inject({ fault, host }));
            lab.when(after(atMs + DOWN_MS), () => lab.inject({ fault: undone, host }));
          }
        },
        until: ({ group }) =>
          group.partitions.reduce((sum, one) => sum + one.startOffset, 0) >= RECORDS,
        timeLimitMs: 300_000,
      },
    ],
    settle: KafkaCluster.settle(),
    measures: () => ({}),
    proofs: {},
  });
  return new Run(of, { seed, invariants: 'always', paranoidWire: true, freeze: true }).finish();
}
