/**
 * The state machine that says, of every stream of a cluster, which node has its writer, and in
 * which epoch: all nodes replicate it as a Ra cluster.
 *
 *     writing in epoch e --its writer's process or node is gone--> stopping in epoch e + 1
 *     stopping --a majority of the members has stopped and said what it has--> writing, where
 *     the member that has most is the writer
 *
 * A member that has stopped for an epoch takes nothing of an earlier one any more, and what was
 * committed is with one member of any majority at least; so the new writer has it (R1).
 * Members look at their own node's copy of the state (`stream-member.ts`), which they believe once
 * it has their own `join`: what it was before that may be long ago.
 * Source: `rabbit_stream_coordinator` (`update_stream0`, `select_leader`). Differs: there the
 * leader of the cluster starts and stops members itself, and each action of it is a state; of
 * members that have the same, one was preferred where an operator had said so.
 */
import { assert, present } from '../../kernel/assert.ts';
import { Hash64 } from '../../kernel/hash.ts';
import type { Term } from '../../wire/erlang/term.ts';
import { termText } from '../metadata/term-text.ts';
import type { Address, Applied, BuiltinCommand, CommandMeta } from '../ra/ra-machine.ts';
import type { RaEffect, RaMachine } from '../ra/ra-machine.ts';

/** The last chunk's epoch, and the offset behind it. */
export interface StreamTail {
  readonly epoch: number;
  readonly offset: number;
}

export type StreamCommand =
  /** A member's node has the stream open; the first of them makes the stream known. */
  | {
      readonly type: 'join';
      readonly stream: string;
      readonly members: readonly string[];
      /** Where the writer is at first. */
      readonly leader: string;
      readonly node: string;
      /** This life of the node's member. */
      readonly life: string;
    }
  | {
      readonly type: 'member_stopped';
      readonly stream: string;
      readonly node: string;
      readonly life: string;
      readonly epoch: number;
      readonly tail: StreamTail;
    }
  | { readonly type: 'delete_stream'; readonly stream: string };

export interface StreamState {
  readonly stream: string;
  readonly members: readonly string[];
  readonly epoch: number;
  /** The node that has the writer; null while the members stop. */
  readonly writer: string | null;
  /** Lives of the members that have joined, by their nodes. */
  readonly lives: Readonly<Record<string, string>>;
  /** What members have, that have stopped for this epoch. */
  readonly tails: Readonly<Record<string, StreamTail>>;
}

export interface CoordinatorOwner {
  /** The stream's state on this node is another one; null: it is deleted. */
  changed(stream: string, state: StreamState | null): void;
}

/** A writer that was named and did not come within this time is held for gone. */
const JOIN_MS = 5000;

export class StreamCoordinator implements RaMachine {
  readonly #owner: CoordinatorOwner;
  readonly #streams = new Map<string, StreamState>();
  #isTimerSet = false;
  #effects: RaEffect[] = [];

  constructor(owner: CoordinatorOwner) {
    this.#owner = owner;
  }

  state(stream: string): StreamState | null {
    return this.#streams.get(stream) ?? null;
  }

  apply(meta: CommandMeta, term: Term): Applied {
    const command = term as unknown as StreamCommand | BuiltinCommand;
    this.#effects = [];
    switch (command.type) {
      case 'join':
        this.#join(command);
        break;
      case 'member_stopped':
        this.#stopped(meta, command);
        break;
      case 'delete_stream':
        if (this.#streams.delete(command.stream)) this.#owner.changed(command.stream, null);
        break;
      case 'down':
        for (const state of [...this.#streams.values()]) {
          const isWriter = state.writer === command.process.node;
          if (isWriter && memberProcess(state.stream) === command.process.name) this.#stop(state);
        }
        break;
      case 'timeout':
        this.#isTimerSet = false;
        for (const state of [...this.#streams.values()]) if (isAwaited(state)) this.#stop(state);
        break;
      case 'nodeup':
        break;
    }
    return { reply: 'ok', effects: this.#effects };
  }

  #put(state: StreamState): void {
    assert(state.epoch > 0 && state.members.length > 0, 'a stream', { stream: state.stream });
    const before = this.#streams.get(state.stream);
    assert(before === undefined || before.epoch <= state.epoch, 'epochs never fall', {
      epoch: state.epoch,
    });
    this.#streams.set(state.stream, state);
    this.#owner.changed(state.stream, state);
  }

  #join({ stream, members, leader, node, life }: Extract<StreamCommand, { type: 'join' }>): void {
    const known = this.#streams.get(stream);
    const state = known ?? {
      ...{ stream, members, epoch: 1, writer: leader, lives: {}, tails: {} },
    };
    if (state.lives[node] === life) return;
    const wasThere = state.lives[node] !== undefined;
    const { [node]: _, ...tails } = state.tails;
    const joined = { ...state, tails, lives: { ...state.lives, [node]: life } };
    // The process that wrote is gone, whether or not anybody saw it go.
    if (state.writer === node && wasThere) return this.#stop(joined);
    this.#put(joined);
    if (state.writer === node) this.#monitor(joined);
  }

  /** The next epoch begins: nobody takes anything of this one any more. */
  #stop(state: StreamState): void {
    this.#put({ ...state, epoch: state.epoch + 1, writer: null, tails: {} });
  }

  #stopped(
    meta: CommandMeta,
    { stream, node, life, epoch, tail }: Extract<StreamCommand, { type: 'member_stopped' }>,
  ): void {
    const state = this.#streams.get(stream);
    if (state === undefined || state.writer !== null) return;
    if (state.epoch !== epoch || state.lives[node] !== life) return;
    const tails = { ...state.tails, [node]: tail };
    const isQuorum = Object.keys(tails).length * 2 > state.members.length;
    const writer = isQuorum ? selectWriter(meta, tails) : null;
    const next = { ...state, tails, writer };
    this.#put(next);
    if (writer !== null) this.#monitor(next);
  }

  #monitor({ stream, writer }: StreamState): void {
    const process: Address = { node: present(writer, 'a writer'), name: memberProcess(stream) };
    this.#effects.push({ effect: 'monitor', process });
  }

  entered(role: 'leader' | 'follower'): readonly RaEffect[] {
    this.#isTimerSet = false;
    if (role === 'follower') return [];
    this.#effects = [];
    for (const state of this.#streams.values()) {
      if (state.writer !== null && !isAwaited(state)) this.#monitor(state);
    }
    return this.#effects;
  }

  applied(): readonly RaEffect[] {
    const isNeeded = [...this.#streams.values()].some(isAwaited);
    if (!isNeeded || this.#isTimerSet) return [];
    this.#isTimerSet = true;
    return [{ effect: 'timer', delayMs: JOIN_MS }];
  }

  tick(): void {}

  query(): Term {
    return this.#streams.size;
  }

  snapshot(): Term {
    return [...this.#streams.values()] as unknown as Term;
  }

  restore(term: Term): void {
    const states = term as unknown as readonly StreamState[];
    const left = new Set(states.map(({ stream }) => stream));
    for (const stream of [...this.#streams.keys()]) {
      if (left.has(stream)) continue;
      this.#streams.delete(stream);
      this.#owner.changed(stream, null);
    }
    for (const state of states) this.#put(state);
  }

  hash(): string {
    const hash = new Hash64();
    for (const state of this.#streams.values()) hash.text(termText(state));
    return hash.digest();
  }
}

/** The registered name of a stream's member, on each node that knows the stream. */
export function memberProcess(stream: string): string {
  assert(stream !== '', 'a stream has a name', {});
  return `stream:${stream}`;
}

/** A writer was named that has not been there yet. */
function isAwaited({ writer, lives }: StreamState): boolean {
  return writer !== null && lives[writer] === undefined;
}

/** Who has most: the newest epoch, then the farthest offset; of those that have the same, one. */
function selectWriter(
  { systemTimeMs, index }: CommandMeta,
  tails: Readonly<Record<string, StreamTail>>,
): string {
  const all = Object.entries(tails).sort(([left, a], [right, b]) => {
    if (a.epoch !== b.epoch) return b.epoch - a.epoch;
    return b.offset - a.offset || (left < right ? -1 : 1);
  });
  const [, most] = present(all[0], 'a majority is somebody');
  const same = all.filter(
    ([, { epoch, offset }]) => epoch === most.epoch && offset === most.offset,
  );
  const [node] = present(same[(systemTimeMs + index) % same.length], 'one of them');
  assert(tails[node] !== undefined, 'who is chosen has stopped', { node });
  return node;
}
