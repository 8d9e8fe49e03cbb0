/** The worlds in which transcripts are typed again, by the folder of the product. */
import type { Experiment, Lab, Step } from '../../engine/lab/experiment.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import { openExperiment } from '../../engine/lab/open-experiment.ts';
import { raftQuorum } from '../../engine/lab/kafka-quorum.ts';
import { quorumForwarding } from '../../engine/kafka/raft/quorum-forwarding.ts';
import { zooKeeperMode } from '../../engine/lab/kafka-zookeeper.ts';
import { everyModule } from '../../engine/lab/kafka-whole.ts';
import { RabbitCluster } from '../../engine/lab/rabbitmq.ts';
import { wholeRabbit } from '../../engine/lab/rabbitmq-whole.ts';
import { DatabaseHost } from '../../engine/lab/database.ts';
import { RedisHosts } from '../../engine/lab/redis.ts';
import { scripting } from '../../engine/services/redis/eval.ts';
import { moreCommands } from '../../engine/services/redis/more-commands.ts';
import type { Handles, Product } from '../../engine/lab/terminal.ts';
import type { ProfileName } from '../../engine/kafka/profiles.ts';
import type { ProfileName as RabbitProfileName } from '../../engine/rabbitmq/profiles.ts';

type Settings = Readonly<Record<string, string>>;

const ready = (until: (handles: Handles) => boolean): Step<Handles> => ({
  id: 'ready',
  title: { en: 'It is there', zh: '就绪' },
  until,
  timeLimitMs: 60_000,
});

function world(
  products: readonly Product[],
  make: (lab: Lab) => Handles,
  prepare: readonly Step<Handles>[],
): Experiment {
  return openExperiment({
    id: 'transcript',
    title: { en: 'Typed', zh: '输入' },
    world: ({ lab }) => make(lab),
    prepare,
    products,
    handles: (handles) => handles,
  });
}

/** Without a broker. */
const text = (): Experiment => world([], () => ({}), []);

const kafka = (settings: Settings): Experiment => {
  // None: one that is alone, without Raft.
  const controllers = Number(settings['controllers'] ?? '0');
  const brokers = Number(settings['brokers'] ?? '3');
  const hasZooKeeper = settings['zookeeper'] === '1';
  // Partitions of Kafka's own topics.
  const own = settings['internal'];
  const internal =
    own === undefined
      ? {}
      : { 'offsets.topic.num.partitions': own, 'transaction.state.log.num.partitions': own };
  return world(
    ['kafka'],
    (lab) => ({
      kafka: new KafkaCluster(lab, {
        brokers,
        settings: internal,
        modules: [...everyModule, ...(controllers > 0 ? [quorumForwarding] : [])],
        ...(controllers > 0 ? { quorum: raftQuorum({ controllers }) } : {}),
        ...(hasZooKeeper ? { quorum: zooKeeperMode({ brokers }) } : {}),
        quirks: settings['elr'] === '0' ? { eligibleLeaderReplicas: false } : {},
        profile: (settings['profile'] ?? (hasZooKeeper ? 'kafka-3.9' : 'kafka-4.1')) as ProfileName,
      }),
    }),
    [ready(({ kafka: cluster }) => cluster!.allRegistered)],
  );
};

const rabbitmq = (settings: Settings): Experiment =>
  world(
    ['rabbitmq'],
    (lab) => ({
      rabbitmq: new RabbitCluster(lab, {
        ...wholeRabbit,
        nodes: Number(settings['nodes'] ?? '1'),
        apart: settings['apart'] === '1',
        profile: (settings['profile'] ?? 'rabbitmq-3.10') as RabbitProfileName,
      }),
    }),
    [ready(({ rabbitmq: cluster }) => cluster!.allRunning)],
  );

/** A Redis and a database with a table. */
const stores = (): Experiment =>
  world(
    ['stores'],
    (lab) => {
      const parts = { commands: { ...moreCommands, ...scripting } };
      const redis = new RedisHosts(lab, { replicated: false, parts });
      const database = new DatabaseHost(lab, 'database-1');
      database.prepare(['create table orders (id integer primary key, state text)']);
      return { redis, database };
    },
    [ready(() => true)],
  );

export const worlds: Readonly<Record<string, (settings: Settings) => Experiment>> = {
  text,
  kafka,
  rabbitmq,
  stores,
};
