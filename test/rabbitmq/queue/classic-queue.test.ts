/** A classic queue under random operations, against a model that is naive. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../engine/kernel/random.ts';
import type { Random } from '../../../engine/kernel/ports.ts';
import { isAmqpError } from '../../../engine/rabbitmq/amqp-error.ts';
import type { ClassicQueue } from '../../../engine/rabbitmq/queue/classic-queue.ts';
import type { FieldTable } from '../../../engine/wire/amqp/field-table.ts';
import type {
  ChannelSession,
  MessageContent,
} from '../../../engine/rabbitmq/vhost/channel-session.ts';
import { answered } from '../answered.ts';
import { Node } from '../node.ts';

/** A message of the model. */
interface Item {
  readonly body: string;
  readonly position: number;
  readonly priority: number;
  readonly expiresAt: number;
  delivered: boolean;
}

interface Held {
  readonly item: Item;
  readonly tag: number;
}

interface Limits {
  readonly priorityMax: number;
  readonly lengthMax: number;
  readonly rejects: boolean;
}

/** The queue as its documents tell it: a sorted list, looked through each time. */
class Model {
  readonly #limits: Limits;
  ready: Item[] = [];
  /** Bodies in the order of their deaths. */
  readonly dead: string[] = [];
  now = 0;
  #published = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Whether the queue takes it. */
  publish(body: string, priority: number, ttlMs: number | null): boolean {
    const { lengthMax, rejects, priorityMax } = this.#limits;
    if (rejects && this.ready.length + 1 > lengthMax) return false;
    const expiresAt = ttlMs === null ? Infinity : this.now + ttlMs;
    const capped = Math.min(priority, priorityMax);
    const position = this.#published++;
    this.ready.push({ body, position, priority: capped, expiresAt, delivered: false });
    this.#settle();
    return true;
  }

  take(): Item | undefined {
    const item = this.ready.shift();
    this.#settle();
    return item;
  }

  requeue(items: readonly Item[]): void {
    for (const item of items) this.ready.push(item);
    this.#settle();
  }

  wait(ms: number): void {
    // What expires first dies first, each in its moment.
    const until = this.now + ms;
    for (;;) {
      const head = this.ready[0];
      if (head === undefined || head.expiresAt > until) break;
      this.now = Math.max(this.now, head.expiresAt);
      this.#settle();
    }
    this.now = until;
  }

  #settle(): void {
    this.ready.sort((a, b) => b.priority - a.priority || a.position - b.position);
    while (!this.#limits.rejects && this.ready.length > this.#limits.lengthMax) this.#die();
    while (this.ready.length > 0 && this.ready[0]!.expiresAt <= this.now) this.#die();
  }

  #die(): void {
    this.dead.push(this.ready.shift()!.body);
  }
}

const declaration = { passive: false, durable: false, exclusive: false, autoDelete: false };

function argumentsOf({ priorityMax, lengthMax, rejects }: Limits): FieldTable {
  return [
    { name: 'x-max-priority', value: { type: 'signedint', value: priorityMax } },
    { name: 'x-max-length', value: { type: 'signedint', value: lengthMax } },
    {
      name: 'x-overflow',
      value: { type: 'longstr', value: rejects ? 'reject-publish' : 'drop-head' },
    },
    { name: 'x-dead-letter-exchange', value: { type: 'longstr', value: '' } },
    { name: 'x-dead-letter-routing-key', value: { type: 'longstr', value: 'dead' } },
  ];
}

/** One run: random calls on both, compared after each. */
class Run {
  readonly #node = new Node();
  readonly #random: Random;
  readonly #model: Model;
  readonly #session: ChannelSession;
  readonly #held: Held[] = [];
  #outcomes: string[] = [];
  #next = 0;

  constructor(seed: number) {
    this.#random = randomStream(seed, 'queue');
    const limits = {
      priorityMax: this.#random.pick([0, 3]),
      lengthMax: this.#random.pick([4, 1000]),
      rejects: this.#random.below(2) === 0,
    };
    this.#model = new Model(limits);
    this.#session = this.#node.vhost.openChannel(
      { user: 'guest', id: 'rabbit-1.1.1' },
      {
        deliver: () => {},
        returned: () => {},
        confirmed: () => this.#outcomes.push('ack'),
        rejected: () => this.#outcomes.push('nack'),
        consumerCancelled: () => {},
        timedOut: () => {},
      },
    );
    this.#session.selectConfirms();
    this.#session.declareQueue({ ...declaration, queue: 'dead', arguments: [] }, () => {});
    const args = { ...declaration, queue: 'q', arguments: argumentsOf(limits) };
    const own = answered<object>((answer) => this.#session.declareQueue(args, answer));
    expect(isAmqpError(own)).toBe(false);
  }

  step(): void {
    const roll = this.#random.below(10);
    if (roll < 4) this.#publish();
    else if (roll < 7) this.#get();
    else if (roll < 9 && this.#held.length > 0) this.#settle();
    else this.#wait();
    expect(this.#queue('q').readyCount).toBe(this.#model.ready.length);
    expect(this.#queue('q').unacknowledgedCount).toBe(this.#held.length);
    expect(this.#queue('dead').readyCount).toBe(this.#model.dead.length);
  }

  #queue(name: string): ClassicQueue {
    return this.#node.vhost.queues.get(name) as ClassicQueue;
  }

  /** What is left is the same, in the same order; so is what died. */
  end(): void {
    for (let item = this.#model.take(); item !== undefined; item = this.#model.take()) {
      expect(this.#fetch('q')).toBe(item.body);
    }
    expect(this.#fetch('q')).toBeNull();
    for (const body of this.#model.dead) expect(this.#fetch('dead')).toBe(body);
  }

  get dead(): number {
    return this.#model.dead.length;
  }

  #publish(): void {
    const body = `m${this.#next++}`;
    const priority = this.#random.below(5);
    const ttlMs = this.#random.below(3) === 0 ? this.#random.between(0, 50) : null;
    this.#outcomes = [];
    const properties = { priority, ...(ttlMs === null ? {} : { expiration: `${ttlMs}` }) };
    const args = { exchange: '', routingKey: 'q', mandatory: true, immediate: false };
    this.#node.act(() =>
      this.#session.publish(args, { properties, body: new TextEncoder().encode(body) }),
    );
    const taken = this.#model.publish(body, priority, ttlMs);
    expect(this.#outcomes).toEqual([taken ? 'ack' : 'nack']);
  }

  #get(): void {
    const got = this.#got('q', false);
    const item = this.#model.take();
    if (got === null || isAmqpError(got)) {
      expect([got, item]).toEqual([null, undefined]);
      return;
    }
    expect(new TextDecoder().decode(got.content.body)).toBe(item!.body);
    expect(got.reply.redelivered).toBe(item!.delivered);
    item!.delivered = true;
    this.#held.push({ item: item!, tag: got.reply.deliveryTag });
  }

  #got(queue: string, noAck: boolean) {
    type Got = { reply: { redelivered: boolean; deliveryTag: number }; content: MessageContent };
    return this.#node.act(() =>
      answered<Got | null>((answer) => this.#session.get({ queue, noAck }, answer)),
    );
  }

  #settle(): void {
    const multiple = this.#random.below(3) === 0;
    const place = this.#random.below(this.#held.length);
    const settled = multiple ? this.#held.splice(0, place + 1) : this.#held.splice(place, 1);
    const deliveryTag = settled.at(-1)!.tag;
    const how = this.#random.pick(['ack', 'requeue', 'discard'] as const);
    const requeue = how === 'requeue';
    const error = this.#node.act(() =>
      how === 'ack'
        ? this.#session.ack({ deliveryTag, multiple })
        : this.#session.nack({ deliveryTag, multiple, requeue }),
    );
    expect(error).toBeNull();
    if (requeue && multiple) {
      // One by one: each is a settlement of its own, and may push the next one out.
      for (const { item } of settled) this.#model.requeue([item]);
    } else if (requeue) {
      this.#model.requeue(settled.map(({ item }) => item));
    }
    if (how === 'discard') this.#model.dead.push(...settled.map(({ item }) => item.body));
  }

  #wait(): void {
    const ms = this.#random.between(1, 30);
    this.#node.advance(ms);
    this.#model.wait(ms);
  }

  #fetch(queue: string): string | null {
    const got = this.#got(queue, true);
    if (got === null || isAmqpError(got)) return null;
    return new TextDecoder().decode(got.content.body);
  }
}

describe('rabbitmq: classic queue', () => {
  test('rabbitmq: classic queue: it equals a naive model under random calls (300 seeds)', () => {
    let dead = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const run = new Run(seed);
      for (let step = 0; step < 60; step++) run.step();
      run.end();
      dead += run.dead;
    }
    expect(dead).toBeGreaterThan(1000);
  });
});
