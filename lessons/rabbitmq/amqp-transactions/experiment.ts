/**
 * What does an AMQP transaction hold together? A publisher commits orders in batches of a size that
 * the reader chooses; another publishes in one transaction to a queue with room and to one without;
 * a worker takes a message, acknowledges it in a transaction, and ends that in one of three ways.
 */
import { changed, choice, experiment, prove } from '#engine/lab/index.ts';
import type { Lab } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import type { AmqpClient } from '#engine/rabbitmq/client/amqp-client.ts';
import { declared, nodeStarts } from '../story.ts';

const QUEUE = 'orders';
const TASKS = 'tasks';
const FULL = 'full';
/** To the tasks and to the queue without room. */
const BOTH = 'both';
const PUBLISHER = 'publisher-1';
const OTHER = 'publisher-2';
const WORKER = 'worker-1';
const COUNT = 20;

const ENDS = ['commit', 'rollback', 'close the channel'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly batch: number;
  readonly mode: 'tx' | 'confirm';
  readonly end: (typeof ENDS)[number];
  readonly noAck: boolean;
  readonly refuses: boolean;
  from: number;
  micros: number;
  /** Messages of the queue of tasks before and after the worker's transaction ended. */
  readonly tasks: { openUnacked: number; ready: number; unacked: number };
}

/** The worker takes a message and acknowledges it in a transaction, which stays open. */
function take({ noAck }: World, lab: Lab): void {
  lab.command<AmqpClient>(WORKER, 'takes a task', (client) => {
    const channel = client.openChannel();
    channel.call('tx.select', {});
    channel.consume(
      { queue: TASKS, consumerTag: 'worker', noAck },
      { delivered: (delivery) => void (noAck || channel.ack(delivery)) },
    );
  });
}

function finish({ end }: World, lab: Lab): void {
  lab.command<AmqpClient>(WORKER, end, (client) => {
    const channel = client.channels.at(-1)!;
    channel.call('basic.cancel', { consumerTag: 'worker' });
    if (end === 'commit') channel.call('tx.commit', {});
    else if (end === 'rollback') channel.call('tx.rollback', {});
    else channel.call('channel.close', { replyCode: 200 });
  });
}

export default experiment({
  id: 'amqp-transactions',
  knobs: {
    mode: choice(['tx', 'confirm'], 'tx', {
      en: 'What the publisher waits for: a commit, or confirms.',
      zh: '发布者等待的是提交，还是确认。',
    }),
    'orders-each': choice(['1', '10'], '1', {
      en: 'Orders before the publisher waits.',
      zh: '发布者每发多少个订单等待一次。',
    }),
    'worker-ends': choice(ENDS, 'commit', {
      en: 'How the worker ends its transaction.',
      zh: '消费者怎样结束它的事务。',
    }),
    acknowledgement: choice(['manual', 'automatic'], 'manual', {
      en: 'How the worker acknowledges.',
      zh: '消费者的确认方式。',
    }),
    'one-queue-refuses': choice(['false', 'true'], 'true', {
      en: 'Whether one of two queues refuses its message of a transaction.',
      zh: '事务涉及的两个队列中，是否有一个拒收。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, { profile: knobs.profile }),
      batch: Number(knobs['orders-each']),
      mode: knobs.mode,
      end: knobs['worker-ends'],
      noAck: knobs.acknowledgement === 'automatic',
      refuses: knobs['one-queue-refuses'] === 'true',
      ...{ from: 0, micros: 0, tasks: { openUnacked: 0, ready: 0, unacked: 0 } },
    };
  },

  steps: [
    nodeStarts,
    declared<World>(
      { en: 'Three queues', zh: '三个队列' },
      ({ refuses }) => ({
        exchanges: [{ exchange: BOTH, type: 'fanout', durable: true }],
        bindings: [TASKS, FULL].map((queue) => ({ queue, exchange: BOTH })),
        queues: [
          { queue: QUEUE, durable: true },
          { queue: TASKS, durable: true },
          {
            ...{ queue: FULL, durable: true },
            arguments: { 'x-max-length': refuses ? 0 : 10, 'x-overflow': 'reject-publish' },
          },
        ],
      }),
      ({ rabbit, batch, mode }) => {
        rabbit.addPublisher(PUBLISHER, { mode, outstandingMax: batch, inBatches: true });
        rabbit.addPublisher(OTHER, { mode: 'tx', outstandingMax: 1 });
        rabbit.addClient(WORKER);
      },
    ),
    {
      id: 'publish',
      title: { en: 'Twenty orders', zh: '二十个订单' },
      do: (world, lab) => {
        world.from = lab.now;
        const properties = { deliveryMode: 2 };
        world.rabbit.publish(PUBLISHER, { routingKey: QUEUE, count: COUNT, properties });
      },
      until: (world, lab) => {
        world.micros = lab.now - world.from;
        return world.rabbit.allTold;
      },
      timeLimitMs: 60_000,
    },
    {
      id: 'two-queues',
      title: { en: 'One transaction, two queues', zh: '一个事务，两个队列' },
      do: ({ rabbit }) => rabbit.publish(OTHER, { exchange: BOTH, routingKey: '' }),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'take',
      title: { en: 'A worker acknowledges, and has not committed', zh: '消费者确认了，但还没提交' },
      do: take,
      until: () => false,
      timeLimitMs: 100,
    },
    {
      id: 'end',
      title: { en: 'Its transaction ends', zh: '它的事务结束' },
      do: (world, lab) => {
        world.tasks.openUnacked = world.rabbit.queue(TASKS)?.unacknowledged ?? 0;
        finish(world, lab);
      },
      until: (world) => {
        const { ready = 0, unacknowledged = 0 } = world.rabbit.queue(TASKS) ?? {};
        Object.assign(world.tasks, { ready, unacked: unacknowledged });
        return false;
      },
      timeLimitMs: 100,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world, history }) {
    const stored = (history.final ?? []).filter(({ id }) => id === `m${COUNT + 1}`).length;
    const told = history.sent.at(COUNT)?.outcome;
    return {
      microsPerOrder: Math.floor(world.micros / COUNT),
      toldOfFailure: told === 'indeterminate' || told === 'refused' ? 1 : 0,
      halfIsThere: stored + world.tasks.openUnacked > 0 ? 1 : 0,
      unackedBeforeTheEnd: world.tasks.openUnacked,
      unackedAfterTheEnd: world.tasks.unacked,
      readyAfterTheEnd: world.tasks.ready,
    };
  },

  proofs: {
    'not-atomic-over-queues': prove(
      {},
      (m) => m['toldOfFailure'] === 1 && m['halfIsThere'] === 1,
      [changed('one-queue-refuses', 'false')],
      'two-queues',
    ),
    'an-ack-waits-for-the-commit': prove(
      {},
      (m) => m['unackedBeforeTheEnd'] === 1 && m['unackedAfterTheEnd'] === 0,
      [changed('acknowledgement', 'automatic'), changed('worker-ends', 'rollback')],
      'take',
    ),
    'a-rollback-does-not-requeue': prove(
      { 'worker-ends': 'rollback' },
      (m) => m['unackedAfterTheEnd'] === 1 && m['readyAfterTheEnd'] === 0,
      [changed('worker-ends', 'commit'), changed('worker-ends', 'close the channel')],
      'end',
    ),
    'a-closed-channel-does': prove(
      { 'worker-ends': 'close the channel' },
      (m) => m['readyAfterTheEnd'] === 1,
      [changed('worker-ends', 'rollback'), changed('worker-ends', 'commit')],
      'end',
    ),
    'automatic-is-gone-whatever-the-end': prove(
      { acknowledgement: 'automatic', 'worker-ends': 'close the channel' },
      (m) => m['readyAfterTheEnd'] === 0 && m['unackedAfterTheEnd'] === 0,
      [changed('acknowledgement', 'manual')],
      'end',
    ),
    'a-commit-each-is-slow': prove(
      {},
      (m) => m['microsPerOrder']! > 400,
      [changed('orders-each', '10')],
      'publish',
    ),
  },
});
