/**
 * How far each other member has come, as the leader knows it, and what it is told next.
 *
 * The leader may say one thing at a time to each, and may again when it has heard a Fetch. Where
 * followers pull, that is the reply to the Fetch it holds, at the latest at the next heartbeat;
 * where the leader pushes, its heartbeat speaks without being asked and says again what was lost.
 *
 * Not here: what follows from a Fetch (`replication.ts`).
 */
import { assert } from '../kernel/assert.ts';
import { leadershipOf } from './leadership.ts';
import type { Leadership } from './leadership.ts';
import type { Answer, LogPosition, MemberId, Records } from './message.ts';
import type { RaftState } from './raft-state.ts';
import { send, withhold } from './raft-state.ts';

/** What the leader knows of another member, voter or observer. */
export interface Progress {
  /** The end of the follower's log as it last said, where that is a beginning of ours. */
  position: LogPosition | null;
  matchOffset: number;
  round: number;
  /** Whether something may be said: a Fetch is held, or the last push was answered. */
  ready: boolean;
  /** The high watermark and round that it was told last. */
  toldHighWatermark: number;
  toldRound: number;
  /** Heartbeats since it was heard. */
  silentHeartbeats: number;
}

/** What is known of a member, made at the first word to it or from it. */
export function progressOf(leadership: Leadership, member: MemberId): Progress {
  let progress = leadership.progress.get(member);
  if (progress === undefined) {
    progress = {
      position: null,
      matchOffset: -1,
      round: 0,
      ready: false,
      toldHighWatermark: -1,
      toldRound: 0,
      // Not heard yet: the first heartbeat makes the leader known.
      silentHeartbeats: 1,
    };
    leadership.progress.set(member, progress);
  }
  return progress;
}

/** Says what is news to each follower that may be spoken to; at a heartbeat, also what is not. */
export function tellFollowers(raft: RaftState, heartbeat: boolean = false): void {
  const leadership = leadershipOf(raft);
  const pushes = raft.config.direction === 'push';
  for (const [member, progress] of leadership.progress) {
    const { position } = progress;
    const mayRepeat = heartbeat && pushes;
    if (position !== null && (progress.ready || mayRepeat)) {
      if (heartbeat || hasNews(raft, progress)) sendEntries(raft, member, progress, position);
    } else if (heartbeat && progress.silentHeartbeats > 0 && raft.voters.has(member)) {
      send(raft, member, { type: 'begin-epoch', term: raft.term });
    }
  }
}

export function hasNews(raft: RaftState, progress: Progress): boolean {
  const { round } = leadershipOf(raft);
  assert(progress.toldRound <= round, "rounds are the leader's", { round });
  return (
    progress.position!.offset < raft.log.endOffset ||
    progress.toldHighWatermark < raft.highWatermark ||
    progress.toldRound < round
  );
}

export function sendEntries(
  raft: RaftState,
  to: MemberId,
  progress: Progress,
  position: LogPosition,
): void {
  if (raft.log.start.offset > position.offset || !followsLog(raft, position)) {
    // The log's beginning has become a snapshot since the Fetch.
    sendAnswer(raft, to, position, { kind: 'snapshot', snapshot: raft.log.start });
    progress.position = null;
    return;
  }
  progress.ready = false;
  const message = recordsOf(raft, position, { kind: 'entries', entries: [] });
  progress.toldHighWatermark = message.highWatermark;
  progress.toldRound = message.round;
  withhold(raft, { effect: 'send-entries', to, message });
}

function followsLog(raft: RaftState, position: LogPosition): boolean {
  return raft.log.has(position) || !raft.config.switches.checksPosition;
}

/** Says that the log must be cut, that a snapshot comes first, or that nobody here leads. */
export function sendAnswer(
  raft: RaftState,
  to: MemberId,
  position: LogPosition,
  answer: Answer,
): void {
  assert(answer.kind !== 'entries', 'entries are read when they are sent');
  send(raft, to, recordsOf(raft, position, answer));
}

function recordsOf(raft: RaftState, position: LogPosition, answer: Answer): Records {
  const { term, leader, highWatermark } = raft;
  const round = raft.leadership?.round ?? 0;
  return { type: 'records', term, leader, highWatermark, round, position, answer };
}
