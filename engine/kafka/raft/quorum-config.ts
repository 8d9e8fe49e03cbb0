/**
 * The settings of a controller as one of a quorum, with KRaft's names and defaults.
 *
 * Not here: all other settings of a controller (`controller/controller-config.ts`).
 * Source: `org.apache.kafka.raft.QuorumConfig`, `MetadataLogConfig`. Difference:
 * `controller.quorum.voters` is given as an option.
 */
import { assert } from '../../kernel/assert.ts';
import {
  kraftConfig,
  SOUND,
  type RaftConfig,
  type RaftSwitches,
} from '../../consensus/raft-config.ts';
import type { MemberId } from '../../consensus/message.ts';
import { int, long, readConfig, type ConfigOf } from '../config.ts';
import { readControllerConfig, type ControllerConfig } from '../controller/controller-config.ts';
import { compareReleases } from '../../kernel/releases.ts';
import type { Profile } from '../profiles.ts';

export const quorumSettings = {
  'controller.quorum.election.timeout.ms': int(1_000, 'Time without a leader before an election.', {
    min: 10,
  }),
  'controller.quorum.fetch.timeout.ms': int(2_000, 'Silence of the leader that is put up with.', {
    min: 10,
  }),
  'controller.quorum.request.timeout.ms': int(2_000, 'Request timeout between controllers.', {
    min: 10,
  }),
  'metadata.log.max.record.bytes.between.snapshots': long(
    20_971_520,
    'Bytes of the metadata log between two snapshots.',
    { min: 1 },
  ),
  'metadata.max.retention.bytes': long(
    104_857_600,
    'Bytes of metadata log and snapshots beyond which old ones go.',
  ),
  'metadata.log.segment.bytes': int(1_073_741_824, 'Bytes of a segment of the metadata log.', {
    min: 12,
  }),
} as const;

export interface QuorumConfig {
  readonly controller: ControllerConfig;
  readonly values: ConfigOf<typeof quorumSettings>;
  readonly raft: RaftConfig;
  /** Whether voters stand in the log, with directory ids (KIP-853, since 3.9). */
  readonly votersInLog: boolean;
}

/** KIP-996 and KIP-853 by release. */
const PRE_VOTE_SINCE = '4.0';
const VOTERS_IN_LOG_SINCE = '3.9';

/** Reads the settings. Throws a `ConfigError` on an unknown one or a bad value. */
export function readQuorumConfig(
  given: Readonly<Record<string, string>>,
  profile: Profile,
  voters: readonly MemberId[],
  switches: Partial<RaftSwitches>,
): QuorumConfig {
  const isOurs = (name: string) => Object.hasOwn(quorumSettings, name);
  const split = (ours: boolean) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => isOurs(name) === ours));
  const values = readConfig(quorumSettings, split(true), profile);
  assert(voters.length > 0, 'controller.quorum.voters', { voters });
  const preVote = compareReleases(profile.release, PRE_VOTE_SINCE) >= 0;
  return {
    controller: readControllerConfig(split(false), profile),
    values,
    votersInLog: compareReleases(profile.release, VOTERS_IN_LOG_SINCE) >= 0,
    raft: {
      ...kraftConfig(voters),
      electionMicros: values['controller.quorum.election.timeout.ms'] * 1000,
      fetchMicros: values['controller.quorum.fetch.timeout.ms'] * 1000,
      switches: { ...SOUND, preVote, ...switches },
    },
  };
}
