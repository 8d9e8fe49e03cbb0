/**
 * What is committed, by a leader's count, and what that settles; and the leader's own entries.
 *
 * Invariant T8: a majority commits an entry only from the leader's first own one on; what came
 * before is committed with it (Raft paper 5.4.2, figure 8). Invariant T7: a leader counts its own
 * log only as far as it is durable; followers may have the entries before (thesis 10.2.1).
 *
 * Not here: how far followers are (`progress.ts`); a follower's high watermark (`replication.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { leadershipOf, resign } from './leadership.ts';
import type { Control } from './message.ts';
import { tellFollowers } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { commitTo, extendLog, reply, syncLog } from './raft-state.ts';
import { settleReads } from './read-index.ts';

export interface OwnEntry {
  readonly records: number;
  readonly payload: unknown;
  readonly control: Control | null;
}

/** Writes entries of this term at the end (T2); returns where they begin. */
export function appendOwn(raft: RaftState, own: readonly OwnEntry[]): number {
  leadershipOf(raft);
  const base = raft.log.endOffset;
  let offset = base;
  const entries = own.map(({ records, payload, control }) => {
    assert(Number.isInteger(records) && records > 0, 'an entry has records', { records });
    const entry = { offset, endOffset: offset + records, term: raft.term, control, payload };
    offset += records;
    return entry;
  });
  extendLog(raft, entries);
  raft.effects.push({ effect: 'append', entries });
  syncLog(raft);
  if (!raft.config.switches.fsyncBeforeAck) advanceHighWatermark(raft);
  return base;
}

/** Counts how far a majority of the voters has come, this one as far as its disk. */
export function advanceHighWatermark(raft: RaftState): void {
  const leadership = leadershipOf(raft);
  const { switches } = raft.config;
  const own = switches.fsyncBeforeAck ? raft.durableEndOffset : raft.log.endOffset;
  const matches = raft.voters.voters.map((voter) =>
    voter === raft.me ? own : (leadership.progress.get(voter)?.matchOffset ?? -1),
  );
  matches.sort((left, right) => right - left);
  const reached = matches[raft.voters.majority - 1]!;
  if (reached <= raft.highWatermark) return;
  if (switches.commitsOwnTermOnly && reached <= leadership.termStart) return;
  const ofTerm = raft.log.termBefore(reached);
  assert(ofTerm === raft.term || !switches.commitsOwnTermOnly, 'T8: counted in its own term', {
    reached,
    ofTerm,
    term: raft.term,
  });
  commitTo(raft, reached);
  settleChange(raft);
  if (raft.leadership === null) return;
  settleReads(raft);
  tellFollowers(raft);
}

/** Answers a change that the high watermark has passed. Who has removed itself resigns. */
function settleChange(raft: RaftState): void {
  const leadership = leadershipOf(raft);
  const { change: pending } = leadership;
  if (pending !== null && raft.highWatermark >= pending.endOffset) {
    leadership.change = null;
    reply(raft, pending.id, { kind: 'done' });
  }
  const inForce = raft.voters.offset < raft.highWatermark;
  if (inForce && !raft.voters.has(raft.me)) resign(raft);
}
