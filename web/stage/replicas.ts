/**
 * The replicas of a moment: each broker's logs with the state of every record in them, what a
 * broker that is down has on its disk, and what was cut off.
 *
 * A log is known from the last time its broker showed it; a broker that starts has not loaded its
 * log yet. Not here: what clients were told (`records.ts`), drawing (`LogStrip.svelte`).
 */
import type { HostFrame } from '#engine/lab/frames.ts';
import type { BrokerView, PartitionView, RecordView } from '#engine/kafka/broker/broker-view.ts';
import type { ControllerView } from '#engine/kafka/controller/controller-view.ts';
import { lastPlace, type Tape } from './tape.ts';

/** How many have it: the outline of a record. */
export type Hold = 'only-here' | 'replicated' | 'committed' | 'cut';

export interface Cell {
  readonly offset: number;
  readonly id: string;
  readonly key: string | null;
  readonly epoch: number;
  readonly hold: Hold;
  /** Whether power loss now would take it. */
  readonly isSynced: boolean;
}

export interface Replica {
  readonly host: string;
  readonly name: string;
  readonly view: PartitionView;
  readonly cells: readonly Cell[];
  /** Whether its broker serves it now; otherwise it is what its disk holds. */
  readonly isLive: boolean;
  /** Whether the controller counts it among the in-sync replicas; null where nobody knows. */
  readonly isInSync: boolean | null;
}

interface Known {
  readonly host: string;
  readonly nodeId: number;
  readonly view: PartitionView;
  readonly isLive: boolean;
  readonly cut: readonly RecordView[];
}

const nameOf = (view: PartitionView): string => `${view.topic}-${view.partition}`;

export function brokerView(host: HostFrame | null): BrokerView | null {
  const view = host?.view as { readonly kind?: string } | null | undefined;
  return view?.kind === 'kafka-broker' ? (view as BrokerView) : null;
}

export function controllerView(host: HostFrame | null): ControllerView | null {
  const view = host?.view as { readonly kind?: string } | null | undefined;
  return view?.kind === 'kafka-controller' ? (view as ControllerView) : null;
}

/** One log's past: each state in which its broker showed it, and what had been cut off by then. */
interface LogState {
  readonly event: number;
  readonly nodeId: number;
  readonly view: PartitionView;
  readonly cut: readonly RecordView[];
}

/** The logs of a whole run, by host and partition. */
export class Logs {
  readonly #tape: Tape;
  readonly #states = new Map<string, Map<string, LogState[]>>();
  /** The replicas as they were asked for last, by host and partition, with what they depend on. */
  readonly #last = new Map<
    string,
    { readonly of: readonly unknown[]; readonly replica: Replica }
  >();
  #lastAll: readonly Replica[] = [];

  constructor(tape: Tape) {
    this.#tape = tape;
    for (const name of tape.hostNames) {
      const states = statesOf(tape, name);
      if (states.size > 0) this.#states.set(name, states);
    }
  }

  /**
   * Every replica at a moment, by host and in the order of partitions. What has not changed since
   * it was asked for last is the same object: while a run is played, only the rest is drawn anew.
   */
  at(event: number): readonly Replica[] {
    const known = this.#knownAt(event);
    const controllers = this.#tape.hostNames
      .map((name) => controllerView(this.#tape.hostAt(name, event)))
      .filter((view) => view !== null);
    const registered = controllers[0]?.partitions ?? [];
    const all = known.map((one) => {
      const name = nameOf(one.view);
      const others = known.filter((other) => nameOf(other.view) === name);
      const registration = registered.find((partition) => nameOf2(partition) === name);
      const isInSync = registration === undefined ? null : registration.isr.includes(one.nodeId);
      return this.#replicaOf(one, others, isInSync);
    });
    if (!isSameList(all, this.#lastAll)) this.#lastAll = all;
    return this.#lastAll;
  }

  #replicaOf(one: Known, others: readonly Known[], isInSync: boolean | null): Replica {
    const { host, view, isLive } = one;
    const name = nameOf(view);
    const of = [view, isLive, isInSync, one.cut, ...others.map((other) => other.view)];
    const last = this.#last.get(`${host} ${name}`);
    if (last !== undefined && isSameList(of, last.of)) return last.replica;
    const cells = cellsOf(one, others).map((made, place) => {
      const before = last?.replica.cells[place];
      return before !== undefined && isSameCell(made, before) ? before : made;
    });
    const replica = { host, name, view, isLive, isInSync, cells };
    this.#last.set(`${host} ${name}`, { of, replica });
    return replica;
  }

  /** The event after which no log has the record any more, or null if one still has it. */
  vanishedAt(id: string): number | null {
    let latest = 0;
    for (const states of this.#states.values()) {
      for (const list of states.values()) {
        const place = list.findLastIndex(({ view }) => has(view, id));
        if (place < 0) continue;
        const next = list[place + 1];
        if (next === undefined) return null;
        latest = Math.max(latest, next.event);
      }
    }
    return latest === 0 ? null : latest;
  }

  #knownAt(event: number): Known[] {
    const known: Known[] = [];
    for (const [host, states] of this.#states) {
      const frame = this.#tape.hostAt(host, event);
      const shown = brokerView(frame)?.partitions ?? [];
      for (const [name, list] of states) {
        const state = list[lastPlace(list, (one) => one.event <= event)];
        if (state === undefined) continue;
        const isLive = shown.some((view) => nameOf(view) === name);
        known.push({ host, nodeId: state.nodeId, view: state.view, cut: state.cut, isLive });
      }
    }
    return known;
  }
}

const nameOf2 = (one: { readonly topic: string; readonly partition: number }): string =>
  `${one.topic}-${one.partition}`;

function statesOf(tape: Tape, name: string): Map<string, LogState[]> {
  const states = new Map<string, LogState[]>();
  for (const { event, host } of tape.changesOf(name)) {
    const broker = brokerView(host);
    for (const view of broker?.partitions ?? []) {
      // What internal topics keep is no text, and there is much of it.
      if (view.topic.startsWith('__')) continue;
      const list = states.get(nameOf(view)) ?? [];
      states.set(nameOf(view), list);
      const last = list[list.length - 1];
      if (last?.view === view) continue;
      list.push({ event, nodeId: broker!.id, view, cut: cutBy(last, view) });
    }
  }
  return states;
}

/** What was in the log and is not: beyond its end, or with another record in its place. */
function cutBy(last: LogState | undefined, view: PartitionView): readonly RecordView[] {
  if (last === undefined) return [];
  const there = new Map(view.records.map((record) => [record.offset, record]));
  const gone = last.view.records.filter((record) => {
    const now = there.get(record.offset);
    if (now !== undefined) return now.value !== record.value || now.epoch !== record.epoch;
    return record.offset >= view.leo;
  });
  const cut = [...last.cut, ...gone].filter((record) => !there.has(record.offset));
  return cut.length === last.cut.length && gone.length === 0 ? last.cut : cut;
}

function cellsOf(one: Known, others: readonly Known[]): readonly Cell[] {
  const { view } = one;
  const committed = Math.max(...others.map((other) => other.view.hw));
  const cells = view.records.map((record): Cell => {
    const holders = others.filter((other) => holds(other.view, record)).length;
    const hold = record.offset < committed ? 'committed' : holders > 1 ? 'replicated' : 'only-here';
    return cell(record, hold, record.offset < view.synced);
  });
  const cut = one.cut.map((record) => cell(record, 'cut', false));
  return [...cells, ...cut].sort((left, right) => left.offset - right.offset);
}

function cell({ offset, epoch, key, value }: RecordView, hold: Hold, isSynced: boolean): Cell {
  return { offset, id: value ?? '', key, epoch, hold, isSynced };
}

function holds(view: PartitionView, record: RecordView): boolean {
  const first = view.records[0]?.offset ?? 0;
  const found = view.records[record.offset - first];
  return found?.value === record.value && found?.epoch === record.epoch;
}

function isSameCell(one: Cell, other: Cell): boolean {
  return (
    one.offset === other.offset &&
    one.id === other.id &&
    one.key === other.key &&
    one.epoch === other.epoch &&
    one.hold === other.hold &&
    one.isSynced === other.isSynced
  );
}

/** Whether two lists hold the same objects in the same order. */
export function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, place) => item === other[place]);
}

function has(view: PartitionView, id: string): boolean {
  return view.records.some((record) => record.value === id);
}
