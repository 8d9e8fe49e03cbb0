/**
 * The glue between XState models and the ports: one running instance of a machine, stepped by the
 * machine's own pure `getInitialSnapshot` and `transition`, its named actions performed by its
 * owner, its `after` delays kept by the clock port.
 *
 * A transition costs 2 to 5 us, so no machine is stepped per record, message or frame.
 * Not here: `createActor`, `invoke`, `spawn` and delayed `sendTo`, which read the process's own
 * clock and counters; the machines themselves (`*.machine.ts` beside their component).
 */
import type { AnyActorScope, AnyEventObject } from 'xstate';
import type { AnyMachineSnapshot, AnyStateMachine, Snapshot } from 'xstate';
import type { ContextFrom, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate';
import { assert } from './assert.ts';
import { traceKind } from './ports.ts';
import type { Clock, TimerId, Trace } from './ports.ts';
import { microsOfMillis } from './units.ts';

/**
 * A transition, a refused guard (`from` equals `to`), or the initial state (`event` is `start`).
 */
export const machineKind = traceKind('machine', {
  machine: 'string',
  instance: 'string',
  from: 'string',
  to: 'string',
  event: 'string',
});

/** What an action is performed with: its declared parameters, and the event that led to it. */
export type Perform = (params: Readonly<Record<string, unknown>>, event: AnyEventObject) => void;

export interface MachineOptions<M extends AnyStateMachine> {
  readonly machine: M;
  /** Which of many: `pay-0`, `broker-2`. With the machine's id it names the timers. */
  readonly instance: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly input?: InputFrom<M>;
  /** The owner's effects, by the machine's action names. An action without one is a bug. */
  readonly perform?: Readonly<Record<string, Perform>>;
  /** Events that may arrive in a state that does not name them. */
  readonly ignores?: readonly string[];
}

interface Action {
  readonly type: string;
  readonly params?: unknown;
}

/** The built-in actions that change only the snapshot: they have happened when we see them. */
const INTERNAL_ACTIONS: ReadonlySet<string> = new Set(['xstate.assign', 'xstate.log']);

/**
 * What stands behind a pure transition where an actor would, and does nothing; one serves all
 * machines. XState's own `initialTransition` and `transition` make an actor for each call, and with
 * it the machine's initial state, which takes up to ten times as long as the transition asked for;
 * and they bring all that an actor is made of.
 */
const inertScope = {
  self: {},
  id: '',
  sessionId: '',
  system: { _sendInspectionEvent: () => {} },
  defer: () => {},
  emit: () => {},
  logger: () => {},
  stopChild: () => {},
  actionExecutor: () => {},
} as unknown as AnyActorScope;

/** The snapshot that a step leads to, and the actions that it asks for. */
function purely(
  step: (scope: AnyActorScope) => Snapshot<unknown>,
): [AnyMachineSnapshot, readonly Action[]] {
  const actions: Action[] = [];
  inertScope.actionExecutor = (action) => actions.push(action);
  return [step(inertScope) as AnyMachineSnapshot, actions];
}

export class MachineRunner<M extends AnyStateMachine> {
  readonly #options: MachineOptions<M>;
  readonly #timers = new Map<string, TimerId>();
  #snapshot: AnyMachineSnapshot;
  #stepping = false;
  readonly #waiting: AnyEventObject[] = [];

  constructor(options: MachineOptions<M>) {
    this.#options = options;
    const { machine, input } = options;
    const [snapshot, actions] = purely((scope) => machine.getInitialSnapshot(scope, input));
    this.#snapshot = snapshot;
    this.#record('', 'start');
    this.#performAll(actions, { type: 'start' });
  }

  get snapshot(): SnapshotFrom<M> {
    return this.#snapshot as SnapshotFrom<M>;
  }

  /** The state as a path, as in `Leader.PendingExpand`; parallel regions are joined by `|`. */
  get state(): string {
    return pathOf(this.#snapshot.value);
  }

  get context(): ContextFrom<M> {
    return this.#snapshot.context as ContextFrom<M>;
  }

  /** Whether the machine is in this state: a key of the top level, or a path from it. */
  matches(path: string): boolean {
    const now = this.state;
    return now === path || now.startsWith(`${path}.`);
  }

  /**
   * Takes an event. One that no active state names is a bug, unless the machine's owner declared
   * it ignored; one whose guard refuses is a traced no-op. An event sent by an action waits until
   * the transition that performs it is over.
   */
  send(event: EventFromLogic<M>): void {
    this.#waiting.push(event as AnyEventObject);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#step(next);
      }
    } finally {
      this.#stepping = false;
    }
  }

  /** Forgets the pending delays: the owner is done with this instance. */
  dispose(): void {
    for (const timer of this.#timers.values()) this.#options.clock.cancel(timer);
    this.#timers.clear();
  }

  #step(event: AnyEventObject): void {
    const before = this.#snapshot;
    if (!names(before, event.type)) {
      assert(this.#options.ignores?.includes(event.type) ?? false, 'no active state names it', {
        machine: this.#options.machine.id,
        instance: this.#options.instance,
        state: this.state,
        event: event.type,
      });
      return;
    }
    const { machine } = this.#options;
    const [after, actions] = purely((scope) => machine.transition(before, event, scope));
    const from = this.state;
    this.#snapshot = after;
    this.#record(from, event.type);
    this.#performAll(actions, event);
  }

  #performAll(actions: readonly Action[], event: AnyEventObject): void {
    for (const action of actions) {
      const params = (action.params ?? {}) as Readonly<Record<string, unknown>>;
      if (action.type === 'xstate.raise') this.#schedule(params);
      else if (action.type === 'xstate.cancel') this.#cancel(String(params['sendId']));
      else if (!INTERNAL_ACTIONS.has(action.type)) this.#perform(action.type, params, event);
    }
  }

  #perform(type: string, params: Readonly<Record<string, unknown>>, event: AnyEventObject): void {
    assert(!type.startsWith('xstate.'), 'this built-in action is banned in the engine', { type });
    const perform = this.#options.perform?.[type];
    assert(perform !== undefined, 'nobody performs this action', {
      machine: this.#options.machine.id,
      action: type,
    });
    perform(params, event);
  }

  #schedule(params: Readonly<Record<string, unknown>>): void {
    const delayMs = params['delay'];
    // A raise without a delay was taken within the transition.
    if (delayMs === undefined) return;
    assert(typeof delayMs === 'number' && Number.isInteger(delayMs), 'a delay is whole ms', {
      delayMs,
    });
    const id = String(params['id']);
    const event = params['event'] as AnyEventObject;
    this.#cancel(id);
    const { machine, instance, clock } = this.#options;
    const label = `${machine.id}/${instance}/${id}`;
    const timer = clock.after(microsOfMillis(delayMs), label, () => {
      this.#timers.delete(id);
      this.send(event as EventFromLogic<M>);
    });
    this.#timers.set(id, timer);
  }

  #cancel(id: string): void {
    const timer = this.#timers.get(id);
    if (timer === undefined) return;
    this.#options.clock.cancel(timer);
    this.#timers.delete(id);
  }

  #record(from: string, event: string): void {
    const { machine, instance, trace } = this.#options;
    if (!trace.on) return;
    trace.record(machineKind, { machine: machine.id, instance, from, to: this.state, event });
  }
}

/** Whether an active state names the event. (`can()` would not do: a refused guard is no bug.) */
function names(snapshot: AnyMachineSnapshot, type: string): boolean {
  return snapshot._nodes.some((node) => node.transitions.has(type));
}

/** A state value as a path: `{ a: { b: 'c' } }` is `a.b.c`. */
export function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  assert(typeof value === 'object' && value !== null, 'a state value', { value });
  const regions = Object.entries(value).map(([key, inner]) => {
    const rest = pathOf(inner);
    return rest === '' ? key : `${key}.${rest}`;
  });
  return regions.join('|');
}
