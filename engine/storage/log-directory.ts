/**
 * Names on disk, exactly as Apache Kafka has them (sources: LogFileUtils.java, LocalLog.java,
 * LogManager):
 *
 *     <log dir>/meta.properties                       one a log directory
 *     <log dir>/.kafka_cleanshutdown                  there only between a clean stop and a start
 *     <log dir>/recovery-point-offset-checkpoint
 *     <log dir>/replication-offset-checkpoint         high watermarks
 *     <log dir>/log-start-offset-checkpoint
 *     <log dir>/cleaner-offset-checkpoint             up to where compaction has come
 *     <log dir>/pay-0/                                the log of partition 0 of topic pay
 *     <log dir>/pay-0/00000000000000000000.log        a segment; .index and .timeindex beside it
 *     <log dir>/pay-0/leader-epoch-checkpoint
 *     <log dir>/pay-0/partition.metadata
 *
 * A stream of RabbitMQ has segments with other endings and nothing else (`segment-layout.ts`).
 *
 * Not here: what is in the files.
 */
import { assert } from '../kernel/assert.ts';

export const META_PROPERTIES = 'meta.properties';
export const CLEAN_SHUTDOWN = '.kafka_cleanshutdown';
export const RECOVERY_POINT_CHECKPOINT = 'recovery-point-offset-checkpoint';
export const HIGH_WATERMARK_CHECKPOINT = 'replication-offset-checkpoint';
export const LOG_START_OFFSET_CHECKPOINT = 'log-start-offset-checkpoint';
export const CLEANER_OFFSET_CHECKPOINT = 'cleaner-offset-checkpoint';
export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint';
export const PARTITION_METADATA = 'partition.metadata';

/** What a file gets behind its name when it is to be removed. */
export const DELETED_SUFFIX = '.deleted';
/** What a segment's files have behind their names while compaction writes them. */
export const CLEANED_SUFFIX = '.cleaned';
/** And from when they are whole until those that they replace are gone. */
export const SWAP_SUFFIX = '.swap';
/** What a folder gets behind its name and a unique id when its topic is deleted. */
export const DELETE_FOLDER_SUFFIX = '-delete';

const OFFSET_DIGITS = 20;
const SEGMENT_FILE = /^(\d{20})(\.log|\.segment|\.index|\.timeindex|\.txnindex)$/;
const LOG_FOLDER = /^(\S+)-(\d+)$/;

/** The path of a segment's file: the base offset in 20 digits, so that names sort as offsets do. */
export function segmentPath(folder: string, baseOffset: number, suffix: string): string {
  assert(Number.isSafeInteger(baseOffset) && baseOffset >= 0, 'a base offset', { baseOffset });
  return `${folder}/${String(baseOffset).padStart(OFFSET_DIGITS, '0')}${suffix}`;
}

/** The base offset and suffix in a segment file's name; null for any other file. */
export function parseSegmentName(name: string): { baseOffset: number; suffix: string } | null {
  const match = SEGMENT_FILE.exec(name);
  if (match === null) return null;
  const baseOffset = Number(match[1]);
  return Number.isSafeInteger(baseOffset) ? { baseOffset, suffix: match[2]! } : null;
}

/** The folder of a partition's log in a log directory, as in `data/pay-0`. */
export function logFolder(logDir: string, topic: string, partition: number): string {
  assert(topic.length > 0 && partition >= 0, 'a topic partition', { topic, partition });
  return `${logDir}/${topic}-${partition}`;
}

/** The topic and partition of a folder's name, as in `pay-0`; null for any other name. */
export function parseLogFolder(name: string): { topic: string; partition: number } | null {
  if (name.endsWith(DELETE_FOLDER_SUFFIX)) return null;
  const match = LOG_FOLDER.exec(name);
  if (match === null) return null;
  const partition = Number(match[2]);
  return partition <= 0x7fffffff ? { topic: match[1]!, partition } : null;
}
