/**
 * The records of one partition that one Fetch reply brought, given out bit by bit: batches are
 * read when their turn comes, control batches are skipped, and with `read_committed` the batches of
 * aborted transactions too.
 *
 * Invariant K12. Source: `CompletedFetch`. Not here: where the records go (`fetcher.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import { limits } from '../../../kernel/limits.ts';
import { decodeMarker } from '../../../wire/kafka/control-record.ts';
import type { BatchRecord, RecordHeader } from '../../../wire/kafka/record.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readRecords,
  scanBatches,
  validateBatch,
} from '../../../wire/kafka/record-batch.ts';
import type { TopicPartition } from './subscription-state.ts';

/** A record as the application gets it. The bytes are its own. */
export interface ConsumerRecord extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchedData {
  readonly partition: TopicPartition;
  readonly fetchOffset: number;
  /** Null: there was nothing. */
  readonly records: Uint8Array | null;
  /** Null unless the isolation level is read_committed. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  readonly checksCrcs: boolean;
}

export class CompletedFetch {
  readonly partition: TopicPartition;
  /** The offset after everything that was given out or skipped. */
  nextFetchOffset: number;
  /** The leader epoch of the last batch that was looked at; -1 before the first. */
  lastEpoch = -1;
  /** A batch that cannot be read: its bytes are damaged. */
  corrupt = false;
  readonly #bytes: Uint8Array;
  readonly #checksCrcs: boolean;
  readonly #batches: BatchHeader[];
  readonly #aborted: AbortedTransaction[];
  readonly #abortedProducers = new Set<number>();
  readonly #readCommitted: boolean;
  #ready: BatchRecord[] = [];
  #readyEpoch = -1;
  #endOfBatch = 0;

  constructor(data: FetchedData) {
    this.partition = data.partition;
    this.nextFetchOffset = data.fetchOffset;
    this.#bytes = data.records ?? new Uint8Array(0);
    this.#checksCrcs = data.checksCrcs;
    const scan = scanBatches(this.#bytes);
    // The end of a reply may cut a batch; anything else that is no batch is damage.
    this.corrupt = scan.problem !== null && scan.problem !== 'incomplete' && !scan.batches.length;
    this.#batches = [...scan.batches];
    this.#readCommitted = data.abortedTransactions !== null;
    this.#aborted = [...(data.abortedTransactions ?? [])].sort(
      (left, right) => left.firstOffset - right.firstOffset,
    );
    assert(this.nextFetchOffset >= 0, 'an offset', { offset: this.nextFetchOffset });
  }

  get isDrained(): boolean {
    return this.#ready.length === 0 && this.#batches.length === 0;
  }

  /** At most so many records, from where the last call ended. */
  take(recordsMax: number): ConsumerRecord[] {
    assert(recordsMax > 0, 'some', { recordsMax });
    const taken: ConsumerRecord[] = [];
    while (taken.length < recordsMax && !this.corrupt) {
      const record = this.#ready.shift();
      if (record === undefined) {
        if (!this.#openNextBatch()) break;
        continue;
      }
      taken.push(this.#own(record));
      this.nextFetchOffset = record.offset + 1;
      this.lastEpoch = this.#readyEpoch;
      if (this.#ready.length === 0) this.nextFetchOffset = this.#endOfBatch;
    }
    return taken;
  }

  /** Reads the next batch that the application may see. False at the end. */
  #openNextBatch(): boolean {
    const header = this.#batches.shift();
    if (header === undefined) return false;
    assert(this.#ready.length === 0, 'one batch after the other', { left: this.#ready.length });
    const records = this.#read(header);
    if (records === null) {
      this.corrupt = true;
      return false;
    }
    this.#endOfBatch = header.lastOffset + 1;
    this.#readyEpoch = header.partitionLeaderEpoch;
    const visible = this.#isVisible(header, records);
    this.#ready = visible ? records.filter(({ offset }) => offset >= this.nextFetchOffset) : [];
    if (this.#ready.length === 0 && this.#endOfBatch > this.nextFetchOffset) {
      this.nextFetchOffset = this.#endOfBatch;
      this.lastEpoch = this.#readyEpoch;
    }
    return true;
  }

  #read(header: BatchHeader): readonly BatchRecord[] | null {
    if (this.#checksCrcs && validateBatch(this.#bytes, header) !== null) return null;
    const records = readRecords(this.#bytes, header, limits.frameBytesMax);
    return isBatchProblem(records) ? null : records;
  }

  /** Source: `CompletedFetch.nextFetchedRecord`. */
  #isVisible(header: BatchHeader, records: readonly BatchRecord[]): boolean {
    if (this.#readCommitted && header.producerId >= 0) {
      while (this.#aborted[0] !== undefined && this.#aborted[0].firstOffset <= header.lastOffset) {
        this.#abortedProducers.add(this.#aborted.shift()!.producerId);
      }
      if (header.isControl) {
        const marker = records[0] === undefined ? null : decodeMarker(records[0]);
        if (marker?.type === 'abort') this.#abortedProducers.delete(header.producerId);
      } else if (header.isTransactional && this.#abortedProducers.has(header.producerId)) {
        return false;
      }
    }
    return !header.isControl;
  }

  #own(record: BatchRecord): ConsumerRecord {
    const { offset, timestamp, headers } = record;
    assert(offset >= this.nextFetchOffset, 'offsets go forward', { offset });
    return {
      ...this.partition,
      offset,
      leaderEpoch: this.#readyEpoch,
      timestamp,
      key: record.key?.slice() ?? null,
      value: record.value?.slice() ?? null,
      headers,
    };
  }
}
