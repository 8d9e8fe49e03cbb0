/**
 * A replica joins the ISR by a high watermark that is too low: KAFKA-7128.
 *
 * A record is acknowledged by all that are in sync, but the next leader has not heard so: its high
 * watermark is a step behind. A replica without that record comes back, reaches this stale mark,
 * and is taken in. Then those that have the record die.
 */
import { experiment, judgeDelivery, prove, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy } from '../story.ts';

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
    {
      id: 'start',
      title: { en: 'Four brokers start', zh: '四个 Broker 启动' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    {
      id: 'create',
      title: { en: 'A topic with four replicas', zh: '创建四副本的主题' },
      do: ({ cluster }) => {
        const configs = { 'min.insync.replicas': '1', 'unclean.leader.election.enable': 'false' };
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
      do: ({ cluster }, lab) => {
        for (const id of [SECOND, FAR]) {
          lab.inject({ fault: 'crash', host: cluster.brokerName(id) });
        }
      },
      until: ({ cluster }) => cluster.replica(LATE, TOPIC, 0)?.role === 'leader',
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
    'joining-needs-the-start-of-the-epoch': proveSince('2.0', { quirk: 'by-release' }, keeps),
  },
});
