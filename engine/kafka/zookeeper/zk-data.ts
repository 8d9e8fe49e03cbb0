/**
 * The znodes of Kafka: their paths, and the JSON in them as Kafka 3.9 writes it, field by field in
 * its order.
 *
 * Not here: when they are read and written. Source: `kafka.zk.ZkData`, and what a broker 3.9.1
 * wrote. Differences: no ACLs, delegation tokens and quotas;
 * `/feature` has no features.
 */
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import { type BrokerRegistration, resourceKey, type TopicImage } from '../metadata/image.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';

export const CONTROLLER = '/controller';
export const CONTROLLER_EPOCH = '/controller_epoch';
export const CLUSTER_ID_PATH = '/cluster/id';
export const BROKER_IDS = '/brokers/ids';
export const BROKER_TOPICS = '/brokers/topics';
export const CONFIG_TOPICS = '/config/topics';
export const CONFIG_CHANGES = '/config/changes';
export const DELETE_TOPICS = '/admin/delete_topics';
export const ISR_CHANGE_NOTIFICATION = '/isr_change_notification';
export const FEATURE = '/feature';
export const PRODUCER_ID_BLOCK = '/latest_producer_id_block';

/** What every broker makes sure of at its start (`ZkData.PersistentZkPaths`, and the cluster's). */
export const PERSISTENT_PATHS: readonly string[] = Object.freeze([
  '/consumers',
  '/brokers',
  BROKER_IDS,
  BROKER_TOPICS,
  '/config',
  CONFIG_CHANGES,
  '/admin',
  DELETE_TOPICS,
  '/brokers/seqid',
  ISR_CHANGE_NOTIFICATION,
  PRODUCER_ID_BLOCK,
  '/log_dir_event_notification',
  CONFIG_TOPICS,
  '/config/clients',
  '/config/users',
  '/config/brokers',
  '/config/ips',
  '/cluster',
]);

export const brokerPath = (id: number): string => `${BROKER_IDS}/${id}`;
export const topicPath = (topic: string): string => `${BROKER_TOPICS}/${topic}`;
export const topicConfigPath = (topic: string): string => `${CONFIG_TOPICS}/${topic}`;
export const partitionPath = (topic: string, index: number): string =>
  `${topicPath(topic)}/partitions/${index}`;
export const statePath = (topic: string, index: number): string =>
  `${partitionPath(topic, index)}/state`;

/** A znode without data, between a topic and its partitions. */
export const partitionsPath = (topic: string): string => `${topicPath(topic)}/partitions`;

export function dataOf(value: unknown): Uint8Array {
  return encodeUtf8(JSON.stringify(value));
}

/** The JSON of a znode, null where there is none or it cannot be read. */
function readJson(data: Uint8Array | null): Readonly<Record<string, unknown>> | null {
  if (data === null || data.length === 0) return null;
  try {
    const value: unknown = JSON.parse(decodeUtf8(data));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

// ------------------------------------------------------------------------------------ controller

/** `timestampMs`: of the wall clock. The last field is there since migration to KRaft (KIP-866). */
export function controllerData(brokerId: number, timestampMs: number): Uint8Array {
  const timestamp = String(timestampMs);
  return dataOf({ version: 2, brokerid: brokerId, timestamp, kraftControllerEpoch: -1 });
}

// ---------------------------------------------------------------------------------------- broker

/** No finalized features, versioning enabled (KIP-584). */
export function featureData(): Uint8Array {
  return dataOf({ features: {}, version: 2, status: 1 });
}

export interface BrokerInfo {
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export function brokerData({ host, port, rack }: BrokerInfo, timestampMs: number): Uint8Array {
  assert(port > 0, 'a port', { host, port });
  return dataOf({
    features: {},
    listener_security_protocol_map: { PLAINTEXT: 'PLAINTEXT' },
    endpoints: [`PLAINTEXT://${host}:${port}`],
    jmx_port: -1,
    port,
    host,
    version: 5,
    timestamp: String(timestampMs),
    ...(rack === null ? {} : { rack }),
  });
}

/** A live broker; its epoch is the transaction that created its znode (KIP-380). */
export function brokerOf(
  id: number,
  epoch: number,
  data: Uint8Array | null,
  noIncarnation: string,
): BrokerRegistration | null {
  const json = readJson(data);
  const [host, port, rack] = [json?.['host'], json?.['port'], json?.['rack']];
  if (typeof host !== 'string' || typeof port !== 'number') return null;
  return {
    id,
    epoch,
    incarnationId: noIncarnation,
    endPoints: [{ name: 'PLAINTEXT', host, port }],
    rack: typeof rack === 'string' ? rack : null,
    fenced: false,
    inControlledShutdown: false,
  };
}

// ---------------------------------------------------------------------------------------- topics

type ReplicasByPartition = Readonly<Record<string, readonly number[]>>;

/** What a topic's znode says. */
export interface TopicAssignment {
  readonly topicId: string;
  readonly partitions: ReplicasByPartition;
  readonly adding: ReplicasByPartition;
  readonly removing: ReplicasByPartition;
}

export function topicData({ id, partitions }: TopicImage): Uint8Array {
  const byPartition = (of: (partition: PartitionRegistration) => readonly number[]) => {
    const entries = partitions.map((partition, index) => [String(index), of(partition)] as const);
    return Object.fromEntries(entries.filter(([, replicas]) => replicas.length > 0));
  };
  return dataOf({
    partitions: byPartition(({ replicas }) => replicas),
    topic_id: id,
    adding_replicas: byPartition(({ addingReplicas }) => addingReplicas),
    removing_replicas: byPartition(({ removingReplicas }) => removingReplicas),
    version: 3,
  });
}

export function topicAssignmentOf(data: Uint8Array | null): TopicAssignment | null {
  const json = readJson(data);
  const [topicId, partitions] = [json?.['topic_id'], json?.['partitions']];
  if (typeof topicId !== 'string' || typeof partitions !== 'object') return null;
  return {
    topicId,
    partitions: partitions as ReplicasByPartition,
    adding: (json?.['adding_replicas'] ?? {}) as ReplicasByPartition,
    removing: (json?.['removing_replicas'] ?? {}) as ReplicasByPartition,
  };
}

export function stateData(partition: PartitionRegistration, controllerEpoch: number): Uint8Array {
  const { leader, leaderEpoch, isr, leaderRecoveryState } = partition;
  assert(controllerEpoch > 0, 'a controller epoch', { controllerEpoch });
  return dataOf({
    controller_epoch: controllerEpoch,
    leader,
    version: 1,
    leader_epoch: leaderEpoch,
    isr,
    ...(leaderRecoveryState === 0 ? {} : { leader_recovery_state: leaderRecoveryState }),
  });
}

export interface LeaderAndIsrState {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly leaderRecoveryState: number;
}

export function stateOf(data: Uint8Array | null): LeaderAndIsrState | null {
  const json = readJson(data);
  const { leader, leader_epoch: leaderEpoch, isr } = json ?? {};
  if (typeof leader !== 'number' || typeof leaderEpoch !== 'number') return null;
  if (!Array.isArray(isr)) return null;
  const leaderRecoveryState = (json?.['leader_recovery_state'] ?? 0) as number;
  return { leader, leaderEpoch, isr: isr as readonly number[], leaderRecoveryState };
}

// ---------------------------------------------------------------------------------------- configs

export function configData(config: ReadonlyMap<string, string>): Uint8Array {
  return dataOf({ version: 1, config: Object.fromEntries(config) });
}

export function configOf(data: Uint8Array | null): ReadonlyMap<string, string> {
  const config = (readJson(data)?.['config'] ?? {}) as Readonly<Record<string, string>>;
  return new Map(Object.entries(config));
}

/** What a change notification says: whose configuration is to be read again. */
export function configChangeData(topic: string): Uint8Array {
  return dataOf({ version: 2, entity_path: `topics/${topic}` });
}

export function changedTopicOf(data: Uint8Array | null): string | null {
  const path = readJson(data)?.['entity_path'];
  return typeof path === 'string' && path.startsWith('topics/') ? path.slice(7) : null;
}

/** The topic of a configuration's key; null where it is a broker's. */
export function topicOfConfig(key: string): string | null {
  const prefix = resourceKey('topic', '');
  return key.startsWith(prefix) ? key.slice(prefix.length) : null;
}

// ---------------------------------------------------------------------------------- producer ids

export function producerIdBlockData(broker: number, next: number, size: number): Uint8Array {
  const ends = { block_start: String(next - size), block_end: String(next - 1) };
  return dataOf({ version: 1, broker, ...ends });
}

export function nextProducerIdOf(data: Uint8Array | null): number {
  const end = Number(readJson(data)?.['block_end'] ?? -1);
  return Number.isSafeInteger(end) ? end + 1 : 0;
}
