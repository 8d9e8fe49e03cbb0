/** A partition that moves in an experiment: the handle's words for it, and the invariants. */
import { expect, test } from 'vitest';
import { experiment, judgeDelivery } from '../../engine/lab/index.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import { administration, reassign } from '../../engine/lab/kafka-administration.ts';
import { Run } from '../../engine/lab/run.ts';

const TOPIC = 'pay';
const told = (lab: { history: { sent: readonly { outcome: string }[] } }): number =>
  lab.history.sent.filter(({ outcome }) => outcome === 'acknowledged').length;

const moves = experiment({
  id: 'moves',
  knobs: {},
  world({ lab }): { readonly cluster: KafkaCluster } {
    return { cluster: new KafkaCluster(lab, { brokers: 4, modules: administration }) };
  },
  steps: [
    {
      id: 'start',
      title: { en: 'Start', zh: '启动' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    {
      id: 'create',
      title: { en: 'Create', zh: '创建' },
      do: ({ cluster }) => {
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 3 });
        cluster.addProducer('producer-1', { acks: 'all', 'linger.ms': '0' });
      },
      until: ({ cluster }) => cluster.partitionsReady(true),
      timeLimitMs: 30_000,
    },
    {
      id: 'move',
      title: { en: 'Move', zh: '移动' },
      do: ({ cluster }, lab) => {
        const from = [cluster.brokerName(1)];
        lab.inject({ fault: 'isolate', host: cluster.brokerName(4), from });
        cluster.send('producer-1', TOPIC, 5);
        reassign(lab, TOPIC, 0, [2, 4]);
      },
      until: ({ cluster }, lab) => cluster.isReassigning(TOPIC, 0) && told(lab) === 5,
      timeLimitMs: 30_000,
    },
    {
      id: 'arrive',
      title: { en: 'Arrive', zh: '到达' },
      do: ({ cluster }, lab) => {
        expect(cluster.replicasOf(TOPIC, 0)).toEqual([2, 4, 1, 3]);
        expect(cluster.partitionsReady(true)).toBe(false);
        lab.inject({ fault: 'heal' });
        cluster.send('producer-1', TOPIC, 5);
      },
      until: ({ cluster }, lab) => !cluster.isReassigning(TOPIC, 0) && told(lab) === 10,
      timeLimitMs: 60_000,
    },
  ],
  settle: KafkaCluster.settle(),
  measures({ history }) {
    return { lost: judgeDelivery(history).lost.length };
  },
  proofs: {},
});

test('lab: reassign: a partition moves, nothing is lost and no invariant broken', () => {
  const options = { invariants: 'promise', paranoidWire: true, freeze: true } as const;
  const run = new Run(moves, options).finish();
  expect(run.world.failure).toBeNull();
  expect(run.violation).toBeNull();
  expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
  expect(run.measures()['lost']).toBe(0);
});
