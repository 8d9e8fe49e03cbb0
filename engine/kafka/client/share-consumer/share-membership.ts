/**
 * A member's side of a share group (KIP-932): heartbeats bring its epoch and its partitions. What
 * is taken away needs not be given up first, for what the member has acquired stays its own.
 *
 * Source: `ShareMembershipManager`, `ShareHeartbeatRequestManager`. Not here: records
 * (`share-fetcher.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import { MachineRunner } from '../../../kernel/machine.ts';
import type { Ports, TimerId } from '../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../kernel/units.ts';
import { ErrorCode, errorName } from '../../../wire/kafka/errors.ts';
import {
  shareGroupHeartbeat,
  type ShareGroupHeartbeatRequest,
  type ShareGroupHeartbeatResponse,
} from '../../../wire/kafka/messages/share-group-heartbeat.ts';
import type { Reply } from '../../network-client.ts';
import { randomUuid } from '../../metadata/random-uuid.ts';
import type { CoordinatorLookup, LookupOwner } from '../consumer/group/coordinator-lookup.ts';
import {
  joinedTrace,
  joinTrace,
  leaveTrace,
  memberRefusedTrace,
} from '../consumer/group/group-consumer-trace.ts';
import {
  type ConsumerMemberStateEvent,
  consumerMemberMachine,
} from '../consumer/group/membership.machine.ts';
import type { TopicPartition } from '../consumer/subscription-state.ts';
import type { ClientMetadata } from '../metadata.ts';
import type { ShareConsumerConfig } from './share-config.ts';

const JOIN_EPOCH = 0;
const LEAVE_EPOCH = -1;
const OUTSIDE = -1;
const PROTOCOL_NAME = 'share';

type Granted = NonNullable<ShareGroupHeartbeatResponse['assignment']>['topicPartitions'];

export interface ShareMembershipParts {
  readonly ports: Ports;
  readonly config: ShareConsumerConfig;
  readonly lookup: CoordinatorLookup;
  readonly metadata: ClientMetadata;
  readonly owner: LookupOwner;
  topics(): readonly string[];
  /** The member has other partitions now. */
  assigned(partitions: readonly TopicPartition[]): void;
}

export class ShareMembership {
  readonly memberId: string;
  private readonly parts: ShareMembershipParts;
  private readonly machine: MachineRunner<typeof consumerMemberMachine>;
  private epochNow = OUTSIDE;
  private granted: Granted | null = null;
  private inFlight = false;
  /** The next heartbeat says everything. */
  private tellsAll = true;
  private toldTopics = '';
  private heartbeatMs = 5_000;
  private retryAt: Micros = micros(0);
  private beatTimer: TimerId | null = null;
  private pollTimer: TimerId | null = null;
  private closed = false;

  constructor(parts: ShareMembershipParts) {
    const { ports, config } = parts;
    this.parts = parts;
    this.memberId = randomUuid(ports.random('share-member-id'));
    this.machine = new MachineRunner({
      machine: consumerMemberMachine,
      instance: `${config['group.id']}/${ports.host}`,
      clock: ports.clock,
      trace: ports.trace,
    });
  }

  get state(): string {
    return this.machine.state;
  }

  /** The member epoch; -1 outside the group. */
  get epoch(): number {
    return this.epochNow;
  }

  /** The application polls: joins, or goes on. */
  poll(): void {
    if (this.closed || this.state === 'FATAL' || this.state === 'LEAVING') return;
    if (!IN_GROUP.has(this.state)) this.join();
    if (this.granted !== null) this.takeOver();
    const isNews = this.parts.topics().join(' ') !== this.toldTopics;
    if ((this.state === 'JOINING' || isNews) && !this.inFlight) this.beat();
  }

  /** The poll returned records: until the next one the application is busy. */
  pollReturned(): void {
    this.polled();
    const limit = microsOfMillis(this.parts.config['max.poll.interval.ms']);
    this.pollTimer = this.parts.ports.clock.after(limit, 'max.poll.interval.ms', () => {
      this.pollTimer = null;
      if (!IN_GROUP.has(this.state)) return;
      this.sendLeave('consumer poll timeout has expired.', () => undefined);
      this.out({ type: 'POLL_TIMEOUT' });
    });
  }

  polled(): void {
    if (this.pollTimer !== null) this.parts.ports.clock.cancel(this.pollTimer);
    this.pollTimer = null;
  }

  leave(done: () => void): void {
    if (IN_GROUP.has(this.state)) this.sendLeave('the consumer is being closed', done);
    else done();
    if (this.state !== 'UNSUBSCRIBED' && this.state !== 'LEAVING') this.out({ type: 'LEAVE' });
  }

  close(): void {
    this.closed = true;
    this.stopHeartbeats();
    this.polled();
    this.machine.dispose();
  }

  // ----------------------------------------------------------------------------------- heartbeat

  private join(): void {
    this.epochNow = JOIN_EPOCH;
    this.granted = null;
    this.tellsAll = true;
    this.to({ type: 'JOIN' });
    this.record(joinTrace, { member: this.memberId, reason: '' });
  }

  private beat(): void {
    const { config, lookup, owner, ports } = this.parts;
    const channel = lookup.channel();
    if (this.closed || channel === null || this.inFlight) return;
    if (ports.clock.now() < this.retryAt) {
      owner.wakeAt(this.retryAt);
      return;
    }
    const topics = this.parts.topics();
    const all = this.tellsAll || this.epochNow === JOIN_EPOCH;
    const rack = config['client.rack'];
    const isNews = topics.join(' ') !== this.toldTopics;
    const body: ShareGroupHeartbeatRequest = {
      groupId: config['group.id'],
      memberId: this.memberId,
      memberEpoch: this.epochNow,
      rackId: all && rack !== '' ? rack : null,
      subscribedTopicNames: all || isNews ? topics : null,
    };
    this.toldTopics = topics.join(' ');
    this.tellsAll = false;
    this.inFlight = true;
    const sent = this.epochNow;
    channel.send(shareGroupHeartbeat.key, shareGroupHeartbeat.versionMax, body, (reply) => {
      this.inFlight = false;
      this.answered(reply, sent);
    });
  }

  private answered(reply: Reply, sent: number): void {
    if (this.closed || sent !== this.epochNow || !IN_GROUP.has(this.state)) return;
    if (!reply.ok && reply.reason === 'unsupported-version') {
      this.out({ type: 'FAILED' });
      this.parts.owner.fatal(ErrorCode.UNSUPPORTED_VERSION);
      return;
    }
    if (!reply.ok) {
      this.parts.lookup.markUnknown(reply.reason);
      this.backOff();
      return;
    }
    const response = reply.body as ShareGroupHeartbeatResponse;
    if (response.errorCode !== ErrorCode.NONE) {
      this.refused(response.errorCode);
      return;
    }
    this.heartbeatMs = response.heartbeatIntervalMs;
    assert(response.memberEpoch >= this.epochNow, 'member epochs go forward', { sent });
    if (response.memberEpoch !== this.epochNow) {
      this.epochNow = response.memberEpoch;
      const what = { generation: this.epochNow, leads: false, protocol: PROTOCOL_NAME };
      this.record(joinedTrace, { member: this.memberId, ...what });
    }
    if (response.assignment !== null) this.granted = response.assignment.topicPartitions;
    this.beatAfter(this.heartbeatMs);
    if (this.granted !== null) this.takeOver();
    else if (this.state === 'JOINING') this.to({ type: 'ACKNOWLEDGED' });
    this.parts.owner.changed();
  }

  /** Takes over what was granted, once the metadata knows the names of its topics. */
  private takeOver(): void {
    const { granted } = this;
    assert(granted !== null, 'something was granted', { state: this.state });
    if (!IN_GROUP.has(this.state)) return;
    const { metadata } = this.parts;
    const partitions: TopicPartition[] = [];
    for (const { topicId, partitions: numbers } of granted) {
      const topic = metadata.topicName(topicId);
      if (topic === null) {
        metadata.requestUpdate();
        return;
      }
      for (const partition of numbers) partitions.push({ topic, partition });
    }
    this.granted = null;
    this.to({ type: 'GRANTED' });
    this.parts.assigned(partitions);
    this.to({ type: 'TAKEN_OVER' });
    this.to({ type: 'ACKNOWLEDGED' });
  }

  private refused(errorCode: number): void {
    const { lookup, owner } = this.parts;
    const error = errorName(errorCode);
    const request = 'ShareGroupHeartbeat';
    this.record(memberRefusedTrace, { member: this.memberId, request, error });
    if (NOT_THE_COORDINATOR.has(errorCode)) {
      lookup.markUnknown(error);
      this.backOff();
    } else if (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) {
      this.backOff();
    } else if (THROWN_OUT.has(errorCode)) {
      this.out({ type: 'FENCED' });
      owner.wakeAt(this.parts.ports.clock.now());
    } else {
      this.out({ type: 'FAILED' });
      owner.fatal(errorCode);
    }
  }

  private backOff(): void {
    const { ports, config, owner } = this.parts;
    const waitMs = config['retry.backoff.ms'];
    this.retryAt = micros(ports.clock.now() + Math.max(1, microsOfMillis(waitMs)));
    this.tellsAll = true;
    this.beatAfter(waitMs);
    owner.wakeAt(this.retryAt);
  }

  private beatAfter(waitMs: number): void {
    this.stopHeartbeats();
    const wait = micros(Math.max(1, microsOfMillis(waitMs)));
    this.beatTimer = this.parts.ports.clock.after(wait, 'heartbeat', () => {
      this.beatTimer = null;
      if (!IN_GROUP.has(this.state)) return;
      this.beat();
      // Without a coordinator, or with an answer that is late: it is tried again.
      if (this.beatTimer === null) this.beatAfter(this.heartbeatMs);
    });
  }

  private sendLeave(reason: string, done: () => void): void {
    const channel = this.parts.lookup.channel();
    if (channel === null) {
      done();
      return;
    }
    this.record(leaveTrace, { member: this.memberId, reason });
    const body: ShareGroupHeartbeatRequest = {
      groupId: this.parts.config['group.id'],
      memberId: this.memberId,
      memberEpoch: LEAVE_EPOCH,
      rackId: null,
      subscribedTopicNames: null,
    };
    channel.send(shareGroupHeartbeat.key, shareGroupHeartbeat.versionMax, body, done);
  }

  /** Out of the group: it has no partitions any more. */
  private out(event: ConsumerMemberStateEvent): void {
    this.to(event);
    this.epochNow = OUTSIDE;
    this.granted = null;
    this.stopHeartbeats();
    this.parts.assigned([]);
  }

  private stopHeartbeats(): void {
    if (this.beatTimer !== null) this.parts.ports.clock.cancel(this.beatTimer);
    this.beatTimer = null;
  }

  private to(event: ConsumerMemberStateEvent): void {
    this.machine.send(event);
  }

  private record(kind: Parameters<Ports['trace']['record']>[0], data: object): void {
    const { ports, config } = this.parts;
    if (ports.trace.on) ports.trace.record(kind, { group: config['group.id'], ...data } as never);
  }
}

const IN_GROUP: ReadonlySet<string> = new Set([
  'JOINING',
  'RECONCILING',
  'ACKNOWLEDGING',
  'STABLE',
]);
const NOT_THE_COORDINATOR: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
]);
const THROWN_OUT: ReadonlySet<number> = new Set([
  ErrorCode.FENCED_MEMBER_EPOCH,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.GROUP_ID_NOT_FOUND,
]);
