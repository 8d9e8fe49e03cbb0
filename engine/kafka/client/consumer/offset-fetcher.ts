/**
 * Finds out where to fetch from: asks ListOffsets for partitions that await a reset, and
 * OffsetForLeaderEpoch for those whose leader changed, to see whether what was consumed is still in
 * the log (KIP-320).
 *
 * Source: `OffsetFetcher`, `OffsetFetcherUtils`, `OffsetsForLeaderEpochClient`,
 * `SubscriptionState.maybeCompleteValidation` and `initializingPartitions`. Not here: records
 * (`fetcher.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../kernel/units.ts';
import { ErrorCode, errorName } from '../../../wire/kafka/errors.ts';
import {
  listOffsets,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from '../../../wire/kafka/messages/list-offsets.ts';
import {
  offsetForLeaderEpoch,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
} from '../../../wire/kafka/messages/offset-for-leader-epoch.ts';
import type { Reply, RequestChannel } from '../../network-client.ts';
import type { ConsumerConfig } from '../config.ts';
import type { ClientMetadata } from '../metadata.ts';
import type { ConsumerError } from './consumer-error.ts';
import {
  fetchErrorTrace,
  resetTrace,
  seekTrace,
  truncationDetectedTrace,
} from './consumer-trace.ts';
import type { FetchPosition, PartitionState, SubscriptionState } from './subscription-state.ts';
import { NO_LEADER_KNOWN, type ResetStrategy, topicPartitionText } from './subscription-state.ts';

/** `ListOffsetsRequest.EARLIEST_TIMESTAMP` and `LATEST_TIMESTAMP`. */
const TIMESTAMPS = { earliest: -2, latest: -1 } as const;
const CONSUMER_REPLICA_ID = -1;
const UNDEFINED = -1;

/** What the consumer does for its fetchers. */
export interface FetcherOwner {
  /** Something changed: positions, buffered records, errors. */
  changed(): void;
  /** Looks again at that time at the latest. */
  wakeAt(at: Micros): void;
  /** Tells the application. */
  failed(error: ConsumerError): void;
}

type ListedPartition = ListOffsetsResponse['topics'][number]['partitions'][number];
type EpochEnd = OffsetForLeaderEpochResponse['topics'][number]['partitions'][number];

export class OffsetFetcher {
  readonly #ports: Ports;
  readonly #config: ConsumerConfig;
  readonly #metadata: ClientMetadata;
  readonly #subscriptions: SubscriptionState;
  readonly #owner: FetcherOwner;

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

  /** Starts a partition at its committed position, or else as the reset policy has it. */
  initialize(
    state: PartitionState,
    committed: { readonly offset: number; readonly leaderEpoch: number } | null,
  ): void {
    assert(state.fetchState === 'INITIALIZING', 'no position yet', { is: state.fetchState });
    const strategy = this.#config['auto.offset.reset'] as ResetStrategy;
    if (committed !== null) {
      // Its epoch is checked with the leader as soon as there is one.
      const { offset, leaderEpoch: offsetEpoch } = committed;
      state.seekUnvalidated({ offset, offsetEpoch, leader: this.#leaderOf(state) });
    } else if (strategy !== 'none') {
      state.requestOffsetReset(strategy);
    } else {
      state.failed = true;
      const { topic, partition } = state;
      const reason = 'NoOffsetForPartitionException';
      this.#owner.failed({
        topic,
        partition,
        reason,
        offset: UNDEFINED,
        divergentOffset: UNDEFINED,
      });
    }
  }

  /** The next record that is fetched is the one at this offset. */
  seek(state: PartitionState, offset: number): void {
    assert(Number.isSafeInteger(offset) && offset >= 0, 'an offset', { offset });
    state.seekValidated({ offset, offsetEpoch: UNDEFINED, leader: this.#leaderOf(state) });
    this.#ports.trace.record(seekTrace, { partition: state.name, offset });
  }

  /** Sends what has to be asked and is not being asked already. */
  ask(): void {
    for (const [channel, states] of this.#due('AWAIT_RESET')) this.#askOffsets(channel, states);
    for (const [channel, states] of this.#due('AWAIT_VALIDATION')) this.#askEpochs(channel, states);
  }

  /** Partitions in a state that wait for nothing, by the connection to their leader. */
  #due(fetchState: string): Map<RequestChannel, PartitionState[]> {
    const now = this.#ports.clock.now();
    const due = new Map<RequestChannel, PartitionState[]>();
    for (const state of this.#subscriptions.all()) {
      if (state.fetchState !== fetchState || state.requestPending) continue;
      if (state.retryAt > now) {
        this.#owner.wakeAt(state.retryAt);
        continue;
      }
      const leader = this.#metadata.leader(state.topic, state.partition);
      const channel = leader === null ? null : this.#metadata.channelTo(leader.id);
      if (channel === null) {
        this.#metadata.requestUpdate();
      } else if (channel.ready()) {
        state.requestPending = true;
        due.set(channel, [...(due.get(channel) ?? []), state]);
      }
    }
    return due;
  }

  // -------------------------------------------------------------------------------------- reset

  #askOffsets(channel: RequestChannel, states: readonly PartitionState[]): void {
    const asked = new Map<PartitionState, ResetStrategy>();
    for (const state of states) asked.set(state, state.resetStrategy);
    const body: ListOffsetsRequest = {
      replicaId: CONSUMER_REPLICA_ID,
      isolationLevel: this.#config['isolation.level'] === 'read_committed' ? 1 : 0,
      topics: byTopic(states).map(([name, partitions]) => ({
        name,
        partitions: partitions.map((state) => ({
          partitionIndex: state.partition,
          currentLeaderEpoch: this.#leaderOf(state).epoch,
          timestamp: TIMESTAMPS[state.resetStrategy === 'earliest' ? 'earliest' : 'latest'],
        })),
      })),
      timeoutMs: this.#config['request.timeout.ms'],
    };
    channel.send(listOffsets.key, listOffsets.versionMax, body, (reply) => {
      const told = new Map<string, ListedPartition>();
      if (reply.ok) {
        for (const { name, partitions } of (reply.body as ListOffsetsResponse).topics) {
          for (const one of partitions) {
            told.set(topicPartitionText({ topic: name, partition: one.partitionIndex }), one);
          }
        }
      }
      for (const [state, strategy] of asked) this.#listed(state, strategy, told.get(state.name));
      this.#settle(reply);
    });
  }

  #listed(state: PartitionState, strategy: ResetStrategy, told: ListedPartition | undefined): void {
    // Sought or assigned anew meanwhile: the answer is to a question of the past.
    const current = this.#subscriptions.of(state) === state && state.fetchState === 'AWAIT_RESET';
    if (!current || state.resetStrategy !== strategy) return;
    if (told === undefined || told.errorCode !== ErrorCode.NONE || told.offset === UNDEFINED) {
      this.#backOff(state, told?.errorCode ?? ErrorCode.NETWORK_EXCEPTION);
      return;
    }
    const { offset } = told;
    assert(offset >= 0, 'an offset', { offset });
    // Without an epoch, so that the position is not validated: it comes from the leader itself.
    state.seekValidated({ offset, offsetEpoch: UNDEFINED, leader: this.#leaderOf(state) });
    this.#ports.trace.record(resetTrace, { partition: state.name, strategy, offset });
  }

  // --------------------------------------------------------------------------------- validation

  #askEpochs(channel: RequestChannel, states: readonly PartitionState[]): void {
    const asked = new Map<PartitionState, FetchPosition>();
    for (const state of states) {
      assert(state.position !== null, 'a position to validate', { at: state.name });
      asked.set(state, state.position);
    }
    const body: OffsetForLeaderEpochRequest = {
      replicaId: CONSUMER_REPLICA_ID,
      topics: byTopic(states).map(([topic, partitions]) => ({
        topic,
        partitions: partitions.map((state) => ({
          partition: state.partition,
          currentLeaderEpoch: this.#leaderOf(state).epoch,
          leaderEpoch: state.position?.offsetEpoch ?? UNDEFINED,
        })),
      })),
    };
    channel.send(offsetForLeaderEpoch.key, offsetForLeaderEpoch.versionMax, body, (reply) => {
      const told = new Map<string, EpochEnd>();
      if (reply.ok) {
        for (const { topic, partitions } of (reply.body as OffsetForLeaderEpochResponse).topics) {
          for (const one of partitions) {
            told.set(topicPartitionText({ topic, partition: one.partition }), one);
          }
        }
      }
      for (const [state, position] of asked) this.#validated(state, position, told.get(state.name));
      this.#settle(reply);
    });
  }

  #validated(state: PartitionState, asked: FetchPosition, told: EpochEnd | undefined): void {
    if (this.#subscriptions.of(state) !== state || state.fetchState !== 'AWAIT_VALIDATION') return;
    // The leader changed once more, or a seek came: the new position is validated by itself.
    if (state.position !== asked) return;
    if (told === undefined || told.errorCode !== ErrorCode.NONE) {
      this.#backOff(state, told?.errorCode ?? ErrorCode.NETWORK_EXCEPTION);
    } else if (told.endOffset === UNDEFINED || told.leaderEpoch === UNDEFINED) {
      this.#truncated(state, asked, UNDEFINED, UNDEFINED);
    } else if (told.endOffset < asked.offset) {
      this.#truncated(state, asked, told.endOffset, told.leaderEpoch);
    } else {
      state.completeValidation();
    }
  }

  /** What was consumed is no longer in the log: go back to where it parts, or tell. */
  #truncated(
    state: PartitionState,
    asked: FetchPosition,
    divergentOffset: number,
    epoch: number,
  ): void {
    const { offset } = asked;
    assert(divergentOffset < offset, 'the log ends before the position', { divergentOffset });
    const what = { partition: state.name, position: offset, divergentOffset };
    this.#ports.trace.record(truncationDetectedTrace, what);
    const strategy = this.#config['auto.offset.reset'] as ResetStrategy;
    if (strategy === 'none') {
      const { topic, partition } = state;
      const reason = 'LogTruncationException';
      state.failed = true;
      state.requestPending = true;
      this.#owner.failed({ topic, partition, reason, offset, divergentOffset });
    } else if (divergentOffset === UNDEFINED) {
      state.requestOffsetReset(strategy);
    } else {
      const position = { ...asked, offset: divergentOffset, offsetEpoch: epoch };
      state.seekValidated(position);
    }
  }

  // --------------------------------------------------------------------------------- afterwards

  #leaderOf(state: PartitionState): { id: number; epoch: number } {
    return this.#metadata.leader(state.topic, state.partition) ?? NO_LEADER_KNOWN;
  }

  #backOff(state: PartitionState, errorCode: number): void {
    const now = this.#ports.clock.now();
    state.requestPending = false;
    state.retryAt = micros(now + microsOfMillis(this.#config['retry.backoff.ms']));
    if (this.#ports.trace.on) {
      const what = { partition: state.name, offset: state.position?.offset ?? UNDEFINED };
      this.#ports.trace.record(fetchErrorTrace, { ...what, error: errorName(errorCode) });
    }
    if (errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED) {
      const { topic, partition } = state;
      const reason = 'TopicAuthorizationException';
      state.requestPending = true;
      this.#owner.failed({ topic, partition, reason, offset: -1, divergentOffset: -1 });
      return;
    }
    this.#metadata.requestUpdate();
    this.#owner.wakeAt(state.retryAt);
  }

  #settle(reply: Reply): void {
    if (!reply.ok) this.#metadata.requestUpdate();
    this.#owner.changed();
  }
}

function byTopic(states: readonly PartitionState[]): [string, PartitionState[]][] {
  const topics = new Map<string, PartitionState[]>();
  for (const state of states) topics.set(state.topic, [...(topics.get(state.topic) ?? []), state]);
  return [...topics];
}
