/**
 * The ready messages of a quorum queue. What came back is first, in the order in which it did; then
 * come the others by their priority, as the release has it:
 *
 * - until 3.13 there is none;
 * - from 4.0 to 4.2 there are two, and of three messages two are of the high one (5 and more),
 *   where there are any;
 * - since 4.3 there are 32, and the highest goes first, always; without a priority it is 4.
 *
 * Sources: `rabbit_fifo:take_next_msg`, `msg_priority`; `rabbit_fifo_q` (weight 2),
 * `rabbit_fifo_pq`.
 */
import { assert } from '../../kernel/assert.ts';
import type { FifoMessage } from './fifo-message.ts';
import { MessageList } from './message-list.ts';

export type PriorityOrder = 'none' | 'two' | 'strict';

const WEIGHT = 2;
/** From this priority on a message is of the high one of two. */
const HIGH_PRIORITY_MIN = 5;
const HIGH = 1;
const NORMAL = 0;
const PRIORITY_MAX = 31;
const PRIORITY_DEFAULT = 4;

/** Its state as data. */
export interface ReadyState {
  readonly order: PriorityOrder;
  readonly returns: readonly FifoMessage[];
  /** By their level, the highest first. */
  readonly levels: readonly { readonly level: number; readonly messages: readonly FifoMessage[] }[];
  readonly taken: number;
}

export class ReadyList {
  #order: PriorityOrder;
  readonly #returns: MessageList;
  /** The highest level first; a list that was needed once stays. */
  #levels: { readonly level: number; readonly list: MessageList }[];
  /** Messages that were taken since one of normal priority had its turn, of two. */
  #taken: number;
  #length = 0;
  #bytes = 0;

  constructor({ order, returns, levels, taken }: ReadyState) {
    this.#order = order;
    this.#returns = new MessageList(returns);
    this.#levels = levels.map(({ level, messages }) => ({
      level,
      list: new MessageList(messages),
    }));
    this.#taken = taken;
    for (const { bytes } of [...returns, ...levels.flatMap(({ messages }) => messages)]) {
      this.#length += 1;
      this.#bytes += bytes;
    }
  }

  static empty(): ReadyList {
    return new ReadyList({ order: 'none', returns: [], levels: [], taken: 0 });
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `priority`: that of the message's properties; null: none is said. */
  append(message: FifoMessage, priority: number | null, order: PriorityOrder): void {
    assert(priority === null || priority >= 0, 'a priority', { priority });
    this.#order = order;
    this.#level(levelOf(priority, order)).append(message);
    this.#length += 1;
    this.#bytes += message.bytes;
  }

  giveBack(message: FifoMessage): void {
    this.#returns.append(message);
    this.#length += 1;
    this.#bytes += message.bytes;
  }

  head(): FifoMessage | undefined {
    return this.#next()?.head();
  }

  take(): FifoMessage {
    const from = this.#next();
    assert(from !== undefined, 'there is one', { length: this.#length });
    if (from !== this.#returns) this.#taken = this.#taken === WEIGHT ? 0 : this.#taken + 1;
    const message = from.take();
    this.#length -= 1;
    this.#bytes -= message.bytes;
    assert(this.#bytes >= 0, 'bytes are counted', { bytes: this.#bytes });
    return message;
  }

  /** Drops all; how many that were. */
  clear(): number {
    const count = this.length;
    this.#returns.clear();
    this.#levels = [];
    this.#length = 0;
    this.#bytes = 0;
    return count;
  }

  /** At most so many, list by list: those of two priorities are not in the order of delivery. */
  first(count: number): readonly FifoMessage[] {
    const found: FifoMessage[] = [];
    for (const list of [this.#returns, ...this.#levels.map((of) => of.list)]) {
      found.push(...list.firstOf(count - found.length));
    }
    return found;
  }

  toState(): ReadyState {
    const levels = this.#levels.map(({ level, list }) => ({ level, messages: list.toArray() }));
    return {
      ...{ order: this.#order, returns: this.#returns.toArray(), taken: this.#taken },
      levels: levels.filter(({ messages }) => messages.length > 0),
    };
  }

  #level(level: number): MessageList {
    const found = this.#levels.find((of) => of.level === level);
    if (found !== undefined) return found.list;
    const list = new MessageList([]);
    this.#levels.push({ level, list });
    this.#levels.sort((left, right) => right.level - left.level);
    return list;
  }

  #next(): MessageList | undefined {
    if (this.#returns.length > 0) return this.#returns;
    const filled = this.#levels.filter(({ list }) => list.length > 0);
    const [first, second] = filled;
    if (this.#order !== 'two' || second === undefined) return first?.list;
    const [high, normal] = [first!.list.head()!, second.list.head()!];
    // An older message of high priority goes first even where it is the others' turn.
    const isTurn = this.#taken === WEIGHT && normal.index < high.index;
    return isTurn ? second.list : first!.list;
  }
}

function levelOf(priority: number | null, order: PriorityOrder): number {
  if (order === 'none') return NORMAL;
  if (order === 'two') return (priority ?? 0) >= HIGH_PRIORITY_MIN ? HIGH : NORMAL;
  return Math.min(priority ?? PRIORITY_DEFAULT, PRIORITY_MAX);
}
