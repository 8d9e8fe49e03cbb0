/**
 * Available or whole? Three replicas, of which two fall behind and leave the ISR; then the last
 * one that has everything dies and stays away for a while.
 *
 * With unclean election a replica that was left behind leads, writes go on, and what only the old
 * leader had is cut off when it returns. Without it the partition waits. What is sent meanwhile is
 * taken by whoever leads, or by nobody.
 */
import {
  changed,
  choice,
  experiment,
  integer,
  judgeDelivery,
  prove,
  proveSince,
} from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { profileKnob } from '#engine/lab/kafka-profile.ts';
import { acknowledgedBy, brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'pay';
const REPLICAS = 3;
const CALM_RECORDS = 2;
/** What only the leader has; and what is sent while it is away. */
const LONELY_RECORDS = 2;
const LATER_RECORDS = 2;
/** The leader is away so long after the controller has noticed: time for any election. */
const AWAY_MICROS = 30_000_000;

interface World {
  readonly cluster: KafkaCluster;
  readonly fault: string;
  readonly addProducers: () => void;
  /** The leader that dies, 0 before it is known. */
  leader: number;
  /** When it died, and when another led: virtual time, 0 if nobody did. */
  diedAt: number;
  ledAt: number;
}

/** Followers stay in touch with the controller: they are alive, and behind. */
function leaveBehind(world: World, lab: Lab): void {
  const { cluster, fault } = world;
  world.leader = cluster.leaderOf(TOPIC, 0) ?? 1;
  const followers = cluster.nodeIds.filter((id) => id !== world.leader);
  const away = followers.slice(fault === 'one-left-behind' ? 1 : 0);
  const from = away.map((id) => cluster.brokerName(id));
  lab.inject({ fault: 'isolate', host: cluster.brokerName(world.leader), from });
  cluster.send('producer-1', TOPIC, LONELY_RECORDS);
}

function leaderDies(world: World, lab: Lab): void {
  const { cluster, leader } = world;
  world.diedAt = lab.now;
  lab.inject({ fault: 'crash', host: cluster.brokerName(leader) });
  lab.when(
    () => cluster.leaderOf(TOPIC, 0) !== null && cluster.leaderOf(TOPIC, 0) !== leader,
    () => {
      world.ledAt = lab.now;
    },
  );
  cluster.send('producer-2', TOPIC, LATER_RECORDS);
}

const keeps = (measures: Measures) => measures['lost'] === 0 && measures['acknowledged']! > 0;

const ENABLE = 'unclean.leader.election.enable';

export default experiment({
  id: 'unclean-leader-election',
  knobs: {
    [ENABLE]: choice(['default', 'true', 'false'], 'default', {
      en: 'Whether a replica that may lack records can become the leader.',
      zh: '是否允许可能缺数据的副本当选 leader。',
    }),
    'min.insync.replicas': integer(1, 2, 1, {
      en: 'Writes with acks=all are refused while fewer replicas are in sync.',
      zh: '同步副本少于这个数，就拒绝 acks=all 的写入。',
    }),
    fault: choice(['two-left-behind', 'one-left-behind'], 'two-left-behind', {
      en: 'How many followers fall behind before the leader dies.',
      zh: 'leader 宕机前，有几个 follower 掉队。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, { brokers: REPLICAS, profile: knobs.profile });
    const unclean = knobs[ENABLE];
    const configs = {
      'min.insync.replicas': String(knobs['min.insync.replicas']),
      ...(unclean === 'default' ? {} : { [ENABLE]: unclean }),
    };
    return {
      ...{ cluster, fault: knobs.fault, leader: 0, diedAt: 0, ledAt: 0 },
      addProducers: () => {
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: REPLICAS, configs });
        const settings = { acks: 'all', 'linger.ms': '0' };
        for (const name of ['producer-1', 'producer-2']) cluster.addProducer(name, settings);
      },
    };
  },

  steps: [
    brokersStart(3),
    topicIsReady<World>(
      { en: 'A topic with three replicas', zh: '创建三副本的主题' },
      ({ addProducers }) => addProducers(),
    ),
    {
      id: 'calm',
      title: { en: 'Records that all three have', zh: '三个副本都有的消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, CALM_RECORDS),
      until: ({ cluster }, lab) =>
        acknowledgedBy(lab) === CALM_RECORDS &&
        cluster.nodeIds.every((id) => cluster.replica(id, TOPIC, 0)?.hw === CALM_RECORDS),
      timeLimitMs: 30_000,
    },
    {
      id: 'behind',
      title: { en: 'Followers fall behind', zh: 'follower 掉队' },
      do: leaveBehind,
      until: ({ cluster, fault }, lab) =>
        cluster.isrOf(TOPIC, 0).length === (fault === 'one-left-behind' ? 2 : 1) &&
        (acknowledgedBy(lab) === CALM_RECORDS + LONELY_RECORDS ||
          lab.history.sent.some(({ error }) => error !== '')),
      timeLimitMs: 120_000,
    },
    {
      id: 'die',
      title: { en: 'The leader dies', zh: 'leader 宕机' },
      do: leaderDies,
      until: ({ diedAt, cluster, leader }, lab) =>
        cluster.leaderOf(TOPIC, 0) !== leader && lab.now - diedAt > AWAY_MICROS,
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const verdict = judgeDelivery(history);
    return {
      sent: history.sent.length,
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
      refused: verdict.refused.length,
      elected: world.ledAt > 0 ? 1 : 0,
      leaderlessMs: world.ledAt > 0 ? Math.floor((world.ledAt - world.diedAt) / 1000) : -1,
    };
  },

  proofs: {
    'unclean-election-loses': prove(
      { [ENABLE]: 'true' },
      (measures) => measures['lost']! > 0 && measures['elected'] === 1,
      [changed(ENABLE, 'false'), changed('fault', 'one-left-behind')],
    ),
    'without-it-the-partition-waits': prove(
      { [ENABLE]: 'false' },
      (measures) => measures['elected'] === 0 && keeps(measures),
      [changed(ENABLE, 'true')],
      'die',
    ),
    'off-by-default': proveSince(
      '0.11',
      { [ENABLE]: 'default' },
      (measures) => measures['elected'] === 0 && keeps(measures),
      [changed(ENABLE, 'true')],
      'die',
    ),
    'an-eligible-replica-leads': proveSince(
      '4.1',
      { [ENABLE]: 'false', 'min.insync.replicas': '2' },
      (measures) => measures['elected'] === 1 && keeps(measures),
      [changed('min.insync.replicas', '1')],
      'die',
    ),
    'one-in-sync-is-enough-for-a-clean-election': prove(
      { [ENABLE]: 'false', fault: 'one-left-behind' },
      (measures) => measures['elected'] === 1 && keeps(measures),
      [changed('fault', 'two-left-behind')],
      'die',
    ),
  },
});
