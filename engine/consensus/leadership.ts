/**
 * What a leader keeps of its office, and how the office ends.
 *
 * Not here: how it begins (`office.ts`), what followers are told (`progress.ts`), what is counted
 * as committed (`commitment.ts`).
 * Sources: KIP-595 (EndQuorumEpoch), LeaderState.java (check quorum).
 */
import { assert } from '../kernel/assert.ts';
import type { MemberId } from './message.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { become, refuse, roleOf, send, startTimer } from './raft-state.ts';

interface WaitingRead {
  readonly id: number;
  readonly round: number;
}

export interface Leadership {
  /** The offset of the leader's first entry. */
  readonly termStart: number;
  readonly progress: Map<MemberId, Progress>;
  /** Voters heard since the check quorum timer was started. */
  readonly heard: Set<MemberId>;
  /** Grows with each read; a follower that repeats it confirms the leader. */
  round: number;
  reads: WaitingRead[];
  /** The membership change that waits for its commit. */
  change: { readonly id: number; readonly endOffset: number } | null;
  transfer: { readonly id: number; readonly to: MemberId } | null;
}

export function leadershipOf(raft: RaftState): Leadership {
  assert(roleOf(raft) === 'Leader' && raft.leadership !== null, 'only a leader does this', {
    role: roleOf(raft),
  });
  return raft.leadership;
}

/** The office is over: what waited for it is refused. */
export function stopLeading(raft: RaftState): void {
  const { leadership } = raft;
  if (leadership === null) return;
  raft.leadership = null;
  if (raft.leader === raft.me) raft.leader = null;
  for (const { id } of leadership.reads) refuse(raft, id, 'NOT_LEADER');
  if (leadership.change !== null) refuse(raft, leadership.change.id, 'NOT_LEADER');
  if (leadership.transfer !== null) refuse(raft, leadership.transfer.id, 'NOT_LEADER');
}

/** Leads no more in this term, and says so: the furthest voter, or `first`, is to follow. */
export function resign(raft: RaftState, first: MemberId | null = null): void {
  const { progress } = leadershipOf(raft);
  const matchOf = (voter: MemberId): number => progress.get(voter)?.matchOffset ?? -1;
  const successors = raft.voters.voters.filter((voter) => voter !== raft.me);
  successors.sort((left, right) => {
    if (left === first || right === first) return left === first ? -1 : 1;
    return matchOf(right) - matchOf(left) || (left < right ? -1 : 1);
  });
  assert(first === null || successors[0] === first, 'the chosen one comes first', { first });
  for (const voter of successors) {
    send(raft, voter, { type: 'end-epoch', term: raft.term, successors });
  }
  stopLeading(raft);
  become(raft, 'RESIGN');
}

/** A Fetch of this term was heard. A majority of them, itself included, restarts the clock. */
export function heardFrom(raft: RaftState, member: MemberId): void {
  const { heard } = leadershipOf(raft);
  if (raft.voters.has(member)) heard.add(member);
  if (heard.size + (raft.voters.has(raft.me) ? 1 : 0) < raft.voters.majority) return;
  heard.clear();
  restartCheckQuorum(raft);
}

/** (Re)starts the time within which a majority must fetch. */
export function restartCheckQuorum(raft: RaftState): void {
  const { fetchMicros, switches } = raft.config;
  const alone = raft.voters.voters.every((voter) => voter === raft.me);
  if (alone) raft.effects.push({ effect: 'stop-timer', timer: 'check-quorum' });
  if (alone || !switches.checkQuorum) return;
  // Half as long again as a follower waits for a leader, as CHECK_QUORUM_TIMEOUT_FACTOR has it.
  startTimer(raft, 'check-quorum', Math.floor((fetchMicros * 3) / 2));
}
