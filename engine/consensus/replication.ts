/**
 * How logs become the same. A follower says how far it is (Fetch); the leader looks whether that
 * is a beginning of its own log and says what comes next, where to cut, or which snapshot to take.
 *
 * The same two messages serve both directions; `progress.ts` has who speaks when. A follower that
 * pulls sends a Fetch again when there was no answer.
 *
 * Invariant T3: entries are appended only at a position that the leader's log goes through.
 * Invariant T7: a follower's Fetch leaves when its whole log is durable.
 *
 * Sources: Raft paper 5.3, KIP-595 (diverging epochs), KafkaRaftClient.handleFetchRequest.
 * Not here: counting (`commitment.ts`), snapshots' bytes (`snapshot.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { advanceHighWatermark } from './commitment.ts';
import { follow } from './election.ts';
import { heardFrom, leadershipOf } from './leadership.ts';
import type { Entry, Fetch, LogPosition, MemberId, Records } from './message.ts';
import { hasNews, progressOf, sendAnswer, sendEntries } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { become, commitTo, cutLog, extendLog, forgetLeader, roleOf } from './raft-state.ts';
import { send, startTimer, syncLog } from './raft-state.ts';
import { settleReads } from './read-index.ts';
import { beginInstall } from './snapshot.ts';
import { handOverIfCaughtUp } from './transfer.ts';

// ------------------------------------------------------------------------------------- the leader

/** A member says how far it is. A newer term was entered before (`raft.ts`). */
export function receiveFetch(raft: RaftState, from: MemberId, fetch: Fetch): void {
  assert(fetch.term <= raft.term, 'newer terms are entered first', { fetch, term: raft.term });
  if (roleOf(raft) !== 'Leader' || fetch.term < raft.term) {
    sendAnswer(raft, from, fetch.position, { kind: 'rejected' });
    return;
  }
  const progress = progressOf(leadershipOf(raft), from);
  progress.silentHeartbeats = 0;
  progress.round = Math.max(progress.round, fetch.round);
  heardFrom(raft, from);
  const { position } = fetch;
  const longEnough = position.offset <= raft.log.endOffset;
  const blind = longEnough && !raft.config.switches.checksPosition;
  const validity = blind ? ({ kind: 'valid' } as const) : raft.log.validate(position);
  if (validity.kind !== 'valid') {
    const { kind } = validity;
    progress.position = null;
    const snapshot = raft.log.start;
    sendAnswer(raft, from, position, kind === 'snapshot' ? { kind, snapshot } : validity);
    return;
  }
  assert(position.offset <= raft.log.endOffset, 'T3: a beginning of our log', { fetch });
  progress.position = position;
  progress.matchOffset = position.offset;
  progress.ready = true;
  advanceHighWatermark(raft);
  if (raft.leadership === null) return;
  settleReads(raft);
  handOverIfCaughtUp(raft);
  if (raft.leadership === null) return;
  if (progress.ready && hasNews(raft, progress)) {
    sendEntries(raft, from, progress, position);
  }
}

// ------------------------------------------------------------------------------------ a follower

/** What the leader says to our Fetch. A newer term was entered before (`raft.ts`). */
export function receiveRecords(raft: RaftState, from: MemberId, records: Records): void {
  assert(records.term <= raft.term, 'newer terms are entered first', { term: records.term });
  if (records.term < raft.term) {
    // A leader of the past that pushes; one that only answers hears of it in time.
    if (raft.config.direction === 'push' && from !== raft.leader) tellTerm(raft, from);
    return;
  }
  if (!learnLeader(raft, from, records) || raft.install !== null) return;
  raft.heardLeader = true;
  raft.round = Math.max(raft.round, records.round);
  startTimer(raft, 'fetch', raft.config.fetchMicros);
  const current = applies(raft, records);
  // Of an answer to what was asked before, only a leader that pushes must hear: who pulls has
  // asked again since.
  if (current || raft.config.direction === 'push') raft.owesFetch = true;
  if (!current) return;
  const { answer } = records;
  if (answer.kind === 'diverging') diverge(raft, answer.end);
  else if (answer.kind === 'snapshot') beginInstall(raft, answer.snapshot);
  else if (answer.kind === 'entries') take(raft, answer.entries);
  if (answer.kind === 'entries') {
    const committed = Math.min(records.highWatermark, raft.log.endOffset);
    if (committed > raft.highWatermark) commitTo(raft, committed);
  }
}

/** False if the sender is not the leader that we follow. */
function learnLeader(raft: RaftState, from: MemberId, { leader, answer }: Records): boolean {
  const role = roleOf(raft);
  if (role === 'Leader' || role === 'Resigned') {
    assert(leader === null || leader === raft.me, 'T1: one leader a term', { leader });
    return false;
  }
  if (leader !== null && leader !== raft.me) {
    const found = raft.leader !== leader;
    follow(raft, leader);
    if (found) raft.owesFetch = true;
  } else if (answer.kind === 'rejected' && raft.leader === from) {
    // The leader of this term leads no more.
    forgetLeader(raft);
    become(raft, 'LEADER_LOST');
  }
  return raft.leader === from && answer.kind !== 'rejected';
}

/** Whether it was said to the log as it is now: prevLogIndex and prevLogTerm match. */
function applies(raft: RaftState, { position }: Records): boolean {
  const { offset, term } = raft.log.end;
  return position.offset === offset && sameTerm(raft, position.term, term);
}

function sameTerm(raft: RaftState, left: number, right: number): boolean {
  return left === right || !raft.config.switches.checksPosition;
}

function tellTerm(raft: RaftState, to: MemberId): void {
  if (raft.durableEndOffset < raft.log.endOffset) return;
  send(raft, to, { type: 'fetch', term: raft.term, position: raft.log.end, round: 0 });
}

/** Cuts to where both logs may still be the same; the next Fetch asks again from there. */
function diverge(raft: RaftState, end: LogPosition): void {
  const mine = raft.log.endOf(end.term);
  const cut = mine.term === end.term ? Math.min(mine.offset, end.offset) : mine.offset;
  assert(cut < raft.log.endOffset, 'a divergence cuts something', { cut, end: raft.log.end });
  cutLog(raft, cut);
}

function take(raft: RaftState, entries: readonly Entry[]): void {
  const first = entries[0];
  if (first === undefined) return;
  assert(first.offset === raft.log.endOffset, 'T3: entries begin at our end', {
    first: first.offset,
    end: raft.log.endOffset,
  });
  extendLog(raft, entries);
  raft.effects.push({ effect: 'append', entries });
  syncLog(raft);
}

/** Says how far we are, when it is owed and the disk has all of it (T7). */
export function payFetch(raft: RaftState): void {
  if (!raft.owesFetch || raft.leader === null || raft.install !== null) return;
  if (roleOf(raft) !== 'Follower') return;
  const durable = raft.durableEndOffset === raft.log.endOffset;
  if (!durable && raft.config.switches.fsyncBeforeAck) return;
  raft.owesFetch = false;
  const { term, round, leader } = raft;
  send(raft, leader, { type: 'fetch', term, position: raft.log.end, round });
  if (raft.config.direction === 'pull') startTimer(raft, 'retry', raft.config.retryMicros);
}

/** No answer to a Fetch: it is sent again. */
export function retryFetch(raft: RaftState): void {
  assert(roleOf(raft) === 'Follower', 'only a follower fetches', { role: roleOf(raft) });
  raft.owesFetch = true;
}
