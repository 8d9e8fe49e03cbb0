/**
 * What is tried against a configuration of Kafka, the short parts first, the long one last, and
 * which single changes might help, each with its price.
 *
 * Not here: how a stage is searched (`check.ts`). The prices are sentences; whether a change helps
 * is found out by running it.
 */
import type { Localized } from '../../knob.ts';
import type { Damage, Reading, Remedy, Stage } from '../system.ts';

const INT_MAX = '2147483647';
/** Batches whose sequences a broker remembers. */
const IN_FLIGHT_MAX = 5;
const LOST = ['lost', 'vanished'] as const;
const base: Omit<Stage, 'id' | 'title' | 'forbidden' | 'kinds' | 'weight'> = {
  ...{ knobs: {}, pattern: 'search', isBeyond: false },
  ...{ after: [], depth: 1, damage: 'lost' },
};

/** The stages for one configuration. */
export function stagesOf({ knobs }: Reading): readonly Stage[] {
  const isAlone = knobs['replication.factor'] === '1';
  return [
    {
      ...base,
      id: 'crash',
      title: {
        en: 'one broker process dies (its machine stays up)',
        zh: '一个 Broker 进程崩溃（机器没有断电）',
      },
      forbidden: LOST,
      kinds: ['crash'],
      weight: 4,
    },
    {
      ...base,
      id: 'power',
      title: { en: 'one broker loses power', zh: '一个 Broker 断电' },
      forbidden: LOST,
      kinds: ['power'],
      weight: 4,
    },
    {
      ...base,
      id: 'left-behind',
      title: {
        en: 'one replica is cut off and left behind, later all the others die',
        zh: '一个副本断网落后，之后其余 Broker 全部崩溃',
      },
      forbidden: LOST,
      kinds: ['isolate', 'crash'],
      depth: Number(knobs['replication.factor']),
      pattern: 'all but one',
      after: isAlone ? ['crash', 'power'] : ['crash'],
      weight: 4,
    },
    {
      ...base,
      id: 'all-power',
      title: { en: 'all brokers lose power at once', zh: '所有 Broker 同时断电' },
      forbidden: LOST,
      kinds: ['power'],
      depth: Number(knobs['replication.factor']),
      pattern: 'all at once',
      isBeyond: true,
      // of a single broker, all are one
      after: isAlone ? ['power'] : [],
      weight: 4,
    },
    ...deliveryStages,
    {
      ...base,
      id: 'two-faults',
      title: {
        en: 'two faults: a process dies, a broker loses power or is cut off',
        zh: '两个故障：进程崩溃、断电或断网的任意组合',
      },
      forbidden: LOST,
      kinds: ['power', 'crash', 'isolate', 'partition'],
      depth: 2,
      after: ['crash', 'power'],
      weight: 8,
    },
  ];
}

const deliveryStages: readonly Stage[] = [
  {
    ...base,
    id: 'reply-lost',
    damage: 'duplicated',
    title: {
      en: 'the reply to a write is lost on its way back',
      zh: '写入成功的答复在返回途中丢失',
    },
    knobs: { 'replies-lost': 'true' },
    forbidden: ['duplicated'],
    kinds: ['crash'],
    depth: 0,
    weight: 4,
  },
  {
    ...base,
    id: 'retry-twice',
    damage: 'duplicated',
    title: {
      en: 'a broker dies between writing and replying',
      zh: 'Broker 在写入之后、答复之前崩溃',
    },
    forbidden: ['duplicated'],
    kinds: ['crash'],
    after: ['reply-lost'],
    weight: 4,
  },
  {
    ...base,
    id: 'order',
    damage: 'reordered',
    title: {
      en: 'a broker dies with several requests under way',
      zh: 'Broker 崩溃时还有多个请求在途中',
    },
    forbidden: ['reordered'],
    kinds: ['crash'],
    weight: 4,
  },
  {
    ...base,
    id: 'writes',
    damage: 'unavailable',
    title: { en: 'writing while nothing is wrong', zh: '一切正常时写入' },
    forbidden: ['unacknowledged'],
    kinds: ['crash'],
    depth: 0,
    weight: 4,
  },
  {
    ...base,
    id: 'writes-on',
    damage: 'unavailable',
    title: { en: 'writing while one broker is down', zh: '一个 Broker 宕机期间写入' },
    forbidden: ['unacknowledged'],
    kinds: ['crash'],
    after: ['writes'],
    weight: 4,
  },
];

// -------------------------------------------------------------------------------------- remedies

/** Single changes that might prevent a damage; those that change nothing are left out. */
export function remediesOf(reading: Reading, damage: Damage): readonly Remedy[] {
  const { knobs, given } = reading;
  const replicas = Number(knobs['replication.factor']);
  const inSync = Number(knobs['min.insync.replicas']);
  const remedies: Remedy[] = [];
  const offer = (settings: Remedy['settings'], price: Localized) => {
    const changes = Object.entries(settings).some(([name, value]) => knobs[name] !== value);
    if (changes) remedies.push({ settings, price });
  };
  if (damage === 'duplicated' || damage === 'reordered') {
    offer(idempotenceWith(given), prices.idempotence);
    if (damage === 'reordered') {
      offer({ 'max.in.flight.requests.per.connection': '1' }, prices.inFlight);
    }
    return remedies;
  }
  if (damage === 'unavailable') {
    if (inSync > 1) offer({ 'min.insync.replicas': String(inSync - 1) }, prices.lessInSync);
    if (replicas < 3) offer({ 'replication.factor': '3' }, prices.replicas);
    offer({ retries: INT_MAX }, prices.retries);
    return remedies;
  }
  offer({ acks: 'all' }, prices.acks);
  if (inSync < replicas) {
    const away = replicas - inSync;
    offer({ 'min.insync.replicas': String(inSync + 1) }, prices.inSync(inSync + 1, away));
  }
  offer({ 'unclean.leader.election.enable': 'false' }, prices.unclean);
  if (replicas < 3) offer({ 'replication.factor': '3' }, prices.replicas);
  offer({ 'log.flush.interval.messages': '1' }, prices.flush);
  return remedies;
}

/** Idempotence, and what contradicts it changed too. */
function idempotenceWith(given: Reading['given']): Record<string, string> {
  const settings: Record<string, string> = { 'enable.idempotence': 'true' };
  const inFlight = 'max.in.flight.requests.per.connection';
  if (given['acks'] === '0' || given['acks'] === '1') settings['acks'] = 'all';
  if (Number(given['retries'] ?? 1) === 0) settings['retries'] = INT_MAX;
  if (Number(given[inFlight] ?? 1) > IN_FLIGHT_MAX) settings[inFlight] = String(IN_FLIGHT_MAX);
  return settings;
}

const prices = {
  acks: {
    en: 'Price: every write waits for the slowest replica in sync.',
    zh: '代价：每次写入都要等最慢的同步副本。',
  },
  inSync: (inSync: number, away: number): Localized => ({
    en:
      `Price: writes are refused while fewer than ${inSync} replicas are in sync, ` +
      `that is while ${away} ${away === 1 ? 'is' : 'are'} away.`,
    zh: `代价：同步副本少于 ${inSync} 个（即 ${away} 个副本不在）时，写入会被拒绝。`,
  }),
  lessInSync: {
    en: 'Price: fewer copies when a write is acknowledged.',
    zh: '代价：写入得到确认时，副本更少。',
  },
  unclean: {
    en: 'Price: the partition stays without a leader until a replica with all records is back.',
    zh: '代价：在数据完整的副本回来之前，分区一直没有 leader。',
  },
  replicas: {
    en: 'Price: three brokers, three times the disk, and replication traffic.',
    zh: '代价：需要三台 Broker、三倍的磁盘，还有复制流量。',
  },
  flush: {
    en: 'Price: every write waits until the disks of the leader and its followers have synced.',
    zh: '代价：每次写入都要等 leader 和 follower 的磁盘刷完。',
  },
  idempotence: {
    en: 'Price: none to speak of; it needs acks=all and at most 5 requests in flight.',
    zh: '代价：几乎没有；要求 acks=all，在途请求不超过 5 个。',
  },
  retries: {
    en: 'Price: a write that was written and not answered is written twice without idempotence.',
    zh: '代价：如果没有幂等，已写入但没收到答复的消息会再写一次。',
  },
  inFlight: {
    en: 'Price: one request at a time on each connection, so less throughput over long ways.',
    zh: '代价：每条连接同一时间只有一个请求，远距离时吞吐量下降。',
  },
} as const;
