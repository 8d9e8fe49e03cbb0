/**
 * A channel as a client of a quorum queue: its consumers, and what it was delivered and has not
 * settled.
 *
 * A delivery's position counts the deliveries of the session, since the same message may come to it
 * twice. Source: `rabbit_quorum_queue`'s half of a channel. Not here: delivery tags
 * (`queue/channel-consumers.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Term } from '../../wire/erlang/term.ts';
import { withValue } from '../field-table.ts';
import type { Message } from '../message.ts';
import type { ConsumerOptions, ConsumingChannel } from '../queue/consumer.ts';
import type { Fetched, HeldMessage, Settlement } from '../queue/queue.ts';
import { FifoClient, type FifoClientOptions } from './fifo-client.ts';
import type { Dequeued, FifoDelivery } from './fifo-command.ts';
import { messageOfTerm } from './fifo-message.ts';

/** A consumer without a limit may have so many: "a large number for ra". */
const UNLIMITED_CREDIT = 2000;

/** How long it may take. */
interface Terms {
  readonly timeoutMs?: number;
}

interface Held {
  readonly tag: string;
  readonly id: number;
}

type SessionOptions = Omit<FifoClientOptions, 'delivered' | 'blocked' | 'timedOut' | 'ended'> & {
  readonly countsAcquired: boolean;
};

export class QuorumSession {
  readonly #channel: ConsumingChannel;
  readonly #client: FifoClient;
  readonly #countsAcquired: boolean;
  readonly #consumers = new Map<string, ConsumerOptions>();
  /** By position. */
  readonly #held = new Map<number, Held>();
  #positions = 0;
  #gets = 0;

  constructor(channel: ConsumingChannel, { countsAcquired, ...options }: SessionOptions) {
    this.#channel = channel;
    this.#countsAcquired = countsAcquired;
    this.#client = new FifoClient({
      ...options,
      delivered: (tag, delivery) => this.#delivered(tag, delivery),
      blocked: () => undefined,
      timedOut: (tag) => this.#channel.timedOut?.(tag),
      ended: () => this.#ended(),
    });
  }

  consume(options: ConsumerOptions, terms: Terms, answer: () => void): void {
    const { tag, prefetchCount, priority } = options;
    const consumer = { tag, process: this.#client.process };
    const credit = prefetchCount === 0 ? UNLIMITED_CREDIT : prefetchCount;
    this.#client.expect(tag);
    this.#client.send({ type: 'checkout', consumer, credit, priority, ...terms }, () => {
      this.#consumers.set(tag, options);
      answer();
    });
  }

  cancel(tag: string, answer: () => void): void {
    const consumer = { tag, process: this.#client.process };
    this.#client.send({ type: 'cancel', consumer }, () => {
      this.#consumers.delete(tag);
      this.#client.forget(tag);
      answer();
    });
  }

  /** basic.get is a consumer of its own, for one message. */
  get(
    isSettled: boolean,
    terms: Terms,
    answer: (fetched: Fetched | null | 'single_active_consumer') => void,
  ) {
    this.#gets += 1;
    const tag = `get ${this.#gets}`;
    const consumer = { tag, process: this.#client.process };
    this.#client.send({ type: 'dequeue', consumer, isSettled, ...terms }, (reply: Term) => {
      if (reply === null) return answer(null);
      if (reply === 'single_active_consumer') return answer(reply);
      const { delivery, ready } = reply as unknown as Exclude<Dequeued, null>;
      const of = this.#hold(tag, delivery, !isSettled, true);
      answer({ of, redelivered: delivery.acquiredCount > 0, messageCount: ready });
    });
  }

  settle(messages: readonly HeldMessage[], how: Settlement): void {
    const byTag = new Map<string, number[]>();
    for (const { position } of messages) {
      const held = this.#held.get(position);
      assert(held !== undefined, 'R4: settled once', { position });
      this.#held.delete(position);
      const ids = byTag.get(held.tag);
      if (ids === undefined) byTag.set(held.tag, [held.id]);
      else ids.push(held.id);
    }
    const type = how === 'ack' ? 'settle' : how === 'requeue' ? 'return' : 'discard';
    for (const [tag, ids] of byTag) {
      this.#client.send({ type, consumer: { tag, process: this.#client.process }, ids });
    }
  }

  close(): void {
    this.#client.close();
  }

  #delivered(tag: string, delivery: FifoDelivery): void {
    const consumer = this.#consumers.get(tag);
    if (consumer === undefined) return;
    const { noAck } = consumer;
    const of = this.#hold(tag, delivery, !noAck, false);
    this.#channel.deliver(tag, of, delivery.acquiredCount > 0);
    // Nothing is acknowledged by who asked for no acknowledgements: the client does it for him.
    if (!noAck) return;
    const { process } = this.#client;
    this.#client.send({ type: 'settle', consumer: { tag, process }, ids: [delivery.id] });
  }

  #hold(tag: string, delivery: FifoDelivery, isHeld: boolean, isFetched: boolean): HeldMessage {
    const position = this.#positions++;
    if (isHeld) this.#held.set(position, { tag, id: delivery.id });
    return { message: this.#shown(delivery, isFetched), position };
  }

  /** With the headers that tell how often it came back. */
  #shown(
    { message: term, acquiredCount, deliveryCount }: FifoDelivery,
    isFetched: boolean,
  ): Message {
    const message = messageOfTerm(term);
    let headers = message.properties.headers ?? [];
    const before = headers;
    const count = (name: string, value: number): void => {
      headers = withValue(headers, name, { type: 'long', value: BigInt(value) });
    };
    if (this.#countsAcquired) {
      if (acquiredCount > 0) count('x-acquired-count', acquiredCount);
      if (acquiredCount > 0 && deliveryCount > 0) count('x-delivery-count', deliveryCount);
    } else if (deliveryCount > 0 || isFetched) {
      count('x-delivery-count', deliveryCount);
    }
    if (headers === before) return message;
    return { ...message, properties: { ...message.properties, headers } };
  }

  #ended(): void {
    for (const tag of [...this.#consumers.keys()]) {
      this.#consumers.delete(tag);
      this.#channel.cancelled(tag);
    }
  }
}
