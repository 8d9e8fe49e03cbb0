/**
 * A simulated host: a machine with a disk and a clock, and the process that runs on it, given the
 * ports and nothing else.
 *
 * Invariant S2: no event reaches a dead incarnation. Not here: the order of events (`world.ts`),
 * connections (`sim-network.ts`), what is on the disk (`sim-disk.ts`).
 */
import { assert } from '../kernel/assert.ts';
import {
  costKinds,
  PICOS_PER_MICRO,
  pricePicos,
  syncBaseMicros,
  syncBytesPerMicro,
} from '../kernel/costs.ts';
import type {
  Clock,
  Cost,
  CostKind,
  Ports,
  Process,
  ProcessFactory,
  Random,
  TimerId,
  Trace,
} from '../kernel/ports.ts';
import { randomStream } from '../kernel/random.ts';
import type { Micros } from '../kernel/units.ts';
import { SimEvent } from './event.ts';
import { WallClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import type { SyncDone } from './sim-disk.ts';
import { haltKind, startKind, syncedKind, timerKind } from './sim-trace.ts';
import { WaitingLine } from './waiting-line.ts';
import type { World } from './world.ts';

/** `off` has no power; `stopped` has, but runs no process. */
export type HostState = 'off' | 'stopped' | 'running';

export class SimHost {
  readonly name: string;
  readonly world: World;
  readonly disk: SimDisk;
  readonly wall = new WallClock();
  readonly #factory: ProcessFactory;
  #line: WaitingLine | null = null;
  readonly #counters: Record<CostKind, number>;
  /** A paused process (GC, SIGSTOP): its events wait here, in order. */
  readonly #deferred: SimEvent[] = [];
  #timers = new Map<number, SimEvent>();
  #timerCount = 0;
  #state: HostState = 'stopped';
  #process: Process | null = null;
  #incarnation = 0;
  #paused = false;
  /** Invariant: `#busyPicos` is less than a microsecond between events. */
  #busyPicos = 0;
  #busyUntil = 0;
  #slownessFactor = 1;
  #diskSlownessFactor = 1;

  constructor(world: World, name: string, factory: ProcessFactory) {
    this.world = world;
    this.name = name;
    this.#factory = factory;
    this.#counters = Object.fromEntries(costKinds.map((kind) => [kind, 0])) as Record<
      CostKind,
      number
    >;
    this.disk = new SimDisk({
      now: () => world.now,
      afterSync: (path, bytes, complete, done) => this.#afterSync(path, bytes, complete, done),
    });
  }

  get state(): HostState {
    return this.#state;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** The running process, for handles that give it commands and views that inspect it. */
  get process(): Process | null {
    return this.#process;
  }

  /** Work done since the world began, by kind. */
  get counters(): Readonly<Record<CostKind, number>> {
    return this.#counters;
  }

  /** Nothing is handled before this time: the process is at work. */
  get busyUntil(): number {
    return this.#busyUntil;
  }

  /** Starts a new incarnation; its first event comes at once. */
  start(): void {
    assert(this.#state !== 'running', 'the process runs already', { host: this.name });
    this.#state = 'running';
    this.#incarnation++;
    this.#paused = false;
    this.#busyUntil = 0;
    this.world.network.hostStarted(this.name);
    this.world.schedule(this.world.now, this, () => {
      this.world.record(this, startKind, { incarnation: this.#incarnation });
      this.#process = this.#factory(this.#ports());
      this.#process.start();
    });
  }

  /** Asks the process to stop by itself; it halts when it has finished. */
  stop(): void {
    this.world.command(this.name, 'stop', () => {
      const process = this.#process;
      if (process === null) return;
      if (process.stop === undefined) this.#halt('stopped');
      else process.stop();
    });
  }

  /** Kills the process. With the power gone its peers hear nothing and the page cache is lost. */
  kill(power: boolean): void {
    this.#process = null;
    this.#paused = false;
    this.#deferred.length = 0;
    this.#timers = new Map();
    if (this.#state === 'running') this.world.network.hostDied(this, power);
    this.#state = power ? 'off' : 'stopped';
    // Events of the dead incarnation are told by their number.
    this.#incarnation++;
  }

  pause(): void {
    this.#paused = true;
  }

  /** What came due meanwhile happens now, in its order. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const event of this.#deferred.splice(0)) this.world.defer(event, this.world.now);
  }

  /** Keeps an event until the process is resumed. */
  hold(event: SimEvent): void {
    assert(this.#paused, 'only a paused process keeps events', { host: this.name });
    this.#deferred.push(event);
  }

  /** Where events of the present incarnation wait until the process is free. */
  lineOf({ incarnation }: SimEvent): WaitingLine {
    assert(incarnation === this.#incarnation, 'of this life', { incarnation });
    if (this.#line?.incarnation !== incarnation) this.#line = new WaitingLine(incarnation);
    return this.#line;
  }

  /** Work takes this many times as long from now on: 1 is normal. */
  slow(factor: number): void {
    assert(Number.isInteger(factor) && factor >= 1, 'a factor is 1 or more', { factor });
    this.#slownessFactor = factor;
  }

  slowDisk(factor: number): void {
    assert(Number.isInteger(factor) && factor >= 1, 'a factor is 1 or more', { factor });
    this.#diskSlownessFactor = factor;
  }

  /** Ends a handled event: the process is busy for what it was charged. */
  settleBusyTime(now: number): void {
    if (this.#busyPicos === 0) return;
    const micros = Math.floor(this.#busyPicos / PICOS_PER_MICRO);
    this.#busyPicos -= micros * PICOS_PER_MICRO;
    this.#busyUntil = now + micros;
  }

  #ports(): Ports {
    const { world, name } = this;
    const incarnation = this.#incarnation;
    const streams = new Map<string, Random>();
    return {
      host: name,
      incarnation,
      clock: this.#clock(),
      network: world.network.portOf(this),
      disk: this.disk,
      trace: this.#trace(),
      cost: this.#cost(),
      random: (purpose) => {
        let stream = streams.get(purpose);
        if (stream === undefined) {
          stream = randomStream(world.seed, `${name}/${incarnation}/${purpose}`);
          streams.set(purpose, stream);
        }
        return stream;
      },
      halt: (reason) => this.#halt(reason),
    };
  }

  #clock(): Clock {
    const { world } = this;
    return {
      now: () => world.now,
      wall: () => this.wall.read(world.now),
      after: (delay, label, fire) => {
        assert(Number.isSafeInteger(delay) && delay >= 0, 'a delay is whole', { label, delay });
        const id = ++this.#timerCount;
        const event = world.schedule((world.now + delay) as Micros, this, () => {
          this.#timers.delete(id);
          if (world.tracing) world.record(this, timerKind, { label });
          fire();
        });
        this.#timers.set(id, event);
        return id as TimerId;
      },
      cancel: (timer) => {
        const event = this.#timers.get(timer);
        if (event === undefined) return;
        event.cancelled = true;
        this.#timers.delete(timer);
      },
    };
  }

  #trace(): Trace {
    const { world } = this;
    return {
      on: world.tracing,
      record: (kind, data) => world.record(this, kind, data),
    };
  }

  #cost(): Cost {
    const counters = this.#counters;
    return {
      charge: (kind, units) => {
        counters[kind] += units;
        this.#busyPicos += pricePicos[kind] * units * this.#slownessFactor;
      },
    };
  }

  #halt(reason: string): void {
    if (this.#state !== 'running') return;
    this.world.record(this, haltKind, { reason });
    this.kill(false);
  }

  #afterSync(
    path: string,
    bytes: number,
    complete: () => 'ok' | 'ENOSPC' | 'EIO' | 'EMFILE',
    done: SyncDone,
  ): void {
    const micros = syncBaseMicros + Math.floor(bytes / syncBytesPerMicro);
    const due = Math.max(this.world.now, this.#busyUntil) + micros * this.#diskSlownessFactor;
    this.world.schedule(due as Micros, this, () => {
      const result = complete();
      this.world.record(this, syncedKind, { path, result, bytes });
      done(result);
    });
  }
}
