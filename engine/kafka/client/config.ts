/**
 * The settings of the clients: `ProducerConfig`, `ConsumerConfig` and `AdminClientConfig` with
 * their real names, types, defaults by release, and the checks across settings.
 *
 * Not here: how a text becomes a value (`kafka/config.ts`), the releases (`profiles.ts`).
 * Differences from the Java clients: serializers, security, metrics and interceptors have no
 * settings; 64-bit values are exact up to 2^53; bootstrap servers are an argument.
 */
import { assert } from '../../kernel/assert.ts';
import type { ConfigOf } from '../config.ts';
import { boolean, byProfile, ConfigError, int, long, readConfig, string } from '../config.ts';
import type { NetworkClientOptions } from '../network-client.ts';
import { networkClientOptions } from '../network-client.ts';
import { compareReleases } from '../../kernel/releases.ts';
import type { Profile } from '../profiles.ts';

/** Batches in flight a partition whose sequences a broker remembers (`NUM_BATCHES_TO_RETAIN`). */
const IN_FLIGHT_MAX_FOR_IDEMPOTENCE = 5;
const INT_MAX = 0x7fffffff;
const FROM_0 = { min: 0 };
const FROM_1 = { min: 1 };

/** What all clients have in common (`CommonClientConfigs`). */
const clientSettings = {
  'client.id': string('', 'The name of the client in its requests; empty: the host.'),
  'request.timeout.ms': int(30_000, 'How long a request may take before it is given up.', FROM_0),
  'retry.backoff.ms': long(100, 'The first wait before a failed request is repeated.', FROM_0),
  'retry.backoff.max.ms': long(1_000, 'The longest wait before a repeated request.', FROM_0),
  'reconnect.backoff.ms': long(50, 'The first wait before connecting again.', FROM_0),
  'reconnect.backoff.max.ms': long(1_000, 'The longest wait before connecting again.', FROM_0),
  'socket.connection.setup.timeout.ms': long(10_000, 'How long connecting may take.', FROM_1),
  'socket.connection.setup.timeout.max.ms': long(
    30_000,
    'How long connecting may take after several failures.',
    FROM_1,
  ),
  'metadata.max.age.ms': long(300_000, 'When metadata is asked for again anyway.', FROM_0),
} as const;

export const producerSettings = {
  ...clientSettings,
  acks: byProfile(
    string('all', 'Which replicas must have a record before it counts as written.', [
      'all',
      '-1',
      '0',
      '1',
    ]),
  ),
  'enable.idempotence': byProfile(
    boolean(true, 'Whether the broker refuses duplicates and gaps by sequence numbers.'),
  ),
  retries: byProfile(int(INT_MAX, 'How often a batch is sent again after an error.', FROM_0)),
  'delivery.timeout.ms': int(120_000, 'When a record fails that is not acknowledged yet.', FROM_0),
  'max.in.flight.requests.per.connection': int(
    5,
    'Requests that may be unanswered on one connection.',
    FROM_1,
  ),
  'batch.size': int(16_384, 'Bytes of a batch of records for one partition.', FROM_0),
  'linger.ms': byProfile(long(5, 'How long a batch waits to be filled.', FROM_0)),
  'buffer.memory': long(33_554_432, 'Bytes for records that are not sent yet.', FROM_0),
  'max.request.size': int(1_048_576, 'Bytes of a request, and of one record.', FROM_0),
  'max.block.ms': long(60_000, 'How long send waits for metadata or memory.', FROM_0),
  'compression.type': string('none', 'How a batch is compressed.', [
    'none',
    'gzip',
    'snappy',
    'lz4',
    'zstd',
  ]),
  'partitioner.class': string('', 'How a partition is chosen; empty: the built-in way.', [
    '',
    'RoundRobinPartitioner',
    'UniformStickyPartitioner',
  ]),
  'partitioner.ignore.keys': boolean(false, 'Whether keys have no say in the partition.'),
  'partitioner.adaptive.partitioning.enable': boolean(
    true,
    'Whether partitions with shorter queues get more records.',
  ),
  'transactional.id': string('', 'The name that a producer keeps over restarts; empty: none.'),
  'transaction.timeout.ms': int(60_000, 'When the coordinator aborts an open transaction.', FROM_1),
  'partitioner.availability.timeout.ms': long(
    0,
    'When a partition counts as unavailable that cannot be sent to; 0: never.',
    FROM_0,
  ),
} as const;

export const consumerSettings = {
  ...clientSettings,
  'group.id': string('', 'The name under which positions are committed.'),
  'auto.offset.reset': string('latest', 'Where to start without a valid position.', [
    'latest',
    'earliest',
    'none',
  ]),
  'enable.auto.commit': boolean(true, 'Whether poll commits the positions now and then.'),
  'auto.commit.interval.ms': int(5_000, 'How often poll commits.', FROM_0),
  'fetch.min.bytes': int(1, 'Bytes that a fetch waits for.', FROM_0),
  'fetch.max.bytes': int(52_428_800, 'Bytes of one fetch.', FROM_0),
  'fetch.max.wait.ms': int(500, 'How long a fetch waits for its bytes.', FROM_0),
  'max.partition.fetch.bytes': int(1_048_576, 'Bytes of one fetch from a partition.', FROM_0),
  'max.poll.records': int(500, 'Records that one poll returns.', FROM_1),
  'isolation.level': string('read_uncommitted', 'Whether open transactions are read.', [
    'read_uncommitted',
    'read_committed',
  ]),
  'allow.auto.create.topics': boolean(true, 'Whether asking for a topic may create it.'),
  'check.crcs': boolean(true, 'Whether batches are checked against their CRC-32C.'),
  'client.rack': string('', 'The rack, for fetching from the nearest replica.'),
  'default.api.timeout.ms': int(60_000, 'How long a call may take in all.', FROM_0),
} as const;

export const adminSettings = {
  ...clientSettings,
  'default.api.timeout.ms': int(60_000, 'How long a call may take in all.', FROM_0),
} as const;

export type ClientConfig = ConfigOf<typeof clientSettings>;
export type ConsumerConfig = ConfigOf<typeof consumerSettings>;
export type AdminConfig = ConfigOf<typeof adminSettings>;
type ProducerValues = ConfigOf<typeof producerSettings>;

export type ProducerConfig = ProducerValues & {
  /** `enable.idempotence` after the checks, which may have disabled it. */
  readonly idempotent: boolean;
  /** `acks` as the wire has it: -1 is all. */
  readonly acksOnWire: -1 | 0 | 1;
  /** `delivery.timeout.ms` after the checks, which may have raised the default. */
  readonly deliveryTimeoutMs: number;
};

type Given = Readonly<Record<string, string>>;

/** The consumer's settings. Throws `ConfigError`. */
export function consumerConfig(profile: Profile, given: Given): ConsumerConfig {
  return constantBackoff(profile, readConfig(consumerSettings, given, profile));
}

/** The admin client's settings. Throws `ConfigError`. */
export function adminConfig(profile: Profile, given: Given): AdminConfig {
  return constantBackoff(profile, readConfig(adminSettings, given, profile));
}

/** The producer's settings, checked against each other. Throws `ConfigError`. */
export function producerConfig(profile: Profile, given: Given): ProducerConfig {
  const values = constantBackoff(profile, readConfig(producerSettings, given, profile));
  const acksOnWire = values.acks === '0' ? 0 : values.acks === '1' ? 1 : -1;
  const idempotent = idempotenceOf(values, given);
  const deliveryTimeoutMs = deliveryTimeoutOf(values, given);
  assert(!idempotent || acksOnWire === -1, 'idempotence needs acks=all', { acksOnWire });
  assert(deliveryTimeoutMs >= 0, 'delivery timeout', { deliveryTimeoutMs });
  return { ...values, acksOnWire, idempotent, deliveryTimeoutMs };
}

/** How a client with these settings uses its connections. */
export function networkOptionsOf(
  config: ClientConfig,
  host: string,
  inFlightRequestsMax = 100,
): NetworkClientOptions {
  return networkClientOptions(config['client.id'] === '' ? host : config['client.id'], {
    requestTimeoutMs: Math.max(1, config['request.timeout.ms']),
    reconnectBackoffMs: config['reconnect.backoff.ms'],
    reconnectBackoffMsMax: config['reconnect.backoff.max.ms'],
    connectionSetupTimeoutMs: config['socket.connection.setup.timeout.ms'],
    connectionSetupTimeoutMsMax: config['socket.connection.setup.timeout.max.ms'],
    inFlightRequestsMax,
  });
}

/**
 * Before release 3.7 the retry backoff did not grow and `retry.backoff.max.ms` did not exist, so
 * whatever it is set to is ignored (KIP-580): a maximum equal to the first wait says so.
 */
function constantBackoff<C extends ClientConfig>(profile: Profile, values: C): C {
  if (compareReleases(profile.release, '3.7') >= 0) return values;
  return { ...values, 'retry.backoff.max.ms': values['retry.backoff.ms'] };
}

/**
 * Idempotence that the user asked for and that cannot be is an error; the default is silently
 * given up. Source: `ProducerConfig.postProcessAndValidateIdempotenceConfigs`, KIP-679.
 */
function idempotenceOf(values: ProducerValues, given: Given): boolean {
  const transactional = values['transactional.id'] !== '';
  if (!values['enable.idempotence'] && !transactional) return false;
  const asked = transactional || given['enable.idempotence'] !== undefined;
  const inFlight = values['max.in.flight.requests.per.connection'];
  const because = 'to use the idempotent producer (enable.idempotence=true)';
  const refusals: [boolean, string, string, string][] = [
    [values.retries === 0, 'retries', '0', `must be greater than 0 ${because}`],
    [values.acks === '0' || values.acks === '1', 'acks', values.acks, `must be all ${because}`],
    [
      inFlight > IN_FLIGHT_MAX_FOR_IDEMPOTENCE,
      'max.in.flight.requests.per.connection',
      String(inFlight),
      `must be at most ${IN_FLIGHT_MAX_FOR_IDEMPOTENCE} ${because}`,
    ],
  ];
  for (const [refused, setting, value, allowed] of refusals) {
    if (!refused) continue;
    if (asked) throw new ConfigError(setting, value, allowed);
    return false;
  }
  return true;
}

/** Source: `KafkaProducer.configureDeliveryTimeout`, KIP-91. */
function deliveryTimeoutOf(values: ProducerValues, given: Given): number {
  const askedMs = values['delivery.timeout.ms'];
  const lingerMs = Math.min(values['linger.ms'], INT_MAX);
  const leastMs = Math.min(lingerMs + values['request.timeout.ms'], INT_MAX);
  if (askedMs >= leastMs) return askedMs;
  if (given['delivery.timeout.ms'] === undefined) return leastMs;
  throw new ConfigError(
    'delivery.timeout.ms',
    String(askedMs),
    `must be equal to or larger than linger.ms + request.timeout.ms, which is ${leastMs}`,
  );
}
