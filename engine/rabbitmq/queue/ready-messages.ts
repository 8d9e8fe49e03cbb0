/**
 * The messages of one priority that are ready for delivery, by position.
 *
 * What was published waits in a list, what was requeued in a heap before it: whatever left the list
 * was at its head, so each requeued message is before all that are still in the list. Adding and
 * taking cost the same however many wait; a requeue costs the logarithm of what was requeued.
 * Source: `rabbit_variable_queue:requeue`, which goes by sequence ids, too; what the real one keeps
 * on disk and what in memory is not here.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { QueuedMessage } from './queued-message.ts';

/** From this many taken slots on, the list is cut when half of it is taken. */
const TAKEN_SLOTS_MAX = 1024;

export class ReadyMessages {
  #list: (QueuedMessage | undefined)[] = [];
  /** The list's first slot that is not taken. */
  #first = 0;
  /** A binary heap by position. */
  #requeued: QueuedMessage[] = [];

  get length(): number {
    return this.#list.length - this.#first + this.#requeued.length;
  }

  /** A message that was published now: its position is after all others. */
  publish(of: QueuedMessage): void {
    const last = this.#list.length > this.#first ? this.#list.at(-1) : undefined;
    assert(last === undefined || last.position < of.position, 'R7: positions ascend', {
      last: last?.position,
      position: of.position,
    });
    this.#list.push(of);
  }

  /** A message that was delivered, back to its position. */
  requeue(of: QueuedMessage): void {
    const first = this.#list[this.#first];
    assert(first === undefined || of.position < first.position, 'it was before the list', {
      position: of.position,
      first: first?.position,
    });
    assert(of.delivered, 'R6: only what was delivered is requeued', { position: of.position });
    const heap = this.#requeued;
    let at = heap.length;
    heap.push(of);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.position < of.position) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = of;
  }

  head(): QueuedMessage | undefined {
    return this.#requeued[0] ?? this.#list[this.#first];
  }

  /** At most so many from the head on, in order: what was requeued is sorted for it. */
  first(countMax: number): readonly QueuedMessage[] {
    const requeued = [...this.#requeued].sort((a, b) => a.position - b.position);
    const listed = this.#list.slice(this.#first, this.#first + countMax);
    return [...requeued, ...listed.map((of) => present(of, 'no slot is taken'))].slice(0, countMax);
  }

  /** Takes the head. */
  take(): QueuedMessage {
    if (this.#requeued.length > 0) return this.#takeRequeued();
    const head = present(this.#list[this.#first], 'a message is ready');
    this.#list[this.#first] = undefined;
    this.#first += 1;
    if (this.#first > TAKEN_SLOTS_MAX && this.#first * 2 > this.#list.length) {
      this.#list = this.#list.slice(this.#first);
      this.#first = 0;
    }
    return head;
  }

  #takeRequeued(): QueuedMessage {
    const heap = this.#requeued;
    const head = present(heap[0], 'a message was requeued');
    const last = present(heap.pop(), 'a heap with a head has a last');
    if (heap.length === 0) return head;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.position < heap[child]!.position) child += 1;
      if (heap[child]!.position > last.position) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    assert(heap[0]!.position > head.position, 'the heap is in order', { head: head.position });
    return head;
  }
}
