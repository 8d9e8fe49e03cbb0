/**
 * A replica joins the ISR by a high watermark that is too low: KAFKA-7128.
 *
 * A record is acknowledged by all that are in sync, but the next leader has not heard so: its high
 * watermark is a step behind. A replica without that record comes back, reaches this stale mark,
 * and is taken in. Then those that have the record die.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, crash, lossOf, topicIsCreated } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 4;
const [FIRST, SECOND, LATE, FAR] = [1, 2, 3, 4] as const;
/** A reply with a record is longer; one without, or with the end of an epoch, gets through. */
const REPLY_BYTES = 100;

interface World {
  readonly cluster: KafkaCluster;
}

const keeps = (measures: Measures) => measures['lost'] === 0 && measures['acknowledged'] === 2;

export default experiment({
  id: 'joined-isr-too-early',
  breaks: 'K8',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, {
      brokers: REPLICAS,
      profile: knobs.profile,
      quirks: quirksOf(knobs.quirk, 'isrJoinNeedsEpochStart', { eligibleLeaderReplicas: false }),
      settings: { 'replica.lag.time.max.ms': '4000' },
    });
    return { cluster };
  },

  steps: [
    brokersStart(4),
    topicIsCreated(TOPIC, 4, 1, { 'producer-1': { acks: 'all', 'linger.ms': '0' } }),
    {
      id: 'first',
      title: { en: 'A record that everybody knows is committed', zh: '一条大家都知道已提交的消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, 1),
      until: ({ cluster }) =>
        [SECOND, LATE, FAR].every((id) => cluster.replica(id, TOPIC, 0)?.hw === 1),
      timeLimitMs: 30_000,
    },
    {
      id: 'second',
      title: { en: 'One replica is away, the others go on', zh: '一个副本离开，其余照常写入' },
      do: ({ cluster }, lab) => {
        const from = [cluster.brokerName(FIRST), cluster.brokerName(SECOND)];
        lab.inject({ fault: 'isolate', host: cluster.brokerName(LATE), from });
        cluster.send('producer-1', TOPIC, 1);
      },
      until: (_, lab) => acknowledgedBy(lab) === 2,
      timeLimitMs: 60_000,
    },
    {
      id: 'leader-dies',
      title: { en: 'The leader dies before it told the others', zh: 'leader 来不及通知就宕机' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'crash', host: cluster.brokerName(FIRST) });
        const from = [cluster.brokerName(SECOND)];
        lab.inject({ fault: 'isolate', host: cluster.brokerName(FAR), from });
      },
      until: ({ cluster }) => cluster.replica(SECOND, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
    {
      id: 'join',
      title: { en: 'The replica comes back', zh: '离开的副本回来了' },
      do: ({ cluster }, lab) => {
        const [leader, late] = [cluster.brokerName(SECOND), cluster.brokerName(LATE)];
        lab.inject({ fault: 'heal' });
        lab.inject({ fault: 'isolate', host: cluster.brokerName(FAR), from: [leader] });
        lab.inject({ fault: 'reset', from: leader, to: late, bytes: REPLY_BYTES });
      },
      until: ({ cluster }) => cluster.replica(SECOND, TOPIC, 0)?.isr.includes(LATE) === true,
      timeLimitMs: 120_000,
    },
    {
      id: 'others-die',
      title: { en: 'Those that have the record die', zh: '有这条消息的副本宕机' },
      do: (world, lab) => crash(world, lab, [SECOND, FAR]),
      until: ({ cluster }) => cluster.replica(LATE, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures: lossOf,

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === 1),
    'joining-needs-the-start-of-the-epoch': proveSince('2.0', { quirk: 'by-release' }, keeps),
  },
});
