/**
 * A follower whose place in the log is gone takes the leader's snapshot, part by part, and begins
 * behind it. And a member whose product has a snapshot forgets the log before it.
 *
 * The follower asks for each part, in both directions: a part's request is the answer to the part
 * before. Sources: Raft paper 7, KIP-630 (FetchSnapshot).
 * Not here: what a snapshot holds; when one is taken.
 */
import { assert } from '../kernel/assert.ts';
import { heardFrom, leadershipOf } from './leadership.ts';
import type { FetchSnapshot, LogPosition, MemberId, SnapshotChunk } from './message.ts';
import { progressOf } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { commitTo, roleOf, send, startTimer, withdrawFetch, withhold } from './raft-state.ts';

export function beginInstall(raft: RaftState, snapshot: LogPosition): void {
  assert(raft.install === null, 'one snapshot at a time', { snapshot });
  assert(snapshot.offset > raft.highWatermark, 'T4: a leader has all that is committed', {
    snapshot,
    highWatermark: raft.highWatermark,
  });
  raft.install = { snapshot, position: 0, writing: false };
  askForChunk(raft);
}

export function askForChunk(raft: RaftState): void {
  const { install, leader, term } = raft;
  if (install === null || install.writing || leader === null) return;
  const { snapshot, position } = install;
  send(raft, leader, { type: 'fetch-snapshot', term, snapshot, position });
  startTimer(raft, 'retry', raft.config.retryMicros);
}

/** The leader's side: the product sends the part, if it has that snapshot still. */
export function receiveFetchSnapshot(
  raft: RaftState,
  from: MemberId,
  { term, snapshot, position }: FetchSnapshot,
): void {
  assert(term <= raft.term, 'newer terms are entered first', { term, now: raft.term });
  if (roleOf(raft) !== 'Leader' || term < raft.term) {
    const { leader, highWatermark } = raft;
    const answer = { kind: 'rejected' } as const;
    const told = { leader, highWatermark, round: 0, position: snapshot, answer };
    send(raft, from, { type: 'records', term: raft.term, ...told });
    return;
  }
  assert(position >= 0, 'a part of the snapshot', { position });
  progressOf(leadershipOf(raft), from).silentHeartbeats = 0;
  heardFrom(raft, from);
  const asked = snapshot.offset <= raft.log.start.offset ? raft.log.start : snapshot;
  withhold(raft, {
    effect: 'send-chunk',
    to: from,
    term: raft.term,
    snapshot: asked,
    position: asked.offset === snapshot.offset ? position : 0,
  });
}

export function receiveChunk(raft: RaftState, from: MemberId, chunk: SnapshotChunk): void {
  const { install } = raft;
  if (chunk.term < raft.term || raft.leader !== from || install === null) return;
  assert(roleOf(raft) === 'Follower', 'only a follower installs', { role: roleOf(raft) });
  if (install.writing) return;
  const { snapshot, position, bytes, last } = chunk;
  raft.heardLeader = true;
  startTimer(raft, 'fetch', raft.config.fetchMicros);
  if (snapshot.offset > install.snapshot.offset && position === 0) {
    // The leader has a newer one: begin again with it.
    raft.install = { snapshot, position: 0, writing: false };
  } else if (snapshot.offset !== install.snapshot.offset || position !== install.position) {
    return;
  }
  const taking = raft.install!;
  assert(taking.snapshot.offset > raft.highWatermark, 'T5: what is committed stays', { snapshot });
  taking.position += bytes.length;
  taking.writing = last;
  raft.effects.push({ effect: 'keep-chunk', snapshot: taking.snapshot, position, bytes, last });
  askForChunk(raft);
}

/** The snapshot is durable, and the log begins behind it. */
export function installed(
  raft: RaftState,
  snapshot: LogPosition,
  voters: readonly MemberId[],
): void {
  assert(raft.install?.writing === true, 'a snapshot was being installed', { snapshot });
  assert(raft.install.snapshot.offset === snapshot.offset, 'this one', { snapshot });
  raft.install = null;
  raft.log.reset(snapshot);
  raft.voters.reset(voters);
  raft.durableEndOffset = snapshot.offset;
  raft.syncing = null;
  commitTo(raft, snapshot.offset);
  withdrawFetch(raft);
  raft.owesFetch = raft.leader !== null && raft.leader !== raft.me;
}

/** The product keeps the snapshot from now on, and not the log before it. */
export function compacted(raft: RaftState, snapshot: LogPosition): void {
  assert(snapshot.offset <= raft.highWatermark, 'T6: a snapshot holds what is committed', {
    snapshot,
    highWatermark: raft.highWatermark,
  });
  assert(snapshot.offset <= raft.durableEndOffset, 'it was durable before', { snapshot });
  raft.log.compact(snapshot);
  raft.voters.compact(snapshot.offset);
}
