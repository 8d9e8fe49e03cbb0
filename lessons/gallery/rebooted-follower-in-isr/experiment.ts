/**
 * A follower joins the ISR by what it was before it lost power: KIP-903.
 *
 * The leader has asked the controller to take a follower in; the request is late. Meanwhile the
 * follower loses what it had not synced, and registers anew. Then the request arrives.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, crash, lossOf, topicIsCreated } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const [LEADER, SECOND, REBOOTED] = [1, 2, 3] as const;
const RECORDS = 2;
const CONTROLLER = 'controller-1';

interface World {
  readonly cluster: KafkaCluster;
}

function isFenced({ cluster }: World, id: number): boolean {
  return cluster.controller?.brokers.find((broker) => broker.id === id)?.fenced === true;
}

/** From the other brokers; the controller hears it. */
function isolateRebooted({ cluster }: World, lab: Lab): void {
  const from = [LEADER, SECOND].map((id) => cluster.brokerName(id));
  lab.inject({ fault: 'isolate', host: cluster.brokerName(REBOOTED), from });
}

const keeps = (measures: Measures) =>
  measures['lost'] === 0 && measures['acknowledged'] === RECORDS;

export default experiment({
  id: 'rebooted-follower-in-isr',
  breaks: 'K9',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, {
      brokers: REPLICAS,
      profile: knobs.profile,
      quirks: quirksOf(knobs.quirk, 'brokerEpochInIsrChange', { eligibleLeaderReplicas: false }),
      settings: { 'replica.lag.time.max.ms': '4000', 'broker.session.timeout.ms': '30000' },
    });
    return { cluster };
  },

  steps: [
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 2, { 'producer-1': { acks: 'all', 'linger.ms': '0' } }),
    {
      id: 'left-behind',
      title: { en: 'Two records without the third broker', zh: '第三台缺席的两条消息' },
      do: (world, lab) => {
        isolateRebooted(world, lab);
        world.cluster.send('producer-1', TOPIC, RECORDS);
      },
      until: ({ cluster }, lab) =>
        acknowledgedBy(lab) === RECORDS &&
        cluster.replica(LEADER, TOPIC, 0)?.isr.includes(REBOOTED) === false,
      timeLimitMs: 60_000,
    },
    {
      id: 'request-is-late',
      title: { en: 'The leader asks for it back, but is not heard', zh: '申请恢复，却没人听到' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'heal' });
        const host = cluster.brokerName(LEADER);
        lab.inject({ fault: 'isolate', host, from: [CONTROLLER] });
      },
      until: ({ cluster }) =>
        cluster.replica(LEADER, TOPIC, 0)?.isrState === 'PendingExpandIsr' &&
        cluster.replica(REBOOTED, TOPIC, 0)?.leo === RECORDS,
      timeLimitMs: 30_000,
    },
    {
      id: 'stop',
      title: { en: 'The follower is told to stop', zh: 'follower 被要求停机' },
      do: ({ cluster }, lab) => lab.inject({ fault: 'stop', host: cluster.brokerName(REBOOTED) }),
      until: (world) => isFenced(world, REBOOTED),
      timeLimitMs: 10_000,
    },
    {
      id: 'power-loss',
      title: { en: 'It loses power on its way down', zh: '停机途中断电' },
      do: (world, lab) => {
        const host = world.cluster.brokerName(REBOOTED);
        lab.inject({ fault: 'power', host });
        isolateRebooted(world, lab);
        lab.inject({ fault: 'start', host });
      },
      until: ({ cluster }) => cluster.broker(REBOOTED)?.state === 'RUNNING',
      timeLimitMs: 30_000,
    },
    {
      id: 'request-arrives',
      title: { en: 'The request reaches the controller', zh: '申请到达控制器' },
      do: (world, lab) => {
        lab.inject({ fault: 'heal' });
        isolateRebooted(world, lab);
      },
      until: ({ cluster }) => cluster.isrOf(TOPIC, 0).includes(REBOOTED),
      timeLimitMs: 2_000,
    },
    {
      id: 'others-die',
      title: { en: 'Those that have the records die', zh: '有这些消息的副本宕机' },
      do: (world, lab) => crash(world, lab, [LEADER, SECOND]),
      until: ({ cluster }) => cluster.replica(REBOOTED, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures: lossOf,

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === RECORDS),
    'the-request-names-the-broker-epoch': proveSince('3.5', { quirk: 'by-release' }, keeps),
  },
});
