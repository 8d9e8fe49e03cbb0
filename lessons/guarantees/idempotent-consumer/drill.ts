/**
 * The drill: an order was paid twice. Repair the books, and leave behind what keeps the next
 * delivery of the same order from paying again. Not here: the experiment of the lesson.
 */
import { drill } from '#engine/lab/drill.ts';
import { DatabaseHost } from '#engine/lab/database.ts';
import { RedisHosts } from '#engine/lab/redis.ts';
import { wholeRedis } from '#engine/lab/redis-whole.ts';

const ORDER = 'order-1001';
/** A day, less some minutes for whoever thinks. */
const TTL_SECONDS_MIN = 86_000;
const TTL_SECONDS_MAX = 90_000;

interface World {
  readonly database: DatabaseHost;
  readonly redis: RedisHosts;
}

const TABLES = [
  'CREATE TABLE ledger (id integer PRIMARY KEY, order_id text NOT NULL, amount integer NOT NULL)',
  'CREATE TABLE processed (key text PRIMARY KEY)',
  `INSERT INTO ledger (id, order_id, amount) VALUES (1, '${ORDER}', 30)`,
  `INSERT INTO ledger (id, order_id, amount) VALUES (2, '${ORDER}', 30)`,
  "INSERT INTO ledger (id, order_id, amount) VALUES (3, 'order-1002', 50)",
];

const paid = ({ database }: World, order: string): number =>
  database.rows('ledger').filter(([, paidOrder]) => paidOrder === order).length;

export default drill<World>({
  id: 'idempotent-consumer',
  release: 'redis-7.0',
  title: { en: 'Paid twice', zh: '付了两次' },
  task: {
    en:
      'The message of order-1001 was delivered twice, and the table ledger has two payments ' +
      'for it. Take one back (order-1002 is right), note order-1001 in the table processed, ' +
      'and reserve the key done:order-1001 in Redis for a day, so that the next delivery ' +
      'finds both.',
    zh:
      'order-1001 的消息投递了两次，表 ledger 里有两笔支付。撤掉一笔（order-1002 没问题），在' +
      '表 processed 里登记 order-1001，并在 Redis 里占住键 done:order-1001 一天，让下一次投递' +
      '两处都能查到。',
  },
  products: ['stores'],
  tools: ['sql', 'redis-cli'],
  world: ({ lab }) => {
    const database = new DatabaseHost(lab, 'database-1');
    const redis = new RedisHosts(lab, { replicated: false, parts: wholeRedis });
    return { database, redis };
  },
  handles: ({ database, redis }) => ({ database, redis }),
  prepare: [
    {
      id: 'tables',
      title: { en: 'The tables are there', zh: '建表' },
      do: ({ database }) => database.prepare(TABLES),
      until: (world) => paid(world, ORDER) === 2,
      timeLimitMs: 30_000,
    },
  ],
  goal: [
    {
      id: 'once',
      text: { en: 'order-1001 is paid once', zh: 'order-1001 只有一笔支付' },
      holds: (world) => paid(world, ORDER) === 1,
    },
    {
      id: 'others',
      text: { en: 'order-1002 is still paid', zh: 'order-1002 的支付还在' },
      holds: (world) => paid(world, 'order-1002') === 1,
    },
    {
      id: 'noted',
      text: { en: 'processed has order-1001', zh: 'processed 里有 order-1001' },
      holds: ({ database }) => database.rows('processed').some(([key]) => key === ORDER),
    },
    {
      id: 'reserved',
      text: {
        en: 'done:order-1001 is in Redis, for a day',
        zh: 'Redis 里有 done:order-1001，有效期一天',
      },
      holds: ({ redis }) => {
        const ttlSeconds = redis.entry(`done:${ORDER}`)?.ttlSeconds ?? 0;
        return ttlSeconds > TTL_SECONDS_MIN && ttlSeconds < TTL_SECONDS_MAX;
      },
    },
  ],
  solution: [
    'sql "delete from ledger where id = 2"',
    `sql "insert into processed (key) values ('order-1001')"`,
    'redis-cli SET done:order-1001 1 NX EX 86400',
  ],
  otherWay: [
    'redis-cli SET done:order-1001 worker-a NX',
    'redis-cli EXPIRE done:order-1001 86400',
    'sql',
    'begin',
    `delete from ledger where order_id = 'order-1001'`,
    `insert into ledger (id, order_id, amount) values (4, 'order-1001', 30)`,
    `insert into processed (key) values ('order-1001')`,
    'commit',
    '\u0004',
    'run 1s',
  ],
  hints: [
    {
      en: 'Look first: select shows the rows of a table, and each payment has an id of its own.',
      zh: '先看看：select 能列出表里的行，每笔支付都有自己的 id。',
    },
    {
      en:
        'A table with a primary key refuses the same key twice: whoever inserts it first has ' +
        'the right to pay.',
      zh: '有主键的表不会接受两次相同的键：谁先插入，谁才能付款。',
    },
    {
      en:
        'In Redis one command sets a key only if it is not there, and gives it a time to ' +
        'live as well. A day has 86400 seconds.',
      zh: 'Redis 有一条命令可以“不存在才设置”，同时带上过期时间。一天是 86400 秒。',
    },
  ],
});
