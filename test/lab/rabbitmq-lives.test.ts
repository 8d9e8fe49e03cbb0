/** What of a node's application is gone when it stops and starts while the node goes on. */
import { expect, test } from 'vitest';
import { judgeQueues } from '../../engine/lab/check/queue-delivery.ts';
import { experiment } from '../../engine/lab/experiment.ts';
import { RabbitCluster } from '../../engine/lab/rabbitmq.ts';
import { onRaft } from '../../engine/lab/rabbitmq-quorum.ts';
import { Run } from '../../engine/lab/run.ts';

const title = { en: 'A step', zh: '一步' };
const QUEUE = 'orders';

interface World {
  readonly rabbit: RabbitCluster;
}

const isApart = (rabbit: RabbitCluster, node: number): boolean =>
  rabbit.node(node)?.running.length === (node === 3 ? 1 : 2);

/**
 * A node publishes to a quorum queue, is cut off, and publishes again after its application has
 * restarted because of that (autoheal), while the links to it were there.
 */
const healing = experiment({
  id: 'healing-publisher-node',
  knobs: {},
  world: ({ lab }): World => ({
    rabbit: new RabbitCluster(lab, {
      ...{ ...onRaft, nodes: 3, profile: 'rabbitmq-3.13' },
      ...{ partitionHandling: 'autoheal', netTickTimeMs: 4000 },
    }),
  }),
  steps: [
    { id: 'start', title, until: ({ rabbit }) => rabbit.allRunning, timeLimitMs: 60_000 },
    {
      id: 'declare',
      title,
      do: ({ rabbit }) =>
        rabbit.declare({
          queues: [{ queue: QUEUE, durable: true, arguments: { 'x-queue-type': 'quorum' } }],
        }),
      until: ({ rabbit }) => rabbit.allDeclared && rabbit.allConnected,
      timeLimitMs: 10_000,
    },
    {
      id: 'publish',
      title,
      do: ({ rabbit }) => {
        rabbit.addPublisher('publisher-1', { node: 3 });
        rabbit.publish('publisher-1', { routingKey: QUEUE, count: 3 });
      },
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'cut-off',
      title,
      do: (_, lab) => lab.inject({ fault: 'isolate', host: 'rabbit-3' }),
      until: ({ rabbit }) => [1, 2, 3].every((node) => isApart(rabbit, node)),
      timeLimitMs: 60_000,
    },
    {
      id: 'back',
      title,
      do: (_, lab) => lab.inject({ fault: 'heal' }),
      until: ({ rabbit }) => rabbit.node(3)?.isRunning === false,
      timeLimitMs: 120_000,
    },
    {
      id: 'restarted',
      title,
      until: ({ rabbit }) => rabbit.allRunning,
      timeLimitMs: 120_000,
    },
    {
      id: 'publish-again',
      title,
      do: ({ rabbit }) => {
        rabbit.addPublisher('publisher-2', { node: 3 });
        rabbit.publish('publisher-2', { routingKey: QUEUE, count: 3 });
      },
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 60_000,
    },
  ],
  settle: RabbitCluster.settle(),
  measures: ({ history }) => ({ lost: judgeQueues(history).lost.length }),
  proofs: {},
});

test('rabbitmq: quorum: a publish after a restart is not taken for one before it', () => {
  const run = new Run(healing, { knobs: {}, seed: 1, invariants: 'always' });
  while (!run.over) run.advance();
  expect(run.violation).toBeNull();
  expect(run.steps.filter(({ reached }) => !reached).map(({ id }) => id)).toEqual([]);
  const { acknowledged, lost } = judgeQueues(run.history);
  expect(acknowledged).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6']);
  expect(lost).toEqual([]);
});
