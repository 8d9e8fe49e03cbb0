/** A cluster with a group coordinator, and members that speak its APIs by hand, for tests. */
import { groupCoordinator } from '../../../engine/kafka/group/group-coordinator.ts';
import type { GroupCoordinatorView, GroupView } from '../../../engine/kafka/group/group-view.ts';
import { encodeUtf8, decodeUtf8 } from '../../../engine/bytes/utf8.ts';
import { encodeSubscription } from '../../../engine/wire/kafka/consumer-protocol.ts';
import {
  type FindCoordinatorResponse,
  findCoordinator,
  findCoordinatorRequest,
} from '../../../engine/wire/kafka/messages/find-coordinator.ts';
import { heartbeat } from '../../../engine/wire/kafka/messages/heartbeat.ts';
import {
  type JoinGroupRequest,
  type JoinGroupResponse,
  joinGroup,
  joinGroupRequest,
} from '../../../engine/wire/kafka/messages/join-group.ts';
import { leaveGroup, leaveGroupRequest } from '../../../engine/wire/kafka/messages/leave-group.ts';
import { offsetCommit } from '../../../engine/wire/kafka/messages/offset-commit.ts';
import {
  offsetFetch,
  offsetFetchRequest,
} from '../../../engine/wire/kafka/messages/offset-fetch.ts';
import {
  type SyncGroupResponse,
  syncGroup,
  syncGroupRequest,
} from '../../../engine/wire/kafka/messages/sync-group.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { ZERO_UUID } from '../../../engine/bytes/base64url.ts';
import { RawClient } from '../broker/raw-client.ts';
import { Cluster, type ClusterOptions } from '../cluster.ts';

const SETTINGS = {
  'offsets.topic.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '200',
};

export class RawGroups {
  readonly cluster: Cluster;
  readonly client: RawClient;

  constructor(settings: Readonly<Record<string, string>> = {}, options: ClusterOptions = {}) {
    this.cluster = new Cluster({
      modules: [groupCoordinator()],
      settings: { ...SETTINGS, ...settings },
      ...options,
    });
    this.cluster.running();
    const replicationFactor = this.cluster.brokerIds.length;
    this.cluster.createTopic({ name: 'pay', numPartitions: 2, replicationFactor });
    this.client = new RawClient(this.cluster);
  }

  /** Asks once where the coordinator is: its node id, minus the error code, or 0: no answer. */
  findOnce(groupId = 'g'): number {
    const body = { ...defaults(findCoordinatorRequest), coordinatorKeys: [groupId] };
    const up = this.cluster.brokerIds.find((id) => this.cluster.isUp(id)) ?? 1;
    let found: number | null = null;
    this.client.send(up, findCoordinator, body, (reply) => {
      const response = reply.ok ? (reply.body as FindCoordinatorResponse) : null;
      const { errorCode = 0, nodeId = 0 } = response?.coordinators[0] ?? {};
      found = errorCode === 0 ? nodeId : -errorCode;
    });
    this.cluster.until('FindCoordinator is answered', () => found !== null, 70);
    return found!;
  }

  coordinator(groupId = 'g'): number {
    for (let attempt = 0; attempt < 200; attempt++) {
      const found = this.findOnce(groupId);
      if (found > 0 && this.isLoaded(found)) return found;
      this.cluster.sleep(0.1);
    }
    throw new Error('no coordinator');
  }

  isLoaded(broker: number): boolean {
    return (this.view(broker)?.partitions.length ?? 0) > 0;
  }

  view(broker: number): GroupCoordinatorView | null {
    for (const module of this.cluster.broker(broker)?.modules ?? []) {
      const view = module.inspect?.() as GroupCoordinatorView | undefined;
      if (view?.kind === 'group-coordinator') return view;
    }
    return null;
  }

  group(groupId = 'g'): GroupView | null {
    for (const broker of this.cluster.brokerIds) {
      const found = this.view(broker)?.groups.find((one) => one.groupId === groupId);
      if (found !== undefined) return found;
    }
    return null;
  }

  state(groupId = 'g'): string {
    return this.group(groupId)?.state ?? 'none';
  }

  until(state: string, groupId = 'g'): void {
    this.cluster.until(`${groupId} is ${state}`, () => this.state(groupId) === state, 400);
  }

  member(name: string, over: Partial<JoinGroupRequest> = {}): RawMember {
    return new RawMember(this, name, over);
  }

  /** Members that have joined and synced together; the first one leads. */
  stable(names: readonly string[], over: Partial<JoinGroupRequest> = {}): RawMember[] {
    const members = names.map((name) => this.member(name, over));
    for (const member of members) member.identify();
    for (const member of members) member.join();
    this.settle(members);
    return members;
  }

  /** Members that have sent JoinGroup become a stable generation. */
  settle(members: readonly RawMember[]): void {
    this.cluster.until('all have joined', () => members.every((one) => one.joined !== null), 400);
    for (const member of members) member.sync();
    this.cluster.until('all have synced', () => members.every((one) => one.synced !== null), 60);
  }

  commitOnce(
    offset: number,
    of: Partial<{
      generation: number;
      memberId: string;
      instance: string | null;
      groupId: string;
      partition: number;
      topic: string;
      version: number;
      metadata: string;
      broker: number;
    }> = {},
  ): number {
    const { groupId = 'g', generation = -1, memberId = '', instance = null, version = 9 } = of;
    const { partition = 0, topic = 'pay', metadata = '', broker = this.coordinator(groupId) } = of;
    const committed = {
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      commitTimestamp: -1,
      committedMetadata: metadata,
    };
    const body = {
      groupId,
      generationIdOrMemberEpoch: generation,
      memberId,
      groupInstanceId: instance,
      retentionTimeMs: -1,
      topics: [{ name: topic, topicId: ZERO_UUID, partitions: [committed] }],
    };
    const answer = this.client.ask(broker, offsetCommit, body, version);
    return answer.topics[0]!.partitions[0]!.errorCode;
  }

  /** A committed offset, -1 for none; minus the error code - 1000 where there is an error. */
  fetchOnce(of: { groupId?: string; partition?: number; stable?: boolean; topic?: string } = {}) {
    const { groupId = 'g', partition = 0, stable = false, topic = 'pay' } = of;
    const topics = [{ name: topic, topicId: ZERO_UUID, partitionIndexes: [partition] }];
    const groups = [{ groupId, memberId: null, memberEpoch: -1, topics }];
    const body = { ...defaults(offsetFetchRequest), groups, requireStable: stable };
    const broker = this.coordinator(groupId);
    const [group] = this.client.ask(broker, offsetFetch, body, 9).groups;
    const found = group!.topics[0]?.partitions[0];
    const errorCode = found?.errorCode ?? group!.errorCode;
    return errorCode !== 0 ? -1000 - errorCode : found!.committedOffset;
  }
}

/** One member with a connection of its own. */
export class RawMember {
  readonly name: string;
  readonly #rig: RawGroups;
  readonly #client: RawClient;
  readonly request: JoinGroupRequest;
  memberId = '';
  generation = -1;
  joined: JoinGroupResponse | null = null;
  synced: SyncGroupResponse | null = null;

  constructor(rig: RawGroups, name: string, over: Partial<JoinGroupRequest>) {
    this.#rig = rig;
    this.name = name;
    this.#client = new RawClient(rig.cluster, name);
    const base = { topics: ['pay'], userData: null, ownedPartitions: [] };
    const metadata = encodeSubscription({ ...base, generationId: -1, rackId: null });
    this.request = {
      ...defaults(joinGroupRequest),
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 30_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
      ...over,
    };
  }

  get #broker(): number {
    return this.#rig.coordinator(this.request.groupId);
  }

  /** Sends JoinGroup; `joined` has the answer when it comes. */
  join(over: Partial<JoinGroupRequest> = {}, version = 9): void {
    this.joined = null;
    this.synced = null;
    const body = { ...this.request, memberId: this.memberId, ...over };
    this.#client.send(
      this.#broker,
      joinGroup,
      body,
      (reply) => {
        if (!reply.ok) throw new Error(reply.reason);
        const response = reply.body as JoinGroupResponse;
        this.joined = response;
        if (response.errorCode === 0) {
          this.memberId = response.memberId;
          this.generation = response.generationId;
        }
      },
      { version },
    );
  }

  /** Sends JoinGroup and waits for its answer. */
  joinOnce(over: Partial<JoinGroupRequest> = {}, version = 9): JoinGroupResponse {
    this.join(over, version);
    this.#rig.cluster.until(`${this.name} is answered`, () => this.joined !== null, 400);
    return this.joined!;
  }

  /** Gets an id by a first JoinGroup; a static member has none till it has joined. */
  identify(): void {
    if (this.request.groupInstanceId !== null) return;
    this.memberId = this.joinOnce({ memberId: '' }).memberId;
    this.joined = null;
  }

  /** Sends SyncGroup; a leader assigns to each member its name as bytes. */
  sync(over: Partial<{ generation: number; assign: boolean; instance: string | null }> = {}): void {
    this.synced = null;
    const { generation = this.generation, assign = true } = over;
    const members = assign ? (this.joined?.members ?? []) : [];
    const body = {
      ...defaults(syncGroupRequest),
      groupId: this.request.groupId,
      memberId: this.memberId,
      generationId: generation,
      groupInstanceId: over.instance ?? this.request.groupInstanceId,
      protocolType: 'consumer',
      protocolName: this.joined?.protocolName ?? 'range',
      assignments: members.map(({ memberId }) => ({
        memberId,
        assignment: encodeUtf8(`${generation}:${memberId}`),
      })),
    };
    this.#client.send(this.#broker, syncGroup, body, (reply) => {
      if (!reply.ok) throw new Error(reply.reason);
      this.synced = reply.body as SyncGroupResponse;
    });
  }

  syncOnce(over: Partial<{ generation: number; instance: string | null }> = {}): SyncGroupResponse {
    this.sync(over);
    this.#rig.cluster.until(`${this.name} is answered`, () => this.synced !== null, 60);
    return this.synced!;
  }

  get assignment(): string {
    return decodeUtf8(this.synced?.assignment ?? new Uint8Array(0));
  }

  beat(over: Partial<{ generation: number; memberId: string; instance: string | null }> = {}) {
    const { generation = this.generation, memberId = this.memberId } = over;
    const groupInstanceId = over.instance ?? this.request.groupInstanceId;
    const { groupId } = this.request;
    const body = { groupId, memberId, generationId: generation, groupInstanceId };
    return this.#client.ask(this.#broker, heartbeat, body).errorCode;
  }

  leave(): number {
    return this.leaveAs(this.memberId);
  }

  /** Takes a member out; while its own JoinGroup waits its connection is busy. */
  leaveAs(memberId: string): number {
    const { groupId, groupInstanceId } = this.request;
    const members = [{ memberId, groupInstanceId, reason: null }];
    const body = { ...defaults(leaveGroupRequest), groupId, members };
    const answer = this.#client.ask(this.#broker, leaveGroup, body);
    return answer.members[0]?.errorCode ?? answer.errorCode;
  }

  commit(offset: number, over: Partial<{ generation: number; partition: number }> = {}): number {
    const { generation = this.generation, partition = 0 } = over;
    const { memberId } = this;
    const { groupId, groupInstanceId: instance } = this.request;
    return this.#rig.commitOnce(offset, { generation, memberId, instance, groupId, partition });
  }
}
