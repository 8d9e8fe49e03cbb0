/**
 * Fetches from one leader broker all partitions that this broker follows there: one request at a
 * time, first to find where the logs part, then for records.
 *
 * Not here: where to cut (`fetch-state.ts`), which broker leads what (`replicas.ts`), the append
 * (`partition/partition.ts`). Source: `AbstractFetcherThread`, `ReplicaFetcherThread`,
 * `RemoteLeaderEndPoint` with one fetcher a source broker (`num.replica.fetchers=1`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports, TimerId } from '../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import { type FetchRequest, type FetchResponse, fetch } from '../../wire/kafka/messages/fetch.ts';
import {
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
  offsetForLeaderEpoch,
} from '../../wire/kafka/messages/offset-for-leader-epoch.ts';
import { NetworkClient, type RequestChannel, networkClientOptions } from '../network-client.ts';
import type { Partition } from '../partition/partition.ts';
import type { SwitchName } from '../profiles.ts';
import type { BrokerSettings } from './broker-config.ts';
import { replicaFetchKind } from './broker-trace.ts';
import {
  type FetchState,
  type TruncationMode,
  initialFetchState,
  truncationFor,
  truncationMode,
} from './fetch-state.ts';
import { type OutOfRangeOwner, resolveOutOfRange } from './out-of-range.ts';

export interface ReplicaFetcherOptions {
  readonly brokerId: number;
  readonly brokerEpoch: () => number;
  readonly leaderId: number;
  readonly address: Address;
  readonly settings: BrokerSettings;
  readonly switches: Readonly<Record<SwitchName, boolean>>;
}

type FetchedPartition = FetchResponse['responses'][number]['partitions'][number];

const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

export class ReplicaFetcher implements OutOfRangeOwner {
  readonly options: ReplicaFetcherOptions;
  readonly #ports: Ports;
  readonly #client: NetworkClient;
  readonly #mode: TruncationMode;
  /** By partition name, in the order of the next request. */
  readonly #states = new Map<string, FetchState>();
  #busy = false;
  #closed = false;
  #timer: TimerId | null = null;

  constructor(ports: Ports, options: ReplicaFetcherOptions) {
    assert(options.leaderId !== options.brokerId, 'another broker leads', { ...options });
    this.options = options;
    this.#ports = ports;
    this.#mode = truncationMode(options.switches);
    const clientId = `broker-${options.brokerId}-fetcher-0`;
    this.#client = new NetworkClient(
      ports,
      networkClientOptions(clientId, {
        requestTimeoutMs: options.settings['replica.socket.timeout.ms'],
        versions: 'fixed',
      }),
    );
  }

  get partitionCount(): number {
    return this.#states.size;
  }

  has(partitionName: string): boolean {
    return this.#states.has(partitionName);
  }

  get channel(): RequestChannel {
    return this.#client.connectionTo(this.options.address);
  }

  /** Begins, or begins anew in a later leader epoch, to fetch a partition. */
  add(partition: Partition): void {
    const before = this.#states.get(partition.name);
    if (before?.partition === partition) {
      if (before.currentLeaderEpoch === partition.leaderEpoch) return;
    }
    const state = initialFetchState(partition, this.#mode);
    this.#states.set(partition.name, state);
    partition.fetcherState('START', state.truncating);
    this.#workSoon();
  }

  remove(partitionName: string): void {
    this.#states.delete(partitionName);
  }

  close(): void {
    this.#closed = true;
    this.#states.clear();
    if (this.#timer !== null) this.#ports.clock.cancel(this.#timer);
    this.#timer = null;
    this.#client.close();
  }

  // ------------------------------------------------------------------------------------ the loop

  #workSoon(): void {
    if (this.#busy || this.#closed) return;
    this.#wake(micros(0));
  }

  #wake(delay: Micros): void {
    if (this.#timer !== null) this.#ports.clock.cancel(this.#timer);
    this.#timer = this.#ports.clock.after(delay, 'ReplicaFetcher', () => {
      this.#timer = null;
      this.#work();
    });
  }

  /** One round: truncation first, then a fetch of what is ready; else sleep till something is. */
  #work(): void {
    if (this.#busy || this.#closed) return;
    const now = this.#ports.clock.now();
    const truncating: FetchState[] = [];
    const ready: FetchState[] = [];
    let nextMicros = -1;
    for (const state of this.#states.values()) {
      if (state.notBeforeMicros > now) {
        const sooner = nextMicros < 0 || state.notBeforeMicros < nextMicros;
        if (sooner) nextMicros = state.notBeforeMicros;
      } else if (state.truncating) {
        truncating.push(state);
      } else if (!state.held) {
        ready.push(state);
      }
    }
    if (truncating.length > 0) this.#truncate(truncating);
    else if (ready.length > 0) this.#fetch(ready);
    else if (nextMicros >= 0) this.#wake(micros(nextMicros - now));
  }

  /** An error of some partitions: they wait for `replica.fetch.backoff.ms`. */
  delay(states: readonly FetchState[]): void {
    const backoff = microsOfMillis(this.options.settings['replica.fetch.backoff.ms']);
    const until = this.#ports.clock.now() + backoff;
    for (const state of states) state.notBeforeMicros = until;
  }

  /** Whether the partition is still fetched as when the request was sent. */
  isCurrent(state: FetchState): boolean {
    return (
      !this.#closed &&
      this.#states.get(state.partition.name) === state &&
      state.currentLeaderEpoch === state.partition.leaderEpoch &&
      !state.partition.isLeader
    );
  }

  /** A request is answered and dealt with: the next round. */
  finished(): void {
    assert(this.#busy, 'one request at a time');
    this.#busy = false;
    this.#work();
  }

  /** Gives a partition up until its leader epoch changes (`markPartitionFailed`). */
  fail(state: FetchState): void {
    this.#states.delete(state.partition.name);
    state.partition.fetcherState('PARTITION_FAILED');
  }

  // ---------------------------------------------------------------------------------- truncation

  #truncate(states: readonly FetchState[]): void {
    const asked: FetchState[] = [];
    for (const state of states) {
      const knowsEpoch = state.partition.log.latestEpoch >= 0;
      if (this.#mode !== 'high-watermark' && knowsEpoch) asked.push(state);
      else this.#cut(state, { offset: state.fetchOffset, complete: true }, 'high-watermark');
    }
    if (asked.length === 0) {
      this.#work();
      return;
    }
    this.#busy = true;
    const body = this.#epochRequest(asked);
    const { key, versionMax } = offsetForLeaderEpoch;
    this.channel.send(key, versionMax, body, (reply) => {
      if (!reply.ok) this.delay(asked);
      else this.#epochEnds(asked, reply.body as OffsetForLeaderEpochResponse);
      this.finished();
    });
  }

  #epochRequest(states: readonly FetchState[]): OffsetForLeaderEpochRequest {
    const topics = new Map<
      string,
      OffsetForLeaderEpochRequest['topics'][number]['partitions'][number][]
    >();
    for (const state of states) {
      const { topic, index, log } = state.partition;
      const partitions = topics.get(topic) ?? [];
      topics.set(topic, partitions);
      partitions.push({
        partition: index,
        currentLeaderEpoch: this.#currentLeaderEpoch(state),
        leaderEpoch: log.latestEpoch,
      });
    }
    return {
      replicaId: this.options.brokerId,
      topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
    };
  }

  #epochEnds(asked: readonly FetchState[], response: OffsetForLeaderEpochResponse): void {
    const answers = new Map<string, LeaderEnd>();
    for (const { topic, partitions } of response.topics) {
      for (const end of partitions) answers.set(`${topic}-${end.partition}`, end);
    }
    for (const state of asked) {
      if (!this.isCurrent(state)) continue;
      const end = answers.get(state.partition.name);
      if (end === undefined || end.errorCode !== ErrorCode.NONE) {
        this.#failed(state, end?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR);
        continue;
      }
      const leader = { epoch: end.leaderEpoch, endOffset: end.endOffset };
      this.#cut(state, truncationFor(state, leader), 'leader-epoch');
    }
  }

  #cut(
    state: FetchState,
    to: { readonly offset: number; readonly complete: boolean },
    reason: string,
  ): void {
    const { partition } = state;
    if (partition.truncateTo(to.offset, reason) === 'failed') {
      this.fail(state);
      return;
    }
    state.fetchOffset = partition.log.logEndOffset;
    // In old releases a log without its last epoch's records has no epoch to ask about either.
    if (this.#mode === 'fetch') state.lastFetchedEpoch = partition.log.latestEpoch;
    if (!to.complete) return;
    state.truncating = false;
    partition.fetcherState('TRUNCATION_COMPLETE');
  }

  // --------------------------------------------------------------------------------------- fetch

  #fetch(states: readonly FetchState[]): void {
    this.#busy = true;
    const sentOffsets = states.map((state) => state.fetchOffset);
    const body = this.#fetchRequest(states);
    this.channel.send(fetch.key, fetch.versionMax, body, (reply) => {
      const response = reply.ok ? (reply.body as FetchResponse) : null;
      if (response === null || response.errorCode !== ErrorCode.NONE) {
        this.delay(states);
        this.finished();
        return;
      }
      const outOfRange = this.#fetched(states, sentOffsets, response);
      if (outOfRange.length === 0) this.finished();
      else resolveOutOfRange(this, outOfRange, () => this.finished());
    });
  }

  #fetchRequest(states: readonly FetchState[]): FetchRequest {
    const { settings, brokerId, brokerEpoch, switches } = this.options;
    const topics: { topic: string; topicId: string; partitions: FetchRequestPartition[] }[] = [];
    for (const state of states) {
      const { topic, topicId, index } = state.partition;
      let last = topics[topics.length - 1];
      if (last?.topicId !== topicId) {
        last = { topic, topicId, partitions: [] };
        topics.push(last);
      }
      last.partitions.push(this.#fetchPartition(state, index));
    }
    return {
      clusterId: null,
      replicaId: brokerId,
      replicaState: {
        replicaId: brokerId,
        replicaEpoch: switches.brokerEpochInIsrChange ? brokerEpoch() : -1,
      },
      maxWaitMs: settings['replica.fetch.wait.max.ms'],
      minBytes: settings['replica.fetch.min.bytes'],
      maxBytes: settings['replica.fetch.response.max.bytes'],
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics,
      forgottenTopicsData: [],
      rackId: '',
    };
  }

  #fetchPartition(state: FetchState, index: number): FetchRequestPartition {
    return {
      partition: index,
      currentLeaderEpoch: this.#currentLeaderEpoch(state),
      fetchOffset: state.fetchOffset,
      lastFetchedEpoch: state.lastFetchedEpoch,
      logStartOffset: state.partition.log.logStartOffset,
      partitionMaxBytes: this.options.settings['replica.fetch.max.bytes'],
      replicaDirectoryId: ZERO_UUID,
    };
  }

  #currentLeaderEpoch(state: FetchState): number {
    return this.options.switches.epochFencing ? state.currentLeaderEpoch : -1;
  }

  /** Takes the reply in, its partitions in the order of the request; returns those out of range. */
  #fetched(
    states: readonly FetchState[],
    sentOffsets: readonly number[],
    response: FetchResponse,
  ): FetchState[] {
    const outOfRange: FetchState[] = [];
    let position = 0;
    for (const topic of response.responses) {
      for (const data of topic.partitions) {
        const state = states[position];
        const sentOffset = sentOffsets[position++];
        assert(state?.partition.index === data.partitionIndex, 'in the order of the request', {
          position,
          partition: data.partitionIndex,
        });
        if (!this.isCurrent(state) || state.fetchOffset !== sentOffset) continue;
        if (data.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) outOfRange.push(state);
        else if (data.errorCode !== ErrorCode.NONE) this.#failed(state, data.errorCode);
        else this.#process(state, data);
      }
    }
    return outOfRange;
  }

  #process(state: FetchState, data: FetchedPartition): void {
    const { partition } = state;
    if (this.#mode === 'fetch' && data.divergingEpoch.endOffset >= 0) {
      this.#diverged(state, data);
      return;
    }
    assert(state.fetchOffset === partition.log.logEndOffset, 'fetched at the log end', {
      fetchOffset: state.fetchOffset,
      logEndOffset: partition.log.logEndOffset,
    });
    const info = partition.appendAsFollower(data.records, {
      epoch: state.currentLeaderEpoch,
      highWatermark: data.highWatermark,
      logStartOffset: data.logStartOffset,
    });
    if (info.errorCode !== ErrorCode.NONE) {
      this.#record(state, errorName(info.errorCode));
      if (info.errorCode === ErrorCode.KAFKA_STORAGE_ERROR) this.fail(state);
      else this.delay([state]);
      return;
    }
    if (info.bytes === 0) return;
    // To the end of the round, so that no partition starves behind a busy one.
    this.#states.delete(partition.name);
    this.#states.set(partition.name, state);
    state.fetchOffset = info.lastOffset + 1;
    if (this.#mode === 'fetch') state.lastFetchedEpoch = partition.log.latestEpoch;
    this.#awaitFlush(state);
  }

  /**
   * The leader says where the logs part. The high watermark in its reply is not taken: first the
   * logs must agree (KAFKA-14704). Before that fix it was, and until the truncation consumers could
   * read records here that were never committed; there another thread read meanwhile, here another
   * event may. Invariant K12.
   */
  #diverged(state: FetchState, data: FetchedPartition): void {
    const { partition } = state;
    const { divergingEpoch, highWatermark, logStartOffset } = data;
    assert(divergingEpoch.endOffset >= 0, 'an epoch that ends', { ...divergingEpoch });
    this.#record(state, `DIVERGING_EPOCH ${divergingEpoch.epoch}`);
    const cut = (): void => {
      partition.fetcherState('DIVERGING_EPOCH');
      this.#cut(state, truncationFor(state, divergingEpoch), 'diverging-epoch');
    };
    if (this.options.switches.truncatesBeforeHighWatermark) {
      cut();
      return;
    }
    const epoch = state.currentLeaderEpoch;
    partition.appendAsFollower(null, { epoch, highWatermark, logStartOffset });
    state.held = true;
    this.#ports.clock.after(micros(0), 'truncateOnFetchResponse', () => {
      state.held = false;
      if (!this.isCurrent(state)) return;
      cut();
      this.#workSoon();
    });
  }

  /** With `flush.messages` the real fetcher syncs within the append, before it fetches again. */
  #awaitFlush(state: FetchState): void {
    state.held = true;
    state.partition.log.afterPolicyFlush(() => {
      state.held = false;
      if (this.isCurrent(state)) this.#workSoon();
    });
  }

  #failed(state: FetchState, errorCode: number): void {
    this.#record(state, errorName(errorCode));
    // A leader that is ahead of us: the metadata that tells us so is on its way, and will add the
    // partition anew. Any other error may pass.
    if (errorCode === ErrorCode.FENCED_LEADER_EPOCH) this.fail(state);
    else this.delay([state]);
  }

  #record(state: FetchState, error: string): void {
    const { trace } = this.#ports;
    if (!trace.on) return;
    const { leaderId: leader } = this.options;
    trace.record(replicaFetchKind, { partition: state.partition.name, leader, error });
  }
}

type LeaderEnd = OffsetForLeaderEpochResponse['topics'][number]['partitions'][number];
type FetchRequestPartition = FetchRequest['topics'][number]['partitions'][number];
