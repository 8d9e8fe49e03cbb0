/**
 * What does a declaration say, and to whom? One connection declares a queue, another declares it
 * again in a way that the reader chooses; then the queue's fate when consumers, connections and
 * time go by.
 */
import { changed, choice, experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { nodeStarts } from '../story.ts';

const QUEUE = 'orders';
const OWNER = 'client-1';
const OTHER = 'client-2';
const PUBLISHER = 'publisher-1';
const CONSUMER = 'consumer-1';
const IDLE_MS = 500;
const COUNT = 6;
const LENGTH_MAX = 4;

const AGAIN = [
  'the same',
  'not durable',
  'another argument',
  'passive',
  'passive, absent',
] as const;
const KINDS = ['durable', 'transient', 'exclusive', 'auto-delete', 'x-expires'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly kind: (typeof KINDS)[number];
  readonly again: (typeof AGAIN)[number];
  readonly overflow: string;
  readonly consumed: boolean;
  /** Whether the queue is there when its last consumer and its owner's connection are gone. */
  thereWithoutConsumers: boolean;
  thereWithoutOwner: boolean;
}

/** What is neither durable nor exclusive is refused by the newest release. */
const isDurable = (kind: World['kind']): boolean => kind !== 'transient' && kind !== 'exclusive';

const argumentsOf = ({ kind, overflow }: World) => ({
  ...(kind === 'x-expires' ? { 'x-expires': IDLE_MS } : {}),
  'x-max-length': LENGTH_MAX,
  'x-overflow': overflow,
});

function declare(world: World): void {
  const { rabbit, kind } = world;
  rabbit.addClient(OWNER);
  rabbit.call(OWNER, 'queue.declare', {
    queue: QUEUE,
    durable: isDurable(kind),
    exclusive: kind === 'exclusive',
    autoDelete: kind === 'auto-delete',
    arguments: argumentsOf(world),
  });
}

function declareAgain(world: World): void {
  const { rabbit, kind, again } = world;
  const durable = isDurable(kind);
  const same = { queue: QUEUE, durable, autoDelete: kind === 'auto-delete' };
  const args = argumentsOf(world);
  rabbit.addClient(OTHER);
  if (again === 'passive' || again === 'passive, absent') {
    const queue = again === 'passive' ? QUEUE : 'absent';
    rabbit.call(OTHER, 'queue.declare', { queue, passive: true });
  } else {
    rabbit.call(OTHER, 'queue.declare', {
      ...same,
      durable: again === 'not durable' ? !durable : durable,
      arguments: again === 'another argument' ? { ...args, 'x-max-length': 9 } : args,
    });
  }
}

/** A reply code; 0: ok; -1: never asked. */
function codeOf({ rabbit }: World, place: number): number {
  const outcome = rabbit.calls.at(place)?.outcome;
  if (outcome === undefined || outcome === null) return -1;
  return outcome === 'ok' ? 0 : Number(outcome.slice(0, 3));
}

const says = (code: number) => (measures: Measures) => measures['declaredAgain'] === code;

export default experiment({
  id: 'declaring-queues',
  knobs: {
    queue: choice(KINDS, 'durable', {
      en: 'What kind of queue is declared.',
      zh: '声明的是哪一种队列。',
    }),
    again: choice(AGAIN, 'the same', {
      en: 'How another connection declares it again.',
      zh: '另一个连接怎样再次声明它。',
    }),
    'x-overflow': choice(['drop-head', 'reject-publish'], 'drop-head', {
      en: 'What the queue does when it is full.',
      zh: '队列满了以后怎么办。',
    }),
    consumer: choice(['one', 'none'], 'one', {
      en: 'Whether anybody ever consumed from it.',
      zh: '是否有人消费过它。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, { profile: knobs.profile }),
      kind: knobs.queue,
      again: knobs.again,
      overflow: knobs['x-overflow'],
      consumed: knobs.consumer === 'one',
      ...{ thereWithoutConsumers: false, thereWithoutOwner: false },
    };
  },

  steps: [
    nodeStarts,
    {
      id: 'declare',
      title: { en: 'A queue is declared', zh: '声明一个队列' },
      do: declare,
      until: (world) => codeOf(world, 0) >= 0,
      timeLimitMs: 10_000,
    },
    {
      id: 'again',
      title: { en: 'Another connection declares it, too', zh: '另一个连接也来声明' },
      do: declareAgain,
      until: (world) => codeOf(world, 1) >= 0,
      timeLimitMs: 10_000,
    },
    {
      id: 'publish',
      title: { en: 'Six messages into a queue for four', zh: '六条消息，队列只容四条' },
      do: ({ rabbit }) => {
        rabbit.addPublisher(PUBLISHER);
        rabbit.publish(PUBLISHER, { routingKey: QUEUE, count: COUNT });
      },
      until: ({ rabbit }) => rabbit.allTold,
      timeLimitMs: 10_000,
    },
    {
      id: 'consumer',
      title: { en: 'A consumer comes and goes', zh: '一个消费者来了又走' },
      do: ({ rabbit, consumed }, lab) => {
        if (!consumed || rabbit.queue(QUEUE) === null) return;
        rabbit.addConsumer(CONSUMER, QUEUE, { decide: () => 'requeue', prefetch: 1 });
        lab.when(
          () => lab.history.delivered.length > 0,
          () => rabbit.cancel(CONSUMER),
        );
      },
      until: () => false,
      timeLimitMs: 100,
    },
    {
      id: 'owner-goes',
      title: { en: 'Who declared it hangs up', zh: '声明它的连接断开' },
      do: (world) => {
        world.thereWithoutConsumers = world.rabbit.queue(QUEUE) !== null;
        world.rabbit.disconnect(OWNER);
      },
      until: (world) => {
        world.thereWithoutOwner = world.rabbit.queue(QUEUE) !== null;
        return false;
      },
      timeLimitMs: IDLE_MS + 300,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world, history }) {
    return {
      declared: codeOf(world, 0),
      declaredAgain: codeOf(world, 1),
      kept: (history.final ?? []).length,
      newestKept: (history.final ?? []).some(({ id }) => id === `m${COUNT}`) ? 1 : 0,
      refused: history.sent.filter(({ outcome }) => outcome === 'refused').length,
      thereWithoutConsumers: world.thereWithoutConsumers ? 1 : 0,
      thereWithoutItsOwner: world.thereWithoutOwner ? 1 : 0,
    };
  },

  proofs: {
    'the-same-again-is-fine': prove({}, says(0), [
      changed('again', 'not durable'),
      changed('queue', 'exclusive'),
    ]),
    'another-property-is-406': prove({ again: 'not durable' }, says(406), [
      changed('again', 'the same'),
    ]),
    'another-argument-is-406': prove({ again: 'another argument' }, says(406), [
      changed('again', 'the same'),
    ]),
    'passive-only-looks': prove({ again: 'passive' }, says(0), [
      changed('again', 'passive, absent'),
    ]),
    'passive-of-nothing-is-404': prove({ again: 'passive, absent' }, says(404), [
      changed('again', 'passive'),
    ]),
    'exclusive-is-405-to-others': prove({ queue: 'exclusive' }, says(405), [
      changed('queue', 'durable'),
    ]),
    'exclusive-goes-with-its-connection': prove(
      { queue: 'exclusive' },
      (m) => m['thereWithoutConsumers'] === 1 && m['thereWithoutItsOwner'] === 0,
      [changed('queue', 'durable')],
      'owner-goes',
    ),
    'auto-delete-goes-with-its-last-consumer': prove(
      { queue: 'auto-delete', again: 'the same' },
      (m) => m['thereWithoutConsumers'] === 0,
      [changed('consumer', 'none'), changed('queue', 'durable')],
      'owner-goes',
    ),
    'auto-delete-stays-without-a-first-consumer': prove(
      { queue: 'auto-delete', consumer: 'none' },
      (m) => m['thereWithoutItsOwner'] === 1,
      [changed('consumer', 'one')],
      'owner-goes',
    ),
    'an-unused-queue-expires': prove(
      { queue: 'x-expires' },
      (m) => m['thereWithoutConsumers'] === 1 && m['thereWithoutItsOwner'] === 0,
      [changed('queue', 'durable')],
      'owner-goes',
    ),
    'the-oldest-go-first': prove(
      {},
      (m) => m['kept'] === LENGTH_MAX && m['newestKept'] === 1,
      [changed('x-overflow', 'reject-publish')],
      'publish',
    ),
    'or-the-newest-are-refused': prove(
      { 'x-overflow': 'reject-publish' },
      (m) => m['refused'] === COUNT - LENGTH_MAX && m['newestKept'] === 0,
      [changed('x-overflow', 'drop-head')],
      'publish',
    ),
    'transient-and-shared-is-refused-since-4-3': proveSince(
      '4.3',
      { queue: 'transient' },
      (m) => m['declared'] === 541,
    ),
  },
});
