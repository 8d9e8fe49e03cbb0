/**
 * Messages of a quorum queue one behind the other: adding at the end and taking at the head cost
 * the same however many there are. Source: `lqueue`.
 */
import { assert } from '../../kernel/assert.ts';
import type { FifoMessage } from './fifo-message.ts';

/** From this many taken slots on, the list is cut when half of it is taken. */
const TAKEN_SLOTS_MAX = 1024;

export class MessageList {
  #slots: (FifoMessage | undefined)[];
  #first = 0;

  constructor(messages: readonly FifoMessage[] = []) {
    this.#slots = [...messages];
  }

  get length(): number {
    return this.#slots.length - this.#first;
  }

  head(): FifoMessage | undefined {
    return this.#slots[this.#first];
  }

  append(message: FifoMessage): void {
    this.#slots.push(message);
  }

  take(): FifoMessage {
    const head = this.#slots[this.#first];
    assert(head !== undefined, 'a message is there', { length: this.length });
    this.#slots[this.#first] = undefined;
    this.#first += 1;
    if (this.#first > TAKEN_SLOTS_MAX && this.#first * 2 > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#first);
      this.#first = 0;
    }
    return head;
  }

  clear(): void {
    this.#slots = [];
    this.#first = 0;
  }

  /** At most so many from the head. */
  firstOf(count: number): readonly FifoMessage[] {
    const end = this.#first + Math.min(count, this.length);
    return this.#slots.slice(this.#first, end) as readonly FifoMessage[];
  }

  toArray(): readonly FifoMessage[] {
    return this.#slots.slice(this.#first) as readonly FifoMessage[];
  }
}
