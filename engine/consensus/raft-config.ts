/**
 * Settings of a member, with KRaft's defaults, and the switches by which a lesson or a test takes
 * one rule away.
 *
 * Not here: how a product names its settings.
 */
import type { MemberId } from './message.ts';

/**
 * Who keeps the conversation going. `pull`: followers do, the leader only answers, and holds a
 * Fetch until there is something to say (KRaft). `push`: the leader does (Raft paper, DLedger).
 */
export type Direction = 'pull' | 'push';

/** Rules that can be taken away. All are on in a sound configuration. */
export interface RaftSwitches {
  /** T7: entries are synced before they are acknowledged, and before a leader counts its own. */
  readonly fsyncBeforeAck: boolean;
  /** T7: the vote is written with the term, so that a restart does not forget it. */
  readonly persistsVote: boolean;
  /** T8: a majority commits only from the leader's first own entry on (Raft paper 5.4.2). */
  readonly commitsOwnTermOnly: boolean;
  /** An election is only begun when a majority would vote (KIP-996, Raft thesis 9.6). */
  readonly preVote: boolean;
  /** A vote goes only to a log that is not behind (Raft paper 5.4.1). */
  readonly comparesLogs: boolean;
  /** A follower takes entries only at its log's very end, term and all (Raft paper 5.3). */
  readonly checksPosition: boolean;
  /** A leader that a majority has not fetched from resigns (KRaft's check quorum). */
  readonly checkQuorum: boolean;
  /** A read waits until a majority has confirmed the leader (Raft thesis 6.4). */
  readonly confirmsReads: boolean;
  /** One membership change at a time, and none before a commit of the term (thesis 4.1). */
  readonly oneChangeAtATime: boolean;
}

export interface RaftConfig {
  /** The voters of a log that names none: `controller.quorum.voters`, or the bootstrap's. */
  readonly voters: readonly MemberId[];
  readonly direction: Direction;
  /** An election's least time, drawn up to twice. `controller.quorum.election.timeout.ms` */
  readonly electionMicros: number;
  /** The leader's longest silence. `controller.quorum.fetch.timeout.ms` */
  readonly fetchMicros: number;
  /** The longest that a Fetch is held, or between pushes. KRaft: 500 ms. */
  readonly heartbeatMicros: number;
  /** After so long a Fetch without an answer is sent again; longer than a heartbeat. */
  readonly retryMicros: number;
  readonly switches: RaftSwitches;
}

export const SOUND: RaftSwitches = {
  fsyncBeforeAck: true,
  persistsVote: true,
  commitsOwnTermOnly: true,
  preVote: true,
  comparesLogs: true,
  checksPosition: true,
  checkQuorum: true,
  confirmsReads: true,
  oneChangeAtATime: true,
};

/** KRaft's settings for these voters. */
export function kraftConfig(voters: readonly MemberId[]): RaftConfig {
  return {
    voters,
    direction: 'pull',
    electionMicros: 1_000_000,
    fetchMicros: 2_000_000,
    heartbeatMicros: 500_000,
    retryMicros: 700_000,
    switches: SOUND,
  };
}
