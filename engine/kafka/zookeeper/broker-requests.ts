/**
 * The controller's requests to brokers: LeaderAndIsr to those that have a replica, UpdateMetadata
 * to all, StopReplica where a topic is gone. Each broker has a queue; a request is repeated until
 * it is answered or the broker is gone, and the next one waits for it.
 *
 * Not here: what the broker does (`zk-metadata-source.ts`), what is decided.
 * Source: `kafka.controller.ControllerChannelManager`, `ControllerBrokerRequestBatch`. Difference:
 * all of a decision goes out at once; there, the batch of one controller event.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Api } from '../../wire/kafka/api.ts';
import {
  leaderAndIsr,
  type LeaderAndIsrRequest,
} from '../../wire/kafka/messages/leader-and-isr.ts';
import { stopReplica, type StopReplicaRequest } from '../../wire/kafka/messages/stop-replica.ts';
import {
  updateMetadata,
  type UpdateMetadataRequest,
} from '../../wire/kafka/messages/update-metadata.ts';
import type { MetadataChanges } from '../metadata/delta.ts';
import type { BrokerRegistration, MetadataImage, TopicImage } from '../metadata/image.ts';
import { CONTROLLER_PORT } from '../metadata/metadata-log.ts';
import type { PartitionRegistration } from '../metadata/partition-registration.ts';
import { NetworkClient, networkClientOptions } from '../network-client.ts';
import type { Office } from './zk-metadata-log.ts';

/** Wait before a request is repeated. */
const RETRY_MS = 100;
/** `LeaderAndIsr.LeaderDuringDelete`, `EpochDuringDelete`. */
export const DURING_DELETE = -2;
/** `AbstractControlRequest.Type`. */
const INCREMENTAL = 1;
const FULL = 2;

interface Queued {
  readonly api: Api;
  readonly body: unknown;
}

interface Channel {
  readonly broker: BrokerRegistration;
  readonly waiting: Queued[];
  inFlight: boolean;
}

/** Partitions with the topics that they are of. */
type Told = readonly { readonly topic: TopicImage; readonly indexes: readonly number[] }[];

export class BrokerRequests {
  readonly #ports: Ports;
  readonly #office: Office;
  readonly #client: NetworkClient;
  readonly #channels = new Map<number, Channel>();
  #closed = false;

  constructor(ports: Ports, office: Office, requestTimeoutMs: number) {
    assert(requestTimeoutMs > 0, 'controller.socket.timeout.ms', { requestTimeoutMs });
    this.#ports = ports;
    this.#office = office;
    const options = { requestTimeoutMs, versions: 'fixed' as const };
    this.#client = new NetworkClient(ports, networkClientOptions(String(office.brokerId), options));
  }

  /** A broker came, or came again: it is told everything. */
  add(broker: BrokerRegistration, image: MetadataImage): void {
    this.remove(broker.id);
    this.#channels.set(broker.id, { broker, waiting: [], inFlight: false });
    const all = [...image.topics.values()].map((topic) => {
      return { topic, indexes: [...topic.partitions.keys()] };
    });
    this.#tell(broker.id, image, all, FULL);
  }

  /** A broker is gone: what it was to be told is forgotten. */
  remove(brokerId: number): void {
    this.#channels.get(brokerId)?.waiting.splice(0);
    this.#channels.delete(brokerId);
  }

  /** Tells everybody what a decision changed. */
  changed(before: MetadataImage, after: MetadataImage, changes: MetadataChanges): void {
    for (const id of changes.brokers) {
      const broker = after.brokers.get(id);
      if (broker === undefined) this.remove(id);
      else if (before.brokers.get(id)?.epoch !== broker.epoch) this.add(broker, after);
    }
    for (const topic of changes.deletedTopics) this.#deleted(topic, after);
    const told = [...after.topics.values()].flatMap((topic) => {
      const mine = changes.partitions.filter((one) => one.after !== undefined);
      const indexes = mine.filter((one) => one.topicId === topic.id).map((one) => one.partition);
      return indexes.length === 0 ? [] : [{ topic, indexes }];
    });
    if (told.length === 0 && changes.brokers.length === 0) return;
    for (const id of this.#channels.keys()) this.#tell(id, after, told, INCREMENTAL);
  }

  close(): void {
    this.#closed = true;
    this.#channels.clear();
    this.#client.close();
  }

  #tell(id: number, image: MetadataImage, told: Told, type: number): void {
    const own = told.flatMap(({ topic, indexes }) => {
      const mine = indexes.filter((index) => topic.partitions[index]!.replicas.includes(id));
      return mine.length === 0 ? [] : [{ topic, indexes: mine }];
    });
    if (own.length > 0) {
      const leaders = [...image.brokers.values()].map((broker) => {
        const { host, port } = broker.endPoints[0]!;
        return { brokerId: broker.id, hostName: host, port };
      });
      const states = { topicStates: this.#states(own), liveLeaders: leaders };
      const more = { type, ungroupedPartitionStates: [] };
      const body: LeaderAndIsrRequest = { ...this.#header(id), ...more, ...states };
      this.#send(id, { api: leaderAndIsr, body });
    }
    const topicStates = this.#states(told);
    this.#sendMetadata(id, image, topicStates, type);
  }

  #deleted(topic: TopicImage, image: MetadataImage): void {
    for (const id of this.#channels.keys()) {
      const indexes = [...topic.partitions.keys()];
      const mine = indexes.filter((index) => topic.partitions[index]!.replicas.includes(id));
      const partitionStates = mine.map((partitionIndex) => {
        return { partitionIndex, leaderEpoch: DURING_DELETE, deletePartition: true };
      });
      if (mine.length > 0) {
        const none = { deletePartitions: true, ungroupedPartitions: [], topics: [] };
        const topicStates = [{ topicName: topic.name, partitionStates }];
        const body: StopReplicaRequest = { ...this.#header(id), ...none, topicStates };
        this.#send(id, { api: stopReplica, body });
      }
      const gone = { ...topic, partitions: topic.partitions.map(whileDeleted) };
      const topicStates = this.#states([{ topic: gone, indexes }]);
      this.#sendMetadata(id, image, topicStates, INCREMENTAL);
    }
  }

  #sendMetadata(
    id: number,
    image: MetadataImage,
    topicStates: UpdateMetadataRequest['topicStates'],
    type: number,
  ): void {
    const liveBrokers = [...image.brokers.values()].map((broker) => {
      const endpoints = broker.endPoints.map(({ name, host, port }) => {
        return { port, host, listener: name, securityProtocol: 0 };
      });
      return { id: broker.id, v0Host: '', v0Port: 0, endpoints, rack: broker.rack };
    });
    const more = { type, ungroupedPartitionStates: [], topicStates, liveBrokers };
    const body: UpdateMetadataRequest = { ...this.#header(id), ...more };
    this.#send(id, { api: updateMetadata, body });
  }

  #header(id: number) {
    const { brokerId: controllerId, epoch: controllerEpoch } = this.#office;
    const brokerEpoch = this.#channels.get(id)?.broker.epoch ?? -1;
    return { controllerId, isKRaftController: false, controllerEpoch, brokerEpoch };
  }

  #states(told: Told) {
    return told.map(({ topic, indexes }) => ({
      topicName: topic.name,
      topicId: topic.id,
      partitionStates: indexes.map((index) => this.#state(index, topic.partitions[index]!)),
    }));
  }

  /** A partition as both requests have it; each writes the fields that it knows. */
  #state(partitionIndex: number, partition: PartitionRegistration) {
    const { leader, leaderEpoch, isr, replicas, partitionEpoch } = partition;
    const { addingReplicas, removingReplicas, leaderRecoveryState } = partition;
    return {
      ...{ topicName: '', partitionIndex, controllerEpoch: this.#office.epoch },
      ...{ leader, leaderEpoch, isr, replicas, partitionEpoch, zkVersion: partitionEpoch },
      ...{ addingReplicas, removingReplicas, isNew: false, leaderRecoveryState },
      offlineReplicas: replicas.filter((id) => !this.#channels.has(id)),
    };
  }

  #send(id: number, queued: Queued): void {
    const channel = this.#channels.get(id);
    assert(channel !== undefined, 'a live broker', { id });
    channel.waiting.push(queued);
    if (!channel.inFlight) this.#next(channel);
  }

  #next(channel: Channel): void {
    const first = channel.waiting[0];
    if (first === undefined || this.#closed) return;
    const { host } = channel.broker.endPoints[0]!;
    const { api, body } = first;
    channel.inFlight = true;
    const connection = this.#client.connectionTo({ host, port: CONTROLLER_PORT });
    connection.send(api.key, api.versionMax, body, (reply) => {
      if (this.#closed || this.#channels.get(channel.broker.id) !== channel) return;
      if (reply.ok) {
        channel.waiting.shift();
        channel.inFlight = false;
        this.#next(channel);
        return;
      }
      this.#ports.clock.after(microsOfMillis(RETRY_MS), 'controller channel', () => {
        channel.inFlight = false;
        if (this.#channels.get(channel.broker.id) === channel) this.#next(channel);
      });
    });
  }
}

function whileDeleted(partition: PartitionRegistration): PartitionRegistration {
  return { ...partition, leader: DURING_DELETE, leaderEpoch: DURING_DELETE };
}
