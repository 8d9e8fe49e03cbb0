/**
 * The state machine that a Ra cluster replicates: each member has one, and applies the same
 * commands in the same order.
 *
 * Invariant R15: what `apply` does follows from the command, its meta data and the state alone.
 * Effects are what a leader does besides; a member that does not lead forgets them. So does a
 * leader that is about to lose its office: whoever must not miss something asks again.
 *
 * Source: the behaviour `ra_machine`. Difference: a machine changes its own state in place.
 * Not here: who calls it (`ra-server.ts`).
 */
import type { Term } from '../../wire/erlang/term.ts';

/** Whoever is registered by `name` on `node`: Erlang's process. */
export interface Address {
  readonly node: string;
  readonly name: string;
}

export interface CommandMeta {
  /** The command's place in the log. */
  readonly index: number;
  /** The wall clock of the leader that took it, in milliseconds since 1970. */
  readonly systemTimeMs: number;
  /** Who is told the reply; null: nobody. */
  readonly from: Address | null;
}

/** Commands that a server puts into the log by itself. */
export type BuiltinCommand =
  /** A process that was monitored ended, or its node is not connected any more. */
  | {
      readonly type: 'down';
      readonly process: { readonly node: string; readonly name: string };
      readonly reason: 'ended' | 'noconnection';
    }
  | { readonly type: 'nodeup'; readonly node: string }
  /** The timer of the machine rang. */
  | { readonly type: 'timeout' };

export type RaEffect =
  | { readonly effect: 'send'; readonly to: Address; readonly message: Term }
  /** Tells, by a command `down`, when the process ends; again after each election. */
  | { readonly effect: 'monitor'; readonly process: Address }
  /** Tells, by a command `nodeup`, when the node is connected again. */
  | { readonly effect: 'monitor-node'; readonly node: string }
  /** Rings after so long, in place of what was set before; null: not at all. */
  | { readonly effect: 'timer'; readonly delayMs: number | null }
  /** Another command for the log; nobody is told its reply. */
  | { readonly effect: 'append'; readonly command: Term }
  /** Something that the node of the leader does. */
  | { readonly effect: 'call'; readonly run: () => void };

export interface Applied {
  readonly reply: Term;
  readonly effects: readonly RaEffect[];
}

export const OK: Applied = Object.freeze({ reply: 'ok', effects: [] });

export interface RaMachine {
  apply(meta: CommandMeta, command: Term): Applied;
  /** This member leads now, or does not any more. */
  entered(role: 'leader' | 'follower', systemTimeMs: number): readonly RaEffect[];
  /** Commands were applied: what a leader does after all of them. */
  applied(systemTimeMs: number): readonly RaEffect[];
  /** Every few seconds where it leads. */
  tick(systemTimeMs: number): void;
  /** Answers without changing anything. */
  query(question: Term): Term;
  /** The whole state as plain data. */
  snapshot(): Term;
  restore(state: Term): void;
  /** The same on all members that have applied as much (invariant R15). */
  hash(): string;
}
