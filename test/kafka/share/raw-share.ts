/** A cluster with share groups, and members that speak ShareFetch by hand, for tests. */
import { groupCoordinator } from '#engine/kafka/group/group-coordinator.ts';
import { shareProtocol } from '#engine/kafka/group/share/share-group-handlers.ts';
import {
  type InFlightView,
  shareGroups,
  type ShareModuleView,
  type SharePartitionView,
} from '#engine/kafka/share/share-module.ts';
import { incrementalAlterConfigs } from '#engine/wire/kafka/messages/incremental-alter-configs.ts';
import { shareAcknowledge } from '#engine/wire/kafka/messages/share-acknowledge.ts';
import { shareFetch } from '#engine/wire/kafka/messages/share-fetch.ts';
import { initializeShareGroupState } from '#engine/wire/kafka/messages/share-group-state.ts';
import { defaults, type DataOf } from '#engine/wire/kafka/schema.ts';
import { RawClient } from '../broker/raw-client.ts';
import { Cluster, type ClusterOptions } from '../cluster.ts';

const SETTINGS = {
  'offsets.topic.num.partitions': '1',
  'share.coordinator.state.topic.num.partitions': '1',
};
const GROUP_RESOURCE = 32;
const TOPIC = 'pay';

export type Fetched = DataOf<typeof shareFetch.response>;
export type Acknowledgement = readonly [first: number, last: number, ...types: number[]];

export class RawShare {
  readonly cluster: Cluster;
  readonly client: RawClient;
  readonly topicId: string;

  /** A topic `pay` whose partition 0 broker 1 leads, and a group `g` with a state from 0 on. */
  constructor(settings: Readonly<Record<string, string>> = {}, options: ClusterOptions = {}) {
    this.cluster = new Cluster({
      modules: [groupCoordinator(null, shareProtocol), shareGroups],
      settings: { ...SETTINGS, ...settings },
      ...options,
    });
    this.cluster.running();
    const assignments = [[...this.cluster.brokerIds]];
    this.cluster.createTopic({
      name: TOPIC,
      numPartitions: -1,
      replicationFactor: -1,
      assignments,
    });
    this.client = new RawClient(this.cluster);
    const partitions = [...(this.cluster.broker(1)?.partitions ?? [])];
    this.topicId = partitions.find(({ topic }) => topic === TOPIC)?.topicId ?? '';
  }

  /** Makes the state of the group's share-partition; the coordinator's topic comes into being. */
  initialize(startOffset = 0, groupId = 'g'): void {
    const partitions = [{ partition: 0, stateEpoch: 0, startOffset }];
    const body = { groupId, topics: [{ topicId: this.topicId, partitions }] };
    for (let attempt = 0; attempt < 100; attempt++) {
      for (const broker of this.cluster.brokerIds) {
        if (!this.cluster.isUp(broker)) continue;
        const answer = this.client.ask(broker, initializeShareGroupState, body);
        if (answer.results[0]?.partitions[0]?.errorCode === 0) return;
      }
      // Whoever reads a state first has the topic made.
      if (attempt === 0) this.member('first').fetch();
      this.cluster.sleep(0.2);
    }
    throw new Error('no share coordinator');
  }

  configure(name: string, value: string, groupId = 'g'): number {
    const configs = [{ name, configOperation: 0, value }];
    const body = {
      resources: [{ resourceType: GROUP_RESOURCE, resourceName: groupId, configs }],
      validateOnly: false,
    };
    return this.client.ask(1, incrementalAlterConfigs, body).responses[0]?.errorCode ?? -1;
  }

  /** Appends records, each in a batch of its own, and waits until they are on all replicas. */
  produce(count: number): void {
    const producer = this.cluster.producer({ acks: 'all', 'linger.ms': '0', 'batch.size': '0' });
    for (let n = 0; n < count; n++) producer.send(`v${n}`, TOPIC);
    this.cluster.until('all are written', () => producer.acked.length === count);
  }

  member(name: string): RawShareMember {
    return new RawShareMember(this, name);
  }

  get share(): SharePartitionView | null {
    for (const broker of this.cluster.brokerIds) {
      for (const module of this.cluster.broker(broker)?.modules ?? []) {
        const view = module.inspect?.() as Partial<ShareModuleView> | undefined;
        if (view?.kind !== 'share-groups') continue;
        const found = view.partitions?.find(({ group }) => group === 'g');
        if (found !== undefined) return found;
      }
    }
    return null;
  }

  /** `0 ACQUIRED 1` and so on: what is in flight. */
  get states(): string[] {
    return (this.share?.inFlight ?? []).map(
      ({ offset, state, deliveryCount }: InFlightView) => `${offset} ${state} ${deliveryCount}`,
    );
  }
}

/** One member with a connection of its own, which sends the next epoch of its session. */
export class RawShareMember {
  readonly name: string;
  epoch = 0;
  readonly #rig: RawShare;
  readonly #client: RawClient;

  constructor(rig: RawShare, name: string) {
    this.name = name;
    this.#rig = rig;
    this.#client = new RawClient(rig.cluster, name);
  }

  /** Fetches from `pay-0` at broker 1, and brings acknowledgements along. */
  fetch(
    of: {
      acknowledges?: readonly Acknowledgement[];
      recordsMax?: number;
      epoch?: number;
      broker?: number;
      maxWaitMs?: number;
      batchSize?: number;
    } = {},
  ): Fetched {
    const { acknowledges = [], recordsMax = 500, epoch = this.epoch, broker = 1 } = of;
    const answer = this.#client.ask(broker, shareFetch, {
      ...defaults(shareFetch.request),
      ...{ groupId: 'g', memberId: this.name, shareSessionEpoch: epoch },
      ...{ maxWaitMs: of.maxWaitMs ?? 100, minBytes: 1, maxRecords: recordsMax },
      batchSize: of.batchSize ?? recordsMax,
      topics: this.#topics(acknowledges),
    });
    if (answer.errorCode === 0) this.epoch = epoch + 1;
    return answer;
  }

  /** What the fetch acquired: `0-2 x1`, first and last offset and delivery count. */
  acquire(of: Parameters<RawShareMember['fetch']>[0] = {}): string[] {
    const partition = this.fetch(of).responses[0]?.partitions[0];
    return (partition?.acquiredRecords ?? []).map(
      ({ firstOffset, lastOffset, deliveryCount }) =>
        `${firstOffset}-${lastOffset} x${deliveryCount}`,
    );
  }

  /** The error of the partition, or of the whole request. */
  acknowledge(acknowledges: readonly Acknowledgement[], epoch = this.epoch): number {
    const answer = this.#client.ask(1, shareAcknowledge, {
      ...{ groupId: 'g', memberId: this.name, shareSessionEpoch: epoch },
      topics: this.#topics(acknowledges),
    });
    if (answer.errorCode !== 0) return answer.errorCode;
    this.epoch = epoch + 1;
    return answer.responses[0]?.partitions[0]?.errorCode ?? 0;
  }

  #topics(acknowledges: readonly Acknowledgement[]) {
    const acknowledgementBatches = acknowledges.map(([firstOffset, lastOffset, ...types]) => {
      return { firstOffset, lastOffset, acknowledgeTypes: types };
    });
    const partitions = [{ partitionIndex: 0, acknowledgementBatches }];
    return [{ topicId: this.#rig.topicId, partitions }];
  }
}
