/**
 * A replica that was taken away and given back is judged by a fetch of its former life.
 *
 * The way from a follower to the leader is slow. The follower's replica is removed, its log with
 * it, and added again, empty. Then the last fetch of before arrives, and the leader takes the
 * replica for caught up.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { administration, reassign } from '#engine/lab/kafka-administration.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, crash, lossOf, Pause, topicIsCreated } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const [LEADER, SECOND, MOVED] = [1, 2, 3] as const;
const RECORDS = 3;
const SLOW_MICROS = 2_000_000;
const QUICK_MICROS = 100;

interface World {
  readonly cluster: KafkaCluster;
  readonly pause: Pause;
}

function delayFetches({ cluster }: World, lab: Lab, minMicros: number): void {
  const [from, to] = [cluster.brokerName(MOVED), cluster.brokerName(LEADER)];
  lab.inject({ fault: 'delay', from, to, minMicros, jitterMicros: 0 });
}

const keeps = (measures: Measures) =>
  measures['lost'] === 0 && measures['acknowledged'] === RECORDS;

export default experiment({
  id: 'removed-and-added-again',
  breaks: 'K8',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const besides = { eligibleLeaderReplicas: false };
    const cluster = new KafkaCluster(lab, {
      brokers: REPLICAS,
      modules: administration,
      profile: knobs.profile,
      quirks: quirksOf(knobs.quirk, 'isrJoinNeedsFetchInEpoch', besides),
    });
    return { cluster, pause: new Pause() };
  },

  steps: [
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 2, { 'producer-1': { acks: 'all', 'linger.ms': '0' } }),
    {
      id: 'write',
      title: { en: 'Three records that all have', zh: '三条大家都有的消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, RECORDS),
      until: ({ cluster }, lab) =>
        acknowledgedBy(lab) === RECORDS &&
        [SECOND, MOVED].every((id) => cluster.replica(id, TOPIC, 0)?.hw === RECORDS),
      timeLimitMs: 30_000,
    },
    {
      id: 'slow',
      title: { en: 'The way to the leader becomes slow', zh: '通往 leader 的网络变慢' },
      do: (world, lab) => {
        delayFetches(world, lab, SLOW_MICROS);
        world.pause.begin(lab, 1_000);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2_000,
    },
    {
      id: 'removed',
      title: { en: 'The replica is taken away', zh: '副本被移走' },
      do: (_world, lab) => reassign(lab, TOPIC, 0, [LEADER, SECOND]),
      until: ({ cluster }) => cluster.replica(MOVED, TOPIC, 0) === null,
      timeLimitMs: 30_000,
    },
    {
      id: 'added',
      title: { en: 'It is given back, empty', zh: '又加了回来，空的' },
      do: (_world, lab) => reassign(lab, TOPIC, 0, [LEADER, SECOND, MOVED]),
      until: ({ cluster }) => cluster.replica(MOVED, TOPIC, 0) !== null,
      timeLimitMs: 30_000,
    },
    {
      id: 'late-fetch',
      title: { en: 'A fetch of before arrives', zh: '从前的拉取请求到了' },
      until: ({ cluster }) => cluster.replica(LEADER, TOPIC, 0)?.isr.includes(MOVED) === true,
      timeLimitMs: 60_000,
    },
    {
      id: 'others-die',
      title: { en: 'The other two die', zh: '另外两台宕机' },
      do: (world, lab) => crash(world, lab, [LEADER, SECOND]),
      until: ({ cluster }) => cluster.replica(MOVED, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
    {
      id: 'quick',
      title: { en: 'The network is quick again', zh: '网络恢复速度' },
      do: (world, lab) => delayFetches(world, lab, QUICK_MICROS),
      until: () => true,
      timeLimitMs: 1_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures: lossOf,

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === RECORDS),
    'only-a-fetch-of-this-epoch-counts': proveSince('2.1', { quirk: 'by-release' }, keeps),
  },
});
