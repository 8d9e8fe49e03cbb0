/**
 * The end of a partition moves back after a fail-over: KAFKA-2334, KIP-207.
 *
 * Two readers ask where the partition ends, one before the leader dies and one after. The new
 * leader has both records, but its high watermark is a step behind, and it answers with that.
 */
import type { Consumer } from '#engine/kafka/client/consumer/consumer.ts';
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { acknowledgedBy, brokersStart, topicIsCreated } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const [FIRST, SECOND, THIRD] = [1, 2, 3] as const;

interface World {
  readonly cluster: KafkaCluster;
  /** The ends that the readers were told, in the order of asking; null while nobody has. */
  before: number | null;
  after: number | null;
  /** Where a reader that wants the latest stands: the end that it was told. */
  readonly endToldTo: (reader: string) => number | null;
}

const grows = (measures: Measures) =>
  measures['wentBack'] === 0 && measures['endBefore'] === 2 && measures['endAfter'] === 2;

export default experiment({
  id: 'offsets-went-backwards',
  breaks: 'K3',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const { profile } = knobs;
    const quirks = quirksOf(knobs.quirk, 'offsetNotAvailable');
    const cluster = new KafkaCluster(lab, { brokers: REPLICAS, profile, quirks });
    const endToldTo = (reader: string) => {
      const process = lab.host(reader).process as Consumer | null;
      return process?.position({ topic: TOPIC, partition: 0 }) ?? null;
    };
    const world: World = { cluster, before: null, after: null, endToldTo };
    lab.invariant('K3', 'always', () => {
      const { before, after } = world;
      if (before === null || after === null || after >= before) return null;
      return `a reader is told that ${TOPIC}-0 ends at ${after}, another was told ${before}`;
    });
    return world;
  },

  steps: [
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 2, { 'producer-1': { acks: 'all', 'linger.ms': '0' } }),
    {
      id: 'first',
      title: { en: 'A record that everybody knows is committed', zh: '一条大家都知道已提交的消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, 1),
      until: ({ cluster }) =>
        [SECOND, THIRD].every((id) => cluster.replica(id, TOPIC, 0)?.hw === 1),
      timeLimitMs: 30_000,
    },
    {
      id: 'second',
      title: { en: 'A second record, and a reader asks for the end', zh: '第二条消息，有人问末尾' },
      do: ({ cluster }) => {
        cluster.send('producer-1', TOPIC, 1);
        cluster.addConsumer('reader-1', TOPIC, { 'auto.offset.reset': 'latest' });
      },
      until: (world, lab) => {
        world.before = world.endToldTo('reader-1');
        return acknowledgedBy(lab) === 2 && world.before === 2;
      },
      timeLimitMs: 30_000,
    },
    {
      id: 'leader-dies',
      title: { en: 'The leader dies', zh: 'leader 宕机' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'crash', host: cluster.brokerName(FIRST) });
        const from = [cluster.brokerName(SECOND)];
        lab.inject({ fault: 'isolate', host: cluster.brokerName(THIRD), from });
      },
      until: ({ cluster }) => cluster.replica(SECOND, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
    {
      id: 'ask-again',
      title: { en: 'Another reader asks for the end', zh: '另一个消费者问末尾' },
      do: ({ cluster }) =>
        cluster.addConsumer('reader-2', TOPIC, { 'auto.offset.reset': 'latest' }),
      until: (world) => {
        world.after = world.endToldTo('reader-2');
        return world.after !== null;
      },
      timeLimitMs: 2_000,
    },
    {
      id: 'catch-up',
      title: { en: 'The network heals', zh: '网络恢复' },
      do: (_, lab) => lab.inject({ fault: 'heal' }),
      until: (world) => {
        world.after ??= world.endToldTo('reader-2');
        return world.after !== null && world.cluster.replica(SECOND, TOPIC, 0)?.hw === 2;
      },
      timeLimitMs: 30_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world }) {
    const endBefore = world.before ?? 0;
    const endAfter = world.after ?? 0;
    return { endBefore, endAfter, wentBack: Math.max(0, endBefore - endAfter) };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['wentBack'] === 1),
    'a-stale-leader-gives-no-end': proveSince('2.2', { quirk: 'by-release' }, grows),
  },
});
