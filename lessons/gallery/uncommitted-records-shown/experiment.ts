/**
 * A follower shows a record that nobody committed: KAFKA-14704.
 *
 * A leader that was replaced holds a record that it alone has. The reply of the new leader tells it
 * to truncate, and how far all is committed. It takes the second first: for a moment the record is
 * below its high watermark, and a consumer that waits there is given it.
 */
import { experiment, judgeDelivery, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, Pause, topicIsCreated } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const [FIRST, SECOND, THIRD] = [1, 2, 3] as const;
const RECORDS = 2;
/** A reply to the consumer's waiting fetch comes after this at the latest. */
const WAIT_MS = 25_000;
const CONTROLLER = 'controller-1';
/** Sends a consumer to the replica in its rack. */
const SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';

interface World {
  readonly cluster: KafkaCluster;
  readonly pause: Pause;
  acknowledged: number;
}

const clean = (measures: Measures) => measures['shown'] === 0 && measures['delivered']! >= RECORDS;

export default experiment({
  id: 'uncommitted-records-shown',
  breaks: 'K2',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const besides = { eligibleLeaderReplicas: false, consumerChecksTruncation: false };
    const cluster = new KafkaCluster(lab, {
      brokers: REPLICAS,
      profile: knobs.profile,
      quirks: quirksOf(knobs.quirk, 'truncatesBeforeHighWatermark', besides),
      settings: { 'replica.selector.class': SELECTOR },
      brokerSettings: {
        [FIRST]: { 'broker.rack': 'a' },
        [SECOND]: { 'broker.rack': 'b' },
        [THIRD]: { 'broker.rack': 'c' },
      },
    });
    return { cluster, pause: new Pause(), acknowledged: 0 };
  },

  steps: [
    {
      id: 'start',
      title: { en: 'Three brokers in three racks', zh: '三个机架，三个 Broker' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    topicIsCreated(TOPIC, 3, 1, { 'producer-1': { acks: '1', 'linger.ms': '0' } }),
    {
      id: 'first',
      title: { en: 'A reader in the rack of the leader', zh: 'leader 机架里的消费者' },
      do: ({ cluster }) => {
        cluster.send('producer-1', TOPIC, RECORDS);
        cluster.addConsumer('reader-1', TOPIC, {
          'client.rack': 'a',
          'fetch.max.wait.ms': String(WAIT_MS),
          'metadata.max.age.ms': '300000',
        });
      },
      until: ({ cluster }, { history }) =>
        history.delivered.length === RECORDS &&
        cluster.nodeIds.every((id) => cluster.replica(id, TOPIC, 0)?.hw === RECORDS),
      timeLimitMs: 60_000,
    },
    {
      id: 'alone',
      title: { en: 'The leader is cut off, and takes one more', zh: 'leader 断网，又写了一条' },
      do: (world, lab) => {
        const { cluster } = world;
        world.acknowledged = acknowledgedBy(lab);
        const from = [SECOND, THIRD].map((id) => cluster.brokerName(id));
        lab.inject({
          fault: 'isolate',
          host: cluster.brokerName(FIRST),
          from: [...from, CONTROLLER],
        });
        cluster.send('producer-1', TOPIC, 1);
      },
      until: (world, lab) => acknowledgedBy(lab) === world.acknowledged + 1,
      timeLimitMs: 30_000,
    },
    {
      id: 'next-leader',
      title: { en: 'The others elect a leader', zh: '其余副本选出新 leader' },
      until: ({ cluster }) => cluster.replica(SECOND, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
    {
      id: 'later',
      title: { en: 'The new leader takes two records', zh: '新 leader 写入两条' },
      do: (world, lab) => {
        const { cluster } = world;
        world.acknowledged = acknowledgedBy(lab);
        cluster.addProducer('producer-2', { acks: 'all', 'linger.ms': '0', retries: '1000' });
        // It would take the old leader for the leader still.
        lab.inject({ fault: 'isolate', host: 'producer-2', from: [cluster.brokerName(FIRST)] });
        cluster.send('producer-2', TOPIC, 2);
      },
      until: (world, lab) => acknowledgedBy(lab) === world.acknowledged + 2,
      timeLimitMs: 90_000,
    },
    {
      id: 'return',
      title: { en: 'The old leader comes back', zh: '原 leader 恢复连接' },
      do: (_, lab) => lab.inject({ fault: 'heal' }),
      until: ({ cluster }) => cluster.replica(FIRST, TOPIC, 0)?.hw === RECORDS + 2,
      timeLimitMs: 60_000,
    },
    {
      id: 'read',
      title: { en: 'The reader gets its reply', zh: '消费者得到响应' },
      do: ({ pause }, lab) => pause.begin(lab, WAIT_MS),
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * WAIT_MS,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ history }) {
    const { dirtyRead } = judgeDelivery(history);
    return { delivered: history.delivered.length, shown: dirtyRead.length };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['shown'] === 1),
    'truncation-comes-first': proveSince('3.4', { quirk: 'by-release' }, clean),
  },
});
