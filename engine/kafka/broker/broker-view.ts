/**
 * What a view may see of a broker: plain data, structurally shared where nothing changed.
 *
 * Not here: what the view shows of it (`lab/`, `web/`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Disk } from '../../kernel/ports.ts';
import { decodeUtf8 } from '../../bytes/utf8.ts';
import { segmentPath } from '../../storage/log-directory.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readBatchHeader,
  readRecords,
} from '../../wire/kafka/record-batch.ts';
import type { Partition } from '../partition/partition.ts';
import type { BrokerModule } from './broker-module.ts';
import type { Replicas } from './replicas.ts';

/** Records of a partition that a view gets at most: the newest. */
const RECORDS_SHOWN = 64;
/** Bytes of a key or value that a view gets at most. */
const TEXT_BYTES_SHOWN = 256;
const DECOMPRESSED_BYTES_MAX = 1_048_576;

export interface RecordView {
  readonly offset: number;
  readonly epoch: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly bytes: number;
  /** The base offset of its batch. */
  readonly batch: number;
}

export interface PartitionView {
  readonly topic: string;
  readonly partition: number;
  readonly role: 'leader' | 'follower' | 'offline';
  /** The state of the role's machine, as in `Follower.Fetching`. */
  readonly roleState: string;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
  readonly maximalIsr: readonly number[];
  /** Of a leader: whether a change of the ISR is under way. */
  readonly isrState: string;
  readonly logStart: number;
  readonly hw: number;
  readonly lso: number;
  readonly leo: number;
  readonly records: readonly RecordView[];
  /** Below it everything is on the platter. */
  readonly synced: number;
  /** Leader epochs and where each began. */
  readonly epochs: readonly { readonly epoch: number; readonly startOffset: number }[];
}

export interface BrokerView {
  readonly kind: 'kafka-broker';
  readonly id: number;
  readonly state: string;
  readonly partitions: readonly PartitionView[];
  /** What modules show besides the logs; absent where none does. */
  readonly modules?: readonly unknown[];
}

export class BrokerInspector {
  readonly #id: number;
  readonly #replicas: Replicas;
  readonly #partitions = new Map<Partition, PartitionView>();
  readonly #cursors = new WeakMap<Partition, TailCursor | null>();
  readonly #disk: Disk;
  readonly #modules: readonly BrokerModule[];
  #last: BrokerView;

  constructor(disk: Disk, id: number, replicas: Replicas, modules: readonly BrokerModule[]) {
    this.#modules = modules.filter(({ shown }) => shown !== undefined);
    this.#disk = disk;
    this.#id = id;
    this.#replicas = replicas;
    this.#last = { kind: 'kafka-broker', id, state: '', partitions: [] };
  }

  /** The same object as before if nothing changed. */
  view(state: string): BrokerView {
    const partitions: PartitionView[] = [];
    for (const partition of this.#replicas.partitions) partitions.push(this.#view(partition));
    if (this.#partitions.size > partitions.length) this.#forget();
    const modules = this.#modules.map((module) => module.shown?.());
    const last = this.#last;
    const same =
      modules.every((shown, index) => shown === last.modules?.[index]) &&
      last.state === state &&
      last.partitions.length === partitions.length &&
      partitions.every((view, index) => view === last.partitions[index]);
    const own = modules.length > 0 && { modules };
    if (!same) this.#last = { kind: 'kafka-broker', id: this.#id, state, partitions, ...own };
    return this.#last;
  }

  #forget(): void {
    const hosted = new Set(this.#replicas.partitions);
    for (const partition of this.#partitions.keys()) {
      if (!hosted.has(partition)) this.#partitions.delete(partition);
    }
    assert(this.#partitions.size <= hosted.size, 'only hosted ones', { hosted: hosted.size });
  }

  #view(partition: Partition): PartitionView {
    const before = this.#partitions.get(partition);
    const { log } = partition;
    const now = {
      topic: partition.topic,
      partition: partition.index,
      role: roleOf(partition),
      roleState: partition.roleState,
      leader: partition.leaderId,
      leaderEpoch: partition.leaderEpoch,
      isr: partition.isr,
      maximalIsr: partition.maximalIsr,
      isrState: partition.isrState,
      logStart: log.logStartOffset,
      hw: log.highWatermark,
      lso: log.lastStableOffset,
      leo: log.logEndOffset,
      synced: log.log.recoveryPoint,
      epochs: log.epochs.entries,
    };
    if (before !== undefined) {
      const keys = Object.keys(now) as (keyof typeof now)[];
      if (keys.every((key) => before[key] === now[key])) return before;
    }
    const view = { ...now, records: this.#records(partition, before) };
    this.#partitions.set(partition, view);
    return view;
  }

  #records(partition: Partition, before: PartitionView | undefined): readonly RecordView[] {
    const { logEndOffset, logStartOffset, epochs } = partition.log;
    const grew = before !== undefined && before.epochs === epochs.entries;
    if (grew && before.leo === logEndOffset && before.logStart === logStartOffset) {
      return before.records;
    }
    // After a truncation the cursor may point into the middle of a batch: begin anew.
    const goesOn = grew && before.leo <= logEndOffset;
    const cursor = goesOn ? (this.#cursors.get(partition) ?? null) : null;
    const tail = readTail(this.#disk, partition, cursor);
    this.#cursors.set(partition, tail.cursor);
    return tail.records;
  }
}

function roleOf(partition: Partition): PartitionView['role'] {
  if (partition.isLeader) return 'leader';
  return partition.roleState.startsWith('Follower') ? 'follower' : 'offline';
}

/** Where in a segment's file the first shown record's batch begins. */
interface TailCursor {
  readonly segmentBaseOffset: number;
  readonly positionBytes: number;
}

/**
 * The last records. Read from the file beside the log, so that looking costs the broker nothing:
 * with `scan` the view would change the run that it shows.
 */
function readTail(
  disk: Disk,
  partition: Partition,
  cursor: TailCursor | null,
): { records: readonly RecordView[]; cursor: TailCursor | null } {
  const { log } = partition.log;
  const from = Math.max(log.logStartOffset, log.logEndOffset - RECORDS_SHOWN);
  if (from >= log.logEndOffset) return { records: [], cursor: null };
  const records: RecordView[] = [];
  let next: TailCursor | null = null;
  for (const segment of log.segments()) {
    if (segment.nextOffset <= from) continue;
    const path = segmentPath(log.folder, segment.baseOffset, '.log');
    if (!disk.exists(path)) continue;
    const bytes = disk.open(path).read(0, segment.sizeBytes);
    let position = cursor?.segmentBaseOffset === segment.baseOffset ? cursor.positionBytes : 0;
    while (position < bytes.length) {
      const header = readBatchHeader(bytes, position);
      if (isBatchProblem(header)) break;
      if (header.lastOffset >= from) {
        next ??= { segmentBaseOffset: segment.baseOffset, positionBytes: position };
        records.push(...batchView(bytes, header).filter(({ offset }) => offset >= from));
      }
      position += header.sizeBytes;
    }
  }
  return { records: records.slice(-RECORDS_SHOWN), cursor: next };
}

function batchView(bytes: Uint8Array, header: BatchHeader): RecordView[] {
  const records = readRecords(bytes, header, DECOMPRESSED_BYTES_MAX);
  if (isBatchProblem(records)) return [];
  return records.map((record) => ({
    offset: record.offset,
    epoch: header.partitionLeaderEpoch,
    key: text(record.key),
    value: text(record.value),
    bytes: (record.key?.length ?? 0) + (record.value?.length ?? 0),
    batch: header.baseOffset,
  }));
}

/** What is no text, as the keys and values of the internal topics, is shown by its size. */
function text(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  const shown = bytes.subarray(0, TEXT_BYTES_SHOWN);
  // no text has a NUL, and every schema of an internal topic begins with one
  return shown.includes(0) ? `${bytes.length} B` : decodeUtf8(shown);
}
