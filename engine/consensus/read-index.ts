/**
 * Read index: a linearizable read without an entry in the log.
 *
 * Source: Raft thesis 6.4; the round is RabbitMQ's `query_index`. KRaft has no such read: its
 * messages leave the round away, and it asks for none.
 * Not here: waiting until that much is applied, which is the state machine's.
 */
import { assert } from '../kernel/assert.ts';
import { leadershipOf } from './leadership.ts';
import { tellFollowers } from './progress.ts';
import { refuse, reply, roleOf } from './raft-state.ts';
import type { RaftState } from './raft-state.ts';

/**
 * Promises an offset that holds all that was committed before now. Somebody else may lead by now:
 * a majority must answer a round that begins after the read (thesis 6.4).
 */
export function read(raft: RaftState, id: number): void {
  if (roleOf(raft) !== 'Leader') {
    refuse(raft, id, 'NOT_LEADER');
    return;
  }
  const leadership = leadershipOf(raft);
  leadership.round += 1;
  leadership.reads.push({ id, round: leadership.round });
  settleReads(raft);
  tellFollowers(raft);
}

/** Answers the reads whose round a majority has confirmed, once the term has a commit. */
export function settleReads(raft: RaftState): void {
  const leadership = leadershipOf(raft);
  if (leadership.reads.length === 0 || raft.highWatermark <= leadership.termStart) return;
  const rounds = raft.voters.voters.map((voter) =>
    voter === raft.me ? leadership.round : (leadership.progress.get(voter)?.round ?? 0),
  );
  rounds.sort((left, right) => right - left);
  const confirmed = raft.config.switches.confirmsReads
    ? rounds[raft.voters.majority - 1]!
    : leadership.round;
  assert(confirmed <= leadership.round, 'nobody is ahead of the leader', { confirmed });
  const ready = leadership.reads.filter(({ round }) => round <= confirmed);
  leadership.reads = leadership.reads.filter(({ round }) => round > confirmed);
  for (const { id } of ready) {
    assert(raft.highWatermark > leadership.termStart, 'the term has a commit', { id });
    reply(raft, id, { kind: 'readable', offset: raft.highWatermark });
  }
}
