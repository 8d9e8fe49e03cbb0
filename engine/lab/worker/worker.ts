/**
 * An application that consumes: it polls one record, carries out its handler's lines one after the
 * other, each in an event of its own, and polls again. Between two lines it can crash, or pause
 * while somebody else takes over.
 *
 * A skip rolls back an open transaction and goes on at the line that commits the offset. When a
 * service does not answer, or a deadlock ends a statement, the record begins anew after a moment:
 * at least once. Not here: which lines are good ones (lessons), the clients (`kafka/`,
 * `services/`). The lines know one database and one Redis.
 */
import { assert, present } from '../../kernel/assert.ts';
import { traceKind } from '../../kernel/ports.ts';
import type { Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { decodeUtf8 } from '../../bytes/utf8.ts';
import type { Consumer, ConsumerOptions } from '../../kafka/client/consumer/consumer.ts';
import type { ConsumerRecord } from '../../kafka/client/consumer/completed-fetch.ts';
import type { TopicPartition } from '../../kafka/client/consumer/subscription-state.ts';
import { DatabaseClient } from '../../services/database/database-client.ts';
import type { QueryAnswer } from '../../services/database/database-client.ts';
import type { SqlValue } from '../../services/database/sql/statement.ts';
import { RedisClient } from '../../services/redis/redis-client.ts';
import type { RedisAddress } from '../../services/redis/redis-client.ts';
import { textOfResp } from '../../services/redis/resp.ts';
import type { RespValue } from '../../services/redis/resp.ts';
import { textOfLine } from './line.ts';
import type { Line } from './line.ts';

export interface WorkerOptions {
  /** Makes the consumer that it polls with: `manual` commits, `max.poll.records` 1. */
  readonly consumer: (onRecords: ConsumerOptions['onRecords']) => ProcessFactory<Consumer>;
  readonly database: string;
  readonly redis: RedisAddress | null;
  readonly lines: readonly Line[];
  /** Where it begins instead of at its own committed offset, as after a rebalance. */
  readonly from: (TopicPartition & { readonly offset: number }) | null;
  /** Takes note of a record that is handed to the handler. */
  readonly delivered: (record: ConsumerRecord) => void;
}

/** What views see. */
export interface WorkerView {
  readonly kind: 'worker';
  readonly lines: readonly string[];
  /** The lines that are done of the current record; -1 while there is none. */
  readonly done: number;
  /** The business key of the current record. */
  readonly key: string;
  readonly handled: number;
  readonly skipped: number;
  readonly committed: number;
}

const lineTrace = traceKind('worker-line', { key: 'string', line: 'int', text: 'string' });
const skipTrace = traceKind('worker-skip', { key: 'string', reason: 'string' });
const retryTrace = traceKind('worker-retry', { key: 'string', reason: 'string' });

/** What a line takes besides its request: the handler's own work. */
const LINE_MS = 1;
const RETRY_BACKOFF_MS = 100;
const REDIS_TIMEOUT_MS = 1000;

export function createWorker(options: WorkerOptions): ProcessFactory<Worker> {
  return (ports) => new Worker(ports, options);
}

export class Worker implements Process {
  readonly #ports: Ports;
  readonly #options: WorkerOptions;
  readonly #texts: readonly string[];
  readonly #consumer: Consumer;
  readonly #redis: RedisClient | null;
  #database: DatabaseClient;
  #record: ConsumerRecord | null = null;
  #done = -1;
  /** Counts attempts, so that an answer to an attempt that was given up is not heard. */
  #attempt = 0;
  #inTransaction = false;
  #read: SqlValue = null;
  #handled = 0;
  #skipped = 0;
  #view: WorkerView | null = null;

  constructor(ports: Ports, options: WorkerOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#texts = options.lines.map(textOfLine);
    this.#consumer = options.consumer((records) => this.#polled(records))(ports);
    this.#database = new DatabaseClient(ports.network, options.database);
    const { redis } = options;
    this.#redis = redis === null ? null : new RedisClient(ports, redis, REDIS_TIMEOUT_MS);
  }

  start(): void {
    this.#consumer.start();
    const { from } = this.#options;
    if (from !== null && this.#consumer.committed(from) === null) {
      this.#consumer.seek(from, from.offset);
    }
  }

  stop(): void {
    this.#consumer.stop();
  }

  /** Lines that are done of the current record; -1 between records. */
  get done(): number {
    return this.#done;
  }

  /** The business key of the current record, or null between records. */
  get key(): string | null {
    return this.#record === null ? null : keyOf(this.#record);
  }

  inspect(): WorkerView {
    this.#view ??= {
      kind: 'worker',
      lines: this.#texts,
      done: this.#done,
      key: this.key ?? '',
      handled: this.#handled,
      skipped: this.#skipped,
      committed: this.#consumer.inspect().partitions[0]?.committed ?? -1,
    };
    return this.#view;
  }

  // ------------------------------------------------------------------------------------ records

  /** One record a poll; no other comes while it is handled. */
  #polled(records: readonly ConsumerRecord[]): void {
    const [record] = records;
    assert(records.length === 1 && record !== undefined, 'max.poll.records is 1', {});
    assert(this.#record === null, 'one record at a time', { key: this.key });
    this.#record = record;
    this.#consumer.pause(record);
    this.#options.delivered(record);
    this.#begin();
  }

  #finished(record: ConsumerRecord): void {
    this.#handled++;
    this.#record = null;
    this.#done = -1;
    this.#view = null;
    this.#consumer.resume(record);
  }

  #begin(): void {
    this.#done = 0;
    this.#attempt++;
    this.#inTransaction = false;
    this.#view = null;
    this.#later(LINE_MS, 'handler', () => this.#carryOut());
  }

  #carryOut(): void {
    const line = this.#options.lines[this.#done];
    if (line === undefined) {
      this.#finished(this.#record!);
      return;
    }
    switch (line.kind) {
      case 'sql':
        this.#query(line.sql, (answer) => this.#answered(line, answer));
        return;
      case 'redis': {
        const redis = present(this.#redis, 'the handler has a Redis');
        const words = line.words.map((word) => this.#filled(word));
        const attempt = this.#attempt;
        redis.command(words, (reply) => {
          if (attempt === this.#attempt) this.#replied(line, reply);
        });
        return;
      }
      case 'offset':
        this.#consumer.commit((ok) => (ok ? this.#lineDone() : this.#again('no commit')));
    }
  }

  #lineDone(): void {
    const text = this.#texts[this.#done]!;
    this.#done++;
    this.#view = null;
    this.#ports.trace.record(lineTrace, { key: this.key ?? '', line: this.#done, text });
    this.#later(LINE_MS, 'handler', () => this.#carryOut());
  }

  // -------------------------------------------------------------------------------------- lines

  #query(sql: string, answer: (answer: QueryAnswer) => void): void {
    const parameters: SqlValue[] = [];
    const numbered = sql.replace(/\$[a-z]+/g, (name) => {
      parameters.push(this.#valueOf(name));
      return `$${parameters.length}`;
    });
    const attempt = this.#attempt;
    this.#database.query(numbered, parameters, (one) => {
      if (attempt === this.#attempt) answer(one);
    });
  }

  #answered(line: Extract<Line, { kind: 'sql' }>, answer: QueryAnswer): void {
    const skip = line.skip?.on;
    if (answer.kind === 'error') {
      if (answer.sqlState === '23505' && skip === 'duplicate key') this.#skip(skip);
      else this.#again(answer.sqlState);
      return;
    }
    if (answer.kind === 'lost') {
      this.#again('connection lost');
      return;
    }
    if (answer.tag === 'BEGIN') this.#inTransaction = true;
    if (answer.tag === 'COMMIT') this.#inTransaction = false;
    if (answer.columns.length > 0) this.#read = answer.rows[0]?.[0] ?? null;
    const empty = answer.count === 0;
    const skips =
      (skip === 'no row changed' && empty) ||
      (skip === 'no row' && empty) ||
      (skip === 'a row' && !empty);
    if (skips) this.#skip(skip);
    else this.#lineDone();
  }

  #replied(line: Extract<Line, { kind: 'redis' }>, reply: RespValue | null): void {
    if (reply === null || reply.type === 'error') {
      this.#again(reply === null ? 'no reply from Redis' : textOfResp(reply));
      return;
    }
    const { skip } = line;
    if (skip?.on === 'reply' && textOfResp(reply) === skip.reply) this.#skip(skip.reply);
    else this.#lineDone();
  }

  /** The message needs no work: what is left is to tell the broker. */
  #skip(reason: string): void {
    this.#ports.trace.record(skipTrace, { key: this.key ?? '', reason });
    const onwards = () => {
      this.#skipped++;
      this.#inTransaction = false;
      this.#done = this.#options.lines.findIndex((line) => line.kind === 'offset');
      assert(this.#done >= 0, 'a handler commits its offset somewhere', {});
      this.#view = null;
      this.#later(LINE_MS, 'handler', () => this.#carryOut());
    };
    if (this.#inTransaction) this.#query('ROLLBACK', onwards);
    else onwards();
  }

  /** Gives the attempt up and begins the record anew. */
  #again(reason: string): void {
    this.#ports.trace.record(retryTrace, { key: this.key ?? '', reason });
    this.#attempt++;
    this.#database.close();
    this.#database = new DatabaseClient(this.#ports.network, this.#options.database);
    this.#later(RETRY_BACKOFF_MS, 'retry', () => this.#begin());
  }

  #later(delayMs: number, label: string, run: () => void): void {
    this.#ports.clock.after(microsOfMillis(delayMs), label, run);
  }

  #filled(word: string): string {
    return word.replace(/\$[a-z]+/g, (name) => String(this.#valueOf(name)));
  }

  #valueOf(name: string): SqlValue {
    const record = this.#record!;
    switch (name) {
      case '$key':
      case '$order':
        return keyOf(record);
      case '$id':
        return textOf(record.value);
      case '$version':
        // Each order is changed by one message here, which was written when its version was 0.
        return 0;
      case '$read':
        return this.#read;
      case '$worker':
        return this.#ports.host;
      default:
        assert(false, 'a value that a handler knows', { name });
    }
  }
}

function keyOf(record: ConsumerRecord): string {
  return textOf(record.key);
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '' : decodeUtf8(bytes);
}
