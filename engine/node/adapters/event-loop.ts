/**
 * Run-to-completion on real time: whatever Node reports (bytes, timers, finished syncs) becomes an
 * event, and events are handled one at a time, each by one process, each to its end.
 *
 * A *turn* handles the events that are there and then flushes: what the handlers sent leaves with
 * one write a connection a turn. The clock is read once an event. All timers wait in one heap, and
 * Node knows only a timer for the heap's head.
 *
 * Not here: sockets (`tcp-connection.ts`), files (`file-disk.ts`), what runs (`real-host.ts`). In
 * the simulated world the order of events is total and repeatable; here it is as the system gives.
 */
import { assert } from '../../kernel/assert.ts';
import { EventHeap } from '../../kernel/heap.ts';
import type { Ordered } from '../../kernel/heap.ts';
import { limits } from '../../kernel/limits.ts';
import type { TimerId } from '../../kernel/ports.ts';
import { micros, millis } from '../../kernel/units.ts';
import type { Micros, Millis } from '../../kernel/units.ts';

/** Who an event belongs to: one incarnation of a process. No event reaches one that has ended. */
export interface EventOwner {
  readonly alive: boolean;
  /** The handler threw: a bug. The owner is dead when this returns. */
  failed(error: unknown): void;
}

/** What waits for the end of the turn, such as a connection with frames to write. */
export interface Flushable {
  flush(): void;
}

interface WaitingEvent {
  readonly owner: EventOwner;
  readonly handle: () => void;
}

interface Timer extends Ordered {
  readonly id: TimerId;
  readonly owner: EventOwner;
  readonly fire: () => void;
  cancelled: boolean;
}

/** Events that are handled before the sends are flushed and Node may look at its sockets. */
const TURN_EVENTS_MAX = 256;
/** `setTimeout` with more fires at once. */
const NODE_TIMEOUT_MS_MAX = 2_147_483_647;
/** Cancelled timers stay in the heap until they are this many and more than half of it. */
const CANCELLED_TIMERS_KEPT = 1024;

export class EventLoop {
  readonly #originMs = performance.now();
  #waiting: WaitingEvent[] = [];
  #flushables: Flushable[] = [];
  #timers = new EventHeap<Timer>(limits.heapEventsMax);
  readonly #timersById = new Map<TimerId, Timer>();
  #timerCount = 0;
  #cancelledCount = 0;
  #armedFor = Number.POSITIVE_INFINITY;
  #disarm: (() => void) | undefined;
  #handling = false;
  #continuing = false;
  #now: Micros = micros(0);
  #wall: Millis | undefined;
  /** Events handled since the loop was made. */
  handledCount = 0;

  /** The time of the event that is being handled: microseconds since the loop was made. */
  now(): Micros {
    return this.#now;
  }

  /** The wall clock of the event that is being handled: read at most once an event. */
  wall(): Millis {
    this.#wall ??= millis(Date.now());
    return this.#wall;
  }

  /** Hands the owner an event: at once if none is being handled, else in this turn or the next. */
  post(owner: EventOwner, handle: () => void): void {
    assert(this.#waiting.length < limits.heapEventsMax, 'too many events wait', {
      waiting: this.#waiting.length,
    });
    this.#waiting.push({ owner, handle });
    if (!this.#handling && !this.#continuing) this.#turn();
  }

  /** Calls `flush` once at the end of the turn. The caller registers once a turn. */
  flushAtTurnEnd(flushable: Flushable): void {
    this.#flushables.push(flushable);
    if (!this.#handling && !this.#continuing) this.#turn();
  }

  /** A later event, `delay` from the event that is being handled. */
  after(owner: EventOwner, delay: Micros, fire: () => void): TimerId {
    assert(Number.isSafeInteger(delay) && delay >= 0, 'a delay is a whole number', { delay });
    const id = ++this.#timerCount as TimerId;
    const time = (this.#handling ? this.#now : this.#clock()) + delay;
    const timer: Timer = { time, sequence: 0, id, owner, fire, cancelled: false };
    this.#timers.push(timer);
    this.#timersById.set(id, timer);
    if (!this.#handling) this.#arm();
    return id;
  }

  cancel(id: TimerId): void {
    const timer = this.#timersById.get(id);
    if (timer === undefined) return;
    this.#timersById.delete(id);
    timer.cancelled = true;
    this.#cancelledCount++;
    const many = this.#cancelledCount > CANCELLED_TIMERS_KEPT;
    if (many && this.#cancelledCount * 2 > this.#timers.size) this.#sweepTimers();
  }

  /** Whether an event is being handled: ports are called in handlers only. */
  get handling(): boolean {
    return this.#handling;
  }

  #turn(): void {
    assert(!this.#handling, 'turns do not nest');
    this.#handling = true;
    let handled = 0;
    while (handled < this.#waiting.length && handled < TURN_EVENTS_MAX) {
      this.#handle(this.#waiting[handled]!);
      handled++;
    }
    this.#waiting = this.#waiting.slice(handled);
    const flushables = this.#flushables;
    this.#flushables = [];
    for (const flushable of flushables) flushable.flush();
    this.#handling = false;
    this.#arm();
    if (this.#waiting.length > 0 || this.#flushables.length > 0) this.#continueLater();
  }

  #handle(event: WaitingEvent): void {
    if (!event.owner.alive) return;
    this.#now = this.#clock();
    this.#wall = undefined;
    this.handledCount++;
    try {
      event.handle();
    } catch (error) {
      event.owner.failed(error);
      assert(!event.owner.alive, 'an owner does not survive its failure');
    }
  }

  #continueLater(): void {
    if (this.#continuing) return;
    this.#continuing = true;
    setImmediate(() => {
      this.#continuing = false;
      this.#turn();
    });
  }

  #clock(): Micros {
    const now = Math.floor((performance.now() - this.#originMs) * 1000);
    assert(now >= this.#now, 'the clock does not go back', { now, before: this.#now });
    return micros(now);
  }

  /** The earliest timer that anybody still waits for; those nobody waits for are dropped. */
  #nextTimer(): Timer | undefined {
    for (;;) {
      const head = this.#timers.peek();
      if (head === undefined) return undefined;
      if (!head.cancelled && head.owner.alive) return head;
      this.#timers.pop();
      if (head.cancelled) this.#cancelledCount--;
      else this.#timersById.delete(head.id);
    }
  }

  #arm(): void {
    const head = this.#nextTimer();
    if (head === undefined) {
      this.#disarm?.();
      this.#disarm = undefined;
      this.#armedFor = Number.POSITIVE_INFINITY;
      return;
    }
    // A timer that is armed for an earlier moment wakes for nothing once, and is armed again then.
    if (this.#armedFor <= head.time) return;
    this.#disarm?.();
    this.#armedFor = head.time;
    const delayMs = Math.min(Math.ceil((head.time - this.#clock()) / 1000), NODE_TIMEOUT_MS_MAX);
    if (delayMs <= 0) {
      const immediate = setImmediate(() => this.#wake());
      this.#disarm = () => clearImmediate(immediate);
    } else {
      const timeout = setTimeout(() => this.#wake(), delayMs);
      this.#disarm = () => clearTimeout(timeout);
    }
  }

  /** Posts the timers that are due now; what they set without delay comes in a later turn. */
  #wake(): void {
    this.#disarm = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock();
    for (;;) {
      const head = this.#nextTimer();
      if (head === undefined || head.time > now) break;
      this.#timers.pop();
      this.#waiting.push({ owner: head.owner, handle: () => this.#fire(head) });
    }
    if (!this.#continuing) this.#turn();
  }

  #fire(timer: Timer): void {
    // An earlier event of the same turn may have cancelled it; it had left the heap by then.
    if (timer.cancelled) {
      this.#cancelledCount--;
      return;
    }
    this.#timersById.delete(timer.id);
    timer.fire();
  }

  #sweepTimers(): void {
    const kept = [...this.#timers].filter((timer) => !timer.cancelled && timer.owner.alive);
    kept.sort((left, right) => left.sequence - right.sequence);
    this.#timers = new EventHeap<Timer>(limits.heapEventsMax);
    this.#timersById.clear();
    this.#cancelledCount = 0;
    for (const timer of kept) {
      this.#timers.push(timer);
      this.#timersById.set(timer.id, timer);
    }
  }
}
