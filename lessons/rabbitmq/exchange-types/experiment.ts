/**
 * Which queues does a message go to? One exchange of a type that the reader chooses, queues bound
 * to it, and four messages whose keys tell the types apart. Then messages whose headers do, one for
 * the default exchange, and one for nobody.
 *
 * A message is known by what it is for; the measures count its copies, queue by queue.
 */
import { changed, choice, experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { History, Measures } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import type { PublishOptions, Topology } from '#engine/lab/rabbitmq-options.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { declared, nodeStarts } from '../story.ts';

const EXCHANGE = 'logs';
const PUBLISHER = 'publisher-1';
/** Bound by the knob's key. */
const WATCHED = 'watched';
/** Bound twice, by keys that both match. */
const TWICE = 'twice';
/** Bound when the first messages are gone. */
const LATE = 'late';
/** Where the alternate exchange sends what nobody took. */
const UNROUTED = 'unrouted';
const ALTERNATE = 'unroutable';

const KEYS = ['log', 'log.error', 'log.error.db', 'stock'] as const;

/** What each message is for, and how it is published; in the order of publication. */
const REPORT = { format: 'pdf', type: 'report' };
const HEADERS = {
  bothPairs: { ...REPORT, extra: 'more' },
  onePair: { format: 'pdf' },
  noPair: { format: 'zip', type: 'log' },
  wrongTier: { ...REPORT, 'x-tier': 'free' },
} as const;
type Purpose = string;

interface World {
  readonly rabbit: RabbitCluster;
  readonly type: string;
  readonly bindingKey: string;
  readonly match: string;
  readonly alternate: boolean;
  readonly mandatory: boolean;
  readonly isLate: boolean;
  /** By history id. */
  readonly purposes: Map<string, Purpose>;
  sent: number;
}

/** Publishes one message for a purpose. */
function publish(world: World, purpose: Purpose, options: PublishOptions): void {
  world.sent += 1;
  world.purposes.set(`m${world.sent}`, purpose);
  world.rabbit.publish(PUBLISHER, options);
}

/** A queue that wants what the others had, and what they get. */
const thirdQueue = ({ type, match }: World): Topology => ({
  queues: [{ queue: LATE, durable: true }],
  bindings: [
    {
      ...{ queue: LATE, exchange: EXCHANGE },
      routingKey: type === 'topic' ? 'log.#' : 'log.error',
      arguments: { ...REPORT, 'x-match': match },
    },
  ],
});

const told = ({ rabbit }: World) => rabbit.allTold;

/** Copies of a message in a queue at the end. */
function copies(world: World, history: History, purpose: Purpose, queue: string): number {
  const found = history.final ?? [];
  return found.filter(({ id, partition }) => {
    return partition === queue && world.purposes.get(id) === purpose;
  }).length;
}

/** The outcome of the binding by headers, before 3.10 an error for the modes with x. */
const headersBound = ({ rabbit }: World): boolean =>
  rabbit.calls.every(({ outcome }) => outcome === 'ok' || outcome === null);

/** `log.error.db` is counted as `logErrorDb`. */
const nameOf = (key: string): string =>
  key.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase());

const got = (measures: Measures, ...expected: readonly number[]): boolean =>
  KEYS.every((key, place) => measures[nameOf(key)] === expected[place]);

export default experiment({
  id: 'exchange-types',
  knobs: {
    type: choice(['direct', 'fanout', 'topic', 'headers'], 'topic', {
      en: 'The type of the exchange logs.',
      zh: '交换机 logs 的类型。',
    }),
    'binding-key': choice(['log', 'log.*', 'log.#', '#', '*.error', 'log.error', 'st*'], 'log.*', {
      en: 'The key by which the queue watched is bound.',
      zh: '队列 watched 绑定时用的键。',
    }),
    'x-match': choice(['all', 'any', 'all-with-x', 'any-with-x'], 'all', {
      en: 'How a binding of a headers exchange compares its pairs.',
      zh: 'headers 交换机的绑定怎样比较键值对。',
    }),
    'alternate-exchange': choice(['none', ALTERNATE], 'none', {
      en: 'Where the exchange sends what no queue takes.',
      zh: '没有队列接收的消息转给哪个交换机。',
    }),
    'third-queue': choice(['bound at once', 'bound late'], 'bound late', {
      en: 'When the queue late is bound: before the first messages or after them.',
      zh: '队列 late 在前几条消息之前还是之后绑定。',
    }),
    mandatory: choice(['false', 'true'], 'false', {
      en: 'Whether the publisher wants a message back that no queue takes.',
      zh: '没有队列接收时，发布者是否要求退回消息。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, { profile: knobs.profile }),
      type: knobs.type,
      bindingKey: knobs['binding-key'],
      match: knobs['x-match'],
      alternate: knobs['alternate-exchange'] === ALTERNATE,
      mandatory: knobs.mandatory === 'true',
      isLate: knobs['third-queue'] === 'bound late',
      purposes: new Map(),
      sent: 0,
    };
  },

  steps: [
    nodeStarts,
    declared<World>(
      { en: 'An exchange and its queues', zh: '一个交换机和它的队列' },
      ({ type, bindingKey, match, alternate }) => {
        const queues = [WATCHED, TWICE, UNROUTED].map((queue) => ({ queue, durable: true }));
        const bound = { exchange: EXCHANGE, arguments: { ...REPORT, 'x-match': match } };
        return {
          exchanges: [
            { exchange: ALTERNATE, type: 'fanout', durable: true },
            {
              ...{ exchange: EXCHANGE, type, durable: true },
              arguments: alternate ? { 'alternate-exchange': ALTERNATE } : {},
            },
          ],
          queues,
          bindings: [
            { queue: UNROUTED, exchange: ALTERNATE },
            { ...bound, queue: WATCHED, routingKey: bindingKey },
            { ...bound, queue: TWICE, routingKey: 'log.#' },
            { ...bound, queue: TWICE, routingKey: '*.error' },
          ],
        };
      },
      (world) => {
        if (!world.isLate) world.rabbit.declare(thirdQueue(world));
        world.rabbit.addPublisher(PUBLISHER);
      },
    ),
    {
      id: 'by-key',
      title: { en: 'Four messages, four routing keys', zh: '四条消息，四个路由键' },
      do: (world) => {
        for (const key of KEYS) {
          const headers = HEADERS.bothPairs;
          publish(world, key, { exchange: EXCHANGE, routingKey: key, properties: { headers } });
        }
      },
      until: told,
      timeLimitMs: 10_000,
    },
    {
      id: 'by-headers',
      title: { en: 'One key, different headers', zh: '同一个键，不同的消息头' },
      do: (world) => {
        for (const [purpose, headers] of Object.entries(HEADERS)) {
          publish(world, purpose, {
            ...{ exchange: EXCHANGE, routingKey: 'no.key', properties: { headers } },
          });
        }
      },
      until: told,
      timeLimitMs: 10_000,
    },
    {
      id: 'bind-late',
      title: { en: 'A third queue is bound, too late', zh: '第三个队列来晚了才绑定' },
      do: (world) => {
        if (world.isLate) world.rabbit.declare(thirdQueue(world));
      },
      until: ({ rabbit }) => rabbit.allConnected,
      timeLimitMs: 10_000,
    },
    {
      id: 'after-binding',
      title: { en: 'One more message', zh: '再来一条消息' },
      do: (world) =>
        publish(world, 'after', {
          ...{ exchange: EXCHANGE, routingKey: 'log.error' },
          properties: { headers: HEADERS.bothPairs },
        }),
      until: told,
      timeLimitMs: 10_000,
    },
    {
      id: 'default-exchange',
      title: { en: 'Straight to a queue, by its name', zh: '按队列名直接发送' },
      do: (world) => publish(world, 'by-name', { routingKey: WATCHED }),
      until: told,
      timeLimitMs: 10_000,
    },
    {
      id: 'nobody',
      title: { en: 'A message that no binding matches', zh: '没有绑定匹配的消息' },
      do: (world) => {
        const { mandatory } = world;
        publish(world, 'nobody', { exchange: EXCHANGE, routingKey: 'nobody', mandatory });
      },
      until: told,
      timeLimitMs: 10_000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world, history }) {
    const count = (purpose: Purpose, queue: string) => copies(world, history, purpose, queue);
    const all = KEYS.map((key) => [nameOf(key), count(key, WATCHED)] as const);
    const purposes = Object.keys(HEADERS).map((name) => [name, count(name, WATCHED)] as const);
    const nobody = history.sent.at(-1);
    return {
      ...Object.fromEntries(all),
      ...Object.fromEntries(purposes),
      copiesOfTwoBindings: count('log.error', TWICE),
      lateBefore: KEYS.reduce((sum, key) => sum + count(key, LATE), 0),
      lateAfter: count('after', LATE),
      byName: count('by-name', WATCHED),
      nobodyConfirmed: nobody?.outcome === 'acknowledged' ? 1 : 0,
      nobodyReturned: world.rabbit.returned.length,
      nobodyKept: count('nobody', UNROUTED),
      refused: headersBound(world) ? 0 : 1,
    };
  },

  proofs: {
    'a-star-is-one-word': prove(
      { 'binding-key': 'log.*' },
      (m) => got(m, 0, 1, 0, 0),
      [changed('binding-key', 'log.#'), changed('type', 'direct')],
      'by-key',
    ),
    'a-hash-is-zero-or-more-words': prove(
      { 'binding-key': 'log.#' },
      (m) => got(m, 1, 1, 1, 0),
      [changed('binding-key', 'log.*'), changed('type', 'direct')],
      'by-key',
    ),
    'words-are-matched-whole': prove(
      { 'binding-key': 'st*' },
      (m) => got(m, 0, 0, 0, 0) && m['byName'] === 1,
      [changed('binding-key', '#'), changed('type', 'fanout')],
      'by-key',
    ),
    'two-bindings-one-copy': prove(
      {},
      (m) => m['copiesOfTwoBindings'] === 1,
      [changed('type', 'direct')],
      'by-key',
    ),
    'direct-compares-the-whole-key': prove(
      { type: 'direct', 'binding-key': 'log.error' },
      (m) => got(m, 0, 1, 0, 0),
      [changed('binding-key', 'log.*'), changed('type', 'fanout')],
      'by-key',
    ),
    'direct-knows-no-wildcard': prove(
      { type: 'direct', 'binding-key': '#' },
      (m) => got(m, 0, 0, 0, 0) && m['byName'] === 1,
      [changed('type', 'topic')],
      'by-key',
    ),
    'fanout-ignores-the-key': prove(
      { type: 'fanout' },
      (m) => got(m, 1, 1, 1, 1),
      [changed('type', 'topic'), changed('type', 'direct')],
      'by-key',
    ),
    'headers-ignores-the-key': prove(
      { type: 'headers' },
      (m) => got(m, 1, 1, 1, 1) && m['noPair'] === 0,
      [changed('type', 'topic'), changed('type', 'fanout')],
      'by-headers',
    ),
    'all-pairs-unless-said-otherwise': prove(
      { type: 'headers', 'x-match': 'all' },
      (m) => m['bothPairs'] === 1 && m['onePair'] === 0,
      [changed('x-match', 'any')],
      'by-headers',
    ),
    'any-pair-is-enough': prove(
      { type: 'headers', 'x-match': 'any' },
      (m) => m['onePair'] === 1 && m['noPair'] === 0,
      [changed('x-match', 'all'), changed('type', 'fanout')],
      'by-headers',
    ),
    'a-binding-gets-no-history': prove(
      {},
      (m) => m['lateBefore'] === 0 && m['lateAfter'] === 1,
      [changed('third-queue', 'bound at once')],
      'after-binding',
    ),
    'every-queue-has-its-name-as-a-key': prove(
      { type: 'direct', 'binding-key': 'log' },
      (m) => m['byName'] === 1 && m['log'] === 1,
      [changed('binding-key', 'log.error')],
      'default-exchange',
    ),
    'unroutable-is-confirmed-and-gone': prove(
      {},
      (m) => m['nobodyConfirmed'] === 1 && m['nobodyKept'] === 0,
      [changed('mandatory', 'true'), changed('alternate-exchange', ALTERNATE)],
      'nobody',
    ),
    'mandatory-brings-it-back': prove(
      { mandatory: 'true' },
      (m) => m['nobodyReturned'] === 1,
      [changed('mandatory', 'false'), changed('alternate-exchange', ALTERNATE)],
      'nobody',
    ),
    'an-alternate-exchange-keeps-it': prove(
      { 'alternate-exchange': ALTERNATE },
      (m) => m['nobodyKept'] === 1 && m['nobodyReturned'] === 0,
      [changed('alternate-exchange', 'none'), changed('type', 'fanout')],
      'nobody',
    ),
    'modes-with-x-since-3-10': proveSince(
      '3.10',
      { type: 'headers', 'x-match': 'all-with-x' },
      (m) => m['refused'] === 0,
      [],
      'by-headers',
    ),
  },
});
