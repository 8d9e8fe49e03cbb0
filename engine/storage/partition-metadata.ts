/**
 * `partition.metadata` in a partition's folder: the id of the topic that the log belongs to, so
 * that a topic that was deleted and made again does not inherit the old log (KIP-516; source:
 * PartitionMetadataFile.java).
 *
 *     version: 0
 *     topic_id: 3zzOk2wBTrqTbVb6SrGuqg
 */
import { assert } from '../kernel/assert.ts';
import type { Disk, DiskResult } from '../kernel/ports.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { PARTITION_METADATA } from './log-directory.ts';

const TEXT = /^version: 0\ntopic_id: ([A-Za-z0-9_-]{22})\n?$/;

/** The topic id (base64url, 22 characters); null if there is no file or it is not whole. */
export function readPartitionMetadata(disk: Disk, folder: string): string | null {
  const text = new CheckpointFile(disk, `${folder}/${PARTITION_METADATA}`).read();
  return text === null ? null : (TEXT.exec(text)?.[1] ?? null);
}

/** Writes the file; `done` when it is durable. */
export function writePartitionMetadata(
  disk: Disk,
  folder: string,
  topicId: string,
  done?: (result: DiskResult) => void,
): void {
  const text = `version: 0\ntopic_id: ${topicId}`;
  assert(TEXT.test(text), 'a topic id', { topicId });
  new CheckpointFile(disk, `${folder}/${PARTITION_METADATA}`).write(text, done);
}
