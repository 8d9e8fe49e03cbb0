/**
 * One member of a Raft quorum, without input or output: an event goes in, effects come out. The
 * metadata quorum of Kafka, quorum queues and DLedger differ in what stands around it.
 *
 * The member knows its log's outline (terms, offsets, voters) and never the entries: those are the
 * product's, in the product's log, and are read when a message is sent. It has no clock and no
 * random numbers: timers are effects with two bounds. The ports it is given serve the machine of
 * its roles, which records its transitions. Whatever is sent waits for what it rests on (T7).
 *
 * Which way messages run is the product's: `message.ts`. To use it in Kafka's controller:
 * - give `raft-driver.ts` a `ReplicatedLog` over the segmented log of `__cluster_metadata-0`, with
 *   one entry a batch (LeaderChangeMessage and VotersRecord are the control entries), the text of
 *   `quorum-state`, and a transport that writes Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch and
 *   FetchSnapshot, and hands in what arrives, replies too, as messages;
 * - claim when the role is Leader and `commit` has passed `termStart`; renounce when it is not;
 * - write a decision by `append`, complete it when `commit` has passed its end in the same term,
 *   and give it up when the term ends; apply nothing beyond `commit`;
 * - a broker is an observer: a member that no set of voters names.
 *
 * Sources: Raft paper, Ongaro's thesis, KIP-595, 630, 853 and 996, KafkaRaftClient.java.
 */
import { assert, unreachable } from '../kernel/assert.ts';
import { MachineRunner } from '../kernel/machine.ts';
import type { Ports } from '../kernel/ports.ts';
import { advanceHighWatermark, appendOwn } from './commitment.ts';
import type { Effect, QuorumState, TimerName } from './effect.ts';
import * as election from './election.ts';
import type { Proposal, RaftEvent } from './event.ts';
import { leadershipOf, resign } from './leadership.ts';
import { addVoter, removeVoter } from './membership.ts';
import type { EntryHeader, LogPosition, MemberId, Message } from './message.ts';
import { heartbeat } from './office.ts';
import { tellFollowers } from './progress.ts';
import type { RaftConfig } from './raft-config.ts';
import type { RaftState } from './raft-state.ts';
import { persist, refuse, releaseOutbox, reply, roleOf, syncLog } from './raft-state.ts';
import { raftMachine } from './raft.machine.ts';
import type { Role } from './raft.machine.ts';
import { read } from './read-index.ts';
import { payFetch, receiveFetch, receiveRecords, retryFetch } from './replication.ts';
import * as snapshot from './snapshot.ts';
import { TermIndex } from './term-index.ts';
import { receiveEndEpoch, transfer, transferTimedOut } from './transfer.ts';
import { VoterHistory } from './voter-history.ts';

/** What was found on the disk at the start. */
export interface Restored {
  /** Null if there was no quorum state. */
  readonly state: QuorumState | null;
  /** The snapshot before the log, or offset 0 and term 0. */
  readonly start: LogPosition;
  /** The snapshot's voters; null without a snapshot. */
  readonly startVoters: readonly MemberId[] | null;
  /** The log, in its order. */
  readonly entries: Iterable<EntryHeader>;
}

export interface RaftOptions {
  readonly me: MemberId;
  readonly config: RaftConfig;
  readonly ports: Pick<Ports, 'clock' | 'trace'>;
  readonly restored: Restored;
}

/** What views and checkers may see. */
export interface RaftView {
  readonly role: Role;
  readonly term: number;
  readonly votedFor: MemberId | null;
  readonly leader: MemberId | null;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly durableEndOffset: number;
  readonly highWatermark: number;
  readonly voters: readonly MemberId[];
}

export class Raft {
  readonly #raft: RaftState;
  #told = '';

  constructor({ me, config, ports, restored }: RaftOptions) {
    assert(config.retryMicros > config.heartbeatMicros, 'a held Fetch is answered in time', {
      retryMicros: config.retryMicros,
      heartbeatMicros: config.heartbeatMicros,
    });
    const effects: Effect[] = [];
    const log = new TermIndex(restored.start);
    const voters = new VoterHistory(restored.startVoters ?? config.voters);
    for (const entry of restored.entries) {
      log.append(entry);
      if (entry.control?.kind === 'voters') voters.append(entry.offset, entry.control.voters);
    }
    const state = restored.state ?? { term: 0, votedFor: null };
    // Entries of a term may be durable before the term is: then nobody was voted for in it.
    const known = state.term >= log.lastTerm;
    this.#raft = {
      me,
      config,
      machine: machineOf(me, config, ports, () => this.#raft?.effects ?? effects),
      log,
      voters,
      term: known ? state.term : log.lastTerm,
      votedFor: known ? state.votedFor : null,
      leader: null,
      highWatermark: restored.start.offset,
      durableEndOffset: restored.start.offset,
      syncing: null,
      syncs: 0,
      sequence: 0,
      durableSequence: 0,
      outbox: [],
      owesFetch: false,
      heardLeader: false,
      round: 0,
      install: null,
      ballots: new Map(),
      discoveries: 0,
      leadership: null,
      effects,
    };
  }

  /**
   * The first effects. What was found on the disk may be in the page cache only, so it is written
   * and synced again before anything is said. A voter that is alone stands for election at once.
   */
  start(): readonly Effect[] {
    const raft = this.#raft;
    assert(raft.sequence === 0, 'a member starts once', { me: raft.me });
    persist(raft, raft.term, raft.votedFor);
    if (raft.votedFor !== null) raft.machine.send({ type: 'VOTE_GRANTED' });
    syncLog(raft);
    if (raft.voters.voters.length === 1 && raft.voters.has(raft.me)) {
      election.electionTimedOut(raft);
    }
    return this.#finish();
  }

  /** Takes one event; the effects are to be performed in their order before the next. */
  step(event: RaftEvent): readonly Effect[] {
    const raft = this.#raft;
    assert(raft.effects.length === 0, 'one event at a time', { event: event.type });
    handle(raft, event);
    assert(raft.highWatermark <= raft.log.endOffset, 'T6: committed is in the log', {
      highWatermark: raft.highWatermark,
      end: raft.log.endOffset,
    });
    return this.#finish();
  }

  inspect(): RaftView {
    const { term, votedFor, leader, log, durableEndOffset, highWatermark, voters } = this.#raft;
    return {
      role: roleOf(this.#raft),
      term,
      votedFor,
      leader,
      startOffset: log.start.offset,
      endOffset: log.endOffset,
      durableEndOffset,
      highWatermark,
      voters: voters.voters,
    };
  }

  #finish(): readonly Effect[] {
    const raft = this.#raft;
    payFetch(raft);
    releaseOutbox(raft);
    const { term, leader } = raft;
    const role = roleOf(raft);
    const told = `${role} ${term} ${leader ?? ''}`;
    const termStart = raft.leadership?.termStart ?? null;
    if (told !== this.#told) raft.effects.push({ effect: 'role', role, term, leader, termStart });
    this.#told = told;
    const { effects } = raft;
    raft.effects = [];
    return effects;
  }
}

function machineOf(
  me: MemberId,
  config: RaftConfig,
  ports: Pick<Ports, 'clock' | 'trace'>,
  effects: () => Effect[],
): MachineRunner<typeof raftMachine> {
  const start = (timer: TimerName, microsMin: number, microsMax: number): void => {
    effects().push({ effect: 'start-timer', timer, microsMin, microsMax });
  };
  const stop = (...timers: readonly TimerName[]): void => {
    for (const timer of timers) effects().push({ effect: 'stop-timer', timer });
  };
  const { electionMicros, fetchMicros } = config;
  return new MachineRunner({
    machine: raftMachine,
    instance: me,
    clock: ports.clock,
    trace: ports.trace,
    perform: {
      startElectionTimer: () => start('election', electionMicros, 2 * electionMicros),
      stopElectionTimer: () => stop('election'),
      startFetchTimer: () => start('fetch', fetchMicros, fetchMicros),
      stopFollowerTimers: () => stop('fetch', 'retry'),
      stopLeaderTimers: () => stop('heartbeat', 'check-quorum', 'transfer'),
    },
  });
}

function handle(raft: RaftState, event: RaftEvent): void {
  switch (event.type) {
    case 'message':
      receive(raft, event.from, event.message);
      return;
    case 'timer':
      timerFired(raft, event.timer);
      return;
    case 'persisted':
      persisted(raft, event.sequence);
      return;
    case 'synced':
      synced(raft, event.number);
      return;
    case 'installed':
      snapshot.installed(raft, event.snapshot, event.voters);
      return;
    case 'compacted':
      snapshot.compacted(raft, event.snapshot);
      return;
    default:
      wish(raft, event);
  }
}

type Wish = Extract<
  RaftEvent,
  { type: 'append' | 'read' | 'add-voter' | 'remove-voter' | 'transfer' | 'resign' }
>;

function wish(raft: RaftState, event: Wish): void {
  switch (event.type) {
    case 'append':
      append(raft, event.id, event.proposals);
      return;
    case 'read':
      read(raft, event.id);
      return;
    case 'add-voter':
      addVoter(raft, event.id, event.member);
      return;
    case 'remove-voter':
      removeVoter(raft, event.id, event.member);
      return;
    case 'transfer':
      transfer(raft, event.id, event.to);
      return;
    case 'resign':
      if (roleOf(raft) === 'Leader') resign(raft);
      return;
    default:
      unreachable('a wish', event);
  }
}

/** Any message of a newer term ends the one that was, whatever it says. */
function receive(raft: RaftState, from: MemberId, message: Message): void {
  assert(from !== raft.me, 'nobody writes to himself', { from });
  assert(Number.isSafeInteger(message.term) && message.term >= 0, 'a term', { message });
  if (message.term > raft.term) election.enterTerm(raft, message.term);
  switch (message.type) {
    case 'vote':
      election.receiveVote(raft, from, message);
      return;
    case 'vote-reply':
      election.receiveVoteReply(raft, from, message);
      return;
    case 'begin-epoch':
      election.receiveBeginEpoch(raft, from, message);
      return;
    case 'end-epoch':
      receiveEndEpoch(raft, from, message);
      return;
    case 'fetch':
      receiveFetch(raft, from, message);
      return;
    case 'records':
      receiveRecords(raft, from, message);
      return;
    case 'fetch-snapshot':
      snapshot.receiveFetchSnapshot(raft, from, message);
      return;
    case 'snapshot-chunk':
      snapshot.receiveChunk(raft, from, message);
      return;
    default:
      unreachable('a message', message);
  }
}

function timerFired(raft: RaftState, timer: TimerName): void {
  switch (timer) {
    case 'election':
      election.electionTimedOut(raft);
      return;
    case 'fetch':
      election.fetchTimedOut(raft);
      return;
    case 'retry':
      if (raft.install === null) retryFetch(raft);
      else snapshot.askForChunk(raft);
      return;
    case 'heartbeat':
      heartbeat(raft);
      return;
    case 'check-quorum':
      // A majority has not fetched: it may have another leader by now.
      leadershipOf(raft);
      resign(raft);
      return;
    case 'transfer':
      transferTimedOut(raft);
      return;
    default:
      unreachable('a timer', timer);
  }
}

/** The disk has a quorum state: what waited for it may be said, and an own vote counts. */
function persisted(raft: RaftState, sequence: number): void {
  assert(sequence <= raft.sequence, 'T7: only what was asked for is durable', { sequence });
  raft.durableSequence = Math.max(raft.durableSequence, sequence);
  election.ownVoteDurable(raft);
}

function synced(raft: RaftState, number: number): void {
  const { syncing } = raft;
  // A sync of the log that a snapshot has replaced says nothing of the new one.
  if (syncing === null || syncing.number !== number) return;
  assert(syncing.endOffset <= raft.log.endOffset, 'T7: what was cut is not durable', {
    synced: syncing.endOffset,
    end: raft.log.endOffset,
  });
  raft.syncing = null;
  raft.durableEndOffset = Math.max(raft.durableEndOffset, syncing.endOffset);
  syncLog(raft);
  if (raft.leadership !== null) advanceHighWatermark(raft);
}

function append(raft: RaftState, id: number, proposals: readonly Proposal[]): void {
  if (roleOf(raft) !== 'Leader') {
    refuse(raft, id, 'NOT_LEADER');
    return;
  }
  if (leadershipOf(raft).transfer !== null) {
    refuse(raft, id, 'TRANSFERRING');
    return;
  }
  assert(proposals.length > 0, 'something to append', { id });
  const own = proposals.map((proposal) => ({ ...proposal, control: null }));
  const offset = appendOwn(raft, own);
  const { endOffset } = raft.log;
  assert(endOffset > offset, 'T2: a leader only appends', { offset, endOffset });
  reply(raft, id, { kind: 'appended', offset, endOffset, term: raft.term });
  if (raft.leadership !== null) tellFollowers(raft);
}
