/**
 * What a broker of a ZooKeeper cluster knows: it is told by the controller, request by request, and
 * makes of that the same image that a broker of a quorum replays from the metadata log.
 *
 * A request of a controller epoch older than one that was seen is refused, and one that means an
 * earlier registration of this broker. Configurations of topics are read from ZooKeeper: at a
 * topic's first mention, and when `/config/changes` says so.
 *
 * Not here: what the broker does with a change (`broker/replicas.ts`), who sends.
 * Source: `kafka.server.ZkMetadataCache`, `ReplicaManager.becomeLeaderOrFollower`, `stopReplicas`,
 * `kafka.server.ZkConfigManager`. Differences: one image is both the metadata cache and what the
 * replicas are told, so a replica also follows what UpdateMetadata says of its partition; a topic
 * whose first partitions are not known yet begins with them.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import {
  leaderAndIsr,
  type LeaderAndIsrRequest,
} from '../../wire/kafka/messages/leader-and-isr.ts';
import { stopReplica, type StopReplicaRequest } from '../../wire/kafka/messages/stop-replica.ts';
import {
  updateMetadata,
  type UpdateMetadataRequest,
} from '../../wire/kafka/messages/update-metadata.ts';
import type { ControllerRequest } from '../controller/controller-connection.ts';
import type { MetadataSource } from '../broker/control-plane.ts';
import type { MetadataChanges } from '../metadata/delta.ts';
import {
  type BrokerRegistration,
  emptyImage,
  type MetadataImage,
  resourceKey,
  type TopicImage,
} from '../metadata/image.ts';
import { imageChanges } from '../metadata/image-records.ts';
import { CONTROLLER_PORT } from '../metadata/metadata-log.ts';
import { type PartitionRegistration, registrationOf } from '../metadata/partition-registration.ts';
import type { PartitionRecord } from '../metadata/record.ts';
import { DURING_DELETE } from './broker-requests.ts';
import { readAll } from './cluster-reader.ts';
import { OFFICE_OFFSETS } from './kafka-controller.ts';
import * as zk from './zk-data.ts';
import type { ZkSession } from './zk-session.ts';
import { zkToldKind } from './zookeeper-mode-trace.ts';

/** Wait before a configuration is asked for again. */
const RETRY_MS = 500;

interface SourceOwner {
  changed(before: MetadataImage, changes: MetadataChanges): void;
  found(address: Address): void;
  /** This broker is among the live ones for the first time since it registered. */
  listed(): void;
  brokerEpoch(): number;
}

interface KnownTopic {
  readonly id: string;
  readonly partitions: Map<number, PartitionRegistration>;
}

/** What a partition's state in this mode does not have. */
type Unsaid = 'topicId' | 'directories' | 'eligibleLeaderReplicas' | 'lastKnownElr';

type ControlBody = LeaderAndIsrRequest | UpdateMetadataRequest | StopReplicaRequest;

export class ZkMetadataSource implements MetadataSource {
  readonly #ports: Ports;
  readonly #brokerId: number;
  readonly #session: ZkSession;
  readonly #owner: SourceOwner;
  readonly #topics = new Map<string, KnownTopic>();
  readonly #configs = new Map<string, ReadonlyMap<string, string>>();
  readonly #waiting: ControllerRequest[] = [];
  #brokers: ReadonlyMap<number, BrokerRegistration> = new Map();
  #image: MetadataImage = emptyImage;
  #controllerEpoch = 0;
  #configChange = '';
  #reading = false;
  #closed = false;

  constructor(ports: Ports, brokerId: number, session: ZkSession, owner: SourceOwner) {
    assert(brokerId >= 0, 'broker.id', { brokerId });
    this.#ports = ports;
    this.#brokerId = brokerId;
    this.#session = session;
    this.#owner = owner;
  }

  get image(): MetadataImage {
    return this.#image;
  }

  /** Nothing is asked for: the controller tells. */
  start(): void {
    assert(!this.#closed, 'starts before it closes');
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  /** A new session, or one that is reachable again: what changed meanwhile is looked up. */
  watchConfigs(): void {
    this.#session.watching(zk.CONFIG_CHANGES, () => this.watchConfigs());
    this.#session.client.getChildren(zk.CONFIG_CHANGES, true, (err, names) => {
      if (err !== 0 || this.#closed) return;
      const last = this.#configChange;
      const fresh = names.filter((name) => name > last);
      for (const name of fresh) if (name > this.#configChange) this.#configChange = name;
      if (last === '' && this.#configs.size === 0) return;
      const paths = fresh.map((name) => `${zk.CONFIG_CHANGES}/${name}`);
      readAll(this.#session.client, paths, (found) => {
        const topics = [...(found?.values() ?? [])].map(({ data }) => zk.changedTopicOf(data));
        this.#readConfigs([...new Set(topics.filter((topic) => topic !== null))], () =>
          this.#publish(this.#image.epoch),
        );
      });
    });
  }

  // ----------------------------------------------------------------------------------- requests

  /** LeaderAndIsr, UpdateMetadata or StopReplica, in order; false for anything else. */
  handle(request: ControllerRequest): boolean {
    const known = [leaderAndIsr.key, updateMetadata.key, stopReplica.key];
    if (!known.includes(request.apiKey)) return false;
    this.#waiting.push(request);
    this.#next();
    return true;
  }

  /** The registration's epoch is known now: what came before it was, waits. */
  registered(): void {
    assert(this.#owner.brokerEpoch() >= 0, 'registered');
    this.#next();
  }

  #next(): void {
    const first = this.#waiting[0];
    // Without an epoch it cannot be told whether a former life of this broker is meant.
    if (first === undefined || this.#reading || this.#owner.brokerEpoch() < 0) return;
    const body = first.body as ControlBody;
    const names = body.topicStates.map(({ topicName }) => topicName);
    const unread = names.filter((name) => !this.#configs.has(name));
    const isStop = first.apiKey === stopReplica.key;
    const error = this.#errorOf(body);
    if (error === ErrorCode.NONE && unread.length > 0 && !isStop) {
      this.#reading = true;
      this.#readConfigs(unread, () => {
        this.#reading = false;
        this.#next();
      });
      return;
    }
    this.#waiting.shift();
    if (error === ErrorCode.NONE) this.#apply(first.apiKey, body);
    this.#answer(first, body, error);
    this.#next();
  }

  #errorOf({ controllerEpoch, brokerEpoch }: ControlBody): number {
    if (controllerEpoch < this.#controllerEpoch) return ErrorCode.STALE_CONTROLLER_EPOCH;
    const own = this.#owner.brokerEpoch();
    return brokerEpoch >= 0 && brokerEpoch < own ? ErrorCode.STALE_BROKER_EPOCH : ErrorCode.NONE;
  }

  #apply(apiKey: number, body: ControlBody): void {
    assert(body.controllerEpoch >= this.#controllerEpoch, 'controller epochs grow', {
      epoch: body.controllerEpoch,
    });
    this.#controllerEpoch = body.controllerEpoch;
    if (apiKey === leaderAndIsr.key) this.#leaderAndIsr(body as LeaderAndIsrRequest);
    else if (apiKey === updateMetadata.key) this.#updateMetadata(body as UpdateMetadataRequest);
    else this.#stopReplica(body as StopReplicaRequest);
    this.#publish(body.controllerEpoch);
    const controller = this.#brokers.get(body.controllerId)?.endPoints[0];
    if (controller !== undefined) this.#owner.found({ ...controller, port: CONTROLLER_PORT });
    const isListed = this.#brokers.has(this.#brokerId) && apiKey === updateMetadata.key;
    if (isListed) this.#owner.listed();
  }

  #answer(request: ControllerRequest, body: ControlBody, errorCode: number): void {
    const { apiKey } = request;
    if (this.#ports.trace.on) {
      this.#ports.trace.record(zkToldKind, {
        broker: this.#brokerId,
        controller: body.controllerId,
        controllerEpoch: body.controllerEpoch,
        request: apiNames.get(apiKey) ?? '',
        partitions: body.topicStates.reduce((sum, one) => sum + one.partitionStates.length, 0),
        error: errorName(errorCode),
      });
    }
    if (!request.isOpen()) return;
    const none = { partitionErrors: [], topics: [] };
    request.respond(apiKey === updateMetadata.key ? { errorCode } : { errorCode, ...none });
  }

  #leaderAndIsr({ topicStates }: LeaderAndIsrRequest): void {
    for (const { topicName, topicId, partitionStates } of topicStates) {
      for (const state of partitionStates) {
        this.#take(topicName, topicId, { ...state, partitionId: state.partitionIndex });
      }
    }
  }

  #updateMetadata({ topicStates, liveBrokers }: UpdateMetadataRequest): void {
    this.#brokers = new Map(
      liveBrokers.map(({ id, endpoints, rack }) => [id, liveBroker(id, endpoints, rack)]),
    );
    for (const { topicName, topicId, partitionStates } of topicStates) {
      for (const state of partitionStates) {
        if (state.leader === DURING_DELETE) this.#forget(topicName, topicId);
        else {
          const known = this.#topics.get(topicName)?.partitions.get(state.partitionIndex);
          this.#take(topicName, topicId, {
            ...{ ...state, partitionId: state.partitionIndex, partitionEpoch: state.zkVersion },
            addingReplicas: known?.addingReplicas ?? [],
            removingReplicas: known?.removingReplicas ?? [],
            leaderRecoveryState: known?.leaderRecoveryState ?? 0,
          });
        }
      }
    }
  }

  #stopReplica({ topicStates }: StopReplicaRequest): void {
    for (const { topicName, partitionStates } of topicStates) {
      const isDeleted = partitionStates.some((one) => one.leaderEpoch === DURING_DELETE);
      const id = this.#topics.get(topicName)?.id;
      if (isDeleted && id !== undefined) this.#forget(topicName, id);
    }
  }

  /** Takes a partition's state, unless a newer one is known. */
  #take(name: string, id: string, state: Omit<PartitionRecord, Unsaid>): void {
    if (this.#topics.get(name)?.id !== id) this.#topics.set(name, { id, partitions: new Map() });
    const { partitions } = this.#topics.get(name)!;
    const known = partitions.get(state.partitionId);
    if (known !== undefined && known.partitionEpoch >= state.partitionEpoch) return;
    const unsaid = { directories: [], eligibleLeaderReplicas: null, lastKnownElr: null };
    const record = { ...state, topicId: id, ...unsaid };
    partitions.set(state.partitionId, registrationOf(record));
  }

  #forget(name: string, id: string): void {
    if (this.#topics.get(name)?.id !== id) return;
    this.#topics.delete(name);
    this.#configs.delete(name);
  }

  // -------------------------------------------------------------------------------------- image

  #readConfigs(topics: readonly string[], done: () => void): void {
    if (this.#closed) return;
    if (topics.length === 0) return done();
    readAll(this.#session.client, topics.map(zk.topicConfigPath), (found) => {
      if (this.#closed) return;
      if (found === null) {
        const again = () => this.#readConfigs(topics, done);
        this.#ports.clock.after(microsOfMillis(RETRY_MS), 'zookeeper configs', again);
        return;
      }
      for (const topic of topics) {
        const data = found.get(zk.topicConfigPath(topic))?.data ?? null;
        this.#configs.set(topic, zk.configOf(data));
      }
      done();
    });
  }

  #publish(epoch: number): void {
    const before = this.#image;
    const topics = [...this.#topics].map(([name, known]) => topicImage(name, known));
    topics.sort((left, right) => (left.name < right.name ? -1 : 1));
    const set = topics.flatMap(({ name }) => {
      const config = this.#configs.get(name);
      if (config === undefined || config.size === 0) return [];
      return [[resourceKey('topic', name), config] as const];
    });
    const image: MetadataImage = {
      ...before,
      offset: Math.max(before.offset + 1, epoch * OFFICE_OFFSETS),
      epoch,
      brokers: this.#brokers,
      topics: new Map(topics.map((topic) => [topic.name, topic])),
      topicNames: new Map(topics.map((topic) => [topic.id, topic.name])),
      configs: new Map(set),
    };
    const changes = imageChanges(before, image);
    const { partitions, brokers, configs, deletedTopics } = changes;
    if (partitions.length + brokers.length + configs.length + deletedTopics.length === 0) return;
    assert(image.offset > before.offset, 'images go on', { offset: image.offset });
    this.#image = Object.freeze(image);
    this.#owner.changed(before, changes);
  }
}

const apiNames = new Map<number, string>(
  [leaderAndIsr, updateMetadata, stopReplica].map(({ key, name }) => [key, name]),
);

/** The broker epochs of others are not told in this mode: -1 is no check. */
function liveBroker(
  id: number,
  endpoints: UpdateMetadataRequest['liveBrokers'][number]['endpoints'],
  rack: string | null,
): BrokerRegistration {
  const endPoints = endpoints.map(({ host, port, listener }) => ({ name: listener, host, port }));
  const state = { fenced: false, inControlledShutdown: false };
  return { id, epoch: -1, incarnationId: ZERO_UUID, endPoints, rack, ...state };
}

/** Partitions up to the first that nobody has spoken of yet. */
function topicImage(name: string, { id, partitions }: KnownTopic): TopicImage {
  const list: PartitionRegistration[] = [];
  for (let index = 0; partitions.has(index); index++) list.push(partitions.get(index)!);
  return { name, id, partitions: list };
}
