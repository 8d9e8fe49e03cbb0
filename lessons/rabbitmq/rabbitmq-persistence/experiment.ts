/**
 * What is there after a restart? Ten confirmed messages in a queue, and the node goes down in a way
 * that the reader chooses. A durable queue, a persistent message, a release and a type of queue
 * each have their part in the answer.
 */
import { changed, choice, experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { Lab } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { onRaft } from '#engine/lab/rabbitmq-quorum.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { judgeQueues } from '#engine/lab/check/queue-delivery.ts';
import { nodeStarts, point } from '../story.ts';

const NODE = 'rabbit-1';
const QUEUE = 'orders';
const DECLARER = 'client-1';
const PUBLISHER = 'publisher-1';
const UNASKED = 'publisher-2';
const COUNT = 10;
/** Larger than what a queue's index keeps itself. */
const LARGE_BYTES = 5000;
const TYPES = ['classic', 'quorum'] as const;
const FAULTS = ['none', 'stop', 'crash', 'power'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly type: (typeof TYPES)[number];
  readonly durable: boolean;
  readonly persistent: boolean;
  readonly paddingBytes: number;
  readonly fault: (typeof FAULTS)[number];
  bytesWritten: number;
  readonly confirmedAt: { from: number; micros: number };
  thereAfter: boolean;
}

const bytesOf = (lab: Lab): number => lab.host(NODE).counters.append;

function publish(world: World, lab: Lab): void {
  const { rabbit, persistent, paddingBytes, confirmedAt } = world;
  confirmedAt.from = lab.now;
  world.bytesWritten = bytesOf(lab);
  rabbit.publish(PUBLISHER, {
    ...{ routingKey: QUEUE, count: COUNT, paddingBytes },
    properties: { deliveryMode: persistent ? 2 : 1 },
  });
}

type Reached = (world: World, lab: Lab) => boolean;
const isDeclared: Reached = ({ rabbit }) => rabbit.queue(QUEUE) !== null;
const confirms =
  (count: number): Reached =>
  (_, { history }) =>
    history.sent.filter(({ outcome }) => outcome === 'acknowledged').length >= count;
const isStored: Reached = ({ rabbit }) => (rabbit.queue(QUEUE)?.ready ?? 0) === 2 * COUNT;

export default experiment({
  id: 'rabbitmq-persistence',
  knobs: {
    'x-queue-type': choice(TYPES, 'classic', {
      en: 'The type of the queue.',
      zh: '队列的类型。',
    }),
    durable: choice(['true', 'false'], 'true', {
      en: 'Whether the queue is declared durable.',
      zh: '队列是否声明为持久。',
    }),
    'delivery-mode': choice(['persistent', 'transient'], 'persistent', {
      en: 'Whether messages are persistent.',
      zh: '消息是否持久。',
    }),
    body: choice(['small', 'large'], 'large', {
      en: 'Bodies of some bytes, or of 5,000: above 4,096 they go to the shared message store.',
      zh: '消息体只有几个字节，还是 5000 字节：超过 4096 就进共享的消息存储。',
    }),
    fault: choice(FAULTS, 'power', {
      en: 'How the node goes down.',
      zh: '节点怎样停下。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, {
        ...onRaft,
        profile: knobs.profile,
        // What is asked is whether messages survive; the newest releases refuse such a queue.
        quirks: { transientNonExclusiveQueues: true },
      }),
      type: knobs['x-queue-type'],
      durable: knobs.durable === 'true' || knobs['x-queue-type'] === 'quorum',
      persistent: knobs['delivery-mode'] === 'persistent',
      paddingBytes: knobs.body === 'large' ? LARGE_BYTES : 0,
      fault: knobs.fault,
      ...{ bytesWritten: 0, confirmedAt: { from: 0, micros: 0 }, thereAfter: false },
    };
  },

  steps: [
    nodeStarts,
    {
      id: 'declare',
      title: { en: 'A queue', zh: '一个队列' },
      do: ({ rabbit, durable, type }) => {
        // Who declared the queue does not declare it again by itself: it has to be there.
        rabbit.addClient(DECLARER, { client: { topologyRecovery: false } });
        const args = { queue: QUEUE, durable, arguments: { 'x-queue-type': type } };
        rabbit.call(DECLARER, 'queue.declare', args);
        rabbit.addPublisher(PUBLISHER);
        rabbit.addPublisher(UNASKED, { mode: 'none' });
      },
      until: ({ rabbit }) => rabbit.allConnected,
      timeLimitMs: 30_000,
    },
    {
      id: 'publish',
      title: { en: 'Ten messages, and their confirms', zh: '十条消息，等到确认' },
      do: publish,
      until: (world, lab) => {
        world.confirmedAt.micros = lab.now - world.confirmedAt.from;
        return world.rabbit.allTold;
      },
      timeLimitMs: 10_000,
    },
    {
      id: 'unasked',
      title: { en: 'Ten more that nobody asks about', zh: '再来十条，没有人等确认' },
      do: (world, lab) => {
        world.bytesWritten = bytesOf(lab) - world.bytesWritten;
        world.rabbit.publish(UNASKED, {
          ...{ routingKey: QUEUE, count: COUNT, paddingBytes: world.paddingBytes },
          properties: { deliveryMode: world.persistent ? 2 : 1 },
        });
      },
      until: ({ rabbit }) => (rabbit.queue(QUEUE)?.ready ?? 0) === 2 * COUNT,
      timeLimitMs: 1_000,
    },
    {
      id: 'down',
      title: { en: 'The node goes down', zh: '节点停下' },
      do: ({ fault }, lab) => {
        if (fault !== 'none') lab.inject({ fault, host: NODE });
      },
      until: () => false,
      timeLimitMs: 2_000,
    },
    {
      id: 'restart',
      title: { en: 'It is started again', zh: '重新启动' },
      do: ({ fault }, lab) => {
        if (fault !== 'none') lab.inject({ fault: 'start', host: NODE });
      },
      until: (world) => {
        world.thereAfter = world.rabbit.queue(QUEUE) !== null;
        return world.rabbit.allRunning && world.thereAfter;
      },
      timeLimitMs: 5_000,
    },
  ],

  settle: RabbitCluster.settle(),

  exploration: {
    knobs: { fault: 'none' },
    hosts: [NODE],
    forbidden: ['lost'],
    points: [
      point('declared', 'the queue is new and empty', '队列刚声明、还没有消息', isDeclared),
      point('first', 'the first message is confirmed', '第一条消息得到确认', confirms(1)),
      point('calm', 'all ten messages are confirmed', '十条消息都已确认', confirms(COUNT)),
      point('stored', 'the ten others are in the queue, too', '另外十条也已入队', isStored),
    ],
  },

  measures({ world, history }) {
    const verdict = judgeQueues(history);
    const left = new Set((history.final ?? []).map(({ id }) => id));
    const unasked = history.sent.filter(({ producer }) => producer === UNASKED);
    return {
      confirmed: verdict.acknowledged.length,
      lost: verdict.lost.length,
      unaskedLost: unasked.filter(({ id }) => !left.has(id)).length,
      queueIsThere: world.thereAfter ? 1 : 0,
      bytesWritten: world.bytesWritten,
      microsToConfirm: world.confirmedAt.micros,
    };
  },

  proofs: {
    'a-durable-queue-is-not-enough': prove(
      { 'delivery-mode': 'transient', fault: 'stop' },
      (m) => m['queueIsThere'] === 1 && m['lost'] === COUNT,
      [changed('delivery-mode', 'persistent'), changed('durable', 'false')],
      'restart',
    ),
    'a-persistent-message-is-not-enough': prove(
      { durable: 'false', fault: 'stop' },
      (m) => m['queueIsThere'] === 0 && m['lost'] === COUNT,
      [changed('durable', 'true')],
      'restart',
    ),
    'both-and-a-confirm-survive-a-crash': prove(
      { fault: 'crash' },
      (m) => m['queueIsThere'] === 1 && m['lost'] === 0,
      [changed('delivery-mode', 'transient'), changed('durable', 'false')],
      'restart',
    ),
    'classic-queues-lose-what-they-confirmed': prove(
      {},
      (m) => m['lost'] === COUNT,
      [changed('fault', 'crash'), changed('x-queue-type', 'quorum')],
      'restart',
    ),
    'a-quorum-queue-has-synced': prove(
      { 'x-queue-type': 'quorum' },
      (m) => m['lost'] === 0 && m['confirmed'] === COUNT,
      [changed('x-queue-type', 'classic')],
      'restart',
    ),
    'no-sync-since-3-13': proveSince(
      '3.13',
      {},
      (m) => m['lost'] === COUNT,
      [changed('fault', 'stop')],
      'restart',
    ),
  },
});
