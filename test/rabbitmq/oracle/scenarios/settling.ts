/** Acknowledging, refusing, returning: tags, order, redelivery, confirms. */
import type { Scenario, Step } from '../scenario.ts';

const queue: Step = ['1a', 'queue.declare', { queue: 'q' }];
const publish = (...bodies: string[]): readonly Step[] =>
  bodies.map((body): Step => ['1a', 'basic.publish', { key: 'q', body }]);
const get: Step = ['1b', 'basic.get', { queue: 'q' }];
const consume: Step = ['1b', 'basic.consume', { queue: 'q', tag: 'c' }];
const count: Step = ['1a', 'queue.declare', { queue: 'q', passive: true }];

export const settling: readonly Scenario[] = [
  {
    name: 'ack: one, several, all, and tags that are unknown',
    steps: [
      queue,
      ...publish('m1', 'm2', 'm3', 'm4', 'm5', 'm6'),
      consume,
      ['1b', 'basic.ack', { tag: 2 }],
      ['1b', 'basic.ack', { tag: 4, multiple: true }],
      count,
      ['1b', 'basic.ack', { tag: 0, multiple: true }],
      ['1b', 'basic.ack', { tag: 0, multiple: true }],
      ['1b', 'basic.ack', { tag: 4 }],
      count,
      ['1b', 'basic.ack', { tag: 1 }],
    ],
  },
  {
    name: 'ack of a tag twice closes the channel, and what is outstanding returns',
    steps: [
      queue,
      ...publish('m1', 'm2', 'm3'),
      get,
      get,
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'basic.ack', { tag: 1 }],
      count,
      get,
      get,
    ],
  },
  {
    name: 'ack with multiple of a tag that is settled closes the channel',
    steps: [
      queue,
      ...publish('m1', 'm2', 'm3'),
      consume,
      ['1b', 'basic.ack', { tag: 2 }],
      ['1b', 'basic.ack', { tag: 2, multiple: true }],
      count,
    ],
  },
  {
    name: 'ack of tag 0 without multiple closes the channel',
    steps: [queue, ...publish('m1'), consume, ['1b', 'basic.ack', { tag: 0 }], count],
  },
  {
    name: 'what is requeued has its old place',
    steps: [
      queue,
      ...publish('m1', 'm2', 'm3', 'm4', 'm5'),
      get,
      get,
      get,
      ['1b', 'basic.reject', { tag: 2, requeue: true }],
      ['1b', 'basic.nack', { tag: 3, requeue: true }],
      ['1b', 'basic.nack', { tag: 1, requeue: true }],
      get,
      get,
      get,
      get,
      get,
      get,
    ],
  },
  {
    name: 'nack with multiple requeues or discards',
    steps: [
      queue,
      ...publish('m1', 'm2', 'm3', 'm4'),
      get,
      get,
      get,
      get,
      ['1b', 'basic.nack', { tag: 2, multiple: true, requeue: false }],
      ['1b', 'basic.nack', { tag: 0, multiple: true, requeue: true }],
      count,
      get,
      get,
      get,
    ],
  },
  {
    name: 'a rejected message goes to the next consumer, in turn',
    steps: [
      queue,
      ['1b', 'basic.qos', { count: 1 }],
      consume,
      ['1c', 'basic.qos', { count: 1 }],
      ['1c', 'basic.consume', { queue: 'q', tag: 'd' }],
      ...publish('m1', 'm2', 'm3'),
      ['1b', 'basic.reject', { tag: 1, requeue: true }],
      ['1c', 'basic.reject', { tag: 1, requeue: true }],
      count,
    ],
  },
  {
    name: 'recover requeues all that the channel has',
    steps: [
      queue,
      ...publish('m1', 'm2', 'm3'),
      get,
      get,
      ['1b', 'basic.recover', {}],
      get,
      consume,
      ['1b', 'basic.recover', {}],
      count,
    ],
  },
  {
    name: 'a closed channel returns what it had, in order and redelivered',
    steps: [
      queue,
      ...publish('m1', 'm2', 'm3'),
      consume,
      ['1b', 'basic.ack', { tag: 2 }],
      ['1b', 'channel.close', {}],
      count,
      get,
      get,
      get,
    ],
  },
  {
    name: 'a cancelled consumer keeps what it was delivered',
    steps: [
      queue,
      ...publish('m1', 'm2'),
      consume,
      ['1b', 'basic.cancel', { tag: 'c' }],
      ...publish('m3'),
      count,
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'basic.nack', { tag: 2 }],
      get,
      get,
    ],
  },
  {
    name: 'purge removes what is ready, not what is unacknowledged',
    steps: [
      queue,
      ...publish('m1', 'm2', 'm3'),
      get,
      ['1a', 'queue.purge', { queue: 'q' }],
      count,
      ['1b', 'basic.nack', { tag: 1 }],
      get,
    ],
  },
  {
    name: 'confirms: routed, unroutable, returned, refused',
    steps: [
      ['1b', 'confirm.select', {}],
      [
        '1a',
        'queue.declare',
        { queue: 'q', arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } },
      ],
      ['1b', 'basic.publish', { key: 'q', body: 'taken' }],
      ['1b', 'basic.publish', { key: 'q', body: 'refused' }],
      ['1b', 'basic.publish', { key: 'nobody', body: 'unroutable' }],
      ['1b', 'basic.publish', { key: 'nobody', body: 'returned', mandatory: true }],
      ['1a', 'queue.declare', { queue: 'q2', durable: true }],
      ['1a', 'queue.bind', { queue: 'q', exchange: 'amq.fanout' }],
      ['1a', 'queue.bind', { queue: 'q2', exchange: 'amq.fanout' }],
      ['1b', 'basic.publish', { exchange: 'amq.fanout', body: 'one of two', persistent: true }],
      count,
      ['1a', 'queue.declare', { queue: 'q2', passive: true }],
    ],
  },
];
