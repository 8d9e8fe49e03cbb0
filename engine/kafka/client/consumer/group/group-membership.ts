/**
 * A member's side of the classic group protocol: joins the group, hands in or takes the assignment,
 * sends heartbeats, and leaves when the application is too slow or closes.
 *
 * JoinGroup is sent when the application polls, never behind its back; heartbeats go on while it
 * processes. Source: `AbstractCoordinator` and its `HeartbeatThread`. Not here: what is done with
 * partitions (`consumer-coordinator.ts`), offsets (`offset-commits.ts`).
 */
import { assert } from '../../../../kernel/assert.ts';
import { MachineRunner } from '../../../../kernel/machine.ts';
import type { Ports } from '../../../../kernel/ports.ts';
import { Timer } from '../../../../kernel/timer.ts';
import { type Micros, micros, microsOfMillis } from '../../../../kernel/units.ts';
import { CONSUMER_PROTOCOL_TYPE } from '../../../../wire/kafka/consumer-protocol.ts';
import { ErrorCode, errorName } from '../../../../wire/kafka/errors.ts';
import {
  heartbeat,
  type HeartbeatRequest,
  type HeartbeatResponse,
} from '../../../../wire/kafka/messages/heartbeat.ts';
import {
  joinGroup,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from '../../../../wire/kafka/messages/join-group.ts';
import { leaveGroup, type LeaveGroupRequest } from '../../../../wire/kafka/messages/leave-group.ts';
import {
  syncGroup,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '../../../../wire/kafka/messages/sync-group.ts';
import type { Reply } from '../../../network-client.ts';
import {
  type CoordinatorLookup,
  type LookupOwner,
  NOT_THE_COORDINATOR,
} from './coordinator-lookup.ts';
import { type GroupConsumerConfig, instanceIdOf } from './group-config.ts';
import { joinedTrace, joinTrace, leaveTrace, memberRefusedTrace } from './group-consumer-trace.ts';
import { memberStateMachine, type MemberStateEvent } from './member-state.machine.ts';
import { type Generation, type Membership, NO_GENERATION } from './membership.ts';

/** Beyond the rebalance timeout, until JoinGroup is given up. */
const JOIN_GROUP_TIMEOUT_LAPSE_MS = 5_000;

export type Assignments = SyncGroupRequest['assignments'];

/** What the protocol is about, which the membership does not know. */
export interface MembershipDelegate {
  /** Gives up what must be given up before joining. False: not yet, to be asked again. */
  prepareJoin(generation: Generation): boolean;
  protocols(): JoinGroupRequest['protocols'];
  /** This member leads: shares out the partitions. `done` is called in this or a later event. */
  lead(response: JoinGroupResponse, done: (assignments: Assignments) => void): void;
  completeJoin(generation: Generation, assignment: Uint8Array): void;
}

type Failure = 'retry' | 'back off' | 'fatal';

export class GroupMembership implements Membership {
  private readonly ports: Ports;
  private readonly config: GroupConsumerConfig;
  private readonly lookup: CoordinatorLookup;
  private readonly delegate: MembershipDelegate;
  private readonly owner: LookupOwner;
  private readonly machine: MachineRunner<typeof memberStateMachine>;
  private current: Generation = NO_GENERATION;
  private rejoinNeeded = true;
  private rejoinReason = '';
  private needsPrepare = true;
  /** From JoinGroup until the assignment is taken over, or until it failed. */
  private joinPending = false;
  private arrived: Uint8Array | null = null;
  private retryAt: Micros = micros(0);
  private readonly heartbeatTimer: Timer;
  private heardAt: Micros = micros(0);
  private readonly pollTimer: Timer;
  private closed = false;
  leads = false;

  constructor(
    ports: Ports,
    config: GroupConsumerConfig,
    lookup: CoordinatorLookup,
    delegate: MembershipDelegate,
    owner: LookupOwner,
  ) {
    this.ports = ports;
    this.config = config;
    this.lookup = lookup;
    this.delegate = delegate;
    this.owner = owner;
    this.heartbeatTimer = new Timer(ports.clock);
    this.pollTimer = new Timer(ports.clock);
    this.machine = new MachineRunner({
      machine: memberStateMachine,
      instance: `${config['group.id']}/${ports.host}`,
      clock: ports.clock,
      trace: ports.trace,
    });
  }

  get generation(): Generation {
    return this.current;
  }

  /** As `AbstractCoordinator.MemberState` names it. */
  get state(): string {
    return this.machine.state;
  }

  get rebalanceInProgress(): boolean {
    return this.state === 'PREPARING_REBALANCE' || this.state === 'COMPLETING_REBALANCE';
  }

  get canCommit(): boolean {
    return this.state === 'STABLE';
  }

  get instanceId(): string | null {
    return instanceIdOf(this.config);
  }

  /** Whether the next poll joins the group again, or a join is under way. */
  get rejoins(): boolean {
    return this.rejoinNeeded || this.joinPending;
  }

  private get sendsHeartbeats(): boolean {
    return this.state === 'COMPLETING_REBALANCE' || this.state === 'STABLE';
  }

  // ------------------------------------------------------------------------------------ polling

  /** The application polls: takes over an assignment that came, joins if it has to. */
  poll(): void {
    if (this.closed || this.lookup.channel() === null) return;
    if (this.arrived !== null) this.complete(this.arrived);
    if (!this.rejoinNeeded || this.joinPending) return;
    if (this.ports.clock.now() < this.retryAt) {
      this.owner.wakeAt(this.retryAt);
      return;
    }
    if (this.needsPrepare) {
      if (!this.delegate.prepareJoin(this.current)) return;
      this.needsPrepare = false;
    }
    this.join();
  }

  /** The poll returned records: until the next one the application is busy. */
  pollReturned(): void {
    const limit = microsOfMillis(this.config['max.poll.interval.ms']);
    this.pollTimer.set(limit, 'max.poll.interval.ms', () => {
      if (this.sendsHeartbeats) this.leave('consumer poll timeout has expired.');
    });
  }

  polled(): void {
    this.pollTimer.cancel();
  }

  requestRejoin(reason: string): void {
    assert(reason !== '', 'a reason');
    if (this.rejoinNeeded) return;
    this.rejoinReason = reason;
    this.rejoinNeeded = true;
  }

  private complete(assignment: Uint8Array): void {
    this.arrived = null;
    this.joinPending = false;
    this.needsPrepare = true;
    if (this.state === 'STABLE' && this.current.protocolName !== null) {
      this.delegate.completeJoin(this.current, assignment);
    } else {
      // It was thrown out before the application could take the assignment over.
      this.reset('the generation changed before the assignment was taken over', true);
    }
  }

  // --------------------------------------------------------------------------------------- join

  private join(): void {
    const channel = this.lookup.channel();
    assert(channel !== null, 'a coordinator', { state: this.state });
    const sent = this.current;
    const { config } = this;
    const rebalanceTimeoutMs = config['max.poll.interval.ms'];
    const body: JoinGroupRequest = {
      groupId: config['group.id'],
      sessionTimeoutMs: config['session.timeout.ms'],
      rebalanceTimeoutMs,
      memberId: sent.memberId,
      groupInstanceId: this.instanceId,
      protocolType: CONSUMER_PROTOCOL_TYPE,
      protocols: this.delegate.protocols(),
      reason: this.rejoinReason,
    };
    this.to({ type: 'JOIN' });
    this.joinPending = true;
    this.leads = false;
    this.record(joinTrace, { member: sent.memberId, reason: this.rejoinReason });
    const timeoutMs = Math.max(
      config['request.timeout.ms'],
      rebalanceTimeoutMs + JOIN_GROUP_TIMEOUT_LAPSE_MS,
    );
    const onReply = (reply: Reply): void => this.joined(reply, sent);
    channel.send(joinGroup.key, joinGroup.versionMax, body, onReply, { timeoutMs });
  }

  /** Source: `JoinGroupResponseHandler`. */
  private joined(reply: Reply, sent: Generation): void {
    if (this.closed) return;
    if (!reply.ok) {
      this.disconnected(reply.reason);
      this.failJoin('NETWORK_EXCEPTION', 'back off');
      return;
    }
    const response = reply.body as JoinGroupResponse;
    const { errorCode, memberId } = response;
    if (errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      this.current = { ...NO_GENERATION, memberId };
      this.rejoinReason = `need to re-join with the given member-id: ${memberId}`;
      this.failJoin('MEMBER_ID_REQUIRED', 'retry');
    } else if (errorCode !== ErrorCode.NONE) {
      this.refused('JoinGroup', errorCode, sent);
    } else if (this.state !== 'PREPARING_REBALANCE') {
      this.failJoin('UnjoinedGroupException', 'back off');
    } else {
      const { generationId: id, protocolName } = response;
      this.to({ type: 'JOINED' });
      this.current = { id, memberId, protocolName };
      this.leads = response.leader === memberId;
      this.startHeartbeats();
      const what = { generation: id, leads: this.leads, protocol: protocolName ?? '' };
      this.record(joinedTrace, { member: memberId, ...what });
      const joinedAs = this.current;
      if (this.leads) this.delegate.lead(response, (all) => this.sync(all, joinedAs));
      else this.sync([], joinedAs);
    }
  }

  private sync(assignments: Assignments, joinedAs: Generation): void {
    const channel = this.lookup.channel();
    const stale = joinedAs !== this.current || this.state !== 'COMPLETING_REBALANCE';
    if (this.closed) return;
    if (stale || channel === null) {
      this.failJoin('ILLEGAL_GENERATION', stale ? 'retry' : 'back off');
      return;
    }
    const body: SyncGroupRequest = {
      groupId: this.config['group.id'],
      generationId: joinedAs.id,
      memberId: joinedAs.memberId,
      groupInstanceId: this.instanceId,
      protocolType: CONSUMER_PROTOCOL_TYPE,
      protocolName: joinedAs.protocolName,
      assignments,
    };
    channel.send(syncGroup.key, syncGroup.versionMax, body, (reply) =>
      this.synced(reply, joinedAs),
    );
  }

  /** Source: `SyncGroupResponseHandler`. */
  private synced(reply: Reply, sent: Generation): void {
    if (this.closed) return;
    if (!reply.ok) {
      this.disconnected(reply.reason);
      this.failJoin('NETWORK_EXCEPTION', 'back off');
      return;
    }
    const response = reply.body as SyncGroupResponse;
    if (response.errorCode !== ErrorCode.NONE) {
      this.refused('SyncGroup', response.errorCode, sent);
    } else if (this.state !== 'COMPLETING_REBALANCE' || sent !== this.current) {
      this.failJoin('ILLEGAL_GENERATION', 'retry');
    } else {
      this.to({ type: 'SYNCED' });
      this.rejoinReason = '';
      this.rejoinNeeded = false;
      this.arrived = response.assignment;
      this.owner.changed();
    }
  }

  private refused(request: string, errorCode: number, sent: Generation): void {
    const error = errorName(errorCode);
    this.record(memberRefusedTrace, { member: sent.memberId, request, error });
    const unknown = errorCode === ErrorCode.UNKNOWN_MEMBER_ID;
    if (unknown || errorCode === ErrorCode.ILLEGAL_GENERATION) {
      if (sent === this.current) this.reset(`encountered ${error} from ${request}`, unknown);
      this.failJoin(error, 'retry');
    } else if (NOT_THE_COORDINATOR.has(errorCode)) {
      this.lookup.markUnknown(error);
      this.failJoin(error, 'back off');
    } else if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) {
      this.failJoin(error, 'retry');
    } else if (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) {
      this.failJoin(error, 'back off');
    } else {
      this.failJoin(error, 'fatal');
      this.owner.fatal(errorCode);
    }
  }

  private failJoin(error: string, failure: Failure): void {
    assert(this.joinPending, 'a join failed', { error });
    this.joinPending = false;
    if (error !== 'MEMBER_ID_REQUIRED') this.rejoinReason = `rebalance failed due to ${error}`;
    this.rejoinNeeded = true;
    if (failure === 'fatal') return;
    const now = this.ports.clock.now();
    const wait = failure === 'retry' ? 0 : microsOfMillis(this.config['retry.backoff.ms']);
    this.retryAt = micros(now + wait);
    this.owner.wakeAt(this.retryAt);
  }

  /** Out of the group. Source: `resetStateAndRejoin`. */
  reset(reason: string, forgetsMemberId: boolean): void {
    const { memberId } = this.current;
    if (this.state !== 'UNJOINED') this.to({ type: 'RESET' });
    this.current = forgetsMemberId ? NO_GENERATION : { ...NO_GENERATION, memberId };
    this.rejoinReason = reason;
    this.rejoinNeeded = true;
    this.needsPrepare = true;
    this.heartbeatTimer.cancel();
    this.owner.wakeAt(this.ports.clock.now());
  }

  private disconnected(reason: string): void {
    this.lookup.markUnknown(reason);
  }

  // --------------------------------------------------------------------------------- heartbeats

  private startHeartbeats(): void {
    this.heardAt = this.ports.clock.now();
    this.beatAfter(this.config['heartbeat.interval.ms']);
  }

  private beatAfter(waitMs: number): void {
    const wait = micros(Math.max(1, microsOfMillis(waitMs)));
    this.heartbeatTimer.set(wait, 'heartbeat.interval.ms', () => {
      if (this.sendsHeartbeats) this.beat();
    });
  }

  /** Source: `HeartbeatThread.run`. */
  private beat(): void {
    const now = this.ports.clock.now();
    const channel = this.lookup.channel();
    if (channel === null) {
      // A coordinator that is found anew has a whole session to answer.
      this.heardAt = now;
      this.beatAfter(this.config['retry.backoff.ms']);
      return;
    }
    if (now - this.heardAt > microsOfMillis(this.config['session.timeout.ms'])) {
      this.lookup.markUnknown('session timed out without receiving a heartbeat response');
      this.ports.clock.after(micros(0), 'disconnect', () => channel.close());
      this.beatAfter(this.config['retry.backoff.ms']);
      return;
    }
    const sent = this.current;
    const body: HeartbeatRequest = {
      groupId: this.config['group.id'],
      generationId: sent.id,
      memberId: sent.memberId,
      groupInstanceId: this.instanceId,
    };
    channel.send(heartbeat.key, heartbeat.versionMax, body, (reply) => this.beaten(reply, sent));
    this.beatAfter(this.config['heartbeat.interval.ms']);
  }

  /** Source: `HeartbeatResponseHandler`. */
  private beaten(reply: Reply, sent: Generation): void {
    if (this.closed) return;
    if (!reply.ok) {
      this.disconnected(reply.reason);
      if (this.sendsHeartbeats) this.beatAfter(this.config['retry.backoff.ms']);
      return;
    }
    const { errorCode } = reply.body as HeartbeatResponse;
    if (errorCode === ErrorCode.NONE) {
      this.heardAt = this.ports.clock.now();
      return;
    }
    const error = errorName(errorCode);
    this.record(memberRefusedTrace, { member: sent.memberId, request: 'Heartbeat', error });
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) {
      this.heardAt = this.ports.clock.now();
      if (this.state === 'STABLE') this.requestRejoin('group is already rebalancing');
    } else if (NOT_THE_COORDINATOR.has(errorCode)) {
      this.lookup.markUnknown(error);
      if (this.sendsHeartbeats) this.beatAfter(this.config['retry.backoff.ms']);
    } else if (THROWN_OUT.has(errorCode) && sent === this.current) {
      this.reset(`encountered ${error} from Heartbeat`, errorCode !== ErrorCode.ILLEGAL_GENERATION);
      if (errorCode === ErrorCode.FENCED_INSTANCE_ID) this.owner.fatal(errorCode);
    }
    this.owner.changed();
  }

  // -------------------------------------------------------------------------------------- leave

  /** A static member does not: its place is kept for a session. `done`: the group was told. */
  leave(reason: string, done: () => void = () => undefined): void {
    const { memberId } = this.current;
    const channel = this.state === 'UNJOINED' ? null : this.lookup.channel();
    if (this.instanceId === null && channel !== null && memberId !== '') {
      const members = [{ memberId, groupInstanceId: null, reason }];
      const body: LeaveGroupRequest = { groupId: this.config['group.id'], memberId, members };
      this.record(leaveTrace, { member: memberId, reason });
      channel.send(leaveGroup.key, leaveGroup.versionMax, body, done);
    } else {
      done();
    }
    this.reset('consumer pro-actively leaving the group', true);
  }

  /** Nothing more is sent, and answers are ignored. */
  close(): void {
    this.closed = true;
    this.heartbeatTimer.cancel();
    this.pollTimer.cancel();
    this.machine.dispose();
  }

  private to(event: MemberStateEvent): void {
    this.machine.send(event);
  }

  private record(kind: Parameters<Ports['trace']['record']>[0], data: object): void {
    if (!this.ports.trace.on) return;
    this.ports.trace.record(kind, { group: this.config['group.id'], ...data } as never);
  }
}

const THROWN_OUT: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.FENCED_INSTANCE_ID,
]);
