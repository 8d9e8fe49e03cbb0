/**
 * The simulated world: hosts, the network between them, and the loop that handles one event after
 * the other. `(code, seed, inputs)` give one trace, bit for bit, in every JavaScript engine.
 *
 * An event's id is the count of handled events, so it is the same with the trace off. What a
 * handler did is released when it returns, after the time that its work took.
 * Not here: what can go wrong on purpose (`faults.ts`), and who looks on (`lab/`).
 */
import { assert, AssertionError } from '../kernel/assert.ts';
import { EventHeap } from '../kernel/heap.ts';
import { limits } from '../kernel/limits.ts';
import type { ProcessFactory, TraceData, TraceFields, TraceKind } from '../kernel/ports.ts';
import { TraceLog } from '../kernel/trace.ts';
import { micros } from '../kernel/units.ts';
import type { Micros } from '../kernel/units.ts';
import { SimEvent } from './event.ts';
import { SimHost } from './host.ts';
import { bugKind, commandKind } from './sim-trace.ts';
import { SimNetwork } from './sim-network.ts';

export interface WorldOptions {
  /** A whole number, 0 or more. */
  readonly seed: number;
  /** Whether a trace is kept. Off by default; nothing else depends on it. */
  readonly trace?: boolean;
  /** Entries that the trace keeps; beyond it only the hash goes on. */
  readonly traceEntriesMax?: number;
  /** Encodes and decodes every message, and checks its size. */
  readonly paranoidWire?: boolean;
  /** Freezes every message, so that whoever changes one is caught. */
  readonly freeze?: boolean;
}

/** A bug of the engine: an assertion that failed in a process, which ended the run. */
export interface Failure {
  readonly event: number;
  readonly host: string;
  readonly error: Error;
}

/** Looks on after each event. It changes nothing. */
export type Observer = (event: number, host: SimHost | null) => void;

export interface RunLimits {
  /** Virtual microseconds from now. */
  readonly micros?: number;
  readonly events?: number;
  /** No event after this virtual time; unlike `micros`, the clock stays where the last one was. */
  readonly before?: number;
}

/** Why a run returned: its condition held, nothing was left to do, a limit, or a bug. */
export type RunEnd = 'done' | 'idle' | 'time' | 'events' | 'failed';

/** The host's name in the trace for what the world itself does. */
export const WORLD = 'world';

export class World {
  readonly seed: number;
  readonly tracing: boolean;
  readonly paranoidWire: boolean;
  readonly freezing: boolean;
  readonly network: SimNetwork;
  readonly trace: TraceLog;
  readonly #heap = new EventHeap<SimEvent>(limits.heapEventsMax);
  readonly #hosts = new Map<string, SimHost>();
  readonly #observers: Observer[] = [];
  readonly #outbox: (() => void)[] = [];
  #now = 0;
  #handled: SimEvent | null = null;
  #recordAt = 0;
  #event = 0;
  #cause = 0;
  #handling = false;
  #failure: Failure | null = null;

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.tracing = options.trace ?? false;
    this.paranoidWire = options.paranoidWire ?? false;
    this.freezing = options.freeze ?? false;
    this.trace = new TraceLog(options.traceEntriesMax ?? limits.traceEntriesMax);
    this.network = new SimNetwork(this);
  }

  get now(): Micros {
    return this.#now as Micros;
  }

  /** The event that is being handled, or was last: a count from 1 on. */
  get event(): number {
    return this.#event;
  }

  /** The event that came out of the heap last, for outside checkers (S2); null for the world's. */
  get handled(): SimEvent | null {
    return this.#handled;
  }

  /** The bug that ended the run, if one did. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Events that wait. */
  get pending(): number {
    return this.#heap.size;
  }

  /** When the next event is due, at the earliest; null where none waits. */
  get nextAt(): number | null {
    return this.#heap.peek()?.time ?? null;
  }

  get hosts(): readonly SimHost[] {
    return [...this.#hosts.values()];
  }

  /** A host with what runs on it; it is started by `start` or `faults.ts`, not by being there. */
  addHost(name: string, factory: ProcessFactory): SimHost {
    assert(!this.#hosts.has(name) && name !== WORLD, 'a host has a name of its own', { name });
    assert(this.#hosts.size < limits.hostsMax, 'too many hosts', { name });
    const host = new SimHost(this, name, factory);
    this.#hosts.set(name, host);
    return host;
  }

  hostNamed(name: string): SimHost | undefined {
    return this.#hosts.get(name);
  }

  observe(observer: Observer): void {
    this.#observers.push(observer);
  }

  // ------------------------------------------------------------------------------ the event loop

  /** Handles the next event. False if there is none, or a bug has ended the run. */
  step(): boolean {
    return this.#stepUntil(Number.MAX_SAFE_INTEGER);
  }

  /** Behind events that are cancelled or must wait there may be none before the deadline. */
  #stepUntil(deadline: number): boolean {
    while (this.#failure === null) {
      const next = this.#heap.peek();
      if (next === undefined || next.time > deadline) return false;
      const event = this.#heap.pop()!;
      const { host } = event;
      const turn = this.#turnOf(event);
      if (turn === 'later') continue;
      if (turn === 'never') {
        this.#next(event);
        continue;
      }
      assert(event.time >= this.#now, 'S2: time goes forward', { due: event.time, now: this.#now });
      this.#now = event.time;
      this.#handled = event;
      this.#handle(event.cause, host, event.run);
      this.#next(event);
      return true;
    }
    return false;
  }

  /** Behind an event that waits no more comes the next one of its line. */
  #next(event: SimEvent): void {
    const { line, host } = event;
    if (line === null) return;
    const next = line.leave(event);
    if (next === null || host === null) return;
    const isBusy = next.incarnation === host.incarnation;
    this.defer(next, Math.max(event.time, isBusy ? host.busyUntil : 0) as Micros);
  }

  /** Handles events until a condition holds (asked before each event), or nothing is left. */
  run(until: () => boolean, runLimits: RunLimits = {}): RunEnd {
    const { before = Number.MAX_SAFE_INTEGER } = runLimits;
    const given = this.#now + (runLimits.micros ?? Number.MAX_SAFE_INTEGER - this.#now);
    const deadline = Math.min(given, before);
    const eventMax = this.#event + (runLimits.events ?? limits.runEventsMax);
    for (;;) {
      if (this.#failure !== null) return 'failed';
      if (until()) return 'done';
      if (this.#event >= eventMax) return 'events';
      const next = this.#heap.peek();
      if (next === undefined || next.time > deadline) {
        if (runLimits.micros !== undefined) this.#now = deadline;
        return next === undefined ? 'idle' : 'time';
      }
      this.#stepUntil(deadline);
    }
  }

  /** An event of the world itself, now and out of turn: a fault, an input. */
  act(run: () => void): void {
    assert(!this.#handling, 'the world acts between events');
    this.#handled = null;
    this.#handle(0, null, run);
  }

  /** Gives a running process something to do, as an event of its own. */
  command(hostName: string, label: string, run: () => void, delay = micros(0)): void {
    const host = this.#hosts.get(hostName);
    assert(host !== undefined, 'no such host', { hostName });
    this.schedule(micros(this.now + delay), host, () => {
      this.record(host, commandKind, { label });
      run();
    });
  }

  schedule(at: Micros, host: SimHost | null, run: () => void, orphaned?: () => void): SimEvent {
    const cause = this.#handling ? this.#event : 0;
    const event = new SimEvent(at, host, cause, run, orphaned ?? null);
    this.#heap.push(event);
    return event;
  }

  /** Puts an event off that could not be handled; it keeps its turn among its equals. */
  defer(event: SimEvent, at: Micros): void {
    event.time = Math.max(event.time, at);
    event.deferred = true;
    this.#heap.defer(event);
  }

  /** Does it when the handler has returned and its work is done; now, between events. */
  atRelease(effect: () => void): void {
    if (this.#handling) this.#outbox.push(effect);
    else effect();
  }

  record<F extends TraceFields>(
    host: SimHost | null,
    kind: TraceKind<F>,
    data: TraceData<F>,
  ): void {
    if (!this.tracing) return;
    const at = (this.#handling ? this.#recordAt : this.#now) as Micros;
    this.trace.append(at, this.#event, this.#cause, host?.name ?? WORLD, kind, data);
  }

  /** Whether an event is handled now, waits for its busy host, or has no turn any more. */
  #turnOf(event: SimEvent): 'now' | 'later' | 'never' {
    const { host } = event;
    if (event.cancelled) return 'never';
    if (host === null) return 'now';
    if (event.incarnation !== host.incarnation || host.state !== 'running') {
      this.#now = Math.max(this.#now, event.time);
      event.orphaned?.();
      return 'never';
    }
    if (host.paused) {
      host.hold(event);
      return 'never';
    }
    if (host.busyUntil <= event.time) return 'now';
    event.time = host.busyUntil;
    event.deferred = true;
    if (host.lineOf(event).join(event)) this.#heap.defer(event);
    return 'later';
  }

  #handle(cause: number, host: SimHost | null, run: () => void): void {
    const startedAt = this.#now;
    this.#event++;
    this.#cause = cause;
    this.#recordAt = startedAt;
    this.#handling = true;
    try {
      run();
      this.#release(host, startedAt);
    } catch (error) {
      this.#fail(host, error);
    }
    this.#handling = false;
    this.#now = startedAt;
    for (const observer of this.#observers) observer(this.#event, host);
  }

  #release(host: SimHost | null, startedAt: number): void {
    if (host !== null) {
      host.settleBusyTime(startedAt);
      this.#now = Math.max(startedAt, host.busyUntil);
    }
    const outbox = this.#outbox;
    // An effect may cause another, as a reset does.
    for (let place = 0; place < outbox.length; place++) outbox[place]!();
    outbox.length = 0;
  }

  #fail(host: SimHost | null, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new AssertionError(String(thrown), {});
    this.#outbox.length = 0;
    this.record(host, bugKind, { message: error.message });
    this.#failure = { event: this.#event, host: host?.name ?? WORLD, error };
    if (host !== null && host.state === 'running') host.kill(false);
  }
}
