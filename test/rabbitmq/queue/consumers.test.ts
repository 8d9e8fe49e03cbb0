/** Consumers that come, go, settle and are limited at random, watched from outside. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../engine/kernel/random.ts';
import type { ChannelSession } from '../../../engine/rabbitmq/vhost/channel-session.ts';
import type { ClassicQueue } from '../../../engine/rabbitmq/queue/classic-queue.ts';
import { profileOf } from '../../../engine/rabbitmq/profiles.ts';
import { Node } from '../node.ts';

const declaration = { passive: false, durable: false, exclusive: false, autoDelete: false };

/** What a client knows of one channel. */
interface Channel {
  readonly session: ChannelSession;
  /** Deliveries by tag: their consumer and body. */
  readonly held: Map<number, { consumer: string; body: string }>;
  /** The prefetch of each consumer, 0: none. */
  readonly consumers: Map<string, number>;
  prefetch: number;
  global: number;
}

class Run {
  readonly #node = new Node(profileOf('rabbitmq-4.0'));
  readonly #random;
  readonly #isSingleActive: boolean;
  readonly #channels: Channel[] = [];
  readonly #acked = new Set<string>();
  readonly #seen = new Set<string>();
  #published = 0;
  #consumed = 0;

  constructor(seed: number) {
    this.#random = randomStream(seed, 'consumers');
    this.#isSingleActive = this.#random.below(4) === 0;
    for (let i = 0; i < 3; i++) this.#channels.push(this.#open());
    const value = { type: 'bool', value: this.#isSingleActive } as const;
    const table = [{ name: 'x-single-active-consumer', value }];
    const args = { ...declaration, queue: 'q', arguments: table };
    this.#channels[0]!.session.declareQueue(args, () => {});
  }

  get #queue() {
    return this.#node.vhost.queues.get('q') as ClassicQueue;
  }

  #open(): Channel {
    const held: Channel['held'] = new Map();
    const session = this.#node.vhost.openChannel(
      { user: 'guest', id: 'rabbit-1.1.1' },
      {
        deliver: ({ consumerTag: consumer, deliveryTag, redelivered }, content) => {
          const body = new TextDecoder().decode(content.body);
          // Invariant R6.
          expect(redelivered).toBe(this.#seen.has(body));
          this.#seen.add(body);
          held.set(deliveryTag, { consumer, body });
        },
        returned: () => expect.unreachable('the queue is there'),
        confirmed: () => {},
        rejected: () => {},
        consumerCancelled: () => {},
        timedOut: () => {},
      },
    );
    return { session, held, consumers: new Map(), prefetch: 0, global: 0 };
  }

  step(): void {
    const roll = this.#random.below(12);
    const channel = this.#random.pick(this.#channels);
    this.#node.act(() => {
      if (roll < 4) this.#publish(channel);
      else if (roll < 7) this.#settle(channel);
      else if (roll < 9) this.#consume(channel);
      else if (roll === 9) this.#cancel(channel);
      else if (roll === 10) this.#limit(channel);
      else this.#close(channel);
    });
    this.#check();
  }

  /** Everything that was published is acknowledged in the end, once. */
  end(): void {
    for (const channel of this.#channels) this.#node.act(() => channel.session.close());
    const last = this.#open();
    const consumer = { queue: 'q', consumerTag: 'last', noAck: false, exclusive: false };
    this.#node.act(() => last.session.consume({ ...consumer, arguments: [] }, () => {}));
    for (const { body } of last.held.values()) this.#ack(body);
    this.#node.act(() => last.session.ack({ deliveryTag: 0, multiple: true }));
    expect(this.#acked.size).toBe(this.#published);
    expect([this.#queue.readyCount, this.#queue.unacknowledgedCount]).toEqual([0, 0]);
    // In the order of publication, since they were all ready (invariant R7).
    const numbers = [...last.held.values()].map(({ body }) => Number(body));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }

  #publish({ session }: Channel): void {
    const args = { exchange: '', routingKey: 'q', mandatory: true, immediate: false };
    const body = new TextEncoder().encode(`${this.#published++}`);
    expect(session.publish(args, { properties: {}, body })).toBeNull();
  }

  #settle({ session, held }: Channel): void {
    if (held.size === 0) return;
    const deliveryTag = this.#random.pick([...held.keys()]);
    const { body } = held.get(deliveryTag)!;
    held.delete(deliveryTag);
    if (this.#random.below(3) > 0) {
      this.#ack(body);
      expect(session.ack({ deliveryTag, multiple: false })).toBeNull();
    } else {
      expect(session.nack({ deliveryTag, multiple: false, requeue: true })).toBeNull();
    }
  }

  /** Invariant R4: once. */
  #ack(body: string): void {
    expect(this.#acked.has(body)).toBe(false);
    this.#acked.add(body);
  }

  #consume({ session, consumers, prefetch }: Channel): void {
    const consumerTag = `c${this.#consumed++}`;
    const priority = { type: 'signedint', value: this.#random.below(3) } as const;
    consumers.set(consumerTag, prefetch);
    const table = [{ name: 'x-priority', value: priority }];
    const args = { queue: 'q', consumerTag, noAck: false, exclusive: false, arguments: table };
    session.consume(args, (tag) => expect(tag).toBe(consumerTag));
  }

  #cancel({ session, consumers }: Channel): void {
    if (consumers.size === 0) return;
    const tag = this.#random.pick([...consumers.keys()]);
    consumers.delete(tag);
    session.cancel(tag, (refused) => expect(refused).toBeNull());
  }

  #limit(channel: Channel): void {
    const prefetchCount = this.#random.between(0, 3);
    const global = this.#random.below(2) === 0;
    if (global) channel.global = prefetchCount;
    else channel.prefetch = prefetchCount;
    if (!global) channel.global = 0;
    channel.session.setPrefetch({ prefetchSize: 0, prefetchCount, global });
  }

  #close(channel: Channel): void {
    if (this.#random.below(3) > 0) return;
    channel.session.close();
    this.#channels[this.#channels.indexOf(channel)] = this.#open();
  }

  /** Nothing waits that a consumer could have, and nobody has more than its limit. */
  #check(): void {
    const held = this.#channels.reduce((sum, channel) => sum + channel.held.size, 0);
    expect(this.#queue.unacknowledgedCount).toBe(held);
    expect(this.#queue.readyCount + held + this.#acked.size).toBe(this.#published);
    for (const channel of this.#channels) {
      for (const [tag, prefetch] of channel.consumers) {
        const its = [...channel.held.values()].filter(({ consumer }) => consumer === tag).length;
        if (prefetch > 0) expect(its).toBeLessThanOrEqual(prefetch);
        const active = this.#queue.activeConsumer?.options.tag;
        if (this.#isSingleActive && tag !== active) continue;
        const isLimited =
          (prefetch > 0 && its === prefetch) ||
          (channel.global > 0 && channel.held.size >= channel.global);
        expect(isLimited || this.#queue.readyCount === 0, `${tag} could have a message`).toBe(true);
      }
    }
    this.#checkActive();
  }

  /** Invariant R11: one of those that consume is active. */
  #checkActive(): void {
    if (!this.#isSingleActive) return;
    const count = this.#channels.reduce((sum, { consumers }) => sum + consumers.size, 0);
    const active = this.#queue.activeConsumer;
    expect(active === null).toBe(count === 0);
  }
}

describe('rabbitmq: consumers', () => {
  test('rabbitmq: consumers: limits hold, nothing waits for a free one, all is acked once', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const run = new Run(seed);
      for (let step = 0; step < 60; step++) run.step();
      run.end();
    }
  });
});
