/**
 * Messages that died in a quorum queue and are dead-lettered at least once: they stay in it until
 * the node of the leader, its worker, has heard that all queues which they go to have them.
 *
 * Invariant R9: a message leaves when the worker settles it, not before. They count towards the
 * length of the queue, so that publishers are stopped where dead letters do not get away.
 * Source: `rabbit_fifo_dlx`. Not here: the worker (`dlx-worker.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { RaEffect } from '../ra/ra-machine.ts';
import type { DeathReason } from '../queue/death.ts';
import type { ProcessId } from './fifo-command.ts';
import type { FifoMessage } from './fifo-message.ts';

export interface Discard {
  readonly reason: DeathReason;
  readonly message: FifoMessage;
}

/** What the worker is told of a message. */
export interface DlxDelivery extends Discard {
  readonly id: number;
}

export interface DlxState {
  readonly discards: readonly Discard[];
  readonly checkedOut: readonly DlxDelivery[];
  readonly worker: { readonly process: ProcessId; readonly prefetch: number } | null;
  readonly nextId: number;
}

export class FifoDlx {
  #discards: Discard[];
  readonly #checkedOut = new Map<number, Discard>();
  #worker: DlxState['worker'];
  #nextId: number;
  #bytes = 0;

  constructor({ discards, checkedOut, worker, nextId }: DlxState) {
    this.#discards = [...discards];
    for (const { id, reason, message } of checkedOut) this.#checkedOut.set(id, { reason, message });
    this.#worker = worker;
    this.#nextId = nextId;
    for (const { message } of [...discards, ...checkedOut]) this.#bytes += message.bytes;
  }

  static empty(): FifoDlx {
    return new FifoDlx({ discards: [], checkedOut: [], worker: null, nextId: 0 });
  }

  get length(): number {
    return this.#discards.length + this.#checkedOut.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(discard: Discard): void {
    this.#discards.push(discard);
    this.#bytes += discard.message.bytes;
  }

  /** Another worker takes the place of the one before, and what that had is first again. */
  attach(process: ProcessId, prefetch: number): void {
    assert(prefetch > 0, 'a count', { prefetch });
    this.#discards = [...this.#checkedOut.values(), ...this.#discards];
    this.#checkedOut.clear();
    this.#worker = { process, prefetch };
  }

  /** These have reached all that they go to. */
  settle(ids: readonly number[]): void {
    for (const id of ids) {
      const discard = this.#checkedOut.get(id);
      // Of a worker before this one.
      if (discard === undefined) continue;
      this.#checkedOut.delete(id);
      this.#bytes -= discard.message.bytes;
    }
    assert(this.#bytes >= 0, 'bytes are counted', { bytes: this.#bytes });
  }

  /** Gives the worker what it may have. */
  checkout(): readonly RaEffect[] {
    if (this.#worker === null) return [];
    const { process, prefetch } = this.#worker;
    const messages: DlxDelivery[] = [];
    while (this.#checkedOut.size < prefetch) {
      const discard = this.#discards.shift();
      if (discard === undefined) break;
      const id = this.#nextId++;
      this.#checkedOut.set(id, discard);
      messages.push({ id, ...discard });
    }
    if (messages.length === 0) return [];
    const message = { type: 'dlx_delivery', messages } as never;
    return [{ effect: 'send', to: process, message }];
  }

  toState(): DlxState {
    return {
      discards: this.#discards,
      checkedOut: [...this.#checkedOut].map(([id, discard]) => ({ id, ...discard })),
      worker: this.#worker,
      nextId: this.#nextId,
    };
  }
}
