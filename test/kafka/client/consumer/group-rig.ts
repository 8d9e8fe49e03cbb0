/**
 * A cluster with a group coordinator, a topic with records, and members of a group that tell what
 * happened to them: for tests of the group consumer.
 */
import { decodeUtf8 } from '#engine/bytes/utf8.ts';
import type { ConsumerRecord } from '#engine/kafka/client/consumer/completed-fetch.ts';
import {
  createGroupConsumer,
  type GroupConsumer,
  type GroupConsumerOptions,
} from '#engine/kafka/client/consumer/group/group-consumer.ts';
import type { GroupConsumerView } from '#engine/kafka/client/consumer/group/member-view.ts';
import {
  type TopicPartition,
  topicPartitionText,
} from '#engine/kafka/client/consumer/subscription-state.ts';
import type { GroupCoordinatorView, GroupView } from '#engine/kafka/group/group-view.ts';
import { consumerProtocol } from '#engine/kafka/group/consumer/consumer-group-handlers.ts';
import { groupCoordinator } from '#engine/kafka/group/group-coordinator.ts';
import { Cluster, type ClusterOptions } from '../../cluster.ts';

type Settings = Readonly<Record<string, string>>;

export const BROKER_SETTINGS = {
  'group.initial.rebalance.delay.ms': '500',
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
} as const;

/** What happened to a member, in order: `assigned pay-0 pay-1`. */
export class Member {
  readonly name: string;
  readonly log: string[] = [];
  readonly delivered: string[] = [];
  readonly processed: string[] = [];
  readonly errors: string[] = [];
  readonly host;
  readonly #rig: GroupRig;

  constructor(
    rig: GroupRig,
    name: string,
    settings: Settings,
    over: Partial<GroupConsumerOptions>,
  ) {
    this.#rig = rig;
    this.name = name;
    const { bootstrap, profile } = rig.cluster;
    const note = (what: string) => (partitions: readonly TopicPartition[]) => {
      this.log.push(`${what} ${partitions.map(topicPartitionText).join(' ')}`.trim());
    };
    const options: GroupConsumerOptions = {
      ...{ bootstrap, profile, topics: ['pay'] },
      settings: {
        'group.id': 'g',
        'client.id': name,
        'auto.offset.reset': 'earliest',
        ...settings,
      },
      onRecords: (records) => {
        this.delivered.push(...records.map(textOf));
      },
      onProcessed: (record) => {
        this.processed.push(textOf(record));
      },
      onError: ({ reason }) => {
        this.errors.push(reason);
      },
      listener: {
        onPartitionsAssigned: note('assigned'),
        onPartitionsRevoked: note('revoked'),
        onPartitionsLost: note('lost'),
      },
      ...over,
    };
    this.host = rig.cluster.world.addHost(name, createGroupConsumer(options));
    this.host.start();
  }

  get consumer(): GroupConsumer {
    return this.host.process as GroupConsumer;
  }

  get view(): GroupConsumerView {
    return this.consumer.inspect();
  }

  get owned(): string {
    return this.host.process === null
      ? ''
      : this.consumer.assignment().map(topicPartitionText).join(' ');
  }

  get isStable(): boolean {
    return this.host.process !== null && this.view.memberState === 'STABLE' && !this.view.rejoins;
  }

  command(label: string, run: (consumer: GroupConsumer) => void): void {
    this.#rig.cluster.world.command(this.name, label, () => run(this.consumer));
    this.#rig.cluster.sleep(0.001);
  }
}

function textOf({ value }: ConsumerRecord): string {
  return value === null ? '' : decodeUtf8(value);
}

export class GroupRig {
  readonly cluster: Cluster;
  readonly members: Member[] = [];

  constructor(partitions: number, options: ClusterOptions = {}) {
    const settings = { ...BROKER_SETTINGS, ...options.settings };
    this.cluster = new Cluster({
      brokers: 1,
      ...options,
      modules: [groupCoordinator(consumerProtocol)],
      settings,
    });
    this.cluster.running();
    const brokers = this.cluster.brokerIds;
    const assignments = Array.from({ length: partitions }, () => [...brokers]);
    const replicationFactor = brokers.length;
    const topic = { name: 'pay', numPartitions: partitions, replicationFactor };
    this.cluster.createTopic({ ...topic, assignments });
  }

  /** `count` records to each partition: `p0-0`, `p0-1`, ... */
  fill(count: number, partitions: number, from = 0): string[] {
    const producer = this.cluster.producer();
    const values: string[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      for (let n = from; n < from + count; n++) {
        values.push(`p${partition}-${n}`);
        producer.send(`p${partition}-${n}`, 'pay', partition);
      }
    }
    this.cluster.until('all are acked', () => producer.acked.length === values.length);
    return values;
  }

  member(name: string, settings: Settings = {}, over: Partial<GroupConsumerOptions> = {}): Member {
    const member = new Member(this, name, settings, over);
    this.members.push(member);
    this.cluster.until(`${name} has started`, () => member.host.process !== null);
    return member;
  }

  /** These members are in one generation, and nobody is about to join again. */
  stable(members: readonly Member[], seconds = 60): void {
    this.cluster.until(
      `${members.map(({ name }) => name).join(', ')} are stable`,
      () =>
        members.every((member) => member.isStable) &&
        new Set(members.map(({ view }) => view.generation)).size === 1,
      seconds,
    );
    // A rebalance that is about to begin is over, too.
    this.cluster.sleep(0.1);
  }

  /** The group as its coordinator, broker 1, sees it. */
  get group(): GroupView | undefined {
    const view = this.cluster.broker(1)?.modules[0]?.inspect?.() as GroupCoordinatorView;
    return view.groups.find(({ groupId }) => groupId === 'g');
  }

  /** The last committed offset of each partition. */
  get committed(): Record<string, number> {
    const view = this.cluster.broker(1)?.modules[0]?.inspect?.() as GroupCoordinatorView;
    const offsets = [...view.groups, ...view.consumerGroups].flatMap((group) => group.offsets);
    return Object.fromEntries(offsets.map((one) => [topicPartitionText(one), one.offset]));
  }
}
