/**
 * Two leader changes within one outage: KIP-279, KAFKA-6361.
 *
 * Each broker wrote an epoch that the other never saw. The follower asks where its epoch ends; the
 * leader does not know that epoch and answers with an offset alone. The follower cuts there and
 * keeps records of its own below it.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import {
  acknowledgedBy,
  brokersStart,
  divergedOffsets,
  topicIsReady,
  watchInSync,
} from '../story.ts';

const TOPIC = 'pay';
const [FIRST, SECOND] = [1, 2] as const;
const COMMON = 2;
const FIRST_ALONE = 2;
const SECOND_ALONE = 3;
const LATER = 1;
const ALL = COMMON + FIRST_ALONE + SECOND_ALONE + LATER;

interface World {
  readonly cluster: KafkaCluster;
  /** Acknowledged when the step began. */
  acknowledged: number;
  /** Sent since then. */
  asked: number;
}

const same = (measures: Measures) => measures['diverged'] === 0 && measures['acknowledged'] === ALL;

/** Sends one record, and the next as soon as it is acknowledged: each is a batch of its own. */
function sendOneByOne(world: World, lab: Lab, producer: string, count: number): boolean {
  const told = acknowledgedBy(lab) - world.acknowledged;
  if (told === world.asked && told < count) {
    world.asked += 1;
    world.cluster.send(producer, TOPIC, 1);
  }
  return told === count;
}

export default experiment({
  id: 'divergence-after-fast-fail-over',
  breaks: 'K2',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, {
      brokers: 2,
      profile: knobs.profile,
      quirks: quirksOf(knobs.quirk, 'epochReplyWithEpoch', { eligibleLeaderReplicas: false }),
    });
    watchInSync(lab, cluster, TOPIC);
    return { cluster, acknowledged: 0, asked: 0 };
  },

  steps: [
    brokersStart(2),
    topicIsReady(
      { en: 'A topic that allows unclean election', zh: '创建允许 unclean 选主的主题' },
      ({ cluster }) => {
        const configs = { 'min.insync.replicas': '1', 'unclean.leader.election.enable': 'true' };
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 2, configs });
        cluster.addProducer('producer-1', { acks: '1', 'linger.ms': '0' });
      },
    ),
    {
      id: 'common',
      title: { en: 'Two records that both have', zh: '两条双方都有的消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, COMMON),
      until: ({ cluster }, lab) =>
        acknowledgedBy(lab) === COMMON && cluster.replica(SECOND, TOPIC, 0)?.leo === COMMON,
      timeLimitMs: 30_000,
    },
    {
      id: 'first-alone',
      title: { en: 'The leader writes alone', zh: 'leader 独自写入' },
      do: (world, lab) => {
        const { cluster } = world;
        world.acknowledged = acknowledgedBy(lab);
        const from = [cluster.brokerName(SECOND)];
        lab.inject({ fault: 'isolate', host: cluster.brokerName(FIRST), from });
        cluster.send('producer-1', TOPIC, FIRST_ALONE);
      },
      until: (world, lab) => acknowledgedBy(lab) === world.acknowledged + FIRST_ALONE,
      timeLimitMs: 30_000,
    },
    {
      id: 'first-fail-over',
      title: { en: 'The first fail-over', zh: '第一次切换' },
      do: ({ cluster }, lab) => lab.inject({ fault: 'crash', host: cluster.brokerName(FIRST) }),
      until: ({ cluster }) => cluster.replica(SECOND, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
    {
      id: 'second-alone',
      title: { en: 'The new leader writes alone', zh: '新 leader 独自写入' },
      do: (world, lab) => {
        world.acknowledged = acknowledgedBy(lab);
        world.asked = 0;
      },
      until: (world, lab) => sendOneByOne(world, lab, 'producer-1', SECOND_ALONE),
      timeLimitMs: 60_000,
    },
    {
      id: 'second-fail-over',
      title: { en: 'The second fail-over', zh: '第二次切换' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'crash', host: cluster.brokerName(SECOND) });
        lab.inject({ fault: 'heal' });
        lab.inject({ fault: 'start', host: cluster.brokerName(FIRST) });
      },
      until: ({ cluster }) => cluster.replica(FIRST, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 600_000,
    },
    {
      id: 'later',
      title: { en: 'One more record', zh: '再写一条消息' },
      do: (world, lab) => {
        world.acknowledged = acknowledgedBy(lab);
        // The first producer knows only the broker that it was told of last.
        world.cluster.addProducer('producer-2', { acks: '1', 'linger.ms': '0' });
        world.cluster.send('producer-2', TOPIC, LATER);
      },
      until: (world, lab) => acknowledgedBy(lab) === world.acknowledged + LATER,
      timeLimitMs: 60_000,
    },
    {
      id: 'return',
      title: { en: 'The other broker comes back and follows', zh: '另一台恢复，成为 follower' },
      do: ({ cluster }, lab) => lab.inject({ fault: 'start', host: cluster.brokerName(SECOND) }),
      until: ({ cluster }) => cluster.isrOf(TOPIC, 0).length === 2,
      timeLimitMs: 120_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const acknowledged = history.sent.filter(({ outcome }) => outcome === 'acknowledged');
    return {
      sent: history.sent.length,
      acknowledged: acknowledged.length,
      diverged: divergedOffsets(world.cluster, TOPIC),
    };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['diverged']! > 0),
    'the-reply-names-its-epoch': proveSince('2.0', { quirk: 'by-release' }, same),
  },
});
