/**
 * The producer: takes records, gives each a partition, and tells by a callback what became of it.
 *
 * `send` never blocks. What would block the caller of the Java producer (unknown metadata, no
 * `buffer.memory`) waits in order, up to `max.block.ms`. Source: `KafkaProducer`. Not here: batches
 * and queues (`record-accumulator.ts`), requests and retries (`sender.ts`), transactions, which
 * are a part that is handed in (`producer-transactions.ts`). Differences: no interceptors and
 * serializers (bytes, or text as UTF-8).
 */
import { decodeUtf8, encodeUtf8 } from '../../../bytes/utf8.ts';
import { assert } from '../../../kernel/assert.ts';
import type {
  Address,
  Ports,
  Process,
  ProcessFactory,
  Random,
  TimerId,
} from '../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../kernel/units.ts';
import { ErrorCode, errorName } from '../../../wire/kafka/errors.ts';
import {
  initProducerId,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from '../../../wire/kafka/messages/init-producer-id.ts';
import type { RecordHeader } from '../../../wire/kafka/record.ts';
import { NetworkClient } from '../../network-client.ts';
import type { Profile } from '../../profiles.ts';
import { networkOptionsOf, type ProducerConfig, producerConfig } from '../config.ts';
import { ExponentialBackoff } from '../exponential-backoff.ts';
import { ClientMetadata } from '../metadata.ts';
import { shared } from '../../../kernel/structural-sharing.ts';
import { type Partitioner, partitionerOf, type Partitions } from './partitioner.ts';
import { type ProduceCallback, type ProduceResult, refusal } from './produce-result.ts';
import type { BatchedRecord, ProducerBatch } from './producer-batch.ts';
import { singleRecordBytesMax } from './producer-batch.ts';
import { ProducerId, type ProducerIdOwner } from './producer-id.ts';
import { RecordAccumulator } from './record-accumulator.ts';
import { sendFailedTrace, sendTrace } from './sender-trace.ts';
import { Sender } from './sender.ts';

export interface ProducerOptions {
  readonly bootstrap: readonly Address[];
  readonly profile: Profile;
  /** Real names: `acks`, `linger.ms`, ... */
  readonly settings: Readonly<Record<string, string>>;
  /** Transactions, for a producer with a `transactional.id`. */
  readonly transactions?: MakeProducerId;
}

/** Makes the id of a producer: one that has transactions. */
export type MakeProducerId = (ports: Ports, owner: ProducerIdOwner) => ProducerId;

/** Bytes, or a text that is written as UTF-8; null is no key, or a tombstone. */
export type Content = Uint8Array | string | null;

export interface ProducerRecord {
  readonly topic: string;
  /** Without one the partitioner chooses. */
  readonly partition?: number;
  readonly key?: Content;
  readonly value: Content;
  readonly headers?: readonly RecordHeader[];
  /** Milliseconds since 1970; without it the host's wall clock. */
  readonly timestamp?: number;
}

/** A record that waits for metadata or memory. */
interface PendingSend {
  readonly topic: string;
  readonly partition: number | null;
  readonly record: BatchedRecord;
  readonly deadline: Micros;
}

interface Flush {
  /** Sends that were asked for before the flush and are not done with. */
  remaining: number;
  /** The number of the last of them. */
  readonly upTo: number;
  readonly done: () => void;
}

/** What views see. */
export interface ProducerView {
  readonly kind: 'kafka-producer';
  /** The state of the producer id; NOT_IDEMPOTENT without one. */
  readonly state: string;
  readonly producerId: number;
  readonly epoch: number;
  readonly sent: number;
  readonly acked: number;
  readonly failed: number;
  readonly retries: number;
  readonly waiting: number;
  readonly queued: readonly BatchView[];
  readonly inFlight: readonly BatchView[];
  /** The name of the last error that an application was told of, or an empty text. */
  readonly lastError: string;
}

interface BatchView {
  readonly partition: string;
  readonly records: number;
  readonly bytes: number;
  readonly baseSequence: number;
  readonly attempts: number;
}

/** Makes a producer; throws `ConfigError` on settings that cannot be. */
export function createProducer(options: ProducerOptions): ProcessFactory<Producer> {
  const config = producerConfig(options.profile, options.settings);
  assert(options.bootstrap.length > 0, 'bootstrap servers', { settings: options.settings });
  return (ports) => new Producer(ports, options, config);
}

export class Producer implements Process {
  readonly #ports: Ports;
  readonly #config: ProducerConfig;
  readonly #network: NetworkClient;
  private readonly metadata: ClientMetadata;
  /** Null without idempotence. */
  readonly producerId: ProducerId | null;
  readonly #accumulator: RecordAccumulator;
  readonly #sender: Sender;
  readonly #partitioner: Partitioner;
  readonly #initBackoff: ExponentialBackoff;
  #initAttempts = 0;
  readonly #pending: PendingSend[] = [];
  #pendingTimer: TimerId | null = null;
  #flushes: Flush[] = [];
  #sent = 0;
  #acked = 0;
  #failed = 0;
  #lastError = '';
  #closing: { done: (() => void) | null; timer: TimerId | null } | null = null;
  #closed = false;
  #view: ProducerView | null = null;

  constructor(ports: Ports, options: ProducerOptions, config: ProducerConfig) {
    this.#ports = ports;
    this.#config = config;
    const inFlightMax = config['max.in.flight.requests.per.connection'];
    this.#network = new NetworkClient(ports, networkOptionsOf(config, ports.host, inFlightMax));
    this.metadata = new ClientMetadata(ports, this.#network, {
      bootstrap: options.bootstrap,
      maxAgeMs: config['metadata.max.age.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      retryBackoffMsMax: config['retry.backoff.max.ms'],
      allowAutoTopicCreation: true,
      leaderEpochs: options.profile.switches.epochFencing,
    });
    const random: Random = ports.random('producer');
    const owner = this.#idOwner(options.profile);
    const makeId = options.transactions ?? ((...of) => new ProducerId(...of));
    this.producerId = config.idempotent ? makeId(ports, owner) : null;
    this.#accumulator = new RecordAccumulator(config, this.metadata, this.producerId, random);
    this.#partitioner = partitionerOf(config, options.profile, random);
    this.#initBackoff = new ExponentialBackoff(random, {
      initialMs: config['retry.backoff.ms'],
      maxMs: config['retry.backoff.max.ms'],
    });
    const [metadata, accumulator] = [this.metadata, this.#accumulator];
    const { producerId } = this;
    this.#sender = new Sender(ports, config, metadata, accumulator, producerId, () =>
      this.#progressed(),
    );
  }

  start(): void {
    this.metadata.watch(() => this.#learned());
    this.#network.listen({ ready: () => this.#sender.wake() });
    this.metadata.requestUpdate();
    this.#sender.run();
  }

  stop(): void {
    this.close(() => this.#ports.halt('closed'));
  }

  // --------------------------------------------------------------------------------------- send

  /** Sends a record; `callback` is called once, in a later event. */
  send(record: ProducerRecord, callback: ProduceCallback = () => undefined): void {
    const now = this.#ports.clock.now();
    const key = bytesOf(record.key ?? null);
    const value = bytesOf(record.value);
    const headers = record.headers ?? [];
    const number = ++this.#sent;
    const batched: BatchedRecord = {
      timestamp: record.timestamp ?? this.#ports.clock.wall(),
      key,
      value,
      headers,
      callback: (result) => this.#finished(number, result, callback),
    };
    const partition = record.partition ?? null;
    const errorCode = this.#refusalOf(batched);
    if (errorCode !== ErrorCode.NONE) {
      this.#refuse(record.topic, batched, errorCode);
      return;
    }
    const deadline = micros(now + microsOfMillis(this.#config['max.block.ms']));
    this.#pending.push({ topic: record.topic, partition, record: batched, deadline });
    if (this.#pending.length === 1) this.#pump();
  }

  #refusalOf(record: BatchedRecord): number {
    if (this.#closing !== null || this.#closed) return ErrorCode.UNKNOWN_SERVER_ERROR;
    const refused = this.producerId?.sendError ?? ErrorCode.NONE;
    if (refused !== ErrorCode.NONE) return refused;
    const size = singleRecordBytesMax(record);
    const most = Math.min(this.#config['max.request.size'], this.#config['buffer.memory']);
    return size > most ? ErrorCode.MESSAGE_TOO_LARGE : ErrorCode.NONE;
  }

  /** Fails a record that never got into a batch. */
  #refuse(topic: string, record: BatchedRecord, errorCode: number): void {
    assert(errorCode !== ErrorCode.NONE, 'a reason', { topic });
    const what = { partition: topic, records: 1, error: errorName(errorCode) };
    this.#ports.trace.record(sendFailedTrace, { ...what, indeterminate: false });
    this.#ports.clock.after(micros(0), 'callback', () => record.callback(refusal(errorCode)));
  }

  /** Appends what waits, in order, as far as metadata and memory allow. */
  #pump(): void {
    const now = this.#ports.clock.now();
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      if (this.#tryAppend(first, now)) {
        this.#pending.shift();
      } else if (first.deadline <= now) {
        this.#pending.shift();
        this.#refuse(first.topic, first.record, ErrorCode.REQUEST_TIMED_OUT);
        if (this.metadata.partitions(first.topic) === null) this.metadata.forget(first.topic);
      } else {
        this.#watchPending(first.deadline);
        return;
      }
    }
    this.#accumulator.exhausted = false;
  }

  #watchPending(deadline: Micros): void {
    if (this.#pendingTimer !== null) return;
    const wait = micros(deadline - this.#ports.clock.now());
    assert(wait > 0, 'a deadline to come', { wait });
    this.#pendingTimer = this.#ports.clock.after(wait, 'max.block.ms', () => {
      this.#pendingTimer = null;
      this.#pump();
      // The end of a transaction may have waited for what has just been given up.
      if (this.#config['transactional.id'] !== '') this.#sender.wake();
    });
  }

  /** False if it has to wait. A record whose topic cannot be is refused here, so done with. */
  #tryAppend({ topic, partition, record }: PendingSend, now: Micros): boolean {
    this.metadata.add(topic);
    const topicError = this.metadata.topicError(topic);
    if (topicError === ErrorCode.INVALID_TOPIC_EXCEPTION) {
      this.#refuse(topic, record, topicError);
      return true;
    }
    const partitions = this.metadata.partitions(topic);
    if (partitions === null || (partition ?? 0) >= partitions.length) {
      if (partitions !== null) this.metadata.requestUpdate();
      return false;
    }
    const chosen = partition ?? this.#partitioner.partition(topic, record.key, partitions);
    return this.#append(topic, record, { chosen, fixed: partition !== null, partitions, now });
  }

  #append(
    topic: string,
    record: BatchedRecord,
    where: { chosen: number | null; fixed: boolean; partitions: Partitions; now: Micros },
  ): boolean {
    const { partitions, now } = where;
    const abortOnNewBatch = this.#partitioner.onNewBatch !== undefined && !where.fixed;
    const options = { partition: where.chosen, partitions, now, abortOnNewBatch };
    const wasExhausted = this.#accumulator.exhausted;
    let result = this.#accumulator.append(topic, record, options);
    if (result.kind === 'needs-new-batch') {
      this.#partitioner.onNewBatch?.(topic, result.partition, partitions);
      const partition = this.#partitioner.partition(topic, record.key, partitions);
      const again = { partition, partitions, now, abortOnNewBatch: false };
      result = this.#accumulator.append(topic, record, again);
    }
    assert(result.kind !== 'needs-new-batch', 'opened at the second time', { topic });
    if (result.kind === 'no-memory') {
      // What there is gets sent without lingering; looking again would not make it more.
      if (!wasExhausted) this.#sender.wake();
      return false;
    }
    this.producerId?.appended(`${topic}-${result.partition}`);
    if (result.newBatch || result.sendable) this.#sender.wake();
    this.#traceSend(topic, result.partition, record);
    return true;
  }

  #traceSend(topic: string, partition: number, record: BatchedRecord): void {
    if (!this.#ports.trace.on) return;
    this.#ports.trace.record(sendTrace, {
      partition: `${topic}-${partition}`,
      key: textOf(record.key),
      value: textOf(record.value),
      bytes: record.value?.length ?? 0,
    });
  }

  #finished(number: number, result: ProduceResult, callback: ProduceCallback): void {
    if (result.ok) this.#acked++;
    else {
      this.#failed++;
      this.#lastError = errorName(result.errorCode);
    }
    assert(this.#acked + this.#failed <= this.#sent, 'each record is done with once', {
      acked: this.#acked,
      failed: this.#failed,
      sent: this.#sent,
    });
    for (const flush of this.#flushes) if (number <= flush.upTo) flush.remaining--;
    callback(result);
  }

  // ---------------------------------------------------------------------------- flush and close

  /** Sends everything at once, without lingering; `done` when all that was sent so far is done. */
  flush(done: () => void): void {
    const remaining = this.#sent - this.#acked - this.#failed;
    assert(remaining >= 0, 'outstanding records', { remaining });
    this.#flushes.push({ remaining, upTo: this.#sent, done });
    this.#accumulator.flushesInProgress++;
    this.#sender.wake();
  }

  /**
   * Sends what is there, then closes. After `timeoutMs` (default: without end) what is not done
   * with fails. `done` is called in a later event.
   */
  close(done: (() => void) | null = null, timeoutMs: number | null = null): void {
    if (this.#closing !== null || this.#closed) return;
    this.#closing = { done, timer: null };
    this.#accumulator.closing = true;
    if (timeoutMs !== null) {
      const wait = microsOfMillis(timeoutMs);
      this.#closing.timer = this.#ports.clock.after(wait, 'close timeout', () => {
        for (const { topic, record } of this.#pending.splice(0)) {
          this.#refuse(topic, record, ErrorCode.UNKNOWN_SERVER_ERROR);
        }
        this.#sender.abort(ErrorCode.UNKNOWN_SERVER_ERROR);
        this.#progressed();
      });
    }
    this.#sender.wake();
  }

  #progressed(): void {
    if (this.#closed) return;
    if (this.#pending.length > 0) this.#pump();
    this.#finishFlushes();
    const over = this.#pending.length === 0 && !this.#accumulator.hasIncomplete;
    if (this.#closing !== null && over) this.#finishClose();
  }

  #finishFlushes(): void {
    const over = this.#flushes.filter((flush) => flush.remaining === 0);
    if (over.length === 0) return;
    this.#flushes = this.#flushes.filter((flush) => flush.remaining > 0);
    this.#accumulator.flushesInProgress = this.#flushes.length;
    for (const flush of over) flush.done();
  }

  #finishClose(): void {
    const closing = this.#closing;
    assert(closing !== null && !this.#closed, 'closing');
    this.#closed = true;
    this.#closing = null;
    if (closing.timer !== null) this.#ports.clock.cancel(closing.timer);
    if (this.#pendingTimer !== null) this.#ports.clock.cancel(this.#pendingTimer);
    this.#pendingTimer = null;
    this.#sender.stop();
    this.metadata.stop();
    this.#network.close();
    closing.done?.();
  }

  #learned(): void {
    this.#pump();
    if (this.#accumulator.hasUndrained) this.#sender.wake();
  }

  // ------------------------------------------------------------------------------- producer id

  #idOwner(profile: Profile): ProducerIdOwner {
    const [config, metadata, network] = [this.#config, this.metadata, this.#network];
    return {
      config,
      profile,
      metadata,
      network,
      isIdle: () => this.#pending.length === 0 && !this.#accumulator.hasIncomplete,
      abortUndrained: (errorCode) => this.#sender.abort(errorCode, false),
      wake: () => this.#sender.wake(),
      sendInitProducerId: () => this.#sendInitProducerId(),
      backOffInitProducerId: () => this.#backOffInitProducerId(),
      abortBatches: () => {
        this.#sender.abort(this.producerId?.fatalError ?? ErrorCode.UNKNOWN_SERVER_ERROR);
      },
    };
  }

  #backOffInitProducerId(): void {
    const wait = microsOfMillis(this.#initBackoff.backoffMs(this.#initAttempts++));
    this.#ports.clock.after(wait, 'retry.backoff.ms', () => this.#sendInitProducerId());
  }

  #sendInitProducerId(): void {
    const { producerId } = this;
    assert(producerId !== null, 'an idempotent producer');
    if (this.#closed) return;
    const channel = this.metadata.leastLoadedChannel();
    if (channel === null) {
      this.#backOffInitProducerId();
      return;
    }
    const body: InitProducerIdRequest = {
      transactionalId: null,
      transactionTimeoutMs: 0x7fffffff,
      producerId: -1,
      producerEpoch: -1,
    };
    channel.send(initProducerId.key, initProducerId.versionMax, body, (reply) => {
      if (this.#closed) return;
      if (reply.ok) {
        const answer = reply.body as InitProducerIdResponse;
        const given = { producerId: answer.producerId, epoch: answer.producerEpoch };
        producerId.answered(answer.errorCode, given);
      } else {
        producerId.unanswered();
      }
      this.#sender.wake();
    });
  }

  // -------------------------------------------------------------------------------------- views

  inspect(): ProducerView {
    this.#view = shared(this.#view, this.#viewNow());
    return this.#view;
  }

  #viewNow(): ProducerView {
    const id = this.producerId;
    return {
      kind: 'kafka-producer',
      state: this.#closed ? 'CLOSED' : (id?.state ?? 'NOT_IDEMPOTENT'),
      producerId: id?.producer.producerId ?? -1,
      epoch: id?.producer.epoch ?? -1,
      sent: this.#sent,
      acked: this.#acked,
      failed: this.#failed,
      retries: this.#sender.retries,
      waiting: this.#pending.length,
      queued: this.#accumulator.queued().map(viewOf),
      inFlight: this.#sender.inFlightBatches.map(viewOf),
      lastError: this.#lastError,
    };
  }
}

function viewOf(batch: ProducerBatch): BatchView {
  return {
    partition: batch.topicPartition,
    records: batch.recordCount,
    bytes: batch.estimatedBytes,
    baseSequence: batch.baseSequence,
    attempts: batch.attempts,
  };
}

function bytesOf(content: Content): Uint8Array | null {
  return typeof content === 'string' ? encodeUtf8(content) : content;
}

/** At most so much of a key or value is kept in the trace. */
const TRACED_BYTES_MAX = 64;

function textOf(bytes: Uint8Array | null): string {
  if (bytes === null) return '';
  return decodeUtf8(bytes, 0, Math.min(bytes.length, TRACED_BYTES_MAX));
}
