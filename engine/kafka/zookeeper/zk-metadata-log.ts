/**
 * What stands for the metadata log in a ZooKeeper cluster: a decision is a multi of znode writes,
 * all or none, and it is committed when ZooKeeper has answered.
 *
 *     records -> image -> what changed -> create / setData / delete + check /controller_epoch
 *
 * Each multi checks that `/controller_epoch` is as this controller wrote it, so what a zombie wants
 * to write is refused; the state of a partition is written on condition of its version, which is
 * the partition epoch. Nothing can be fetched from here: brokers are told (`broker-requests.ts`).
 *
 * Not here: what is decided (`kafka-controller.ts`), the JSON (`zk-data.ts`).
 * Source: `kafka.zk.KafkaZkClient`. Differences: a new topic is one multi with its configuration,
 * partitions and states, where the real controller creates level after level and is told by its
 * own watch; registrations of brokers, which brokers write themselves, change only the image.
 */
import { assert } from '../../kernel/assert.ts';
import { ZkError, type ZkErrorCode } from '../../wire/zookeeper/errors.ts';
import { OpCode, type MultiOp } from '../../wire/zookeeper/messages.ts';
import { OPEN_ACL_UNSAFE } from '../../wire/zookeeper/records.ts';
import { CreateMode } from '../../zookeeper/change-check.ts';
import type { ZooKeeperClient } from '../../zookeeper/zookeeper-client.ts';
import type { MetadataLog } from '../controller/kafka-metadata-log.ts';
import { type MetadataChanges, MetadataDelta, type PartitionChange } from '../metadata/delta.ts';
import { type MetadataImage, topicConfig } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import * as zk from './zk-data.ts';

/** The office that a controller holds: its epoch, and the version of the znode that says so. */
export interface Office {
  readonly brokerId: number;
  readonly epoch: number;
  readonly epochZkVersion: number;
}

interface LogOwner {
  /** A decision holds. */
  committed(before: MetadataImage, after: MetadataImage, changes: MetadataChanges): void;
  /** ZooKeeper refused (BADVERSION: another controller), or its answer was lost. */
  failed(err: ZkErrorCode): void;
}

interface Awaiting {
  readonly endOffset: number;
  readonly committed: () => void;
}

/** `ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`. */
const PRODUCER_IDS = 1000;

export class ZkMetadataLog implements MetadataLog {
  readonly #client: ZooKeeperClient;
  readonly #office: Office;
  readonly #owner: LogOwner;
  #awaiting: Awaiting[] = [];
  #image: MetadataImage;
  #committed: MetadataImage;
  #failed = false;

  constructor(client: ZooKeeperClient, office: Office, image: MetadataImage, owner: LogOwner) {
    assert(office.epoch > 0, 'a controller epoch', { ...office });
    this.#client = client;
    this.#office = office;
    this.#image = image;
    this.#committed = image;
    this.#owner = owner;
  }

  /** After all decisions, those that ZooKeeper has not answered yet included. */
  get image(): MetadataImage {
    return this.#image;
  }

  get committedImage(): MetadataImage {
    return this.#committed;
  }

  get endOffset(): number {
    return this.#image.offset + 1;
  }

  get highWatermark(): number {
    return this.#committed.offset + 1;
  }

  append(epoch: number, records: readonly MetadataRecord[]): number {
    assert(epoch === this.#office.epoch, 'in its own epoch', { epoch });
    if (this.#failed || records.length === 0) return this.endOffset;
    const before = this.#image;
    const delta = new MetadataDelta(before);
    for (const record of records) delta.replay(record);
    const changes = delta.changes();
    const after = delta.apply(before.offset + records.length, epoch);
    this.#image = after;
    const operations = this.#operations(before, after, changes);
    const done = (err: ZkErrorCode): void => {
      if (this.#failed) return;
      if (err === 0) this.#commit(before, after, changes);
      else this.#fail(err);
    };
    if (operations.length === 0 && this.#committed === before) done(0);
    else this.#client.multi([this.#epochCheck(), ...operations], done);
    return this.endOffset;
  }

  whenCommitted(endOffset: number, committed: () => void): void {
    assert(endOffset <= this.endOffset, 'of what was decided', { endOffset });
    if (this.#failed) return;
    if (endOffset <= this.highWatermark) committed();
    else this.#awaiting.push({ endOffset, committed });
  }

  read(): 'OFFSET_OUT_OF_RANGE' {
    return 'OFFSET_OUT_OF_RANGE';
  }

  /** The office is over: answers that come late change nothing. */
  close(): void {
    this.#failed = true;
    this.#awaiting = [];
  }

  #commit(before: MetadataImage, after: MetadataImage, changes: MetadataChanges): void {
    assert(this.#committed === before, 'answers come in order', { offset: after.offset });
    this.#committed = after;
    this.#owner.committed(before, after, changes);
    const ready = this.#awaiting.filter((one) => one.endOffset <= this.highWatermark);
    this.#awaiting = this.#awaiting.filter((one) => one.endOffset > this.highWatermark);
    for (const { committed } of ready) committed();
  }

  #fail(err: ZkErrorCode): void {
    assert(err !== ZkError.OK, 'an error', { err });
    this.close();
    this.#owner.failed(err);
  }

  // ------------------------------------------------------------------------------- znode writes

  #epochCheck(): MultiOp {
    const { epochZkVersion: version } = this.#office;
    return { type: OpCode.check, body: { path: zk.CONTROLLER_EPOCH, version } };
  }

  #operations(
    before: MetadataImage,
    after: MetadataImage,
    changes: MetadataChanges,
  ): readonly MultiOp[] {
    const operations = changes.deletedTopics.flatMap(({ name, partitions }) =>
      deletions(name, partitions.length),
    );
    const assigned = new Set<string>();
    for (const change of changes.partitions) {
      if (change.after === undefined) continue;
      operations.push(...this.#ofPartition(before, after, change, assigned));
    }
    for (const key of changes.configs) operations.push(...configChange(before, after, key));
    if (after.nextProducerId !== before.nextProducerId) {
      const { brokerId } = this.#office;
      const data = zk.producerIdBlockData(brokerId, after.nextProducerId, PRODUCER_IDS);
      operations.push(setData(zk.PRODUCER_ID_BLOCK, data));
    }
    return operations;
  }

  #ofPartition(
    before: MetadataImage,
    image: MetadataImage,
    { topic, partition, before: was, after: is }: PartitionChange,
    assigned: Set<string>,
  ): readonly MultiOp[] {
    assert(is !== undefined, 'a partition that is there', { topic, partition });
    const operations: MultiOp[] = [];
    const isNewTopic = before.topics.get(topic)?.id !== image.topics.get(topic)?.id;
    const data = zk.topicData(image.topics.get(topic)!);
    if (!assigned.has(topic) && isNewTopic) {
      const config = zk.configData(topicConfig(image, topic));
      operations.push(create(zk.topicConfigPath(topic), config));
      operations.push(create(zk.topicPath(topic), data), create(zk.partitionsPath(topic), null));
      assigned.add(topic);
    } else if (!assigned.has(topic) && isReassigned(was, is)) {
      operations.push(setData(zk.topicPath(topic), data));
      assigned.add(topic);
    }
    const state = zk.stateData(is, this.#office.epoch);
    const path = zk.statePath(topic, partition);
    if (was !== undefined) return [...operations, setData(path, state, was.partitionEpoch)];
    const made = [create(zk.partitionPath(topic, partition), null), create(path, state)];
    return [...operations, ...made];
  }
}

function isReassigned(was: PartitionChange['before'], is: PartitionChange['after']): boolean {
  return (
    was?.replicas !== is?.replicas ||
    was?.addingReplicas !== is?.addingReplicas ||
    was?.removingReplicas !== is?.removingReplicas
  );
}

function create(path: string, data: Uint8Array | null, flags: number = CreateMode.PERSISTENT) {
  const body = { path, data, acl: OPEN_ACL_UNSAFE, flags };
  return { type: OpCode.create, body } as const;
}

/** Version -1 is any: the check of the controller's epoch stands beside it. */
function setData(path: string, data: Uint8Array, version = -1): MultiOp {
  return { type: OpCode.setData, body: { path, data, version } };
}

function configChange(before: MetadataImage, after: MetadataImage, key: string): MultiOp[] {
  const topic = zk.topicOfConfig(key);
  if (topic === null) return [];
  const isKnown = before.topics.get(topic)?.id === after.topics.get(topic)?.id;
  if (!isKnown || !after.topics.has(topic)) return [];
  const told = zk.configChangeData(topic);
  const mode = CreateMode.PERSISTENT_SEQUENTIAL;
  return [
    setData(zk.topicConfigPath(topic), zk.configData(topicConfig(after, topic))),
    create(`${zk.CONFIG_CHANGES}/config_change_`, told, mode),
  ];
}

/** Children first. The configuration's znode is there even if nothing was set. */
function deletions(topic: string, partitions: number): MultiOp[] {
  const paths: string[] = [];
  for (let index = 0; index < partitions; index++) {
    paths.push(zk.statePath(topic, index), zk.partitionPath(topic, index));
  }
  paths.push(zk.partitionsPath(topic), zk.topicPath(topic), zk.topicConfigPath(topic));
  return paths.map((path) => ({ type: OpCode.delete, body: { path, version: -1 } }));
}
