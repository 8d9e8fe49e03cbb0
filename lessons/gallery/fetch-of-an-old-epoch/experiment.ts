/**
 * A follower that missed two changes of leader acknowledges what it does not have: KIP-320.
 *
 * The leader went from one to two and back. In between the first broker cut off a record that the
 * third still holds, and gave its offset to another. The third does not hear from the controller,
 * fetches on as before, and counts as having the new record.
 */
import { experiment, judgeDelivery, proveSince } from '#engine/lab/index.ts';
import type { Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { bugKnobs, bugShows, quirksOf } from '../bug-knobs.ts';
import { brokersStart, topicIsCreated } from '../story.ts';

type History = Lab['history'];

const TOPIC = 'pay';
const REPLICAS = 3;
const [FIRST, SECOND, STALE] = [1, 2, 3] as const;
/** Asks for acks=all. The other, acks=1, may lose what it sends. */
const CAREFUL = 'producer-1';
const HASTY = 'producer-2';
const CONTROLLER = 'controller-1';

interface World {
  readonly cluster: KafkaCluster;
}

function toldTo(producer: string, { sent }: History): number {
  return sent.filter((one) => one.producer === producer && one.outcome === 'acknowledged').length;
}

/** Acknowledged to the careful producer, and gone. */
function lost(history: History): number {
  const carefully = new Set(
    history.sent.filter(({ producer }) => producer === CAREFUL).map(({ id }) => id),
  );
  return judgeDelivery(history).lost.filter((id) => carefully.has(id)).length;
}

function isolate(lab: Lab, host: string, from: readonly string[]): void {
  lab.inject({ fault: 'isolate', host, from });
}

const keeps = (measures: Measures) => measures['lost'] === 0 && measures['acknowledged']! > 0;

export default experiment({
  id: 'fetch-of-an-old-epoch',
  breaks: 'K3',
  knobs: bugKnobs,

  world({ knobs, lab }): World {
    const besides = { eligibleLeaderReplicas: false, truncationInFetch: false };
    const cluster = new KafkaCluster(lab, {
      brokers: REPLICAS,
      profile: knobs.profile,
      quirks: quirksOf(knobs.quirk, 'epochFencing', besides),
      // Nobody is counted out while the third cannot reach the controller.
      settings: { 'replica.lag.time.max.ms': '120000', 'broker.session.timeout.ms': '120000' },
    });
    return { cluster };
  },

  steps: [
    brokersStart(3),
    topicIsCreated(TOPIC, 3, 1, {
      [CAREFUL]: { acks: 'all', 'linger.ms': '0', retries: '1000' },
      [HASTY]: { acks: '1', 'linger.ms': '0' },
    }),
    {
      id: 'first',
      title: { en: 'A record that everybody knows is committed', zh: '一条大家都知道已提交的消息' },
      do: ({ cluster }) => cluster.send(CAREFUL, TOPIC, 1),
      until: ({ cluster }) =>
        [SECOND, STALE].every((id) => cluster.replica(id, TOPIC, 0)?.hw === 1),
      timeLimitMs: 30_000,
    },
    {
      id: 'hasty',
      title: { en: 'A record that only two have', zh: '一条只有两个副本有的消息' },
      do: ({ cluster }, lab) => {
        isolate(lab, cluster.brokerName(SECOND), [cluster.brokerName(FIRST)]);
        cluster.send(HASTY, TOPIC, 1);
      },
      until: ({ cluster }) => cluster.replica(STALE, TOPIC, 0)?.leo === 2,
      timeLimitMs: 30_000,
    },
    {
      id: 'leader-changes',
      title: { en: 'The leader changes, unknown to the third', zh: '换 leader，第三台不知情' },
      do: ({ cluster }, lab) => {
        isolate(lab, cluster.brokerName(STALE), [CONTROLLER]);
        lab.inject({ fault: 'stop', host: cluster.brokerName(FIRST) });
      },
      until: ({ cluster }) => cluster.replica(SECOND, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
    {
      id: 'cut-off',
      title: { en: 'The old leader follows, and cuts', zh: '原 leader 跟随并截断' },
      do: ({ cluster }, lab) => {
        const stale = cluster.brokerName(STALE);
        lab.inject({ fault: 'crash', host: cluster.brokerName(FIRST) });
        lab.inject({ fault: 'heal' });
        isolate(lab, stale, [CONTROLLER, cluster.brokerName(SECOND)]);
        lab.inject({ fault: 'start', host: cluster.brokerName(FIRST) });
      },
      until: ({ cluster }) => cluster.replica(SECOND, TOPIC, 0)?.isr.includes(FIRST) === true,
      timeLimitMs: 60_000,
    },
    {
      id: 'changes-back',
      title: { en: 'The leader changes back', zh: 'leader 又换了回来' },
      do: ({ cluster }, lab) => lab.inject({ fault: 'stop', host: cluster.brokerName(SECOND) }),
      until: ({ cluster }) => cluster.replica(FIRST, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 60_000,
    },
    {
      id: 'second',
      title: { en: 'Another record at the same offset', zh: '同一位移上的另一条消息' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'crash', host: cluster.brokerName(SECOND) });
        cluster.send(CAREFUL, TOPIC, 1);
      },
      until: (_, { history }) => toldTo(CAREFUL, history) === 2,
      timeLimitMs: 5_000,
    },
    {
      id: 'leader-dies',
      title: { en: 'The leader dies', zh: 'leader 宕机' },
      do: ({ cluster }, lab) => {
        lab.inject({ fault: 'crash', host: cluster.brokerName(FIRST) });
        lab.inject({ fault: 'heal' });
      },
      until: ({ cluster }) => cluster.replica(STALE, TOPIC, 0)?.role === 'leader',
      timeLimitMs: 200_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ history }) {
    return { acknowledged: toldTo(CAREFUL, history), lost: lost(history) };
  },

  proofs: {
    'the-bug-shows': bugShows((measures) => measures['lost'] === 1),
    'a-fetch-names-its-epoch': proveSince('2.1', { quirk: 'by-release' }, keeps),
  },
});
