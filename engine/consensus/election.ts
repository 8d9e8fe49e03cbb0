/**
 * Elections: timeouts, pre-votes, votes, and what follows from hearing of a newer term.
 *
 * Invariant T1: a member votes once a term and remembers it; a candidate leads by a majority of
 * the voters in its own log. Invariant T4: a vote goes only to a log that is not behind, so that
 * some voter of each majority vouches for what a majority has.
 *
 * Sources: Raft paper 5.2 and 5.4.1, thesis 4.2.2 (a vote may go to a candidate, and come from a
 * voter, that one's own log does not name) and 9.6, KIP-996, KafkaRaftClient.handleVoteRequest.
 * Differences from KRaft: who is removed stands until it knows that to be committed; a vote that
 * cannot be won is not backed off from by its own timer, but by the election timer, drawn between
 * once and twice `electionMicros`.
 * Not here: what a leader does (`office.ts`); the handing over (`transfer.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { stopLeading } from './leadership.ts';
import type { BeginEpoch, MemberId, Vote, VoteReply } from './message.ts';
import { lead } from './office.ts';
import { become, forgetLeader, persist, roleOf, send } from './raft-state.ts';
import type { RaftState } from './raft-state.ts';

/** Forgets all of the term that ends: its leader, its ballots, what was about to be said. */
export function enterTerm(raft: RaftState, term: number): void {
  assert(term > raft.term, 'a newer term', { term, now: raft.term });
  stopLeading(raft);
  forgetLeader(raft);
  raft.ballots.clear();
  raft.outbox = [];
  persist(raft, term, null);
  become(raft, 'HIGHER_TERM');
}

/** Learns who leads the term. Invariant T1: it is the one that was known, or none was. */
export function follow(raft: RaftState, leader: MemberId): void {
  assert(leader !== raft.me && roleOf(raft) !== 'Leader', 'T1: one leader a term', {
    term: raft.term,
    me: raft.me,
    leader,
  });
  assert(raft.leader === null || raft.leader === leader, 'T1: one leader a term', {
    term: raft.term,
    known: raft.leader,
    leader,
  });
  if (raft.leader === leader) return;
  forgetLeader(raft);
  raft.leader = leader;
  raft.ballots.clear();
  become(raft, 'LEADER_FOUND');
}

/** No leader within the time: ask around; with pre-votes off, stand at once. */
export function electionTimedOut(raft: RaftState): void {
  assert(roleOf(raft) !== 'Leader', 'a leader has no election timer', { role: roleOf(raft) });
  if (roleOf(raft) === 'Resigned') {
    enterTerm(raft, raft.term + 1);
    return;
  }
  const standing = mayStand(raft);
  if (!standing) lookForLeader(raft);
  else if (raft.config.switches.preVote) prospect(raft);
  else standForElection(raft);
}

/** A follower's leader was silent for too long. */
export function fetchTimedOut(raft: RaftState): void {
  assert(roleOf(raft) === 'Follower', 'only followers wait for a leader', { role: roleOf(raft) });
  forgetLeader(raft);
  if (mayStand(raft)) {
    electionTimedOut(raft);
    return;
  }
  become(raft, 'LEADER_LOST');
  lookForLeader(raft);
}

export function mayStand(raft: RaftState): boolean {
  return raft.install === null && raft.voters.mayStand(raft.me, raft.highWatermark);
}

/** An observer, or who cannot stand, asks one voter after another who leads. */
function lookForLeader(raft: RaftState): void {
  const { electionMicros } = raft.config;
  raft.effects.push({
    effect: 'start-timer',
    timer: 'election',
    microsMin: electionMicros,
    microsMax: 2 * electionMicros,
  });
  if (raft.install !== null) return;
  const others = raft.voters.voters.filter((voter) => voter !== raft.me);
  const asked = others[raft.discoveries % Math.max(1, others.length)];
  raft.discoveries += 1;
  if (asked === undefined || raft.durableEndOffset < raft.log.endOffset) return;
  send(raft, asked, { type: 'fetch', term: raft.term, position: raft.log.end, round: 0 });
}

function prospect(raft: RaftState): void {
  become(raft, 'PROSPECT');
  raft.ballots.clear();
  askForVotes(raft, true);
  raft.ballots.set(raft.me, true);
  countBallots(raft);
}

/** Enters the next term with a vote for itself, which counts when it is durable. */
export function standForElection(raft: RaftState): void {
  assert(mayStand(raft), 'only a voter stands for election', { me: raft.me });
  forgetLeader(raft);
  raft.ballots.clear();
  raft.outbox = [];
  persist(raft, raft.term + 1, raft.me);
  become(raft, 'ELECT');
  askForVotes(raft, false);
}

function askForVotes(raft: RaftState, preVote: boolean): void {
  for (const voter of raft.voters.voters) {
    if (voter === raft.me) continue;
    send(raft, voter, { type: 'vote', term: raft.term, preVote, last: raft.log.end });
  }
}

/** Called when a quorum state became durable: the candidate's own vote is valid now. */
export function ownVoteDurable(raft: RaftState): void {
  if (roleOf(raft) !== 'Candidate' || raft.durableSequence < raft.sequence) return;
  assert(raft.votedFor === raft.me, 'a candidate votes for itself', { votedFor: raft.votedFor });
  raft.ballots.set(raft.me, true);
  countBallots(raft);
}

function countBallots(raft: RaftState): void {
  const granted = raft.voters.voters.filter((voter) => raft.ballots.get(voter) === true);
  if (granted.length < raft.voters.majority) return;
  if (roleOf(raft) === 'Prospective') {
    standForElection(raft);
    return;
  }
  assert(roleOf(raft) === 'Candidate', 'who counts ballots stands', { role: roleOf(raft) });
  assert(raft.durableSequence === raft.sequence, 'T1: its own vote is durable', { granted });
  raft.leader = raft.me;
  become(raft, 'ELECTED');
  lead(raft);
}

/** A request for a vote. A newer term was entered before (`raft.ts`). */
export function receiveVote(raft: RaftState, from: MemberId, vote: Vote): void {
  assert(vote.term <= raft.term, 'newer terms are entered first', { vote, term: raft.term });
  const { preVote } = vote;
  const granted = vote.term === raft.term && grants(raft, from, vote);
  if (granted && !preVote && raft.votedFor === null) {
    persist(raft, raft.term, from);
    become(raft, 'VOTE_GRANTED');
  }
  assert(!granted || preVote || raft.votedFor === from, 'T1: one vote a term', { from });
  const { term, leader } = raft;
  send(raft, from, { type: 'vote-reply', term, preVote, granted, leader });
}

function grants(raft: RaftState, from: MemberId, { preVote, last }: Vote): boolean {
  const role = roleOf(raft);
  const mine = raft.log.end;
  const further = last.term > mine.term || (last.term === mine.term && last.offset >= mine.offset);
  if (raft.config.switches.comparesLogs && !further) return false;
  if (preVote) return role !== 'Leader' && !(role === 'Follower' && raft.heardLeader);
  if (raft.leader !== null || role === 'Resigned') return false;
  return raft.votedFor === null || raft.votedFor === from;
}

export function receiveVoteReply(raft: RaftState, from: MemberId, answer: VoteReply): void {
  assert(answer.term <= raft.term, 'newer terms are entered first', { answer, term: raft.term });
  const role = answer.preVote ? 'Prospective' : 'Candidate';
  if (answer.term < raft.term || roleOf(raft) !== role) return;
  const { leader } = answer;
  if (!answer.granted && leader !== null && leader !== raft.me) {
    follow(raft, leader);
    raft.owesFetch = true;
    return;
  }
  raft.ballots.set(from, answer.granted);
  countBallots(raft);
}

/** A leader makes itself known; the Fetch that follows is the answer. */
export function receiveBeginEpoch(raft: RaftState, from: MemberId, { term }: BeginEpoch): void {
  assert(term <= raft.term, 'newer terms are entered first', { term, now: raft.term });
  if (term === raft.term && roleOf(raft) !== 'Resigned') follow(raft, from);
  // Who speaks of an older term learns of this one by the Fetch.
  if (term < raft.term && raft.durableEndOffset === raft.log.endOffset) {
    const position = raft.log.end;
    send(raft, from, { type: 'fetch', term: raft.term, position, round: 0 });
  } else {
    raft.owesFetch = raft.leader === from;
  }
}
