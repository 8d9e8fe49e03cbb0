/**
 * Two replicas hold different records at one offset, for good: KIP-101, scenario 2.
 *
 * Both brokers lose power. The leader had synced the last record, the follower had not. The
 * follower comes back first, leads, and gives the same offset to another record. Neither high
 * watermark says that anything is wrong.
 */
import { experiment, proveSince } from '#engine/lab/index.ts';
import type { Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import {
  acknowledgedBy,
  brokersStart,
  divergedOffsets,
  Pause,
  topicIsCreated,
  watchInSync,
} from '../story.ts';

const TOPIC = 'pay';
const [FIRST, SECOND] = [1, 2] as const;
/** The operating system writes its page cache back after some 30 seconds. */
const WRITE_BACK_MS = 40_000;
/** Long enough for the follower to fetch, too short for its page cache to be written back. */
const FETCH_MS = 8_000;
/** The controller has noticed that both are gone. */
const SESSION_MS = 15_000;

interface World {
  readonly cluster: KafkaCluster;
  readonly pause: Pause;
}

const same = (measures: Measures) => measures['diverged'] === 0 && measures['acknowledged'] === 3;

export default experiment({
  id: 'divergence-after-power-loss',
  breaks: 'K2',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, {
      brokers: 2,
      profile: knobs.profile,
      quirks: quirksOf(knobs.quirk, 'leaderEpochTruncation', { eligibleLeaderReplicas: false }),
      brokerSettings: { [FIRST]: { 'log.flush.interval.messages': '1' } },
    });
    watchInSync(lab, cluster, TOPIC);
    return { cluster, pause: new Pause() };
  },

  steps: [
    brokersStart(2),
    topicIsCreated(TOPIC, 2, 1, { 'producer-1': { acks: '1', 'linger.ms': '0' } }),
    {
      id: 'first',
      title: { en: 'A record that reaches both disks', zh: '一条写到两块磁盘上的消息' },
      do: ({ cluster, pause }, lab) => {
        cluster.send('producer-1', TOPIC, 1);
        pause.begin(lab, WRITE_BACK_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * WRITE_BACK_MS,
    },
    {
      id: 'second',
      title: { en: 'A record that reaches one disk', zh: '一条只写到一块磁盘上的消息' },
      do: ({ cluster, pause }, lab) => {
        cluster.send('producer-1', TOPIC, 1);
        pause.begin(lab, FETCH_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * FETCH_MS,
    },
    {
      id: 'power-loss',
      title: { en: 'Both lose power', zh: '两台同时断电' },
      do: ({ cluster, pause }, lab) => {
        for (const id of [FIRST, SECOND]) {
          lab.inject({ fault: 'power', host: cluster.brokerName(id) });
        }
        pause.begin(lab, SESSION_MS);
      },
      until: ({ pause }, lab) => pause.isOver(lab),
      timeLimitMs: 2 * SESSION_MS,
    },
    {
      id: 'follower-returns',
      title: { en: 'The follower comes back first and leads', zh: 'follower 先恢复并当选' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'start', host: cluster.brokerName(SECOND) });
      },
      until: ({ cluster }) => cluster.replica(SECOND, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
    {
      id: 'third',
      title: { en: 'A new record takes the same offset', zh: '新消息占用了同一个位移' },
      do: ({ cluster }) => {
        // The first producer may have given up meanwhile, as its release has it.
        cluster.addProducer('producer-2', { acks: '1', 'linger.ms': '0' });
        cluster.send('producer-2', TOPIC, 1);
      },
      until: (_, lab) => acknowledgedBy(lab) === 3,
      timeLimitMs: 60_000,
    },
    {
      id: 'leader-returns',
      title: { en: 'The old leader comes back and follows', zh: '原 leader 恢复，成为 follower' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'start', host: cluster.brokerName(FIRST) });
      },
      until: ({ cluster }) => cluster.isrOf(TOPIC, 0).length === 2,
      timeLimitMs: 60_000,
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
    'the-bug-shows': bugShows((measures) => measures['diverged'] === 1),
    'epochs-make-both-logs-one': proveSince('0.11', { quirk: 'by-release' }, same),
  },
});
