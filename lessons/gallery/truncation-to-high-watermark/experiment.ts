/**
 * A follower truncates to its own high watermark, which is a step behind: KIP-101, scenario 1.
 *
 * The second record is acknowledged by all, but the followers have not heard that it is committed.
 * The leader dies. One follower leads; the other follows it, truncates, and is cut off before it
 * can fetch. Then the second leader dies too.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, lossOf, topicIsCreated } from '../story.ts';

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
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 2, { 'producer-1': { acks: 'all', 'linger.ms': '0' } }),
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

  measures: lossOf,

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === 1),
    'followers-truncate-by-epoch': proveSince('0.11', { quirk: 'by-release' }, keeps),
  },
});
