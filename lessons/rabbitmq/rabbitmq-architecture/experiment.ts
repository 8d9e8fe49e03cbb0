/**
 * Who gets the next message? An exchange, bindings, one queue and three consumers, of which one is
 * slow. How the messages are shared depends on prefetch, on priorities, and on who may be active.
 */
import { changed, choice, experiment, integer, prove } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import type { Topology } from '#engine/lab/rabbitmq-options.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { declared, nodeStarts } from '../story.ts';

const EXCHANGE = 'shop';
const CHAIN = 'audit';
const QUEUE = 'orders';
const ARCHIVE = 'archive';
const PUBLISHER = 'publisher-1';
const CONSUMERS = ['consumer-1', 'consumer-2', 'consumer-3'] as const;
const COUNT = 30;
const FAST_MS = 2;
const SLOW_MS = 20;

interface World {
  readonly rabbit: RabbitCluster;
  readonly prefetch: number;
  readonly isSingleActive: boolean;
  readonly firstPriority: number;
  readonly isSlow: boolean;
  readonly isChained: boolean;
}

/** The queue is bound to the exchange, the archive to another exchange, which is bound to it. */
const topology = ({ isSingleActive, isChained }: World): Topology => ({
  exchanges: [
    { exchange: EXCHANGE, type: 'topic', durable: true },
    { exchange: CHAIN, type: 'fanout', durable: true },
  ],
  queues: [
    {
      ...{ queue: QUEUE, durable: true },
      arguments: { 'x-single-active-consumer': isSingleActive },
    },
    { queue: ARCHIVE, durable: true },
  ],
  bindings: [
    { queue: QUEUE, exchange: EXCHANGE, routingKey: 'order.*' },
    { queue: ARCHIVE, exchange: CHAIN, routingKey: '' },
  ],
  exchangeBindings: isChained
    ? [{ destination: CHAIN, source: EXCHANGE, routingKey: 'order.#' }]
    : [],
});

export default experiment({
  id: 'rabbitmq-architecture',
  knobs: {
    prefetch: integer(0, 10, 1, {
      en: 'How many unacknowledged messages a consumer may have; 0 is no limit.',
      zh: '一个消费者最多持有多少条未确认的消息；0 表示不限。',
    }),
    'x-single-active-consumer': choice(['false', 'true'], 'false', {
      en: 'Whether one consumer at a time gets all.',
      zh: '是否同一时间只由一个消费者接收全部消息。',
    }),
    'x-priority': integer(0, 10, 0, {
      en: 'The priority of the first consumer; the others have 0.',
      zh: '第一个消费者的优先级；其余为 0。',
    }),
    'consumer-3': choice(['fast', 'slow'], 'slow', {
      en: 'How fast the third consumer works.',
      zh: '第三个消费者的处理速度。',
    }),
    'exchange-to-exchange': choice(['false', 'true'], 'true', {
      en: 'Whether a second exchange is bound to the first.',
      zh: '是否把第二个交换机绑定到第一个。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, { profile: knobs.profile }),
      prefetch: knobs.prefetch,
      isSingleActive: knobs['x-single-active-consumer'] === 'true',
      firstPriority: knobs['x-priority'],
      isSlow: knobs['consumer-3'] === 'slow',
      isChained: knobs['exchange-to-exchange'] === 'true',
    };
  },

  steps: [
    nodeStarts,
    declared<World>(
      { en: 'Exchanges, bindings, queues', zh: '交换机、绑定和队列' },
      topology,
      ({ rabbit }) => rabbit.addPublisher(PUBLISHER),
    ),
    {
      id: 'consumers',
      title: { en: 'Three consumers of one queue', zh: '一个队列，三个消费者' },
      do: ({ rabbit, prefetch, firstPriority, isSlow }) => {
        for (const [place, name] of CONSUMERS.entries()) {
          rabbit.addConsumer(name, QUEUE, {
            prefetch,
            processingMs: isSlow && place === 2 ? SLOW_MS : FAST_MS,
            arguments: { 'x-priority': place === 0 ? firstPriority : 0 },
          });
        }
      },
      until: ({ rabbit }) => rabbit.queue(QUEUE)?.consumers === CONSUMERS.length,
      timeLimitMs: 10_000,
    },
    {
      id: 'publish',
      title: { en: 'Thirty orders', zh: '三十个订单' },
      do: ({ rabbit }) =>
        rabbit.publish(PUBLISHER, {
          ...{ exchange: EXCHANGE, routingKey: 'order.new', count: COUNT },
        }),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'work',
      title: { en: 'They work', zh: '它们各自处理' },
      do: () => {},
      until: ({ rabbit }) => rabbit.processed.length === COUNT,
      timeLimitMs: 5_000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world, history }) {
    const [first, second, third] = CONSUMERS.map(
      (name) => history.delivered.filter(({ consumer }) => consumer === name).length,
    );
    const archived = (history.final ?? []).filter(({ partition }) => partition === ARCHIVE).length;
    return {
      processed: world.rabbit.processed.length,
      byTheFirst: first!,
      byTheSecond: second!,
      byTheSlow: third!,
      archived,
    };
  },

  proofs: {
    'round-robin-without-a-prefetch': prove(
      { prefetch: '0' },
      (m) => m['byTheFirst'] === 10 && m['byTheSecond'] === 10 && m['byTheSlow'] === 10,
      [changed('prefetch', '1'), changed('x-single-active-consumer', 'true')],
      'work',
    ),
    'a-prefetch-favours-the-fast': prove(
      {},
      (m) => m['byTheSlow']! <= 3 && m['byTheFirst']! >= 12,
      [changed('prefetch', '0'), changed('consumer-3', 'fast')],
      'work',
    ),
    'a-higher-priority-is-served-first': prove(
      { prefetch: '0', 'x-priority': '5' },
      (m) => m['byTheFirst'] === COUNT,
      [changed('x-priority', '0'), changed('prefetch', '1')],
      'work',
    ),
    'a-single-active-consumer-gets-all': prove(
      { 'x-single-active-consumer': 'true' },
      (m) => m['byTheFirst'] === COUNT,
      [changed('x-single-active-consumer', 'false')],
      'work',
    ),
    'each-message-goes-to-one-consumer': prove(
      {},
      (m) => m['processed'] === COUNT && m['archived'] === COUNT,
      [changed('exchange-to-exchange', 'false')],
      'publish',
    ),
  },
});
