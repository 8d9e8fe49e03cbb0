/**
 * The lab's handle on consumer groups: `groupCoordination` goes into a cluster's `modules`, a
 * `ConsumerGroup` adds applications that subscribe, and tells who owns what, how far the group is
 * behind, and what was processed twice.
 *
 *     const cluster = new KafkaCluster(lab, { brokers: 3, modules: groupCoordination });
 *     const group = new ConsumerGroup(lab, cluster, { group: 'billing', topics: ['pay'] });
 *     group.addMember('billing-1', { processingMs: 200, commit: 'after-processing' });
 *
 * A record is told to the history as delivered when its application has processed it, so that the
 * history shows what took effect twice or never. Not here: members (`kafka/client/consumer/group`),
 * the coordinator (`kafka/group`).
 */
import { assert } from '../kernel/assert.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import type { CommitMode } from '../kafka/client/consumer/consumer.ts';
import {
  createGroupConsumer,
  type GroupConsumer,
} from '../kafka/client/consumer/group/group-consumer.ts';
import { groupConsumerNarration } from '../kafka/client/consumer/group/group-consumer-narration.ts';
import type { GroupConsumerView } from '../kafka/client/consumer/group/member-view.ts';
import {
  type TopicPartition,
  topicPartitionText,
} from '../kafka/client/consumer/subscription-state.ts';
import { groupCoordinator } from '../kafka/group/group-coordinator.ts';
import { groupNarration } from '../kafka/group/group-trace.ts';
import type { ConsumerGroupView, GroupView } from '../kafka/group/group-view.ts';
import { beyondThePromise } from './check/kafka.ts';
import { watchGroups } from './check/kafka/group-watch.ts';
import { OwnershipCheck } from './check/kafka/ownership-check.ts';
import { passedOver } from './check/kafka/processed-check.ts';
import type { Lab } from './experiment.ts';
import type { KafkaCluster } from './kafka.ts';
import { groupNamed } from './kafka-state.ts';

/** A group coordinator on every broker. For KIP-848: `kafka-consumer-protocol.ts`. */
export const groupCoordination: readonly BrokerModuleFactory[] = [groupCoordinator()];

export interface GroupSpec {
  readonly group: string;
  readonly topics: readonly string[];
  /** For every member, by their real names. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface MemberSpec {
  /** Over the group's. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Virtual milliseconds that the application takes for a record; 0 by default. */
  readonly processingMs?: number;
  /** By default `auto` with `enable.auto.commit`, else `manual`. */
  readonly commit?: CommitMode;
}

/** What a member was given in a generation. Microseconds of virtual time. */
export interface Ownership {
  readonly generation: number;
  readonly member: string;
  /** `pay-0`. */
  readonly partitions: readonly string[];
  readonly at: number;
}

/** What a member had and has no more: given up in time, or lost without being asked. */
export interface Handover {
  readonly member: string;
  readonly partitions: readonly string[];
  readonly lost: boolean;
  readonly at: number;
}

/** How far a group is with a partition. */
export interface PartitionLag {
  readonly partition: string;
  /** 0 where nothing was committed. */
  readonly committed: number;
  readonly highWatermark: number;
  readonly lag: number;
}

/** Sentences about groups and their members. */
export function narrateGroups(lab: Lab): void {
  lab.narrateWith(groupNarration);
  lab.narrateWith(groupConsumerNarration);
}

export class ConsumerGroup {
  readonly name: string;
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #spec: GroupSpec;
  readonly #members: string[] = [];
  readonly #ownerships: Ownership[] = [];
  readonly #handovers: Handover[] = [];
  readonly #processed = new Map<string, string[]>();
  readonly #errors = new Map<string, string[]>();
  /** Whether every member commits only what it has processed, from the first record on. */
  #isAtLeastOnce = true;

  constructor(lab: Lab, cluster: KafkaCluster, spec: GroupSpec) {
    assert(spec.topics.length > 0, 'something to consume', { group: spec.group });
    this.name = spec.group;
    this.#lab = lab;
    this.#cluster = cluster;
    this.#spec = spec;
    narrateGroups(lab);
    watchGroups(lab, cluster);
    const check = new OwnershipCheck();
    lab.invariant('K31', 'always', (host) =>
      host === null || !this.#members.includes(host) ? null : check.defect(this.views()),
    );
    lab.invariant('K34', 'promise', () => {
      if (lab.history.final === null || !this.#isAtLeastOnce) return null;
      if (beyondThePromise(lab).length > 0) return null;
      return passedOver(lab.history, this.#members, this.coordinated?.offsets ?? []);
    });
  }

  /** Adds an application with one consumer, which starts at once. */
  addMember(name: string, spec: MemberSpec = {}): void {
    assert(!this.#members.includes(name), 'a member is added once', { name });
    this.#members.push(name);
    const { commit } = spec;
    const given = { 'client.id': name, 'group.id': this.name, 'auto.offset.reset': 'earliest' };
    const settings: Record<string, string> = {
      ...given,
      ...this.#spec.settings,
      ...spec.settings,
    };
    const readsAll =
      settings['auto.offset.reset'] === 'earliest' &&
      settings['isolation.level'] !== 'read_committed';
    const commitsLate = commit === 'after-processing' || commit === 'auto';
    this.#isAtLeastOnce &&= readsAll && commitsLate;
    this.#cluster.addApplication(name, (clients) =>
      createGroupConsumer({
        ...clients,
        settings,
        topics: this.#spec.topics,
        ...(commit === undefined ? {} : { commit }),
        processingMicrosPerRecord: (spec.processingMs ?? 0) * 1_000,
        onProcessed: (record) => {
          note(this.#processed, name, topicPartitionText(record));
          this.#cluster.noteDelivery(name, record);
        },
        onError: ({ reason }) => note(this.#errors, name, reason),
        listener: {
          onPartitionsAssigned: () => this.#assigned(name),
          onPartitionsRevoked: (partitions) => this.#handedOver(name, partitions, false),
          onPartitionsLost: (partitions) => this.#handedOver(name, partitions, true),
        },
      }),
    );
  }

  // ------------------------------------------------------------------------------------ commands

  /** From the next record on the application takes so long for each. */
  setProcessingMs(member: string, processingMs: number): void {
    this.#command(member, `takes ${processingMs} ms for a record`, (consumer) =>
      consumer.setProcessingMicros(processingMs * 1_000),
    );
  }

  /** Closes a member: it commits if commits are automatic, and leaves unless it is static. */
  close(member: string): void {
    this.#command(member, 'close', (consumer) => consumer.stop());
  }

  subscribe(member: string, topics: readonly string[]): void {
    this.#command(member, `subscribe ${topics.join(', ')}`, (consumer) =>
      consumer.subscribe(topics),
    );
  }

  /** Commits what polls have returned so far: for members whose commits are manual. */
  commit(member: string): void {
    this.#command(member, 'commit', (consumer) => consumer.commitSync(() => undefined));
  }

  #command(member: string, label: string, run: (consumer: GroupConsumer) => void): void {
    assert(this.#members.includes(member), 'a member', { member });
    this.#lab.command<GroupConsumer>(member, label, run);
  }

  // ----------------------------------------------------------------------------------- the state

  /** A member as it sees itself; null while it is down. */
  member(name: string): GroupConsumerView | null {
    return (this.#lab.host(name).process as GroupConsumer | null)?.inspect() ?? null;
  }

  /** Every member that runs, by name. */
  views(): ReadonlyMap<string, GroupConsumerView> {
    return new Map(
      this.#members.flatMap((name) => {
        const view = this.member(name);
        return view === null ? [] : [[name, view] as const];
      }),
    );
  }

  /** The group as its coordinator sees it; null while no broker coordinates it. */
  get coordinated(): GroupView | ConsumerGroupView | null {
    return groupNamed(this.#lab, this.#cluster, this.name);
  }

  /** These members (by default all that run) are in one generation and none is to join again. */
  isStable(members: readonly string[] = [...this.views().keys()]): boolean {
    const views = members.map((name) => this.member(name));
    const generations = new Set(views.map((view) => view?.generation ?? -1));
    const settled = views.every((view) => view?.memberState === 'STABLE' && !view.rejoins);
    return settled && generations.size === 1;
  }

  /** Whether a member has processed what its poll returned and its commit is not answered yet. */
  awaitsCommit(member: string): boolean {
    return this.member(member)?.application === 'committing';
  }

  /** The member that owns a partition, of those that are in the newest generation; or null. */
  ownerOf(partition: TopicPartition): string | null {
    const name = topicPartitionText(partition);
    let owner: string | null = null;
    let newest = -1;
    for (const [member, view] of this.views()) {
      const owns = view.partitions.some((one) => one.partition === name);
      if (!owns || view.generation <= newest) continue;
      newest = view.generation;
      owner = member;
    }
    return owner;
  }

  /** Who got what in which generation, in the order of time. */
  get ownerships(): readonly Ownership[] {
    return this.#ownerships;
  }

  get handovers(): readonly Handover[] {
    return this.#handovers;
  }

  /** The partitions of the records that a member has processed, in order. */
  processedBy(member: string): readonly string[] {
    return this.#processed.get(member) ?? [];
  }

  /** What a member's application was told went wrong, by the names of the Java exceptions. */
  errorsOf(member: string): readonly string[] {
    return this.#errors.get(member) ?? [];
  }

  /** Records that took effect more than once: their ids, with how often. */
  get doubled(): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const { id, consumer } of this.#lab.history.delivered) {
      if (this.#members.includes(consumer)) times.set(id, (times.get(id) ?? 0) + 1);
    }
    return new Map([...times].filter(([, count]) => count > 1));
  }

  /** How far the group is behind, partition by partition, as its coordinator and leaders see it. */
  lag(topic: string, partitions: number): readonly PartitionLag[] {
    const offsets = this.coordinated?.offsets ?? [];
    return Array.from({ length: partitions }, (_, partition) => {
      const at = offsets.find((one) => one.topic === topic && one.partition === partition);
      const leader = this.#cluster.leaderOf(topic, partition);
      const replica = leader === null ? null : this.#cluster.replica(leader, topic, partition);
      const committed = at?.offset ?? 0;
      const highWatermark = replica?.hw ?? committed;
      const lag = Math.max(0, highWatermark - committed);
      return { partition: topicPartitionText({ topic, partition }), committed, highWatermark, lag };
    });
  }

  // ------------------------------------------------------------------------------------- history

  #assigned(member: string): void {
    const view = this.member(member);
    assert(view !== null, 'a member that was assigned runs', { member });
    const partitions = view.partitions.map(({ partition }) => partition);
    const { generation } = view;
    this.#ownerships.push({ generation, member, partitions, at: this.#lab.now });
  }

  #handedOver(member: string, partitions: readonly TopicPartition[], lost: boolean): void {
    const names = partitions.map(topicPartitionText);
    this.#handovers.push({ member, partitions: names, lost, at: this.#lab.now });
  }
}

function note(lists: Map<string, string[]>, name: string, what: string): void {
  lists.set(name, [...(lists.get(name) ?? []), what]);
}
