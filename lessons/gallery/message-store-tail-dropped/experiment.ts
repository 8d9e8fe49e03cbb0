/**
 * Compaction of a file of the message store cuts off a message that a queue still has.
 *
 * Compaction looks for messages octet by octet, since nothing says where one begins. Octets of a
 * message that is gone can read as the size of one that ends just behind the file. The search then
 * waits for more, finds the end of the file, and forgets what it has not looked at; the file is cut
 * behind the last message that was found. Here the property `timestamp` is such a number. Not here:
 * the octets of the file (`engine/rabbitmq/store/rdq-file.ts`).
 */
import { experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { judgeQueues } from '#engine/lab/check/queue-delivery.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { bugByRelease, confirmed, declared, nodesStart, published } from '../rabbitmq-story.ts';

const ORDERS = 'orders';
const ARCHIVE = 'archive';
const SHOP = 'shop';
const WORKER = 'worker';
/** The first and the last two messages stay; those between them are consumed. */
const [BEFORE, BETWEEN, BEHIND] = [1, 4, 2] as const;
const KEPT = BEFORE + BEHIND;
const COUNT = KEPT + BETWEEN;
const PADDING_BYTES = 5000;
/** Six messages fill a file. */
const FILE_BYTES = 30_000;
/** Read as a size in the second message, it ends less than nine octets before the file's end. */
const NUMBER = 25_240n;

interface World {
  readonly rabbit: RabbitCluster;
}

const persistent = { deliveryMode: 2 } as const;

const lostOne = (measures: Measures) =>
  measures['acknowledged'] === COUNT && measures['lost'] === 1;
const keepsAll = (measures: Measures) =>
  measures['acknowledged'] === COUNT && measures['lost'] === 0;

export default experiment({
  id: 'message-store-tail-dropped',
  breaks: 'R1',
  knobs: {
    quirk: bugByRelease,
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    const { profile, quirk } = knobs;
    const quirks = quirk === 'by-release' ? {} : { messageStoreScanDropsTail: quirk === 'on' };
    const rabbit = new RabbitCluster(lab, {
      ...{ profile, quirks, stores: { fileSizeLimit: FILE_BYTES } },
    });
    lab.invariant('R1', 'always', () => {
      const archive = rabbit.queue(ARCHIVE);
      const told = confirmed(lab);
      if (archive === null || told.length < COUNT) return null;
      const gone = archive.gone['acknowledged'] ?? 0;
      const there = archive.ready + archive.unacknowledged + gone;
      if (there >= KEPT) return null;
      return `${KEPT} messages of ${ARCHIVE} are confirmed, and it has ${there}`;
    });
    return { rabbit };
  },

  steps: [
    nodesStart(1),
    declared<World>({ en: 'Two durable queues', zh: '两个持久队列' }, ({ rabbit }) => {
      const queues = [ORDERS, ARCHIVE].map((queue) => ({ queue, durable: true }));
      rabbit.declare({ queues });
      rabbit.addPublisher(SHOP);
    }),
    published<World>(
      { en: 'Seven large messages are confirmed', zh: '七条大消息得到确认' },
      ({ rabbit }) => {
        const large = { paddingBytes: PADDING_BYTES, properties: persistent };
        rabbit.publish(SHOP, { ...large, routingKey: ARCHIVE, count: BEFORE });
        const properties = { ...persistent, timestamp: NUMBER };
        rabbit.publish(SHOP, { ...large, routingKey: ORDERS, count: BETWEEN, properties });
        rabbit.publish(SHOP, { ...large, routingKey: ARCHIVE, count: BEHIND });
      },
    ),
    {
      id: 'consume',
      title: { en: 'The orders are consumed', zh: '订单被消费' },
      do: ({ rabbit }) => rabbit.addConsumer(WORKER, ORDERS, {}),
      until: ({ rabbit }) => rabbit.queue(ORDERS)?.gone['acknowledged'] === BETWEEN,
      timeLimitMs: 30_000,
    },
    {
      id: 'compact',
      title: { en: 'Fifteen seconds later the file is compacted', zh: '十五秒后压缩文件' },
      until: () => false,
      timeLimitMs: 17_000,
    },
    {
      id: 'restart',
      title: { en: 'The node is stopped in good order', zh: '节点正常停止' },
      do: ({ rabbit }, lab) => lab.inject({ fault: 'stop', host: rabbit.nodeName(1) }),
      until: ({ rabbit }) => rabbit.node() === null,
      timeLimitMs: 60_000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ history }) {
    const { acknowledged, lost } = judgeQueues(history);
    return { acknowledged: acknowledged.length, lost: lost.length };
  },

  proofs: {
    'the-bug-shows': prove({ quirk: 'on' }, lostOne, [
      { name: 'the quirk is off', knobs: { quirk: 'off' } },
    ]),
    'green-without-it': prove({ quirk: 'off' }, keepsAll, [
      { name: 'the quirk is on', knobs: { quirk: 'on' } },
    ]),
    'kept-since-4-1': proveSince('4.1', { quirk: 'by-release' }, keepsAll),
  },
});
