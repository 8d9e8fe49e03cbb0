/**
 * A share consumer (KIP-932): joins a share group, polls records that it acquires for a while, and
 * says of each what became of it: accepted, released to be delivered again, or rejected.
 *
 * The poll loop runs by itself: a poll returns when there are records, the application processes
 * them one after the other, then the next poll follows and brings the acknowledgements. Source:
 * `KafkaShareConsumer`, `ShareConsumerImpl`. Not here: requests (`share-fetcher.ts`), heartbeats
 * (`share-membership.ts`). Differences: what `poll` would throw goes to `onError`.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Address, Ports, Process, ProcessFactory } from '../../../kernel/ports.ts';
import { type Micros, micros } from '../../../kernel/units.ts';
import { errorName } from '../../../wire/kafka/errors.ts';
import { NetworkClient } from '../../network-client.ts';
import type { Profile } from '../../profiles.ts';
import { networkOptionsOf } from '../config.ts';
import { consumerErrorTrace, deliverTrace } from '../consumer/consumer-trace.ts';
import { CoordinatorLookup } from '../consumer/group/coordinator-lookup.ts';
import { type TopicPartition, topicPartitionText } from '../consumer/subscription-state.ts';
import { ClientMetadata } from '../metadata.ts';
import { shared } from '../../../kernel/structural-sharing.ts';
import { WakeUp } from '../wake-up.ts';
import type { AcknowledgeType } from './acknowledgements.ts';
import { type ShareConsumerConfig, shareConsumerConfig } from './share-config.ts';
import { type Acknowledged, ShareFetcher, type ShareRecord } from './share-fetcher.ts';
import { ShareMembership } from './share-membership.ts';

export interface ShareConsumerOptions {
  readonly bootstrap: readonly Address[];
  readonly profile: Profile;
  /** Real names; `group.id` among them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly topics: readonly string[];
  /** What one poll returned. */
  readonly onRecords?: (records: readonly ShareRecord[]) => void;
  /**
   * The application is done with a record, and says what became of it: with
   * `share.acknowledgement.mode=explicit`. With implicit all are accepted.
   */
  readonly onProcessed?: (record: ShareRecord) => AcknowledgeType;
  /** A broker answered to acknowledgements. */
  readonly onAcknowledged?: (result: Acknowledged) => void;
  readonly onError?: (error: { readonly reason: string }) => void;
  /** Virtual microseconds that the application takes for a record. */
  readonly processingMicrosPerRecord?: number;
}

export interface ShareConsumerView {
  readonly kind: 'kafka-share-consumer';
  readonly state: 'running' | 'failed' | 'closing' | 'closed';
  readonly group: string;
  readonly memberId: string;
  /** As `internals.MemberState` names it. */
  readonly memberState: string;
  /** -1 outside the group. */
  readonly memberEpoch: number;
  readonly application: 'polling' | 'processing';
  readonly partitions: readonly string[];
  readonly consumed: number;
  readonly lastError: string;
}

/** Makes a share consumer; throws `ConfigError` on settings that cannot be. */
export function createShareConsumer(options: ShareConsumerOptions): ProcessFactory<ShareConsumer> {
  const config = shareConsumerConfig(options.profile, options.settings);
  assert(config['group.id'] !== '', 'group.id is needed to subscribe');
  return (ports) => new ShareConsumer(ports, options, config);
}

export class ShareConsumer implements Process {
  private readonly ports: Ports;
  private readonly options: ShareConsumerOptions;
  private readonly config: ShareConsumerConfig;
  private readonly network: NetworkClient;
  private readonly coordinatorNetwork: NetworkClient;
  private readonly metadata: ClientMetadata;
  private readonly membership: ShareMembership;
  private readonly fetcher: ShareFetcher;
  private readonly isImplicit: boolean;
  private processingMicros: number;
  private partitions: readonly TopicPartition[] = [];
  private readonly wakeUp: WakeUp;
  private application: ShareConsumerView['application'] = 'polling';
  private state: ShareConsumerView['state'] = 'running';
  private consumed = 0;
  private lastError = '';
  private leaves = false;
  private onClosed: () => void = () => undefined;
  private view: ShareConsumerView | null = null;

  constructor(ports: Ports, options: ShareConsumerOptions, config: ShareConsumerConfig) {
    this.ports = ports;
    this.options = options;
    this.config = config;
    this.wakeUp = new WakeUp(ports.clock, () => this.turn());
    this.isImplicit = config['share.acknowledgement.mode'] === 'implicit';
    this.processingMicros = options.processingMicrosPerRecord ?? 0;
    const network = networkOptionsOf(config, ports.host);
    this.network = new NetworkClient(ports, network);
    this.coordinatorNetwork = new NetworkClient(ports, network);
    const metadata = new ClientMetadata(ports, this.network, {
      bootstrap: options.bootstrap,
      maxAgeMs: config['metadata.max.age.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      retryBackoffMsMax: config['retry.backoff.max.ms'],
      allowAutoTopicCreation: config['allow.auto.create.topics'],
      leaderEpochs: true,
    });
    this.metadata = metadata;
    const owner = {
      changed: () => this.turn(),
      wakeAt: (at: Micros) => this.wakeAt(at),
      fatal: (errorCode: number) => this.fatal(errorName(errorCode)),
    };
    const group = { group: config['group.id'], retryBackoffMs: config['retry.backoff.ms'] };
    const lookup = new CoordinatorLookup(ports, this.coordinatorNetwork, metadata, group, owner);
    this.membership = new ShareMembership({
      ...{ ports, config, lookup, metadata, owner },
      topics: () => options.topics,
      assigned: (partitions) => {
        this.partitions = partitions;
        this.fetcher.assign(partitions);
      },
    });
    this.fetcher = new ShareFetcher({
      ...{ ports, config, metadata, memberId: this.membership.memberId },
      changed: () => this.turn(),
      wakeAt: (at) => this.wakeAt(at),
      acknowledged: (result) => options.onAcknowledged?.(result),
    });
  }

  start(): void {
    this.metadata.watch(() => this.turn());
    this.network.listen({ ready: () => this.turn(), disconnected: () => this.wake() });
    for (const topic of this.options.topics) this.metadata.add(topic);
    this.metadata.requestUpdate();
    this.wake();
  }

  stop(): void {
    this.close(() => this.ports.halt('closed'));
  }

  // ----------------------------------------------------------------------------------- commands

  /** From the next record on the application takes so many virtual microseconds for each. */
  setProcessingMicros(perRecord: number): void {
    assert(Number.isSafeInteger(perRecord) && perRecord >= 0, 'a duration', { perRecord });
    this.processingMicros = perRecord;
  }

  /** Sends the acknowledgements of what was processed, without waiting for the next poll. */
  commitAsync(): void {
    assert(this.state === 'running', 'a consumer that runs', { state: this.state });
    this.fetcher.sendAcknowledgements();
  }

  /**
   * Sends what is to be acknowledged, ends the share sessions, leaves the group and closes. What
   * was not processed is free for others.
   */
  close(done: () => void = () => undefined): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    this.state = 'closing';
    this.onClosed = done;
    this.turn();
  }

  private shutDown(): void {
    this.state = 'closed';
    this.membership.close();
    this.metadata.stop();
    // A channel is not closed while it answers.
    this.ports.clock.after(micros(0), 'close', () => {
      this.network.close();
      this.coordinatorNetwork.close();
      this.onClosed();
    });
    this.wakeUp.cancel();
  }

  // -------------------------------------------------------------------------------------- turns

  private wake(): void {
    this.wakeAt(this.ports.clock.now());
  }

  private wakeAt(at: Micros): void {
    if (this.state === 'closed' || this.state === 'failed') return;
    this.wakeUp.at(at, 'share consumer');
  }

  /** Does all that can be done now: the group's wishes, requests, and a poll. */
  private turn(): void {
    if (this.state === 'closing') this.goOnClosing();
    if (this.state !== 'running' || this.application !== 'polling') return;
    this.membership.poll();
    if (!this.fetcher.hasRecords) this.fetcher.sendFetches();
    else this.poll();
  }

  private goOnClosing(): void {
    if (this.leaves || !this.fetcher.closeSessions()) return;
    this.leaves = true;
    this.membership.leave(() => {
      if (this.state === 'closing') this.shutDown();
    });
  }

  private fatal(reason: string): void {
    if (this.state === 'running') this.state = 'failed';
    this.lastError = reason;
    const partition = this.config['group.id'];
    this.ports.trace.record(consumerErrorTrace, { partition, error: reason });
    this.ports.clock.after(micros(0), 'onError', () => this.options.onError?.({ reason }));
  }

  // --------------------------------------------------------------------------------------- poll

  private poll(): void {
    assert(this.application === 'polling', 'one poll at a time', { is: this.application });
    const records = this.fetcher.collect(this.config['max.poll.records']);
    assert(records.length > 0, 'a poll returns records');
    this.recordPoll(records);
    this.membership.pollReturned();
    this.consumed += records.length;
    this.application = 'processing';
    this.options.onRecords?.(records);
    this.processNext(records, 0);
  }

  private recordPoll(records: readonly ShareRecord[]): void {
    const byPartition = new Map<string, ShareRecord[]>();
    for (const record of records) {
      const name = topicPartitionText(record);
      byPartition.set(name, [...(byPartition.get(name) ?? []), record]);
    }
    for (const [partition, ones] of byPartition) {
      const [first, last] = [ones[0], ones.at(-1)];
      assert(first !== undefined && last !== undefined, 'some records', { partition });
      this.ports.trace.record(deliverTrace, {
        ...{ partition, firstOffset: first.offset, lastOffset: last.offset },
        ...{ records: ones.length, leaderEpoch: last.leaderEpoch },
      });
    }
  }

  private processNext(records: readonly ShareRecord[], index: number): void {
    const record = records[index];
    const wait = record === undefined ? 0 : this.processingMicros;
    this.ports.clock.after(micros(wait), 'processing', () => {
      if (this.state === 'closed' || this.state === 'closing') return;
      if (record === undefined) {
        this.pollAgain();
        return;
      }
      const said = this.options.onProcessed?.(record) ?? 'accept';
      this.fetcher.acknowledge(record, this.isImplicit ? 'accept' : said);
      this.processNext(records, index + 1);
    });
  }

  private pollAgain(): void {
    this.application = 'polling';
    this.membership.polled();
    this.turn();
  }

  // -------------------------------------------------------------------------------------- views

  inspect(): ShareConsumerView {
    const now: ShareConsumerView = {
      kind: 'kafka-share-consumer',
      state: this.state,
      group: this.config['group.id'],
      memberId: this.membership.memberId,
      memberState: this.membership.state,
      memberEpoch: this.membership.epoch,
      application: this.application,
      partitions: this.partitions.map(topicPartitionText),
      consumed: this.consumed,
      lastError: this.lastError,
    };
    this.view = shared(this.view, now);
    return this.view;
  }
}
