/**
 * What does a confirm promise? A publisher sends orders to a durable queue and waits for the
 * broker's word in a way that the reader chooses. Then to a full queue, to nobody, and while the
 * node or the connection breaks.
 *
 * Confirmed and absent at the end is *lost*.
 */
import { changed, choice, experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { History, Lab } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import type { PublisherOptions } from '#engine/lab/rabbitmq-options.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { judgeQueues } from '#engine/lab/check/queue-delivery.ts';
import { declared, nodeStarts, point } from '../story.ts';

const NODE = 'rabbit-1';
const QUEUE = 'orders';
/** Takes two messages, then refuses. */
const FULL = 'full';
const FULL_MAX = 2;
const BOTH = 'both';
const PUBLISHER = 'publisher-1';
const OTHER = 'publisher-2';
const COUNT = 40;
const STRUCK = 10;
const PERSISTENT = 2;
/** Larger than what the queue's index keeps itself: it goes to the message store. */
const PADDING_BYTES = 5000;

const WAYS = {
  'fire and forget': { mode: 'none' },
  'a transaction each': { mode: 'tx', outstandingMax: 1 },
  'confirm each': { mode: 'confirm', outstandingMax: 1 },
  'confirm batches of ten': { mode: 'confirm', outstandingMax: 10, inBatches: true },
  'confirm as they come': { mode: 'confirm' },
} as const satisfies Record<string, PublisherOptions>;
type Way = keyof typeof WAYS;
const ways = Object.keys(WAYS) as readonly Way[];

const FAULTS = ['none', 'node crashes', 'node loses power', 'connection breaks'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly way: Way;
  readonly persistent: boolean;
  readonly overflow: string;
  readonly mandatory: boolean;
  readonly republish: boolean;
  readonly fault: (typeof FAULTS)[number];
  calmFrom: number;
  calmMicros: number;
}

const propertiesOf = ({ persistent }: World) => ({ deliveryMode: persistent ? PERSISTENT : 1 });

/** The node takes what comes next, and the connection breaks before its answer. */
function breakAfterTheNext({ rabbit }: World, lab: Lab): void {
  const link = { fault: 'duplicate', from: PUBLISHER, to: NODE } as const;
  lab.inject({ ...link, ratio: { numerator: 1, denominator: 1 } });
  lab.when(
    () => rabbit.client(PUBLISHER)?.state !== 'open',
    () => lab.inject({ ...link, ratio: { numerator: 0, denominator: 1 } }),
  );
}

function strike(world: World, lab: Lab): void {
  const { rabbit, fault } = world;
  if (fault === 'connection breaks') breakAfterTheNext(world, lab);
  if (fault !== 'node crashes' && fault !== 'node loses power') return;
  const before = lab.history.sent.length;
  lab.when(
    () => lab.history.sent.length >= before + STRUCK && rabbit.outstandingOf(PUBLISHER) > 0,
    () => lab.inject({ fault: fault === 'node crashes' ? 'crash' : 'power', host: NODE }),
  );
}

const outcomeOf = (history: History, place: number): string =>
  history.sent.at(place)?.outcome ?? 'none';

const SENT_BEFORE = COUNT + FULL_MAX + 2;

type Reached = (world: World, lab: Lab) => boolean;
const hears =
  (count: number): Reached =>
  (_, { history }) =>
    history.sent.filter(({ outcome }) => outcome !== 'pending').length >= count;
const isDeclared: Reached = ({ rabbit }) => rabbit.queue(FULL) !== null;
/** Ten are on their way, and not all are answered. */
const isUnderWay: Reached = ({ rabbit }, { history }) =>
  history.sent.length >= SENT_BEFORE + STRUCK && rabbit.outstandingOf(PUBLISHER) > 0;

export default experiment({
  id: 'publisher-confirms',
  knobs: {
    publish: choice(ways, 'confirm as they come', {
      en: 'How the publisher hears of its messages.',
      zh: '发布者怎样得知消息的下落。',
    }),
    'delivery-mode': choice(['transient', 'persistent'], 'persistent', {
      en: 'Whether messages are to survive a restart.',
      zh: '消息是否要在重启后还在。',
    }),
    'x-overflow': choice(['drop-head', 'reject-publish'], 'reject-publish', {
      en: 'What the full queue does.',
      zh: '满了的队列怎么办。',
    }),
    mandatory: choice(['false', 'true'], 'false', {
      en: 'Whether a message that no queue takes comes back.',
      zh: '没有队列接收的消息是否退回。',
    }),
    republish: choice(['false', 'true'], 'false', {
      en: 'Whether the publisher publishes again what it has no answer for.',
      zh: '没有得到答复的消息，发布者是否重发。',
    }),
    fault: choice(FAULTS, 'none', {
      en: 'What breaks while the publisher publishes.',
      zh: '发布过程中什么出了故障。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, { profile: knobs.profile }),
      way: knobs.publish,
      persistent: knobs['delivery-mode'] === 'persistent',
      overflow: knobs['x-overflow'],
      mandatory: knobs.mandatory === 'true',
      republish: knobs.republish === 'true',
      fault: knobs.fault,
      ...{ calmFrom: 0, calmMicros: 0 },
    };
  },

  steps: [
    nodeStarts,
    declared<World>(
      { en: 'A queue with room, and one without', zh: '一个有空位的队列，一个没有的' },
      ({ overflow }) => ({
        exchanges: [{ exchange: BOTH, type: 'fanout', durable: true }],
        queues: [
          { queue: QUEUE, durable: true },
          {
            ...{ queue: FULL, durable: true },
            arguments: { 'x-max-length': FULL_MAX, 'x-overflow': overflow },
          },
        ],
        bindings: [
          { queue: QUEUE, exchange: BOTH },
          { queue: FULL, exchange: BOTH },
        ],
      }),
      ({ rabbit, way, republish }) => {
        rabbit.addPublisher(PUBLISHER, { ...WAYS[way], republish });
        rabbit.addPublisher(OTHER);
      },
    ),
    {
      id: 'publish',
      title: { en: 'Forty orders, all well', zh: '四十个订单，一切正常' },
      do: (world, lab) => {
        world.calmFrom = lab.now;
        const properties = propertiesOf(world);
        world.rabbit.publish(PUBLISHER, {
          routingKey: QUEUE,
          count: COUNT,
          properties,
          paddingBytes: PADDING_BYTES,
        });
      },
      until: (world, lab) => {
        world.calmMicros = lab.now - world.calmFrom;
        return world.rabbit.allTold;
      },
      timeLimitMs: 60_000,
    },
    {
      id: 'to-both',
      title: { en: 'To both queues, and one is full', zh: '发给两个队列，其中一个已满' },
      do: (world) =>
        world.rabbit.publish(OTHER, {
          ...{ exchange: BOTH, routingKey: '', count: FULL_MAX + 1 },
          properties: propertiesOf(world),
        }),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'to-nobody',
      title: { en: 'To a queue that does not exist', zh: '发给不存在的队列' },
      do: ({ rabbit, mandatory }) => rabbit.publish(OTHER, { routingKey: 'nobody', mandatory }),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'strike',
      title: { en: 'Forty more, and something breaks', zh: '再来四十个，中途出故障' },
      do: (world, lab) => {
        strike(world, lab);
        const properties = propertiesOf(world);
        world.rabbit.publish(PUBLISHER, {
          ...{ routingKey: QUEUE, count: COUNT, properties, paddingBytes: PADDING_BYTES },
        });
      },
      until: () => false,
      timeLimitMs: 500,
    },
  ],

  settle: RabbitCluster.settle(),

  exploration: {
    knobs: { fault: 'none' },
    hosts: [NODE],
    forbidden: ['lost'],
    points: [
      point('declared', 'the queues are new and empty', '队列刚声明、还没有消息', isDeclared),
      point('first', 'the first order has its answer', '第一个订单得到答复', hears(1)),
      point('calm', 'the first forty orders have theirs', '前四十个订单都有了答复', hears(COUNT)),
      point('under-way', 'more orders are on their way', '后面的订单正在路上', isUnderWay),
      point(
        ...(['told', 'all orders have their answers', '所有订单都有了答复'] as const),
        hears(SENT_BEFORE + COUNT),
      ),
    ],
  },

  measures({ world, history }) {
    const verdict = judgeQueues(history);
    const refusedAt = COUNT + FULL_MAX;
    const stored = (history.final ?? []).some(
      ({ id, partition }) => id === `m${refusedAt + 1}` && partition === QUEUE,
    );
    const unroutable = `m${refusedAt + 2}`;
    return {
      acknowledged: verdict.acknowledged.length,
      refused: verdict.refused.length,
      indeterminate: verdict.indeterminate.length,
      // What had no queue was confirmed, and is nowhere: counted apart.
      lost: verdict.lost.filter((id) => id !== unroutable).length,
      duplicated: verdict.duplicated.length,
      microsPerOrder: Math.floor(world.calmMicros / COUNT),
      fullRefused: outcomeOf(history, refusedAt) === 'refused' ? 1 : 0,
      refusedAndStored: outcomeOf(history, refusedAt) === 'refused' && stored ? 1 : 0,
      unroutableConfirmed: outcomeOf(history, refusedAt + 1) === 'acknowledged' ? 1 : 0,
      unroutableReturned: world.rabbit.returned.length,
    };
  },

  proofs: {
    'one-refusing-queue-is-a-nack': prove(
      {},
      (m) => m['fullRefused'] === 1 && m['refusedAndStored'] === 1,
      [changed('x-overflow', 'drop-head')],
      'to-both',
    ),
    'unroutable-is-confirmed': prove(
      {},
      (m) => m['unroutableConfirmed'] === 1 && m['unroutableReturned'] === 0,
      [changed('mandatory', 'true')],
      'to-nobody',
    ),
    'mandatory-comes-back': prove(
      { mandatory: 'true' },
      (m) => m['unroutableReturned'] === 1,
      [changed('mandatory', 'false')],
      'to-nobody',
    ),
    'confirmed-and-persistent-survives-a-crash': prove(
      { fault: 'node crashes' },
      (m) => m['lost'] === 0 && m['acknowledged']! > COUNT,
      [changed('delivery-mode', 'transient')],
      'strike',
    ),
    'confirmed-and-transient-does-not': prove(
      { fault: 'node crashes', 'delivery-mode': 'transient' },
      (m) => m['lost']! >= COUNT,
      [changed('delivery-mode', 'persistent'), changed('fault', 'none')],
      'strike',
    ),
    'no-answer-is-no-nack': prove(
      { fault: 'connection breaks' },
      (m) => m['indeterminate']! > 0 && m['lost'] === 0,
      [changed('fault', 'none'), changed('republish', 'true')],
      'strike',
    ),
    'publishing-again-doubles': prove(
      { fault: 'connection breaks', republish: 'true' },
      (m) => m['indeterminate'] === 0 && m['duplicated']! > 0,
      [changed('republish', 'false'), changed('fault', 'none')],
      'strike',
    ),
    'one-by-one-is-slow': prove(
      { publish: 'confirm each' },
      (m) => m['microsPerOrder']! > 200,
      [changed('publish', 'confirm as they come')],
      'publish',
    ),
    'power-since-3-13': proveSince(
      '3.13',
      { fault: 'node loses power' },
      (m) => m['lost']! > 0,
      [changed('fault', 'node crashes')],
      'strike',
    ),
  },
});
