/**
 * What a consumer does with its partitions as its group rebalances: commits and gives up before it
 * joins, shares out if it leads, takes over what it gets, and tells the application.
 *
 * With the eager protocol everything is given up before each join; with the cooperative one only
 * what the new assignment lacks, after which the member joins once more (KIP-429).
 * Source: `ConsumerCoordinator`. Not here: requests (`group-membership.ts`, `offset-commits.ts`).
 */
import { assert, present } from '../../../../kernel/assert.ts';
import type { Ports } from '../../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../../kernel/units.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../../wire/kafka/consumer-protocol.ts';
import { ErrorCode } from '../../../../wire/kafka/errors.ts';
import type {
  JoinGroupRequest,
  JoinGroupResponse,
} from '../../../../wire/kafka/messages/join-group.ts';
import type { ClientMetadata } from '../../metadata.ts';
import {
  byText,
  type MemberSubscription,
  type PartitionAssignor,
  type RebalanceProtocol,
} from '../assignor/partition-assignor.ts';
import { byTopic } from '../assignor/sticky-assignor.ts';
import type { CommittedPosition } from '../committed-positions.ts';
import {
  type SubscriptionState,
  type TopicPartition,
  topicPartitionText,
} from '../subscription-state.ts';
import type { LookupOwner } from './coordinator-lookup.ts';
import { assignorsOf, type GroupConsumerConfig } from './group-config.ts';
import { assignedTrace, lostTrace, revokedTrace } from './group-consumer-trace.ts';
import type { ConsumerMembershipDelegate } from './consumer-membership.ts';
import type { Assignments, MembershipDelegate } from './group-membership.ts';
import type { Generation, Membership } from './membership.ts';
import type { CommitError, OffsetCommits } from './offset-commits.ts';

/**
 * What the application hears of its partitions, while it polls. A commit that is started in
 * `onPartitionsRevoked` reaches the coordinator before the member joins again.
 */
export interface RebalanceListener {
  onPartitionsRevoked?(partitions: readonly TopicPartition[]): void;
  onPartitionsAssigned?(partitions: readonly TopicPartition[]): void;
  /** Others may have them already. Without it, `onPartitionsRevoked` is called. */
  onPartitionsLost?(partitions: readonly TopicPartition[]): void;
}

/** An automatic commit before a join. */
interface PrepareCommit {
  readonly until: Micros;
  state: 'sent' | 'done' | CommitError;
}

interface PendingLead {
  readonly response: JoinGroupResponse;
  readonly done: (assignments: Assignments) => void;
}

export class ConsumerCoordinator implements MembershipDelegate, ConsumerMembershipDelegate {
  private readonly ports: Ports;
  private readonly config: GroupConsumerConfig;
  private readonly metadata: ClientMetadata;
  private readonly subscriptions: SubscriptionState;
  private readonly listener: RebalanceListener;
  private readonly owner: LookupOwner;
  private readonly autoCommits: boolean;
  private readonly assignors: readonly PartitionAssignor[];
  readonly protocol: RebalanceProtocol;
  private membership!: Membership;
  private commits!: OffsetCommits;
  private topics: readonly string[] = [];
  private joinedTopics: string | null = null;
  private prepareCommit: PrepareCommit | null = null;
  private pendingLead: PendingLead | null = null;
  /** The numbers of partitions by which this member shared out; null unless it leads. */
  private assignedBy: { readonly topics: readonly string[]; readonly counts: string } | null = null;
  private nextAutoCommitAt: Micros = micros(0);

  constructor(
    ports: Ports,
    config: GroupConsumerConfig,
    metadata: ClientMetadata,
    subscriptions: SubscriptionState,
    options: { readonly listener: RebalanceListener; readonly autoCommits: boolean },
    owner: LookupOwner,
  ) {
    this.ports = ports;
    this.config = config;
    this.metadata = metadata;
    this.subscriptions = subscriptions;
    this.listener = options.listener;
    this.autoCommits = options.autoCommits;
    this.owner = owner;
    this.assignors = assignorsOf(config['partition.assignment.strategy']);
    const cooperative = this.assignors.every(({ protocol }) => protocol === 'COOPERATIVE');
    // With the consumer protocol only what moves is given up, whatever it is called.
    const incremental = config['group.protocol'] === 'consumer';
    this.protocol = cooperative || incremental ? 'COOPERATIVE' : 'EAGER';
  }

  /** The other two need this one first. */
  connect(membership: Membership, commits: OffsetCommits): void {
    this.membership = membership;
    this.commits = commits;
  }

  subscribe(topics: readonly string[]): void {
    assert(new Set(topics).size === topics.length, 'each topic once', { topics });
    this.topics = topics.toSorted(byText);
    for (const topic of topics) this.metadata.add(topic);
  }

  /** The application polls. Source: `ConsumerCoordinator.poll`. */
  poll(): void {
    this.commits.flush();
    this.noticeChanges();
    this.membership.poll();
    if (this.autoCommits) this.autoCommit();
  }

  /** A leader waits for the metadata of topics that only others are subscribed to. */
  metadataChanged(): void {
    if (this.pendingLead !== null) this.shareOut();
  }

  /** Positions that may be committed: those that are known to be good. */
  allConsumed(): CommittedPosition[] {
    return this.subscriptions.all().flatMap((state) => {
      if (state.position === null || state.fetchState !== 'FETCHING') return [];
      const { topic, partition, position } = state;
      return [{ topic, partition, offset: position.offset, leaderEpoch: position.offsetEpoch }];
    });
  }

  private noticeChanges(): void {
    const { assignedBy } = this;
    if (assignedBy !== null && this.countsText(assignedBy.topics) !== assignedBy.counts) {
      this.membership.requestRejoin('cached metadata has changed');
    }
    if (this.joinedTopics !== null && this.joinedTopics !== this.topics.join(' ')) {
      this.membership.requestRejoin('subscription has changed');
    }
  }

  private autoCommit(): void {
    const now = this.ports.clock.now();
    if (!this.membership.canCommit) return;
    if (now >= this.nextAutoCommitAt) {
      this.resetAutoCommit(this.config['auto.commit.interval.ms']);
      this.commits.commitAsync(this.allConsumed(), (error) => {
        if (error?.retriable === true) this.resetAutoCommit(this.config['retry.backoff.ms']);
      });
    }
    this.owner.wakeAt(this.nextAutoCommitAt);
  }

  private resetAutoCommit(afterMs: number): void {
    this.nextAutoCommitAt = micros(this.ports.clock.now() + microsOfMillis(Math.max(1, afterMs)));
  }

  // ------------------------------------------------------------------------------- before a join

  /** Source: `onJoinPrepare`. */
  prepareJoin(generation: Generation): boolean {
    // With EAGER, nothing may be read any more that the commit would not cover.
    const rests = this.protocol === 'EAGER' ? this.owned() : [];
    if (this.autoCommits && !this.committedBefore(rests)) return false;
    this.prepareCommit = null;
    const owned = this.owned();
    if (generation.id < 0 || generation.memberId === '') {
      this.lose(owned);
    } else if (this.protocol === 'EAGER') {
      this.revoke(owned);
      this.subscriptions.assign([]);
    } else {
      const kept = owned.filter(({ topic }) => this.topics.includes(topic));
      const dropped = owned.filter(({ topic }) => !this.topics.includes(topic));
      if (dropped.length > 0) {
        this.revoke(dropped);
        this.subscriptions.assign(kept);
      }
    }
    this.assignedBy = null;
    this.pendingLead = null;
    return true;
  }

  owned(): TopicPartition[] {
    return this.subscriptions.all().map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Waits for the answer, but not longer than the others wait for this member. */
  private committedBefore(rests: readonly TopicPartition[]): boolean {
    const now = this.ports.clock.now();
    const limit = microsOfMillis(this.config['max.poll.interval.ms']);
    const before = this.prepareCommit;
    const prepare = before ?? { until: micros(now + limit), state: 'done' as const };
    this.prepareCommit = prepare;
    if (before === null) {
      for (const one of rests) {
        const state = this.subscriptions.of(one);
        if (state !== null) state.pendingRevocation = true;
      }
      this.commitBefore(prepare);
    }
    if (prepare.state === 'done' || now >= prepare.until) return true;
    if (prepare.state !== 'sent' && !prepare.state.retriable) return true;
    if (prepare.state !== 'sent') {
      const wait = microsOfMillis(this.config['retry.backoff.ms']);
      this.ports.clock.after(wait, 'retry.backoff.ms', () => {
        if (this.prepareCommit !== prepare) return;
        this.commitBefore(prepare);
        this.owner.changed();
      });
      prepare.state = 'sent';
    }
    this.owner.wakeAt(prepare.until);
    return false;
  }

  private commitBefore(prepare: PrepareCommit): void {
    prepare.state = 'sent';
    this.commits.commitAsync(this.allConsumed(), (error) => {
      prepare.state = error ?? 'done';
      this.owner.changed();
    });
  }

  protocols(): JoinGroupRequest['protocols'] {
    const { id } = this.membership.generation;
    this.joinedTopics = this.topics.join(' ');
    const ownedPartitions = byTopic(this.owned());
    const rackId = this.config['client.rack'] === '' ? null : this.config['client.rack'];
    const subscription = { topics: this.topics, ownedPartitions, generationId: id, rackId };
    return this.assignors.map((assignor) => ({
      name: assignor.name,
      metadata: encodeSubscription({ ...subscription, userData: assignor.userData() }),
    }));
  }

  // --------------------------------------------------------------------------------------- lead

  /** Source: `onLeaderElected`. */
  lead(response: JoinGroupResponse, done: (assignments: Assignments) => void): void {
    this.pendingLead = { response, done };
    for (const topic of new Set(this.membersOf(response).flatMap((member) => member.topics))) {
      this.metadata.add(topic);
    }
    this.shareOut();
  }

  private membersOf({ members }: JoinGroupResponse): MemberSubscription[] {
    return members.flatMap(({ memberId, groupInstanceId, metadata }) => {
      const told = decodeSubscription(metadata);
      if (told === null) return [];
      const ownedPartitions = told.ownedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      const { topics, generationId, userData } = told;
      return [{ memberId, groupInstanceId, topics, ownedPartitions, generationId, userData }];
    });
  }

  private shareOut(): void {
    const { response, done } = present(this.pendingLead, 'a join to lead');
    const members = this.membersOf(response);
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort(byText);
    if (!topics.every((topic) => this.isAnswered(topic))) return;
    this.pendingLead = null;
    this.assignedBy = { topics, counts: this.countsText(topics) };
    if (response.skipAssignment) {
      done([]);
      return;
    }
    const assignor = this.assignors.find(({ name }) => name === response.protocolName);
    assert(assignor !== undefined, 'an assignor of ours', { protocol: response.protocolName });
    const counts = new Map(
      topics.flatMap((topic) => {
        const count = this.metadata.partitions(topic)?.length ?? 0;
        return count === 0 ? [] : [[topic, count] as const];
      }),
    );
    const assignment = assignor.assign(counts, members);
    const names = [...assignment.values()].flat().map(topicPartitionText);
    assert(new Set(names).size === names.length, 'K31: a partition goes to one member', { names });
    done(
      [...assignment].map(([memberId, partitions]) => ({
        memberId,
        assignment: encodeAssignment({
          assignedPartitions: byTopic(partitions),
          userData: null,
        }),
      })),
    );
  }

  /** Whether the brokers have said how many partitions there are, or that there is no topic. */
  private isAnswered(topic: string): boolean {
    return (
      this.metadata.partitions(topic) !== null || this.metadata.topicError(topic) !== ErrorCode.NONE
    );
  }

  private countsText(topics: readonly string[]): string {
    return topics.map((topic) => this.metadata.partitions(topic)?.length ?? 0).join(' ');
  }

  // ------------------------------------------------------------------------------- after a join

  /** Source: `onJoinComplete`. */
  completeJoin(generation: Generation, bytes: Uint8Array): void {
    const told = decodeAssignment(bytes);
    assert(told !== null, 'an assignment', { bytes: bytes.length });
    const assigned = told.assignedPartitions
      .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
      .sort((a, b) => byText(a.topic, b.topic) || a.partition - b.partition);
    if (!assigned.every(({ topic }) => this.topics.includes(topic))) {
      this.membership.requestRejoin('received assignment does not match the current subscription');
      return;
    }
    const owned = new Set(this.owned().map(topicPartitionText));
    const added = assigned.filter((one) => !owned.has(topicPartitionText(one)));
    if (this.protocol === 'COOPERATIVE') {
      const wanted = new Set(assigned.map(topicPartitionText));
      const revoked = this.owned().filter((one) => !wanted.has(topicPartitionText(one)));
      if (revoked.length > 0) {
        this.revoke(revoked);
        this.membership.requestRejoin('need to revoke partitions and re-join');
      }
    }
    const assignor = this.assignors.find(({ name }) => name === generation.protocolName);
    assignor?.onAssignment(assigned, generation.id);
    this.resetAutoCommit(this.config['auto.commit.interval.ms']);
    this.subscriptions.assign(assigned);
    this.record(assignedTrace, { added: textOf(added), partitions: textOf(assigned) });
    this.listener.onPartitionsAssigned?.(added);
  }

  // ------------------------------------------------------------------------- consumer protocol

  /** As this member tells them to the coordinator now. */
  subscribedTopics(): readonly string[] {
    return this.topics;
  }

  /** Source: `ConsumerMembershipManager.maybeReconcile`. */
  takeOver(generation: Generation, granted: readonly TopicPartition[]): boolean {
    const wanted = new Set(granted.map(topicPartitionText));
    const owned = this.owned();
    const had = new Set(owned.map(topicPartitionText));
    const revoked = owned.filter((one) => !wanted.has(topicPartitionText(one)));
    if (revoked.length > 0) {
      if (this.autoCommits && !this.committedBefore(revoked)) return false;
      this.prepareCommit = null;
      this.revoke(revoked);
    }
    const added = granted.filter((one) => !had.has(topicPartitionText(one)));
    assert(generation.id > 0, 'a member epoch', { epoch: generation.id });
    if (had.size === 0) this.resetAutoCommit(this.config['auto.commit.interval.ms']);
    this.subscriptions.assign(granted);
    this.record(assignedTrace, { added: textOf(added), partitions: textOf(granted) });
    this.listener.onPartitionsAssigned?.(added);
    return true;
  }

  loseAll(): void {
    this.prepareCommit = null;
    this.lose(this.owned());
  }

  // ------------------------------------------------------------------------------ the application

  /** Source: `onLeavePrepare`. */
  prepareLeave(): void {
    const owned = this.owned();
    if (owned.length === 0) return;
    const { generation, rebalanceInProgress } = this.membership;
    if (generation.id < 0 || rebalanceInProgress) {
      this.lose(owned);
    } else {
      this.revoke(owned);
      this.subscriptions.assign([]);
    }
  }

  private revoke(partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) return;
    this.record(revokedTrace, { partitions: textOf(partitions) });
    this.listener.onPartitionsRevoked?.(partitions);
  }

  private lose(partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) return;
    this.record(lostTrace, { partitions: textOf(partitions) });
    const { listener } = this;
    if (listener.onPartitionsLost !== undefined) listener.onPartitionsLost(partitions);
    else listener.onPartitionsRevoked?.(partitions);
    this.subscriptions.assign([]);
  }

  private record(kind: Parameters<Ports['trace']['record']>[0], data: object): void {
    if (!this.ports.trace.on) return;
    const { id: generation, memberId: member } = this.membership.generation;
    const who = { group: this.config['group.id'], member };
    const what = kind === lostTrace ? data : { generation, ...data };
    this.ports.trace.record(kind, { ...who, ...what } as never);
  }
}

function textOf(partitions: readonly TopicPartition[]): string {
  return partitions.map(topicPartitionText).join(' ');
}
