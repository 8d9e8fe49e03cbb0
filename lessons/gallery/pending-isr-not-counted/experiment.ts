/**
 * The controller may elect a replica that the leader does not wait for: the error in design that
 * the maximal ISR of KIP-497 excludes. No release had it.
 *
 * The leader asks for a follower to join. The controller agrees, but the answer does not arrive.
 * The leader goes on without that follower, which is by then in the controller's ISR.
 */
import { experiment, judgeDelivery, prove } from '#engine/lab/index.ts';
import type { Lab } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, Pause } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const [LEADER, SECOND, LATE] = [1, 2, 3] as const;
const CONTROLLER = 'controller-1';
/** More than replica.lag.time.max.ms: who was caught up a moment ago is waited for anyway. */
const LAG_MS = 5_000;

interface World {
  readonly cluster: KafkaCluster;
  readonly pause: Pause;
}

function isolateLate({ cluster }: World, lab: Lab): void {
  const from = [LEADER, SECOND].map((id) => cluster.brokerName(id));
  lab.inject({ fault: 'isolate', host: cluster.brokerName(LATE), from });
}

export default experiment({
  id: 'pending-isr-not-counted',
  breaks: 'K7',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, {
      brokers: REPLICAS,
      profile: knobs.profile,
      quirks: quirksOf(knobs.quirk, 'countsPendingIsr', { eligibleLeaderReplicas: false }),
      settings: { 'replica.lag.time.max.ms': '4000', 'broker.session.timeout.ms': '30000' },
    });
    return { cluster, pause: new Pause() };
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
        cluster.addProducer('producer-1', { acks: 'all', 'linger.ms': '0', retries: '1000' });
      },
      until: ({ cluster }) => cluster.partitionsReady(true),
      timeLimitMs: 30_000,
    },
    {
      id: 'left-behind',
      title: { en: 'A record without the third broker', zh: '第三台缺席的一条消息' },
      do: (world, lab) => {
        isolateLate(world, lab);
        world.cluster.send('producer-1', TOPIC, 1);
      },
      until: ({ cluster }, lab) =>
        acknowledgedBy(lab) === 1 &&
        cluster.replica(LEADER, TOPIC, 0)?.isr.includes(LATE) === false,
      timeLimitMs: 60_000,
    },
    {
      id: 'joins',
      title: { en: 'The controller agrees, the leader does not hear', zh: '控制器同意，没传到' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'heal' });
        lab.inject({ fault: 'cut', from: CONTROLLER, to: cluster.brokerName(LEADER) });
      },
      until: ({ cluster }) => cluster.isrOf(TOPIC, 0).includes(LATE),
      timeLimitMs: 30_000,
    },
    {
      id: 'cut-off',
      title: { en: 'The third broker is cut off again', zh: '第三台又断网' },
      do: (world, lab) => {
        isolateLate(world, lab);
        world.pause.begin(lab, LAG_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * LAG_MS,
    },
    {
      id: 'second',
      title: { en: 'A record is acknowledged without it', zh: '没有它也确认了一条' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, 1),
      until: (_, lab) => acknowledgedBy(lab) === 2,
      timeLimitMs: 5_000,
    },
    {
      id: 'others-die',
      title: { en: 'The other two die', zh: '另外两台宕机' },
      do: ({ cluster }, lab) => {
        for (const id of [LEADER, SECOND]) {
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
  },
});
