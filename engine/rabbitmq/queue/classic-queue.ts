/**
 * A classic queue: takes messages, delivers them to consumers, and lets them go for a reason.
 *
 * Every message that came in is ready, unacknowledged, or gone for a reason that is counted
 * (invariants R1, R5); the queue asserts it after each call. Messages that die are handed to the
 * virtual host, which publishes them when the call is over.
 * A durable queue tells its files (`queue-log.ts`) of each message, then its publisher.
 * Not here: routing, declaring, permissions (`vhost/`); delivery tags (`channel-consumers.ts`).
 * Sources: `rabbit_amqqueue_process`; rabbitmq.com/docs/queues, /ttl, /maxlength, /consumers.
 * Differs: an expired message is never delivered, not even within the millisecond by which the
 * real timer is late, nor when it became the head by its priority (there without a timer).
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { microsOfMillis, micros, type Micros } from '../../kernel/units.ts';
import { integerOf } from '../field-table.ts';
import { tableLookup } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import { amqpError, preconditionFailed } from '../amqp-error.ts';
import { BackingQueue } from './backing-queue.ts';
import { Consumer, type ConsumerOptions, type ConsumingChannel } from './consumer.ts';
import { Consumers } from './consumers.ts';
import type { DeathReason } from './death.ts';
import type {
  Answer,
  DeleteConditions,
  Fetched,
  HeldMessage,
  Publisher,
  Queue,
  QueueCounts,
  Settlement,
  QueueHoldings,
} from './queue.ts';
import { checkConsumerArguments } from './queue-arguments.ts';
import type { QueueContext } from './queue-types.ts';
import type { QueueLog } from './queue-log.ts';
import type { QueuedMessage } from './queued-message.ts';
import type { QueueDeclaration, QueuePorts } from './queue-ports.ts';
import { QueueTimers } from './queue-timers.ts';
import { MESSAGES_SHOWN_MAX, messageView, type QueueView } from './queue-view.ts';
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

export class ClassicQueue implements Queue {
  readonly type = 'classic';
  readonly declaration: QueueDeclaration;
  readonly gone: GoneMessages = {
    acknowledged: 0,
    rejected: 0,
    expired: 0,
    maxlen: 0,
    purged: 0,
    deleted: 0,
  };
  readonly #resource: string;
  readonly #clock: Clock;
  readonly #host: QueuePorts;
  readonly #ready: BackingQueue;
  /** What is on disk; null: the queue is not durable. */
  readonly #messages: QueueLog | null;
  readonly #consumers: Consumers;
  readonly #timers: QueueTimers;
  readonly #isSingleActive: boolean;
  readonly #cancelRunsQueue: boolean;
  /** The single active consumer, or the exclusive one. */
  #active: Consumer | null = null;
  #hadConsumers = false;
  #isDeleted = false;
  #published = 0;
  #settings: QueueSettings;

  constructor(declaration: QueueDeclaration, context: QueueContext, messages: QueueLog | null) {
    const { resource, policy, ports, profile, host } = context;
    this.declaration = declaration;
    this.#resource = resource;
    this.#clock = ports.clock;
    this.#consumers = new Consumers(ports.clock, () => this.#resumed());
    this.#host = host;
    this.#cancelRunsQueue = profile.switches.cancelRunsQueue;
    const { arguments: args } = declaration;
    this.#ready = new BackingQueue(Number(integerOf(tableLookup(args, 'x-max-priority')) ?? 0n));
    const singleActive = tableLookup(args, 'x-single-active-consumer');
    this.#isSingleActive = singleActive?.type === 'bool' && singleActive.value;
    this.#timers = new QueueTimers(ports.clock, {
      messageExpired: () => this.#messageExpired(),
      queueExpired: () => this.#queueExpired(),
    });
    this.#settings = settingsOf(args, policy);
    this.#messages = messages;
    if (messages !== null) this.#restore(messages);
    this.#used();
  }

  /**
   * What the last incarnation left is ready. What expired meanwhile goes in the next event, when
   * the queues that dead letters go to are there again, too.
   */
  #restore({ recovered, nextPosition }: QueueLog): void {
    this.#published = recovered.length;
    this.#ready.restore(recovered, nextPosition);
    if (recovered.length > 0) this.#timers.expectExpiry(micros(this.#clock.now() + 1));
  }

  get name(): string {
    return this.declaration.name;
  }

  get settings(): QueueSettings {
    return this.#settings;
  }

  get holdings(): QueueHoldings {
    return {
      messagesReady: this.#ready.length,
      messageBytesReady: this.#ready.bytes,
      ...this.#consumers.holdings,
    };
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

  /** What the views see. Costs a little more than it shows. */
  inspect(messagesMax = MESSAGES_SHOWN_MAX): QueueView {
    const held = this.#consumers.unacknowledged(messagesMax);
    const ready = this.#ready.first(messagesMax - held.length);
    const shown = [
      ...[...held].sort((a, b) => a.position - b.position).map((of) => messageView(of, true)),
      ...ready.map((of) => messageView(of, false)),
    ];
    return {
      name: this.name,
      type: 'classic',
      durable: this.declaration.durable,
      published: this.#published,
      ready: this.#ready.length,
      unacknowledged: this.#consumers.unacknowledgedCount,
      consumers: this.#consumers.count,
      gone: { ...this.gone },
      messages: shown,
    };
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
      this.#take(message, publisher);
    }
    this.#end();
  }

  #take(message: Message, publisher: Publisher | null): void {
    this.#published += 1;
    const of = this.#ready.accept(message, this.#expiryOf(message));
    // Whoever waits gets the message before its expiry or the length are looked at.
    const consumer = this.#ready.length === 0 ? this.#nextConsumer() : null;
    const confirmed = publisher === null ? null : () => publisher.confirmed(this.name);
    // What goes to a consumer that does not acknowledge is never stored.
    const isKept = consumer?.options.noAck !== true;
    const isStored = isKept && this.#messages?.publish(of, confirmed) === true;
    if (consumer === null) {
      this.#ready.publish(of);
      this.#dropHead();
      this.#run();
    } else {
      this.#deliver(consumer, of);
    }
    if (!isStored) confirmed?.();
  }

  #expiryOf({ ttlMs }: Message): Micros | null {
    const { messageTtlMs } = this.#settings;
    if (ttlMs === null && messageTtlMs === null) return null;
    const ms = Math.min(ttlMs ?? Number.MAX_SAFE_INTEGER, messageTtlMs ?? Number.MAX_SAFE_INTEGER);
    const at = this.#clock.now() + microsOfMillis(ms);
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
      this.#leave(this.#ready.take(), 'maxlen');
    }
    const { length } = this.#ready;
    assert(length <= (maxLength ?? length), 'R13: within its length', { length, maxLength });
  }

  /** Invariant R10: what is at the head has not expired. */
  #dropExpired(): void {
    const now = this.#clock.now();
    for (let head = this.#ready.head(); head !== undefined; head = this.#ready.head()) {
      if (head.expiresAt === null) return;
      if (head.expiresAt > now) {
        this.#timers.expectExpiry(head.expiresAt);
        return;
      }
      this.#leave(this.#ready.take(), 'expired');
    }
  }

  #leave(of: QueuedMessage, reason: 'maxlen' | 'expired'): void {
    this.gone[reason] += 1;
    this.#messages?.remove([of]);
    this.#die(of.message, reason);
  }

  /** The message leaves for the dead-letter exchange, where there is one. */
  #die(message: Message, reason: DeathReason): void {
    const { deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = this.#settings;
    if (exchange === null) return;
    this.#host.deadLetter(message, { reason, queue: this.name, exchange, routingKey });
  }

  // --------------------------------------------------------------------------------- delivery

  /** It counts as a use of the queue. */
  get(channel: ConsumingChannel, noAck: boolean, answer: Answer<Fetched | null>): void {
    assert(!this.#isDeleted, 'the queue is there', { queue: this.name });
    this.#used();
    this.#dropExpired();
    if (this.#ready.length === 0) {
      this.#end();
      answer(null);
      return;
    }
    const of = this.#ready.take();
    const redelivered = of.delivered;
    this.#handOut(channel, of, noAck ? 'nobody' : null);
    this.#dropExpired();
    this.#end();
    answer({ of, redelivered, messageCount: this.#ready.length });
  }

  consume(channel: ConsumingChannel, options: ConsumerOptions, answer: Answer<null>): void {
    assert(!this.#isDeleted, 'the queue is there', { queue: this.name });
    const wrong = checkConsumerArguments(this.#resource, options.arguments);
    if (wrong !== null) {
      answer(wrong);
      return;
    }
    const isAlone = this.#consumers.count === 0 && !this.#isSingleActive;
    if ((options.exclusive && !isAlone) || (!this.#isSingleActive && this.#active !== null)) {
      answer(amqpError('ACCESS_REFUSED', `${this.#resource} in exclusive use`));
      return;
    }
    const consumer = new Consumer(channel, options);
    this.#consumers.add(consumer);
    this.#hadConsumers = true;
    this.#timers.stopExpiry();
    if (options.exclusive || (this.#isSingleActive && this.#active === null)) {
      this.#active = consumer;
    }
    answer(null);
    this.#run();
    this.#end();
  }

  cancel(channel: ConsumingChannel, tag: string, answer: Answer<null>): void {
    const consumer = this.#consumers.find(channel, tag);
    if (consumer !== undefined) this.#cancel(consumer);
    answer(null);
  }

  #cancel(consumer: Consumer): void {
    this.#consumers.remove(consumer);
    if (this.#active === consumer) this.#replaceActive();
    this.#unusedIfLast();
    // Until 3.13 the next single active consumer waits for the queue's next event.
    if (this.#cancelRunsQueue) this.#run();
    this.#end();
  }

  settle(channel: ConsumingChannel, messages: readonly HeldMessage[], how: Settlement): void {
    if (this.#isDeleted) return;
    let unblocked = false;
    if (how !== 'requeue') this.#messages?.remove(messages as readonly QueuedMessage[]);
    for (const held of messages) {
      const of = held as QueuedMessage;
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
    return this.#consumers.nextOnly(this.#active);
  }

  #deliver(consumer: Consumer, of: QueuedMessage): void {
    const { channel, options } = consumer;
    const mayHave = !this.#isSingleActive || consumer === this.#active;
    assert(mayHave, 'R11: only the active consumer has messages', { tag: options.tag });
    const redelivered = of.delivered;
    this.#handOut(channel, of, options.noAck ? 'nobody' : consumer);
    channel.deliver(options.tag, of, redelivered);
  }

  /** `by`: who will acknowledge it; null: the channel that fetched it. */
  #handOut(channel: ConsumingChannel, of: QueuedMessage, by: Consumer | null | 'nobody'): void {
    of.delivered = true;
    if (by === 'nobody') {
      this.gone.acknowledged += 1;
      this.#messages?.remove([of]);
    } else {
      this.#messages?.delivered(of);
      this.#consumers.taken(channel, of, by);
    }
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

  /** What is unacknowledged stays. */
  purge(answer: Answer<number>): void {
    const count = this.#ready.length;
    const purged: QueuedMessage[] = [];
    while (this.#ready.length > 0) purged.push(this.#ready.take());
    this.#messages?.remove(purged);
    this.gone.purged += count;
    this.#end();
    answer(count);
  }

  /**
   * The queue is gone with all its messages, which are not dead-lettered. What channels have not
   * settled settles itself.
   */
  delete({ ifUnused, ifEmpty }: DeleteConditions, answer: Answer<number>): void {
    assert(!this.#isDeleted, 'a queue is deleted once', { queue: this.name });
    if (ifEmpty && this.#ready.length > 0) {
      answer(preconditionFailed(`${this.#resource} not empty`));
      return;
    }
    if (ifUnused && this.#consumers.count > 0) {
      answer(preconditionFailed(`${this.#resource} in use`));
      return;
    }
    const count = this.#ready.length;
    this.gone.deleted += count + this.#consumers.unacknowledgedCount;
    this.dropped();
    answer(count);
    for (const { channel, options } of [...this.#consumers.all()]) channel.cancelled(options.tag);
  }

  /** It goes on at another node: here its messages are gone, and its consumers are not told. */
  dropped(): void {
    assert(!this.#isDeleted, 'a queue is dropped once', { queue: this.name });
    this.#isDeleted = true;
    this.#timers.stop();
    this.#messages?.delete();
  }

  /** The time of x-expires begins anew. */
  counts(answer: Answer<QueueCounts>): void {
    this.#used();
    answer({ messageCount: this.#ready.length, consumerCount: this.#consumers.count });
  }

  #used(): void {
    const { expiresMs } = this.#settings;
    if (expiresMs === null || this.#consumers.count > 0 || this.#isDeleted) return;
    this.#timers.startExpiry(expiresMs);
  }

  #unusedIfLast(): void {
    if (this.#consumers.count > 0) return;
    if (this.declaration.autoDelete && this.#hadConsumers) this.#host.unused(this);
    else this.#used();
  }

  #messageExpired(): void {
    this.#run();
    this.#end();
  }

  #queueExpired(): void {
    assert(this.#consumers.count === 0, 'only an unused queue expires', { queue: this.name });
    this.#host.expired(this);
    this.#end();
  }

  #end(): void {
    if (!this.#isDeleted) {
      const { acknowledged, rejected, expired, maxlen, purged } = this.gone;
      const gone = acknowledged + rejected + expired + maxlen + purged;
      const held = this.#ready.length + this.#consumers.unacknowledgedCount;
      // Invariant R5.
      assert(this.#published === held + gone, 'R5: a message is held or gone for a reason', {
        queue: this.name,
        published: this.#published,
        held,
        gone,
      });
    }
    this.#host.ended();
  }
}
