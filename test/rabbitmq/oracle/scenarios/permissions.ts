/** Who may do what: permissions on names, the property user-id. */
import type { Scenario } from '../scenario.ts';

export const permissions: readonly Scenario[] = [
  {
    name: 'permissions to configure, write and read',
    users: {
      '2': { configure: '^mine', write: '^(mine|amq\\.default)', read: '^mine|^amq\\.fanout$' },
    },
    steps: [
      ['1a', 'queue.declare', { queue: 'other' }],
      ['1a', 'exchange.declare', { exchange: 'x', type: 'fanout' }],
      ['2a', 'queue.declare', { queue: 'mine' }],
      ['2a', 'queue.declare', { queue: 'yours' }],
      ['2a', 'queue.declare', { queue: 'other', passive: true }],
      ['2a', 'basic.publish', { key: 'other', body: 'by the default exchange' }],
      ['2a', 'basic.publish', { exchange: 'x', body: 'refused' }],
      ['2a', 'basic.get', { queue: 'other' }],
      ['2a', 'basic.consume', { queue: 'other', tag: 'c' }],
      ['2a', 'queue.purge', { queue: 'other' }],
      ['2a', 'queue.delete', { queue: 'other' }],
      ['2a', 'queue.bind', { queue: 'mine', exchange: 'amq.fanout' }],
      ['2a', 'queue.bind', { queue: 'mine', exchange: 'x' }],
      ['2a', 'queue.bind', { queue: 'other', exchange: 'amq.fanout' }],
      ['2a', 'exchange.declare', { exchange: 'y', type: 'fanout' }],
      ['2a', 'exchange.delete', { exchange: 'x' }],
      ['2a', 'queue.declare', { queue: 'mine2', arguments: { 'x-dead-letter-exchange': 'x' } }],
      [
        '2a',
        'exchange.declare',
        { exchange: 'mine', type: 'fanout', arguments: { 'alternate-exchange': 'x' } },
      ],
      ['2a', 'queue.delete', { queue: 'missing' }],
    ],
  },
  {
    name: 'an empty permission matches nothing',
    users: { '2': { configure: '', write: '.*', read: '.*' } },
    steps: [
      ['2a', 'queue.declare', { queue: 'q' }],
      ['2a', 'queue.declare', { queue: '' }],
      ['2a', 'basic.publish', { key: 'q', body: 'unroutable', mandatory: true }],
    ],
  },
  {
    name: 'the property user-id is the user’s own',
    steps: [
      ['1a', 'queue.declare', { queue: 'q' }],
      ['1a', 'basic.publish', { key: 'q', body: 'm', userId: 'guest' }],
      ['1a', 'basic.publish', { key: 'q', body: 'm', userId: 'root' }],
      ['1a', 'basic.get', { queue: 'q' }],
    ],
  },
];
