/**
 * The channels of this node that use a queue whose process is on another node: their numbers there,
 * their consumers, what they hold, and what waits because a channel is at its limit.
 *
 * Not here: messages to the queue's node (`remote-queue.ts`). What waits counts there as
 * unacknowledged.
 */
import { assert } from '../../kernel/assert.ts';
import type { Message } from '../message.ts';
import type { ConsumerOptions, ConsumingChannel } from '../queue/consumer.ts';
import type { Resumable } from '../queue/limiter.ts';
import type { HeldMessage } from '../queue/queue.ts';

/** A message that came for a consumer. */
export interface RemoteDelivery {
  readonly channel: number;
  readonly tag: string;
  readonly position: number;
  readonly redelivered: boolean;
  readonly message: Message;
}

interface ChannelRecord extends Resumable {
  readonly channel: ConsumingChannel;
  readonly number: number;
  readonly consumers: Map<string, ConsumerOptions>;
  readonly held: Set<HeldMessage>;
  waiting: RemoteDelivery[];
}

/** A consumer that lost its queue. */
export interface LostConsumer {
  readonly channel: ConsumingChannel;
  readonly options: ConsumerOptions;
}

export class RemoteConsumers {
  readonly #byChannel = new Map<ConsumingChannel, ChannelRecord>();
  readonly #byNumber = new Map<number, ChannelRecord>();
  /** What a cancelled consumer was never given goes back. */
  readonly #giveBack: (channel: number, positions: readonly number[]) => void;
  #lastNumber = 0;

  constructor(giveBack: (channel: number, positions: readonly number[]) => void) {
    this.#giveBack = giveBack;
  }

  /** The channel's number at the queue's node, the same until it is closed. */
  numberOf(channel: ConsumingChannel): number {
    const known = this.#byChannel.get(channel);
    if (known !== undefined) return known.number;
    const number = ++this.#lastNumber;
    const record: ChannelRecord = {
      ...{ channel, number, consumers: new Map(), held: new Set(), waiting: [] },
      resume: () => this.#deliverWaiting(record),
    };
    this.#byChannel.set(channel, record);
    this.#byNumber.set(number, record);
    return number;
  }

  /** Null: it was closed. */
  channelOf(number: number): ConsumingChannel | null {
    return this.#byNumber.get(number)?.channel ?? null;
  }

  /** The queue's node has the consumer; of a channel that was closed, nothing happens. */
  add(number: number, options: ConsumerOptions): void {
    const record = this.#byNumber.get(number);
    assert(record?.consumers.has(options.tag) !== true, 'a tag is new', { tag: options.tag });
    record?.consumers.set(options.tag, options);
  }

  /** Whether it consumed. */
  remove(number: number, tag: string): boolean {
    const record = this.#byNumber.get(number);
    if (record === undefined) return false;
    const { waiting } = record;
    record.waiting = waiting.filter((one) => one.tag !== tag);
    const back = waiting.filter((one) => one.tag === tag).map(({ position }) => position);
    if (back.length > 0) this.#giveBack(number, back);
    return record.consumers.delete(tag);
  }

  holds(number: number, of: HeldMessage): void {
    this.#byNumber.get(number)?.held.add(of);
  }

  /** The positions of those that the queue's node still expects to be settled. */
  settled(number: number, messages: readonly HeldMessage[]): readonly number[] {
    const held = this.#byNumber.get(number)?.held;
    return messages.filter((of) => held?.delete(of) === true).map(({ position }) => position);
  }

  /** The channel is closed. */
  forget(channel: ConsumingChannel): void {
    const record = this.#byChannel.get(channel);
    if (record === undefined) return;
    record.waiting = [];
    this.#byChannel.delete(channel);
    this.#byNumber.delete(record.number);
  }

  deliver(delivery: RemoteDelivery): void {
    const record = this.#byNumber.get(delivery.channel);
    if (record === undefined || !record.consumers.has(delivery.tag)) return;
    record.waiting.push(delivery);
    this.#deliverWaiting(record);
  }

  #deliverWaiting(record: ChannelRecord): void {
    const { channel, consumers, held } = record;
    for (let next = record.waiting[0]; next !== undefined; next = record.waiting[0]) {
      const { tag, position, redelivered, message } = next;
      const noAck = consumers.get(tag)?.noAck === true;
      if (!channel.limiter.canSend(record, !noAck)) return;
      record.waiting.shift();
      const of = { message, position };
      if (!noAck) held.add(of);
      channel.deliver(tag, of, redelivered);
    }
  }

  cancelled(number: number, tag: string): void {
    const record = this.#byNumber.get(number);
    if (this.remove(number, tag)) record?.channel.cancelled(tag);
  }

  /** The queue's node is down: nothing is held any more, and who consumed is given. */
  lost(): readonly LostConsumer[] {
    const lost: LostConsumer[] = [];
    for (const record of this.#byNumber.values()) {
      const { channel, consumers, held } = record;
      for (const options of consumers.values()) lost.push({ channel, options });
      consumers.clear();
      held.clear();
      record.waiting = [];
    }
    return lost;
  }
}
