/**
 * The controller may elect a replica that the leader does not wait for: the error in design that
 * the maximal ISR of KIP-497 excludes. No release had it.
 *
 * The leader asks for a follower to join. The controller agrees, but the answer does not arrive.
 * The leader goes on without that follower, which is by then in the controller's ISR.
 */
import { experiment } from '#engine/lab/index.ts';
import type { Lab } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, crash, lossOf, Pause, topicIsCreated } from '../story.ts';

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
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 2, {
      'producer-1': { acks: 'all', 'linger.ms': '0', retries: '1000' },
    }),
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
      do: (world, lab) => crash(world, lab, [LEADER, SECOND]),
      until: ({ cluster }) => cluster.replica(LATE, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures: lossOf,

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === 1),
  },
});
