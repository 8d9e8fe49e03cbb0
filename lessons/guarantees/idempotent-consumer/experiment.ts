/**
 * It was processed twice. One partition of orders, a worker that writes each payment into a ledger
 * in a database, a Redis beside it, and a handler of a few lines. Then the worker dies between two
 * of them, or sleeps while another takes over, or the same order is sent again.
 *
 * Three orders are handled while all is well; the fault strikes at the fourth. At the end the
 * ledger is counted: payments for each order.
 */
import { changed, choice, experiment, integer, prove, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { profileKnob } from '#engine/lab/kafka-profile.ts';
import { DatabaseHost } from '#engine/lab/database.ts';
import { RedisHosts } from '#engine/lab/redis.ts';
import { WorkerHost } from '#engine/lab/worker.ts';
import type { Line } from '#engine/lab/worker.ts';
import { topicIsReady } from '../../kafka/story.ts';

const TOPIC = 'orders';
const CALM = ['order-1', 'order-2', 'order-3'];
const STRUCK = 'order-4';
const REST = ['order-5', 'order-6'];
const ORDERS = [...CALM, STRUCK, ...REST];
/** How long a marker in Redis lives, in seconds. */
const MARKER_SECONDS = 60;

const FAULTS = [
  'none',
  'crash',
  'crash-everywhere',
  'pause',
  'resend',
  'reply-lost',
  'redis-failover',
] as const;
type FaultKnob = (typeof FAULTS)[number];

/** Faults that strike the worker between two of its lines. */
const strikesWorker = (fault: FaultKnob) =>
  fault === 'crash' || fault === 'pause' || fault === 'redis-failover';

// ---------------------------------------------------------------------------------- the handlers

const OFFSET: Line = { kind: 'offset' };

const sql = (text: string, on?: 'duplicate key' | 'no row changed' | 'a row'): Line =>
  on === undefined ? { kind: 'sql', sql: text } : { kind: 'sql', sql: text, skip: { on } };

const BEGIN = sql('BEGIN');
const COMMIT = sql('COMMIT');
/** The effect that must happen once. */
const PAY = sql('INSERT INTO ledger (order_id, amount) VALUES ($order, 10)');
const MARK = sql('INSERT INTO processed (key) VALUES ($key)', 'duplicate key');
const LOCK = sql('SELECT status FROM orders WHERE id = $key FOR UPDATE');

const redis = (line: string, reply?: string): Line => {
  const words = line.split(' ');
  if (reply === undefined) return { kind: 'redis', words };
  return { kind: 'redis', words, skip: { on: 'reply', reply } };
};

const update = (set: string, where: string): Line =>
  sql(`UPDATE orders SET ${set} WHERE id = $key AND ${where}`, 'no row changed');

const HANDLERS = {
  none: [PAY, OFFSET],
  'offset-first': [OFFSET, PAY],
  'redis-check-then-set': [
    redis('GET done:$key', '"1"'),
    PAY,
    redis(`SET done:$key 1 EX ${MARKER_SECONDS}`),
    OFFSET,
  ],
  'redis-set-nx': [redis(`SET done:$key 1 NX EX ${MARKER_SECONDS}`, '(nil)'), PAY, OFFSET],
  'record-after-success': [
    sql('SELECT key FROM processed WHERE key = $key', 'a row'),
    PAY,
    sql('INSERT INTO processed (key) VALUES ($key) ON CONFLICT DO NOTHING'),
    OFFSET,
  ],
  'log-table-first': [MARK, PAY, OFFSET],
  'unique-key': [BEGIN, MARK, PAY, COMMIT, OFFSET],
  /** COMMIT stands where the learner puts it. */
  yours: [BEGIN, MARK, PAY, OFFSET],
  'conditional-update': [
    BEGIN,
    update("status = 'paid'", "status = 'unpaid'"),
    PAY,
    COMMIT,
    OFFSET,
  ],
  'version-from-message': [
    BEGIN,
    update('version = version + 1', 'version = $version'),
    PAY,
    COMMIT,
    OFFSET,
  ],
  'version-read-now': [
    sql('SELECT version FROM orders WHERE id = $key'),
    BEGIN,
    update('version = version + 1', 'version = $read'),
    PAY,
    COMMIT,
    OFFSET,
  ],
  'for-update': [BEGIN, LOCK, PAY, COMMIT, OFFSET],
  'for-update-and-check': [
    BEGIN,
    LOCK,
    update("status = 'paid'", "status = 'unpaid'"),
    PAY,
    COMMIT,
    OFFSET,
  ],
  token: [redis('DEL token:$key', '(integer) 0'), PAY, OFFSET],
  'token-get-then-delete': [redis('GET token:$key', '(nil)'), redis('DEL token:$key'), PAY, OFFSET],
} satisfies Readonly<Record<string, readonly Line[]>>;
type Approach = keyof typeof HANDLERS;
const APPROACHES = Object.keys(HANDLERS) as Approach[];

/** The lines done just before the payment, or once it stands: in a transaction, once committed. */
function linesDone(lines: readonly Line[], gap: string): number {
  const pay = lines.indexOf(PAY);
  if (gap === 'before-effect') return pay;
  if (gap !== 'after-effect') return Number(gap);
  return Math.max(pay, lines.lastIndexOf(COMMIT)) + 1;
}

/** The handler's lines, with COMMIT where the learner put it. */
function linesOf(approach: Approach, key: 'business' | 'message', commitLine: number): Line[] {
  const lines = [...HANDLERS[approach]];
  if (approach === 'yours') lines.splice(commitLine - 1, 0, COMMIT);
  return key === 'business' ? lines : lines.map(byMessageId);
}

/** The marker is the message's own id. Orders are found by their key all the same. */
function byMessageId(line: Line): Line {
  const swap = (text: string) => text.replaceAll('$key', '$id');
  if (line.kind === 'redis') return { ...line, words: line.words.map(swap) };
  return line.kind === 'sql' && line.sql.includes('processed')
    ? { ...line, sql: swap(line.sql) }
    : line;
}

// -------------------------------------------------------------------------------------- the world

interface World {
  readonly cluster: KafkaCluster;
  readonly database: DatabaseHost;
  readonly fault: FaultKnob;
  readonly afterLine: number;
  readonly restartAfterMs: number;
  readonly messages: number;
  readonly create: () => void;
  readonly addWorker: (name: string, from?: number) => WorkerHost;
  workers: WorkerHost[];
  struckAt: number;
}

const TABLES = [
  'CREATE TABLE orders (id text PRIMARY KEY, status text NOT NULL, version integer NOT NULL)',
  'CREATE TABLE processed (key text PRIMARY KEY)',
  'CREATE TABLE ledger (order_id text NOT NULL, amount integer NOT NULL)',
  ...ORDERS.map((id) => `INSERT INTO orders (id, status, version) VALUES ('${id}', 'unpaid', 0)`),
];

function sendRest(world: World, lab: Lab): void {
  const { cluster, fault } = world;
  const twice = fault === 'resend' ? [STRUCK, STRUCK] : [STRUCK];
  if (fault === 'redis-failover') lab.inject({ fault: 'cut', from: 'redis-1', to: 'redis-2' });
  if (fault === 'reply-lost') loseReplies(lab, 1);
  if (fault === 'crash-everywhere') dieInEachGap(world, lab);
  cluster.send('producer-1', TOPIC, [...twice, ...REST]);
}

/** With `crash-everywhere`: which lines of which order are done when the worker dies. */
const GAPS: readonly (readonly [string, number])[] = [
  ['order-4', 2],
  ['order-5', 3],
  ['order-6', 4],
];

/** Dies in each gap, and is started again a second later. */
function dieInEachGap({ workers }: World, lab: Lab): void {
  const [worker] = workers;
  const host = worker!.name;
  for (const [order, lines] of GAPS) {
    lab.when(
      () => worker!.isAt(order, lines),
      () => {
        lab.inject({ fault: 'crash', host });
        const restartAt = lab.now + 1_000_000;
        const start = () => lab.inject({ fault: 'start', host });
        lab.when(() => lab.now >= restartAt, start);
      },
    );
  }
}

/** Replies to the producer are lost with their connection: it cannot know that it was heard. */
function loseReplies(lab: Lab, numerator: 0 | 1): void {
  const ratio = { numerator, denominator: 1 };
  lab.inject({ fault: 'duplicate', from: 'producer-1', to: 'broker-1', ratio });
}

/** The worker is between the two lines in question; or the broker has all that was sent. */
function atTheGap({ cluster, fault, afterLine, workers, messages }: World): boolean {
  if (strikesWorker(fault)) return workers[0]!.isAt(STRUCK, afterLine);
  if (fault !== 'reply-lost') return workers[0]!.committed >= messages;
  return (cluster.replica(1, TOPIC, 0)?.leo ?? 0) >= messages;
}

function strike(world: World, lab: Lab): void {
  const { fault, workers, afterLine } = world;
  world.struckAt = lab.now;
  if (fault === 'reply-lost') loseReplies(lab, 0);
  if (!strikesWorker(fault)) return;
  const [first] = workers;
  if (!first!.isAt(STRUCK, afterLine)) return;
  if (fault === 'pause') {
    const from = first!.committed;
    lab.inject({ fault: 'pause', host: first!.name });
    world.workers = [...workers, world.addWorker('worker-2', from)];
    return;
  }
  lab.inject({ fault: 'crash', host: first!.name });
  if (fault !== 'redis-failover') return;
  lab.inject({ fault: 'crash', host: 'redis-1' });
  lab.inject({ fault: 'heal' });
}

/** The other worker has done what there was, or the time for a restart has come. */
function timeToReturn({ fault, workers, messages, restartAfterMs, struckAt }: World, lab: Lab) {
  if (!strikesWorker(fault)) return lab.history.sent.every((sent) => sent.outcome !== 'pending');
  if (fault === 'pause') return workers[1] === undefined || workers[1].committed >= messages;
  return lab.now - struckAt >= restartAfterMs * 1000;
}

function giveBack({ fault, workers }: World, lab: Lab): void {
  const host = workers[0]!.name;
  if (fault === 'pause') lab.inject({ fault: 'resume', host });
  else if (strikesWorker(fault)) lab.inject({ fault: 'start', host });
}

function payments(database: DatabaseHost): number[] {
  const paid = database.rows('ledger').map(([order]) => order);
  return ORDERS.map((order) => paid.filter((one) => one === order).length);
}

const once = (measures: Measures) => measures['once'] === ORDERS.length;
const twice = (measures: Measures) => measures['twice']! > 0;
const never = (measures: Measures) => measures['never']! > 0;
/** The fault strikes when the payment stands. */
const struckAfter = (approach: Approach) => ({ approach, 'after-line': 'after-effect' });

export default experiment({
  id: 'idempotent-consumer',
  knobs: {
    approach: choice(APPROACHES, 'none', {
      en: 'How the handler knows that it has done an order before.',
      zh: '处理程序靠什么知道这笔订单已经处理过。',
    }),
    fault: choice(FAULTS, 'crash', {
      en: 'What goes wrong while order-4 is handled.',
      zh: '处理 order-4 时出什么故障。',
    }),
    'after-line': choice(
      ['0', '1', '2', '3', '4', '5', '6', 'before-effect', 'after-effect'],
      '1',
      {
        en: 'Handler lines done when the fault strikes; or just before or after it pays.',
        zh: '处理程序执行完第几行之后出故障；也可以选付款生效之前或之后。',
      },
    ),
    'restart-after-s': choice(['1', '20', '120'], '1', {
      en: 'Seconds until the worker is started again. A marker in Redis lives for 60.',
      zh: '多少秒后重启 worker。Redis 里的标记保留 60 秒。',
    }),
    key: choice(['business', 'message'], 'business', {
      en: 'What the marker remembers: the order, or the id of the message.',
      zh: '标记里记的是订单号，还是消息 ID。',
    }),
    'enable.idempotence': choice(['default', 'true', 'false'], 'default', {
      en: 'Whether the broker recognises a batch that the producer sends again.',
      zh: 'Broker 是否识别生产者重发的批次。',
    }),
    profile: profileKnob,
    'commit-line': {
      ...integer(3, 5, 3, {
        en: 'With the approach yours: the line at which the handler’s transaction commits.',
        zh: '选 yours 时，事务在第几行提交。',
      }),
      moves: { line: 'COMMIT', when: { approach: 'yours' } },
    },
  },

  world({ knobs, lab }): World {
    const { approach, fault } = knobs;
    const cluster = new KafkaCluster(lab, { brokers: 1, profile: knobs.profile });
    const asked = knobs['enable.idempotence'];
    const idempotence = asked === 'default' ? {} : { 'enable.idempotence': asked };
    const database = new DatabaseHost(lab, 'database-1');
    const redisHosts = new RedisHosts(lab, { replicated: fault === 'redis-failover' });
    const lines = linesOf(approach, knobs.key, knobs['commit-line']);
    const addWorker = (name: string, from?: number) =>
      new WorkerHost(lab, name, {
        cluster,
        topic: TOPIC,
        database: database.name,
        redis: redisHosts.address,
        lines,
        ...(from === undefined ? {} : { from }),
      });
    const world: World = {
      cluster,
      database,
      fault,
      afterLine: linesDone(lines, knobs['after-line']),
      restartAfterMs: Number(knobs['restart-after-s']) * 1000,
      messages: ORDERS.length + (fault === 'resend' ? 1 : 0),
      create: () => {
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 1 });
        cluster.addProducer('producer-1', { 'linger.ms': '0', ...idempotence });
        database.prepare(TABLES);
        redisHosts.prepare(ORDERS.map((order) => ['SET', `token:${order}`, '1']));
        world.workers = [addWorker('worker-1')];
      },
      addWorker,
      workers: [],
      struckAt: 0,
    };
    return world;
  },

  steps: [
    {
      id: 'start',
      title: { en: 'A broker, a database, a Redis', zh: 'Broker、数据库、Redis 启动' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    topicIsReady<World>(
      { en: 'A topic of orders and a worker', zh: '创建订单主题，启动 worker' },
      ({ create }) => create(),
    ),
    {
      id: 'calm',
      title: { en: 'Three orders while all is well', zh: '一切正常时处理三笔订单' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, CALM),
      until: ({ workers }) => workers[0]!.committed >= CALM.length,
      timeLimitMs: 30_000,
    },
    {
      id: 'gap',
      title: { en: 'Between two lines', zh: '停在两行之间' },
      do: sendRest,
      until: atTheGap,
      timeLimitMs: 10_000,
    },
    {
      id: 'strike',
      title: { en: 'Something goes wrong', zh: '故障出现' },
      do: strike,
      until: timeToReturn,
      timeLimitMs: 150_000,
    },
    {
      id: 'again',
      title: { en: 'The message comes again', zh: '消息再次投递' },
      do: giveBack,
      until: ({ workers, messages }) => workers.every((one) => one.idleAt(messages)),
      timeLimitMs: 20_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const counts = payments(world.database);
    return {
      orders: ORDERS.length,
      delivered: history.delivered.length,
      payments: counts.reduce((sum, count) => sum + count, 0),
      once: counts.filter((count) => count === 1).length,
      never: counts.filter((count) => count === 0).length,
      twice: counts.filter((count) => count > 1).length,
    };
  },

  proofs: {
    'without-marker-twice': prove({ approach: 'none' }, twice, [
      { name: 'unique key in the transaction', knobs: { approach: 'unique-key' } },
      { name: 'no fault', knobs: { fault: 'none' } },
    ]),
    'idempotent-producer-stops-its-own-retries': proveSince('3.0', { fault: 'reply-lost' }, once, [
      changed('enable.idempotence', 'false'),
    ]),
    'idempotent-producer-does-not-help-the-consumer': prove(
      { 'enable.idempotence': 'true' },
      twice,
      [{ name: 'unique key in the transaction', knobs: { approach: 'unique-key' } }],
    ),
    'offset-first-never': prove({ approach: 'offset-first' }, never, [
      { name: 'the offset is committed last', knobs: { approach: 'none' } },
    ]),
    'redis-check-races': prove({ approach: 'redis-check-then-set', fault: 'pause' }, twice, [
      { name: 'SET NX checks and claims at once', knobs: { approach: 'redis-set-nx' } },
    ]),
    'redis-set-after-work-twice': prove(struckAfter('redis-check-then-set'), twice, [
      { name: 'unique key in the transaction', knobs: { approach: 'unique-key' } },
    ]),
    'set-nx-then-crash-never': prove({ approach: 'redis-set-nx' }, never, [
      { name: 'unique key in the transaction', knobs: { approach: 'unique-key' } },
      { name: 'no fault', knobs: { fault: 'none' } },
    ]),
    'expired-marker-twice': prove(
      { approach: 'redis-set-nx', 'after-line': 'after-effect', 'restart-after-s': '120' },
      twice,
      [{ name: 'the marker is still there', knobs: { 'restart-after-s': '1' } }],
    ),
    'failover-forgets-marker': prove(
      {
        approach: 'redis-set-nx',
        fault: 'redis-failover',
        'after-line': 'after-effect',
        'restart-after-s': '20',
      },
      twice,
      [{ name: 'Redis stays', knobs: { fault: 'crash' } }],
    ),
    'record-after-success-twice': prove(struckAfter('record-after-success'), twice, [
      { name: 'one transaction', knobs: { approach: 'unique-key' } },
    ]),
    'log-table-first-never': prove({ approach: 'log-table-first' }, never, [
      { name: 'one transaction', knobs: { approach: 'unique-key', 'after-line': '2' } },
    ]),
    'unique-key-once': prove(struckAfter('unique-key'), once, [
      {
        name: 'the marker commits before the work',
        knobs: { approach: 'log-table-first', 'after-line': 'before-effect' },
      },
      { name: 'no marker', knobs: { approach: 'none' } },
    ]),
    'unique-key-once-with-two-workers': prove(
      { approach: 'unique-key', fault: 'pause', 'after-line': '2' },
      once,
      [{ name: 'check, then set', knobs: { approach: 'redis-check-then-set', 'after-line': '1' } }],
    ),
    'offset-before-commit-never': prove(
      { approach: 'yours', 'commit-line': '5', 'after-line': '4' },
      never,
      [{ name: 'the transaction commits first', knobs: { 'commit-line': '4' } }],
    ),
    'commit-in-the-right-place-once': prove(
      { approach: 'yours', 'commit-line': '4', fault: 'crash-everywhere' },
      once,
      [
        { name: 'COMMIT before the payment', knobs: { 'commit-line': '3' } },
        { name: 'COMMIT behind the offset', knobs: { 'commit-line': '5' } },
      ],
    ),
    'message-id-misses-a-resend': prove(
      { approach: 'unique-key', fault: 'resend', key: 'message' },
      twice,
      [{ name: 'the business key', knobs: { key: 'business' } }],
    ),
    'conditional-update-once': prove(struckAfter('conditional-update'), once, [
      { name: 'no condition', knobs: { approach: 'none' } },
    ]),
    'version-from-message-once': prove(struckAfter('version-from-message'), once, [
      { name: 'the version is read now', knobs: { approach: 'version-read-now' } },
    ]),
    'version-read-now-twice': prove(struckAfter('version-read-now'), twice, [
      { name: 'the version comes with the message', knobs: { approach: 'version-from-message' } },
    ]),
    'lock-alone-twice': prove(struckAfter('for-update'), twice, [
      { name: 'the state is checked under the lock', knobs: { approach: 'for-update-and-check' } },
    ]),
    'lock-and-check-once': prove(struckAfter('for-update-and-check'), once, [
      { name: 'the lock alone', knobs: { approach: 'for-update' } },
    ]),
    'token-then-crash-never': prove({ approach: 'token' }, never, [
      { name: 'no fault', knobs: { fault: 'none' } },
    ]),
    'token-get-then-delete-races': prove(
      { approach: 'token-get-then-delete', fault: 'pause' },
      twice,
      [{ name: 'the deletion is the check', knobs: { approach: 'token' } }],
    ),
  },
});
