/**
 * A consumer that subscribes: its group assigns it partitions, it fetches them ahead, hands records
 * to the application poll by poll, and commits to its group's coordinator.
 *
 * The poll loop runs by itself: a poll returns when there are records, the application processes
 * them one after the other, then the next poll follows, which does what the group wants. Source:
 * `KafkaConsumer` (`ClassicKafkaConsumer`) with `subscribe`. Not here: partitions by hand
 * (`../consumer.ts`), requests (`../fetcher.ts`, `group-membership.ts`, `offset-commits.ts`).
 * Differences: what `poll` would throw goes to `onError`; after what it cannot recover from, the
 * consumer rests until it is closed.
 */
import { assert } from '../../../../kernel/assert.ts';
import type { Address, Ports, Process, ProcessFactory } from '../../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../../kernel/units.ts';
import { errorName } from '../../../../wire/kafka/errors.ts';
import { NetworkClient } from '../../../network-client.ts';
import type { Profile } from '../../../profiles.ts';
import { networkOptionsOf } from '../../config.ts';
import { ClientMetadata } from '../../metadata.ts';
import type { ConsumerGroupMetadata } from '../../producer/transaction-requests.ts';
import { shared } from '../../../../kernel/structural-sharing.ts';
import { WakeUp } from '../../wake-up.ts';
import type { ConsumerRecord } from '../completed-fetch.ts';
import type { CommitMode } from '../consumer.ts';
import type { ConsumerError } from '../consumer-error.ts';
import { consumerErrorTrace } from '../consumer-trace.ts';
import { Fetcher } from '../fetcher.ts';
import { OffsetFetcher } from '../offset-fetcher.ts';
import type { PartitionState, TopicPartition } from '../subscription-state.ts';
import { SubscriptionState } from '../subscription-state.ts';
import { ConsumerCoordinator, type RebalanceListener } from './consumer-coordinator.ts';
import { CoordinatorLookup } from './coordinator-lookup.ts';
import { type GroupConsumerConfig, groupConsumerConfig } from './group-config.ts';
import { type ApplicationState, type GroupConsumerView, groupConsumerView } from './member-view.ts';
import { ConsumerMembership } from './consumer-membership.ts';
import { GroupMembership } from './group-membership.ts';
import type { Membership } from './membership.ts';
import { type CommitError, OffsetCommits, type OnCommitted } from './offset-commits.ts';

/** What the group or a commit made of it, by the name of the Java exception or the error code. */
export interface GroupError {
  readonly reason: string;
}

export interface GroupConsumerOptions {
  readonly bootstrap: readonly Address[];
  readonly profile: Profile;
  /** Real names; `group.id` among them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly topics: readonly string[];
  /** What one poll returned, all partitions together. */
  readonly onRecords?: (records: readonly ConsumerRecord[], consumer: GroupConsumer) => void;
  /** In place of `processingMicrosPerRecord`: the application says itself when it polls again. */
  readonly processing?: (records: readonly ConsumerRecord[], pollAgain: () => void) => void;
  /** The application is done with a record. */
  readonly onProcessed?: (record: ConsumerRecord, consumer: GroupConsumer) => void;
  readonly onError?: (error: ConsumerError | GroupError, consumer: GroupConsumer) => void;
  readonly listener?: RebalanceListener;
  /** By default `auto` with `enable.auto.commit`, else `manual`. */
  readonly commit?: CommitMode;
  /** Virtual microseconds that the application takes for a record. */
  readonly processingMicrosPerRecord?: number;
}

/** Makes a consumer; throws `ConfigError` on settings that cannot be. */
export function createGroupConsumer(options: GroupConsumerOptions): ProcessFactory<GroupConsumer> {
  const config = groupConsumerConfig(options.profile, options.settings);
  assert(config['group.id'] !== '', 'group.id is needed to subscribe');
  return (ports) => new GroupConsumer(ports, options, config);
}

export class GroupConsumer implements Process {
  private readonly ports: Ports;
  private readonly options: GroupConsumerOptions;
  private readonly config: GroupConsumerConfig;
  private readonly network: NetworkClient;
  private readonly coordinatorNetwork: NetworkClient;
  private readonly metadata: ClientMetadata;
  private readonly subscriptions: SubscriptionState;
  private readonly offsetFetcher: OffsetFetcher;
  private readonly fetcher: Fetcher;
  private readonly lookup: CoordinatorLookup;
  private readonly coordinator: ConsumerCoordinator;
  private readonly membership: Membership;
  private readonly commits: OffsetCommits;
  private readonly commitMode: CommitMode;
  private processingMicros: number;
  private readonly wakeUp: WakeUp;
  private application: ApplicationState = 'polling';
  /** Closes, once the application is done with what its poll returned. */
  private closesAfterPoll: (() => void) | null = null;
  private turning = false;
  private fetchingOffsets = false;
  private offsetsRetryAt: Micros = micros(0);
  private consumed = 0;
  private lastError = '';
  private state: 'running' | 'failed' | 'closing' | 'closed' = 'running';
  private view: GroupConsumerView | null = null;

  constructor(ports: Ports, options: GroupConsumerOptions, config: GroupConsumerConfig) {
    this.ports = ports;
    this.options = options;
    this.config = config;
    this.wakeUp = new WakeUp(ports.clock, () => this.turn());
    this.processingMicros = options.processingMicrosPerRecord ?? 0;
    const network = networkOptionsOf(config, ports.host);
    this.network = new NetworkClient(ports, network);
    this.coordinatorNetwork = new NetworkClient(ports, network);
    const { switches } = options.profile;
    this.metadata = new ClientMetadata(ports, this.network, {
      bootstrap: options.bootstrap,
      maxAgeMs: config['metadata.max.age.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      retryBackoffMsMax: config['retry.backoff.max.ms'],
      allowAutoTopicCreation: config['allow.auto.create.topics'],
      leaderEpochs: switches.epochFencing && switches.consumerChecksTruncation,
    });
    const { metadata } = this;
    this.subscriptions = new SubscriptionState(ports);
    const { subscriptions } = this;
    const owner = {
      changed: () => this.turn(),
      wakeAt: (at: Micros) => this.wakeAt(at, 'group consumer'),
      failed: (error: ConsumerError) => this.failed(error),
      fatal: (errorCode: number) => this.fatal(errorName(errorCode)),
    };
    this.offsetFetcher = new OffsetFetcher(ports, config, metadata, subscriptions, owner);
    this.fetcher = new Fetcher(ports, config, metadata, subscriptions, owner);
    this.commitMode = options.commit ?? (config['enable.auto.commit'] ? 'auto' : 'manual');
    const group = { group: config['group.id'], retryBackoffMs: config['retry.backoff.ms'] };
    this.lookup = new CoordinatorLookup(ports, this.coordinatorNetwork, metadata, group, owner);
    const rebalance = {
      listener: options.listener ?? {},
      autoCommits: this.commitMode === 'auto',
    };
    this.coordinator = new ConsumerCoordinator(
      ports,
      config,
      metadata,
      subscriptions,
      rebalance,
      owner,
    );
    const { lookup, coordinator } = this;
    this.membership =
      config['group.protocol'] === 'consumer'
        ? new ConsumerMembership(ports, config, lookup, metadata, coordinator, owner)
        : new GroupMembership(ports, config, lookup, coordinator, owner);
    this.commits = new OffsetCommits(ports, config, lookup, this.membership, owner);
    this.coordinator.connect(this.membership, this.commits);
  }

  start(): void {
    this.metadata.watch(() => {
      this.coordinator.metadataChanged();
      this.turn();
    });
    this.network.listen({ ready: () => this.turn(), disconnected: () => this.wake() });
    this.metadata.requestUpdate();
    this.subscribe(this.options.topics);
  }

  stop(): void {
    this.close(() => this.ports.halt('closed'));
  }

  // ----------------------------------------------------------------------------------- commands

  /** Wants these topics, in place of those before, from the next poll on. */
  subscribe(topics: readonly string[]): void {
    assert(this.state === 'running', 'a consumer that runs', { state: this.state });
    this.coordinator.subscribe(topics);
    this.wake();
  }

  /** The next poll returns records from this offset on. */
  seek(partition: TopicPartition, offset: number): void {
    this.offsetFetcher.seek(this.assigned(partition), offset);
    this.wake();
  }

  /** Polls return nothing of the partition; its position stays. */
  pause(partition: TopicPartition): void {
    this.assigned(partition).paused = true;
  }

  resume(partition: TopicPartition): void {
    this.assigned(partition).paused = false;
    this.wake();
  }

  /** What this member owns now. */
  assignment(): readonly TopicPartition[] {
    return this.subscriptions.all().map(({ topic, partition }) => ({ topic, partition }));
  }

  /** The offset of the next record that a poll will return; null while it is not known. */
  position(partition: TopicPartition): number | null {
    const state = this.subscriptions.of(partition);
    return state === null || state.fetchState !== 'FETCHING'
      ? null
      : (state.position?.offset ?? null);
  }

  /** Whose offsets a transaction commits: for `sendOffsetsToTransaction` (KIP-447). */
  groupMetadata(): ConsumerGroupMetadata {
    const { generation, instanceId: groupInstanceId } = this.membership;
    const { id: generationId, memberId } = generation;
    return { groupId: this.config['group.id'], generationId, memberId, groupInstanceId };
  }

  /** The committed offset as far as this member has heard; null if it knows of none. */
  committed(partition: TopicPartition): number | null {
    return this.commits.committed(partition);
  }

  /** Commits the positions that polls have reached; tries again for `default.api.timeout.ms`. */
  commitSync(done: OnCommitted): void {
    this.commits.commitSync(this.coordinator.allConsumed(), done);
  }

  /** Commits the positions that polls have reached; one attempt. */
  commitAsync(done: OnCommitted): void {
    this.commits.commitAsync(this.coordinator.allConsumed(), done);
  }

  /** From the next record on the application takes so many virtual microseconds for each. */
  setProcessingMicros(perRecord: number): void {
    assert(Number.isSafeInteger(perRecord) && perRecord >= 0, 'a duration', { perRecord });
    this.processingMicros = perRecord;
  }

  /**
   * Commits if commits are automatic, gives up its partitions, leaves the group and closes. An
   * application closes between two polls: what the last one returned is processed before, as an
   * automatic commit says that it was.
   */
  close(done: () => void = () => undefined): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    if (this.application === 'processing' && this.commitMode === 'auto') {
      this.closesAfterPoll ??= () => this.close(done);
      return;
    }
    this.state = 'closing';
    const busy = this.application === 'processing';
    assert(!busy || this.commitMode !== 'auto', 'K34: only what is processed is committed');
    const leave = (): void => {
      this.coordinator.prepareLeave();
      this.membership.leave('the consumer is being closed', () => {
        this.shutDown();
        done();
      });
    };
    if (this.commitMode === 'auto') this.commitSync(leave);
    else leave();
  }

  private shutDown(): void {
    this.state = 'closed';
    this.membership.close();
    this.commits.close();
    this.metadata.stop();
    // A channel is not closed while it answers.
    this.ports.clock.after(micros(0), 'close', () => {
      this.network.close();
      this.coordinatorNetwork.close();
    });
    this.wakeUp.cancel();
  }

  private assigned(partition: TopicPartition): PartitionState {
    const state = this.subscriptions.of(partition);
    assert(state !== null, 'an assigned partition', { ...partition });
    return state;
  }

  // -------------------------------------------------------------------------------------- turns

  /** Takes a turn in a later event of the same instant. */
  private wake(): void {
    this.wakeAt(this.ports.clock.now(), 'group consumer');
  }

  private wakeAt(at: Micros, label: string): void {
    if (this.state === 'running') this.wakeUp.at(at, label);
  }

  /** Does all that can be done now: the group's wishes, positions, requests, and a poll. */
  private turn(): void {
    // A commit that is waited for goes out as soon as there is a coordinator, without a poll.
    const waits = this.state === 'closing' || this.application === 'committing';
    if (waits) this.commits.flush();
    if (this.state !== 'running') return;
    if (this.turning) {
      this.wake();
      return;
    }
    this.turning = true;
    if (this.application === 'polling') this.coordinator.poll();
    this.updatePositions();
    this.offsetFetcher.ask();
    this.fetcher.sendFetches();
    this.turning = false;
    if (this.application === 'polling' && this.fetcher.hasRecords) this.poll();
  }

  private updatePositions(): void {
    const initializing: PartitionState[] = [];
    for (const state of this.subscriptions.all()) {
      if (state.fetchState === 'INITIALIZING' && !state.failed) initializing.push(state);
      const leader = this.metadata.leader(state.topic, state.partition);
      if (leader !== null) state.leaderIs(leader);
    }
    if (initializing.length > 0) this.fetchOffsets(initializing);
  }

  /** Source: `initWithCommittedOffsetsIfNeeded`. */
  private fetchOffsets(states: readonly PartitionState[]): void {
    const now = this.ports.clock.now();
    if (this.fetchingOffsets) return;
    if (now < this.offsetsRetryAt) {
      this.wakeAt(this.offsetsRetryAt, 'retry.backoff.ms');
      return;
    }
    this.fetchingOffsets = true;
    this.commits.fetch(states, (positions) => {
      this.fetchingOffsets = false;
      if (positions === null) {
        const wait = Math.max(1, microsOfMillis(this.config['retry.backoff.ms']));
        this.offsetsRetryAt = micros(this.ports.clock.now() + wait);
      } else {
        for (const state of states) {
          const current = this.subscriptions.of(state) === state;
          if (current && state.fetchState === 'INITIALIZING') {
            this.offsetFetcher.initialize(state, positions.get(state.name) ?? null);
          }
        }
      }
      this.turn();
    });
  }

  // ------------------------------------------------------------------------------------- errors

  private failed(error: ConsumerError): void {
    this.told(`${error.topic}-${error.partition}`, error);
  }

  private fatal(reason: string): void {
    if (this.state === 'running') this.state = 'failed';
    this.told(this.config['group.id'], { reason });
  }

  private told(about: string, error: ConsumerError | GroupError): void {
    this.lastError = error.reason;
    this.ports.trace.record(consumerErrorTrace, { partition: about, error: error.reason });
    this.ports.clock.after(micros(0), 'onError', () => this.options.onError?.(error, this));
  }

  // --------------------------------------------------------------------------------------- poll

  private poll(): void {
    assert(this.application === 'polling', 'one poll at a time', { is: this.application });
    const records = this.fetcher.collect();
    // The next round of fetches goes out before the application gets busy.
    this.fetcher.sendFetches();
    if (records.length === 0) return;
    this.membership.pollReturned();
    if (this.commitMode === 'before-processing') {
      this.application = 'committing';
      this.commitSync((error) => {
        // Without the commit, another member may be given the same records: none are processed.
        if (error === null) this.process(records);
        else this.commitFailed(error);
      });
    } else {
      this.process(records);
    }
  }

  private process(records: readonly ConsumerRecord[]): void {
    if (this.state === 'closed') return;
    this.consumed += records.length;
    this.application = 'processing';
    this.options.onRecords?.(records, this);
    const { processing } = this.options;
    if (processing === undefined) this.processNext(records, 0);
    else processing(records, () => this.batchProcessed());
  }

  private processNext(records: readonly ConsumerRecord[], index: number): void {
    let next = index;
    for (; next < records.length && this.processingMicros === 0; next++)
      this.processed(records[next]);
    const record = records[next];
    if (record === undefined) {
      if (this.commitMode === 'after-processing') this.application = 'committing';
      this.ports.clock.after(micros(0), 'processing', () => this.batchProcessed());
      return;
    }
    this.ports.clock.after(micros(this.processingMicros), 'processing', () => {
      if (this.state === 'closed') return;
      this.processed(record);
      this.processNext(records, next + 1);
    });
  }

  private processed(record: ConsumerRecord | undefined): void {
    if (record !== undefined) this.options.onProcessed?.(record, this);
  }

  private batchProcessed(): void {
    if (this.state === 'closed') return;
    if (this.commitMode !== 'after-processing') {
      this.pollAgain();
      return;
    }
    this.commitSync((error) => {
      if (error === null) this.pollAgain();
      else this.commitFailed(error);
    });
  }

  private commitFailed(error: CommitError): void {
    this.told(this.config['group.id'], error);
    this.pollAgain();
  }

  private pollAgain(): void {
    this.application = 'polling';
    if (this.closesAfterPoll !== null) {
      this.closesAfterPoll();
      return;
    }
    this.membership.polled();
    this.turn();
  }

  // -------------------------------------------------------------------------------------- views

  inspect(): GroupConsumerView {
    const now = groupConsumerView({
      group: this.config['group.id'],
      state: this.state,
      membership: this.membership,
      coordinator: this.lookup.nodeId,
      protocol: this.coordinator.protocol,
      application: this.application,
      consumed: this.consumed,
      lastError: this.lastError,
      partitions: this.subscriptions.all(),
      committed: (partition) => this.commits.committed(partition),
    });
    this.view = shared(this.view, now);
    return this.view;
  }
}
