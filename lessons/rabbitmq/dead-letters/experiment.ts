/**
 * Which messages become dead letters, and where do they end? Eight orders come into a queue with a
 * dead-letter exchange, and something happens to them: a consumer rejects them, their time is over,
 * the queue is too long, or the queue itself goes.
 *
 * At the end a reader takes what arrived in the queue of dead letters, with the header `x-death`.
 */
import { changed, choice, experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { History, Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import type { Topology } from '#engine/lab/rabbitmq-options.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import type { FieldTable, FieldValue } from '#engine/wire/amqp/field-table.ts';
import { declared, nodeStarts } from '../story.ts';

const QUEUE = 'orders';
const DEAD = 'dead';
const DLX = 'dlx';
const PUBLISHER = 'publisher-1';
const CONSUMER = 'consumer-1';
const READER = 'reader-1';
const COUNT = 8;
const LENGTH_MAX = 5;
const TTL_MS = 200;
const IDLE_MS = 400;

const TRIGGERS = [
  'reject',
  'requeue once',
  'expire',
  'overflow',
  'queue expires',
  'purge',
] as const;
type Trigger = (typeof TRIGGERS)[number];

interface World {
  readonly rabbit: RabbitCluster;
  readonly trigger: Trigger;
  readonly overflow: string;
  readonly exchange: string;
  readonly key: string;
  readonly cycle: string;
  /** What the reader of the dead letters saw in the first of them. */
  readonly seen: { reason: string; count: number; queue: string; deaths: number; last: string };
}

/** The arguments of the queue under test. */
function queueArguments({
  trigger,
  overflow,
  exchange,
  key,
}: World): Record<string, string | number> {
  return {
    ...(exchange === 'none' ? {} : { 'x-dead-letter-exchange': exchange === '""' ? '' : exchange }),
    ...(exchange === 'none' || key === 'its own' ? {} : { 'x-dead-letter-routing-key': DEAD }),
    ...(trigger === 'expire' ? { 'x-message-ttl': TTL_MS } : {}),
    ...(trigger === 'queue expires' ? { 'x-expires': IDLE_MS } : {}),
    ...(trigger === 'overflow' ? { 'x-max-length': LENGTH_MAX, 'x-overflow': overflow } : {}),
  };
}

/** A dead letter may be sent back by the queue of dead letters: a cycle. */
function topology(world: World): Topology {
  const back = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': QUEUE };
  const cycle = world.cycle === 'expire back' ? { ...back, 'x-message-ttl': TTL_MS } : {};
  return {
    exchanges: [{ exchange: DLX, type: 'direct', durable: true }],
    queues: [
      { queue: QUEUE, durable: true, arguments: queueArguments(world) },
      { queue: DEAD, durable: true, arguments: cycle },
    ],
    bindings: [{ queue: DEAD, exchange: DLX, routingKey: DEAD }],
  };
}

function deathsOf(headers: FieldTable): readonly FieldTable[] {
  const deaths = headers.find(({ name }) => name === 'x-death')?.value;
  if (deaths?.type !== 'array') return [];
  return deaths.value.flatMap((of: FieldValue) => (of.type === 'table' ? [of.value] : []));
}

const fieldOf = (table: FieldTable | undefined, name: string): string => {
  const value = table?.find((field) => field.name === name)?.value;
  return value === undefined || !('value' in value) ? '' : String(value.value);
};

/** The reader of the dead letters notes what the first one says of itself. */
function readDead({ rabbit, seen }: World): void {
  rabbit.addConsumer(READER, DEAD, {
    decide: ({ delivery }) => {
      const headers = delivery.properties.headers ?? [];
      const deaths = deathsOf(headers);
      if (seen.deaths === 0 && deaths.length > 0) {
        seen.deaths = deaths.length;
        seen.reason = fieldOf(deaths[0], 'reason');
        seen.queue = fieldOf(deaths[0], 'queue');
        seen.count = Number(fieldOf(deaths[0], 'count'));
        seen.last = fieldOf(headers, 'x-last-death-reason');
      }
      return 'ack';
    },
  });
}

/** What happens to the orders. */
function trouble({ rabbit, trigger }: World): void {
  if (trigger === 'reject' || trigger === 'requeue once') {
    rabbit.addConsumer(CONSUMER, QUEUE, {
      prefetch: 1,
      decide: ({ seenBefore }) => {
        if (trigger === 'reject') return 'reject';
        return seenBefore === 0 ? 'requeue' : 'ack';
      },
    });
  }
  if (trigger === 'purge') rabbit.call('clerk', 'queue.purge', { queue: QUEUE });
}

const inQueue = (history: History, queue: string): readonly string[] =>
  (history.final ?? []).filter(({ partition }) => partition === queue).map(({ id }) => id);

const dead = (measures: Measures, count: number): boolean => measures['dead'] === count;

export default experiment({
  id: 'dead-letters',
  knobs: {
    trigger: choice(TRIGGERS, 'reject', {
      en: 'What happens to the orders.',
      zh: '订单遇到了什么。',
    }),
    'x-overflow': choice(['drop-head', 'reject-publish', 'reject-publish-dlx'], 'drop-head', {
      en: 'What a queue does that is full.',
      zh: '队列满了以后怎么办。',
    }),
    'x-dead-letter-exchange': choice([DLX, '""', 'missing', 'none'], DLX, {
      en: 'The dead-letter exchange of the queue.',
      zh: '队列的死信交换机。',
    }),
    'x-dead-letter-routing-key': choice([DEAD, 'its own'], DEAD, {
      en: 'The key that a dead letter is published with.',
      zh: '死信用哪个路由键发布。',
    }),
    cycle: choice(['none', 'expire back'], 'none', {
      en: 'Whether the queue of dead letters sends them back to where they came from.',
      zh: '死信队列是否会把它们送回原处。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, { profile: knobs.profile }),
      trigger: knobs.trigger,
      overflow: knobs['x-overflow'],
      exchange: knobs['x-dead-letter-exchange'],
      key: knobs['x-dead-letter-routing-key'],
      cycle: knobs.cycle,
      seen: { reason: '', count: 0, queue: '', deaths: 0, last: '' },
    };
  },

  steps: [
    nodeStarts,
    declared<World>(
      { en: 'A queue, and where its dead go', zh: '一个队列，和它的死信去处' },
      topology,
      ({ rabbit }) => {
        rabbit.addClient('clerk');
        rabbit.addPublisher(PUBLISHER);
      },
    ),
    {
      id: 'publish',
      title: { en: 'Eight orders', zh: '八个订单' },
      do: ({ rabbit }) => rabbit.publish(PUBLISHER, { routingKey: QUEUE, count: COUNT }),
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'trouble',
      title: { en: 'Something happens to them', zh: '它们出事了' },
      do: trouble,
      until: () => false,
      timeLimitMs: IDLE_MS + 2 * TTL_MS,
    },
    {
      id: 'read-the-dead',
      title: { en: 'Somebody reads the dead letters', zh: '有人来读死信' },
      do: (world) => {
        if (world.cycle === 'none') readDead(world);
      },
      until: () => false,
      timeLimitMs: 3 * TTL_MS,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world, history }) {
    const arrived = inQueue(history, DEAD);
    const left = inQueue(history, QUEUE);
    const gone = history.sent.filter(
      ({ id, outcome }) =>
        outcome === 'acknowledged' && !arrived.includes(id) && !left.includes(id),
    );
    const { seen } = world;
    return {
      published: history.sent.length,
      refused: history.sent.filter(({ outcome }) => outcome === 'refused').length,
      dead: arrived.length,
      oldestIsDead: arrived.includes('m1') ? 1 : 0,
      newestIsDead: arrived.includes(`m${COUNT}`) ? 1 : 0,
      left: left.length,
      gone: gone.length,
      deaths: seen.deaths,
      count: seen.count,
      saysRejected: seen.reason === 'rejected' ? 1 : 0,
      saysExpired: seen.reason === 'expired' ? 1 : 0,
      saysMaxlen: seen.reason === 'maxlen' ? 1 : 0,
      namesLastDeath: seen.last === '' ? 0 : 1,
    };
  },

  proofs: {
    'rejected-without-requeue': prove({}, (m) => dead(m, COUNT) && m['saysRejected'] === 1, [
      changed('trigger', 'requeue once'),
      changed('x-dead-letter-exchange', 'none'),
    ]),
    'requeued-is-not-dead': prove(
      { trigger: 'requeue once' },
      (m) => dead(m, 0) && m['left'] === COUNT,
      [changed('trigger', 'reject')],
    ),
    'expired-is-dead': prove(
      { trigger: 'expire' },
      (m) => dead(m, COUNT) && m['saysExpired'] === 1,
      [changed('trigger', 'queue expires'), changed('x-dead-letter-exchange', 'none')],
    ),
    'a-queue-that-expires-takes-all-along': prove(
      { trigger: 'queue expires' },
      (m) => dead(m, 0) && m['gone'] === COUNT,
      [changed('trigger', 'expire')],
    ),
    'purged-is-not-dead': prove({ trigger: 'purge' }, (m) => dead(m, 0) && m['gone'] === COUNT, [
      changed('trigger', 'reject'),
    ]),
    'the-oldest-dies-of-length': prove(
      { trigger: 'overflow' },
      (m) => dead(m, COUNT - LENGTH_MAX) && m['oldestIsDead'] === 1 && m['saysMaxlen'] === 1,
      [changed('x-overflow', 'reject-publish'), changed('x-overflow', 'reject-publish-dlx')],
    ),
    'reject-publish-refuses-the-newest': prove(
      { trigger: 'overflow', 'x-overflow': 'reject-publish' },
      (m) => dead(m, 0) && m['refused'] === COUNT - LENGTH_MAX,
      [changed('x-overflow', 'drop-head'), changed('x-overflow', 'reject-publish-dlx')],
    ),
    'reject-publish-dlx-does-both': prove(
      { trigger: 'overflow', 'x-overflow': 'reject-publish-dlx' },
      (m) => m['newestIsDead'] === 1 && m['refused'] === COUNT - LENGTH_MAX,
      [changed('x-overflow', 'drop-head'), changed('x-overflow', 'reject-publish')],
    ),
    'a-missing-exchange-loses-them': prove(
      { 'x-dead-letter-exchange': 'missing' },
      (m) => m['gone'] === COUNT,
      [changed('x-dead-letter-exchange', DLX)],
    ),
    'a-missing-binding-loses-them': prove(
      { 'x-dead-letter-routing-key': 'its own' },
      (m) => m['gone'] === COUNT,
      [changed('x-dead-letter-routing-key', DEAD)],
    ),
    'the-default-exchange-will-do': prove(
      { 'x-dead-letter-exchange': '""' },
      (m) => dead(m, COUNT),
      [changed('x-dead-letter-exchange', 'missing')],
    ),
    'a-cycle-without-a-rejection-ends': prove(
      { trigger: 'expire', cycle: 'expire back' },
      (m) => m['gone'] === COUNT,
      [changed('cycle', 'none')],
    ),
    'last-death-since-3-13': proveSince('3.13', {}, (m) => m['namesLastDeath'] === 1),
  },
});
