/**
 * The ready messages of a quorum queue. What came back is first, in the order in which it did; then
 * come the others, since 4.0 in two priorities: of three messages two are of high priority (5 and
 * more), where there are any.
 *
 * Source: `rabbit_fifo:take_next_msg`, `rabbit_fifo_q` (weight 2). Not here: the 32 priorities of
 * 4.3.
 */
import { assert } from '../../kernel/assert.ts';
import type { FifoMessage } from './fifo-message.ts';
import { MessageList } from './message-list.ts';

const WEIGHT = 2;

/** Its state as data. */
export interface ReadyState {
  readonly returns: readonly FifoMessage[];
  readonly high: readonly FifoMessage[];
  readonly normal: readonly FifoMessage[];
  readonly taken: number;
}

export class ReadyList {
  readonly #returns: MessageList;
  readonly #high: MessageList;
  readonly #normal: MessageList;
  /** Messages that were taken since one of normal priority had its turn. */
  #taken: number;
  #bytes = 0;

  constructor({ returns, high, normal, taken }: ReadyState) {
    this.#returns = new MessageList(returns);
    this.#high = new MessageList(high);
    this.#normal = new MessageList(normal);
    this.#taken = taken;
    for (const { bytes } of [...returns, ...high, ...normal]) this.#bytes += bytes;
  }

  static empty(): ReadyList {
    return new ReadyList({ returns: [], high: [], normal: [], taken: 0 });
  }

  get length(): number {
    return this.#returns.length + this.#high.length + this.#normal.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(message: FifoMessage, isHigh: boolean): void {
    (isHigh ? this.#high : this.#normal).append(message);
    this.#bytes += message.bytes;
  }

  giveBack(message: FifoMessage): void {
    this.#returns.append(message);
    this.#bytes += message.bytes;
  }

  head(): FifoMessage | undefined {
    return this.#next().head();
  }

  take(): FifoMessage {
    const from = this.#next();
    if (from !== this.#returns) this.#taken = this.#taken === WEIGHT ? 0 : this.#taken + 1;
    const message = from.take();
    this.#bytes -= message.bytes;
    assert(this.#bytes >= 0, 'bytes are counted', { bytes: this.#bytes });
    return message;
  }

  /** Drops all; how many that were. */
  clear(): number {
    const count = this.length;
    for (const list of [this.#returns, this.#high, this.#normal]) list.clear();
    this.#bytes = 0;
    return count;
  }

  /** At most so many, list by list: those of two priorities are not in the order of delivery. */
  first(count: number): readonly FifoMessage[] {
    const found: FifoMessage[] = [];
    for (const list of [this.#returns, this.#high, this.#normal]) {
      found.push(...list.firstOf(count - found.length));
    }
    return found;
  }

  toState(): ReadyState {
    return {
      returns: this.#returns.toArray(),
      high: this.#high.toArray(),
      normal: this.#normal.toArray(),
      taken: this.#taken,
    };
  }

  #next(): MessageList {
    if (this.#returns.length > 0) return this.#returns;
    const high = this.#high.head();
    const normal = this.#normal.head();
    if (high === undefined || normal === undefined) {
      return high === undefined ? this.#normal : this.#high;
    }
    // An older message of high priority goes first even where it is the others' turn.
    return this.#taken === WEIGHT && normal.index < high.index ? this.#normal : this.#high;
  }
}
