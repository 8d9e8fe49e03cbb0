/**
 * An application that hands what it polls to a pool of threads: the log is in order, and what the
 * threads do need not be.
 *
 * Not here: the pool (`services/thread-pool.ts`), committing (`lab/worker/`, the group consumer).
 */
import { decodeUtf8 } from '../../bytes/utf8.ts';
import type { ConsumerRecord } from '../../kafka/client/consumer/completed-fetch.ts';
import type { Consumer, ConsumerOptions } from '../../kafka/client/consumer/consumer.ts';
import { traceKind } from '../../kernel/ports.ts';
import type { Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import { ThreadPool } from '../../services/thread-pool.ts';
import type { Queueing } from '../../services/thread-pool.ts';

/** A record as the handler knows it. */
export interface HandledRecord {
  readonly key: string;
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
}

export interface PoolWorkerOptions {
  readonly consumer: (onRecords: ConsumerOptions['onRecords']) => ProcessFactory<Consumer>;
  readonly threads: number;
  readonly queueing: Queueing;
  /** What the handler calls a record, and how long it takes. */
  readonly nameOf: (id: string) => string;
  readonly millisOf: (id: string) => number;
  readonly delivered: (record: ConsumerRecord) => void;
  /** Takes note of an effect: the handler is done with a record. */
  readonly handled: (record: HandledRecord) => void;
}

/** What views see. */
export interface PoolWorkerView {
  readonly kind: 'pool-worker';
  /** What each thread does; null: idle. */
  readonly threads: readonly (string | null)[];
  readonly waiting: readonly string[];
  /** What is done, in the order in which it was done. */
  readonly done: readonly string[];
}

const startTrace = traceKind('pool-start', { record: 'string', thread: 'int' });
const doneTrace = traceKind('pool-done', { record: 'string', thread: 'int' });

export function createPoolWorker(options: PoolWorkerOptions): ProcessFactory<PoolWorker> {
  return (ports) => new PoolWorker(ports, options);
}

export class PoolWorker implements Process {
  readonly #ports: Ports;
  readonly #options: PoolWorkerOptions;
  readonly #consumer: Consumer;
  readonly #pool: ThreadPool;
  readonly #done: string[] = [];
  #view: PoolWorkerView | null = null;

  constructor(ports: Ports, options: PoolWorkerOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#pool = new ThreadPool(ports.clock, options);
    this.#consumer = options.consumer((records) => this.#polled(records))(ports);
  }

  start(): void {
    this.#consumer.start();
  }

  stop(): void {
    this.#consumer.stop();
  }

  inspect(): PoolWorkerView {
    this.#view ??= {
      kind: 'pool-worker',
      threads: this.#pool.running,
      waiting: this.#pool.waiting,
      done: [...this.#done],
    };
    return this.#view;
  }

  #polled(records: readonly ConsumerRecord[]): void {
    for (const record of records) {
      this.#options.delivered(record);
      const key = record.key === null ? '' : decodeUtf8(record.key);
      const id = record.value === null ? '' : decodeUtf8(record.value);
      this.#submit({ key, id, partition: record.partition, offset: record.offset });
    }
    this.#view = null;
  }

  #submit(record: HandledRecord): void {
    const { nameOf, millisOf, handled } = this.#options;
    const name = nameOf(record.id);
    this.#pool.submit({
      key: record.key,
      name,
      millis: millisOf(record.id),
      started: (thread) => {
        this.#ports.trace.record(startTrace, { record: name, thread: thread + 1 });
        this.#view = null;
      },
      done: (thread) => {
        this.#done.push(name);
        this.#view = null;
        this.#ports.trace.record(doneTrace, { record: name, thread: thread + 1 });
        handled(record);
      },
    });
  }
}

type Entry = Readonly<Record<string, unknown>>;

export const poolNarration = {
  'pool-start': {
    en: (e: Entry) => `${e['host']}, thread ${e['thread']}, begins with ${e['record']}.`,
    zh: (e: Entry) => `${e['host']} 的线程 ${e['thread']} 开始处理 ${e['record']}。`,
  },
  'pool-done': {
    en: (e: Entry) => `${e['host']}, thread ${e['thread']}, is done with ${e['record']}.`,
    zh: (e: Entry) => `${e['host']} 的线程 ${e['thread']} 处理完 ${e['record']}。`,
  },
};
