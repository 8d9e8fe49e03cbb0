/**
 * What a member knows, and the few ways in which it changes: its term and vote, its role, its high
 * watermark, and what it is about to say.
 *
 * Invariant T7: nothing is said before the term and vote that it rests on are durable. A message
 * waits in the outbox until the disk has confirmed all that was to be persisted before it.
 *
 * Not here: the rules (`election.ts`, `replication.ts`, `leadership.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { MachineRunner } from '../kernel/machine.ts';
import type { Effect, Refusal, Reply, TimerName } from './effect.ts';
import type { Leadership } from './leadership.ts';
import type { EntryHeader, LogPosition, MemberId, Message } from './message.ts';
import type { RaftConfig } from './raft-config.ts';
import type { raftMachine, Role, RoleEvent } from './raft.machine.ts';
import type { TermIndex } from './term-index.ts';
import type { VoterHistory } from './voter-history.ts';

type SendEffect = Extract<Effect, { effect: 'send' | 'send-entries' | 'send-chunk' }>;

interface Withheld {
  readonly effect: SendEffect;
  /** The number of the quorum state that must be durable. */
  readonly sequence: number;
}

/** A snapshot on its way in: `position` bytes are here; then it is being written. */
export interface Install {
  readonly snapshot: LogPosition;
  position: number;
  writing: boolean;
}

export interface RaftState {
  readonly me: MemberId;
  readonly config: RaftConfig;
  readonly machine: MachineRunner<typeof raftMachine>;
  readonly log: TermIndex;
  readonly voters: VoterHistory;
  term: number;
  votedFor: MemberId | null;
  /** The leader of the term, where it is known. */
  leader: MemberId | null;
  highWatermark: number;
  /** Log entries below it are on the platter. */
  durableEndOffset: number;
  /** The running sync: its number, and the end that it covers; null if none runs. */
  syncing: { readonly number: number; endOffset: number } | null;
  syncs: number;
  /** Numbers of the newest quorum state, and of the newest that is durable. */
  sequence: number;
  durableSequence: number;
  outbox: Withheld[];
  /** A follower's: whether the leader is to hear of our position, and what it told us. */
  owesFetch: boolean;
  heardLeader: boolean;
  round: number;
  install: Install | null;
  /** A prospective's or candidate's: who answered what. */
  readonly ballots: Map<MemberId, boolean>;
  /** For members without a vote: whom to ask for the leader next. */
  discoveries: number;
  leadership: Leadership | null;
  effects: Effect[];
}

export function roleOf(raft: RaftState): Role {
  return raft.machine.state as Role;
}

export function become(raft: RaftState, type: RoleEvent['type']): void {
  raft.machine.send({ type });
}

/** Sends when all that was persisted up to now is durable. */
export function send(raft: RaftState, to: MemberId, message: Message): void {
  withhold(raft, { effect: 'send', to, message });
}

export function withhold(raft: RaftState, effect: SendEffect): void {
  assert(effect.to !== raft.me, 'nobody writes to himself', { me: raft.me });
  raft.outbox.push({ effect, sequence: raft.sequence });
}

/** Lets go what rests on nothing that the platter lacks; all of it is in order. */
export function releaseOutbox(raft: RaftState): void {
  const ready = raft.outbox.filter(({ sequence }) => sequence <= raft.durableSequence);
  if (ready.length === 0) return;
  raft.outbox = raft.outbox.filter(({ sequence }) => sequence > raft.durableSequence);
  for (const { effect } of ready) {
    assertDurable(raft, effect);
    raft.effects.push(effect);
  }
}

/** Takes back a Fetch that has not left: the log that it speaks of is another now. */
export function withdrawFetch(raft: RaftState): void {
  raft.outbox = raft.outbox.filter(
    ({ effect }) => effect.effect !== 'send' || effect.message.type !== 'fetch',
  );
}

/** Invariant T7 for what a follower acknowledges: every entry below the position is durable. */
function assertDurable(raft: RaftState, effect: SendEffect): void {
  if (effect.effect !== 'send' || effect.message.type !== 'fetch') return;
  const { offset } = effect.message.position;
  const durable = offset <= raft.durableEndOffset || !raft.config.switches.fsyncBeforeAck;
  assert(durable, 'T7: what is acknowledged is durable', {
    offset,
    durable: raft.durableEndOffset,
  });
}

export function reply(raft: RaftState, id: number, answer: Reply): void {
  raft.effects.push({ effect: 'reply', id, reply: answer });
}

export function refuse(raft: RaftState, id: number, reason: Refusal): void {
  reply(raft, id, { kind: 'refused', reason, leader: raft.leader });
}

export function startTimer(raft: RaftState, timer: TimerName, micros: number): void {
  raft.effects.push({ effect: 'start-timer', timer, microsMin: micros, microsMax: micros });
}

/**
 * Enters a term, or gives the vote in it. Terms only rise, and a vote is given once a term: with
 * that two members cannot both win one (T1).
 */
export function persist(raft: RaftState, term: number, votedFor: MemberId | null): void {
  assert(Number.isSafeInteger(term) && term >= raft.term, 'T1: terms only rise', {
    term,
    now: raft.term,
  });
  const given = term === raft.term ? raft.votedFor : null;
  assert(given === null || given === votedFor, 'T1: one vote a term', { term, given, votedFor });
  raft.term = term;
  raft.votedFor = votedFor;
  raft.sequence += 1;
  const kept = raft.config.switches.persistsVote ? votedFor : null;
  const state = { term, votedFor: kept };
  raft.effects.push({ effect: 'persist', state, sequence: raft.sequence });
}

/** Writes entries at the log's end. A set of voters among them is in force at once. */
export function extendLog(raft: RaftState, entries: readonly EntryHeader[]): void {
  for (const entry of entries) {
    assert(entry.term <= raft.term, 'T3: no entry is of a term to come', { of: entry.term });
    raft.log.append(entry);
    if (entry.control?.kind === 'voters') raft.voters.append(entry.offset, entry.control.voters);
  }
}

/** Asks for a sync if there is something to sync and none runs; later entries share the next. */
export function syncLog(raft: RaftState): void {
  if (raft.syncing !== null || raft.durableEndOffset === raft.log.endOffset) return;
  assert(raft.durableEndOffset < raft.log.endOffset, 'the platter is not ahead of the log', {
    durable: raft.durableEndOffset,
    end: raft.log.endOffset,
  });
  raft.syncs += 1;
  raft.syncing = { number: raft.syncs, endOffset: raft.log.endOffset };
  raft.effects.push({ effect: 'sync', number: raft.syncs });
}

/**
 * Cuts the end off. Only a follower does (T2), and never below what is committed (T4, T5). A sync
 * that runs covers no more than what is left: what comes in its place is new.
 */
export function cutLog(raft: RaftState, endOffset: number): void {
  assert(roleOf(raft) === 'Follower', 'T2: a leader only appends', { role: roleOf(raft) });
  assert(endOffset >= raft.highWatermark, 'T4: a leader has all that is committed', {
    endOffset,
    highWatermark: raft.highWatermark,
    leader: raft.leader,
    term: raft.term,
  });
  raft.log.truncate(endOffset);
  raft.voters.truncate(endOffset);
  withdrawFetch(raft);
  raft.durableEndOffset = Math.min(raft.durableEndOffset, endOffset);
  const { syncing } = raft;
  if (syncing !== null) syncing.endOffset = Math.min(syncing.endOffset, endOffset);
  raft.effects.push({ effect: 'truncate', endOffset });
}

/** Moves the high watermark, which never falls (T5) and is never behind the log's end (T6). */
export function commitTo(raft: RaftState, highWatermark: number): void {
  assert(highWatermark > raft.highWatermark, 'T5: what is committed stays', {
    highWatermark,
    before: raft.highWatermark,
  });
  assert(highWatermark <= raft.log.endOffset, 'T6: only what is in the log is committed', {
    highWatermark,
    end: raft.log.endOffset,
  });
  raft.highWatermark = highWatermark;
  raft.effects.push({ effect: 'commit', highWatermark });
}

/** The leader is gone, or silent; nothing that it said is used for votes any more. */
export function forgetLeader(raft: RaftState): void {
  raft.leader = null;
  raft.heardLeader = false;
  raft.owesFetch = false;
  raft.round = 0;
  if (raft.install?.writing === false) raft.install = null;
}
