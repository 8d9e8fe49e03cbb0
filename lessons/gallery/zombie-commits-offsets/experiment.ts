/**
 * A zombie commits what another member has done already: KIP-447.
 *
 * Each instance of an application consumes, transforms and produces, in transactions with a
 * transactional id of its own. One freezes between its write and its commit; its group gives the
 * partition to another instance, which does the same records again. Then the first one wakes up.
 * Nobody has taken its transactional id, so its producer is not fenced, and before KIP-447 the
 * group was not told which member the offsets are of.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { Transactions } from '#engine/lab/kafka-transactions.ts';
import { Transforms, transformation } from '#engine/lab/kafka-transforms.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { Pause, acknowledgedBy, brokersStart } from '../story.ts';
import { consumerReads } from '../transactions.ts';

const FROM = 'orders';
const TO = 'payments';
const SHOP = 'shop-1';
const ZOMBIE = 'till-1';
const HEIR = 'till-2';
const READER = 'reader-1';
const ORDERS = 2;
/** From the write to the commit: long enough to freeze in between. */
const WORK_MS = 1_000;
const AWAKE_MS = 5_000;
const SETTINGS = {
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '3',
  'group.initial.rebalance.delay.ms': '0',
  'transaction.state.log.num.partitions': '1',
};

interface World {
  readonly cluster: KafkaCluster;
  readonly transactions: Transactions;
  readonly transforms: Transforms;
  readonly pause: Pause;
}

const once = (measures: Measures) => measures['doubled'] === 0 && measures['read'] === ORDERS;

/** How many records the leader of the second topic has. */
function written({ cluster }: World): number {
  const leader = cluster.leaderOf(TO, 0);
  return leader === null ? 0 : (cluster.replica(leader, TO, 0)?.leo ?? 0);
}

function readBy({ history }: Pick<Lab, 'history'>): string[] {
  return history.delivered.filter(({ consumer }) => consumer === READER).map(({ id }) => id);
}

export default experiment({
  id: 'zombie-commits-offsets',
  breaks: 'K30',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const quirks = {
      eligibleLeaderReplicas: false,
      ...quirksOf(knobs.quirk, 'sendsGroupMetadata', { transactionVersion2: false }),
    };
    const { profile } = knobs;
    const of = { brokers: 3, profile, quirks, settings: SETTINGS, modules: transformation };
    const cluster = new KafkaCluster(lab, of);
    const transactions = new Transactions(lab, cluster);
    const consumer = { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '1000' };
    const spec = { group: 'till', from: FROM, to: TO, consumer, workMs: WORK_MS };
    const transforms = new Transforms(lab, cluster, spec);
    return { cluster, transactions, transforms, pause: new Pause() };
  },

  steps: [
    brokersStart(3),
    {
      id: 'create',
      title: { en: 'Two topics', zh: '创建两个主题' },
      do: ({ cluster }) => {
        const configs = { 'min.insync.replicas': '2' };
        for (const topic of [FROM, TO]) {
          cluster.createTopic(topic, { partitions: 1, replicationFactor: 3, configs });
        }
        cluster.addProducer(SHOP, { 'linger.ms': '0', acks: 'all' });
      },
      until: ({ cluster }) => cluster.partitionsReady(true),
      timeLimitMs: 30_000,
    },
    {
      id: 'first',
      title: { en: 'The first instance starts', zh: '第一个实例启动' },
      do: ({ transforms }) => transforms.add(ZOMBIE, 'till-1'),
      until: ({ transforms }) => transforms.owns(ZOMBIE, 1),
      timeLimitMs: 60_000,
    },
    {
      id: 'second',
      title: { en: 'And a second one', zh: '又启动一个' },
      do: ({ transforms }) => transforms.add(HEIR, 'till-2'),
      until: ({ transforms }) => transforms.owns(HEIR, 0) && transforms.owns(ZOMBIE, 1),
      timeLimitMs: 60_000,
    },
    {
      id: 'orders',
      title: { en: 'Two orders', zh: '两个订单' },
      do: ({ cluster }) => cluster.send(SHOP, FROM, ORDERS),
      until: (world, lab) => acknowledgedBy(lab) === ORDERS && written(world) === ORDERS,
      timeLimitMs: 30_000,
    },
    {
      id: 'freeze',
      title: { en: 'The first instance freezes', zh: '第一个实例卡住' },
      do: (_, lab) => lab.inject({ fault: 'pause', host: ZOMBIE }),
      until: ({ transforms }) => transforms.committed(HEIR) > 0,
      timeLimitMs: 60_000,
    },
    {
      id: 'wake',
      title: { en: 'It wakes up', zh: '它醒过来' },
      do: ({ pause }, lab) => {
        lab.inject({ fault: 'resume', host: ZOMBIE });
        pause.begin(lab, AWAKE_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * AWAKE_MS,
    },
    consumerReads<World>(READER, TO),
  ],

  settle: KafkaCluster.settle(),

  measures({ history }) {
    const read = readBy({ history });
    return { orders: ORDERS, read: read.length, doubled: read.length - new Set(read).size };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['doubled'] === ORDERS),
    'a-zombie-is-fenced-by-its-group': proveSince('2.5', { quirk: 'by-release' }, once),
  },
});
