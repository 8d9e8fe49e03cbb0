/**
 * The schedules of a search: every set of at most `depth` choices, a choice being a kind of fault
 * on a host at a point. A set has one order, that of the points and, at one point, that of
 * `faultKinds` and of the hosts; so it is tried once.
 *
 * Not here: which of them need not be run (`search.ts`), and how one is run (`trial.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Fault } from '../../sim/faults.ts';
import type { Exploration } from '../experiment.ts';

/**
 * `power` drops the page cache, `crash` keeps it; `isolate` cuts a host from the other brokers,
 * `partition` from brokers and controllers, while clients still reach it (without controllers they
 * are the same, and `partition` is left out beside `isolate`); `heal` is everything at once: every
 * link works, everyone is started and goes on. At one point they come in this order.
 */
export const faultKinds = ['power', 'crash', 'isolate', 'partition', 'pause', 'heal'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Faults of one schedule: more than this cannot be searched. */
export const DEPTH_MAX = 6;

/** A fault at a point. The host is empty for `heal`. */
export interface Choice {
  /** Its place in the order of choices. */
  readonly index: number;
  /** The point's place in the experiment's list. */
  readonly point: number;
  readonly kind: FaultKind;
  readonly host: string;
}

/** Places of choices, ascending. */
export type Schedule = readonly number[];

/** Every choice that there is, in the order in which a schedule has them. */
export function choicesOf(
  exploration: Exploration<unknown>,
  kinds: readonly FaultKind[],
): readonly Choice[] {
  assert(kinds.length > 0, 'a search needs a kind of fault', { kinds });
  assert(exploration.hosts.length > 0, 'a search needs a host', { hosts: exploration.hosts });
  const choices: Choice[] = [];
  const isTwice = exploration.controllers === undefined && kinds.includes('isolate');
  for (let point = 0; point < exploration.points.length; point++) {
    for (const kind of faultKinds) {
      if (!kinds.includes(kind) || (kind === 'partition' && isTwice)) continue;
      const hosts = kind === 'heal' ? [''] : exploration.hosts;
      for (const host of hosts) choices.push({ index: choices.length, point, kind, host });
    }
  }
  return choices;
}

/** From whom a kind of fault cuts a host; null where it does not cut. */
export function cutFrom(
  exploration: Exploration<unknown>,
  kind: FaultKind,
  host: string,
): readonly string[] | null {
  if (kind !== 'isolate' && kind !== 'partition') return null;
  const controllers = kind === 'partition' ? (exploration.controllers ?? []) : [];
  return [...exploration.hosts, ...controllers].filter((name) => name !== host);
}

/** What a choice injects at its host; `heal` is no fault of one host. */
export function faultOf(exploration: Exploration<unknown>, { kind, host }: Choice): Fault {
  assert(kind !== 'heal', 'everything is healed, not one host', { kind });
  if (kind === 'power' || kind === 'crash' || kind === 'pause') return { fault: kind, host };
  return { fault: 'isolate', host, from: cutFrom(exploration, kind, host)! };
}

/** Schedules of at most `depth` choices out of so many, the empty one included. */
export function schedulesIn(choices: number, depth: number): number {
  assert(choices >= 0 && depth >= 0, 'counts', { choices, depth });
  let sum = 1;
  let sets = 1;
  for (let size = 1; size <= Math.min(choices, depth); size++) {
    sets = (sets * (choices - size + 1)) / size;
    sum += sets;
  }
  assert(Number.isSafeInteger(sum), 'a count that can be said', { choices, depth });
  return sum;
}
