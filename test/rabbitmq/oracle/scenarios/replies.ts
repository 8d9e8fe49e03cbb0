/** Direct reply-to: requests that are answered without a queue for the answers. */
import { REPLY_TO, type Scenario, type Step } from '../scenario.ts';

const PSEUDO_QUEUE = 'amq.rabbitmq.reply-to';
const queue: Step = ['1s', 'queue.declare', { queue: 'q' }];
const wait: Step = ['1c', 'basic.consume', { queue: PSEUDO_QUEUE, tag: 'c', noAck: true }];
const ask: Step = ['1c', 'basic.publish', { key: 'q', body: 'question', replyTo: PSEUDO_QUEUE }];
const take: Step = ['2s', 'basic.get', { queue: 'q', noAck: true }];
const answer = (more: object = {}): Step => [
  '2s',
  'basic.publish',
  { key: REPLY_TO, body: 'answer', ...more },
];

export const replies: readonly Scenario[] = [
  {
    name: 'a direct reply reaches the channel that asked',
    steps: [queue, wait, ask, take, answer(), answer({ headers: { n: 1 } }), ask, take, answer()],
  },
  {
    name: 'a direct reply with mandatory comes back, and is delivered all the same',
    steps: [queue, wait, ask, take, answer({ mandatory: true })],
  },
  {
    name: 'a direct reply is confirmed, whether somebody waits or not',
    steps: [
      ['2s', 'confirm.select', {}],
      ...[queue, wait, ask, take, answer()],
      ['1c', 'channel.close', {}],
      answer(),
      answer({ mandatory: true }),
    ],
  },
  {
    name: 'a direct reply in a transaction does not wait for the commit',
    steps: [
      ['2s', 'tx.select', {}],
      ...[queue, wait, ask, take, answer()],
      ['2s', 'tx.rollback', {}],
    ],
  },
  {
    name: 'whether somebody waits for a direct reply is told by queue.declare',
    steps: [
      ...[queue, wait, ask, take],
      ['2s', 'queue.declare', { queue: REPLY_TO, passive: true }],
      ['2s', 'queue.declare', { queue: PSEUDO_QUEUE, passive: true }],
      ['1c', 'basic.cancel', { tag: 'c' }],
      answer(),
      ['2s', 'queue.declare', { queue: REPLY_TO, passive: true }],
    ],
  },
  {
    name: 'who waits for direct replies does not acknowledge, and waits once',
    steps: [
      ['1c', 'basic.consume', { queue: PSEUDO_QUEUE, tag: 'c' }],
      ...[queue, wait],
      ['1c', 'basic.consume', { queue: PSEUDO_QUEUE, tag: 'd', noAck: true }],
    ],
  },
  {
    name: 'a request for a direct reply before anybody waits is refused',
    steps: [queue, ask],
  },
  {
    name: 'a direct reply shows the next delivery tag, and leaves it to the next delivery',
    steps: [
      queue,
      wait,
      ['1c', 'basic.consume', { queue: 'q', tag: 'own' }],
      ask,
      ['2s', 'basic.publish', { key: REPLY_TO, body: 'answer' }],
      ask,
      ['1c', 'basic.ack', { tag: 3, multiple: true }],
    ],
  },
];
