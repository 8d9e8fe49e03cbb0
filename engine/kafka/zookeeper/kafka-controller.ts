/**
 * A broker's part in being the controller of a ZooKeeper cluster: it stands for the office, holds
 * it while its `/controller` is there, and decides as long as it holds it.
 *
 *     no /controller -> multi: create it (ephemeral), raise /controller_epoch -> read all -> ACTIVE
 *     /controller gone, ZooKeeper away, a write refused by another epoch -> STANDBY -> once more
 *
 * It watches `/brokers/ids` (who lives) and `/admin/delete_topics`. A broker whose znode is gone
 * leaves every ISR and leads nothing; one that comes is told everything.
 *
 * Not here: znode writes (`zk-metadata-log.ts`), requests to brokers (`broker-requests.ts`), the
 * decisions themselves (`controller/`).
 * Source: `kafka.controller.KafkaController`. Differences: ISR changes come by AlterPartition, as
 * since 2.7 (KIP-497); in releases before, too, which had leaders write the state and a znode in
 * `/isr_change_notification`. Topics are made by CreateTopics alone, not by a tool that writes
 * `/brokers/topics`. While the connection to ZooKeeper is lost it holds no office; there, it waits.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports, Random, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { AlterPartitionRequest } from '../../wire/kafka/messages/alter-partition.ts';
import {
  controlledShutdown,
  type ControlledShutdownRequest,
  type ControlledShutdownResponse,
} from '../../wire/kafka/messages/controlled-shutdown.ts';
import type { CreateTopicsRequest } from '../../wire/kafka/messages/create-topics.ts';
import { ZkError } from '../../wire/zookeeper/errors.ts';
import { OpCode } from '../../wire/zookeeper/messages.ts';
import { OPEN_ACL_UNSAFE } from '../../wire/zookeeper/records.ts';
import { CreateMode } from '../../zookeeper/change-check.ts';
import { alterPartition } from '../controller/alter-partition.ts';
import { brokerEpochError, controlledShutdownRecords } from '../controller/broker-registration.ts';
import type { ControllerApis, Decider } from '../controller/controller-apis.ts';
import type { ControllerConfig } from '../controller/controller-config.ts';
import type { ControllerRequest } from '../controller/controller-connection.ts';
import type { ClusterView, ControllerResult } from '../controller/controller-result.ts';
import { controllerActiveKind } from '../controller/controller-trace.ts';
import { createTopics } from '../controller/create-topics.ts';
import { addBroker, balancePartitionLeaders, removeBroker } from '../controller/leader-election.ts';
import { MetadataDelta } from '../metadata/delta.ts';
import { type BrokerRegistration, eachPartition, emptyImage } from '../metadata/image.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { randomUuid } from '../metadata/random-uuid.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { notController } from '../raft/not-controller.ts';
import { BrokerRequests } from './broker-requests.ts';
import { readBrokers, readTopics } from './cluster-reader.ts';
import * as zk from './zk-data.ts';
import { type Office, ZkMetadataLog } from './zk-metadata-log.ts';
import { isLost, type ZkSession } from './zk-session.ts';
import { zkControllerKind } from './zookeeper-mode-trace.ts';

/** Offsets of an office begin here times its epoch, so that those of a later one are greater. */
export const OFFICE_OFFSETS = 1_000_000;

interface Active {
  readonly office: Office;
  readonly log: ZkMetadataLog;
  readonly brokers: BrokerRequests;
}

export class KafkaController implements Decider {
  readonly placement: Random;
  readonly #ports: Ports;
  readonly #brokerId: number;
  readonly #config: ControllerConfig;
  readonly #session: ZkSession;
  readonly #decisions: ControllerApis['decisions'];
  readonly #topicIds: Random;
  readonly #open = new Set<ControllerRequest>();
  #active: Active | null = null;
  #rebalance: TimerId | null = null;
  /** Grows with each attempt, so that answers to an earlier one change nothing. */
  #attempt = 0;
  /** Brokers came or went while the cluster was being read. */
  #missedBrokers = false;

  constructor(
    ports: Ports,
    brokerId: number,
    parts: {
      readonly config: ControllerConfig;
      readonly session: ZkSession;
      readonly apis: ControllerApis;
    },
  ) {
    assert(brokerId >= 0, 'broker.id', { brokerId });
    this.#ports = ports;
    this.#brokerId = brokerId;
    this.#config = parts.config;
    this.#session = parts.session;
    this.#decisions = parts.apis.decisions;
    this.placement = ports.random('replica-placement');
    this.#topicIds = ports.random('topic-id');
  }

  get office(): Office | null {
    return this.#active?.office ?? null;
  }

  /** What is committed, while it is the controller. */
  get image(): MetadataImage | null {
    return this.#active?.log.committedImage ?? null;
  }

  get view(): ClusterView {
    assert(this.#active !== null, 'only the controller decides');
    return { image: this.#active.log.image, config: this.#config };
  }

  // ---------------------------------------------------------------------------------- the office

  /** Stands for the office, or learns who holds it: at the start, and whenever it may be free. */
  elect(): void {
    this.resign('stands for election');
    const attempt = ++this.#attempt;
    const { client } = this.#session;
    this.#session.watching(zk.CONTROLLER, () => this.elect());
    client.exists(zk.CONTROLLER, true, (err, stat) => {
      if (attempt !== this.#attempt || isLost(err)) return;
      if (stat === null) return this.#readEpoch(attempt, true);
      // Ours: the connection was lost, the session was not.
      if (stat.ephemeralOwner === client.session) this.#readEpoch(attempt, false);
    });
  }

  /** The office is over: nothing more is decided, and who waits asks elsewhere. */
  resign(reason: string): void {
    this.#attempt += 1;
    const active = this.#active;
    this.#active = null;
    if (this.#rebalance !== null) this.#ports.clock.cancel(this.#rebalance);
    this.#rebalance = null;
    active?.log.close();
    active?.brokers.close();
    for (const request of [...this.#open]) this.#refuse(request);
    this.#open.clear();
    if (active === null) return;
    const { brokerId: broker, epoch } = active.office;
    this.#ports.trace.record(zkControllerKind, { broker, epoch, event: 'resigned', reason });
  }

  #readEpoch(attempt: number, claims: boolean): void {
    const { client } = this.#session;
    client.getData(zk.CONTROLLER_EPOCH, false, (err, found) => {
      if (attempt !== this.#attempt || isLost(err)) return;
      if (found === null) {
        const first = encodeUtf8('0');
        client.create(zk.CONTROLLER_EPOCH, first, CreateMode.PERSISTENT, () => {
          if (attempt === this.#attempt) this.#readEpoch(attempt, claims);
        });
        return;
      }
      const epoch = Number(decodeUtf8(found.data ?? new Uint8Array(0)));
      const { version } = found.stat;
      assert(Number.isSafeInteger(epoch) && epoch >= 0, 'a controller epoch', { epoch });
      if (claims) this.#claim(attempt, epoch + 1, version);
      else this.#load(attempt, { brokerId: this.#brokerId, epoch, epochZkVersion: version });
    });
  }

  /** `registerControllerAndIncrementControllerEpoch`: both or neither, so one wins. */
  #claim(attempt: number, epoch: number, version: number): void {
    const data = zk.controllerData(this.#brokerId, this.#ports.clock.wall());
    const flags = CreateMode.EPHEMERAL;
    const office = { path: zk.CONTROLLER, data, acl: OPEN_ACL_UNSAFE, flags };
    const raised = { path: zk.CONTROLLER_EPOCH, data: encodeUtf8(String(epoch)), version };
    const operations = [
      { type: OpCode.create, body: office },
      { type: OpCode.setData, body: raised },
    ] as const;
    this.#session.client.multi(operations, (err) => {
      if (attempt !== this.#attempt || isLost(err)) return;
      if (err !== 0) return this.elect();
      this.#load(attempt, { brokerId: this.#brokerId, epoch, epochZkVersion: version + 1 });
    });
  }

  #load(attempt: number, office: Office): void {
    const { client } = this.#session;
    const failed = () => attempt !== this.#attempt;
    this.#missedBrokers = false;
    client.create(zk.FEATURE, zk.featureData(), CreateMode.PERSISTENT, () => {});
    this.#session.watching(zk.BROKER_IDS, () => this.#brokersChanged());
    this.#session.watching(zk.DELETE_TOPICS, () => this.#topicsToDelete());
    readBrokers(client, (brokers) => {
      if (brokers === null || failed()) return;
      readTopics(client, (topics) => {
        if (topics === null || failed()) return;
        this.#activate(office, [...brokers.map(registration), ...topics]);
      });
    });
  }

  #activate(office: Office, records: readonly MetadataRecord[]): void {
    const { epoch, brokerId: controller } = office;
    const delta = new MetadataDelta(emptyImage);
    for (const record of records) delta.replay(record);
    const image = delta.apply(epoch * OFFICE_OFFSETS, epoch);
    const timeoutMs = this.#config.values['controller.socket.timeout.ms'];
    const brokers = new BrokerRequests(this.#ports, office, timeoutMs);
    const log = new ZkMetadataLog(this.#session.client, office, image, {
      committed: (before, after, changes) => brokers.changed(before, after, changes),
      failed: (err) => this.#failed(err),
    });
    this.#active = { office, log, brokers };
    this.#ports.trace.record(controllerActiveKind, { controller, epoch, offset: image.offset });
    for (const broker of image.brokers.values()) brokers.add(broker, image);
    for (const id of missing(image)) this.#append(removeBroker(this.view, id));
    for (const id of image.brokers.keys()) this.#append(addBroker(this.view, id));
    this.#topicsToDelete();
    this.#rebalanceLater();
    if (this.#missedBrokers) this.#brokersChanged();
  }

  /** A zombie hears BADVERSION of the epoch's check; a lost answer may mean either. */
  #failed(err: number): void {
    const zombie = err === ZkError.BADVERSION;
    this.resign(zombie ? 'another controller has raised the epoch' : 'the answer was lost');
    if (!isLost(err)) this.elect();
  }

  // ------------------------------------------------------------------------------------- watches

  #brokersChanged(): void {
    this.#missedBrokers = this.#active === null;
    if (this.#active === null) return;
    const { log } = this.#active;
    readBrokers(this.#session.client, (brokers) => {
      if (brokers === null || this.#active?.log !== log) return;
      const live = new Map(brokers.map((broker) => [broker.id, broker]));
      for (const { id, epoch } of [...log.image.brokers.values()]) {
        if (live.get(id)?.epoch === epoch) continue;
        const data = { brokerId: id, brokerEpoch: epoch };
        const gone: MetadataRecord = { type: 'UnregisterBrokerRecord', data };
        this.#append([...removeBroker(this.view, id), gone]);
      }
      for (const broker of brokers) {
        if (log.image.brokers.has(broker.id)) continue;
        this.#append([registration(broker)]);
        this.#append(addBroker(this.view, broker.id));
      }
    });
  }

  #topicsToDelete(): void {
    if (this.#active === null) return;
    const { log } = this.#active;
    const { client } = this.#session;
    client.getChildren(zk.DELETE_TOPICS, true, (err, names) => {
      if (err !== 0 || this.#active?.log !== log) return;
      for (const name of names) {
        const topicId = log.image.topics.get(name)?.id;
        if (topicId !== undefined) this.#append([{ type: 'RemoveTopicRecord', data: { topicId } }]);
        client.delete(`${zk.DELETE_TOPICS}/${name}`, -1, () => {});
      }
    });
  }

  #rebalanceLater(): void {
    if (!this.#config.values['auto.leader.rebalance.enable']) return;
    const name = 'leader.imbalance.check.interval.seconds';
    const delay = microsOfMillis(this.#config.values[name] * 1000);
    this.#rebalance = this.#ports.clock.after(delay, name, () => {
      this.#append(balancePartitionLeaders(this.view));
      if (this.#active !== null) this.#rebalanceLater();
    });
  }

  // ----------------------------------------------------------------------------------- decisions

  /** Takes a request of a client or a leader. Who is not the controller says so. */
  handle(request: ControllerRequest): void {
    const decides = this.#decisions.get(request.apiKey);
    const isShutdown = request.apiKey === controlledShutdown.key;
    if (decides === undefined && !isShutdown) return request.closeConnection();
    if (this.#active === null) return this.#refuse(request);
    const noted: ControllerRequest = {
      ...request,
      respond: (body, version) => {
        if (!this.#open.delete(noted)) return;
        request.respond(body, version ?? request.apiVersion);
      },
    };
    this.#open.add(noted);
    if (decides === undefined) this.#controlledShutdown(noted);
    else decides(this, noted);
  }

  decide<R>(request: ControllerRequest, result: ControllerResult<R>): void {
    this.#append(result.records);
    const log = this.#active?.log;
    log?.whenCommitted(log.endOffset, () => {
      if (request.isOpen()) request.respond(result.response);
    });
  }

  alterPartition(request: ControllerRequest): void {
    const body = request.body as AlterPartitionRequest;
    this.decide(request, alterPartition(this.view, body, request.apiVersion));
  }

  createTopics(request: ControllerRequest): void {
    const result = createTopics(this.view, request.body as CreateTopicsRequest, {
      random: this.placement,
      newTopicId: () => randomUuid(this.#topicIds),
    });
    this.decide(request, result);
  }

  #controlledShutdown(request: ControllerRequest): void {
    const { brokerId, brokerEpoch } = request.body as ControlledShutdownRequest;
    const errorCode = brokerEpochError(this.view.image, brokerId, brokerEpoch);
    const remainingPartitions: { topicName: string; partitionIndex: number }[] = [];
    if (errorCode === ErrorCode.NONE) {
      this.#append(controlledShutdownRecords(this.view, brokerId));
      eachPartition(this.view.image, ({ name }, partitionIndex, { leader }) => {
        if (leader === brokerId) remainingPartitions.push({ topicName: name, partitionIndex });
      });
    }
    const response: ControlledShutdownResponse = { errorCode, remainingPartitions };
    this.decide(request, { records: [], response });
  }

  #refuse(request: ControllerRequest): void {
    if (request.isOpen()) request.respond(notController(request.apiKey, request.body));
  }

  #append(records: readonly MetadataRecord[]): void {
    if (this.#active === null || records.length === 0) return;
    this.#active.log.append(this.#active.office.epoch, records);
  }
}

function registration(broker: BrokerRegistration): MetadataRecord {
  const { id: brokerId, epoch: brokerEpoch, endPoints, ...rest } = broker;
  const listeners = endPoints.map((endPoint) => ({ ...endPoint, securityProtocol: 0 }));
  const data = { brokerId, brokerEpoch, endPoints: listeners, ...rest };
  const unknown = { isMigratingZkBroker: false, features: [], logDirs: [] };
  return { type: 'RegisterBrokerRecord', data: { ...data, ...unknown } };
}

/** Brokers that are in an ISR and have no znode: they died while nobody held the office. */
function missing(image: MetadataImage): readonly number[] {
  const ids = new Set<number>();
  eachPartition(image, (_topic, _index, { isr }) => {
    for (const id of isr) if (!image.brokers.has(id)) ids.add(id);
  });
  return [...ids].sort((left, right) => left - right);
}
