/**
 * The ready messages of a classic queue: one list, or one for each priority.
 *
 * The head is that of the highest priority which has any; so expiry and drop-head look there only,
 * and a message of a low priority can stay though it expired (rabbitmq.com/docs/priority).
 * Not here: what is unacknowledged (`consumers.ts`), what is on disk (`store/`).
 * Source: `rabbit_priority_queue`, `rabbit_variable_queue`.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Micros } from '../../kernel/units.ts';
import type { Message } from '../message.ts';
import type { RecoveredMessage } from '../store/queue-messages.ts';
import type { QueuedMessage } from './queued-message.ts';
import { ReadyMessages } from './ready-messages.ts';

export class BackingQueue {
  /** By priority, from 0. */
  readonly #levels: readonly ReadyMessages[];
  /** No level above this one has a message. */
  #highest = 0;
  #length = 0;
  #bytes = 0;
  #published = 0;

  /** `priorityMax` 0: without priorities. */
  constructor(priorityMax: number) {
    assert(priorityMax >= 0 && priorityMax <= 255, 'a priority is an octet', { priorityMax });
    this.#levels = Array.from({ length: priorityMax + 1 }, () => new ReadyMessages());
  }

  /** Messages that are ready. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of the bodies that are ready. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Gives a message the next position, without adding it. */
  accept(message: Message, expiresAt: Micros | null): QueuedMessage {
    assert(Number.isSafeInteger(this.#published), 'positions are counted', {
      published: this.#published,
    });
    const priority = Math.min(message.properties.priority ?? 0, this.#levels.length - 1);
    const bytes = message.body.length;
    const position = this.#published++;
    assert(priority >= 0 && bytes >= 0, 'a priority and a size', { priority, bytes });
    return { message, position, priority, bytes, expiresAt, delivered: false };
  }

  /** What a durable queue had at the start, in order; `nextPosition` is behind all of it. */
  restore(messages: readonly RecoveredMessage[], nextPosition: number): void {
    assert(this.#length === 0 && this.#published === 0, 'before anything else', {});
    for (const { message, position, expiresAt, delivered } of messages) {
      assert(position < nextPosition, 'positions go on', { position, nextPosition });
      this.#published = position;
      const of = this.accept(message, expiresAt);
      of.delivered = delivered;
      this.publish(of);
    }
    this.#published = nextPosition;
  }

  publish(of: QueuedMessage): void {
    this.#level(of).publish(of);
    this.#added(of);
  }

  requeue(of: QueuedMessage): void {
    this.#level(of).requeue(of);
    this.#added(of);
  }

  head(): QueuedMessage | undefined {
    return this.#length === 0 ? undefined : this.#highestLevel().head();
  }

  /** At most so many in the order of delivery, for the views. */
  first(countMax: number): readonly QueuedMessage[] {
    const found: QueuedMessage[] = [];
    for (let level = this.#highest; level >= 0 && found.length < countMax; level--) {
      const of = present(this.#levels[level], 'a level for each priority');
      if (of.length > 0) found.push(...of.first(countMax - found.length));
    }
    assert(found.length <= countMax, 'as many as were asked for', { countMax });
    return found;
  }

  /** Takes the head. */
  take(): QueuedMessage {
    assert(this.#length > 0, 'a message is ready', { length: this.#length });
    const of = this.#highestLevel().take();
    this.#length -= 1;
    this.#bytes -= of.bytes;
    assert(this.#bytes >= 0, 'bytes are counted', { bytes: this.#bytes });
    return of;
  }

  #level(of: QueuedMessage): ReadyMessages {
    return present(this.#levels[of.priority], 'a level for each priority');
  }

  #highestLevel(): ReadyMessages {
    while (this.#levels[this.#highest]!.length === 0) this.#highest -= 1;
    assert(this.#highest >= 0, 'a level has the messages that are counted', {});
    return this.#levels[this.#highest]!;
  }

  #added(of: QueuedMessage): void {
    this.#length += 1;
    this.#bytes += of.bytes;
    this.#highest = Math.max(this.#highest, of.priority);
  }
}
