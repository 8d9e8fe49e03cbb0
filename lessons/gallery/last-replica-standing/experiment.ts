/**
 * The last replica in sync loses power, and with it what the others still have: KIP-966.
 *
 * Records are committed by three brokers; none has synced them yet. Two brokers are cut off, and
 * leave the ISR. The last one loses power and its page cache. It comes back, alone in the ISR, and
 * leads with an empty log; the others throw away what they have.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { watchCommitted } from '../committed.ts';
import { acknowledgedBy, brokersStart, lossOf, topicIsCreated } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const LAST = 1;
const OTHERS = [2, 3] as const;
const RECORDS = 3;

interface World {
  readonly cluster: KafkaCluster;
}

const keeps = (measures: Measures) =>
  measures['lost'] === 0 && measures['acknowledged'] === RECORDS;

export default experiment({
  id: 'last-replica-standing',
  breaks: 'K3',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const { profile } = knobs;
    const quirks = quirksOf(knobs.quirk, 'eligibleLeaderReplicas');
    const cluster = new KafkaCluster(lab, { brokers: REPLICAS, profile, quirks });
    watchCommitted(lab, cluster, TOPIC);
    return { cluster };
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
        OTHERS.every((id) => cluster.replica(id, TOPIC, 0)?.hw === RECORDS),
      timeLimitMs: 30_000,
    },
    {
      id: 'cut-off',
      title: { en: 'Two of them are cut off', zh: '其中两台断网' },
      do: ({ cluster }, lab) => {
        for (const id of OTHERS) lab.inject({ fault: 'isolate', host: cluster.brokerName(id) });
      },
      until: ({ cluster }) => cluster.isrOf(TOPIC, 0).length === 1,
      timeLimitMs: 60_000,
    },
    {
      id: 'power-loss',
      title: { en: 'The last one loses power', zh: '最后一台断电' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'power', host: cluster.brokerName(LAST) });
        lab.inject({ fault: 'start', host: cluster.brokerName(LAST) });
      },
      until: ({ cluster }) => cluster.replica(LAST, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 20_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures: lossOf,

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === RECORDS),
    'who-left-the-isr-last-may-lead': proveSince('4.1', { quirk: 'by-release' }, keeps),
  },
});
