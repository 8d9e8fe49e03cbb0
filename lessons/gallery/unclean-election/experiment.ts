/**
 * A replica that was left behind is made leader, because it is the only one there: the default
 * before Kafka 0.11.
 *
 * Two brokers are cut off one after the other. The last one writes on alone and dies. The first
 * that comes back is the one that has least, and the others cut their logs down to it.
 */
import { choice, experiment, judgeDelivery, prove, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows } from '../bug-knobs.ts';
import { watchConsumed } from '../committed.ts';
import { acknowledgedBy, brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const [LEADER, SECOND, LEAST] = [1, 2, 3] as const;
const LATER = 1;

interface World {
  readonly cluster: KafkaCluster;
  acknowledged: number;
}

const keeps = (measures: Measures) => measures['lost'] === 0 && measures['acknowledged']! >= 3;

/** Cut off from the whole cluster. Clients still reach it, and learn nothing from it. */
function cutOff(cluster: KafkaCluster, lab: Lab, id: number): void {
  const others = cluster.nodeIds.filter((other) => other !== id);
  const from = [...others.map((other) => cluster.brokerName(other)), 'controller-1'];
  lab.inject({ fault: 'isolate', host: cluster.brokerName(id), from });
}

export default experiment({
  id: 'unclean-election',
  breaks: 'K13',
  knobs: {
    ...bugKnobs,
    'min.insync.replicas': choice(['1', '2'], '1', {
      en: 'How many must be in sync for acks=all.',
      zh: 'acks=all 至少要有几个同步副本。',
    }),
  },

  world({ knobs, lab }): World {
    const { quirk, profile } = knobs;
    const unclean = { 'unclean.leader.election.enable': String(quirk === 'on') };
    const cluster = new KafkaCluster(lab, {
      brokers: REPLICAS,
      profile,
      quirks: { eligibleLeaderReplicas: false },
      settings: {
        'min.insync.replicas': knobs['min.insync.replicas'],
        ...(quirk === 'by-release' ? {} : unclean),
      },
    });
    watchConsumed(lab);
    return { cluster, acknowledged: 0 };
  },

  steps: [
    brokersStart(3),
    topicIsReady({ en: 'A topic with three replicas', zh: '创建三副本的主题' }, ({ cluster }) => {
      cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: REPLICAS });
      const settings = { acks: 'all', 'linger.ms': '0', retries: '1000' };
      cluster.addProducer('producer-1', settings);
      cluster.addConsumer('reader-1', TOPIC, {});
    }),
    {
      id: 'first',
      title: { en: 'A record that all three have', zh: '一条三台都有的消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, 1),
      until: ({ cluster }) => cluster.replica(LEAST, TOPIC, 0)?.hw === 1,
      timeLimitMs: 30_000,
    },
    {
      id: 'second',
      title: { en: 'A record that two have', zh: '一条两台有的消息' },
      do: ({ cluster }, lab) => {
        cutOff(cluster, lab, LEAST);
        cluster.send('producer-1', TOPIC, 1);
      },
      until: ({ cluster }, lab) =>
        acknowledgedBy(lab) === 2 && cluster.replica(SECOND, TOPIC, 0)?.hw === 2,
      timeLimitMs: 60_000,
    },
    {
      id: 'third',
      title: { en: 'A record that one has', zh: '一条只有一台有的消息' },
      do: ({ cluster }, lab) => {
        cutOff(cluster, lab, SECOND);
        cluster.send('producer-1', TOPIC, 1);
      },
      until: ({ cluster }, lab) =>
        cluster.isrOf(TOPIC, 0).length === 1 &&
        acknowledgedBy(lab) === 3 &&
        lab.history.delivered.length === 3,
      timeLimitMs: 40_000,
    },
    {
      id: 'leader-dies',
      title: { en: 'The leader dies, the one left behind returns', zh: '宕机，落后的先恢复' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'crash', host: cluster.brokerName(LEADER) });
        lab.inject({ fault: 'heal' });
        cutOff(cluster, lab, SECOND);
      },
      until: ({ cluster }) => cluster.replica(LEAST, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 30_000,
    },
    {
      id: 'later',
      title: { en: 'It takes a new record', zh: '它写入新的消息' },
      do: (world, lab) => {
        const { cluster } = world;
        world.acknowledged = acknowledgedBy(lab);
        lab.inject({ fault: 'heal' });
        cluster.addProducer('producer-2', { acks: 'all', 'linger.ms': '0', retries: '1000' });
        cluster.send('producer-2', TOPIC, LATER);
      },
      until: (world, lab) => acknowledgedBy(lab) >= world.acknowledged + LATER,
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ history }) {
    const verdict = judgeDelivery(history);
    return {
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
      readAndGone: verdict.dirtyRead.length,
    };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === 2),
    'two-in-sync-lose-less': prove(
      { quirk: 'on', 'min.insync.replicas': '2' },
      (measures) => measures['lost'] === 1,
      [{ name: 'one in sync is enough', knobs: { 'min.insync.replicas': '1' } }],
    ),
    'the-default-waits': proveSince('0.11', { quirk: 'by-release' }, keeps),
  },
});
