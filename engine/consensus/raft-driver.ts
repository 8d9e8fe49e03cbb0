/**
 * Performs a member's effects by the ports: its timers, the quorum state's file, the product's log
 * and transport; and brings back what the disk says.
 *
 * Not here: the rules (`raft.ts`); what entries and snapshots hold, and how messages travel, which
 * are the product's, behind the interfaces below.
 */
import { assert, unreachable } from '../kernel/assert.ts';
import type { DiskResult, Ports, TimerId } from '../kernel/ports.ts';
import { micros } from '../kernel/units.ts';
import type { Effect, Reply, TimerName } from './effect.ts';
import type { RaftEvent } from './event.ts';
import type { Entry, LogPosition, MemberId, Message } from './message.ts';
import type { QuorumStateFile } from './quorum-state-file.ts';
import { Raft } from './raft.ts';
import type { RaftOptions, RaftView } from './raft.ts';

/** The product's log. A write that fails ends the member. */
export interface ReplicatedLog {
  append(entries: readonly Entry[]): DiskResult;
  truncate(endOffset: number): DiskResult;
  /** `done` when all that was written before the call is durable. */
  sync(done: (result: DiskResult) => void): void;
  /** Entries from an offset on: at least one if there is one, and no more than a message takes. */
  read(offset: number): readonly Entry[];
}

/** The product's snapshots. */
export interface SnapshotStore {
  /** A part from this byte on; null if that snapshot is gone. */
  chunk(
    snapshot: LogPosition,
    position: number,
  ): { readonly bytes: Uint8Array; readonly last: boolean } | null;
  /**
   * Keeps a part. With the last one: makes the snapshot durable, empties the log, loads the state,
   * and then calls `installed` with the snapshot's voters.
   */
  keep(
    part: Extract<Effect, { effect: 'keep-chunk' }>,
    installed: (result: DiskResult, voters: readonly MemberId[]) => void,
  ): void;
}

/**
 * Whom the driver serves. `committed` and `roleChanged` are told when all effects of an event are
 * performed, in their order: from within them the owner may ask for something, and it is done.
 */
export interface RaftOwner {
  send(to: MemberId, message: Message): void;
  /** All below is committed, and is to be applied in order. */
  committed(highWatermark: number): void;
  roleChanged(change: Extract<Effect, { effect: 'role' }>): void;
  /** The disk failed: this member says and does nothing any more. */
  failed(result: Exclude<DiskResult, 'ok'>): void;
}

/** A wish without the number by which its reply is found. */
export type Wish =
  | { readonly type: 'read' }
  | Pick<Extract<RaftEvent, { type: 'append' }>, 'type' | 'proposals'>
  | Pick<Extract<RaftEvent, { type: 'add-voter' }>, 'type' | 'member'>
  | Pick<Extract<RaftEvent, { type: 'remove-voter' }>, 'type' | 'member'>
  | Pick<Extract<RaftEvent, { type: 'transfer' }>, 'type' | 'to'>;

export interface DriverOptions extends Omit<RaftOptions, 'ports'> {
  readonly ports: Pick<Ports, 'clock' | 'trace' | 'random'>;
  readonly log: ReplicatedLog;
  readonly snapshots: SnapshotStore;
  readonly quorumState: QuorumStateFile;
  readonly owner: RaftOwner;
}

export class RaftDriver {
  readonly #options: DriverOptions;
  readonly #raft: Raft;
  readonly #timers = new Map<TimerName, TimerId>();
  readonly #replies = new Map<number, (reply: Reply) => void>();
  readonly #waiting: RaftEvent[] = [];
  readonly #news: (() => void)[] = [];
  #performing = false;
  #telling = false;
  #stopped = false;
  #ids = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#raft = new Raft(options);
  }

  start(): void {
    this.#perform(this.#raft.start());
    this.#drain();
  }

  /** Nothing more is done or said; what waits is never answered. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) this.#options.ports.clock.cancel(timer);
    this.#timers.clear();
    this.#replies.clear();
  }

  inspect(): RaftView {
    return this.#raft.inspect();
  }

  received(from: MemberId, message: Message): void {
    this.#take({ type: 'message', from, message });
  }

  /** Asks for something; `done` hears the reply, within this event or later. */
  ask(wish: Wish, done: (reply: Reply) => void): void {
    this.#ids += 1;
    this.#replies.set(this.#ids, done);
    this.#take({ ...wish, id: this.#ids });
  }

  resign(): void {
    this.#take({ type: 'resign' });
  }

  /** Nobody leads yet, or the leader is known to be down: silence is not waited for. */
  triggerElection(): void {
    const { role } = this.inspect();
    if (role === 'Leader' || this.#stopped) return;
    assert(!this.#performing, 'between events');
    const timer = role === 'Follower' ? 'fetch' : 'election';
    this.#stopTimer(timer);
    this.#take({ type: 'timer', timer });
  }

  /** The product has a durable snapshot and drops the log before it. */
  compacted(snapshot: LogPosition): void {
    this.#take({ type: 'compacted', snapshot });
  }

  #take(event: RaftEvent): void {
    this.#waiting.push(event);
    if (!this.#performing) this.#drain();
  }

  #drain(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!this.#stopped) this.#perform(this.#raft.step(next));
    }
  }

  /** What an effect brings about is a later event, also where it comes at once. */
  #perform(effects: readonly Effect[]): void {
    assert(!this.#performing, 'one event at a time');
    this.#performing = true;
    for (const effect of effects) {
      if (!this.#stopped) this.#performOne(effect);
    }
    this.#performing = false;
    this.#tell();
  }

  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#news.shift(); next !== undefined; next = this.#news.shift()) {
      if (!this.#stopped) next();
    }
    this.#telling = false;
  }

  #performOne(effect: Effect): void {
    const { log, owner } = this.#options;
    switch (effect.effect) {
      case 'persist':
      case 'sync':
      case 'append':
      case 'truncate':
        this.#write(effect);
        return;
      case 'send':
        owner.send(effect.to, effect.message);
        return;
      case 'send-entries': {
        const entries = log.read(effect.message.position.offset);
        owner.send(effect.to, { ...effect.message, answer: { kind: 'entries', entries } });
        return;
      }
      case 'send-chunk':
      case 'keep-chunk':
        this.#moveChunk(effect);
        return;
      case 'start-timer':
        this.#startTimer(effect);
        return;
      case 'stop-timer':
        this.#stopTimer(effect.timer);
        return;
      case 'commit':
        this.#news.push(() => owner.committed(effect.highWatermark));
        return;
      case 'role':
        this.#news.push(() => owner.roleChanged(effect));
        return;
      case 'reply':
        this.#answer(effect.id, effect.reply);
        return;
      default:
        unreachable('an effect', effect);
    }
  }

  #write(effect: Extract<Effect, { effect: 'persist' | 'sync' | 'append' | 'truncate' }>): void {
    const { log, quorumState } = this.#options;
    switch (effect.effect) {
      case 'persist': {
        const { state, sequence } = effect;
        quorumState.write(state, (result) => {
          this.#written(result, { type: 'persisted', sequence });
        });
        return;
      }
      case 'sync':
        log.sync((result) => this.#written(result, { type: 'synced', number: effect.number }));
        return;
      case 'append':
        this.#written(log.append(effect.entries), null);
        return;
      default:
        this.#written(log.truncate(effect.endOffset), null);
    }
  }

  /** A disk that fails once is not believed again: the member ends. */
  #written(result: DiskResult, event: RaftEvent | null): void {
    if (this.#stopped) return;
    if (result !== 'ok') {
      this.stop();
      this.#options.owner.failed(result);
    } else if (event !== null) {
      this.#take(event);
    }
  }

  #moveChunk(effect: Extract<Effect, { effect: 'send-chunk' | 'keep-chunk' }>): void {
    const { snapshots, owner } = this.#options;
    const { snapshot, position } = effect;
    if (effect.effect === 'keep-chunk') {
      snapshots.keep(effect, (result, voters) => {
        this.#written(result, { type: 'installed', snapshot, voters });
      });
      return;
    }
    const part = snapshots.chunk(snapshot, position);
    if (part === null) return;
    assert(part.bytes.length > 0 || part.last, 'a part moves on', { position });
    const { term, to } = effect;
    owner.send(to, { type: 'snapshot-chunk', term, snapshot, position, ...part });
  }

  #startTimer(effect: Extract<Effect, { effect: 'start-timer' }>): void {
    const { timer, microsMin, microsMax } = effect;
    this.#stopTimer(timer);
    const { clock, random } = this.#options.ports;
    const delay =
      microsMin === microsMax ? microsMin : random('raft').between(microsMin, microsMax);
    const id = clock.after(micros(delay), `raft/${timer}`, () => {
      this.#timers.delete(timer);
      this.#take({ type: 'timer', timer });
    });
    this.#timers.set(timer, id);
  }

  #stopTimer(timer: TimerName): void {
    const id = this.#timers.get(timer);
    if (id === undefined) return;
    this.#options.ports.clock.cancel(id);
    this.#timers.delete(timer);
  }

  #answer(id: number, reply: Reply): void {
    const done = this.#replies.get(id);
    assert(done !== undefined, 'a wish is answered', { id });
    // An append and a transfer are answered once; nothing else comes under the number.
    this.#replies.delete(id);
    done(reply);
  }
}
