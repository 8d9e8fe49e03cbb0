/**
 * A stream's writer: takes records, writes all that came in an event as one chunk, has its replicas
 * copy it, and tells publishers when a majority of the replicas has it.
 *
 *     first ............ committed ............ next
 *     gone by retention |  readable             | written here, not at a majority
 *
 * Nothing is synced: "committed" says that a majority has it in the page cache (R1 holds while a
 * minority fails). Source: `osiris_writer`, `agreed_commit`.
 * Differs: a batch is what one instant brings, there what is in the process's mailbox; a writer id
 * and its sequence numbers are not kept in the log, so a record that is sent again to a writer that
 * restarted may be there twice.
 * Not here: the copies (`stream-replica.ts`), consumers (`stream-reader.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, Cost, Trace } from '../../kernel/ports.ts';
import { micros } from '../../kernel/units.ts';
import { CHUNK_ENTRIES_MAX } from './chunk.ts';
import type { StreamLog } from './stream-log.ts';
import { streamChunkWritten, streamCommitted, streamTruncated } from './stream-trace.ts';

/** Told once whether a majority has the record. */
export type Written = (committed: boolean) => void;

interface Pending {
  readonly body: Uint8Array;
  readonly written: Written | null;
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
  #batch: Pending[] = [];
  #isBatching = false;
  readonly #uncommitted: Uncommitted[] = [];
  #committed: number;
  #isClosed = false;

  constructor(log: StreamLog, context: WriterContext) {
    this.log = log;
    this.#context = context;
    this.#replicaNext = new Map(context.replicas.map((replica) => [replica, 0]));
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

  write(body: Uint8Array, written: Written | null): void {
    assert(!this.#isClosed, 'the writer is there', { stream: this.#context.stream });
    this.#batch.push({ body, written });
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

  /** The writer ends: what is not committed is refused. */
  close(): void {
    this.#isClosed = true;
    const refused = [
      ...this.#uncommitted.flatMap(({ written }) => written),
      ...this.#batch.flatMap(({ written }) => (written === null ? [] : [written])),
    ];
    this.#uncommitted.length = 0;
    this.#batch = [];
    for (const written of refused) written(false);
  }

  #writeBatch(): void {
    this.#isBatching = false;
    const batch = this.#batch;
    this.#batch = [];
    for (let from = 0; from < batch.length; from += CHUNK_ENTRIES_MAX) {
      this.#writeChunk(batch.slice(from, from + CHUNK_ENTRIES_MAX));
    }
    this.#context.appended();
    this.#commit();
  }

  #writeChunk(records: readonly Pending[]): void {
    const { log } = this;
    const { ports, stream, epoch } = this.#context;
    const { firstOffset: first, nextOffset: firstOffset } = log;
    const bodies = records.map(({ body }) => body);
    ports.cost.charge('record', bodies.length);
    const result = log.write(bodies, epoch);
    const told = records.flatMap(({ written }) => (written === null ? [] : [written]));
    if (result !== 'ok') {
      for (const written of told) written(false);
      return;
    }
    const next = log.nextOffset;
    assert(next === firstOffset + records.length, 'a record has an offset', { firstOffset, next });
    const bytes = bodies.reduce((sum, { length }) => sum + length, 0);
    ports.trace.record(streamChunkWritten, { stream, firstOffset, next, bytes });
    if (log.firstOffset > first) {
      ports.trace.record(streamTruncated, { stream, offset: log.firstOffset });
    }
    if (told.length > 0) this.#uncommitted.push({ endOffset: next, written: told });
  }

  /** Commits what a majority has, the writer among them. */
  #commit(): void {
    const all = [this.log.nextOffset, ...this.#replicaNext.values()];
    all.sort((left, right) => right - left);
    const agreed = all[Math.floor(all.length / 2)]!;
    if (agreed <= this.#committed) return;
    assert(agreed <= this.log.nextOffset, 'what is committed is written', { agreed });
    this.#committed = agreed;
    const { ports, stream, committed } = this.#context;
    ports.trace.record(streamCommitted, { stream, offset: agreed });
    while (this.#uncommitted.length > 0 && this.#uncommitted[0]!.endOffset <= agreed) {
      // Invariant R1: confirmed when a majority has it, not before.
      for (const written of this.#uncommitted.shift()!.written) written(true);
    }
    committed(agreed);
  }
}
