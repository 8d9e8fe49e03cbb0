/**
 * What a client knows of the cluster: the brokers' addresses, and for each topic that it uses the
 * partitions with their leaders and leader epochs. Asked for again when something proves wrong, and
 * every `metadata.max.age.ms`.
 *
 * Source: `clients/Metadata` and `NetworkClient.DefaultMetadataUpdater`. Not here: connections
 * (`network-client.ts`), the brokers' own image (`kafka/metadata`). Differences: the client does
 * not fall back to the bootstrap list once it knows brokers (KIP-899), and a topic that was used
 * once stays in the cache (`metadata.max.idle.ms`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports, Random } from '../../kernel/ports.ts';
import { traceKind } from '../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  metadata as metadataApi,
  type MetadataRequest,
  type MetadataResponse,
} from '../../wire/kafka/messages/metadata.ts';
import type { NetworkClient, Reply, RequestChannel } from '../network-client.ts';
import { ExponentialBackoff } from './exponential-backoff.ts';
import { WakeUp } from './wake-up.ts';

/** The zero uuid: no topic id. */
export const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const NO_LEADER = -1;
const NO_EPOCH = -1;

/** The client learned the cluster's metadata. */
export const metadataTrace = traceKind('client-metadata', {
  brokers: 'int',
  topics: 'int',
  leaders: 'string',
});

export interface PartitionMetadata {
  readonly partition: number;
  /** The leader's node id, -1 if there is none. */
  readonly leader: number;
  /** -1 if the broker did not tell. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly errorCode: number;
}

interface TopicMetadata {
  readonly errorCode: number;
  readonly topicId: string;
  readonly partitions: readonly PartitionMetadata[];
}

export interface MetadataOptions {
  readonly bootstrap: readonly Address[];
  readonly maxAgeMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMsMax: number;
  readonly allowAutoTopicCreation: boolean;
  /** False for releases before KIP-320: leader epochs are not known, so nothing is fenced. */
  readonly leaderEpochs: boolean;
}

/** A leader as a broker's error reply tells it (KIP-951). */
export interface CurrentLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}
export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export class ClientMetadata {
  readonly #ports: Ports;
  readonly #network: NetworkClient;
  readonly #options: MetadataOptions;
  readonly #backoff: ExponentialBackoff;
  readonly #random: Random;
  readonly #brokerAddresses = new Map<number, Address>();
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #wanted = new Set<string>();
  readonly #listeners: (() => void)[] = [];
  #controller = -1;
  #cluster: string | null = null;
  #updateRequested = false;
  #inFlight = false;
  #stopped = false;
  /** Refreshes in a row that failed or told nothing new: they make the backoff grow. */
  #attempts = 0;
  #allowedAt: Micros = micros(0);
  readonly #wakeUp: WakeUp;
  #lastLeaders = '';

  constructor(ports: Ports, network: NetworkClient, options: MetadataOptions) {
    assert(options.bootstrap.length > 0, 'bootstrap servers', { ...options });
    this.#ports = ports;
    this.#network = network;
    this.#options = options;
    this.#wakeUp = new WakeUp(ports.clock, () => this.requestUpdate());
    this.#random = ports.random('least-loaded-node');
    this.#backoff = new ExponentialBackoff(ports.random('metadata'), {
      initialMs: options.retryBackoffMs,
      maxMs: options.retryBackoffMsMax,
    });
    network.listen({ disconnected: (channel) => this.#lostConnection(channel) });
  }

  /** Calls `listener` after each update, in the order of the calls to `watch`. */
  watch(listener: () => void): void {
    assert(!this.#listeners.includes(listener), 'watches already');
    this.#listeners.push(listener);
  }

  /** Wants a topic from now on; a new one is asked for at once, whatever the backoff says. */
  add(topic: string): void {
    assert(topic !== '', 'a topic has a name');
    if (this.#wanted.has(topic)) return;
    this.#wanted.add(topic);
    this.#allowedAt = this.#ports.clock.now();
    this.requestUpdate();
  }

  /** Does not want a topic any more, so that one that is not there is not asked for for ever. */
  forget(topic: string): void {
    this.#wanted.delete(topic);
    this.#topics.delete(topic);
  }

  /** Something proved wrong: asks again as soon as `retry.backoff.ms` allows. */
  requestUpdate(): void {
    this.#updateRequested = true;
    this.#updateWhenAllowed();
  }

  /** No more requests: the client is closing. */
  stop(): void {
    this.#stopped = true;
    this.#wakeUp.cancel();
  }

  // ------------------------------------------------------------------------------------- facts

  get clusterId(): string | null {
    return this.#cluster;
  }

  /** The node id that brokers name as controller; -1 before the first update. */
  get controllerId(): number {
    return this.#controller;
  }

  /** The brokers by node id, in ascending order. */
  brokers(): { id: number; address: Address }[] {
    return [...this.#brokerAddresses.entries()]
      .sort(([left], [right]) => left - right)
      .map(([id, address]) => ({ id, address }));
  }

  /** The partitions of a topic in order; null while it is unknown. */
  partitions(topic: string): readonly PartitionMetadata[] | null {
    const known = this.#topics.get(topic);
    return known === undefined || known.partitions.length === 0 ? null : known.partitions;
  }

  /** The error of the last answer about a topic; NONE if there was none or no answer. */
  topicError(topic: string): number {
    return this.#topics.get(topic)?.errorCode ?? ErrorCode.NONE;
  }

  topicId(topic: string): string {
    return this.#topics.get(topic)?.topicId ?? NO_TOPIC_ID;
  }

  /** The name of a topic by its id, as Fetch replies from version 13 on carry only that. */
  topicName(topicId: string): string | null {
    assert(topicId !== NO_TOPIC_ID, 'a real topic id');
    for (const [name, topic] of this.#topics) if (topic.topicId === topicId) return name;
    return null;
  }

  /** The partition's leader with its epoch, if there is one and its address is known. */
  leader(topic: string, partition: number): { id: number; epoch: number } | null {
    const known = this.partition(topic, partition);
    if (known === null || !this.#brokerAddresses.has(known.leader)) return null;
    return { id: known.leader, epoch: known.leaderEpoch };
  }

  partition(topic: string, partition: number): PartitionMetadata | null {
    assert(partition >= 0, 'a partition', { partition });
    return this.#topics.get(topic)?.partitions[partition] ?? null;
  }

  /** The channel to a broker; null while its address is unknown. */
  channelTo(brokerId: number): RequestChannel | null {
    const address = this.#brokerAddresses.get(brokerId);
    return address === undefined ? null : this.#network.connectionTo(address);
  }

  /**
   * The broker with the fewest pending requests, of those that are connected; else one that is
   * connecting; else any that may be connected to; null while all are backing off. Source:
   * `NetworkClient.leastLoadedNode`.
   */
  leastLoadedChannel(): RequestChannel | null {
    const channels = this.#candidates();
    const start = this.#random.below(channels.length);
    let best: RequestChannel | null = null;
    let bestRank = Infinity;
    for (let n = 0; n < channels.length; n++) {
      const channel = channels[(start + n) % channels.length]!;
      if (channel.backoffLeft > 0) continue;
      const rank =
        channel.state === 'READY'
          ? channel.pendingCount
          : RANK[channel.state] + channel.pendingCount;
      if (rank < bestRank) {
        best = channel;
        bestRank = rank;
      }
    }
    return best;
  }

  // ----------------------------------------------------------------------------------- refresh

  #candidates(): RequestChannel[] {
    const known = this.brokers().map(({ address }) => address);
    const addresses = known.length > 0 ? known : this.#options.bootstrap;
    assert(addresses.length > 0, 'somebody to ask');
    return addresses.map((address) => this.#network.connectionTo(address));
  }

  #updateWhenAllowed(): void {
    if (this.#inFlight || this.#stopped) return;
    const now = this.#ports.clock.now();
    if (now < this.#allowedAt) {
      this.#wakeUp.at(this.#allowedAt, 'retry.backoff.ms');
      return;
    }
    const channel = this.leastLoadedChannel();
    if (channel === null) {
      const waits = this.#candidates().map((candidate) => candidate.backoffLeft);
      this.#wakeUp.at(micros(now + Math.max(1, Math.min(...waits))), 'reconnect.backoff.ms');
      return;
    }
    this.#ask(channel);
  }

  #ask(channel: RequestChannel): void {
    assert(!this.#inFlight, 'one metadata request at a time');
    const names = [...this.#wanted].sort((left, right) => (left < right ? -1 : 1));
    const body: MetadataRequest = {
      topics: names.map((name) => ({ topicId: NO_TOPIC_ID, name })),
      allowAutoTopicCreation: this.#options.allowAutoTopicCreation,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    this.#inFlight = true;
    this.#updateRequested = false;
    channel.send(metadataApi.key, metadataApi.versionMax, body, (reply) => {
      this.#inFlight = false;
      this.#answered(reply, names);
    });
  }

  #answered(reply: Reply, asked: readonly string[]): void {
    if (this.#stopped) return;
    const now = this.#ports.clock.now();
    if (!reply.ok) {
      this.#backOff();
      this.requestUpdate();
      return;
    }
    const again = this.#learn(reply.body as MetadataResponse, asked);
    const news = this.#describeLeaders();
    this.#attempts = news === this.#lastLeaders ? this.#attempts + 1 : 0;
    this.#lastLeaders = news;
    this.#allowedAt = micros(now + this.#backoffMicros());
    const unasked = [...this.#wanted].some((topic) => !asked.includes(topic));
    if (unasked) this.#allowedAt = now;
    this.#record(news);
    for (const listener of this.#listeners) listener();
    if (again || unasked || this.#updateRequested) this.requestUpdate();
    else
      this.#wakeUp.at(micros(now + microsOfMillis(this.#options.maxAgeMs)), 'metadata.max.age.ms');
  }

  #backOff(): void {
    this.#attempts++;
    this.#allowedAt = micros(this.#ports.clock.now() + this.#backoffMicros());
  }

  #backoffMicros(): Micros {
    return microsOfMillis(this.#backoff.backoffMs(Math.max(0, this.#attempts - 1)));
  }

  /** Takes in an answer. True if a topic or partition in it is not usable, so: ask again. */
  #learn(response: MetadataResponse, asked: readonly string[]): boolean {
    this.#cluster = response.clusterId;
    this.#controller = response.controllerId;
    if (response.brokers.length > 0) this.#brokerAddresses.clear();
    for (const broker of response.brokers) {
      this.#brokerAddresses.set(broker.nodeId, { host: broker.host, port: broker.port });
    }
    let again = false;
    for (const topic of response.topics) {
      if (topic.name === null || !this.#wanted.has(topic.name)) continue;
      assert(asked.includes(topic.name), 'an answer to the question', { topic: topic.name });
      const before = this.#topics.get(topic.name);
      const partitions = [...topic.partitions]
        .sort((left, right) => left.partitionIndex - right.partitionIndex)
        .map((told) => (this.#options.leaderEpochs ? told : { ...told, leaderEpoch: NO_EPOCH }))
        .map((told) => newer(before, topic.topicId, told));
      const { errorCode, topicId } = topic;
      this.#topics.set(topic.name, { errorCode, topicId, partitions });
      again ||= errorCode !== ErrorCode.NONE && !PERMANENT_ERRORS.has(errorCode);
      again ||= partitions.some((told) => told.leader === NO_LEADER);
    }
    return again;
  }

  /**
   * A broker that is not the leader told who is (KIP-951): saves the refresh. Older epochs than
   * the known one are ignored. Returns whether it was news.
   */
  learnLeader(
    topic: string,
    partition: number,
    current: CurrentLeader,
    endpoints: readonly NodeEndpoint[],
  ): boolean {
    const known = this.#topics.get(topic);
    const before = known?.partitions[partition];
    if (known === undefined || before === undefined || !this.#options.leaderEpochs) return false;
    if (current.leaderId < 0 || current.leaderEpoch <= before.leaderEpoch) return false;
    for (const { nodeId, host, port } of endpoints)
      this.#brokerAddresses.set(nodeId, { host, port });
    if (!this.#brokerAddresses.has(current.leaderId)) return false;
    const { leaderId, leaderEpoch } = current;
    const partitions = known.partitions.map((one) =>
      one === before ? { ...one, leader: leaderId, leaderEpoch, errorCode: ErrorCode.NONE } : one,
    );
    this.#topics.set(topic, { ...known, partitions });
    this.#record(this.#describeLeaders());
    return true;
  }

  #lostConnection(channel: RequestChannel): void {
    if (this.#stopped) return;
    const known = this.brokers().some(
      ({ address }) =>
        address.host === channel.address.host && address.port === channel.address.port,
    );
    if (known) this.requestUpdate();
  }

  #describeLeaders(): string {
    const parts: string[] = [];
    for (const [name, topic] of this.#topics) {
      for (const { partition, leader, leaderEpoch } of topic.partitions) {
        parts.push(`${name}-${partition}:${leader}@${leaderEpoch}`);
      }
    }
    return parts.join(' ');
  }

  #record(leaders: string): void {
    if (!this.#ports.trace.on) return;
    const brokers = this.#brokerAddresses.size;
    this.#ports.trace.record(metadataTrace, { brokers, topics: this.#topics.size, leaders });
  }
}

/** A channel that is not ready is worse than any that is, however busy. */
const RANK = { READY: 0, CHECKING_API_VERSIONS: 1e6, CONNECTING: 1e6, DISCONNECTED: 2e6 } as const;

/** Errors of a topic that asking again does not cure. */
const PERMANENT_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.INVALID_TOPIC_EXCEPTION,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
]);

/**
 * The told state of a partition, or the known one if that has a newer leader epoch: brokers learn
 * of elections one after the other, and an old answer must not win. Source: `Metadata.
 * updateLatestMetadata`, KIP-320.
 */
function newer(
  before: TopicMetadata | undefined,
  topicId: string,
  told: MetadataResponse['topics'][number]['partitions'][number],
): PartitionMetadata {
  assert(told.partitionIndex >= 0, 'a partition', { partition: told.partitionIndex });
  const known = before?.topicId === topicId ? before.partitions[told.partitionIndex] : undefined;
  const olderTold = told.leaderEpoch !== NO_EPOCH && told.leaderEpoch < (known?.leaderEpoch ?? -1);
  if (known !== undefined && olderTold) return known;
  return {
    partition: told.partitionIndex,
    leader: told.leaderId,
    leaderEpoch: told.leaderEpoch,
    replicas: told.replicaNodes,
    isr: told.isrNodes,
    errorCode: told.errorCode,
  };
}
