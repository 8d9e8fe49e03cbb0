/**
 * Voters come and go one at a time, so that a majority of the old set and one of the new always
 * share a member (Raft thesis 4.1). The new set is in force as soon as it is in a log.
 *
 * A leader changes nothing before its first own entry is committed: else two leaders, each with a
 * change of its own that the other does not know, could have majorities apart (D. Ongaro, "bug in
 * single-server membership changes", raft-dev, 2015).
 *
 * Sources: KIP-853 (AddRaftVoter, RemoveRaftVoter), thesis 4.2.1 (catching up) and 4.2.2 (a leader
 * that is removed counts without itself, and resigns when that is committed). Difference from
 * KRaft: whether a new voter has caught up is looked at once; there the request waits for it.
 * Not here: the sets (`voter-history.ts`), a change's commit (`commitment.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Refusal } from './effect.ts';
import { appendOwn } from './commitment.ts';
import { leadershipOf, restartCheckQuorum } from './leadership.ts';
import type { MemberId } from './message.ts';
import { tellFollowers } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { refuse, roleOf } from './raft-state.ts';

export function addVoter(raft: RaftState, id: number, member: MemberId): void {
  const refusal = refusalOfChange(raft) ?? refusalOfAdding(raft, member);
  if (refusal !== null) refuse(raft, id, refusal);
  else change(raft, id, [...raft.voters.voters, member]);
}

export function removeVoter(raft: RaftState, id: number, member: MemberId): void {
  const refusal = refusalOfChange(raft) ?? refusalOfRemoving(raft, member);
  if (refusal !== null) refuse(raft, id, refusal);
  else
    change(
      raft,
      id,
      raft.voters.voters.filter((voter) => voter !== member),
    );
}

function refusalOfChange(raft: RaftState): Refusal | null {
  if (roleOf(raft) !== 'Leader') return 'NOT_LEADER';
  const leadership = leadershipOf(raft);
  if (leadership.transfer !== null) return 'TRANSFERRING';
  if (!raft.config.switches.oneChangeAtATime) return null;
  const committed = raft.highWatermark > leadership.termStart;
  const settled = raft.voters.offset < raft.highWatermark && leadership.change === null;
  return committed && settled ? null : 'CHANGE_IN_PROGRESS';
}

function refusalOfAdding(raft: RaftState, member: MemberId): Refusal | null {
  if (raft.voters.has(member)) return 'DUPLICATE_VOTER';
  const matched = leadershipOf(raft).progress.get(member)?.matchOffset ?? -1;
  return matched >= raft.highWatermark ? null : 'NOT_CAUGHT_UP';
}

function refusalOfRemoving(raft: RaftState, member: MemberId): Refusal | null {
  if (!raft.voters.has(member)) return 'VOTER_NOT_FOUND';
  return raft.voters.voters.length > 1 ? null : 'LAST_VOTER';
}

function change(raft: RaftState, id: number, voters: readonly MemberId[]): void {
  const leadership = leadershipOf(raft);
  const before = raft.voters.voters;
  const moved = Math.abs(voters.length - before.length);
  assert(moved === 1, 'T1: one voter at a time', { before, voters });
  if (leadership.change !== null) refuse(raft, leadership.change.id, 'CHANGE_IN_PROGRESS');
  // Set before the append, which may commit it at once where the disk is not waited for.
  leadership.change = { id, endOffset: raft.log.endOffset + 1 };
  appendOwn(raft, [{ records: 1, payload: null, control: { kind: 'voters', voters } }]);
  if (raft.leadership === null) return;
  restartCheckQuorum(raft);
  tellFollowers(raft);
}
