/**
 * Fetches ahead: one Fetch request at a time to each broker, for the partitions without anything
 * buffered that it leads, or that their leaders said should be read there (KIP-392);
 * and gives out what came, in positions' order.
 *
 * Source: `AbstractFetch`, `FetchCollector`. Not here: where positions come from
 * (`offset-fetcher.ts`), when the application polls (`consumer.ts`). Differences: no fetch sessions
 * (KIP-227); after an error a partition waits `retry.backoff.ms`.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../../kernel/units.ts';
import { ErrorCode, errorName } from '../../../wire/kafka/errors.ts';
import {
  fetch,
  type FetchRequest,
  type FetchResponse,
} from '../../../wire/kafka/messages/fetch.ts';
import type { Reply, RequestChannel } from '../../network-client.ts';
import type { ConsumerConfig } from '../config.ts';
import { isInvalidMetadata } from '../invalid-metadata.ts';
import { type ClientMetadata, NO_TOPIC_ID } from '../metadata.ts';
import { CompletedFetch, type ConsumerRecord } from './completed-fetch.ts';
import type { ConsumerError } from './consumer-error.ts';
import { deliverTrace, fetchErrorTrace, preferredReplicaTrace } from './consumer-trace.ts';
import type { FetcherOwner } from './offset-fetcher.ts';
import type { PartitionState, ResetStrategy, SubscriptionState } from './subscription-state.ts';

/** The last version that names topics, and the first that has only their ids (KIP-516). */
const VERSION_MAX_WITH_NAMES = 12;
const NO_SESSION = { sessionId: 0, sessionEpoch: -1 } as const;
const CONSUMER_REPLICA_ID = -1;
const NONE = -1;

type FetchedPartition = FetchResponse['responses'][number]['partitions'][number];

export class Fetcher {
  readonly #ports: Ports;
  readonly #config: ConsumerConfig;
  readonly #metadata: ClientMetadata;
  readonly #subscriptions: SubscriptionState;
  readonly #owner: FetcherOwner;
  /** Brokers that have not answered the last Fetch. */
  readonly #pending = new Set<RequestChannel>();
  #buffer: CompletedFetch[] = [];

  constructor(
    ports: Ports,
    config: ConsumerConfig,
    metadata: ClientMetadata,
    subscriptions: SubscriptionState,
    owner: FetcherOwner,
  ) {
    this.#ports = ports;
    this.#config = config;
    this.#metadata = metadata;
    this.#subscriptions = subscriptions;
    this.#owner = owner;
  }

  // -------------------------------------------------------------------------------------- fetch

  /** Sends a Fetch to each broker that leads partitions worth fetching and owes no answer. */
  sendFetches(): void {
    const now = this.#ports.clock.now();
    const buffered = new Set(
      this.#buffer.map(({ partition }) => this.#subscriptions.of(partition)),
    );
    const plan = new Map<RequestChannel, PartitionState[]>();
    for (const state of this.#subscriptions.all()) {
      if (!state.isFetchable || buffered.has(state)) continue;
      if (state.retryAt > now) {
        this.#owner.wakeAt(state.retryAt);
        continue;
      }
      const leader = this.#metadata.leader(state.topic, state.partition);
      const channel = leader === null ? null : this.#channelFor(state, leader.id);
      if (channel === null) {
        this.#metadataIsWrong(state);
      } else if (!this.#pending.has(channel) && channel.ready()) {
        plan.set(channel, [...(plan.get(channel) ?? []), state]);
      }
    }
    for (const [channel, states] of plan) this.#sendFetch(channel, states);
  }

  /** To the preferred read replica, else to the leader. Source: `selectReadReplica`. */
  #channelFor(state: PartitionState, leaderId: number): RequestChannel | null {
    const { preferredReadReplica, preferredReplicaExpiresAt } = state;
    if (preferredReadReplica < 0) return this.#metadata.channelTo(leaderId);
    if (this.#ports.clock.now() > preferredReplicaExpiresAt) {
      state.clearPreferredReadReplica();
      return this.#metadata.channelTo(leaderId);
    }
    const channel = this.#metadata.channelTo(preferredReadReplica);
    if (channel !== null) return channel;
    this.#metadataIsWrong(state);
    return this.#metadata.channelTo(leaderId);
  }

  /** Asks for metadata, and goes back to the leader meanwhile. Source: `requestMetadataUpdate`. */
  #metadataIsWrong(state: PartitionState): void {
    assert(this.#subscriptions.of(state) === state, 'an assigned partition', { at: state.name });
    this.#metadata.requestUpdate();
    state.clearPreferredReadReplica();
  }

  #sendFetch(channel: RequestChannel, states: readonly PartitionState[]): void {
    assert(!this.#pending.has(channel), 'one fetch a broker', { to: channel.address });
    const topics = new Map<string, FetchRequest['topics'][number]['partitions'][number][]>();
    const offsets = new Map<PartitionState, number>();
    for (const state of states) {
      const { position } = state;
      assert(position !== null, 'fetching from a position', { at: state.name });
      offsets.set(state, position.offset);
      const partitions = topics.get(state.topic) ?? [];
      partitions.push({
        partition: state.partition,
        currentLeaderEpoch: position.leader.epoch,
        fetchOffset: position.offset,
        lastFetchedEpoch: NONE,
        logStartOffset: NONE,
        partitionMaxBytes: this.#config['max.partition.fetch.bytes'],
        replicaDirectoryId: NO_TOPIC_ID,
      });
      topics.set(state.topic, partitions);
    }
    const named = [...topics.keys()].some((name) => this.#metadata.topicId(name) === NO_TOPIC_ID);
    const body: FetchRequest = {
      clusterId: null,
      replicaId: CONSUMER_REPLICA_ID,
      replicaState: { replicaId: CONSUMER_REPLICA_ID, replicaEpoch: NONE },
      maxWaitMs: this.#config['fetch.max.wait.ms'],
      minBytes: this.#config['fetch.min.bytes'],
      maxBytes: this.#config['fetch.max.bytes'],
      isolationLevel: this.#config['isolation.level'] === 'read_committed' ? 1 : 0,
      ...NO_SESSION,
      topics: [...topics].map(([topic, partitions]) => {
        return { topic, topicId: this.#metadata.topicId(topic), partitions };
      }),
      forgottenTopicsData: [],
      rackId: this.#config['client.rack'],
    };
    this.#pending.add(channel);
    const version = named ? VERSION_MAX_WITH_NAMES : fetch.versionMax;
    channel.send(fetch.key, version, body, (reply) => {
      this.#pending.delete(channel);
      this.#fetched(reply, offsets);
    });
  }

  #fetched(reply: Reply, offsets: ReadonlyMap<PartitionState, number>): void {
    if (!reply.ok) {
      for (const state of offsets.keys()) state.clearPreferredReadReplica();
      this.#metadata.requestUpdate();
      this.#owner.changed();
      return;
    }
    const response = reply.body as FetchResponse;
    if (response.errorCode !== ErrorCode.NONE) {
      for (const [state, offset] of offsets) this.#refused(state, offset, response.errorCode);
    }
    for (const told of response.responses) {
      const withId = reply.apiVersion > VERSION_MAX_WITH_NAMES;
      const topic = withId ? this.#metadata.topicName(told.topicId) : told.topic;
      if (topic === null) continue;
      for (const one of told.partitions) {
        const state = this.#subscriptions.of({ topic, partition: one.partitionIndex });
        const offset = state === null ? undefined : offsets.get(state);
        if (state !== null && offset !== undefined) this.#take(state, offset, one, response);
      }
    }
    this.#owner.changed();
  }

  #take(
    state: PartitionState,
    fetchOffset: number,
    told: FetchedPartition,
    response: FetchResponse,
  ): void {
    if (told.errorCode !== ErrorCode.NONE) {
      const { topic, partition } = state;
      this.#metadata.learnLeader(topic, partition, told.currentLeader, response.nodeEndpoints);
      this.#refused(state, fetchOffset, told.errorCode);
      return;
    }
    // Sought or reset since: these are records of another place.
    if (!state.isFetchable && !state.paused) return;
    if (state.position?.offset !== fetchOffset) return;
    state.highWatermark = told.highWatermark;
    state.lastStableOffset = told.lastStableOffset;
    state.logStartOffset = told.logStartOffset;
    if (told.preferredReadReplica >= 0) this.#prefer(state, told.preferredReadReplica);
    if (told.records === null || told.records.length === 0) return;
    const readCommitted = this.#config['isolation.level'] === 'read_committed';
    const { topic, partition } = state;
    this.#buffer.push(
      new CompletedFetch({
        partition: { topic, partition },
        fetchOffset,
        records: told.records,
        abortedTransactions: readCommitted ? (told.abortedTransactions ?? []) : null,
        checksCrcs: this.#config['check.crcs'],
      }),
    );
  }

  /** The leader says whom to ask; for as long as metadata is believed, too. */
  #prefer(state: PartitionState, replica: number): void {
    const until = this.#ports.clock.now() + microsOfMillis(this.#config['metadata.max.age.ms']);
    state.prefer(replica, micros(until));
    if (!this.#ports.trace.on) return;
    this.#ports.trace.record(preferredReplicaTrace, { partition: state.name, replica });
  }

  /** Source: `FetchCollector.handleInitializeErrors`. */
  #refused(state: PartitionState, fetchOffset: number, errorCode: number): void {
    const now = this.#ports.clock.now();
    state.retryAt = micros(now + microsOfMillis(this.#config['retry.backoff.ms']));
    if (this.#ports.trace.on) {
      const what = { partition: state.name, offset: fetchOffset, error: errorName(errorCode) };
      this.#ports.trace.record(fetchErrorTrace, what);
    }
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      // A follower may lack what the leader has: only the leader's word counts.
      if (!state.clearPreferredReadReplica()) this.#outOfRange(state, fetchOffset);
    } else if (errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED) {
      this.#fail(state, 'TopicAuthorizationException');
    } else if (errorCode === ErrorCode.CORRUPT_MESSAGE) {
      this.#fail(state, 'CorruptRecordException');
    } else if (isInvalidMetadata(errorCode) || errorCode === ErrorCode.OFFSET_NOT_AVAILABLE) {
      this.#metadataIsWrong(state);
    }
  }

  #outOfRange(state: PartitionState, fetchOffset: number): void {
    if (state.fetchState !== 'FETCHING' || state.position?.offset !== fetchOffset) return;
    const strategy = this.#config['auto.offset.reset'] as ResetStrategy;
    if (strategy === 'none') this.#fail(state, 'OffsetOutOfRangeException');
    else state.requestOffsetReset(strategy);
  }

  #fail(state: PartitionState, reason: ConsumerError['reason']): void {
    assert(!state.failed, 'told once', { at: state.name });
    state.failed = true;
    const { topic, partition } = state;
    const offset = state.position?.offset ?? NONE;
    this.#owner.failed({ topic, partition, reason, offset, divergentOffset: NONE });
  }

  // ------------------------------------------------------------------------------------ collect

  /** Whether a poll would find something, of partitions that are not paused. */
  get hasRecords(): boolean {
    return this.#buffer.some(
      ({ partition }) => this.#subscriptions.of(partition)?.paused === false,
    );
  }

  /** At most `max.poll.records` records, each partition's in order; positions move behind them. */
  collect(): ConsumerRecord[] {
    const collected: ConsumerRecord[] = [];
    const kept: CompletedFetch[] = [];
    for (const completed of this.#buffer) {
      const room = this.#config['max.poll.records'] - collected.length;
      const state = this.#subscriptions.of(completed.partition);
      if (state === null) continue;
      if (state.paused || room === 0) {
        kept.push(completed);
        continue;
      }
      // A seek, a reset or a validation came between: the position decides, not the buffer.
      if (!state.isFetchable || state.position?.offset !== completed.nextFetchOffset) continue;
      const records = completed.take(room);
      this.#give(state, completed, records);
      for (const record of records) collected.push(record);
      if (completed.corrupt && records.length < room) this.#fail(state, 'CorruptRecordException');
      else if (!completed.isDrained) kept.push(completed);
    }
    this.#buffer = kept;
    assert(collected.length <= this.#config['max.poll.records'], 'max.poll.records');
    return collected;
  }

  #give(
    state: PartitionState,
    completed: CompletedFetch,
    records: readonly ConsumerRecord[],
  ): void {
    const before = state.position?.offset ?? 0;
    if (completed.nextFetchOffset > before) {
      state.advance(completed.nextFetchOffset, completed.lastEpoch);
    }
    const first = records[0];
    const last = records[records.length - 1];
    if (first === undefined || last === undefined || !this.#ports.trace.on) return;
    this.#ports.trace.record(deliverTrace, {
      partition: state.name,
      firstOffset: first.offset,
      lastOffset: last.offset,
      records: records.length,
      leaderEpoch: last.leaderEpoch,
    });
  }
}
