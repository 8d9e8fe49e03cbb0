/**
 * What must hold of a quorum, seen from outside: T1 to T8. The watch is told of every change of
 * every log, of every message that leaves, and looks at each member after each event; it knows all
 * logs, what was committed ever, and what is durable, and shares no code with the members.
 *
 * Not here: histories of clients (`history.ts`).
 */
import type { QuorumState } from '../../engine/consensus/effect.ts';
import type { Entry, LogPosition, MemberId, Message } from '../../engine/consensus/message.ts';
import type { RaftView } from '../../engine/consensus/raft.ts';
import { machineKind } from '../../engine/kernel/machine.ts';
import type { Trace, TraceData, TraceFields, TraceKind } from '../../engine/kernel/ports.ts';

export interface Violation {
  readonly id: string;
  readonly what: string;
}

/** What a member's disk would keep if the power went now. */
export interface Durable {
  readonly state: QuorumState | null;
  readonly endOffset: number;
}

interface Known {
  readonly term: number;
  readonly text: string;
  readonly offset: number;
  readonly endOffset: number;
}

class Shadow {
  /** Entries by the offset behind them; the log begins behind `start`. */
  readonly entries = new Map<number, Known>();
  start: LogPosition = { offset: 0, term: 0 };
  end = 0;
  view: RaftView | null = null;

  termBefore(offset: number): number | undefined {
    return offset === this.start.offset ? this.start.term : this.entries.get(offset)?.term;
  }
}

/** Collects the transitions of the members' roles, in place of a trace. */
class Transitions implements Trace {
  readonly on = true;
  readonly seen = new Set<string>();

  record<F extends TraceFields>(kind: TraceKind<F>, data: TraceData<F>): void {
    if (kind.name !== machineKind.name) return;
    const { from, event, to } = data as unknown as TraceData<typeof machineKind.fields>;
    if (event !== 'start') this.seen.add(`${from} ${event} ${to}`);
  }
}

export class RaftWatch {
  readonly transitions = new Transitions();
  readonly violations: Violation[] = [];
  /** All that was ever committed, by the offset behind it. */
  readonly committed = new Map<number, Known>();
  readonly #committedEnds: number[] = [];
  readonly #leaders = new Map<number, MemberId>();
  readonly #entries = new Map<string, { readonly before: number; readonly text: string }>();
  readonly #shadows = new Map<MemberId, Shadow>();

  get leaders(): ReadonlyMap<number, MemberId> {
    return this.#leaders;
  }

  /** A member begins with what its disk had. */
  restarted(id: MemberId, start: LogPosition, entries: readonly Entry[]): void {
    const shadow = new Shadow();
    this.#shadows.set(id, shadow);
    shadow.start = start;
    shadow.end = start.offset;
    this.appended(id, entries);
  }

  /** T3: the same offset and term are the same entry with the same one before; no gap. */
  appended(id: MemberId, entries: readonly Entry[]): void {
    const shadow = this.#shadow(id);
    const { view } = shadow;
    for (const { offset, endOffset, term, control, payload } of entries) {
      if (offset !== shadow.end) this.#violated('T3', `${id}: gap ${shadow.end} to ${offset}`);
      const before = shadow.termBefore(offset) ?? -1;
      const text = JSON.stringify([control, payload]);
      const key = `${offset}/${term}`;
      const known = this.#entries.get(key);
      if (known === undefined) this.#entries.set(key, { before, text });
      else if (known.before !== before || known.text !== text) {
        this.#violated('T3', `${id}: entry ${key} after term ${before}, elsewhere ${known.before}`);
      }
      const leads = view?.role === 'Leader';
      if (leads && term !== view.term) this.#violated('T2', `${id}: leads ${view.term}, ${key}`);
      shadow.entries.set(endOffset, { term, text, offset, endOffset });
      shadow.end = endOffset;
    }
  }

  /** T2: a leader only appends. */
  truncated(id: MemberId, endOffset: number): void {
    const shadow = this.#shadow(id);
    if (shadow.view?.role === 'Leader') this.#violated('T2', `${id}: cut to ${endOffset}`);
    for (const end of shadow.entries.keys()) if (end > endOffset) shadow.entries.delete(end);
    shadow.end = endOffset;
  }

  /** A snapshot took the log's place. T5: it ends with what was committed there. */
  replaced(id: MemberId, snapshot: LogPosition): void {
    const shadow = this.#shadow(id);
    const known = this.committed.get(snapshot.offset);
    if (known?.term !== snapshot.term) this.#violated('T5', `${id}: snapshot of nothing known`);
    shadow.entries.clear();
    shadow.start = snapshot;
    shadow.end = snapshot.offset;
  }

  compacted(id: MemberId, snapshot: LogPosition): void {
    const shadow = this.#shadow(id);
    shadow.start = snapshot;
    for (const end of shadow.entries.keys()) if (end <= snapshot.offset) shadow.entries.delete(end);
  }

  /** T7: what a message rests on is durable when it leaves. */
  sent(id: MemberId, to: MemberId, message: Message, durable: Durable): void {
    const { state, endOffset } = durable;
    if (state === null || state.term < message.term) {
      this.#violated('T7', `${id}: ${message.type} of term ${message.term} is not durable`);
    }
    const { type } = message;
    const voted =
      type === 'vote' && !message.preVote
        ? id
        : type === 'vote-reply' && message.granted && !message.preVote
          ? to
          : null;
    const kept = state !== null && (state.term > message.term || state.votedFor === voted);
    if (voted !== null && !kept) this.#violated('T7', `${id}: vote for ${voted} is not durable`);
    if (type === 'fetch' && message.position.offset > endOffset) {
      this.#violated('T7', `${id}: said ${message.position.offset}, durable ${endOffset}`);
    }
  }

  /** After each event of a member. */
  looked(id: MemberId, view: RaftView, applied: number): void {
    const shadow = this.#shadow(id);
    const before = shadow.view;
    shadow.view = view;
    const { highWatermark, endOffset } = view;
    if (applied > highWatermark || highWatermark > endOffset || endOffset !== shadow.end) {
      this.#violated('T6', `${id}: ${applied} <= ${highWatermark} <= ${endOffset}`);
    }
    if (before?.role === view.role && before.term === view.term) {
      if (before.highWatermark === highWatermark) return;
    }
    const elected =
      view.role === 'Leader' && (before?.role !== 'Leader' || before.term < view.term);
    if (elected) this.#elected(id, shadow, view);
    this.#commit(id, shadow, Math.max(before?.highWatermark ?? 0, shadow.start.offset), view);
  }

  /** T1: one leader a term. T4: it has all that was committed before. */
  #elected(id: MemberId, shadow: Shadow, { term }: RaftView): void {
    const other = this.#leaders.get(term);
    if (other !== undefined) this.#violated('T1', `${id} and ${other} lead term ${term}`);
    this.#leaders.set(term, id);
    for (const end of this.#committedEnds) {
      if (end <= shadow.start.offset) continue;
      const [mine, theirs] = [shadow.entries.get(end), this.committed.get(end)!];
      if (mine?.term === theirs.term && mine.text === theirs.text) continue;
      this.#violated('T4', `${id} leads term ${term} without what was committed below ${end}`);
      return;
    }
  }

  /** T5: all members commit the same. T8: a leader's count ends with an entry of its own term. */
  #commit(id: MemberId, shadow: Shadow, from: number, view: RaftView): void {
    const { highWatermark, role, term } = view;
    if (highWatermark <= from) return;
    const last = shadow.termBefore(highWatermark);
    if (role === 'Leader' && last !== term) {
      this.#violated('T8', `${id} leads ${term} and counted an entry of ${String(last)}`);
    }
    const fresh: Known[] = [];
    for (let end = highWatermark; end > from;) {
      const entry = shadow.entries.get(end);
      if (entry === undefined) {
        this.#violated('T6', `${id} committed ${end}, which it has not`);
        return;
      }
      fresh.unshift(entry);
      end = entry.offset;
    }
    for (const entry of fresh) {
      const known = this.committed.get(entry.endOffset);
      if (known === undefined) {
        this.committed.set(entry.endOffset, entry);
        this.#committedEnds.push(entry.endOffset);
      } else if (known.term !== entry.term || known.text !== entry.text) {
        this.#violated('T5', `${id} committed something else below ${entry.endOffset}`);
      }
    }
  }

  #shadow(id: MemberId): Shadow {
    let shadow = this.#shadows.get(id);
    if (shadow === undefined) this.#shadows.set(id, (shadow = new Shadow()));
    return shadow;
  }

  #violated(id: string, what: string): void {
    this.violations.push({ id, what });
  }
}
