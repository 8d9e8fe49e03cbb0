/**
 * DescribeLogDirs: how many bytes each replica of this broker has on its disk. Source:
 * `ReplicaManager.describeLogDirs`. Difference: one log directory; the bytes of the disk are not
 * told.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  describeLogDirs,
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
} from '../../wire/kafka/messages/describe-log-dirs.ts';
import type { Partition } from '../partition/partition.ts';
import { apiHandler } from './api-handler.ts';

/** What a broker tells that does not know. */
const UNKNOWN_BYTES = -1;

export const describeLogDirsHandler = apiHandler<DescribeLogDirsRequest>(
  describeLogDirs,
  ({ replicas }, { body, respond }) => {
    const { path, offline } = replicas.logDir;
    const asked = (partition: Partition): boolean =>
      body.topics === null ||
      body.topics.some(
        ({ topic, partitions }) =>
          topic === partition.topic && partitions.includes(partition.index),
      );
    const byTopic = new Map<string, Partition[]>();
    for (const partition of offline ? [] : replicas.partitions) {
      if (!asked(partition)) continue;
      byTopic.set(partition.topic, [...(byTopic.get(partition.topic) ?? []), partition]);
    }
    const topics = [...byTopic].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(sizeOf),
    }));
    const errorCode = offline ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE;
    const bytes = { totalBytes: UNKNOWN_BYTES, usableBytes: UNKNOWN_BYTES };
    respond({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      results: [{ errorCode, logDir: path, topics, ...bytes }],
    } satisfies DescribeLogDirsResponse);
  },
);

function sizeOf({ index, log }: Partition) {
  const { sizeBytes } = log.log;
  assert(sizeBytes >= 0, 'bytes of segments', { index, sizeBytes });
  const offsetLag = Math.max(0, log.highWatermark - log.logEndOffset);
  return { partitionIndex: index, partitionSize: sizeBytes, offsetLag, isFutureKey: false };
}
