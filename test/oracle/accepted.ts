/**
 * Where our answers differ from the recorded ones of Apache Kafka 4.1.1, and why that stays so.
 * An entry that no longer matches anything is to be removed; the test says so.
 */
import type { Difference } from './compare.ts';

interface Accepted {
  readonly id: RegExp;
  readonly path: RegExp;
  readonly reason: string;
}

export const accepted: readonly Accepted[] = [
  {
    id: /./,
    path: /(^|\.)(errorMessage|batchIndexErrorMessage)$/,
    reason: 'a sentence for people; ours are our own, and say something where theirs say nothing',
  },
  {
    id: /^ApiVersions /,
    path: /^apiKeys\.\d+$/,
    reason: 'APIs that the engine does not have: ACLs, streams groups and others',
  },
  {
    id: /^ApiVersions /,
    path: /^apiKeys\.(8|9|27)\.(min|max)Version$/,
    reason:
      'OffsetCommit and OffsetFetch are spoken in versions that are gone since 4.0, and in 10 ' +
      '(topic ids, not yet told by 4.1); WriteTxnMarkers in version 0',
  },
  {
    id: /^ApiVersions /,
    path: /^apiKeys\.(0|1|45)\.maxVersion$/,
    reason:
      'Produce 13 (topic ids), Fetch 18 (the high watermark in the request, KIP-1166) and ' +
      'AlterPartitionReassignments 1 (KIP-860) are left out',
  },
  {
    id: /^ApiVersions /,
    path: /^(supportedFeatures|finalizedFeatures)\.|^finalizedFeaturesEpoch$/,
    reason: 'features are not told: no client of ours needs them',
  },
  {
    id: /^Metadata: by id /,
    path: /^(brokers\.\d|controllerId|topics\.0\.(errorCode|name)|errorCode)$/,
    reason:
      'neither a name nor an id: the real broker fails on a null pointer, tells no brokers and ' +
      'UNKNOWN_SERVER_ERROR; here the topic id is unknown',
  },
  {
    id: /^CreateTopics/,
    path: /\.configs\.compression\.(gzip|lz4|zstd)\.level$/,
    reason: 'settings that the engine does not have: compression by the broker',
  },
  {
    id: /^CreateTopics/,
    path: /\.configs\.((follower|leader)\.replication\.throttled\.replicas|(local|remote)\..+)$/,
    reason: 'settings that the engine does not have: throttling, tiered storage',
  },
  {
    id: /^CreateTopics/,
    path: /\.configs\.(flush\.\w+|max\.compaction\.lag\.ms|message.+before\.max\.ms)\.value$/,
    reason: 'no limit is 2^63 - 1 there and 2^53 - 1 here: integers are safe ones',
  },
  {
    id: /^(CreateTopics|DescribeConfigs)/,
    path: /\.configs\.min\.insync\.replicas\.configSource$/,
    reason:
      'with eligible leader replicas (KIP-966) the real cluster keeps min.insync.replicas as a ' +
      'dynamic setting of the cluster; here it is a default',
  },
  {
    id: /^DescribeConfigs/,
    path: /\.documentation$/,
    reason: 'told although it was not asked for',
  },
  {
    id: /^IncrementalAlterConfigs #7 /,
    path: /^responses\.0\.errorCode$/,
    reason: 'an operation that does not exist: UNKNOWN_SERVER_ERROR there, INVALID_REQUEST here',
  },
  {
    id: /^Produce: batches that make no sense #5 /,
    path: /^$/,
    reason: 'null in place of a batch: the real broker never answers; here INVALID_RECORD',
  },
  {
    id: /^Fetch #37 /,
    path: /\.records$/,
    reason: 'the real broker may cut the last batch at the limit; here batches are whole',
  },
  {
    id: /^Fetch: sessions #1 /,
    path: /^sessionId$/,
    reason: 'there are no fetch sessions (KIP-227): each fetch is whole',
  },
  {
    id: /^Fetch: as a follower #1 /,
    path: /\.currentLeader\.(leaderId|leaderEpoch)$/,
    reason: 'the leader is told from version 12 on, there from version 16 on',
  },
];

/** Why a difference is accepted, or undefined. */
export function reasonOf(difference: Difference): Accepted | undefined {
  return accepted.find(({ id, path }) => id.test(difference.id) && path.test(difference.path));
}
