/**
 * The consumers of a quorum queue: those that are served, and with a single active consumer those
 * that wait for it to end.
 *
 * Invariant R11: at most one consumer is active. Since 4.0 one of higher priority takes over from
 * the active one when that has nothing to settle; until then the active one is sent nothing.
 * Source: `rabbit_fifo:update_consumer`, `activate_next_consumer`, `sort_waiting`,
 * `cancel_consumer`. Difference: of those that wait with one priority it is the one that came
 * first, there the one with more credit.
 */
import { assert } from '../../kernel/assert.ts';
import { type ConsumerId, consumerKey, processKey, type ProcessId } from './fifo-command.ts';
import {
  type ConsumerTerms,
  type FifoConsumer,
  isReady,
  newConsumer,
  ServiceQueue,
} from './fifo-consumer.ts';
import type { FifoMessage } from './fifo-message.ts';

export interface ConsumerState extends Omit<FifoConsumer, 'checkedOut'> {
  readonly checkedOut: readonly { readonly id: number; readonly message: FifoMessage }[];
}

export interface ConsumersState {
  readonly served: readonly ConsumerState[];
  readonly waiting: readonly ConsumerState[];
  readonly service: ReturnType<ServiceQueue['toArray']>;
}

export class FifoConsumers {
  readonly #served = new Map<string, FifoConsumer>();
  #waiting: FifoConsumer[];
  readonly #service: ServiceQueue;

  constructor({ served, waiting, service }: ConsumersState) {
    for (const state of served) this.#served.set(consumerKey(state.id), consumerOf(state));
    this.#waiting = waiting.map(consumerOf);
    this.#service = new ServiceQueue(service);
  }

  static empty(): FifoConsumers {
    return new FifoConsumers({ served: [], waiting: [], service: [] });
  }

  /** Whether anybody keeps the queue from expiring. */
  get isUsed(): boolean {
    return [...this.#served.values()].some(({ status }) => status !== 'suspected');
  }

  get(id: ConsumerId): FifoConsumer | undefined {
    return this.#served.get(consumerKey(id));
  }

  *all(): Iterable<FifoConsumer> {
    yield* this.#served.values();
    yield* this.#waiting;
  }

  get served(): readonly FifoConsumer[] {
    return [...this.#served.values()];
  }

  get checkedOutCount(): number {
    let count = 0;
    for (const { checkedOut } of this.#served.values()) count += checkedOut.size;
    return count;
  }

  /** A consumer begins, or begins again with other settings. */
  attach(id: ConsumerId, how: ConsumerTerms, isSingleActive: boolean): FifoConsumer {
    const known = this.get(id);
    if (known !== undefined) {
      known.lifetime = how.lifetime;
      known.priority = how.priority;
      if (how.timeoutMs !== undefined) known.timeoutMs = how.timeoutMs;
      known.status = 'up';
      known.credit = Math.max(0, how.credit - known.checkedOut.size);
      this.update(known);
      return known;
    }
    const consumer = newConsumer(id, how);
    if (isSingleActive) this.#waiting.push(consumer);
    else this.update(consumer);
    return consumer;
  }

  /** What a consumer has or may have changed; true if it has ended with that. */
  update(consumer: FifoConsumer): boolean {
    const key = consumerKey(consumer.id);
    const { lifetime, credit, checkedOut } = consumer;
    if (lifetime === 'once' && credit === 0 && checkedOut.size === 0) {
      this.#served.delete(key);
      return true;
    }
    this.#served.set(key, consumer);
    this.#service.join(consumer);
    return false;
  }

  /** The consumer whose turn it is, out of the turn; undefined if nobody can be served. */
  next(): FifoConsumer | undefined {
    for (let key = this.#service.first(); key !== undefined; key = this.#service.first()) {
      const consumer = this.#served.get(key);
      if (consumer !== undefined && consumer.credit > 0 && isReady(consumer)) {
        return consumer;
      }
      this.#service.takeFirst();
    }
    return undefined;
  }

  /** The consumer whose turn it was has been served. */
  wasServed(consumer: FifoConsumer): void {
    assert(this.#service.first() === consumerKey(consumer.id), 'it was its turn', {});
    this.#service.takeFirst();
  }

  remove(consumer: FifoConsumer): void {
    this.#served.delete(consumerKey(consumer.id));
    this.#waiting = this.#waiting.filter((one) => one !== consumer);
  }

  /** basic.cancel: it is served no more, and ends when it has settled what it has. */
  cancel(id: ConsumerId): void {
    const key = consumerKey(id);
    this.#waiting = this.#waiting.filter((one) => consumerKey(one.id) !== key);
    const consumer = this.#served.get(key);
    if (consumer === undefined) return;
    consumer.lifetime = 'once';
    consumer.credit = 0;
    consumer.status = 'cancelled';
    this.update(consumer);
  }

  /** An active consumer whose node is gone waits behind the others. */
  demote(consumer: FifoConsumer): void {
    if (consumer.status === 'quiescing') consumer.status = 'up';
    this.#served.delete(consumerKey(consumer.id));
    this.#waiting.push(consumer);
  }

  /**
   * Where one alone is served and none is, the first that waits; by priority: the first of the
   * highest, also in place of one of lower priority that has nothing to settle.
   */
  activate(byPriority: boolean): void {
    const actives = [...this.#served.values()].filter(isActive);
    assert(actives.length <= 1, 'R11: one active consumer', { actives: actives.length });
    const [active] = actives;
    if (active !== undefined && !byPriority) return;
    const next = this.#firstWaiting(byPriority);
    if (next === undefined) return;
    if (active !== undefined) {
      if (next.priority <= active.priority) {
        this.#goesOn(active);
        return;
      }
      active.status = 'quiescing';
      if (active.checkedOut.size > 0) return;
      this.demote(active);
    }
    this.#waiting = this.#waiting.filter((one) => one !== next);
    this.update(next);
  }

  /** Who was to take over has gone. */
  #goesOn(active: FifoConsumer): void {
    if (active.status !== 'quiescing') return;
    active.status = 'up';
    this.update(active);
  }

  #firstWaiting(byPriority: boolean): FifoConsumer | undefined {
    const up = this.#waiting.filter(isReady);
    if (!byPriority) return up[0];
    const highest = up.reduce((most, { priority }) => Math.max(most, priority), -Infinity);
    return up.find(({ priority }) => priority === highest);
  }

  /** When the first delivery is to be settled, or at another time before that; null: never. */
  nextDueMs(other: number | null): number | null {
    let next = other;
    for (const { checkedOut } of this.#served.values()) {
      // What a consumer has had for longest it is to settle first.
      const [first] = checkedOut.values();
      if (first?.dueAtMs !== undefined) next = Math.min(first.dueAtMs, next ?? Infinity);
    }
    return next;
  }

  /**
   * Consumers with what they should have settled by now. Of a single active one that is all that
   * it has, so that another can be active.
   */
  late(systemTimeMs: number, isSingleActive: boolean) {
    const found: { readonly consumer: FifoConsumer; readonly ids: readonly number[] }[] = [];
    for (const consumer of this.#served.values()) {
      const held = [...consumer.checkedOut];
      const isLate = ([, { dueAtMs }]: (typeof held)[number]): boolean =>
        dueAtMs !== undefined && dueAtMs <= systemTimeMs;
      const late = isSingleActive && held.some(isLate) ? held : held.filter(isLate);
      if (late.length > 0) found.push({ consumer, ids: late.map(([id]) => id) });
    }
    return found;
  }

  /** What it had for too long was taken from it: it is served nothing before it settles that. */
  timedOut(consumer: FifoConsumer, ids: readonly number[], isSingleActive: boolean): void {
    assert(ids.length > 0, 'something was late', {});
    consumer.timedOut = [...(consumer.timedOut ?? []), ...ids];
    const isOver = this.update(consumer);
    if (isSingleActive && !isOver) this.demote(consumer);
  }

  /** Of what a consumer settles it may have had something for too long. */
  settled(id: ConsumerId, ids: readonly number[]): void {
    const key = consumerKey(id);
    const consumer = [...this.all()].find((one) => consumerKey(one.id) === key);
    if (consumer?.timedOut === undefined) return;
    const left = consumer.timedOut.filter((one) => !ids.includes(one));
    if (left.length > 0) consumer.timedOut = left;
    else delete consumer.timedOut;
    if (!this.isWaiting(consumer)) this.update(consumer);
  }

  /** The consumers of a process, or of all processes of a node. */
  of(process: ProcessId | string): readonly FifoConsumer[] {
    const isOf = ({ id }: FifoConsumer): boolean =>
      typeof process === 'string'
        ? id.process.node === process
        : processKey(id.process) === processKey(process);
    return [...this.all()].filter(isOf);
  }

  isWaiting(consumer: FifoConsumer): boolean {
    return this.#waiting.includes(consumer);
  }

  toState(): ConsumersState {
    return {
      served: [...this.#served.values()].map(stateOf),
      waiting: this.#waiting.map(stateOf),
      service: [...this.#service.toArray()],
    };
  }
}

function isActive(consumer: FifoConsumer): boolean {
  return isReady(consumer) || consumer.status === 'quiescing';
}

function consumerOf({ checkedOut, ...rest }: ConsumerState): FifoConsumer {
  return { ...rest, checkedOut: new Map(checkedOut.map(({ id, message }) => [id, message])) };
}

function stateOf({ checkedOut, ...rest }: FifoConsumer): ConsumerState {
  return { ...rest, checkedOut: [...checkedOut].map(([id, message]) => ({ id, message })) };
}
