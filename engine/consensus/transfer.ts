/**
 * A leader gives its office up: to a chosen member when that has all of the log, or at once.
 *
 * Sources: Raft thesis 3.10 (leadership transfer), KIP-595 (EndQuorumEpoch with the preferred
 * successors). Difference from KRaft, which hands over to nobody in particular: a transfer waits,
 * and takes no appends meanwhile; resigning is the same.
 * Not here: what the successor does then (`election.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { mayStand, standForElection } from './election.ts';
import { leadershipOf, resign } from './leadership.ts';
import type { EndEpoch, MemberId } from './message.ts';
import type { RaftState } from './raft-state.ts';
import { become, forgetLeader, refuse, reply, roleOf, startTimer } from './raft-state.ts';

export function transfer(raft: RaftState, id: number, to: MemberId): void {
  if (roleOf(raft) !== 'Leader') {
    refuse(raft, id, 'NOT_LEADER');
    return;
  }
  const leadership = leadershipOf(raft);
  if (leadership.transfer !== null) refuse(raft, id, 'TRANSFERRING');
  else if (!raft.voters.has(to)) refuse(raft, id, 'VOTER_NOT_FOUND');
  else if (to === raft.me) reply(raft, id, { kind: 'done' });
  else {
    leadership.transfer = { id, to };
    startTimer(raft, 'transfer', raft.config.electionMicros);
    handOverIfCaughtUp(raft);
  }
}

/** Hands over once the chosen member's log is as long as ours. */
export function handOverIfCaughtUp(raft: RaftState): void {
  const leadership = leadershipOf(raft);
  const { transfer: pending } = leadership;
  if (pending === null) return;
  const matched = leadership.progress.get(pending.to)?.matchOffset ?? -1;
  if (matched < raft.log.endOffset) return;
  leadership.transfer = null;
  reply(raft, pending.id, { kind: 'done' });
  resign(raft, pending.to);
}

export function transferTimedOut(raft: RaftState): void {
  const leadership = leadershipOf(raft);
  const { transfer: pending } = leadership;
  if (pending === null) return;
  leadership.transfer = null;
  refuse(raft, pending.id, 'TIMED_OUT');
}

/** The leader of this term has resigned. */
export function receiveEndEpoch(raft: RaftState, from: MemberId, message: EndEpoch): void {
  assert(message.term <= raft.term, 'newer terms are entered first', { term: message.term });
  if (message.term < raft.term) return;
  const role = roleOf(raft);
  assert(role !== 'Leader' || from === raft.me, 'T1: one leader a term', { from, me: raft.me });
  if (role === 'Follower' && raft.leader === from) {
    forgetLeader(raft);
    become(raft, 'LEADER_LOST');
  }
  const stands = mayStand(raft) && role !== 'Resigned';
  if (message.successors[0] === raft.me && stands && role !== 'Candidate') standForElection(raft);
}
