/**
 * A stream's writer: takes records, writes all that came in an event as one chunk, has its replicas
 * copy it, and tells publishers when a majority of the replicas has it.
 *
 *     first ............ committed ............ next
 *     gone by retention |  readable             | written here, not at a majority
 *
 * Nothing is synced: "committed" says that a majority has it in the page cache (R1 holds while a
 * minority fails). A record that comes again is not written again, also where another node was the
 * writer when it came first: who wrote how far is in the log (`writer-tracking.ts`). So a node that
 * sends again what was not answered doubles nothing; a client that publishes again does (R1, R2).
 * Source: `osiris_writer`, `agreed_commit`, `handle_duplicates`.
 * Differs: a batch is what one instant brings, there what is in the process's mailbox.
 * Not here: the copies (`stream-replica.ts`), consumers (`stream-reader.ts`), which node has the
 * writer (`stream-coordinator.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, Cost, Trace } from '../../kernel/ports.ts';
import { micros } from '../../kernel/units.ts';
import { CHUNK_ENTRIES_MAX } from './chunk.ts';
import { chunkFilter } from './chunk-filter.ts';
import type { StreamLog } from './stream-log.ts';
import { streamChunkWritten, streamCommitted, streamTruncated } from './stream-trace.ts';
import { trackingTrailer, type WriterTracking } from './writer-tracking.ts';

/** Told once whether a majority has the record. */
export type Written = (committed: boolean) => void;

/** What is written. */
export interface StreamRecord {
  /** Who writes it, and its number there: numbers of a writer id rise. */
  readonly writerId: string;
  readonly sequence: number;
  readonly body: Uint8Array;
  /** `x-stream-filter-value`. */
  readonly filterValue: string | null;
}

interface Pending {
  readonly record: StreamRecord;
  readonly written: Written;
}

/** Records that were written and are not committed: those below `endOffset`. */
interface Uncommitted {
  readonly endOffset: number;
  readonly written: readonly Written[];
}

export interface WriterContext {
  readonly ports: { readonly clock: Clock; readonly trace: Trace; readonly cost: Cost };
  readonly stream: string;
  readonly epoch: number;
  /** Bytes of a chunk's filter. */
  readonly filterBytes: () => number;
  /** The other nodes that have a replica. */
  readonly replicas: readonly string[];
  /** Everything below the offset is committed. */
  readonly committed: (offset: number) => void;
  /** A chunk was written: it can be copied. */
  readonly appended: () => void;
}

export class StreamWriter {
  readonly log: StreamLog;
  readonly #context: WriterContext;
  /** How far each replica is. */
  readonly #replicaNext: Map<string, number>;
  readonly #tracking: WriterTracking;
  #batch: Pending[] = [];
  #isBatching = false;
  readonly #uncommitted: Uncommitted[] = [];
  /** Records that came again before a majority had them. */
  #duplicates: Uncommitted[] = [];
  #committed: number;
  #isClosed = false;

  constructor(log: StreamLog, context: WriterContext) {
    this.log = log;
    this.#context = context;
    this.#replicaNext = new Map(context.replicas.map((replica) => [replica, 0]));
    this.#tracking = log.tracking();
    // Only a writer that is alone knows what was committed before it started.
    this.#committed = context.replicas.length === 0 ? log.nextOffset : log.firstOffset;
    assert(context.epoch >= log.lastEpoch, 'epochs never fall', {
      epoch: context.epoch,
      last: log.lastEpoch,
    });
  }

  get epoch(): number {
    return this.#context.epoch;
  }

  /** Everything below it may be read. */
  get committed(): number {
    return this.#committed;
  }

  hasReplica(node: string): boolean {
    return this.#replicaNext.has(node);
  }

  write(record: StreamRecord, written: Written): void {
    assert(!this.#isClosed, 'the writer is there', { stream: this.#context.stream });
    this.#batch.push({ record, written });
    if (this.#isBatching) return;
    this.#isBatching = true;
    this.#context.ports.clock.after(micros(0), 'stream batch', () => this.#writeBatch());
  }

  /** A replica has everything below the offset. */
  acknowledged(replica: string, next: number): void {
    const before = this.#replicaNext.get(replica);
    assert(before !== undefined, 'a replica of the stream', { replica });
    assert(next <= this.log.nextOffset, 'a copy is not ahead', { replica, next });
    this.#replicaNext.set(replica, next);
    this.#commit();
  }

  /**
   * The writer ends. Of what is not committed nobody is told: who wrote it sends it to the next.
   */
  close(): void {
    this.#isClosed = true;
    this.#uncommitted.length = 0;
    this.#duplicates = [];
    this.#batch = [];
  }

  #writeBatch(): void {
    this.#isBatching = false;
    if (this.#isClosed) return;
    const batch = this.#batch;
    this.#batch = [];
    for (let from = 0; from < batch.length; from += CHUNK_ENTRIES_MAX) {
      const records = this.#withoutDuplicates(batch.slice(from, from + CHUNK_ENTRIES_MAX));
      if (records.length > 0) this.#writeChunk(records);
    }
    this.#context.appended();
    this.#commit();
  }

  /** Invariant R2: what is in the log is answered, and not written again. */
  #withoutDuplicates(records: readonly Pending[]): readonly Pending[] {
    const last = new Map<string, number>();
    return records.filter(({ record: { writerId, sequence }, written }) => {
      const tracked = this.#tracking.get(writerId);
      if (sequence <= (last.get(writerId) ?? 0)) return false;
      if (tracked === undefined || sequence > tracked.sequence) {
        last.set(writerId, sequence);
        return true;
      }
      this.#duplicates.push({ endOffset: tracked.endOffset, written: [written] });
      return false;
    });
  }

  #writeChunk(records: readonly Pending[]): void {
    const { log } = this;
    const { ports, stream, epoch, filterBytes } = this.#context;
    const { firstOffset: first, nextOffset: firstOffset } = log;
    const bodies = records.map(({ record }) => record.body);
    const last = new Map(records.map(({ record }) => [record.writerId, record.sequence]));
    const values = records.map(({ record }) => record.filterValue);
    const filter = chunkFilter(values, filterBytes());
    ports.cost.charge('record', bodies.length);
    const result = log.write(bodies, epoch, { filter, trailer: trackingTrailer(last) });
    const told = records.map(({ written }) => written);
    if (result !== 'ok') {
      for (const written of told) written(false);
      return;
    }
    const next = log.nextOffset;
    assert(next === firstOffset + records.length, 'a record has an offset', { firstOffset, next });
    for (const [writer, sequence] of last) {
      this.#tracking.note(writer, { sequence, endOffset: next });
    }
    const bytes = bodies.reduce((sum, { length }) => sum + length, 0);
    ports.trace.record(streamChunkWritten, { stream, firstOffset, next, bytes });
    if (log.firstOffset > first) {
      ports.trace.record(streamTruncated, { stream, offset: log.firstOffset });
    }
    this.#uncommitted.push({ endOffset: next, written: told });
  }

  /** Commits what a majority has, the writer among them. */
  #commit(): void {
    const all = [this.log.nextOffset, ...this.#replicaNext.values()];
    all.sort((left, right) => right - left);
    const agreed = all[Math.floor(all.length / 2)]!;
    assert(agreed <= this.log.nextOffset, 'what is committed is written', { agreed });
    if (agreed > this.#committed) {
      this.#committed = agreed;
      const { ports, stream, committed } = this.#context;
      ports.trace.record(streamCommitted, { stream, offset: agreed });
      while (this.#uncommitted.length > 0 && this.#uncommitted[0]!.endOffset <= agreed) {
        // Invariant R1: confirmed when a majority has it, not before.
        for (const written of this.#uncommitted.shift()!.written) written(true);
      }
      committed(agreed);
    }
    const due = this.#duplicates.filter(({ endOffset }) => endOffset <= this.#committed);
    if (due.length === 0) return;
    this.#duplicates = this.#duplicates.filter(({ endOffset }) => endOffset > this.#committed);
    for (const { written } of due) for (const one of written) one(true);
  }
}
