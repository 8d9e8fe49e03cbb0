/**
 * How late does a delayed message come? Nobody consumes from a holding queue; what expires there is
 * dead-lettered to the queue of work. Three messages want different delays, the longest is
 * published first, and a worker notes when each arrives.
 */
import { changed, choice, experiment, prove } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import type { Topology } from '#engine/lab/rabbitmq-options.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { declared, nodeStarts } from '../story.ts';

const WORK = 'work';
const HOLDING = 'holding';
const PUBLISHER = 'publisher-1';
const WORKER = 'worker-1';
const THIEF = 'worker-2';
/** In the order of publication. */
const DELAYS_MS = [3000, 1000, 2000] as const;
const QUEUE_TTL_MS = 1500;
/** A message is on its way so long at most, besides its delay. */
const ON_TIME_MS = 20;
const MICROS_PER_MS = 1000;

const HOLDINGS = ['one queue', 'a queue for each delay'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly holding: (typeof HOLDINGS)[number];
  readonly ttl: string;
  readonly consumed: boolean;
  publishedAt: number;
  /** By history id: when it was due, and when it came, in microseconds. */
  readonly due: Map<string, number>;
  readonly came: Map<string, number>;
}

const holdingOf = ({ holding }: World, delayMs: number): string =>
  holding === 'one queue' ? HOLDING : `${HOLDING}-${delayMs}`;

function topology(world: World): Topology {
  const names = [...new Set(DELAYS_MS.map((delay) => holdingOf(world, delay)))];
  const back = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': WORK };
  const ttl = world.ttl === 'message' ? {} : { 'x-message-ttl': QUEUE_TTL_MS };
  return {
    queues: [
      { queue: WORK, durable: true },
      ...names.map((queue) => ({ queue, durable: true, arguments: { ...back, ...ttl } })),
    ],
  };
}

function publish(world: World, lab: Lab): void {
  const { rabbit, ttl } = world;
  world.publishedAt = lab.now;
  for (const [place, delay] of DELAYS_MS.entries()) {
    const wanted = ttl === 'queue' ? QUEUE_TTL_MS : delay;
    const real = ttl === 'both' ? Math.min(delay, QUEUE_TTL_MS) : wanted;
    world.due.set(`m${place + 1}`, lab.now + real * MICROS_PER_MS);
    const properties = ttl === 'queue' ? {} : { expiration: `${delay}` };
    rabbit.publish(PUBLISHER, { routingKey: holdingOf(world, delay), properties });
  }
}

/** Milliseconds by which each message came after its time; of one that did not come, a minute. */
function lateness({ due, came }: World, place: number): number {
  const id = `m${place + 1}`;
  const [wanted, at] = [due.get(id), came.get(id)];
  if (wanted === undefined || at === undefined) return 60_000;
  return Math.floor((at - wanted) / MICROS_PER_MS);
}

const onTime = (measures: Measures, name: string): boolean =>
  measures[name]! >= 0 && measures[name]! <= ON_TIME_MS;

export default experiment({
  id: 'delayed-messages',
  knobs: {
    ttl: choice(['message', 'queue', 'both'], 'message', {
      en: 'Who has a time to live: each message, the queue, or both.',
      zh: '存活时间设在每条消息上、队列上，还是两处都设。',
    }),
    holding: choice(HOLDINGS, 'one queue', {
      en: 'Where messages wait.',
      zh: '消息在哪里等待。',
    }),
    'holding-consumer': choice(['none', 'a worker'], 'none', {
      en: 'Who consumes from the holding queue.',
      zh: '谁在消费等待队列。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, { profile: knobs.profile }),
      holding: knobs.holding,
      ttl: knobs.ttl,
      consumed: knobs['holding-consumer'] === 'a worker',
      ...{ publishedAt: 0, due: new Map(), came: new Map() },
    };
  },

  steps: [
    nodeStarts,
    declared<World>(
      { en: 'A queue to wait in, a queue to work on', zh: '一个等待队列，一个工作队列' },
      topology,
      ({ rabbit }) => rabbit.addPublisher(PUBLISHER),
    ),
    {
      id: 'worker',
      title: { en: 'A worker waits for work', zh: '一个消费者等着干活' },
      do: (world, lab) => {
        const note = {
          decide: ({ id }: { readonly id: string }) => {
            world.came.set(id, lab.now);
            return 'ack' as const;
          },
        };
        world.rabbit.addConsumer(WORKER, WORK, note);
        if (world.consumed) world.rabbit.addConsumer(THIEF, holdingOf(world, 3000), note);
      },
      until: ({ rabbit }) => rabbit.queue(WORK)?.consumers === 1,
      timeLimitMs: 10_000,
    },
    {
      id: 'publish',
      title: { en: 'Three delays, the longest first', zh: '三个延迟，最长的先发' },
      do: publish,
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'one-second',
      title: { en: 'One second later', zh: '一秒之后' },
      do: () => {},
      until: () => false,
      timeLimitMs: 1100,
    },
    {
      id: 'two-seconds',
      title: { en: 'Two seconds later', zh: '两秒之后' },
      do: () => {},
      until: () => false,
      timeLimitMs: 1000,
    },
    {
      id: 'three-seconds',
      title: { en: 'Three seconds later', zh: '三秒之后' },
      do: () => {},
      until: () => false,
      timeLimitMs: 1000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world, history }) {
    return {
      processed: history.delivered.length,
      threeSecondsLateBy: lateness(world, 0),
      oneSecondLateBy: lateness(world, 1),
      twoSecondsLateBy: lateness(world, 2),
      reordered: history.delivered[0]?.id === 'm1' ? 1 : 0,
    };
  },

  proofs: {
    'expired-but-behind-a-live-head': prove(
      {},
      (m) => onTime(m, 'threeSecondsLateBy') && m['oneSecondLateBy']! > 1900,
      [changed('holding', 'a queue for each delay'), changed('ttl', 'queue')],
      'one-second',
    ),
    'one-delay-a-queue-is-on-time': prove(
      { holding: 'a queue for each delay' },
      (m) =>
        onTime(m, 'oneSecondLateBy') &&
        onTime(m, 'twoSecondsLateBy') &&
        onTime(m, 'threeSecondsLateBy'),
      [changed('holding', 'one queue')],
      'one-second',
    ),
    'the-smaller-of-two-ttls': prove(
      { ttl: 'both', holding: 'a queue for each delay' },
      (m) =>
        onTime(m, 'threeSecondsLateBy') && onTime(m, 'oneSecondLateBy') && m['reordered'] === 0,
      [changed('holding', 'one queue')],
      'two-seconds',
    ),
    'a-queue-ttl-is-the-same-for-all': prove(
      { ttl: 'queue' },
      (m) => onTime(m, 'oneSecondLateBy') && onTime(m, 'threeSecondsLateBy'),
      [changed('ttl', 'message'), changed('holding-consumer', 'a worker')],
      'two-seconds',
    ),
    'a-consumer-of-the-holding-queue-takes-it-at-once': prove(
      { 'holding-consumer': 'a worker' },
      (m) => m['threeSecondsLateBy']! < -2900,
      [changed('holding-consumer', 'none')],
      'publish',
    ),
  },
});
