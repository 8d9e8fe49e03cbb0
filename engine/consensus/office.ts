/**
 * A leader's office from its first entry on, kept up by heartbeats.
 *
 * Not here: how it is won (`election.ts`), how it ends (`leadership.ts`).
 * Sources: Raft paper 5.2, KIP-595 (BeginQuorumEpoch, LeaderChangeMessage).
 */
import { assert } from '../kernel/assert.ts';
import { appendOwn } from './commitment.ts';
import { leadershipOf, restartCheckQuorum } from './leadership.ts';
import { progressOf, tellFollowers } from './progress.ts';
import { startTimer } from './raft-state.ts';
import type { RaftState } from './raft-state.ts';

/** An observer that was silent for so many heartbeats is forgotten. */
const OBSERVER_HEARTBEATS_MAX = 20;

/** Takes up the office: a first entry of the term, and word to all. */
export function lead(raft: RaftState): void {
  assert(raft.leadership === null, 'not a leader yet', { term: raft.term });
  const termStart = raft.log.endOffset;
  raft.leadership = {
    termStart,
    progress: new Map(),
    heard: new Set(),
    round: 0,
    reads: [],
    change: null,
    transfer: null,
  };
  appendOwn(raft, [
    { records: 1, payload: null, control: { kind: 'leader-change', leader: raft.me } },
  ]);
  assert(raft.log.lastTerm === raft.term, 'T8: an entry of the term comes first', { termStart });
  restartCheckQuorum(raft);
  heartbeat(raft);
}

/** Says something to everybody who was not spoken to of late. */
export function heartbeat(raft: RaftState): void {
  const leadership = leadershipOf(raft);
  startTimer(raft, 'heartbeat', raft.config.heartbeatMicros);
  for (const [member, progress] of leadership.progress) {
    progress.silentHeartbeats += 1;
    const silent = progress.silentHeartbeats > OBSERVER_HEARTBEATS_MAX;
    if (silent && !raft.voters.has(member)) leadership.progress.delete(member);
  }
  for (const voter of raft.voters.voters) {
    if (voter !== raft.me) progressOf(leadership, voter);
  }
  tellFollowers(raft, true);
}
