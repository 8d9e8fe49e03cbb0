/**
 * The text of a controller's `quorum-state`, in the format of KRaft (`data_version` 1 since
 * KIP-853, 0 before it).
 *
 *     {"leaderId":-1,"leaderEpoch":4,"votedId":101,"votedDirectoryId":"...","data_version":1}
 *
 * Source: `FileQuorumStateStore`, QuorumStateData.json. Difference: `leaderId` is always -1, for
 * the core does not need to know after a restart who led.
 * Not here: when it is written (`consensus/raft-state.ts`, T7), the file (`quorum-state-file.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { QuorumStateText } from '../../consensus/quorum-state-file.ts';
import { directoryIdOf, memberOf, NO_NODE, nodeOf } from './voter-id.ts';
import { ZERO_UUID } from '../../bytes/base64url.ts';

/** `<log dir>/__cluster_metadata-0/quorum-state` */
export const QUORUM_STATE = 'quorum-state';

interface QuorumStateData {
  readonly leaderEpoch?: unknown;
  readonly votedId?: unknown;
  readonly data_version?: unknown;
}

/** `clusterId` stands in version 0 only. */
export function quorumStateText(version: 0 | 1, clusterId: string): QuorumStateText {
  return {
    write({ term, votedFor }) {
      const votedId = votedFor === null ? NO_NODE : nodeOf(votedFor);
      const common = { leaderId: NO_NODE, leaderEpoch: term, votedId };
      assert(Number.isSafeInteger(term), 'an epoch', { term });
      const votedDirectoryId = votedFor === null ? ZERO_UUID : directoryIdOf(votedId);
      return JSON.stringify(
        version === 0
          ? { clusterId, ...common, appliedOffset: 0, currentVoters: [], data_version: 0 }
          : { ...common, votedDirectoryId, data_version: 1 },
      );
    },
    read(text) {
      const data = parse(text);
      if (data === null || (data.data_version !== 0 && data.data_version !== 1)) return null;
      const { leaderEpoch, votedId } = data;
      if (!isWhole(leaderEpoch) || !isWhole(votedId)) return null;
      if (leaderEpoch < 0 || votedId < NO_NODE) return null;
      return { term: leaderEpoch, votedFor: votedId === NO_NODE ? null : memberOf(votedId) };
    },
  };
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

function parse(text: string): QuorumStateData | null {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === 'object' ? data : null;
  } catch {
    return null;
  }
}
