/**
 * The times of Ra's members.
 *
 * Ra has no heartbeats: a follower monitors its leader's process, and `aten` guesses at nodes that
 * fall silent (`raft.adaptive_failure_detector.poll_interval`, 5 s). Here the monitor of nodes
 * tells of a leader that is down, and the core's heartbeats stand in for `aten`. Source:
 * `ra_server_proc` (broadcast_time 100 ms, an election after 5 of them, up to twice), `ra_server`
 * (pre-vote; a leader without a majority stays one, for it cannot commit).
 */
import { assert } from '../../kernel/assert.ts';
import type { MemberId } from '../../consensus/message.ts';
import { type RaftConfig, type RaftSwitches, SOUND } from '../../consensus/raft-config.ts';

const ELECTION_MICROS = 500_000;
const SILENCE_MICROS = 5_000_000;
const HEARTBEAT_MICROS = 1_000_000;
const RETRY_MICROS = 1_500_000;

/** For these members, of a log that names none. */
export function raConfig(
  voters: readonly MemberId[],
  switches: Partial<RaftSwitches> = {},
): RaftConfig {
  assert(voters.length > 0, 'a cluster has members', { voters });
  return {
    voters,
    direction: 'push',
    electionMicros: ELECTION_MICROS,
    fetchMicros: SILENCE_MICROS,
    heartbeatMicros: HEARTBEAT_MICROS,
    retryMicros: RETRY_MICROS,
    switches: { ...SOUND, checkQuorum: false, ...switches },
  };
}
