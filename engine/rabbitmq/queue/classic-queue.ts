/**
 * A classic queue: takes messages, delivers them to consumers, and lets them go for a reason.
 *
 * Every message that came in is ready, unacknowledged, or gone for a reason that is counted
 * (invariants R1, R5); the queue asserts it after each call. Messages that die are handed to the
 * virtual host, which publishes them when the call is over.
 * Not here: routing, declaring, permissions (`vhost/`); delivery tags (`channel-consumers.ts`); the
 * message store, so a restart keeps nothing yet.
 * Sources: `rabbit_amqqueue_process`; rabbitmq.com/docs/queues, /ttl, /maxlength, /consumers.
 * Differs: an expired message is never delivered, not even within the millisecond by which the
 * real timer is late, nor when it became the head by its priority (there without a timer).
 */
import { assert } from '../../kernel/assert.ts';
import { microsOfMillis, micros, type Micros } from '../../kernel/units.ts';
import { integerOf } from '../field-table.ts';
import { tableLookup } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import { BackingQueue } from './backing-queue.ts';
import { Consumer, type ConsumerOptions, type ConsumingChannel } from './consumer.ts';
import { Consumers } from './consumers.ts';
import type { DeathReason } from './death.ts';
import type { QueuedMessage } from './queued-message.ts';
import type { QueueDeclaration, QueuePorts } from './queue-ports.ts';
import { QueueTimers } from './queue-timers.ts';
import { type PolicyDefinition, type QueueSettings, settingsOf } from './queue-settings.ts';

/** Why messages left the queue, each with its count. */
export interface GoneMessages {
  acknowledged: number;
  rejected: number;
  expired: number;
  maxlen: number;
  purged: number;
  deleted: number;
}

/** How a channel settles what it was delivered. */
export type Settlement = 'ack' | 'requeue' | 'discard';

/** Who published, where confirms are asked for: told once for each queue. */
export interface Publisher {
  confirmed(queue: string): void;
  /** The queue did not take the message (overflow reject-publish). */
  rejected(queue: string): void;
}

/** What a queue is made with, besides its declaration. */
export interface QueueContext {
  readonly policy: PolicyDefinition;
  readonly ports: QueuePorts;
  /** Switches of the profile. */
  readonly options: { readonly cancelRunsQueue: boolean };
}

export class ClassicQueue {
  readonly declaration: QueueDeclaration;
  readonly gone: GoneMessages = {
    acknowledged: 0,
    rejected: 0,
    expired: 0,
    maxlen: 0,
    purged: 0,
    deleted: 0,
  };
  readonly #ports: QueuePorts;
  readonly #ready: BackingQueue;
  readonly #consumers = new Consumers(() => this.#resumed());
  readonly #timers: QueueTimers;
  readonly #isSingleActive: boolean;
  readonly #cancelRunsQueue: boolean;
  /** The single active consumer, or the exclusive one. */
  #active: Consumer | null = null;
  #hadConsumers = false;
  #isDeleted = false;
  #published = 0;
  #settings: QueueSettings;

  constructor(declaration: QueueDeclaration, { policy, ports, options }: QueueContext) {
    this.declaration = declaration;
    this.#ports = ports;
    this.#cancelRunsQueue = options.cancelRunsQueue;
    const { arguments: args } = declaration;
    this.#ready = new BackingQueue(Number(integerOf(tableLookup(args, 'x-max-priority')) ?? 0n));
    const singleActive = tableLookup(args, 'x-single-active-consumer');
    this.#isSingleActive = singleActive?.type === 'bool' && singleActive.value;
    this.#timers = new QueueTimers(ports.clock, {
      messageExpired: () => this.#messageExpired(),
      queueExpired: () => this.#queueExpired(),
    });
    this.#settings = settingsOf(args, policy);
    this.#used();
  }

  get name(): string {
    return this.declaration.name;
  }

  get settings(): QueueSettings {
    return this.#settings;
  }

  get readyCount(): number {
    return this.#ready.length;
  }

  get unacknowledgedCount(): number {
    return this.#consumers.unacknowledgedCount;
  }

  get consumerCount(): number {
    return this.#consumers.count;
  }

  /** The single active consumer or the exclusive one; null where there is neither. */
  get activeConsumer(): Consumer | null {
    return this.#active;
  }

  /** The policy changed: what it says holds from now on. */
  setPolicy(policy: PolicyDefinition): void {
    this.#settings = settingsOf(this.declaration.arguments, policy);
    this.#timers.stopExpiry();
    this.#used();
    this.#dropHead();
    this.#dropExpired();
    this.#end();
  }

  // ------------------------------------------------------------------------------- publishing

  /** A message that was routed here. */
  publish(message: Message, publisher: Publisher | null): void {
    assert(!this.#isDeleted, 'the queue is there', { queue: this.name });
    if (this.#willOverflow(message) && this.#settings.overflow !== 'drop-head') {
      if (this.#settings.overflow === 'reject-publish-dlx') this.#die(message, 'maxlen');
      publisher?.rejected(this.name);
    } else {
      this.#take(message);
      publisher?.confirmed(this.name);
    }
    this.#end();
  }

  #take(message: Message): void {
    this.#published += 1;
    const of = this.#ready.accept(message, this.#expiryOf(message));
    // Whoever waits gets the message before its expiry or the length are looked at.
    const consumer = this.#ready.length === 0 ? this.#nextConsumer() : null;
    if (consumer !== null) {
      this.#deliver(consumer, of);
      return;
    }
    this.#ready.publish(of);
    this.#dropHead();
    this.#run();
  }

  #expiryOf({ ttlMs }: Message): Micros | null {
    const { messageTtlMs } = this.#settings;
    if (ttlMs === null && messageTtlMs === null) return null;
    const ms = Math.min(ttlMs ?? Number.MAX_SAFE_INTEGER, messageTtlMs ?? Number.MAX_SAFE_INTEGER);
    const at = this.#ports.clock.now() + microsOfMillis(ms);
    assert(Number.isSafeInteger(at), 'a time', { ms });
    return micros(at);
  }

  #willOverflow({ body }: Message): boolean {
    const { maxLength, maxLengthBytes } = this.#settings;
    if (maxLength !== null && this.#ready.length + 1 > maxLength) return true;
    return maxLengthBytes !== null && this.#ready.bytes + body.length > maxLengthBytes;
  }

  /** Invariant R13: the newest stay. */
  #dropHead(): void {
    const { maxLength, maxLengthBytes, overflow } = this.#settings;
    if (overflow !== 'drop-head') return;
    while (
      this.#ready.length > (maxLength ?? Infinity) ||
      this.#ready.bytes > (maxLengthBytes ?? Infinity)
    ) {
      this.gone.maxlen += 1;
      this.#die(this.#ready.take().message, 'maxlen');
    }
  }

  /** Invariant R10: what is at the head has not expired. */
  #dropExpired(): void {
    const now = this.#ports.clock.now();
    for (let head = this.#ready.head(); head !== undefined; head = this.#ready.head()) {
      if (head.expiresAt === null) return;
      if (head.expiresAt > now) {
        this.#timers.expectExpiry(head.expiresAt);
        return;
      }
      this.gone.expired += 1;
      this.#die(this.#ready.take().message, 'expired');
    }
  }

  /** The message leaves for the dead-letter exchange, where there is one. */
  #die(message: Message, reason: DeathReason): void {
    const { deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = this.#settings;
    if (exchange === null) return;
    this.#ports.deadLetter(message, { reason, queue: this.name, exchange, routingKey });
  }

  // --------------------------------------------------------------------------------- delivery

  /** basic.get: the head, or undefined where nothing is ready. It counts as a use of the queue. */
  get(channel: ConsumingChannel, noAck: boolean): QueuedMessage | undefined {
    assert(!this.#isDeleted, 'the queue is there', { queue: this.name });
    this.#used();
    this.#dropExpired();
    if (this.#ready.length === 0) {
      this.#end();
      return undefined;
    }
    const of = this.#ready.take();
    if (noAck) this.gone.acknowledged += 1;
    else this.#consumers.taken(channel, of, null);
    this.#dropExpired();
    this.#end();
    return of;
  }

  /**
   * Adds a consumer and calls `accepted` before the first delivery; false where one is exclusive or
   * this one cannot be.
   */
  consume(channel: ConsumingChannel, options: ConsumerOptions, accepted: () => void): boolean {
    assert(!this.#isDeleted, 'the queue is there', { queue: this.name });
    if (options.exclusive && (this.#isSingleActive || this.#consumers.count > 0)) return false;
    if (!this.#isSingleActive && this.#active !== null) return false;
    const consumer = new Consumer(channel, options);
    this.#consumers.add(consumer);
    this.#hadConsumers = true;
    this.#timers.stopExpiry();
    if (options.exclusive || (this.#isSingleActive && this.#active === null)) {
      this.#active = consumer;
    }
    accepted();
    this.#run();
    this.#end();
    return true;
  }

  /** Ends a consumer; what it was delivered stays unacknowledged. */
  cancel(channel: ConsumingChannel, tag: string): void {
    const consumer = this.#consumers.find(channel, tag);
    if (consumer === undefined) return;
    this.#consumers.remove(consumer);
    if (this.#active === consumer) this.#replaceActive();
    this.#unusedIfLast();
    // Until 3.13 the next single active consumer waits for the queue's next event.
    if (this.#cancelRunsQueue) this.#run();
    this.#end();
  }

  /** The channel settles messages that it was delivered, each once. */
  settle(channel: ConsumingChannel, messages: readonly QueuedMessage[], how: Settlement): void {
    if (this.#isDeleted) return;
    let unblocked = false;
    for (const of of messages) {
      if (this.#consumers.settled(channel, of)) unblocked = true;
      if (how === 'requeue') {
        this.#ready.requeue(of);
      } else if (how === 'discard') {
        this.gone.rejected += 1;
        this.#die(of.message, 'rejected');
      } else {
        this.gone.acknowledged += 1;
      }
    }
    if (how === 'requeue') this.#requeued();
    else if (unblocked) this.#run();
    this.#end();
  }

  /** The channel is gone: its consumers end, and what it had not settled is ready again. */
  channelClosed(channel: ConsumingChannel): void {
    if (this.#isDeleted) return;
    const before = this.#consumers.count;
    const messages = this.#consumers.removeChannel(channel);
    if (this.#active?.channel === channel) this.#replaceActive();
    for (const of of messages) this.#ready.requeue(of);
    if (this.#consumers.count < before) this.#unusedIfLast();
    if (!this.#isDeleted) this.#requeued();
    this.#end();
  }

  #requeued(): void {
    this.#dropHead();
    this.#dropExpired();
    this.#run();
  }

  /** Delivers while there is something ready and somebody to take it. */
  #run(): void {
    if (this.#isDeleted) return;
    this.#dropExpired();
    while (this.#ready.length > 0) {
      const consumer = this.#nextConsumer();
      if (consumer === null) return;
      this.#deliver(consumer, this.#ready.take());
      this.#dropExpired();
    }
  }

  /** Invariant R11: where one is the single active consumer, no other. */
  #nextConsumer(): Consumer | null {
    if (!this.#isSingleActive) return this.#consumers.next();
    return this.#active === null ? null : this.#consumers.nextOnly(this.#active);
  }

  #deliver(consumer: Consumer, of: QueuedMessage): void {
    const { channel, options } = consumer;
    const redelivered = of.delivered;
    of.delivered = true;
    if (options.noAck) this.gone.acknowledged += 1;
    else this.#consumers.taken(channel, of, consumer);
    channel.deliver(consumer, of, redelivered);
  }

  #replaceActive(): void {
    this.#active = this.#isSingleActive ? this.#consumers.first() : null;
  }

  /** A channel is below its limit again. */
  #resumed(): void {
    this.#run();
    this.#end();
  }

  // ---------------------------------------------------------------------------------- the end

  /** Removes what is ready; gives how many that were. What is unacknowledged stays. */
  purge(): number {
    const count = this.#ready.length;
    while (this.#ready.length > 0) this.#ready.take();
    this.gone.purged += count;
    this.#end();
    return count;
  }

  /**
   * The queue is gone with all its messages, which are not dead-lettered; its consumers are told.
   * What channels have not settled settles itself.
   */
  delete(): void {
    assert(!this.#isDeleted, 'a queue is deleted once', { queue: this.name });
    this.#isDeleted = true;
    this.#timers.stop();
    this.gone.deleted += this.#ready.length + this.#consumers.unacknowledgedCount;
    for (const consumer of [...this.#consumers.all()]) consumer.channel.cancelled(consumer);
  }

  /** It was declared again, or a message was fetched: the time of x-expires begins anew. */
  touch(): void {
    this.#used();
  }

  #used(): void {
    const { expiresMs } = this.#settings;
    if (expiresMs === null || this.#consumers.count > 0 || this.#isDeleted) return;
    this.#timers.startExpiry(expiresMs);
  }

  #unusedIfLast(): void {
    if (this.#consumers.count > 0) return;
    if (this.declaration.autoDelete && this.#hadConsumers) this.#ports.unused(this);
    else this.#used();
  }

  #messageExpired(): void {
    this.#run();
    this.#end();
  }

  #queueExpired(): void {
    assert(this.#consumers.count === 0, 'only an unused queue expires', { queue: this.name });
    this.#ports.expired(this);
    this.#end();
  }

  #end(): void {
    if (!this.#isDeleted) {
      const { acknowledged, rejected, expired, maxlen, purged } = this.gone;
      const gone = acknowledged + rejected + expired + maxlen + purged;
      const held = this.#ready.length + this.#consumers.unacknowledgedCount;
      // Invariant R5.
      assert(this.#published === held + gone, 'a message is held or gone for a reason', {
        queue: this.name,
        published: this.#published,
        held,
        gone,
      });
    }
    this.#ports.ended();
  }
}
