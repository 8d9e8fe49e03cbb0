/**
 * What the wire told of one queue: who consumes from it, which messages were delivered and not
 * settled, and in which order they were published to it.
 *
 * Invariants R6 (redelivered), R7 (order), R9 (dead letters), R10 (expiry), R11 (single active
 * consumer). A message is known by its id, which is published once.
 */
import { assert } from '../../../kernel/assert.ts';
import type { PolicyDefinition } from '../../../rabbitmq/queue/queue-settings.ts';
import { integerOf, textOf } from '../../../rabbitmq/field-table.ts';
import { tableLookup, type FieldTable } from '../../../wire/amqp/field-table.ts';

export type Violated = (invariant: string, what: string) => void;

/** A message on its way into queues. */
export interface Published {
  readonly id: string;
  /** The channel that published it, and its number there: what came first. */
  readonly stream: string;
  readonly number: number;
  readonly priority: number;
  /** Milliseconds of the property `expiration`; null without. */
  readonly ttlMs: number | null;
}

interface Entered extends Published {
  /** Microseconds; null: never. */
  readonly expiresAt: number | null;
}

export interface Given {
  /** As `copyOf` gives it. */
  readonly id: string;
  readonly redelivered: boolean;
  readonly headers: FieldTable;
  /** Who: unique in the node; null for basic.get. */
  readonly consumer: string | null;
}

const MICROS_PER_MS = 1000;

export class QueueLedger {
  readonly name: string;
  readonly arguments: FieldTable;
  /** The connection that it belongs to; null where it is not exclusive. */
  readonly owner: unknown;
  /** The node started anew since it was declared: what it has of before is not known. */
  readonly isRestored: boolean;
  /**
   * All that happens to it happens in events of the node that was looked at. Where it does not,
   * what the wire shows is late, and each consumer is told in an order of its own.
   */
  readonly isNear: boolean;
  /** `classic`, `quorum` or `stream`. */
  readonly type: string;
  /** Consumers in the order in which they began. */
  readonly consumers = new Set<string>();
  /** Deliveries that no channel has settled. */
  unacknowledged = 0;
  /** Messages that were published to it, as the wire and its bindings tell. */
  enteredCount = 0;
  /** Of the message that was delivered last; null where that is not known. */
  lastPriority: number | null = null;
  readonly #violated: Violated;
  readonly #policy: () => PolicyDefinition;
  readonly #entered = new Map<string, Entered>();
  /** Delivered, and not gone by what the wire told. */
  readonly #delivered = new Set<string>();
  readonly #requeued = new Set<string>();
  /** How many channels hold a message; more than one while one of them is on its way out. */
  readonly #holders = new Map<string, number>();
  /** By stream and priority: the newest that was delivered for the first time. */
  readonly #newest = new Map<string, Entered>();
  #active: string | null = null;
  /** Active consumers that were not served in this event, though another was. */
  readonly #passedOver: { readonly active: string; readonly what: string }[] = [];

  constructor(
    name: string,
    options: {
      readonly arguments: FieldTable;
      readonly owner: unknown;
      readonly isRestored: boolean;
      readonly isNear: boolean;
      /** What a policy says of it now. */
      readonly policy: () => PolicyDefinition;
    },
    violated: Violated,
  ) {
    this.name = name;
    this.arguments = options.arguments;
    this.owner = options.owner;
    this.isRestored = options.isRestored;
    this.isNear = options.isNear;
    this.type = textOf(tableLookup(options.arguments, 'x-queue-type')) ?? 'classic';
    this.#policy = options.policy;
    this.#violated = violated;
  }

  /** The number that an argument or a policy has, the smaller of both; null without. */
  limit(argument: string): number | null {
    const value = integerOf(tableLookup(this.arguments, argument));
    const ofPolicy = this.#policy()[argument.replace('x-', '')];
    const limits = value === undefined ? [] : [Number(value)];
    if (typeof ofPolicy === 'number') limits.push(ofPolicy);
    return limits.length === 0 ? null : Math.min(...limits);
  }

  get overflow(): string {
    const own = textOf(tableLookup(this.arguments, 'x-overflow'));
    return own ?? (this.#policy()['overflow'] as string | undefined) ?? 'drop-head';
  }

  get isDeadLettering(): boolean {
    const own = tableLookup(this.arguments, 'x-dead-letter-exchange');
    return own !== undefined || this.#policy()['dead-letter-exchange'] !== undefined;
  }

  get hasPriorities(): boolean {
    return this.limit('x-max-priority') !== null;
  }

  get #isSingleActive(): boolean {
    const value = tableLookup(this.arguments, 'x-single-active-consumer');
    return value?.type === 'bool' && value.value;
  }

  /** Nothing leaves it but by a consumer, as far as its arguments say. */
  get #isPlain(): boolean {
    const limits = ['x-message-ttl', 'x-max-length', 'x-max-length-bytes', 'x-expires'];
    return limits.every((name) => this.limit(name) === null);
  }

  /** A message was published here. */
  entered(published: Published, now: number): void {
    const ttls = [published.ttlMs, this.limit('x-message-ttl')].filter((ttl) => ttl !== null);
    const expiresAt = ttls.length === 0 ? null : now + Math.min(...ttls) * MICROS_PER_MS;
    assert(expiresAt === null || expiresAt >= now, 'a time', { expiresAt });
    const isQuorum = this.type === 'quorum';
    const highest = isQuorum ? published.priority : (this.limit('x-max-priority') ?? 0);
    const priority = Math.min(published.priority, highest);
    this.#entered.set(published.id, { ...published, priority, expiresAt });
    this.enteredCount += 1;
  }

  // ------------------------------------------------------------------------------------ consumers

  consumes(consumer: string): void {
    this.consumers.add(consumer);
    // Where others wait, one of them is active already; which, its next delivery tells.
    if (this.#isSingleActive && this.consumers.size === 1) this.#active ??= consumer;
  }

  ends(consumer: string): void {
    this.consumers.delete(consumer);
    if (this.#active === consumer) this.#active = null;
  }

  // ----------------------------------------------------------------------------------- deliveries

  /** A message was sent to somebody. */
  given(given: Given, now: number): void {
    const { id, redelivered, consumer } = given;
    const deaths = deathsOf(given.headers);
    const wasDelivered = this.#delivered.has(id);
    if (redelivered !== wasDelivered && this.#knowsRedelivery(wasDelivered)) {
      this.#violated(
        'R6',
        `${id} of ${this.name} is ${redelivered ? '' : 'not '}marked as redelivered, and it was ` +
          `${wasDelivered ? '' : 'not '}delivered before`,
      );
    }
    this.#delivered.add(id);
    this.#requeued.delete(id);
    this.#checkDeaths(id, deaths);
    const entered = deaths.length === 0 ? this.#entered.get(id) : undefined;
    this.lastPriority = entered?.priority ?? null;
    if (entered !== undefined) this.#checkEntered(entered, given, now);
    if (consumer !== null && this.isNear) this.#checkActive(id, consumer);
  }

  /**
   * A quorum queue's members all know what was delivered. What a node delivered need not have come
   * to the wire, and what a classic queue's new process knows of deliveries is not promised.
   */
  #knowsRedelivery(wasDelivered: boolean): boolean {
    if (this.isNear) return !this.isRestored;
    return this.type === 'quorum' && wasDelivered;
  }

  #checkEntered(entered: Entered, { redelivered, consumer }: Given, now: number): void {
    const { id, stream, priority, number, expiresAt } = entered;
    if (this.isNear && expiresAt !== null && now >= expiresAt) {
      this.#violated('R10', `${id} of ${this.name} is delivered after it expired`);
    }
    const key = `${stream} ${priority} ${this.isNear ? '' : (consumer ?? 'basic.get')}`;
    const newest = this.#newest.get(key);
    if (!redelivered) {
      if (newest !== undefined && newest.number > number) {
        this.#violated('R7', `${this.name} delivers ${id} behind ${newest.id}, published after it`);
      }
      this.#newest.set(key, entered);
    }
    if (!this.#isPlain || !this.isNear) return;
    for (const other of this.#requeued) {
      const waiting = this.#entered.get(other);
      const isBefore = waiting?.stream === stream && waiting.number < number;
      if (!isBefore || waiting.priority !== priority || waiting.expiresAt !== null) continue;
      this.#violated('R7', `${this.name} delivers ${id} before ${other}, which was requeued`);
    }
  }

  #checkActive(id: string, consumer: string): void {
    if (!this.#isSingleActive) return;
    if (this.#active !== null && this.#active !== consumer) {
      const what = `${this.name} gives ${id} to ${consumer}, and ${this.#active} is active`;
      this.#passedOver.push({ active: this.#active, what });
    }
    this.#active = consumer;
  }

  /**
   * The event is over. A connection that ends by force ends its channels first and tells the
   * client then (`rabbit_reader:handle_exception`), so that the next consumer may be served before.
   */
  checkPassedOver(): void {
    for (const { active, what } of this.#passedOver.splice(0)) {
      if (this.consumers.has(active)) this.#violated('R11', what);
    }
  }

  #checkDeaths(id: string, deaths: readonly Death[]): void {
    const keys = deaths.map(({ queue, reason }) => `${queue} ${reason}`);
    if (new Set(keys).size !== keys.length || deaths.some(({ count }) => count < 1)) {
      this.#violated('R9', `x-death of ${id} in ${this.name} does not count: ${keys.join(', ')}`);
    }
    const isCycle = deaths.some(({ queue }) => queue === this.name);
    if (isCycle && deaths.every(({ reason }) => reason !== 'rejected')) {
      this.#violated('R9', `${id} came back to ${this.name}, and nobody had rejected it`);
    }
  }

  /** A channel holds it. */
  held(id: string): void {
    this.unacknowledged += 1;
    this.#holders.set(id, (this.#holders.get(id) ?? 0) + 1);
  }

  /** A channel holds it no more: it left the queue, or is ready again. */
  settled(id: string, isRequeued: boolean): void {
    this.unacknowledged -= 1;
    const holders = (this.#holders.get(id) ?? 0) - 1;
    if (holders > 0) this.#holders.set(id, holders);
    else this.#holders.delete(id);
    if (!isRequeued) this.left(id);
    // Of a connection that is reset one hears when the event is over: then the next may have it.
    else if (holders <= 0) this.#requeued.add(id);
  }

  /** It left the queue. */
  left(id: string): void {
    this.#delivered.delete(id);
    this.#requeued.delete(id);
    this.#entered.delete(id);
  }

  /** What was ready is gone. */
  purged(): void {
    for (const id of [...this.#requeued]) this.left(id);
  }
}

/**
 * Which copy of a message it is: one that died elsewhere may be in a queue beside the one that was
 * published there.
 */
export function copyOf(id: string, headers: FieldTable): string {
  const deaths = deathsOf(headers);
  if (deaths.length === 0) return id;
  return `${id}, dead ${deaths.map(({ queue, reason, count }) => `${queue} ${reason} ${count}`)}`;
}

interface Death {
  readonly queue: string;
  readonly reason: string;
  readonly count: number;
}

/** The entries of the header x-death. */
function deathsOf(headers: FieldTable): readonly Death[] {
  const header = tableLookup(headers, 'x-death');
  if (header?.type !== 'array') return [];
  return header.value.flatMap((entry) => {
    if (entry.type !== 'table') return [];
    const queue = textOf(tableLookup(entry.value, 'queue')) ?? '';
    const reason = textOf(tableLookup(entry.value, 'reason')) ?? '';
    const count = Number(integerOf(tableLookup(entry.value, 'count')) ?? 0n);
    return [{ queue, reason, count }];
  });
}
