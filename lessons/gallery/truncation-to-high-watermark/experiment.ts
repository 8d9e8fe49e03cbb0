/**
 * A follower truncates to its own high watermark, which is a step behind: KIP-101, scenario 1.
 *
 * The second record is acknowledged by all, but the followers have not heard that it is committed.
 * The leader dies. One follower leads; the other follows it, truncates, and is cut off before it
 * can fetch. Then the second leader dies too.
 */
import { experiment, judgeDelivery, prove, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy } from '../story.ts';

const TOPIC = 'pay';
const [FIRST, SECOND, LAST] = [1, 2, 3] as const;
const REPLICAS = 3;

interface World {
  readonly cluster: KafkaCluster;
}

const keeps = (measures: Measures) => measures['lost'] === 0 && measures['acknowledged']! > 0;

export default experiment({
  id: 'truncation-to-high-watermark',
  breaks: 'K4',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const { profile } = knobs;
    const quirks = quirksOf(knobs.quirk, 'leaderEpochTruncation');
    return { cluster: new KafkaCluster(lab, { brokers: REPLICAS, profile, quirks }) };
  },

  steps: [
    {
      id: 'start',
      title: { en: 'Three brokers start', zh: '三个 Broker 启动' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    {
      id: 'create',
      title: { en: 'A topic with three replicas', zh: '创建三副本的主题' },
      do: ({ cluster }) => {
        const configs = { 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false' };
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: REPLICAS, configs });
        cluster.addProducer('producer-1', { acks: 'all', 'linger.ms': '0' });
      },
      until: ({ cluster }) => cluster.partitionsReady(true),
      timeLimitMs: 30_000,
    },
    {
      id: 'first',
      title: { en: 'A record that everybody knows is committed', zh: '一条大家都知道已提交的消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, 1),
      until: ({ cluster }) => [SECOND, LAST].every((id) => cluster.replica(id, TOPIC, 0)?.hw === 1),
      timeLimitMs: 30_000,
    },
    {
      id: 'second',
      title: { en: 'A second record is acknowledged', zh: '第二条消息得到确认' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, 1),
      until: (_, lab) => acknowledgedBy(lab) === 2,
      timeLimitMs: 30_000,
    },
    {
      id: 'leader-dies',
      title: { en: 'The leader dies before it told the followers', zh: 'leader 来不及通知就宕机' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'crash', host: cluster.brokerName(FIRST) });
        const from = [cluster.brokerName(LAST)];
        lab.inject({ fault: 'isolate', host: cluster.brokerName(SECOND), from });
      },
      until: ({ cluster }) =>
        cluster.replica(SECOND, TOPIC, 0)?.role === 'leader' &&
        cluster.replica(LAST, TOPIC, 0)?.leader === SECOND,
      timeLimitMs: 60_000,
    },
    {
      id: 'truncate',
      title: { en: 'A follower prepares to follow', zh: 'follower 准备跟随新 leader' },
      until: ({ cluster }) => cluster.replica(LAST, TOPIC, 0)?.leo === 1,
      timeLimitMs: 100,
    },
    {
      id: 'next-dies',
      title: { en: 'The new leader dies too', zh: '新 leader 也宕机' },
      do: ({ cluster }, lab) => lab.inject({ fault: 'crash', host: cluster.brokerName(SECOND) }),
      until: ({ cluster }) => cluster.replica(LAST, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ history }) {
    const verdict = judgeDelivery(history);
    return {
      sent: history.sent.length,
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
    };
  },

  proofs: {
    'the-bug-shows': prove({ quirk: 'on' }, (measures) => measures['lost'] === 1, [
      { name: 'the quirk is off', knobs: { quirk: 'off' } },
    ]),
    'followers-truncate-by-epoch': proveSince('0.11', { quirk: 'by-release' }, keeps),
  },
});
