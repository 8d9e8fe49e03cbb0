/**
 * The consumer: fetches assigned partitions ahead and hands records to the application, poll by
 * poll, at most `max.poll.records` at a time.
 *
 * The poll loop runs by itself: a poll returns when there are records, the application processes
 * them (for as long as the options say), then the next poll follows. Source: `KafkaConsumer` with
 * `assign`. Not here: requests (`fetcher.ts`, `offset-fetcher.ts`), groups. Differences: committed
 * positions are on the client's own disk (`committed-positions.ts`); what `poll` would throw goes
 * to `onError`.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Address, Ports, Process, ProcessFactory } from '../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../kernel/units.ts';
import { NetworkClient } from '../../network-client.ts';
import type { Profile } from '../../profiles.ts';
import { type ConsumerConfig, consumerConfig, networkOptionsOf } from '../config.ts';
import { ClientMetadata } from '../metadata.ts';
import { shared } from '../../../kernel/structural-sharing.ts';
import { WakeUp } from '../wake-up.ts';
import { type CommittedPosition, CommittedPositions } from './committed-positions.ts';
import type { ConsumerRecord } from './completed-fetch.ts';
import type { ConsumerError } from './consumer-error.ts';
import { commitTrace, consumerErrorTrace } from './consumer-trace.ts';
import { Fetcher } from './fetcher.ts';
import { OffsetFetcher } from './offset-fetcher.ts';
import { type AssignedPartitionView, assignedPartitionView } from './partition-view.ts';
import type { PartitionState, TopicPartition } from './subscription-state.ts';
import { SubscriptionState } from './subscription-state.ts';

/**
 * When positions are committed. `before-processing`: at most once, what a crash interrupts is
 * skipped. `after-processing`: at least once, it is processed again. `auto`: at a poll, every
 * `auto.commit.interval.ms`, what earlier polls returned. `manual`: by `commit` only.
 */
export type CommitMode = 'before-processing' | 'after-processing' | 'auto' | 'manual';

export interface ConsumerOptions {
  readonly bootstrap: readonly Address[];
  readonly profile: Profile;
  /** Real names: `auto.offset.reset`, `max.poll.records`, ... */
  readonly settings: Readonly<Record<string, string>>;
  /** What one poll returned, all partitions together. */
  readonly onRecords: (records: readonly ConsumerRecord[], consumer: Consumer) => void;
  readonly onError?: (error: ConsumerError, consumer: Consumer) => void;
  /** Assigned at each start. */
  readonly assignment?: readonly TopicPartition[];
  /** By default `auto` with `group.id` and `enable.auto.commit`, else `manual`. */
  readonly commit?: CommitMode;
  /** Virtual microseconds that the application takes for a record. */
  readonly processingMicrosPerRecord?: number;
}

/** What views see. */
export interface ConsumerView {
  readonly kind: 'kafka-consumer';
  readonly state: 'running' | 'closed';
  readonly consumed: number;
  readonly partitions: readonly AssignedPartitionView[];
  readonly lastError: string;
}

/** Makes a consumer; throws `ConfigError` on settings that cannot be. */
export function createConsumer(options: ConsumerOptions): ProcessFactory<Consumer> {
  const config = consumerConfig(options.profile, options.settings);
  assert(options.bootstrap.length > 0, 'bootstrap servers', { settings: options.settings });
  return (ports) => new Consumer(ports, options, config);
}

export class Consumer implements Process {
  readonly #ports: Ports;
  readonly #options: ConsumerOptions;
  readonly #config: ConsumerConfig;
  readonly #network: NetworkClient;
  readonly #metadata: ClientMetadata;
  readonly #subscriptions: SubscriptionState;
  readonly #offsetFetcher: OffsetFetcher;
  readonly #fetcher: Fetcher;
  readonly #commits: CommittedPositions | null;
  readonly #commitMode: CommitMode;
  #nextAutoCommitAt: Micros = micros(0);
  readonly #wakeUp: WakeUp;
  /** Between the return of one poll and the call of the next: commits and processing. */
  #processing = false;
  #turning = false;
  #consumed = 0;
  #lastError = '';
  #closed = false;
  #view: ConsumerView | null = null;

  constructor(ports: Ports, options: ConsumerOptions, config: ConsumerConfig) {
    this.#ports = ports;
    this.#options = options;
    this.#config = config;
    this.#wakeUp = new WakeUp(ports.clock, () => this.#turn());
    this.#network = new NetworkClient(ports, networkOptionsOf(config, ports.host));
    const { switches } = options.profile;
    this.#metadata = new ClientMetadata(ports, this.#network, {
      bootstrap: options.bootstrap,
      maxAgeMs: config['metadata.max.age.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      retryBackoffMsMax: config['retry.backoff.max.ms'],
      allowAutoTopicCreation: config['allow.auto.create.topics'],
      leaderEpochs: switches.epochFencing && switches.consumerChecksTruncation,
    });
    const metadata = this.#metadata;
    this.#subscriptions = new SubscriptionState(ports);
    const owner = {
      changed: () => this.#turn(),
      wakeAt: (at: Micros) => this.#wakeAt(at, 'retry.backoff.ms'),
      failed: (error: ConsumerError) => this.#failed(error),
    };
    this.#offsetFetcher = new OffsetFetcher(ports, config, metadata, this.#subscriptions, owner);
    this.#fetcher = new Fetcher(ports, config, metadata, this.#subscriptions, owner);
    const group = config['group.id'];
    this.#commits = group === '' ? null : new CommittedPositions(ports.disk, group);
    this.#commitMode = options.commit ?? (config['enable.auto.commit'] ? 'auto' : 'manual');
  }

  start(): void {
    this.#metadata.watch(() => this.#turn());
    this.#network.listen({ ready: () => this.#turn(), disconnected: () => this.#wake() });
    this.#metadata.requestUpdate();
    this.#nextAutoCommitAt = this.#autoCommitDue();
    if (this.#options.assignment !== undefined) this.assign(this.#options.assignment);
  }

  stop(): void {
    this.close(() => this.#ports.halt('closed'));
  }

  // ----------------------------------------------------------------------------------- commands

  /** Replaces the assignment. A new partition starts at its committed position, or is reset. */
  assign(partitions: readonly TopicPartition[]): void {
    assert(!this.#closed, 'a closed consumer');
    this.#subscriptions.assign(partitions);
    for (const { topic } of partitions) this.#metadata.add(topic);
    this.#wake();
  }

  /** The next poll returns records from this offset on. */
  seek(partition: TopicPartition, offset: number): void {
    this.#offsetFetcher.seek(this.#assigned(partition), offset);
    this.#wake();
  }

  seekToBeginning(partition: TopicPartition): void {
    this.#assigned(partition).requestOffsetReset('earliest');
    this.#wake();
  }

  seekToEnd(partition: TopicPartition): void {
    this.#assigned(partition).requestOffsetReset('latest');
    this.#wake();
  }

  /** The offset of the next record that a poll will return; null while it is not known. */
  position(partition: TopicPartition): number | null {
    const state = this.#assigned(partition);
    return state.fetchState === 'AWAIT_RESET' ? null : (state.position?.offset ?? null);
  }

  /** The committed position; null without one, or without `group.id`. */
  committed(partition: TopicPartition): number | null {
    return this.#commits?.committed(partition)?.offset ?? null;
  }

  /** Polls return nothing of the partition; its position stays. */
  pause(partition: TopicPartition): void {
    this.#assigned(partition).paused = true;
  }

  resume(partition: TopicPartition): void {
    this.#assigned(partition).paused = false;
    this.#wake();
  }

  /** Commits the current positions; `done(true)` when they are durable. Needs `group.id`. */
  commit(done: (ok: boolean) => void = () => undefined): void {
    assert(this.#commits !== null, 'group.id is needed to commit');
    const positions = this.#positionsToCommit();
    this.#commits.commit(positions, (result) => {
      if (result === 'ok') {
        for (const { topic, partition, offset } of positions) {
          const name = `${topic}-${partition}`;
          this.#ports.trace.record(commitTrace, { partition: name, offset });
        }
      }
      done(result === 'ok');
    });
  }

  /** Commits if commits are automatic, then closes. `done` is called in this or a later event. */
  close(done: () => void = () => undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const finish = (): void => {
      this.#metadata.stop();
      this.#network.close();
      this.#wakeUp.cancel();
      done();
    };
    if (this.#commits !== null && this.#commitMode === 'auto') this.commit(finish);
    else finish();
  }

  #assigned(partition: TopicPartition): PartitionState {
    const state = this.#subscriptions.of(partition);
    assert(state !== null, 'an assigned partition', { ...partition });
    return state;
  }

  #positionsToCommit(): CommittedPosition[] {
    const positions: CommittedPosition[] = [];
    for (const { topic, partition, position } of this.#subscriptions.all()) {
      if (position === null) continue;
      const { offset, offsetEpoch: leaderEpoch } = position;
      positions.push({ topic, partition, offset, leaderEpoch });
    }
    return positions;
  }

  // -------------------------------------------------------------------------------------- turns

  /** Takes a turn in a later event of the same instant. */
  #wake(): void {
    this.#wakeAt(this.#ports.clock.now(), 'consumer');
  }

  #wakeAt(at: Micros, label: string): void {
    if (!this.#closed) this.#wakeUp.at(at, label);
  }

  /** Does all that can be done now: positions, requests, and a poll if the last one is over. */
  #turn(): void {
    if (this.#closed || this.#turning) return;
    this.#turning = true;
    for (const state of this.#subscriptions.all()) {
      if (state.fetchState === 'INITIALIZING' && !state.failed) {
        this.#offsetFetcher.initialize(state, this.#commits?.committed(state) ?? null);
      }
      const leader = this.#metadata.leader(state.topic, state.partition);
      if (leader !== null) state.leaderIs(leader);
    }
    this.#offsetFetcher.ask();
    this.#fetcher.sendFetches();
    this.#turning = false;
    if (!this.#processing && this.#fetcher.hasRecords) this.#poll();
  }

  #failed(error: ConsumerError): void {
    this.#lastError = error.reason;
    const partition = `${error.topic}-${error.partition}`;
    this.#ports.trace.record(consumerErrorTrace, { partition, error: error.reason });
    this.#ports.clock.after(micros(0), 'onError', () => this.#options.onError?.(error, this));
  }

  // --------------------------------------------------------------------------------------- poll

  #autoCommitDue(): Micros {
    const interval = microsOfMillis(this.#config['auto.commit.interval.ms']);
    return micros(this.#ports.clock.now() + interval);
  }

  #poll(): void {
    assert(!this.#processing, 'one poll at a time');
    if (this.#commitMode === 'auto' && this.#commits !== null) {
      if (this.#ports.clock.now() >= this.#nextAutoCommitAt) {
        this.#nextAutoCommitAt = this.#autoCommitDue();
        this.commit();
      }
    }
    const records = this.#fetcher.collect();
    // The next round of fetches goes out before the application gets busy.
    this.#fetcher.sendFetches();
    if (records.length === 0) return;
    this.#processing = true;
    const commitsFirst = this.#commitMode === 'before-processing' && this.#commits !== null;
    if (commitsFirst) this.commit(() => this.#process(records));
    else this.#process(records);
  }

  #process(records: readonly ConsumerRecord[]): void {
    if (this.#closed) return;
    this.#consumed += records.length;
    this.#options.onRecords(records, this);
    const perRecord = this.#options.processingMicrosPerRecord ?? 0;
    const wait = micros(records.length * perRecord);
    this.#ports.clock.after(wait, 'processing', () => this.#processed());
  }

  #processed(): void {
    const next = (): void => {
      this.#processing = false;
      this.#turn();
    };
    if (this.#closed) return;
    if (this.#commitMode === 'after-processing' && this.#commits !== null) this.commit(next);
    else next();
  }

  // -------------------------------------------------------------------------------------- views

  inspect(): ConsumerView {
    this.#view = shared(this.#view, this.#viewNow());
    return this.#view;
  }

  #viewNow(): ConsumerView {
    return {
      kind: 'kafka-consumer',
      state: this.#closed ? 'closed' : 'running',
      consumed: this.#consumed,
      partitions: this.#subscriptions
        .all()
        .map((state) => assignedPartitionView(state, this.committed(state))),
      lastError: this.#lastError,
    };
  }
}
