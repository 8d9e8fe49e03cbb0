/**
 * What the coordinators of groups, transactions and share groups have in common: each partition of
 * an internal topic is a shard of their state. The leader of the partition is its coordinator. It
 * loads the state by replaying the log, writes each change as records before it answers, and drops
 * the state when another broker leads.
 *
 * An operation is answered when the high watermark has passed its records, and one that writes
 * nothing when it has passed what was written before: so nobody is told what could be lost.
 *
 * Not here: the states themselves (`group/`, `transaction/`).
 * Source: `CoordinatorRuntime`, `CoordinatorPartitionWriter`. Differences: each operation is a
 * batch of its own (there, those of `group.coordinator.append.linger.ms` share one); there is one
 * thread.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  encodeBatch,
  isBatchProblem,
  readBatchHeader,
} from '../../wire/kafka/record-batch.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import type { TransactionEnd } from '../broker/broker-module.ts';
import type { Partition } from '../partition/partition.ts';
import { CoordinatorLoader } from './coordinator-loader.ts';
import { coordinatorLoadedKind, coordinatorUnloadedKind } from './coordinator-trace.ts';
import type {
  CoordinatorAnswer,
  CoordinatorRecordCodec,
  CoordinatorResult,
  CoordinatorShard,
  ShardParts,
  ShardTimer,
} from './coordinator-shard.ts';
import { CoordinatorTimer } from './coordinator-timer.ts';
import { coordinatorMachine } from './coordinator.machine.ts';

export interface CoordinatorOptions<S, R> {
  /** The internal topic. */
  readonly topic: string;
  readonly codec: CoordinatorRecordCodec<R>;
  readonly makeShard: (parts: ShardParts) => S;
  /** How long a write waits for its replicas (`offsets.commit.timeout.ms`). */
  readonly writeTimeoutMs: number;
  /** Bytes that are loaded in one event (`offsets.load.buffer.size`). */
  readonly loadBufferBytes: number;
}

/** One partition of the internal topic on its leader. */
interface Context<S, R> {
  readonly partition: Partition;
  shard: S;
  readonly timer: CoordinatorTimer;
  readonly machine: MachineRunner<typeof coordinatorMachine>;
  loader: CoordinatorLoader<R> | null;
  epoch: number;
  /** The end of what operations have written. */
  lastWrittenOffset: number;
}

/** What is done when a shard's timer has run out. */
interface Timeout<R> {
  readonly key: string;
  readonly retries: boolean;
  readonly write: () => CoordinatorResult<unknown, R>;
}

/** `CoordinatorTimerImpl`: how long a timeout waits that could not be written. */
const TIMEOUT_RETRY_MS = 500;
const NOT_ACTIVE: ReadonlySet<number> = new Set([
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
]);

export class CoordinatorRuntime<S extends CoordinatorShard<R>, R> {
  readonly #broker: BrokerParts;
  readonly #options: CoordinatorOptions<S, R>;
  readonly #contexts = new Map<number, Context<S, R>>();
  readonly #waiting: (() => void)[] = [];
  #running = false;

  constructor(broker: BrokerParts, options: CoordinatorOptions<S, R>) {
    assert(options.writeTimeoutMs > 0, 'a write has time', { ms: options.writeTimeoutMs });
    this.#broker = broker;
    this.#options = options;
  }

  // ---------------------------------------------------------------------------- life of a shard

  /** This broker leads a partition of the topic, in a new epoch. */
  elected(partition: Partition): void {
    const { index, leaderEpoch } = partition;
    assert(partition.topic === this.#options.topic, 'a partition of ours', {
      topic: partition.topic,
    });
    const known = this.#contexts.get(index);
    if (known?.partition === partition) {
      known.epoch = Math.max(known.epoch, leaderEpoch);
      // Where it led before, too, nobody else has written since.
      if (known.machine.state === 'FAILED') this.#load(known);
      return;
    }
    if (known !== undefined) this.#unload(index);
    const context = this.#makeContext(partition);
    this.#contexts.set(index, context);
    this.#load(context);
  }

  /** This broker leads the partition no more: its requests are answered with NOT_COORDINATOR. */
  resigned(index: number): void {
    assert(index >= 0, 'a partition index', { index });
    if (this.#contexts.has(index)) this.#unload(index);
  }

  close(): void {
    for (const index of [...this.#contexts.keys()]) this.#unload(index);
    assert(this.#contexts.size === 0, 'no shard is left');
  }

  /** The shards that are loaded, by partition: for views and checkers. */
  *active(): Generator<readonly [number, S]> {
    for (const [index, context] of this.#contexts) {
      if (context.machine.state === 'ACTIVE') yield [index, context.shard];
    }
  }

  /** Whether a shard is being loaded, so that what it holds is not known yet. */
  get isLoading(): boolean {
    for (const { machine } of this.#contexts.values()) if (machine.state === 'LOADING') return true;
    return false;
  }

  /** The state of a partition's shard, null where this broker is not its coordinator. */
  state(index: number): string | null {
    return this.#contexts.get(index)?.machine.state ?? null;
  }

  #makeContext(partition: Partition): Context<S, R> {
    const { clock, trace } = this.#broker.ports;
    const { name: instance } = partition;
    const timer = new CoordinatorTimer(clock);
    const shard = this.#makeShard(partition, timer);
    const machine = new MachineRunner({ machine: coordinatorMachine, instance, clock, trace });
    const { leaderEpoch: epoch, log } = partition;
    const lastWrittenOffset = log.logEndOffset;
    return { partition, shard, timer, machine, loader: null, epoch, lastWrittenOffset };
  }

  #makeShard(partition: Partition, timer: CoordinatorTimer): S {
    const { index } = partition;
    return this.#options.makeShard({
      index,
      timer: this.#shardTimer(index, timer),
      committedOffset: () => partition.log.highWatermark,
    });
  }

  #load(context: Context<S, R>): void {
    const { partition, machine } = context;
    if (machine.state === 'FAILED') context.shard = this.#makeShard(partition, context.timer);
    const { shard } = context;
    const { codec, loadBufferBytes: bufferBytes } = this.#options;
    machine.send({ type: 'LOAD' });
    const done = (records: number | null): void => {
      context.loader = null;
      if (records === null) {
        machine.send({ type: 'LOAD_FAILED' });
        return;
      }
      machine.send({ type: 'LOADED' });
      const { epoch } = context;
      this.#broker.ports.trace.record(coordinatorLoadedKind, {
        partition: partition.name,
        epoch,
        records,
      });
      shard.loaded();
    };
    const options = { partition, shard, codec, bufferBytes, done };
    context.loader = new CoordinatorLoader(this.#broker.ports, this.#broker.replicas, options);
    context.loader.start();
  }

  #unload(index: number): void {
    const context = this.#contexts.get(index);
    assert(context !== undefined, 'a shard of this broker', { index });
    this.#contexts.delete(index);
    context.loader?.stop();
    context.timer.cancelAll();
    const wasActive = context.machine.state === 'ACTIVE';
    context.machine.send({ type: 'UNLOAD' });
    if (!wasActive) return;
    const partition = context.partition.name;
    this.#broker.ports.trace.record(coordinatorUnloadedKind, { partition });
    context.shard.unloaded();
  }

  #shardTimer(index: number, timer: CoordinatorTimer): ShardTimer {
    return {
      schedule: (key, delayMs, retries, operation) => {
        const write = operation as () => CoordinatorResult<unknown, R>;
        this.#schedule(index, timer, { key, retries, write }, delayMs);
      },
      cancel: (key) => timer.cancel(key),
      has: (key) => timer.has(key),
    };
  }

  #schedule(index: number, timer: CoordinatorTimer, timeout: Timeout<R>, delayMs: number): void {
    const { key, retries, write } = timeout;
    timer.schedule(key, delayMs, () => {
      this.write(index, write, ({ errorCode }) => {
        // A coordinator that is one no more has forgotten what its timers were about.
        const isOver = NOT_ACTIVE.has(errorCode) || this.#contexts.get(index)?.timer !== timer;
        if (errorCode === ErrorCode.NONE || isOver || !retries) return;
        this.#schedule(index, timer, timeout, TIMEOUT_RETRY_MS);
      });
    });
  }

  // --------------------------------------------------------------------------------- operations

  /**
   * Reads the state. `committedOffset` is the high watermark: what stands there and above may still
   * be lost. Errors: NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS.
   */
  read<T>(
    index: number,
    operation: (shard: S, committedOffset: number) => T,
  ): CoordinatorAnswer<T> {
    const context = this.#contexts.get(index);
    const errorCode = contextError(context);
    if (context === undefined || errorCode !== ErrorCode.NONE) return { errorCode, response: null };
    assert(context.partition.isLeader, 'only the leader answers', { index });
    const response = operation(context.shard, context.partition.log.highWatermark);
    return { errorCode: ErrorCode.NONE, response };
  }

  /**
   * Runs an operation on the state and appends its records; `answer` is called once, when they are
   * on all in-sync replicas, or with the error: NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS,
   * COORDINATOR_NOT_AVAILABLE (replicas are missing or late), UNKNOWN_SERVER_ERROR (too large).
   */
  write<T>(
    index: number,
    operation: (shard: S) => CoordinatorResult<T, R>,
    answer: (outcome: CoordinatorAnswer<T>) => void,
  ): void {
    this.#inTurn(() => {
      const context = this.#contexts.get(index);
      const errorCode = contextError(context);
      if (context === undefined || errorCode !== ErrorCode.NONE) {
        answer({ errorCode, response: null });
        return;
      }
      const result = operation(context.shard);
      const finish = (code: number): void => {
        const error = coordinatorError(code);
        this.#inTurn(() => {
          result.appended?.(error);
          if (error === ErrorCode.NONE) answer({ errorCode: error, response: result.response });
          else answer({ errorCode: error, response: null });
        });
      };
      if (result.records.length > 0) this.#append(context, result, finish);
      else this.#whenCommitted(context, context.lastWrittenOffset, finish);
    });
  }

  /** Whether the end of a transaction can be taken in now; NONE if it can. */
  transactionEnding(index: number): number {
    return contextError(this.#contexts.get(index));
  }

  /** The leader of a partition of the topic has appended a transaction's marker. */
  transactionEnded(index: number, end: TransactionEnd): void {
    const context = this.#contexts.get(index);
    if (context === undefined || contextError(context) !== ErrorCode.NONE) return;
    const { offset, producerId, producerEpoch, commits } = end;
    assert(offset >= 0, 'the marker’s offset', { ...end });
    context.lastWrittenOffset = Math.max(context.lastWrittenOffset, offset + 1);
    context.shard.replayEndTransactionMarker?.({ offset, producerId, producerEpoch }, commits);
  }

  /**
   * Operations run to their end, one after another. An answer that one of them gives may bring the
   * next request of that connection at once, which waits here.
   */
  #inTurn(operation: () => void): void {
    this.#waiting.push(operation);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        next();
      }
    } finally {
      this.#running = false;
    }
  }

  #append(
    context: Context<S, R>,
    result: CoordinatorResult<unknown, R>,
    finish: (errorCode: number) => void,
  ): void {
    const { partition, shard } = context;
    const { log } = partition;
    const bytes = this.#encode(result);
    const header = readBatchHeader(bytes);
    assert(!isBatchProblem(header), 'what was just encoded', { header });
    const errorCode = appendError(partition, bytes.length);
    if (errorCode !== ErrorCode.NONE) {
      finish(errorCode);
      return;
    }
    const info = partition.appendAsLeader(bytes, header, result.transaction?.guard ?? null);
    if (info.errorCode !== ErrorCode.NONE) {
      // The state is as it was: so are the offsets of a producer that is fenced.
      finish(info.errorCode);
      return;
    }
    if (result.replays !== false) this.#replay(shard, result.records, info.firstOffset, header);
    context.lastWrittenOffset = info.lastOffset + 1;
    log.afterPolicyFlush((synced) => {
      if (synced === 'ok') this.#whenCommitted(context, info.lastOffset + 1, finish);
      else finish(ErrorCode.KAFKA_STORAGE_ERROR);
    });
  }

  /** The append may have answered operations that waited; what that brought waits for its turn. */
  #replay(shard: S, records: readonly R[], firstOffset: number, header: BatchHeader): void {
    const { producerId, producerEpoch } = header;
    for (const [place, record] of records.entries()) {
      shard.replay(record, { offset: firstOffset + place, producerId, producerEpoch });
    }
  }

  #encode(result: CoordinatorResult<unknown, R>): Uint8Array {
    const timestamp = this.#broker.ports.clock.wall();
    const { codec } = this.#options;
    const records = result.records.map((record) => ({ timestamp, ...codec.encode(record) }));
    const { transaction } = result;
    this.#broker.ports.cost.charge('record', records.length);
    if (transaction === undefined) return encodeBatch({ records });
    const { producerId, producerEpoch } = transaction;
    return encodeBatch({ records, producerId, producerEpoch, isTransactional: true });
  }

  #whenCommitted(
    context: Context<S, R>,
    requiredOffset: number,
    finish: (errorCode: number) => void,
  ): void {
    const { partition } = context;
    let outcome = committedOutcome(partition, requiredOffset);
    if (outcome !== null) {
      finish(outcome);
      return;
    }
    const operation = {
      tryComplete: () => {
        outcome = committedOutcome(partition, requiredOffset);
        return outcome !== null;
      },
      complete: () => finish(outcome ?? ErrorCode.REQUEST_TIMED_OUT),
    };
    const { producePurgatory } = this.#broker.replicas;
    const { writeTimeoutMs } = this.#options;
    producePurgatory.tryCompleteElseWatch(operation, [partition.name], writeTimeoutMs);
  }
}

/** Null while replicas are missing. */
function committedOutcome(partition: Partition, requiredOffset: number): number | null {
  const errorCode = partition.checkProduce(1);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  const { highWatermark, logEndOffset } = partition.log;
  assert(requiredOffset <= logEndOffset, 'K33: only what is in the log is acknowledged', {
    requiredOffset,
    logEndOffset,
  });
  return highWatermark >= requiredOffset ? ErrorCode.NONE : null;
}

function contextError(context: { machine: { state: string } } | undefined): number {
  if (context === undefined) return ErrorCode.NOT_COORDINATOR;
  const { state } = context.machine;
  if (state === 'ACTIVE') return ErrorCode.NONE;
  return state === 'LOADING' ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NOT_COORDINATOR;
}

function appendError(partition: Partition, sizeBytes: number): number {
  assert(sizeBytes > BATCH_HEADER_BYTES, 'a batch of records', { sizeBytes });
  const { config } = partition.log;
  const errorCode = partition.checkProduce(-1);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  if (sizeBytes > config['max.message.bytes']) return ErrorCode.MESSAGE_TOO_LARGE;
  return sizeBytes > config['segment.bytes'] ? ErrorCode.RECORD_LIST_TOO_LARGE : ErrorCode.NONE;
}

/** What a client of a coordinator is told of an error of its log (`handleOperationException`). */
function coordinatorError(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR;
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
      return ErrorCode.UNKNOWN_SERVER_ERROR;
    default:
      return errorCode;
  }
}
