/**
 * The active controller: takes a request, decides on the image after all earlier decisions, appends
 * the decision to the metadata log as one batch, and answers when that is committed.
 *
 * A decision is visible to the next decision at once, to brokers and views only when committed.
 * An answer that depends on nothing new still waits for what it was decided upon, as there.
 *
 * Not here: what is decided (`alter-partition.ts`, `create-topics.ts`, `leader-election.ts` ...),
 * loading and stopping (`controller.ts`).
 * Source: `org.apache.kafka.controller.QuorumController`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports, Random, TimerId } from '../../kernel/ports.ts';
import { micros, microsOfMillis, type Micros } from '../../kernel/units.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
} from '../../wire/kafka/messages/alter-partition.ts';
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
} from '../../wire/kafka/messages/broker-heartbeat.ts';
import type {
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../../wire/kafka/messages/broker-registration.ts';
import type { CreateTopicsRequest } from '../../wire/kafka/messages/create-topics.ts';
import { MetadataDelta, type PartitionChange } from '../metadata/delta.ts';
import { eachPartition, hasLeaderships, topicById, type MetadataImage } from '../metadata/image.ts';
import { hasPreferredLeader, NO_LEADER, RECOVERING } from '../metadata/partition-registration.ts';
import { randomUuid } from '../metadata/random-uuid.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import { alterPartition } from './alter-partition.ts';
import { BrokerHeartbeats } from './broker-heartbeats.ts';
import {
  brokerEpochError,
  controlledShutdownRecords,
  fenceRecords,
  registerBroker,
  unfenceRecords,
} from './broker-registration.ts';
import type { ControllerConfig } from './controller-config.ts';
import type { ControllerRequest } from './controller-connection.ts';
import type { ControllerResult, ClusterView } from './controller-result.ts';
import {
  alterPartitionRefusedKind,
  brokerRegisteredKind,
  brokerStateKind,
  partitionChangeKind,
  reassignmentKind,
  topicChangeKind,
} from './controller-trace.ts';
import { createTopics } from './create-topics.ts';
import type { MetadataLog } from './kafka-metadata-log.ts';
import {
  balancePartitionLeaders,
  electionsPerRoundMax,
  electUncleanLeaders,
} from './leader-election.ts';

/** What the active controller begins with: the log, and what replaying it gave. */
interface LoadedController {
  readonly log: MetadataLog;
  readonly epoch: number;
  readonly image: MetadataImage;
  /** By broker id: the offset of its last RegisterBrokerRecord. */
  readonly registerBrokerRecordOffsets: Map<number, number>;
}

type Periodic = 'leader.imbalance.check.interval.seconds' | 'unclean.leader.election.interval.ms';

export class QuorumController {
  readonly #ports: Ports;
  readonly #config: ControllerConfig;
  readonly #log: MetadataLog;
  readonly #epoch: number;
  readonly #registerBrokerRecordOffsets: Map<number, number>;
  readonly #heartbeats: BrokerHeartbeats;
  /** Draws the first broker of a placement. */
  readonly placement: Random;
  readonly #topicIds: Random;
  readonly #periodic = new Map<Periodic, TimerId>();
  /** Images after decisions that are not committed yet, oldest first. */
  readonly #uncommitted: MetadataImage[] = [];
  #image: MetadataImage;
  #committedImage: MetadataImage;
  /** The records that a machine's actions made while it took one event. */
  #draft: MetadataRecord[] = [];
  #sessionCheck: TimerId | null = null;

  constructor(ports: Ports, config: ControllerConfig, loaded: LoadedController) {
    this.#ports = ports;
    this.#config = config;
    this.#log = loaded.log;
    this.#epoch = loaded.epoch;
    this.#image = loaded.image;
    this.#committedImage = loaded.image;
    this.#registerBrokerRecordOffsets = loaded.registerBrokerRecordOffsets;
    this.placement = ports.random('replica-placement');
    this.#topicIds = ports.random('topic-id');
    this.#heartbeats = new BrokerHeartbeats(ports, config.values['broker.session.timeout.ms'], {
      fence: (id) => this.#draft.push(...fenceRecords(this.view, id)),
      unfence: (id) => this.#draft.push(...unfenceRecords(this.view, id)),
      enterControlledShutdown: (id) =>
        this.#draft.push(...controlledShutdownRecords(this.view, id)),
    });
    for (const broker of loaded.image.brokers.values()) this.#heartbeats.register(broker, true);
    this.#armSessionCheck();
    this.#schedulePeriodic();
  }

  /** What the next decision is made upon. */
  get view(): ClusterView {
    return { image: this.#image, config: this.#config };
  }

  /** What is committed. */
  get committedImage(): MetadataImage {
    return this.#committedImage;
  }

  /** The high watermark moved: what is below it holds. */
  advanced(highWatermark: number): void {
    while (this.#uncommitted[0] !== undefined && this.#uncommitted[0].offset < highWatermark) {
      this.#committedImage = this.#uncommitted.shift()!;
    }
    assert(this.#committedImage.offset < highWatermark, 'only what is committed', {
      offset: this.#committedImage.offset,
      highWatermark,
    });
  }

  dispose(): void {
    this.#heartbeats.dispose();
    for (const timer of this.#periodic.values()) this.#ports.clock.cancel(timer);
    if (this.#sessionCheck !== null) this.#ports.clock.cancel(this.#sessionCheck);
    this.#periodic.clear();
    this.#sessionCheck = null;
  }

  // ------------------------------------------------------------------------------------ decisions

  /** The first decision of a cluster: what its storage was formatted with. */
  bootstrap(records: readonly MetadataRecord[]): void {
    assert(this.#image.features.size === 0, 'once in the life of a cluster', { records });
    this.#append(records);
  }

  /** Appends the decision's records and answers once they, and all before them, are committed. */
  decide<R>(request: ControllerRequest, result: ControllerResult<R>): void {
    this.#append(result.records);
    this.#answer(request, result.response);
  }

  registerBroker(request: ControllerRequest): void {
    const body = request.body as BrokerRegistrationRequest;
    const { brokerId, incarnationId } = body;
    const isNew = this.#image.brokers.get(brokerId)?.incarnationId !== incarnationId;
    const result = registerBroker(this.view, body, {
      hasValidSession: this.#heartbeats.hasValidSession(brokerId),
      nextOffset: this.#log.endOffset,
    });
    this.#append(result.records);
    this.#traceRegistration(brokerId, result.response);
    if (result.response.errorCode === ErrorCode.NONE) {
      const registration = this.#image.brokers.get(brokerId);
      // Undefined only if the disk refused the record, and then this process is ending.
      if (registration !== undefined) this.#heartbeats.register(registration, isNew);
      this.#armSessionCheck();
    }
    this.#answer(request, result.response);
  }

  heartbeat(request: ControllerRequest): void {
    const body = request.body as BrokerHeartbeatRequest;
    const { brokerId, brokerEpoch, currentMetadataOffset } = body;
    const errorCode = brokerEpochError(this.#image, brokerId, brokerEpoch);
    if (errorCode !== ErrorCode.NONE) {
      const refusal = { isCaughtUp: false, isFenced: true, shouldShutDown: false };
      this.#answer(request, { throttleTimeMs: 0, errorCode, ...refusal });
      return;
    }
    const registerBrokerRecordOffset = this.#registerBrokerRecordOffsets.get(brokerId);
    assert(registerBrokerRecordOffset !== undefined, 'a registered broker', { brokerId });
    const state = this.#heartbeats.heartbeat(brokerId, {
      wantFence: body.wantFence,
      wantShutDown: body.wantShutDown,
      currentMetadataOffset,
      registerBrokerRecordOffset,
      hasLeaderships: hasLeaderships(this.#image, brokerId),
    });
    this.#appendDraft(brokerId, state, 'heartbeat');
    // Where the log failed (a full disk), the controller has resigned, and nobody is known to it.
    if (state === 'CONTROLLED_SHUTDOWN' && this.#heartbeats.has(brokerId)) {
      this.#heartbeats.controlledShutdownAt(brokerId, this.#log.endOffset - 1);
    }
    this.#armSessionCheck();
    const response: BrokerHeartbeatResponse = {
      throttleTimeMs: 0,
      errorCode,
      isCaughtUp: currentMetadataOffset >= registerBrokerRecordOffset,
      isFenced: state === 'FENCED' || state === 'SHUTDOWN_NOW',
      shouldShutDown: state === 'SHUTDOWN_NOW',
    };
    this.#answer(request, response);
  }

  alterPartition(request: ControllerRequest): void {
    const body = request.body as AlterPartitionRequest;
    const result = alterPartition(this.view, body, request.apiVersion);
    this.#traceRefusals(body, result.response);
    this.decide(request, result);
  }

  createTopics(request: ControllerRequest): void {
    const result = createTopics(this.view, request.body as CreateTopicsRequest, {
      random: this.placement,
      newTopicId: () => randomUuid(this.#topicIds),
    });
    this.decide(request, result);
  }

  #answer(request: ControllerRequest, response: unknown): void {
    this.#log.whenCommitted(this.#log.endOffset, () => {
      if (request.isOpen()) request.respond(response);
    });
  }

  #appendDraft(brokerId: number, state: string, reason: string): void {
    const records = this.#draft;
    this.#draft = [];
    if (records.length === 0) return;
    this.#ports.trace.record(brokerStateKind, { broker: brokerId, state, reason });
    this.#append(records);
  }

  #append(records: readonly MetadataRecord[]): void {
    if (records.length === 0) return;
    const baseOffset = this.#log.endOffset;
    const endOffset = this.#log.append(this.#epoch, records);
    if (endOffset === baseOffset) return;
    const delta = new MetadataDelta(this.#image);
    for (const [index, record] of records.entries()) {
      delta.replay(record);
      if (record.type === 'RegisterBrokerRecord') {
        this.#registerBrokerRecordOffsets.set(record.data.brokerId, baseOffset + index);
      }
    }
    this.#image = delta.apply(endOffset - 1, this.#epoch);
    this.#uncommitted.push(this.#image);
    if (this.#ports.trace.on) this.#traceChanges(delta);
    this.#schedulePeriodic();
  }

  // ------------------------------------------------------------------------------------- by clock

  /** One timer for all sessions: the oldest contact can only be followed by later ones. */
  #armSessionCheck(): void {
    if (this.#sessionCheck !== null) return;
    const time = this.#heartbeats.nextCheckTime();
    if (time === null) return;
    const delay = micros(Math.max(0, time - this.#ports.clock.now()));
    this.#sessionCheck = this.#ports.clock.after(delay, 'broker.session.timeout.ms', () => {
      this.#sessionCheck = null;
      this.#expireOneSession();
      this.#armSessionCheck();
    });
  }

  /** One a time, so that the next one is decided upon what the last one did. */
  #expireOneSession(): void {
    const brokerId = this.#heartbeats.expireOne();
    if (brokerId !== null) this.#appendDraft(brokerId, 'FENCED', 'session expired');
    assert(this.#draft.length === 0, 'every draft is appended');
  }

  /** A round of elections is due some time after there is something to elect. */
  #schedulePeriodic(): void {
    const { values } = this.#config;
    if (values['auto.leader.rebalance.enable'] && this.#isImbalanced()) {
      const name = 'leader.imbalance.check.interval.seconds';
      this.#after(name, microsOfMillis(values[name] * 1000), balancePartitionLeaders);
    }
    if (this.#isLeaderless()) {
      const name = 'unclean.leader.election.interval.ms';
      this.#after(name, microsOfMillis(values[name]), electUncleanLeaders);
    }
  }

  #after(
    name: Periodic,
    delay: Micros,
    elect: (view: ClusterView) => readonly MetadataRecord[],
  ): void {
    if (this.#periodic.has(name)) return;
    const timer = this.#ports.clock.after(delay, name, () => {
      this.#periodic.delete(name);
      const records = elect(this.view);
      if (records.length >= electionsPerRoundMax) this.#after(name, micros(0), elect);
      this.#append(records);
      this.#schedulePeriodic();
    });
    this.#periodic.set(name, timer);
  }

  #isImbalanced(): boolean {
    let imbalanced = false;
    eachPartition(this.#image, (_topic, _index, partition) => {
      imbalanced ||= !hasPreferredLeader(partition);
    });
    return imbalanced;
  }

  #isLeaderless(): boolean {
    let leaderless = false;
    eachPartition(this.#image, (_topic, _index, partition) => {
      leaderless ||= partition.leader === NO_LEADER;
    });
    return leaderless;
  }

  // ---------------------------------------------------------------------------------------- trace

  #traceRegistration(broker: number, response: BrokerRegistrationResponse): void {
    const { brokerEpoch: epoch, errorCode } = response;
    this.#ports.trace.record(brokerRegisteredKind, { broker, epoch, error: errorName(errorCode) });
  }

  #traceRefusals(asked: AlterPartitionRequest, response: AlterPartitionResponse): void {
    if (!this.#ports.trace.on) return;
    for (const [index, topic] of response.topics.entries()) {
      const name = topicById(this.#image, topic.topicId)?.name ?? topic.topicId;
      for (const [place, { partitionIndex, errorCode }] of topic.partitions.entries()) {
        if (errorCode === ErrorCode.NONE) continue;
        const { newIsr, newIsrWithEpochs } = asked.topics[index]!.partitions[place]!;
        const ids = [...newIsr, ...newIsrWithEpochs.map((member) => member.brokerId)];
        this.#ports.trace.record(alterPartitionRefusedKind, {
          partition: `${name}-${partitionIndex}`,
          broker: asked.brokerId,
          isr: ids.join(','),
          error: errorName(errorCode),
        });
      }
    }
  }

  #traceChanges(delta: MetadataDelta): void {
    const { partitions, deletedTopics } = delta.changes();
    const { trace } = this.#ports;
    for (const { name, partitions: gone } of deletedTopics) {
      trace.record(topicChangeKind, { topic: name, change: 'deleted', partitions: gone.length });
    }
    for (const change of partitions) {
      const { topic, before, after, partition } = change;
      if (after === undefined) continue;
      if (before === undefined && partition === 0) {
        const count = this.#image.topics.get(topic)?.partitions.length ?? 0;
        trace.record(topicChangeKind, { topic, change: 'created', partitions: count });
      }
      trace.record(partitionChangeKind, {
        partition: `${topic}-${partition}`,
        leader: after.leader,
        leaderEpoch: after.leaderEpoch,
        partitionEpoch: after.partitionEpoch,
        isr: after.isr.join(','),
        elr: after.elr.join(','),
        election: electionOf(change),
      });
      this.#traceReassignment(change);
    }
  }

  #traceReassignment({ topic, partition, before, after }: PartitionChange): void {
    if (before === undefined || after === undefined) return;
    const { replicas, addingReplicas, removingReplicas } = after;
    if (before.replicas === replicas && before.addingReplicas === addingReplicas) {
      if (before.removingReplicas === removingReplicas) return;
    }
    this.#ports.trace.record(reassignmentKind, {
      partition: `${topic}-${partition}`,
      replicas: replicas.join(','),
      adding: addingReplicas.join(','),
      removing: removingReplicas.join(','),
    });
  }
}

/** `none`, `offline`, `clean`, `eligible` (from the ELR) or `unclean`. */
function electionOf({ before, after }: PartitionChange): string {
  assert(after !== undefined, 'a partition that is there');
  if (before?.leader === after.leader) return 'none';
  if (after.leader === NO_LEADER) return 'offline';
  if (before === undefined || before.isr.includes(after.leader)) return 'clean';
  if (before.elr.includes(after.leader)) return 'eligible';
  // A replica that caught up with a reassignment joins the ISR and leads by the same change.
  const joins = before.addingReplicas.includes(after.leader) || after.isr.length > 1;
  const recovers = after.leaderRecoveryState === RECOVERING;
  if (joins && !recovers && after.isr.includes(after.leader)) return 'clean';
  assert(recovers, 'an unclean leader recovers', { after });
  return 'unclean';
}
