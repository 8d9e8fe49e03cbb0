/**
 * Members without a world, for schedules by hand: the test says which message arrives, which timer
 * fires, when a disk is done, and who loses power. The watch sees it all.
 */
import type { Effect, QuorumState, Reply, TimerName } from '../../engine/consensus/effect.ts';
import type { RaftEvent } from '../../engine/consensus/event.ts';
import type { Entry, MemberId, Message } from '../../engine/consensus/message.ts';
import { kraftConfig, SOUND } from '../../engine/consensus/raft-config.ts';
import type { RaftConfig, RaftSwitches } from '../../engine/consensus/raft-config.ts';
import { Raft } from '../../engine/consensus/raft.ts';
import type { RaftView } from '../../engine/consensus/raft.ts';
import type { Clock } from '../../engine/kernel/ports.ts';
import { micros, millis } from '../../engine/kernel/units.ts';
import { RaftWatch } from './watch.ts';

/** The glue of the machine asks for a clock; the core uses neither it nor timers. */
const clock: Clock = {
  now: () => micros(0),
  wall: () => millis(0),
  after: () => {
    throw new Error('the core has no timers');
  },
  cancel: () => undefined,
};

export interface Letter {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly message: Message;
}

interface Seat {
  raft: Raft;
  log: Entry[];
  /** What a power loss leaves. */
  durableLog: Entry[];
  state: QuorumState | null;
  /** What the disk was asked for and has not done, while it is held. */
  held: { event: RaftEvent; state: QuorumState | null; log: readonly Entry[] | null }[];
}

export class Deck {
  readonly watch = new RaftWatch();
  /** Messages that were sent and not delivered. */
  letters: Letter[] = [];
  /** Members whose disks do nothing until `release`. */
  readonly heldDisks = new Set<MemberId>();
  readonly timers = new Map<string, readonly [number, number]>();
  readonly replies: Reply[] = [];
  readonly effects: Effect[] = [];
  readonly #seats = new Map<MemberId, Seat>();
  readonly #config: RaftConfig;

  constructor(
    voters: readonly MemberId[],
    options: {
      readonly switches?: Partial<RaftSwitches>;
      readonly direction?: RaftConfig['direction'];
      readonly observers?: readonly MemberId[];
      readonly logs?: Readonly<Record<MemberId, readonly Entry[]>>;
    } = {},
  ) {
    const { switches, direction = 'pull', logs = {} } = options;
    this.#config = { ...kraftConfig(voters), direction, switches: { ...SOUND, ...switches } };
    const members = [...voters, ...(options.observers ?? [])];
    for (const id of members) this.#seat(id, null, logs[id] ?? []);
  }

  view(id: MemberId): RaftView {
    return this.#of(id).raft.inspect();
  }

  step(id: MemberId, event: RaftEvent): void {
    this.#perform(id, this.#of(id).raft.step(event));
  }

  fire(id: MemberId, timer: TimerName): void {
    this.step(id, { type: 'timer', timer });
  }

  append(id: MemberId, payload: unknown): void {
    this.step(id, { type: 'append', id: 1, proposals: [{ records: 1, payload }] });
  }

  /** Delivers the messages that fit, and what they cause, until none is left; the rest stays. */
  deliver(fits: (letter: Letter) => boolean = () => true): void {
    for (let left = 10_000; left > 0; left--) {
      const place = this.letters.findIndex(fits);
      if (place < 0) return;
      const [letter] = this.letters.splice(place, 1);
      const { from, to, message } = letter!;
      this.step(to, { type: 'message', from, message });
    }
    throw new Error('the conversation has no end');
  }

  /** Delivers among these members; what others were sent, or sent, is lost. */
  among(...members: readonly MemberId[]): void {
    this.deliver(({ from, to }) => members.includes(from) && members.includes(to));
    this.letters = [];
  }

  /** The held disk does so much of what it was asked for, in order. */
  release(id: MemberId, count: number = Number.MAX_SAFE_INTEGER): void {
    const seat = this.#of(id);
    for (const done of seat.held.splice(0, count)) this.#done(id, seat, done);
  }

  /** Loses power and starts again with what is durable. */
  restart(id: MemberId): void {
    const { state, durableLog } = this.#of(id);
    this.letters = this.letters.filter(({ from, to }) => from !== id && to !== id);
    this.#seat(id, state, durableLog);
  }

  #seat(id: MemberId, state: QuorumState | null, log: readonly Entry[]): void {
    const start = { offset: 0, term: 0 };
    const restored = { state, start, startVoters: null, entries: log };
    const ports = { clock, trace: this.watch.transitions };
    const raft = new Raft({ me: id, config: this.#config, ports, restored });
    this.#seats.set(id, { raft, log: [...log], durableLog: [...log], state, held: [] });
    this.watch.restarted(id, start, log);
    this.#perform(id, raft.start());
  }

  #of(id: MemberId): Seat {
    const seat = this.#seats.get(id);
    if (seat === undefined) throw new Error(`no ${id}`);
    return seat;
  }

  #perform(id: MemberId, effects: readonly Effect[]): void {
    const seat = this.#of(id);
    const done: Seat['held'] = [];
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.effect === 'append') {
        seat.log.push(...effect.entries);
        this.watch.appended(id, effect.entries);
      } else if (effect.effect === 'truncate') {
        seat.log = seat.log.filter(({ offset }) => offset < effect.endOffset);
        this.watch.truncated(id, effect.endOffset);
      } else if (effect.effect === 'persist') {
        const { sequence, state } = effect;
        done.push({ event: { type: 'persisted', sequence }, state, log: null });
      } else if (effect.effect === 'sync') {
        const { number } = effect;
        done.push({ event: { type: 'synced', number }, state: null, log: [...seat.log] });
      } else this.#performOther(id, seat, effect);
    }
    this.watch.looked(id, seat.raft.inspect(), 0);
    for (const one of done) {
      if (this.heldDisks.has(id)) seat.held.push(one);
      else this.#done(id, seat, one);
    }
  }

  #performOther(id: MemberId, seat: Seat, effect: Effect): void {
    if (effect.effect === 'send') this.#send(id, seat, effect.to, effect.message);
    else if (effect.effect === 'send-entries') {
      const { offset } = effect.message.position;
      const entries = seat.log.filter((entry) => entry.offset >= offset);
      const message = { ...effect.message, answer: { kind: 'entries', entries } as const };
      this.#send(id, seat, effect.to, message);
    } else if (effect.effect === 'start-timer') {
      this.timers.set(`${id}/${effect.timer}`, [effect.microsMin, effect.microsMax]);
    } else if (effect.effect === 'stop-timer') this.timers.delete(`${id}/${effect.timer}`);
    else if (effect.effect === 'reply') this.replies.push(effect.reply);
  }

  #send(id: MemberId, seat: Seat, to: MemberId, message: Message): void {
    const endOffset = seat.durableLog[seat.durableLog.length - 1]?.endOffset ?? 0;
    this.watch.sent(id, to, message, { state: seat.state, endOffset });
    this.letters.push({ from: id, to, message });
  }

  #done(id: MemberId, seat: Seat, { event, state, log }: Seat['held'][number]): void {
    if (state !== null) seat.state = state;
    if (log !== null) seat.durableLog = [...log];
    this.#perform(id, seat.raft.step(event));
  }
}

/** An entry of one record with a payload. */
export function entry(offset: number, term: number, payload: unknown = null): Entry {
  return { offset, endOffset: offset + 1, term, control: null, payload };
}
