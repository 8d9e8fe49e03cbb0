/**
 * Consumers of one priority in the order of their turn: a doubly linked list, so that a consumer
 * leaves it at the same cost wherever it stands.
 */
import { assert } from '../../kernel/assert.ts';
import type { Consumer } from './consumer.ts';

export class Turn {
  #first: Consumer | null = null;
  #last: Consumer | null = null;

  get first(): Consumer | null {
    return this.#first;
  }

  /** Behind all others. */
  append(consumer: Consumer): void {
    assert(consumer.turn === null, 'a consumer stands in one turn', { tag: consumer.options.tag });
    consumer.turn = this;
    consumer.previous = this.#last;
    consumer.next = null;
    if (this.#last === null) this.#first = consumer;
    else this.#last.next = consumer;
    this.#last = consumer;
  }

  remove(consumer: Consumer): void {
    assert(consumer.turn === this, 'it stands in this turn', { tag: consumer.options.tag });
    const { previous, next } = consumer;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    consumer.turn = null;
    consumer.previous = null;
    consumer.next = null;
  }
}
