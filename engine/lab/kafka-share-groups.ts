/**
 * The lab's handle on share groups (KIP-932): `shareGroupCoordination` goes into a cluster's
 * `modules`, a `ShareGroup` adds applications that share the records of its topics, and tells who
 * was given what, how often, and what was accepted.
 *
 *     const cluster = new KafkaCluster(lab, { brokers: 3, modules: shareGroupCoordination });
 *     const group = new ShareGroup(lab, cluster, { group: 'packing', topics: ['orders'] });
 *     group.addMember('packer-1', { processingMs: 200 });
 *
 * A record is told to the history as delivered when its application has processed it. Not here:
 * members (`kafka/client/share-consumer`), the coordinators and the leaders (`kafka/group/share`,
 * `kafka/share`), what must hold (`check/kafka/share-check.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { administration } from '../kafka/api/administration.ts';
import type { Broker } from '../kafka/broker.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import type { Admin } from '../kafka/client/admin.ts';
import { incrementalAlterConfigs } from '../kafka/client/administration.ts';
import { groupConsumerNarration } from '../kafka/client/consumer/group/group-consumer-narration.ts';
import { topicPartitionText } from '../kafka/client/consumer/subscription-state.ts';
import type { AcknowledgeType } from '../kafka/client/share-consumer/acknowledgements.ts';
import {
  createShareConsumer,
  type ShareConsumer,
  type ShareConsumerView,
} from '../kafka/client/share-consumer/share-consumer.ts';
import type { Acknowledged, ShareRecord } from '../kafka/client/share-consumer/share-fetcher.ts';
import { groupCoordinator } from '../kafka/group/group-coordinator.ts';
import { shareProtocol } from '../kafka/group/share/share-group-handlers.ts';
import type { GroupCoordinatorView, ShareGroupView } from '../kafka/group/group-view.ts';
import {
  shareGroups,
  type ShareModuleView,
  type SharePartitionView,
} from '../kafka/share/share-module.ts';
import { shareGroupNarration } from '../kafka/share/share-trace.ts';
import { ShareCheck } from './check/kafka/share-check.ts';
import type { Lab } from './experiment.ts';
import type { KafkaCluster } from './kafka.ts';

/**
 * Coordinators of classic groups and share groups, and share-partitions, on every broker; and what
 * sets a group's configurations.
 */
export const shareGroupCoordination: readonly BrokerModuleFactory[] = [
  groupCoordinator(null, shareProtocol),
  shareGroups,
  administration,
];

export interface ShareGroupSpec {
  readonly group: string;
  readonly topics: readonly string[];
  /** For every member, by their real names. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface ShareMemberSpec {
  /** Over the group's. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Virtual milliseconds that the application takes for a record; 0 by default. */
  readonly processingMs?: number;
  /** What the application makes of a record; by default it accepts all. */
  readonly decide?: (record: ShareRecord) => AcknowledgeType;
}

/** A record that was given to a member. Microseconds of virtual time. */
export interface ShareDelivery {
  readonly member: string;
  /** `orders-0`. */
  readonly partition: string;
  readonly offset: number;
  readonly deliveryCount: number;
  readonly at: number;
}

export class ShareGroup {
  readonly name: string;
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #spec: ShareGroupSpec;
  readonly #members: string[] = [];
  readonly #deliveries: ShareDelivery[] = [];
  readonly #accepted = new Set<string>();
  readonly #refused: string[] = [];
  readonly #check: ShareCheck;

  /** `deliveryCountMax` is the brokers' `group.share.delivery.count.limit`. */
  constructor(lab: Lab, cluster: KafkaCluster, spec: ShareGroupSpec, deliveryCountMax = 5) {
    assert(spec.topics.length > 0, 'something to consume', { group: spec.group });
    this.name = spec.group;
    this.#lab = lab;
    this.#cluster = cluster;
    this.#spec = spec;
    lab.narrateWith(shareGroupNarration);
    lab.narrateWith(groupConsumerNarration);
    this.#check = new ShareCheck(spec.group, deliveryCountMax);
    for (const id of ['K35', 'K36', 'K37'] as const) {
      lab.invariant(id, 'always', () => {
        this.#check.look(this.partitions);
        return this.#check.take(id);
      });
    }
  }

  /** Sets where the group begins, and the like, through the admin client of a topic. */
  configure(settings: Readonly<Record<string, string>>, topic = this.#spec.topics[0]): void {
    const label = `configure group ${this.name}`;
    this.#lab.command<Admin>(`admin-${topic}`, label, (admin) =>
      incrementalAlterConfigs(admin, { type: 'group', name: this.name }, settings, () => undefined),
    );
  }

  /** Adds an application with one share consumer, which starts at once. */
  addMember(name: string, spec: ShareMemberSpec = {}): void {
    assert(!this.#members.includes(name), 'a member is added once', { name });
    this.#members.push(name);
    const { decide } = spec;
    const explicit = decide === undefined ? 'implicit' : 'explicit';
    const settings: Record<string, string> = {
      'client.id': name,
      'group.id': this.name,
      'share.acknowledgement.mode': explicit,
      ...this.#spec.settings,
      ...spec.settings,
    };
    this.#cluster.addApplication(name, (clients) =>
      createShareConsumer({
        ...clients,
        settings,
        topics: this.#spec.topics,
        processingMicrosPerRecord: (spec.processingMs ?? 0) * 1_000,
        onRecords: (records) => this.#given(name, records),
        onProcessed: (record) => {
          this.#cluster.noteDelivery(name, record);
          return decide?.(record) ?? 'accept';
        },
        onAcknowledged: (result) => this.#acknowledged(result),
      }),
    );
  }

  // ------------------------------------------------------------------------------------ commands

  /** From the next record on the application takes so long for each. */
  setProcessingMs(member: string, processingMs: number): void {
    this.#lab.command<ShareConsumer>(member, `takes ${processingMs} ms for a record`, (consumer) =>
      consumer.setProcessingMicros(processingMs * 1_000),
    );
  }

  /** Closes a member: it acknowledges what it has processed, and leaves. */
  close(member: string): void {
    assert(this.#members.includes(member), 'a member', { member });
    this.#lab.command<ShareConsumer>(member, 'close', (consumer) => consumer.stop());
  }

  // ----------------------------------------------------------------------------------- the state

  /** A member as it sees itself; null while it is down. */
  member(name: string): ShareConsumerView | null {
    return (this.#lab.host(name).process as ShareConsumer | null)?.inspect() ?? null;
  }

  /** Every member that runs, by name. */
  views(): ReadonlyMap<string, ShareConsumerView> {
    return new Map(
      this.#members.flatMap((name) => {
        const view = this.member(name);
        return view === null ? [] : [[name, view] as const];
      }),
    );
  }

  /** The group as its coordinator sees it; null while no broker coordinates it. */
  get coordinated(): ShareGroupView | null {
    for (const view of this.#moduleViews()) {
      const { kind, shareGroups: groups } = view as Partial<GroupCoordinatorView>;
      if (kind !== 'group-coordinator') continue;
      const group = groups?.find(({ groupId }) => groupId === this.name);
      if (group !== undefined) return group;
    }
    return null;
  }

  /** The group's share-partitions on their leaders. */
  get partitions(): readonly SharePartitionView[] {
    return this.#moduleViews().flatMap((view) => {
      const { kind, partitions } = view as Partial<ShareModuleView>;
      if (kind !== 'share-groups' || partitions === undefined) return [];
      return partitions.filter(({ group }) => group === this.name);
    });
  }

  /** What the brokers' parts show; some have nothing to show. */
  #moduleViews(): object[] {
    return this.#cluster.nodeIds.flatMap((nodeId) => {
      const host = this.#lab.host(this.#cluster.brokerName(nodeId));
      const modules = (host.process as Broker | null)?.modules ?? [];
      return modules.flatMap((module) => module.inspect?.() ?? []);
    });
  }

  /** Every member (by default those that run) is in the group and has partitions. */
  isShared(members: readonly string[] = [...this.views().keys()]): boolean {
    const views = members.map((name) => this.member(name));
    return views.every((view) => view?.memberState === 'STABLE' && view.partitions.length > 0);
  }

  /** What members were given, in the order of time. */
  get deliveries(): readonly ShareDelivery[] {
    return this.#deliveries;
  }

  /** Members that were given something, by name. */
  get busyMembers(): ReadonlySet<string> {
    return new Set(this.#deliveries.map(({ member }) => member));
  }

  /** Records that were accepted, and the broker has said so: `orders-0@5`. */
  get accepted(): ReadonlySet<string> {
    return this.#accepted;
  }

  /** Why acknowledgements did not count, in the order of time. */
  get refused(): readonly string[] {
    return this.#refused;
  }

  // ------------------------------------------------------------------------------------- history

  #given(member: string, records: readonly ShareRecord[]): void {
    for (const record of records) {
      const { offset, deliveryCount } = record;
      const partition = topicPartitionText(record);
      this.#deliveries.push({ member, partition, offset, deliveryCount, at: this.#lab.now });
    }
  }

  #acknowledged(result: Acknowledged): void {
    const partition = topicPartitionText(result);
    if (result.errorCode !== 0) {
      this.#refused.push(`${partition} ${result.errorCode}`);
      return;
    }
    for (const offset of result.accepted) {
      this.#accepted.add(`${partition}@${offset}`);
      this.#check.accepted(partition, offset);
    }
  }
}
