/** tx.select: what a commit brings and a rollback leaves. */
import type { Scenario, Step } from '../scenario.ts';

const queue: Step = ['1a', 'queue.declare', { queue: 'q' }];
const count: Step = ['1b', 'queue.declare', { queue: 'q', passive: true }];
const get: Step = ['1a', 'basic.get', { queue: 'q' }];
const publish = (body: string, more: object = {}): Step => [
  '1a',
  'basic.publish',
  { key: 'q', body, ...more },
];

export const transactions: readonly Scenario[] = [
  {
    name: 'a transaction’s publishes are seen at its commit, and forgotten at its rollback',
    steps: [
      queue,
      ['1a', 'tx.select', {}],
      publish('m1'),
      publish('returned', { key: 'nobody', mandatory: true }),
      count,
      ['1a', 'tx.commit', {}],
      count,
      publish('m2'),
      ['1a', 'tx.rollback', {}],
      ['1a', 'tx.commit', {}],
      count,
      publish('m3'),
      ['1a', 'channel.close', {}],
      count,
    ],
  },
  {
    name: 'a transaction’s acks count at its commit, and its rollback takes them back',
    steps: [
      queue,
      publish('m1'),
      publish('m2'),
      publish('m3'),
      ['1a', 'tx.select', {}],
      get,
      get,
      ['1a', 'basic.ack', { tag: 1 }],
      ['1a', 'basic.nack', { tag: 2, requeue: true }],
      count,
      ['1a', 'tx.rollback', {}],
      count,
      ['1a', 'basic.ack', { tag: 1 }],
      ['1a', 'basic.nack', { tag: 2, requeue: true }],
      ['1a', 'tx.commit', {}],
      count,
      get,
      ['1a', 'basic.ack', { tag: 3 }],
      ['1a', 'channel.close', {}],
      count,
    ],
  },
  {
    name: 'a publish that a queue refuses fails the commit, and the rest is done',
    steps: [
      [
        '1a',
        'queue.declare',
        { queue: 'q', arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } },
      ],
      ['1a', 'tx.select', {}],
      publish('m1'),
      publish('m2'),
      ['1a', 'tx.commit', {}],
      count,
    ],
  },
];
