/**
 * Dead letters are lost on their way: the queue that they go to is full for a while, and the queue
 * in which they died has dropped them already. At most once, the default.
 *
 * Three confirmed messages are rejected. The queue of dead letters takes one and refuses two; then
 * somebody empties it. At least once, the two are still there and are published again.
 */
import { judgeQueues } from '#engine/lab/check/queue-delivery.ts';
import { experiment, prove, proveSince, choice } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { onRaft } from '#engine/lab/rabbitmq-quorum.ts';
import type { QuorumQueue } from '#engine/rabbitmq/quorum/quorum-queue.ts';
import type { RabbitFifo } from '#engine/rabbitmq/quorum/rabbit-fifo.ts';
import { confirmed, declared, nodesStart, persistentTo, published } from '../rabbitmq-story.ts';

const QUEUE = 'orders';
const DEAD = 'dead';
const PUBLISHER = 'publisher-1';
const CONSUMER = 'consumer-1';
const READER = 'reader-1';
const COUNT = 3;
const ROOM = 1;
/** Longer than the three minutes after which a refused dead letter is published again. */
const READ_MAX_MS = 400_000;

interface World {
  readonly rabbit: RabbitCluster;
  readonly asksAtLeastOnce: boolean;
}

/** Messages that died in the queue, and those of them that are still in it, as its leader says. */
function dead(rabbit: RabbitCluster): { readonly died: number; readonly held: number } {
  const queue = rabbit.node()?.vhosts.get('/')?.queues.get(QUEUE);
  const server = queue?.type === 'quorum' ? (queue as QuorumQueue).server : undefined;
  if (server === undefined) return { died: 0, held: 0 };
  const machine = server.machine as RabbitFifo;
  return { died: machine.gone.rejected, held: machine.discardCount };
}

const queueArguments = (asksAtLeastOnce: boolean) => ({
  ...{ 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' },
  ...{ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': DEAD },
  ...(asksAtLeastOnce ? { 'x-dead-letter-strategy': 'at-least-once' } : {}),
});

const loses = (measures: Measures) =>
  measures['confirmed'] === COUNT && measures['lost'] === COUNT - ROOM;
const keepsAll = (measures: Measures) =>
  measures['confirmed'] === COUNT && measures['lost'] === 0 && measures['read'] === COUNT;

export default experiment({
  id: 'dead-letter-lost-in-transit',
  breaks: 'R9',
  knobs: {
    quirk: choice(['by-release', 'on', 'off'], 'on', {
      en: 'On: dead letters at most once; off: at least once; or the best that the release has.',
      zh: '打开：死信至多一次；关闭：至少一次；或者取所选版本的最好做法。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    const { profile, quirk } = knobs;
    const quirks = quirk === 'off' ? { deadLetterStrategies: true } : {};
    const rabbit = new RabbitCluster(lab, { ...onRaft, nodes: 3, profile, quirks });
    lab.invariant('R9', 'always', () => {
      const { died, held } = dead(rabbit);
      const arrived = rabbit.queue(DEAD)?.published ?? 0;
      if (died - held <= arrived) return null;
      return `${died - held} dead letters have left ${QUEUE}, and ${DEAD} has taken ${arrived}`;
    });
    const { deadLetterStrategies } = rabbit.profile.switches;
    return { rabbit, asksAtLeastOnce: quirk !== 'on' && deadLetterStrategies };
  },

  steps: [
    nodesStart(3),
    declared<World>(
      { en: 'A queue, and one for its dead letters', zh: '一个队列，一个死信队列' },
      ({ rabbit, asksAtLeastOnce }) => {
        const room = { 'x-max-length': ROOM, 'x-overflow': 'reject-publish' };
        rabbit.declare({
          queues: [
            { queue: DEAD, durable: true, arguments: room },
            { queue: QUEUE, durable: true, arguments: queueArguments(asksAtLeastOnce) },
          ],
        });
        rabbit.addPublisher(PUBLISHER);
      },
    ),
    published<World>({ en: 'Three messages are confirmed', zh: '三条消息得到确认' }, ({ rabbit }) =>
      rabbit.publish(PUBLISHER, persistentTo(QUEUE, COUNT)),
    ),
    {
      id: 'reject',
      title: { en: 'A consumer rejects them', zh: '消费者拒绝了它们' },
      do: ({ rabbit }) => rabbit.addConsumer(CONSUMER, QUEUE, { decide: () => 'reject' }),
      until: ({ rabbit }) => dead(rabbit).died === COUNT && rabbit.queue(DEAD)?.ready === ROOM,
      timeLimitMs: 30_000,
    },
    {
      id: 'empty-it',
      title: { en: 'The dead letters are read', zh: '读走死信' },
      do: ({ rabbit }) => rabbit.addConsumer(READER, DEAD, {}),
      until: ({ rabbit }) =>
        dead(rabbit).held === 0 && rabbit.processed.length === rabbit.queue(DEAD)?.published,
      timeLimitMs: READ_MAX_MS,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ history }) {
    const read = history.delivered.filter(({ consumer }) => consumer === READER).length;
    return {
      confirmed: confirmed({ history }).length,
      read,
      lost: judgeQueues(history).lost.length,
    };
  },

  proofs: {
    'the-bug-shows': prove({ quirk: 'on' }, loses, [
      { name: 'the quirk is off', knobs: { quirk: 'off' } },
    ]),
    'at-least-once-keeps': prove({ quirk: 'off' }, keepsAll, [
      { name: 'the quirk is on', knobs: { quirk: 'on' } },
    ]),
    'kept-since-3-10': proveSince('3.10', { quirk: 'by-release' }, keepsAll),
  },
});
