/** Streams: what they take and refuse, where consumers begin, credit, and reading again. */
import type { PlainTable, Scenario, Step } from '../scenario.ts';

const declare = (more: PlainTable = {}, options: object = {}, queue = 's'): Step => [
  '1a',
  'queue.declare',
  { queue, durable: true, ...options, arguments: { 'x-queue-type': 'stream', ...more } },
];
const publish = (...bodies: string[]): readonly Step[] =>
  bodies.map((body): Step => ['1a', 'basic.publish', { key: 's', body }]);
const qos = (channel: string, count: number): Step => [channel, 'basic.qos', { count }];
const consume = (channel: string, tag: string, offset?: unknown, more: object = {}): Step =>
  [
    channel,
    'basic.consume',
    {
      queue: 's',
      tag,
      ...(offset === undefined ? {} : { arguments: { 'x-stream-offset': offset } }),
      ...more,
    },
  ] as Step;
const confirms: Step = ['1a', 'confirm.select', {}];
const count: Step = ['1a', 'queue.declare', { queue: 's', passive: true }];

export const streams: readonly Scenario[] = [
  {
    name: 'streams: a declaration that is refused',
    steps: [
      declare({}, { durable: false }),
      declare({}, { autoDelete: true }),
      declare({}, { exclusive: true }),
      declare({ 'x-message-ttl': 1000 }),
      declare({ 'x-max-length': 10 }),
      declare({ 'x-max-age': '3X' }),
      declare({ 'x-max-age': 3 }),
      declare({ 'x-stream-max-segment-size-bytes': -1 }),
      declare({ 'x-stream-max-segment-size-bytes': 4_000_000_000 }),
      declare({ 'x-queue-leader-locator': 'nowhere' }),
      declare({ 'x-initial-cluster-size': 0 }),
      declare({ 'x-single-active-consumer': true }),
      declare({ 'x-dead-letter-exchange': 'd' }),
      declare({}, {}, ''),
    ],
  },
  {
    name: 'streams: a declaration that is taken, and again',
    steps: [
      declare({ 'x-max-age': '7D', 'x-max-length-bytes': 1_000_000 }),
      declare({ 'x-max-age': '7D', 'x-max-length-bytes': 1_000_000 }),
      declare({ 'x-max-age': '8D', 'x-max-length-bytes': 1_000_000 }),
      declare({ 'x-max-age': '7D' }),
      ['1a', 'queue.delete', { queue: 's' }],
    ],
  },
  {
    name: 'streams: what a stream does not do',
    steps: [
      declare(),
      ['1a', 'queue.purge', { queue: 's' }],
      ['2a', 'basic.get', { queue: 's' }],
      consume('3a', 'c'),
      qos('3b', 10),
      consume('3b', 'c', undefined, { noAck: true }),
      ['4a', 'basic.qos', { count: 10, global: true }],
      consume('4a', 'c'),
      qos('5a', 10),
      ['5a', 'basic.qos', { count: 10, global: true }],
      consume('5a', 'c'),
    ],
  },
  {
    name: 'streams: two consumers read the same, each from where it asked to begin',
    steps: [
      confirms,
      declare(),
      ...publish('m0', 'm1', 'm2', 'm3'),
      qos('1b', 10),
      consume('1b', 'first', 'first'),
      consume('1b', 'last', 'last'),
      consume('1b', 'next', 'next'),
      consume('1b', 'absent'),
      consume('1b', 'at2', 2),
      consume('1b', 'at9', 9),
      ...publish('m4', 'm5'),
      ['1b', 'channel.close', {}],
      qos('1c', 10),
      consume('1c', 'again', 'first'),
    ],
  },
  {
    name: 'streams: a consumer gets as many as it has credit for',
    steps: [
      confirms,
      declare(),
      ...publish('m0', 'm1', 'm2', 'm3', 'm4', 'm5'),
      qos('1b', 2),
      consume('1b', 'c', 'first'),
      ['1b', 'basic.ack', { tag: 1 }],
      ['1b', 'basic.ack', { tag: 3, multiple: true }],
      ['1b', 'basic.cancel', { tag: 'c' }],
      ...publish('m6'),
      qos('1c', 1),
      consume('1c', 'd', 5),
    ],
  },
  {
    name: 'streams: offsets that are no offsets',
    steps: [
      declare(),
      qos('1c', 10),
      consume('1c', 'c', '1X'),
      qos('1e', 10),
      consume('1e', 'c', -1),
      qos('1f', 10),
      consume('1f', 'c', undefined, { arguments: { 'x-priority': 1 } }),
      qos('1g', 10),
      consume('1g', 'c', undefined, { exclusive: true }),
      consume('1g', 'd', undefined),
    ],
  },
  {
    name: 'streams: an interval, and a consumer that waits at the end',
    steps: [
      confirms,
      declare(),
      ...publish('m0', 'm1'),
      qos('1b', 10),
      consume('1b', 'hour', '1h'),
      consume('1b', 'year', '1Y'),
      ...publish('m2'),
    ],
  },
  {
    name: 'streams: routed to by exchanges, with headers, and counted',
    steps: [
      confirms,
      declare(),
      ['1a', 'exchange.declare', { exchange: 't', type: 'topic' }],
      ['1a', 'queue.bind', { queue: 's', exchange: 't', key: 'a.*' }],
      ['1a', 'basic.publish', { exchange: 't', key: 'a.b', body: 'm0', headers: { h: 'v', n: 3 } }],
      ['1a', 'basic.publish', { exchange: 't', key: 'a', body: 'm1', mandatory: true }],
      ['1a', 'basic.publish', { exchange: 't', key: 'a.c', body: 'm2', priority: 4 }],
      ['1a', 'basic.publish', { key: 's', body: 'm3', expiration: '1' }],
      ['1a', 'wait', { ms: 5500 }],
      count,
      qos('1b', 10),
      consume('1b', 'c', 'first'),
      ['1a', 'queue.delete', { queue: 's', ifUnused: true }],
      ['1c', 'queue.delete', { queue: 's', ifEmpty: true }],
    ],
  },
  {
    name: 'streams: what a transaction publishes',
    steps: [
      declare(),
      ['1b', 'tx.select', {}],
      ['1b', 'basic.publish', { key: 's', body: 'm0' }],
      ['1b', 'basic.publish', { key: 's', body: 'm1' }],
      qos('1c', 10),
      consume('1c', 'c', 'first'),
      ['1b', 'tx.commit', {}],
      ['1b', 'basic.publish', { key: 's', body: 'm2' }],
      ['1b', 'tx.rollback', {}],
    ],
  },
];
