/**
 * A retry puts an earlier record behind a later one: several requests in flight, and no
 * idempotence, which was the default before Kafka 3.0.
 *
 * The first request is refused because too few are in sync. Before the producer hears so, there are
 * enough again, and its second request succeeds. Then it sends the first once more.
 */
import { choice, experiment, judgeDelivery, prove, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, Pause, topicIsCreated } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const LEADER = 1;
const OTHERS = [2, 3] as const;
const PRODUCER = 'producer-1';
/** Enough for a request to be sent and answered. */
const REQUEST_MS = 1_000;

interface World {
  readonly cluster: KafkaCluster;
  readonly pause: Pause;
}

const inOrder = (measures: Measures) =>
  measures['reordered'] === 0 && measures['acknowledged'] === 3;

export default experiment({
  id: 'reordered-by-a-retry',
  breaks: 'K21',
  knobs: {
    ...bugKnobs,
    'max.in.flight.requests.per.connection': choice(['1', '5'], '5', {
      en: 'How many requests a producer sends before it is answered.',
      zh: '得到响应之前，生产者最多发出几个请求。',
    }),
  },

  world({ knobs, lab }): World {
    const { profile } = knobs;
    const quirks = { eligibleLeaderReplicas: false };
    const cluster = new KafkaCluster(lab, { brokers: REPLICAS, profile, quirks });
    lab.invariant('K21', 'always', () => {
      const { history } = lab;
      if (history.final === null) return null;
      const [late] = judgeDelivery(history).reordered;
      return late === undefined ? null : `${late} stands behind a record that was sent after it`;
    });
    const inFlight = 'max.in.flight.requests.per.connection';
    const idempotence = { 'enable.idempotence': String(knobs.quirk === 'off') };
    cluster.addProducer(PRODUCER, {
      acks: 'all',
      'linger.ms': '0',
      [inFlight]: knobs[inFlight],
      ...(knobs.quirk === 'by-release' ? {} : idempotence),
    });
    return { cluster, pause: new Pause() };
  },

  steps: [
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 2, {}),
    {
      id: 'first',
      title: { en: 'The first record is written', zh: '第一条写入' },
      do: ({ cluster }) => cluster.send(PRODUCER, TOPIC, 1),
      until: (_, lab) => acknowledgedBy(lab) === 1,
      timeLimitMs: 30_000,
    },
    {
      id: 'too-few',
      title: { en: 'Too few are in sync', zh: '同步副本不够了' },
      do: ({ cluster }, lab) => {
        for (const id of OTHERS) lab.inject({ fault: 'crash', host: cluster.brokerName(id) });
      },
      until: ({ cluster }) => cluster.replica(LEADER, TOPIC, 0)?.isr.length === 1,
      timeLimitMs: 60_000,
    },
    {
      id: 'refused',
      title: { en: 'The second is refused, the reply is late', zh: '第二条被拒，响应迟迟不到' },
      do: ({ cluster, pause }, lab) => {
        lab.inject({ fault: 'clog', from: cluster.brokerName(LEADER), to: PRODUCER });
        cluster.send(PRODUCER, TOPIC, 1);
        pause.begin(lab, REQUEST_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 5 * REQUEST_MS,
    },
    {
      id: 'enough',
      title: { en: 'Enough are in sync again', zh: '同步副本又够了' },
      do: ({ cluster }, lab) => {
        for (const id of OTHERS) lab.inject({ fault: 'start', host: cluster.brokerName(id) });
      },
      until: ({ cluster }) => cluster.replica(LEADER, TOPIC, 0)?.isr.length === REPLICAS,
      timeLimitMs: 20_000,
    },
    {
      id: 'third',
      title: { en: 'The third is written', zh: '第三条写入' },
      do: ({ cluster }) => cluster.send(PRODUCER, TOPIC, 1),
      until: ({ cluster }) => cluster.replica(LEADER, TOPIC, 0)?.leo === 2,
      timeLimitMs: 5 * REQUEST_MS,
    },
    {
      id: 'retry',
      title: { en: 'The replies arrive', zh: '响应终于到了' },
      do: (_, lab) => lab.inject({ fault: 'heal' }),
      until: (_, lab) => acknowledgedBy(lab) === 3,
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ history }) {
    const verdict = judgeDelivery(history);
    return {
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
      reordered: verdict.reordered.length,
    };
  },

  proofs: {
    'the-bug-shows': prove({ quirk: 'on' }, (measures) => measures['reordered'] === 1, [
      { name: 'the quirk is off', knobs: { quirk: 'off' } },
      {
        name: 'one request at a time',
        knobs: { 'max.in.flight.requests.per.connection': '1' },
      },
    ]),
    'idempotence-keeps-the-order': proveSince('3.0', { quirk: 'by-release' }, inOrder),
  },
});
