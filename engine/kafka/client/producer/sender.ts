/**
 * Takes ready batches out of the accumulator, sends them to their leaders, and decides by the reply
 * what becomes of each: acknowledged, sent again, split, or failed.
 *
 * It runs when something happened (a record, a reply, a connection, new metadata) and when time is
 * up (linger, backoff, delivery timeout); each run sends all that can be sent. Order: with one
 * request in flight a partition is muted until its answer; with idempotence the sequences keep it;
 * else a retried batch may land behind a later one (K21, gallery 13). Source: `Sender`.
 * Not here: the queues (`record-accumulator.ts`), the producer's id (`producer-id.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Ports } from '../../../kernel/ports.ts';
import type { Micros } from '../../../kernel/units.ts';
import { ErrorCode, errorName, isRetriable } from '../../../wire/kafka/errors.ts';
import {
  produce,
  type ProduceRequest,
  type ProduceResponse,
} from '../../../wire/kafka/messages/produce.ts';
import type { Reply, RequestChannel } from '../../network-client.ts';
import type { ProducerConfig } from '../config.ts';
import { isInvalidMetadata } from '../invalid-metadata.ts';
import type { ClientMetadata } from '../metadata.ts';
import { WakeUp } from '../wake-up.ts';
import { mayHaveBeenWritten } from './produce-result.ts';
import type { ProducerBatch } from './producer-batch.ts';
import type { ProducerId } from './producer-id.ts';
import type { RecordAccumulator } from './record-accumulator.ts';
import {
  ackTrace,
  expireTrace,
  produceTrace,
  retryTrace,
  sendFailedTrace,
  splitTrace,
} from './sender-trace.ts';

type PartitionResponse = ProduceResponse['responses'][number]['partitionResponses'][number];

/** The part of a reply that a batch's fate depends on. */
interface Outcome {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** Whether the broker may have seen this attempt. */
  readonly sent: boolean;
}

const ACKED_UNSEEN: Outcome = {
  errorCode: ErrorCode.NONE,
  baseOffset: -1,
  logAppendTimeMs: -1,
  logStartOffset: -1,
  sent: true,
};

export class Sender {
  /** Batches that were sent again, for views. */
  retries = 0;
  readonly #ports: Ports;
  readonly #config: ProducerConfig;
  readonly #metadata: ClientMetadata;
  readonly #accumulator: RecordAccumulator;
  readonly #producerId: ProducerId | null;
  /** Called when memory may be free again, or all may be done. */
  readonly #progressed: () => void;
  readonly #inFlight = new Map<string, ProducerBatch[]>();
  readonly #guaranteesOrder: boolean;
  readonly #wakeUp: WakeUp;
  #running = false;
  #stopped = false;

  constructor(
    ports: Ports,
    config: ProducerConfig,
    metadata: ClientMetadata,
    accumulator: RecordAccumulator,
    producerId: ProducerId | null,
    progressed: () => void,
  ) {
    this.#ports = ports;
    this.#wakeUp = new WakeUp(ports.clock, () => this.run());
    this.#config = config;
    this.#metadata = metadata;
    this.#accumulator = accumulator;
    this.#producerId = producerId;
    this.#progressed = progressed;
    this.#guaranteesOrder = config['max.in.flight.requests.per.connection'] === 1;
  }

  /** Runs in a later event of the same instant, so that what is sent together goes together. */
  wake(): void {
    this.#runAt(this.#ports.clock.now(), 'sender');
  }

  #runAt(at: Micros, label: string): void {
    if (!this.#stopped) this.#wakeUp.at(at, label);
  }

  /** One turn of the sender thread. */
  run(): void {
    assert(!this.#running, 'the sender runs once at a time');
    if (this.#stopped) return;
    this.#running = true;
    this.#producerId?.resolveSequences();
    this.#producerId?.prepare();
    let sent = true;
    while (sent) sent = this.#sendProducerData();
    // The end of a transaction may have waited for the last batch, which has just expired.
    this.#producerId?.prepare();
    this.#running = false;
    this.#progressed();
  }

  /** No more turns: the producer is closed. */
  stop(): void {
    this.#stopped = true;
    this.#wakeUp.cancel();
  }

  get inFlightBatches(): ProducerBatch[] {
    const all: ProducerBatch[] = [];
    for (const batches of this.#inFlight.values()) for (const batch of batches) all.push(batch);
    return all;
  }

  // ----------------------------------------------------------------------------------- sending

  /** Sends at most one batch a partition. True if something was sent, so: look again. */
  #sendProducerData(): boolean {
    const now = this.#ports.clock.now();
    const check = this.#accumulator.ready(now);
    for (const topic of check.unknownLeaderTopics) this.#metadata.add(topic);
    if (check.unknownLeaderTopics.size > 0) this.#metadata.requestUpdate();
    const requests: [number, RequestChannel, ProducerBatch[]][] = [];
    for (const brokerId of check.brokers) {
      const channel = this.#metadata.channelTo(brokerId);
      const canSend = channel !== null && channel.ready();
      this.#accumulator.noteBroker(brokerId, canSend, now);
      if (channel === null || !canSend) continue;
      const batches = this.#accumulator.drain(brokerId, now);
      if (batches.length > 0) requests.push([brokerId, channel, batches]);
    }
    for (const [, , batches] of requests) for (const batch of batches) this.#launch(batch);
    const nextExpiryAt = this.#expireBatches(now);
    if (check.nextCheckAt !== null) this.#runAt(check.nextCheckAt, 'linger.ms');
    if (nextExpiryAt !== null) this.#runAt(nextExpiryAt, 'delivery.timeout.ms');
    for (const [brokerId, channel, batches] of requests) {
      this.#sendProduceRequest(brokerId, channel, batches);
    }
    return requests.length > 0;
  }

  #launch(batch: ProducerBatch): void {
    const list = this.#inFlight.get(batch.topicPartition) ?? [];
    assert(!list.includes(batch), 'in flight once', { at: batch.topicPartition });
    list.push(batch);
    this.#inFlight.set(batch.topicPartition, list);
    if (this.#guaranteesOrder) this.#accumulator.mute(batch);
  }

  #land(batch: ProducerBatch): void {
    const list = this.#inFlight.get(batch.topicPartition);
    if (list === undefined) return;
    const index = list.indexOf(batch);
    if (index >= 0) list.splice(index, 1);
    if (list.length === 0) this.#inFlight.delete(batch.topicPartition);
  }

  #sendProduceRequest(
    brokerId: number,
    channel: RequestChannel,
    batches: readonly ProducerBatch[],
  ): void {
    const acks = this.#config.acksOnWire;
    const topics = new Map<string, { index: number; records: Uint8Array }[]>();
    for (const batch of batches) {
      const records = batch.close();
      const partitionData = topics.get(batch.topic) ?? [];
      partitionData.push({ index: batch.partition, records });
      topics.set(batch.topic, partitionData);
      this.#traceProduce(batch, brokerId, records.length);
    }
    const topicData = [...topics].map(([name, partitionData]) => ({ name, partitionData }));
    const timeoutMs = this.#config['request.timeout.ms'];
    const transactionalId = this.#producerId?.transactionalId ?? null;
    const body: ProduceRequest = { transactionalId, acks, timeoutMs, topicData };
    channel.send(
      produce.key,
      this.#producerId?.produceVersion ?? produce.versionMax,
      body,
      (reply) => this.#handleProduceResponse(reply, batches),
      { expectReply: acks !== 0 },
    );
  }

  #traceProduce(batch: ProducerBatch, broker: number, bytes: number): void {
    if (!this.#ports.trace.on) return;
    const { topicPartition: partition, recordCount: records, baseSequence } = batch;
    const attempt = batch.attempts + 1;
    const data = { partition, broker, records, bytes, baseSequence, attempt };
    this.#ports.trace.record(produceTrace, data);
  }

  // ----------------------------------------------------------------------------------- replies

  #handleProduceResponse(reply: Reply, batches: readonly ProducerBatch[]): void {
    if (this.#stopped) return;
    if (!reply.ok) {
      const errorCode = FAILURE_CODES[reply.reason];
      for (const batch of batches) {
        this.#completeBatch(batch, { ...ACKED_UNSEEN, errorCode, sent: reply.sent });
      }
      this.wake();
      return;
    }
    if (this.#config.acksOnWire === 0) {
      for (const batch of batches) this.#completeBatch(batch, ACKED_UNSEEN);
    } else {
      this.#completeAll(reply.body as ProduceResponse, batches);
    }
    if (this.#running) this.wake();
    else this.run();
  }

  #completeAll(response: ProduceResponse, batches: readonly ProducerBatch[]): void {
    const waiting = new Set(batches);
    for (const topic of response.responses) {
      for (const partition of topic.partitionResponses) {
        const batch = batches.find(
          (one) => one.topic === topic.name && one.partition === partition.index,
        );
        if (batch === undefined || !waiting.delete(batch)) continue;
        this.#learnLeader(batch, partition, response);
        this.#completeBatch(batch, { ...partition, sent: true });
      }
    }
    // A broker that leaves a partition out has not said what became of it.
    for (const batch of waiting) {
      this.#completeBatch(batch, { ...ACKED_UNSEEN, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR });
    }
  }

  #learnLeader(
    batch: ProducerBatch,
    partition: PartitionResponse,
    response: ProduceResponse,
  ): void {
    const { topic } = batch;
    const moved =
      partition.errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER ||
      partition.errorCode === ErrorCode.FENCED_LEADER_EPOCH;
    if (!moved) return;
    const { currentLeader } = partition;
    this.#metadata.learnLeader(topic, batch.partition, currentLeader, response.nodeEndpoints);
  }

  #completeBatch(batch: ProducerBatch, outcome: Outcome): void {
    const { errorCode } = outcome;
    if (errorCode !== ErrorCode.NONE && outcome.sent && mayHaveBeenWritten(errorCode)) {
      batch.maybeWritten = true;
    }
    const tooLarge = errorCode === ErrorCode.MESSAGE_TOO_LARGE && batch.recordCount > 1;
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      this.#succeed(batch, outcome);
    } else if (tooLarge && !batch.isDone) {
      this.#split(batch);
    } else if (this.#canRetry(batch, outcome)) {
      this.#retry(batch, errorCode);
    } else {
      this.#fail(batch, errorCode, batch.attempts < this.#config.retries);
    }
    if (isInvalidMetadata(errorCode)) this.#metadata.requestUpdate();
    if (this.#guaranteesOrder) this.#accumulator.unmute(batch);
  }

  #succeed(batch: ProducerBatch, outcome: Outcome): void {
    assert(outcome.baseOffset >= -1, 'an offset or unknown', { offset: outcome.baseOffset });
    this.#producerId?.completed(batch, outcome.baseOffset);
    if (this.#ports.trace.on && !batch.isDone) {
      const { topicPartition: partition, recordCount: records } = batch;
      const { baseOffset } = outcome;
      this.#ports.trace.record(ackTrace, { partition, records, baseOffset });
    }
    this.#land(batch);
    this.#accumulator.deallocate(batch);
    batch.complete(outcome.baseOffset, outcome.logAppendTimeMs);
  }

  #split(batch: ProducerBatch): void {
    this.#producerId?.sequences.remove(batch);
    const batches = this.#accumulator.splitAndReenqueue(batch);
    this.#land(batch);
    this.#accumulator.deallocate(batch);
    const { topicPartition: partition, recordCount: records } = batch;
    this.#ports.trace.record(splitTrace, { partition, records, batches });
  }

  #canRetry(batch: ProducerBatch, outcome: Outcome): boolean {
    if (batch.isDone || batch.attempts >= this.#config.retries) return false;
    if (this.#accumulator.expiryOf(batch) <= this.#ports.clock.now()) return false;
    const { errorCode, logStartOffset } = outcome;
    if (this.#producerId === null) return isRetriable(errorCode);
    return this.#producerId.canRetry(batch, errorCode, logStartOffset);
  }

  #retry(batch: ProducerBatch, errorCode: number): void {
    this.retries++;
    this.#accumulator.reenqueue(batch, this.#ports.clock.now());
    this.#land(batch);
    if (!this.#ports.trace.on) return;
    const { topicPartition: partition, recordCount: records, attempts, retryBackoffMs } = batch;
    const what = { partition, records, error: errorName(errorCode) };
    const data = { ...what, attempt: attempts, backoffMs: retryBackoffMs };
    this.#ports.trace.record(retryTrace, data);
  }

  #fail(batch: ProducerBatch, errorCode: number, adjustSequences: boolean): void {
    assert(errorCode !== ErrorCode.NONE, 'a failure has a reason', { errorCode });
    this.#land(batch);
    if (batch.isDone) return;
    const { topicPartition: partition, recordCount: records, maybeWritten } = batch;
    this.#ports.trace.record(sendFailedTrace, {
      partition,
      records,
      error: errorName(errorCode),
      indeterminate: maybeWritten,
    });
    this.#accumulator.deallocate(batch);
    batch.fail(errorCode);
    this.#producerId?.failed(batch, errorCode, adjustSequences);
  }

  // ------------------------------------------------------------------------------------ expiry

  /** Fails what outlived `delivery.timeout.ms`; says when the next batch does. */
  #expireBatches(now: Micros): Micros | null {
    const queued = this.#accumulator.takeExpired(now);
    let next = queued.nextExpiryAt;
    for (const batch of queued.expired) this.#expire(batch);
    for (const batch of this.inFlightBatches) {
      const at = this.#accumulator.expiryOf(batch);
      if (at <= now) {
        batch.maybeWritten = true;
        this.#expire(batch);
      } else if (next === null || at < next) {
        next = at;
      }
    }
    return next;
  }

  #expire(batch: ProducerBatch): void {
    const { topicPartition: partition, recordCount: records, maybeWritten } = batch;
    const indeterminate = maybeWritten;
    this.#ports.trace.record(expireTrace, { partition, records, indeterminate });
    const wasSent = batch.hasSequence;
    this.#fail(batch, ErrorCode.REQUEST_TIMED_OUT, false);
    if (wasSent && batch.inRetry) this.#producerId?.markUnresolved(batch);
  }

  /**
   * Fails everything that is not done with (a forced close, a fatal error), or only what was never
   * sent.
   */
  abort(errorCode: number, withSent = true): void {
    const sent = new Set(this.inFlightBatches);
    for (const batch of this.#accumulator.takeIncomplete(withSent)) {
      if (sent.has(batch)) batch.maybeWritten = true;
      this.#fail(batch, errorCode, false);
    }
    assert(!withSent || !this.#accumulator.hasUndrained, 'nothing is left to send');
  }
}

/** A lost request as the error that the Java client makes of it. */
const FAILURE_CODES = {
  disconnected: ErrorCode.NETWORK_EXCEPTION,
  timeout: ErrorCode.REQUEST_TIMED_OUT,
  'unsupported-version': ErrorCode.UNSUPPORTED_VERSION,
} as const;
