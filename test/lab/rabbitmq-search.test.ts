/** A RabbitMQ experiment under a search and a sweep: what they find is what its runs show. */
import { expect, test } from 'vitest';
import { judgeQueues } from '../../engine/lab/check/queue-delivery.ts';
import { experiment, type Lab } from '../../engine/lab/experiment.ts';
import { Search } from '../../engine/lab/explore/index.ts';
import { choice } from '../../engine/lab/knob.ts';
import { RabbitCluster } from '../../engine/lab/rabbitmq.ts';
import { Sweep } from '../../engine/lab/sweep.ts';

const title = { en: 'A step', zh: '一步' };
const SENT = 3;

interface World {
  readonly rabbit: RabbitCluster;
  readonly consumes: boolean;
}

const isDone = ({ rabbit, consumes }: World, { history }: Lab): boolean =>
  history.sent.length === SENT && rabbit.allTold && (!consumes || rabbit.processed.length === SENT);

/** Transient messages are confirmed, and consumed or not; then a search may strike. */
const transient = experiment({
  id: 'transient-messages',
  knobs: { consumer: choice(['none', 'one'], 'none', title) },
  world: ({ knobs, lab }): World => ({
    rabbit: new RabbitCluster(lab),
    consumes: knobs.consumer === 'one',
  }),
  steps: [
    {
      id: 'start',
      title,
      do: ({ rabbit, consumes }) => {
        rabbit.declare({ queues: [{ queue: 'orders', durable: true }] });
        rabbit.addPublisher('publisher-1');
        if (consumes) rabbit.addConsumer('consumer-1', 'orders');
      },
      until: ({ rabbit }) => rabbit.allConnected && rabbit.queue('orders') !== null,
      timeLimitMs: 60_000,
    },
    {
      id: 'publish',
      title,
      do: ({ rabbit }) => rabbit.publish('publisher-1', { routingKey: 'orders', count: SENT }),
      until: isDone,
      timeLimitMs: 60_000,
    },
    { id: 'rest', title, until: () => false, timeLimitMs: 100 },
  ],
  settle: RabbitCluster.settle(),
  measures: ({ history }) => ({ lost: judgeQueues(history).lost.length }),
  proofs: {},
  exploration: {
    knobs: {},
    points: [{ id: 'done', title, reached: isDone }],
    hosts: ['rabbit-1'],
    forbidden: ['lost'],
  },
});

function searched(consumer: string): Search {
  const knobs = { consumer };
  const subject = { knobs, seed: 1, kinds: ['crash'], depth: 1, merging: true } as const;
  const search = new Search(transient, { ...subject, invariants: 'always' });
  while (!search.over) search.step();
  return search;
}

test('rabbitmq: explore: a crash loses transient messages, unless they were consumed', () => {
  expect(searched('none').found?.broken).toEqual({ kind: 'measure', name: 'lost', value: SENT });
  const { found, coverage } = searched('one');
  expect(found).toBeNull();
  expect(coverage.tried).toBeGreaterThan(0);
});

test('rabbitmq: sweep: without a fault nothing is lost', () => {
  const { runs } = new Sweep(transient, { over: ['consumer'] }).finish();
  expect(runs.map(({ chosen, measures }) => [chosen['consumer'], measures!['lost']])).toEqual([
    ['none', 0],
    ['one', 0],
  ]);
});
