/**
 * A member's side of the consumer protocol (KIP-848): heartbeats are all there is. They bring the
 * member's epoch and what it is granted; what it has to give up it gives up while the application
 * polls, says so, and is then granted the rest. Nobody waits for anybody else.
 *
 * Source: `ConsumerMembershipManager`, `ConsumerHeartbeatRequestManager`. Not here: what is done
 * with partitions (`consumer-coordinator.ts`), offsets (`offset-commits.ts`). Differences: no
 * regular expressions; a change is acknowledged at once.
 */
import { assert } from '../../../../kernel/assert.ts';
import { MachineRunner } from '../../../../kernel/machine.ts';
import type { Ports } from '../../../../kernel/ports.ts';
import { Timer } from '../../../../kernel/timer.ts';
import { type Micros, micros, microsOfMillis } from '../../../../kernel/units.ts';
import { ErrorCode, errorName } from '../../../../wire/kafka/errors.ts';
import {
  consumerGroupHeartbeat,
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
} from '../../../../wire/kafka/messages/consumer-group-heartbeat.ts';
import { randomUuid } from '../../../metadata/random-uuid.ts';
import type { Reply } from '../../../network-client.ts';
import type { ClientMetadata } from '../../metadata.ts';
import { type TopicPartition, topicPartitionText } from '../subscription-state.ts';
import { type ConsumerMemberStateEvent, consumerMemberMachine } from './membership.machine.ts';
import {
  type CoordinatorLookup,
  type LookupOwner,
  NOT_THE_COORDINATOR,
} from './coordinator-lookup.ts';
import { type GroupConsumerConfig, instanceIdOf } from './group-config.ts';
import { joinedTrace, joinTrace, leaveTrace, memberRefusedTrace } from './group-consumer-trace.ts';
import { type Generation, type Membership, NO_GENERATION } from './membership.ts';

const JOIN_EPOCH = 0;
const LEAVE_EPOCH = -1;
const STATIC_LEAVE_EPOCH = -2;
const PROTOCOL_NAME = 'consumer';

type Granted = NonNullable<ConsumerGroupHeartbeatResponse['assignment']>['topicPartitions'];

/** What the protocol is about, which the membership does not know. */
export interface ConsumerMembershipDelegate {
  subscribedTopics(): readonly string[];
  owned(): readonly TopicPartition[];
  /** Gives up and takes over. False: not yet, to be asked again. */
  takeOver(generation: Generation, granted: readonly TopicPartition[]): boolean;
  /** The member was thrown out: others may have its partitions. */
  loseAll(): void;
}

export class ConsumerMembership implements Membership {
  private readonly ports: Ports;
  private readonly config: GroupConsumerConfig;
  private readonly lookup: CoordinatorLookup;
  private readonly metadata: ClientMetadata;
  private readonly delegate: ConsumerMembershipDelegate;
  private readonly owner: LookupOwner;
  private readonly machine: MachineRunner<typeof consumerMemberMachine>;
  private readonly memberId: string;
  private current: Generation = NO_GENERATION;
  private granted: Granted | null = null;
  private inFlight = false;
  /** The next heartbeat says everything, as after a failure, or what has changed only. */
  private tellsAll = true;
  private toldTopics = '';
  private toldOwned = '';
  private heartbeatMs = 5_000;
  private retryAt: Micros = micros(0);
  private readonly heartbeatTimer: Timer;
  private readonly pollTimer: Timer;
  private closed = false;
  readonly leads = false;

  constructor(
    ports: Ports,
    config: GroupConsumerConfig,
    lookup: CoordinatorLookup,
    metadata: ClientMetadata,
    delegate: ConsumerMembershipDelegate,
    owner: LookupOwner,
  ) {
    this.ports = ports;
    this.config = config;
    this.lookup = lookup;
    this.metadata = metadata;
    this.delegate = delegate;
    this.owner = owner;
    this.heartbeatTimer = new Timer(ports.clock);
    this.pollTimer = new Timer(ports.clock);
    this.memberId = randomUuid(ports.random('consumer-member-id'));
    this.machine = new MachineRunner({
      machine: consumerMemberMachine,
      instance: `${config['group.id']}/${ports.host}`,
      clock: ports.clock,
      trace: ports.trace,
    });
  }

  get generation(): Generation {
    return this.current;
  }

  get state(): string {
    return this.machine.state;
  }

  get rebalanceInProgress(): boolean {
    return this.state === 'JOINING' || this.state === 'RECONCILING';
  }

  get canCommit(): boolean {
    return this.current.id > 0 && IN_GROUP.has(this.state);
  }

  get instanceId(): string | null {
    return instanceIdOf(this.config);
  }

  get rejoins(): boolean {
    return this.state !== 'STABLE' || this.hasNews;
  }

  /** Whether the coordinator has not heard yet what the application wants. */
  private get hasNews(): boolean {
    return this.delegate.subscribedTopics().join(' ') !== this.toldTopics;
  }

  // ------------------------------------------------------------------------------------ polling

  poll(): void {
    if (this.closed || this.state === 'FATAL' || this.state === 'LEAVING') return;
    if (this.state === 'FENCED' || this.state === 'STALE') {
      this.delegate.loseAll();
      this.join();
    } else if (this.state === 'UNSUBSCRIBED') {
      this.join();
    } else if (this.state === 'RECONCILING') {
      this.reconcile();
    }
    const says = this.state === 'JOINING' || this.state === 'ACKNOWLEDGING' || this.hasNews;
    if (says && !this.inFlight) this.beat();
  }

  pollReturned(): void {
    const limit = microsOfMillis(this.config['max.poll.interval.ms']);
    this.pollTimer.set(limit, 'max.poll.interval.ms', () => {
      if (IN_GROUP.has(this.state)) this.leaveStale();
    });
  }

  polled(): void {
    this.pollTimer.cancel();
  }

  requestRejoin(reason: string): void {
    assert(reason !== '', 'a reason');
    this.owner.wakeAt(this.ports.clock.now());
  }

  private join(): void {
    this.current = { id: JOIN_EPOCH, memberId: this.memberId, protocolName: PROTOCOL_NAME };
    this.granted = null;
    this.tellsAll = true;
    this.to({ type: 'JOIN' });
    this.record(joinTrace, { member: this.memberId, reason: '' });
  }

  /** Gives up and takes over, in the order in which the coordinator waits for it. */
  private reconcile(): void {
    const { granted } = this;
    assert(granted !== null, 'something was granted', { state: this.state });
    const partitions: TopicPartition[] = [];
    for (const { topicId, partitions: numbers } of granted) {
      const topic = this.metadata.topicName(topicId);
      if (topic === null) {
        // The name of a topic that the metadata has not told yet.
        this.metadata.requestUpdate();
        return;
      }
      for (const partition of numbers) partitions.push({ topic, partition });
    }
    if (!this.delegate.takeOver(this.current, partitions)) return;
    this.granted = null;
    this.to({ type: 'TAKEN_OVER' });
  }

  // ---------------------------------------------------------------------------------- heartbeat

  private beat(): void {
    const channel = this.lookup.channel();
    const now = this.ports.clock.now();
    if (this.closed || channel === null || this.inFlight) return;
    if (now < this.retryAt) {
      this.owner.wakeAt(this.retryAt);
      return;
    }
    const sent = this.current;
    const joins = sent.id === JOIN_EPOCH;
    const all = joins || this.tellsAll;
    const topics = this.delegate.subscribedTopics();
    const owned = joins ? [] : this.delegate.owned();
    const ownedText = owned.map(topicPartitionText).join(' ');
    const assignor = this.config['group.remote.assignor'];
    const body: ConsumerGroupHeartbeatRequest = {
      groupId: this.config['group.id'],
      memberId: this.memberId,
      memberEpoch: sent.id,
      instanceId: this.instanceId,
      rackId: all && this.config['client.rack'] !== '' ? this.config['client.rack'] : null,
      rebalanceTimeoutMs: all ? this.config['max.poll.interval.ms'] : -1,
      subscribedTopicNames: all || topics.join(' ') !== this.toldTopics ? topics : null,
      subscribedTopicRegex: null,
      serverAssignor: all && assignor !== '' ? assignor : null,
      topicPartitions: all || ownedText !== this.toldOwned ? this.byId(owned) : null,
    };
    this.toldTopics = topics.join(' ');
    this.toldOwned = ownedText;
    this.tellsAll = false;
    this.inFlight = true;
    const acknowledges = this.state === 'ACKNOWLEDGING';
    channel.send(consumerGroupHeartbeat.key, consumerGroupHeartbeat.versionMax, body, (reply) => {
      this.inFlight = false;
      this.answered(reply, sent, acknowledges);
    });
  }

  private byId(
    partitions: readonly TopicPartition[],
  ): NonNullable<ConsumerGroupHeartbeatRequest['topicPartitions']> {
    const ids = new Map<string, number[]>();
    for (const { topic, partition } of partitions) {
      const topicId = this.metadata.topicId(topic);
      ids.set(topicId, [...(ids.get(topicId) ?? []), partition]);
    }
    return [...ids].map(([topicId, numbers]) => ({ topicId, partitions: numbers }));
  }

  private answered(reply: Reply, sent: Generation, acknowledges: boolean): void {
    if (this.closed) return;
    if (sent !== this.current || !IN_GROUP.has(this.state)) {
      // The answer is of another time, and what is to be said now has waited for it: to join anew.
      this.owner.wakeAt(this.ports.clock.now());
      return;
    }
    if (!reply.ok) {
      this.lookup.markUnknown(reply.reason);
      this.backOff();
      return;
    }
    const response = reply.body as ConsumerGroupHeartbeatResponse;
    if (response.errorCode !== ErrorCode.NONE) {
      this.refused(response.errorCode, sent);
      return;
    }
    this.heartbeatMs = response.heartbeatIntervalMs;
    if (response.memberEpoch !== sent.id) {
      this.current = { ...sent, id: response.memberEpoch };
      const what = { generation: response.memberEpoch, leads: false, protocol: PROTOCOL_NAME };
      this.record(joinedTrace, { member: this.memberId, ...what });
    }
    if (response.assignment !== null) this.granted = response.assignment.topicPartitions;
    this.beatAfter(this.heartbeatMs);
    if (this.state === 'RECONCILING') {
      // It goes on with what was granted last.
    } else if (this.granted !== null) {
      this.to({ type: 'GRANTED' });
    } else if (acknowledges || this.state === 'JOINING') {
      this.to({ type: 'ACKNOWLEDGED' });
    }
    this.owner.changed();
  }

  private refused(errorCode: number, sent: Generation): void {
    const error = errorName(errorCode);
    const what = { member: sent.memberId, request: 'ConsumerGroupHeartbeat', error };
    this.record(memberRefusedTrace, what);
    if (NOT_THE_COORDINATOR.has(errorCode)) {
      this.lookup.markUnknown(error);
      this.backOff();
    } else if (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) {
      this.backOff();
    } else if (THROWN_OUT.has(errorCode)) {
      this.reset(`encountered ${error}`, false);
    } else {
      this.to({ type: 'FAILED' });
      this.owner.fatal(errorCode);
    }
  }

  private backOff(): void {
    const wait = Math.max(1, microsOfMillis(this.config['retry.backoff.ms']));
    this.retryAt = micros(this.ports.clock.now() + wait);
    this.tellsAll = true;
    this.beatAfter(this.config['retry.backoff.ms']);
    this.owner.wakeAt(this.retryAt);
  }

  private beatAfter(waitMs: number): void {
    const wait = micros(Math.max(1, microsOfMillis(waitMs)));
    this.heartbeatTimer.set(wait, 'heartbeat', () => {
      if (!IN_GROUP.has(this.state)) return;
      this.beat();
      // Without a coordinator, or with an answer that is late: it is tried again.
      if (!this.heartbeatTimer.isSet) this.beatAfter(this.heartbeatMs);
    });
  }

  // -------------------------------------------------------------------------------------- leave

  reset(reason: string, _forgetsMemberId: boolean): void {
    assert(reason !== '', 'a reason');
    if (!IN_GROUP.has(this.state)) return;
    this.to({ type: 'FENCED' });
    this.current = NO_GENERATION;
    this.heartbeatTimer.cancel();
    this.owner.wakeAt(this.ports.clock.now());
  }

  /** The application did not poll for too long. */
  private leaveStale(): void {
    this.sendLeave('consumer poll timeout has expired.', () => undefined);
    this.to({ type: 'POLL_TIMEOUT' });
    this.current = NO_GENERATION;
    this.heartbeatTimer.cancel();
  }

  leave(reason: string, done: () => void = () => undefined): void {
    if (IN_GROUP.has(this.state)) this.sendLeave(reason, done);
    else done();
    if (this.state !== 'LEAVING' && this.state !== 'UNSUBSCRIBED') this.to({ type: 'LEAVE' });
    this.current = NO_GENERATION;
    this.heartbeatTimer.cancel();
  }

  /** A static member's place is kept for a session. */
  private sendLeave(reason: string, done: () => void): void {
    const channel = this.lookup.channel();
    if (channel === null) {
      done();
      return;
    }
    this.record(leaveTrace, { member: this.memberId, reason });
    const body: ConsumerGroupHeartbeatRequest = {
      groupId: this.config['group.id'],
      memberId: this.memberId,
      memberEpoch: this.instanceId === null ? LEAVE_EPOCH : STATIC_LEAVE_EPOCH,
      instanceId: this.instanceId,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: null,
    };
    channel.send(consumerGroupHeartbeat.key, consumerGroupHeartbeat.versionMax, body, done);
  }

  close(): void {
    this.closed = true;
    this.heartbeatTimer.cancel();
    this.pollTimer.cancel();
    this.machine.dispose();
  }

  private to(event: ConsumerMemberStateEvent): void {
    this.machine.send(event);
  }

  private record(kind: Parameters<Ports['trace']['record']>[0], data: object): void {
    if (!this.ports.trace.on) return;
    this.ports.trace.record(kind, { group: this.config['group.id'], ...data } as never);
  }
}

const IN_GROUP: ReadonlySet<string> = new Set([
  'JOINING',
  'RECONCILING',
  'ACKNOWLEDGING',
  'STABLE',
]);
const THROWN_OUT: ReadonlySet<number> = new Set([
  ErrorCode.FENCED_MEMBER_EPOCH,
  ErrorCode.UNKNOWN_MEMBER_ID,
]);
