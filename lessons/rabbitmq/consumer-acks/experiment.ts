/**
 * When is a message done? A worker takes orders from a queue, ten milliseconds each. In the middle
 * it dies, or it forgets to acknowledge, or it takes longer than the broker waits; another worker
 * goes on.
 */
import { changed, choice, experiment, integer, prove } from '#engine/lab/index.ts';
import type { Lab } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { judgeQueues } from '#engine/lab/check/queue-delivery.ts';
import { declared, nodeStarts, point } from '../story.ts';

const QUEUE = 'orders';
const PUBLISHER = 'publisher-1';
const FIRST = 'worker-1';
const SECOND = 'worker-2';
const COUNT = 12;
const WORK_MS = 10;
/** The worker dies in its fourth order. */
const STRUCK = 3;

const ACKS = ['automatic', 'after the work', 'every four', 'never'] as const;
const FAULTS = ['none', 'worker dies', 'channel closes'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly acks: (typeof ACKS)[number];
  readonly prefetch: number;
  readonly fault: (typeof FAULTS)[number];
  /** The most that waited at the first worker, sent and not settled. */
  heldMost: number;
}

function addWorker({ rabbit, acks, prefetch }: World, name: string): void {
  rabbit.addConsumer(name, QUEUE, {
    prefetch,
    processingMs: WORK_MS,
    noAck: acks === 'automatic',
    ...(acks === 'every four' ? { ackEvery: 4 } : {}),
    ...(acks === 'never' ? { decide: () => 'nothing' as const } : {}),
  });
}

function strike({ rabbit, fault }: World, lab: Lab): void {
  if (fault === 'none') return;
  lab.when(
    () => lab.history.delivered.length > STRUCK,
    () => {
      if (fault === 'worker dies') lab.inject({ fault: 'crash', host: FIRST });
      else rabbit.client(FIRST)?.close();
    },
  );
}

const isAtWork = ({ rabbit }: World): boolean => rabbit.processed.length === STRUCK;

/** So many orders were sent to workers. */
const hands =
  (count: number) =>
  (_world: World, { history }: Lab): boolean =>
    history.delivered.length >= count;

export default experiment({
  id: 'consumer-acks',
  knobs: {
    acknowledgement: choice(ACKS, 'after the work', {
      en: 'When the worker acknowledges.',
      zh: '消费者什么时候确认。',
    }),
    prefetch: integer(0, 20, 4, {
      en: 'How many unacknowledged messages a worker may have; 0 is no limit.',
      zh: '一个消费者最多持有多少条未确认的消息；0 表示不限。',
    }),
    fault: choice(FAULTS, 'none', {
      en: 'What happens in the middle of the fourth order.',
      zh: '处理第四个订单时发生什么。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, { profile: knobs.profile }),
      acks: knobs.acknowledgement,
      prefetch: knobs.prefetch,
      fault: knobs.fault,
      heldMost: 0,
    };
  },

  steps: [
    nodeStarts,
    declared<World>(
      { en: 'A queue of orders', zh: '一个订单队列' },
      () => ({ queues: [{ queue: QUEUE, durable: true }] }),
      ({ rabbit }) => rabbit.addPublisher(PUBLISHER),
    ),
    {
      id: 'publish',
      title: { en: 'Twelve orders', zh: '十二个订单' },
      do: ({ rabbit }) => rabbit.publish(PUBLISHER, { routingKey: QUEUE, count: COUNT }),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'consume',
      title: { en: 'A worker begins', zh: '一个消费者开始工作' },
      do: (world, lab) => {
        addWorker(world, FIRST);
        strike(world, lab);
      },
      until: (world) => {
        const { unacknowledged = 0, ready = 0 } = world.rabbit.queue(QUEUE) ?? {};
        const held = world.acks === 'automatic' ? COUNT - ready : unacknowledged;
        world.heldMost = Math.max(world.heldMost, held);
        return world.rabbit.processed.length > STRUCK;
      },
      timeLimitMs: STRUCK * WORK_MS + 200,
    },
    {
      id: 'second',
      title: { en: 'A second worker joins', zh: '第二个消费者加入' },
      do: (world) => addWorker(world, SECOND),
      until: () => false,
      timeLimitMs: 1000,
    },
  ],

  settle: RabbitCluster.settle(),

  exploration: {
    knobs: { fault: 'none' },
    hosts: [FIRST],
    forbidden: ['lost'],
    points: [
      point('first', 'the worker has its first orders', '消费者拿到第一批订单', hands(1)),
      point('at-work', 'three orders are done', '已经做完三个订单', isAtWork),
    ],
  },

  measures({ world, history }) {
    const { lost, redelivered } = judgeQueues(history);
    const done = world.rabbit.processed.map(({ id }) => id);
    const begun = history.delivered.map(({ id }) => id);
    const again = begun.filter((id, place) => begun.indexOf(id) < place);
    return {
      processed: new Set(done).size,
      lost: lost.length,
      redelivered,
      begunTwice: again.length,
      processedTwice: done.length - new Set(done).size,
      heldMost: world.heldMost,
      leftInTheQueue: (history.final ?? []).length - done.length,
    };
  },

  proofs: {
    'automatic-loses-what-was-sent': prove(
      { acknowledgement: 'automatic', fault: 'worker dies' },
      (m) => m['lost']! > 0,
      [changed('acknowledgement', 'after the work'), changed('fault', 'none')],
    ),
    'automatic-has-no-prefetch': prove(
      { acknowledgement: 'automatic' },
      (m) => m['heldMost'] === COUNT,
      [changed('acknowledgement', 'after the work')],
    ),
    'prefetch-bounds-what-a-worker-holds': prove({}, (m) => m['heldMost'] === 4, [
      changed('prefetch', '0'),
      changed('prefetch', '1'),
    ]),
    'after-the-work-loses-nothing': prove(
      { fault: 'worker dies' },
      (m) => m['lost'] === 0 && m['begunTwice']! > 0,
      [changed('acknowledgement', 'automatic'), changed('fault', 'none')],
    ),
    'a-closed-channel-gives-everything-back': prove(
      { fault: 'channel closes' },
      (m) => m['lost'] === 0 && m['redelivered']! >= 1,
      [changed('fault', 'none'), changed('acknowledgement', 'automatic')],
    ),
    'one-acknowledgement-for-many': prove(
      { acknowledgement: 'every four', fault: 'worker dies' },
      (m) => m['begunTwice']! >= 4,
      [changed('acknowledgement', 'after the work'), changed('fault', 'none')],
    ),
    'without-an-acknowledgement-nothing-is-done': prove(
      { acknowledgement: 'never' },
      (m) => m['processed'] === 8 && m['leftInTheQueue']! >= 4,
      [changed('acknowledgement', 'after the work')],
    ),
  },
});
