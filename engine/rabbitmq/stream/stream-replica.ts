/**
 * A replica of a stream in one epoch: cuts what the writer does not have, copies its chunks in
 * order, and learns what is committed.
 *
 * Consumers of its node read from it. Source: `osiris_replica`.
 * Not here: the writer's side (`replica-feed.ts`).
 * Differs: one whose disk refused a chunk stands still until its node starts anew or the writer
 * changes; there its process ends, and the coordinator starts another.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { StreamLog } from './stream-log.ts';
import type { FromWriter, ToWriter } from './stream-message.ts';

/** After so long without an answer it asks again: the writer's node may just be starting. */
const RETRY_MS = 500;

export interface ReplicaContext {
  readonly clock: Clock;
  readonly epoch: number;
  /** Whether messages reach the writer. */
  readonly isConnected: () => boolean;
  readonly send: (message: ToWriter) => void;
  /** All below the offset may be read. */
  readonly committed: (offset: number) => void;
}

export class StreamReplica {
  readonly log: StreamLog;
  readonly #context: ReplicaContext;
  readonly #retry: Timer;
  #committed: number;
  #session = 0;
  #isFollowing = false;

  constructor(log: StreamLog, context: ReplicaContext) {
    this.log = log;
    this.#context = context;
    this.#committed = log.firstOffset;
    assert(context.epoch >= log.lastEpoch, 'epochs never fall', {
      epoch: context.epoch,
      last: log.lastEpoch,
    });
    this.#retry = new Timer(context.clock);
  }

  /** Everything below it may be read. */
  get committed(): number {
    return this.#committed;
  }

  /** Asks the writer to be fed, until it answers. */
  follow(): void {
    this.#isFollowing = false;
    if (!this.#context.isConnected()) return;
    this.#session += 1;
    this.#context.send({ type: 'follow', ...this.#of });
    this.#retry.set(microsOfMillis(RETRY_MS), 'stream replica', () => this.follow());
  }

  /** The writer's node is not connected. */
  lost(): void {
    this.#isFollowing = false;
    this.#retry.cancel();
  }

  received(message: Extract<FromWriter, { session: number }>): void {
    if (message.session !== this.#session || message.epoch !== this.#context.epoch) return;
    if (message.type === 'ends') {
      this.#begin(message);
      return;
    }
    if (!this.#isFollowing) return;
    if (message.type === 'chunk') this.#copy(message);
    else this.#commit(message.committed);
  }

  close(): void {
    this.lost();
  }

  get #of(): { readonly epoch: number; readonly session: number } {
    return { epoch: this.#context.epoch, session: this.#session };
  }

  #begin({ firstOffset, ends }: Extract<FromWriter, { type: 'ends' }>): void {
    const { log } = this;
    this.#retry.cancel();
    if (log.truncateTo(ends, firstOffset) !== 'ok') return;
    this.#isFollowing = true;
    this.#committed = Math.max(log.firstOffset, Math.min(this.#committed, log.nextOffset));
    this.#context.send({ type: 'fetch', ...this.#of, next: log.nextOffset });
  }

  #copy({ chunk, committed }: Extract<FromWriter, { type: 'chunk' }>): void {
    const { log } = this;
    if (log.accept(chunk) !== 'ok') {
      // What comes next would leave a gap.
      this.#isFollowing = false;
      return;
    }
    const next = log.nextOffset;
    assert(next > this.#committed, 'a chunk has records', { next });
    this.#context.send({ type: 'acknowledge', ...this.#of, next });
    this.#commit(committed);
  }

  #commit(committed: number): void {
    const readable = Math.min(committed, this.log.nextOffset);
    if (readable <= this.#committed) return;
    this.#committed = readable;
    this.#context.committed(readable);
  }
}
