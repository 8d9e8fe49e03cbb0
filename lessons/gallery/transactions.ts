/**
 * What the stories about transactions share: a cluster with a coordinator, a producer with its
 * transactional id, and who coordinates. Not here: what every story has (`story.ts`).
 */
import type { Lab, Step } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import type { KafkaOptions } from '#engine/lab/kafka.ts';
import { Transactions, transactionCoordination } from '#engine/lab/kafka-transactions.ts';
import { Pause } from './story.ts';

const BROKERS = 3;
export const PRODUCER = 'teller-1';
export const TRANSACTIONAL_ID = 'transfers';
/** One partition for all transactional ids. */
const BROKER_SETTINGS = {
  'transaction.state.log.num.partitions': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
};

export interface TransactionStory {
  readonly cluster: KafkaCluster;
  readonly transactions: Transactions;
  readonly pause: Pause;
}

export function transactionStory(
  lab: Lab,
  { profile, quirks = {}, modules = [] }: Pick<KafkaOptions, 'profile' | 'quirks' | 'modules'>,
  settings: Readonly<Record<string, string>> = {},
  brokerSettings: Readonly<Record<string, string>> = {},
): TransactionStory {
  const cluster = new KafkaCluster(lab, {
    brokers: BROKERS,
    ...(profile === undefined ? {} : { profile }),
    quirks: { eligibleLeaderReplicas: false, ...quirks },
    settings: { ...BROKER_SETTINGS, ...brokerSettings },
    modules: [...transactionCoordination, ...modules],
  });
  const transactions = new Transactions(lab, cluster);
  transactions.addProducer(PRODUCER, TRANSACTIONAL_ID, { 'linger.ms': '0', ...settings });
  return { cluster, transactions, pause: new Pause() };
}

/** The broker that coordinates the story's transactional id. */
export function coordinatorOf({ cluster }: TransactionStory): string | null {
  const leader = cluster.leaderOf('__transaction_state', 0);
  return leader === null ? null : cluster.brokerName(leader);
}

/** The topic: a partition led by each broker, so that one of them is not the coordinator's. */
export function partitionsAreCreated(topic: string): Step<TransactionStory> {
  return {
    id: 'create',
    title: { en: 'A topic with three partitions', zh: '创建三个分区的主题' },
    do: ({ cluster }) => {
      const configs = { 'min.insync.replicas': '2' };
      cluster.createTopic(topic, { partitions: BROKERS, replicationFactor: BROKERS, configs });
    },
    until: ({ cluster }) => cluster.partitionsReady(true),
    timeLimitMs: 30_000,
  };
}

/** A partition whose leader is not the coordinator. */
export function partitionElsewhere(story: TransactionStory, topic: string): number {
  const coordinator = coordinatorOf(story);
  for (let partition = 0; partition < BROKERS; partition++) {
    const leader = story.cluster.leaderOf(topic, partition);
    if (leader !== null && story.cluster.brokerName(leader) !== coordinator) return partition;
  }
  return 0;
}

/** `initTransactions`. */
export function producerIsInitialized(): Step<TransactionStory> {
  return {
    id: 'init',
    title: { en: 'The producer gets its id', zh: '生产者拿到 id' },
    do: ({ transactions }) => transactions.init(PRODUCER),
    until: ({ transactions }) => transactions.answer(PRODUCER, 'initTransactions') === 'NONE',
    timeLimitMs: 60_000,
  };
}

/** Simulated milliseconds in which a reader has read what it may. */
const READ_MS = 3_000;

/** A read_committed consumer reads a topic with one partition; or waits, where it may not go on. */
export function consumerReads<W extends Pick<TransactionStory, 'transactions' | 'pause'>>(
  reader: string,
  topic: string,
  finds: 'reads' | 'waits' = 'reads',
): Step<W> {
  const titles = {
    reads: { en: 'A read_committed consumer reads', zh: 'read_committed 消费者读取' },
    waits: { en: 'A read_committed consumer waits', zh: 'read_committed 消费者在等' },
  };
  return {
    id: 'read',
    title: titles[finds],
    do: ({ transactions, pause }, lab) => {
      transactions.addReader(reader, topic);
      pause.begin(lab, READ_MS);
    },
    until: ({ pause }, lab) => pause.isOver(lab),
    timeLimitMs: 2 * READ_MS,
  };
}

/** How many records have their outcome. */
export function told({ history }: Lab): number {
  return history.sent.filter(({ outcome }) => outcome !== 'pending').length;
}
