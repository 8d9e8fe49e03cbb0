/**
 * The parts of a Kafka that a playground can be given: a cluster, brokers, topics, producers.
 *
 * A topic is created by an admin client on the pane's host, as `kafka-topics.sh` does it, whose
 * line is told. Not here: consumers, which RabbitMQ has, too (`consumer-part.ts`).
 */
import { createAdmin } from '../../kafka/client/admin.ts';
import { errorName } from '../../wire/kafka/errors.ts';
import type { KafkaCluster } from '../../lab/kafka.ts';
import type { Localized } from '../../lab/knob.ts';
import { RATES_ALLOWED } from '../../lab/playground/pace.ts';
import { kafkaReleases, playgroundLimits } from '../../lab/playground/playground.ts';
import type { OptionSpec } from '../program.ts';
import { done, refuse, whenReady } from './part.ts';
import type { Adding, Part } from './part.ts';
import { numberOf, settingsOf, valueOf } from './words.ts';

const NEWEST = kafkaReleases[kafkaReleases.length - 1]!;
const PARTITIONS_MAX = 48;
const KEYS_MAX = 100;
export const COUNT_MAX = 1_000_000;

export const settingOption: OptionSpec = {
  name: '--set',
  value: 'text',
  about: { en: 'a setting by its real name, name=value', zh: '真实配置项，写作 name=value' },
};

export const rateOption: OptionSpec = {
  name: '--rate',
  value: 'text',
  about: { en: `how fast: ${RATES_ALLOWED}`, zh: `发送速率：${RATES_ALLOWED}` },
};

export const countOption: OptionSpec = {
  name: '--count',
  value: 'number',
  about: { en: 'how many in all; without it: no end', zh: '总数，不写则不停' },
};

/** Every broker is registered, and lets clients in. */
function isReady(cluster: KafkaCluster): boolean {
  return cluster.allRegistered;
}

const kafka: Part = {
  kind: 'kafka',
  about: { en: 'a cluster of Kafka', zh: 'Kafka 集群' },
  needs: null,
  isNamed: false,
  options: [
    {
      name: '--brokers',
      value: 'number',
      about: {
        en: `1 to ${playgroundLimits.brokersMax}; 3`,
        zh: `1 到 ${playgroundLimits.brokersMax}，默认 3`,
      },
    },
    {
      name: '--release',
      value: kafkaReleases,
      about: {
        en: `behaviour and defaults of a release; ${NEWEST}`,
        zh: `采用哪个版本，默认 ${NEWEST}`,
      },
    },
    settingOption,
  ],
  example: 'add kafka --brokers 3',
  add({ call, playground, words, verb }) {
    const { brokersMax } = playgroundLimits;
    const count = valueOf(words, 'brokers', '3');
    const brokers = numberOf(`${verb} --brokers`, count, 1, brokersMax);
    if (typeof brokers !== 'number') return brokers;
    const settings = settingsOf(verb, words);
    if ('wrong' in settings) return settings.wrong as Localized;
    const release = valueOf(words, 'release', NEWEST);
    const wrong = playground.addKafka(brokers, release, settings);
    if (wrong !== null) return wrong;
    const cluster = playground.handles.kafka!;
    const names = cluster.nodeIds.map((id) => cluster.brokerName(id)).join(', ');
    whenReady(call, () => isReady(cluster), {
      en: `Kafka ${release} is ready: ${names}`,
      zh: `Kafka ${release} 已就绪：${names}`,
    });
    return null;
  },
};

const broker: Part = {
  kind: 'broker',
  about: { en: 'one more broker for the Kafka that is there', zh: '给已有的 Kafka 加一个 broker' },
  needs: 'kafka',
  isNamed: false,
  options: [settingOption],
  example: 'add broker',
  add({ call, playground, words, verb }) {
    const settings = settingsOf(verb, words);
    if ('wrong' in settings) return settings.wrong as Localized;
    const added = playground.addBroker(settings);
    if (!('name' in added)) return added;
    const { name } = added;
    whenReady(call, () => isReady(playground.handles.kafka!), {
      en: `${name} has joined; kafka-reassign-partitions.sh gives it replicas`,
      zh: `${name} 已加入，可用 kafka-reassign-partitions.sh 给它分配副本`,
    });
    return null;
  },
};

/** Whether a leader of each of a topic's partitions knows that it leads. */
function isLed(cluster: KafkaCluster, topic: string): boolean {
  const partitions = cluster.controller?.partitions.filter((one) => one.topic === topic) ?? [];
  return (
    partitions.length > 0 &&
    partitions.every(({ leader, partition }) => {
      return leader >= 0 && cluster.replica(leader, topic, partition)?.role === 'leader';
    })
  );
}

const topic: Part = {
  kind: 'topic',
  about: {
    en: 'a topic, as kafka-topics.sh --create',
    zh: '主题，相当于 kafka-topics.sh --create',
  },
  needs: 'kafka',
  isNamed: true,
  options: [
    {
      name: '--partitions',
      value: 'number',
      about: { en: `1 to ${PARTITIONS_MAX}; 1`, zh: `1 到 ${PARTITIONS_MAX}，默认 1` },
    },
    {
      name: '--replication-factor',
      value: 'number',
      about: {
        en: 'replicas of each partition; 3, or all brokers',
        zh: '副本数，默认 3，或全部 broker',
      },
    },
    {
      name: '--config',
      value: 'text',
      about: { en: 'a setting of the topic, name=value', zh: '主题配置项，写作 name=value' },
    },
  ],
  example: 'add topic orders --partitions 3',
  add(adding) {
    const { playground, words, verb } = adding;
    const cluster = playground.handles.kafka!;
    const brokers = cluster.nodeIds.length;
    const given = valueOf(words, 'partitions', '1');
    const partitions = numberOf(`${verb} --partitions`, given, 1, PARTITIONS_MAX);
    if (typeof partitions !== 'number') return partitions;
    const factor = valueOf(words, 'replication-factor', String(Math.min(3, brokers)));
    const replicationFactor = numberOf(`${verb} --replication-factor`, factor, 1, brokers);
    if (typeof replicationFactor !== 'number') return replicationFactor;
    const configs = settingsOf(verb, words, 'config');
    if ('wrong' in configs) return configs.wrong as Localized;
    create(adding, cluster, { partitions, replicationFactor, configs });
    return null;
  },
};

interface NewTopic {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

function create({ call, words }: Adding, cluster: KafkaCluster, made: NewTopic): void {
  const name = words.names[0]!;
  const { partitions, replicationFactor, configs } = made;
  const admin = createAdmin({ ...cluster.clientOptions, settings: {} })(call.ports);
  admin.start();
  const wanted = { name, numPartitions: partitions, replicationFactor, configs };
  admin.createTopics([wanted], (result) => {
    const [one] = result.value ?? [];
    const errorCode = result.ok ? (one?.errorCode ?? 0) : result.errorCode;
    if (errorCode !== 0) {
      const why = `${errorName(errorCode)}${one?.errorMessage ? `: ${one.errorMessage}` : ''}`;
      refuse(call, { en: `topic ${name}: ${why}`, zh: `主题 ${name}：${why}` });
      return;
    }
    const real = [
      `kafka-topics.sh --bootstrap-server ${cluster.brokerName(1)}:9092 --create --topic ${name}`,
      `--partitions ${partitions} --replication-factor ${replicationFactor}`,
      ...Object.entries(configs).map(([key, value]) => `--config ${key}=${value}`),
    ].join(' ');
    whenReady(call, () => isLed(cluster, name), {
      en: `topic ${name} is there. The same by Kafka's tool: ${real}`,
      zh: `主题 ${name} 已创建。对应的 Kafka 命令：${real}`,
    });
  });
}

/** Whether the cluster has a topic, as a sentence about a client that wants one. */
export function topicRefusal(verb: string, cluster: KafkaCluster, name: string): Localized | null {
  const topics = new Set(cluster.controller?.partitions.map((one) => one.topic) ?? []);
  if (topics.has(name)) return null;
  const known = [...topics].filter((one) => !one.startsWith('__')).join(', ');
  const there =
    known === ''
      ? ["none, type 'add topic orders'", '无，请输入“add topic orders”']
      : [known, known];
  return {
    en: `${verb} --topic: there is no '${name}'; there are: ${there[0]}`,
    zh: `${verb} --topic：没有“${name}”，现有：${there[1]}`,
  };
}

const producer: Part = {
  kind: 'producer',
  about: { en: 'an application that sends records to a topic', zh: '向主题发送记录的应用' },
  needs: 'kafka',
  isNamed: true,
  options: [
    {
      name: '--topic',
      value: 'topic',
      about: { en: 'where it sends to', zh: '发到哪个主题' },
    },
    {
      name: '--acks',
      value: ['0', '1', 'all'],
      about: { en: 'whose acknowledgement it waits for', zh: '等谁确认' },
    },
    {
      ...rateOption,
      about: { en: `${rateOption.about.en}; 10/s`, zh: `${rateOption.about.zh}，默认 10/s` },
    },
    countOption,
    {
      name: '--keys',
      value: 'number',
      about: { en: 'so many keys in turn; 0: none', zh: '轮流使用多少个键，0 为没有键' },
    },
    settingOption,
  ],
  example: 'add producer shop --topic orders --acks all --rate 10/s',
  add({ call, playground, words, verb }) {
    const name = words.names[0]!;
    const wanted = valueOf(words, 'topic', '');
    const wrong = topicRefusal(verb, playground.handles.kafka!, wanted);
    if (wrong !== null) return wrong;
    const count = countOf(verb, valueOf(words, 'count', ''));
    if (count !== null && typeof count !== 'number') return count;
    const keys = numberOf(`${verb} --keys`, valueOf(words, 'keys', '0'), 0, KEYS_MAX);
    if (typeof keys !== 'number') return keys;
    const given = settingsOf(verb, words);
    if ('wrong' in given) return given.wrong as Localized;
    const acks = valueOf(words, 'acks', '');
    const settings = { ...given, ...(acks === '' ? {} : { acks }) };
    const rate = valueOf(words, 'rate', '10/s');
    const spec = { topic: wanted, settings, rate, count, keys };
    const refusal = playground.addProducer(name, spec);
    if (refusal !== null) return refusal;
    done(call, {
      en: `${name} sends ${rate} to ${wanted} from now on`,
      zh: `${name} 从现在起以 ${rate} 向 ${wanted} 发送`,
    });
    return null;
  },
};

/** Of `--count`: null without one. */
export function countOf(verb: string, text: string): number | null | Localized {
  return text === '' ? null : numberOf(`${verb} --count`, text, 1, COUNT_MAX);
}

export const kafkaParts: readonly Part[] = [kafka, broker, topic, producer];
