/**
 * Dead letters lost in transit (issue #3100, rabbitmq.com/docs/dlx, "Safety"): the queue that they
 * go to is full for a while. At most once, the source has dropped them; at least once, it has them.
 */
import { expect, test } from 'vitest';
import { judgeQueues } from '../../../engine/lab/check/queue-delivery.ts';
import { experiment, type Step } from '../../../engine/lab/experiment.ts';
import { RabbitCluster } from '../../../engine/lab/rabbitmq.ts';
import { Run } from '../../../engine/lab/run.ts';
import { classicQueues } from '../../../engine/rabbitmq/queue/classic-queue-type.ts';
import { quorumQueues } from '../../../engine/rabbitmq/quorum/quorum-queue-type.ts';

const ORDERS = 3;
const title = { en: 'A step', zh: '一步' };

interface World {
  readonly rabbit: RabbitCluster;
}

function queues(strategy: string) {
  return [
    {
      ...{ queue: 'dead', durable: true },
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    },
    {
      ...{ queue: 'orders', durable: true },
      arguments: {
        ...{ 'x-queue-type': 'quorum', 'x-message-ttl': 1000, 'x-overflow': 'reject-publish' },
        ...{ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' },
        'x-dead-letter-strategy': strategy,
      },
    },
  ];
}

function steps(strategy: string): readonly Step<World>[] {
  return [
    {
      ...{ id: 'ready', title, timeLimitMs: 60_000 },
      do: ({ rabbit }) => {
        rabbit.declare({ queues: queues(strategy) });
        rabbit.addPublisher('shop');
      },
      until: ({ rabbit }) => rabbit.allConnected && rabbit.allDeclared,
    },
    {
      ...{ id: 'publish', title, timeLimitMs: 60_000 },
      do: ({ rabbit }) => rabbit.publish('shop', { routingKey: 'orders', count: ORDERS }),
      until: ({ rabbit }) => rabbit.allTold,
    },
    {
      ...{ id: 'they-expire', title, timeLimitMs: 10_000 },
      do: () => {},
      until: ({ rabbit }) =>
        rabbit.queue('orders')?.ready === 0 && rabbit.queue('dead')?.ready === 1,
    },
    {
      ...{ id: 'somebody-reads', title, timeLimitMs: 240_000 },
      do: ({ rabbit }) => rabbit.addConsumer('reader', 'dead', {}),
      until: ({ rabbit }) => rabbit.processed.length === ORDERS,
    },
  ];
}

function lost(strategy: string): number {
  const told = experiment({
    id: 'dead-letters-in-transit',
    knobs: {},
    world: ({ lab }): World => ({
      rabbit: new RabbitCluster(lab, {
        profile: 'rabbitmq-3.13',
        queueTypes: [classicQueues, quorumQueues],
      }),
    }),
    steps: steps(strategy),
    settle: RabbitCluster.settle(),
    measures: ({ history }) => ({ lost: judgeQueues(history).lost.length }),
    proofs: {},
  });
  const run = new Run(told, { paranoidWire: true, freeze: true }).finish();
  expect(run.world.failure).toBeNull();
  return Number(run.measures()['lost']);
}

test('rabbitmq: quorum: dead letters to a full queue: lost at most once, not at least once', () => {
  expect(lost('at-most-once')).toBe(ORDERS - 1);
  expect(lost('at-least-once')).toBe(0);
});
