/**
 * The settings of Apache Kafka that decide about replication and delivery, with what the real
 * `ConfigDef` allows for each, and to which kind of file they belong.
 *
 * A value that is not allowed gets the message of the real `ConfigException`. Not here: what they
 * come to together (`resolve.ts`). Sources: `ReplicationConfigs`, `ServerLogConfigs`,
 * `TopicConfig`, `ProducerConfig`, `ConfigDef` of apache/kafka.
 * Differences: `replication.factor` is an option of `kafka-topics.sh` and
 * `eligible.leader.replicas.version` a feature level; both may stand in a file here.
 */

/** Whose settings a file has. */
export type Scope = 'broker' | 'topic' | 'producer';

interface KafkaSetting {
  readonly scopes: readonly Scope[];
  readonly type: 'INT' | 'LONG' | 'BOOLEAN' | 'STRING';
  readonly min?: number;
  readonly max?: number;
  readonly allowed?: readonly string[];
  /** The name under which it counts, where a topic's setting overrides a broker's. */
  readonly as?: string;
}

const INT_MAX = 2_147_483_647;

export const kafkaSettings: Readonly<Record<string, KafkaSetting>> = {
  'default.replication.factor': {
    ...{ scopes: ['broker'], type: 'INT', min: 1 },
    as: 'replication.factor',
  },
  'replication.factor': { scopes: ['topic'], type: 'INT', min: 1 },
  'min.insync.replicas': { scopes: ['broker', 'topic'], type: 'INT', min: 1 },
  'unclean.leader.election.enable': { scopes: ['broker', 'topic'], type: 'BOOLEAN' },
  'log.flush.interval.messages': { scopes: ['broker'], type: 'LONG', min: 1 },
  'flush.messages': {
    ...{ scopes: ['topic'], type: 'LONG', min: 1 },
    as: 'log.flush.interval.messages',
  },
  'log.flush.interval.ms': { scopes: ['broker'], type: 'LONG' },
  'flush.ms': { scopes: ['topic'], type: 'LONG', min: 0, as: 'log.flush.interval.ms' },
  'log.flush.scheduler.interval.ms': { scopes: ['broker'], type: 'LONG' },
  'replica.lag.time.max.ms': { scopes: ['broker'], type: 'LONG' },
  'replica.fetch.wait.max.ms': { scopes: ['broker'], type: 'INT' },
  'eligible.leader.replicas.version': { scopes: ['broker'], type: 'INT', min: 0, max: 1 },
  'inter.broker.protocol.version': { scopes: ['broker'], type: 'STRING' },
  acks: { scopes: ['producer'], type: 'STRING', allowed: ['all', '-1', '0', '1'] },
  'enable.idempotence': { scopes: ['producer'], type: 'BOOLEAN' },
  retries: { scopes: ['producer'], type: 'INT', min: 0, max: INT_MAX },
  'max.in.flight.requests.per.connection': { scopes: ['producer'], type: 'INT', min: 1 },
  'linger.ms': { scopes: ['producer'], type: 'LONG', min: 0 },
  'request.timeout.ms': { scopes: ['producer'], type: 'INT', min: 0 },
  'delivery.timeout.ms': { scopes: ['producer'], type: 'INT', min: 0 },
  'transactional.id': { scopes: ['producer'], type: 'STRING' },
};

/** Beginnings of names by which a file gives itself away, though they do not matter here. */
const MARKERS: Readonly<Record<Scope, string>> = {
  broker:
    'broker. node.id process.roles controller. listeners advertised.listeners log. num. ' +
    'zookeeper. offsets.topic. transaction.state. replica. default. inter.broker. ' +
    'group.initial auto.create. auto.leader. socket.',
  topic:
    'cleanup.policy retention. segment. flush. max.message.bytes replication.factor ' +
    'index.interval.bytes preallocate min.cleanable. delete.retention.ms file.delete.delay.ms',
  producer:
    'bootstrap.servers client.id acks key.serializer value.serializer linger.ms batch.size ' +
    'buffer.memory max.block.ms max.request.size enable.idempotence retries max.in.flight ' +
    'delivery.timeout.ms transactional.id transaction.timeout.ms partitioner. retry.backoff',
};

/** Whose settings a file has, by the names in it; all where it does not say. */
export function scopesOf(names: readonly string[]): readonly Scope[] {
  const all = ['broker', 'topic', 'producer'] as const;
  const marked = all.filter((scope) => {
    const beginnings = MARKERS[scope].split(' ');
    return names.some((name) => beginnings.some((beginning) => name.startsWith(beginning)));
  });
  return marked.length === 0 ? all : marked;
}

/**
 * Why the real system would refuse a value, in its words; null where it takes it.
 * Source: `ConfigDef.parseType`, `ConfigDef.Range`, `ConfigDef.ValidString`.
 */
export function refusalOf(name: string, given: string): string | null {
  const { type, min, max, allowed } = kafkaSettings[name]!;
  const value = given.trim();
  const refuse = (why: string) => `Invalid value ${value} for configuration ${name}: ${why}`;
  if (type === 'BOOLEAN') {
    const isBoolean = /^(true|false)$/i.test(value);
    return isBoolean ? null : refuse('Expected value to be either true or false');
  }
  if (type === 'STRING') {
    if (allowed === undefined || allowed.includes(value)) return null;
    return refuse(`String must be one of: ${allowed.join(', ')}`);
  }
  const number = /^[+-]?\d{1,19}$/.test(value) ? Number(value) : NaN;
  const bound = type === 'INT' ? INT_MAX : Number('9223372036854775807');
  if (!(number >= -bound - 1 && number <= bound)) {
    return refuse(`Not a number of type ${type}`);
  }
  if (min !== undefined && number < min) return refuse(`Value must be at least ${min}`);
  if (max !== undefined && number > max) return refuse(`Value must be no more than ${max}`);
  return null;
}
