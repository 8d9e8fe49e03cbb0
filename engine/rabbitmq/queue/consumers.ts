/**
 * The consumers of one queue, whose turn it is, and what each channel has not acknowledged.
 *
 * Consumers of the highest priority that can take a message are served in turn. One that cannot
 * (its prefetch or its channel's limit is reached) leaves the turn when it would be its own, and
 * stands at the end of it when it can again. With a single active consumer the turn only says who
 * follows. Cost: a consumer more or less does not change what a delivery costs; but a limit of a
 * channel (global) that is reached lets all its consumers leave and return, as in the real one.
 * Source: `rabbit_queue_consumers`, `rabbit_limiter` (the queue's half of it). Not here: the limit
 * of 200 deliveries that the channel's writer has not sent (credit flow).
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import type { Consumer, ConsumingChannel } from './consumer.ts';
import { ConsumerCapacity } from './consumer-capacity.ts';
import type { Resumable } from './limiter.ts';
import type { QueueHoldings } from './queue.ts';
import type { QueuedMessage } from './queued-message.ts';
import { Turn } from './turn.ts';

/** What a queue keeps of one channel. */
interface ChannelRecord extends Resumable {
  readonly consumers: Map<string, Consumer>;
  /** Those that left the turn, in the order in which they did. */
  readonly blocked: Set<Consumer>;
  /** By whom it was taken; null: by basic.get. */
  readonly unacknowledged: Map<QueuedMessage, Consumer | null>;
  /** The channel's limit was reached. */
  suspended: boolean;
}

export class Consumers {
  readonly #turns = new Map<number, Turn>();
  /** Priorities of the turns, highest first. */
  #priorities: readonly number[] = [];
  readonly #channels = new Map<ConsumingChannel, ChannelRecord>();
  readonly #onResume: () => void;
  readonly #capacity: ConsumerCapacity;
  #count = 0;
  #unacknowledged = 0;
  #unacknowledgedBytes = 0;

  /** `onResume`: a channel that was at its limit is not any more. */
  constructor(clock: Clock, onResume: () => void) {
    this.#capacity = new ConsumerCapacity(clock);
    this.#onResume = onResume;
  }

  get count(): number {
    return this.#count;
  }

  /** Messages that channels have and did not settle. */
  get unacknowledgedCount(): number {
    return this.#unacknowledged;
  }

  /** At most so many of what channels have and did not settle, for the views. */
  unacknowledged(countMax: number): readonly QueuedMessage[] {
    const found: QueuedMessage[] = [];
    for (const { unacknowledged } of this.#channels.values()) {
      for (const of of unacknowledged.keys()) {
        if (found.length === countMax) return found;
        found.push(of);
      }
    }
    return found;
  }

  /** What channels hold of the queue. */
  get holdings(): Omit<QueueHoldings, 'messagesReady' | 'messageBytesReady'> {
    return {
      messagesUnacknowledged: this.#unacknowledged,
      messageBytesUnacknowledged: this.#unacknowledgedBytes,
      consumers: this.#count,
      consumerCapacity: this.#count === 0 ? 0 : this.#capacity.ratio,
    };
  }

  add(consumer: Consumer): void {
    const { consumers } = this.#record(consumer.channel);
    assert(!consumers.has(consumer.options.tag), 'a tag is used once', {
      tag: consumer.options.tag,
    });
    consumers.set(consumer.options.tag, consumer);
    this.#count += 1;
    this.#stand(consumer);
  }

  find(channel: ConsumingChannel, tag: string): Consumer | undefined {
    return this.#channels.get(channel)?.consumers.get(tag);
  }

  /** Takes the consumer away; what it has not acknowledged stays with its channel. */
  remove(consumer: Consumer): void {
    const record = present(this.#channels.get(consumer.channel), 'its channel is known');
    const removed = record.consumers.delete(consumer.options.tag);
    assert(removed, 'it consumes', { tag: consumer.options.tag });
    this.#count -= 1;
    record.blocked.delete(consumer);
    consumer.turn?.remove(consumer);
    this.#forgetIfIdle(consumer.channel, record);
  }

  /** Takes a channel with all its consumers away and gives what it had not settled. */
  removeChannel(channel: ConsumingChannel): readonly QueuedMessage[] {
    const record = this.#channels.get(channel);
    if (record === undefined) return [];
    for (const consumer of record.consumers.values()) consumer.turn?.remove(consumer);
    this.#count -= record.consumers.size;
    this.#unacknowledged -= record.unacknowledged.size;
    for (const { bytes } of record.unacknowledged.keys()) this.#unacknowledgedBytes -= bytes;
    assert(this.#count >= 0 && this.#unacknowledged >= 0, 'both are counted', {
      count: this.#count,
      unacknowledged: this.#unacknowledged,
    });
    this.#channels.delete(channel);
    return [...record.unacknowledged.keys()];
  }

  *all(): Iterable<Consumer> {
    for (const { consumers } of this.#channels.values()) yield* consumers.values();
  }

  /** Who would be next, whether or not it can take a message now; null where none stands. */
  first(): Consumer | null {
    for (const priority of this.#priorities) {
      const { first } = present(this.#turns.get(priority), 'a turn for each priority');
      if (first !== null) return first;
    }
    return null;
  }

  /** The next that takes a message, charged for it; null where none can. */
  next(): Consumer | null {
    for (const priority of this.#priorities) {
      const turn = present(this.#turns.get(priority), 'a turn for each priority');
      for (let consumer = turn.first; consumer !== null; consumer = turn.first) {
        turn.remove(consumer);
        if (this.#mayTake(consumer)) {
          turn.append(consumer);
          return consumer;
        }
        this.#record(consumer.channel).blocked.add(consumer);
      }
    }
    this.#capacity.inactive();
    return null;
  }

  /** As `next`, where only this one is served; null: there is none. */
  nextOnly(consumer: Consumer | null): Consumer | null {
    const record = consumer === null ? null : this.#record(consumer.channel);
    if (consumer !== null && record?.blocked.has(consumer) === false) {
      if (this.#mayTake(consumer)) return consumer;
      consumer.turn?.remove(consumer);
      record.blocked.add(consumer);
    }
    this.#capacity.inactive();
    return null;
  }

  /** The channel has the message until it settles it. `by` null: it fetched it. */
  taken(channel: ConsumingChannel, of: QueuedMessage, by: Consumer | null): void {
    const { unacknowledged } = this.#record(channel);
    assert(!unacknowledged.has(of), 'a message is taken once', { position: of.position });
    unacknowledged.set(of, by);
    this.#unacknowledged += 1;
    this.#unacknowledgedBytes += of.bytes;
  }

  /** The channel settled the message: whether a consumer can be served that could not before. */
  settled(channel: ConsumingChannel, of: QueuedMessage): boolean {
    const record = this.#channels.get(channel);
    // Invariant R4: the channel's tags see to it that a message is settled once.
    assert(record?.unacknowledged.has(of) === true, 'R4: it is unacknowledged', {
      position: of.position,
    });
    const consumer = record.unacknowledged.get(of)!;
    record.unacknowledged.delete(of);
    this.#unacknowledged -= 1;
    this.#unacknowledgedBytes -= of.bytes;
    let unblocked = false;
    const hasCreditAgain = consumer?.refund() === true;
    // Where the channel is at its limit, it stands in the turn when the channel is resumed.
    if (hasCreditAgain && !record.suspended && record.blocked.delete(consumer)) {
      this.#stand(consumer);
      unblocked = true;
    }
    this.#forgetIfIdle(channel, record);
    return unblocked;
  }

  #mayTake(consumer: Consumer): boolean {
    const { channel, options } = consumer;
    const record = this.#record(channel);
    if (record.suspended || !consumer.hasCredit) return false;
    if (!channel.limiter.canSend(record, !options.noAck)) {
      record.suspended = true;
      return false;
    }
    consumer.charge();
    return true;
  }

  #stand(consumer: Consumer): void {
    const { priority } = consumer.options;
    let turn = this.#turns.get(priority);
    if (turn === undefined) {
      this.#turns.set(priority, (turn = new Turn()));
      this.#priorities = [...this.#priorities, priority].sort((left, right) => right - left);
    }
    turn.append(consumer);
    this.#capacity.active();
  }

  #record(channel: ConsumingChannel): ChannelRecord {
    const known = this.#channels.get(channel);
    if (known !== undefined) return known;
    const record: ChannelRecord = {
      consumers: new Map(),
      blocked: new Set(),
      unacknowledged: new Map(),
      suspended: false,
      resume: () => this.#resume(record),
    };
    this.#channels.set(channel, record);
    return record;
  }

  /** The channel is below its limit: those stand in the turn again that have credit. */
  #resume(record: ChannelRecord): void {
    if (!record.suspended) return;
    record.suspended = false;
    for (const consumer of [...record.blocked]) {
      if (!consumer.hasCredit) continue;
      record.blocked.delete(consumer);
      this.#stand(consumer);
    }
    this.#onResume();
  }

  #forgetIfIdle(channel: ConsumingChannel, record: ChannelRecord): void {
    if (record.consumers.size > 0 || record.unacknowledged.size > 0) return;
    assert(record.blocked.size === 0, 'who is blocked consumes', { blocked: record.blocked.size });
    this.#channels.delete(channel);
  }
}
