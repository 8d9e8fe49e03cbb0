/** Who is delivered what: turns, prefetch, priorities, exclusive and single active consumers. */
import type { PlainTable, Scenario, Step } from '../scenario.ts';

const queue = (args: PlainTable = {}): Step => [
  '1a',
  'queue.declare',
  { queue: 'q', arguments: args },
];
const publish = (...bodies: string[]): readonly Step[] =>
  bodies.map((body): Step => ['1a', 'basic.publish', { key: 'q', body }]);
const consume = (channel: string, tag: string, more: object = {}): Step => [
  channel,
  'basic.consume',
  { queue: 'q', tag, ...more },
];
const count: Step = ['1a', 'queue.declare', { queue: 'q', passive: true }];

export const consumers: readonly Scenario[] = [
  {
    name: 'consumers are served in turn',
    steps: [
      queue(),
      consume('1b', 'c1'),
      consume('1c', 'c2'),
      consume('1c', 'c3'),
      ...publish('m1', 'm2', 'm3', 'm4'),
      ['1c', 'basic.cancel', { tag: 'c2' }],
      ...publish('m5', 'm6', 'm7'),
      count,
    ],
  },
  {
    name: 'a backlog goes to the first consumer, in order',
    steps: [queue(), ...publish('m1', 'm2', 'm3'), consume('1b', 'c1'), consume('1b', 'c2'), count],
  },
  {
    name: 'prefetch limits each consumer that begins after it',
    steps: [
      queue(),
      ...publish('m1', 'm2', 'm3', 'm4', 'm5', 'm6'),
      ['1b', 'basic.qos', { count: 2 }],
      consume('1b', 'c1'),
      ['1b', 'basic.qos', { count: 1 }],
      consume('1b', 'c2'),
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'basic.ack', { tag: 3 }],
      ['1b', 'basic.nack', { tag: 2, requeue: true }],
      count,
    ],
  },
  {
    name: 'prefetch does not limit what is not acknowledged, nor basic.get',
    steps: [
      queue(),
      ...publish('m1', 'm2', 'm3', 'm4'),
      ['1b', 'basic.qos', { count: 1 }],
      ['1b', 'basic.get', { queue: 'q' }],
      consume('1b', 'c1', { noAck: true }),
      ...publish('m5'),
      count,
    ],
  },
  {
    name: 'a global prefetch limits the channel',
    steps: [
      queue(),
      ...publish('m1', 'm2', 'm3', 'm4', 'm5', 'm6'),
      ['1b', 'basic.qos', { count: 2, global: true }],
      consume('1b', 'c1'),
      consume('1b', 'c2'),
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'basic.qos', { count: 4, global: true }],
      ['1b', 'basic.ack', { tag: 2, multiple: true }],
      count,
      ['1b', 'basic.qos', { count: 0, global: true }],
      ...publish('m7', 'm8'),
    ],
  },
  {
    name: 'a global prefetch does not count what is not acknowledged, but holds it back',
    steps: [
      queue(),
      ['1b', 'basic.qos', { count: 2, global: true }],
      consume('1b', 'c1', { noAck: true }),
      ...publish('m1', 'm2', 'm3'),
      consume('1b', 'c2'),
      ...publish('m4', 'm5', 'm6', 'm7', 'm8', 'm9'),
      count,
      ['1b', 'basic.ack', { tag: 0, multiple: true }],
      count,
    ],
  },
  {
    name: 'both prefetches hold together',
    steps: [
      queue(),
      ...publish('m1', 'm2', 'm3', 'm4', 'm5', 'm6'),
      ['1b', 'basic.qos', { count: 3, global: true }],
      ['1b', 'basic.qos', { count: 2, global: false }],
      ['1b', 'basic.qos', { count: 3, global: true }],
      consume('1b', 'c1'),
      consume('1b', 'c2'),
      ['1b', 'basic.ack', { tag: 1 }],
      count,
    ],
  },
  {
    name: 'consumers of a higher priority are served first, until they are busy',
    steps: [
      queue(),
      ['1b', 'basic.qos', { count: 1 }],
      consume('1b', 'low'),
      consume('1b', 'high', { arguments: { 'x-priority': 10 } }),
      consume('1b', 'lowest', { arguments: { 'x-priority': -5 } }),
      ...publish('m1', 'm2', 'm3', 'm4'),
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'basic.ack', { tag: 4 }],
      ...publish('m5'),
      consume('1b', 'odd', { arguments: { 'x-priority': 'high' } }),
    ],
  },
  {
    name: 'a single active consumer is followed by the next',
    steps: [
      queue({ 'x-single-active-consumer': true }),
      consume('1b', 'c1'),
      consume('1c', 'c2'),
      consume('1d', 'c3'),
      ...publish('m1', 'm2'),
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'basic.cancel', { tag: 'c1' }],
      ...publish('m3'),
      ['1c', 'channel.close', {}],
      ...publish('m4'),
      ['1b', 'basic.nack', { tag: 2 }],
      consume('1b', 'refused', { exclusive: true }),
    ],
  },
  {
    name: 'a single active consumer that is at its limit is not helped',
    steps: [
      queue({ 'x-single-active-consumer': true }),
      ['1b', 'basic.qos', { count: 1 }],
      consume('1b', 'c1'),
      consume('1c', 'c2'),
      ...publish('m1', 'm2', 'm3'),
      count,
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'channel.close', {}],
      count,
    ],
  },
  {
    name: 'a single active consumer that is cancelled leaves a backlog',
    steps: [
      queue({ 'x-single-active-consumer': true }),
      ['1b', 'basic.qos', { count: 1 }],
      consume('1b', 'c1'),
      consume('1c', 'c2'),
      ...publish('m1', 'm2', 'm3'),
      ['1b', 'basic.cancel', { tag: 'c1' }],
      count,
      ['1b', 'basic.ack', { tag: 1 }],
      ...publish('m4'),
    ],
  },
  {
    name: 'an exclusive consumer is alone',
    steps: [
      queue(),
      consume('1b', 'c1', { exclusive: true }),
      consume('1c', 'c2'),
      consume('1c', 'c3', { exclusive: true }),
      ['1b', 'basic.cancel', { tag: 'c1' }],
      consume('1c', 'c4'),
      consume('1d', 'c5', { exclusive: true }),
      ...publish('m1'),
    ],
  },
  {
    name: 'tags: the broker makes one up, and one is used once on a channel',
    steps: [
      queue(),
      consume('1b', ''),
      consume('1b', 'c'),
      consume('1c', 'c'),
      ['1b', 'basic.cancel', { tag: 'unknown' }],
      consume('1b', 'c'),
    ],
  },
  {
    name: 'consumers hear that their queue is gone, and may settle what they had',
    steps: [
      queue(),
      ...publish('m1', 'm2'),
      ['1b', 'basic.qos', { count: 1 }],
      consume('1b', 'c1'),
      ['1a', 'queue.delete', { queue: 'q' }],
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'basic.cancel', { tag: 'c1' }],
      ['1b', 'queue.declare', { queue: 'q', passive: true }],
    ],
  },
];
