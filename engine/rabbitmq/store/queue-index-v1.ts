/**
 * The index of a queue, version 1 (the default until 3.13): a journal to which everything is
 * appended, and segments to which it goes when the journal is long.
 *
 * The journal is written and synced when the queue has nothing else to do, and then those are told
 * who wait for a confirm: so small messages, which are embedded here, are safe against a loss of
 * power in each release that has this index. When it has too many entries, each segment gets what
 * is left of its own (or goes, if nothing is), the segments are synced, and the journal begins
 * anew; what comes meanwhile waits in memory. A restart reads segments and journal together. Not
 * here: the octets (`index-journal.ts`). Source: `rabbit_queue_index`. Differs: transient messages
 * are not in it.
 */
import { Writer } from '../../bytes/writer.ts';
import { assert, present } from '../../kernel/assert.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { FlushTimer } from './flush-timer.ts';
import {
  type IndexAction,
  readJournal,
  readSegmentEntries,
  writeJournalEntry,
  writeSegmentEntry,
} from './index-journal.ts';
import type { StorePorts } from './message-store.ts';
import { nextSegment, type RecoveredEntry, type RecoveredIndex } from './queue-index.ts';
import type { IndexEntry, IndexRecovery, QueueIndex } from './queue-index.ts';
import type { IndexOptions } from './queue-index-v2.ts';
import { segmentsIn } from './segment-file.ts';
import { indexFlushedKind } from './store-trace.ts';

const JOURNAL = 'journal.jif';
const EXTENSION = '.idx';
/** Source: `rabbit_amqqueue_process`, SYNC_INTERVAL. */
const SYNC_INTERVAL_MS = 200;

/** What is known of a position. */
interface Known {
  readonly entry: IndexEntry;
  delivered: boolean;
  acknowledged: boolean;
  /** What its segment has of it: nothing, the publication, the delivery, too. */
  inSegment: 0 | 1 | 2;
}

export interface JournalOptions extends IndexOptions {
  readonly journalEntriesMax: number;
}

export class QueueIndexV1 implements QueueIndex {
  readonly recovered: RecoveredIndex;
  readonly #ports: StorePorts;
  readonly #options: JournalOptions;
  readonly #timer: FlushTimer;
  /** Without anybody who waits, the journal is synced all the same. */
  readonly #later: Timer;
  /** What is not acknowledged, or is and its segment does not have that yet; by segment. */
  readonly #segments = new Map<number, Map<number, Known>>();
  /** Segments that a crash may have left in the page cache: the next flush syncs them. */
  readonly #unsynced = new Set<number>();
  /** Entries that the journal's file lacks. */
  #buffer: IndexAction[] = [];
  #told: (() => void)[] = [];
  #journalEntries = 0;
  #isSyncing = false;
  #closing: ((terms: string) => void) | null = null;

  constructor(ports: StorePorts, options: JournalOptions, recovery: IndexRecovery) {
    this.#ports = ports;
    this.#options = options;
    const timer = { intervalMs: SYNC_INTERVAL_MS, label: 'queue-index' };
    this.#timer = new FlushTimer(ports.clock, timer, () => this.#sync());
    this.#later = new Timer(ports.clock);
    this.recovered = this.#recover(recovery);
  }

  publish(entry: IndexEntry, told: (() => void) | null): void {
    const segment = this.#segment(entry.seqId);
    assert(!segment.has(entry.seqId), 'a position is published once', { seqId: entry.seqId });
    segment.set(entry.seqId, { entry, delivered: false, acknowledged: false, inSegment: 0 });
    if (told !== null) this.#told.push(told);
    this.#append({ action: 'publish', entry });
  }

  deliver(seqId: number): void {
    const known = present(this.#segment(seqId).get(seqId), 'what is delivered was published');
    if (known.delivered) return;
    known.delivered = true;
    this.#append({ action: 'deliver', seqId });
  }

  ack(seqIds: readonly number[]): void {
    for (const seqId of seqIds) {
      this.deliver(seqId);
      const segment = this.#segment(seqId);
      const known = present(segment.get(seqId), 'what is acknowledged was published');
      assert(!known.acknowledged, 'a message is acknowledged once', { seqId });
      known.acknowledged = true;
      if (known.inSegment === 0) segment.delete(seqId);
      this.#append({ action: 'ack', seqId });
    }
  }

  close(done: (terms: string) => void): void {
    this.stop();
    if (this.#isSyncing) {
      // The journal may be cut when the segments are synced: what waits is written after that.
      this.#closing = done;
      return;
    }
    this.#writeJournal();
    const file = this.#journal();
    file.sync((result) => {
      if (result !== 'ok') {
        this.#ports.failed(file.path, result);
        return;
      }
      this.#tell(this.#takeTold());
      done('clean');
    });
  }

  stop(): void {
    this.#timer.stop();
    this.#later.cancel();
  }

  // ----------------------------------------------------------------------------------- journal

  #append(action: IndexAction): void {
    this.#buffer.push(action);
    this.#journalEntries += 1;
    if (this.#journalEntries > this.#options.journalEntriesMax && !this.#isSyncing) {
      this.#flushJournal();
    } else if (this.#told.length > 0) {
      this.#timer.added();
    } else if (!this.#later.isSet) {
      this.#later.set(microsOfMillis(SYNC_INTERVAL_MS), 'queue-index', () => this.#sync());
    }
  }

  #sync(): void {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    const entries = this.#buffer.length;
    this.#writeJournal();
    const told = this.#takeTold();
    const file = this.#journal();
    this.#ports.cost.charge('syscall', 1);
    file.sync((result) => {
      if (result !== 'ok') {
        this.#ports.failed(file.path, result);
        return;
      }
      const { queue } = this.#options;
      this.#ports.trace.record(indexFlushedKind, { queue, entries, synced: true });
      this.#synced(told);
    });
  }

  #synced(told: readonly (() => void)[]): void {
    assert(this.#isSyncing, 'a sync was under way', { queue: this.#options.queue });
    this.#isSyncing = false;
    this.#tell(told);
    if (this.#closing !== null) this.close(this.#closing);
    else if (this.#told.length > 0) this.#timer.added();
  }

  #writeJournal(): void {
    const writer = new Writer();
    for (const action of this.#buffer) writeJournalEntry(writer, action);
    this.#buffer = [];
    if (writer.length > 0) this.#write(JOURNAL, writer);
  }

  /** The journal's entries go to the segments, and the journal begins anew. */
  #flushJournal(): void {
    this.#isSyncing = true;
    this.#timer.stop();
    const entries = this.#journalEntries;
    this.#writeJournal();
    this.#journalEntries = 0;
    const told = this.#takeTold();
    const written: string[] = [];
    for (const [number, segment] of [...this.#segments]) {
      const isWritten = this.#writeSegment(number, segment);
      const wasUnsynced = this.#unsynced.delete(number);
      const isThere = this.#segments.has(number);
      if (isThere && (isWritten || wasUnsynced)) written.push(`${number}${EXTENSION}`);
    }
    this.#syncAll(written, () => {
      this.#journal().truncate(0);
      const { queue } = this.#options;
      this.#ports.trace.record(indexFlushedKind, { queue, entries, synced: true });
      this.#tell(told);
      // What follows must not stand before octets of the old journal after a loss of power.
      this.#syncAll([JOURNAL], () => this.#synced([]));
    });
  }

  #syncAll(names: readonly string[], done: () => void): void {
    assert(this.#isSyncing, 'nothing is written to the journal meanwhile', {});
    let left = names.length;
    if (left === 0) done();
    for (const name of names) {
      const file = this.#ports.disk.open(this.#path(name));
      this.#ports.cost.charge('syscall', 1);
      file.sync((result) => {
        left -= 1;
        if (result !== 'ok') this.#ports.failed(file.path, result);
        else if (left === 0) done();
      });
    }
  }

  /** Appends to a segment what it lacks; whether there was something. One without messages goes. */
  #writeSegment(number: number, segment: Map<number, Known>): boolean {
    const isDone = [...segment.values()].every(({ acknowledged }) => acknowledged);
    if (isDone) {
      this.#segments.delete(number);
      this.#ports.disk.remove(this.#path(`${number}${EXTENSION}`));
      return false;
    }
    const writer = new Writer();
    const { segmentEntries } = this.#options;
    for (const [seqId, known] of segment) {
      if (known.inSegment === 0) {
        writeSegmentEntry(writer, { action: 'publish', entry: known.entry }, segmentEntries);
        known.inSegment = 1;
      }
      if (known.delivered && known.inSegment === 1) {
        writeSegmentEntry(writer, { action: 'next', seqId }, segmentEntries);
        known.inSegment = 2;
      }
      if (!known.acknowledged) continue;
      writeSegmentEntry(writer, { action: 'next', seqId }, segmentEntries);
      segment.delete(seqId);
    }
    if (writer.length === 0) return false;
    this.#write(`${number}${EXTENSION}`, writer);
    return true;
  }

  #write(name: string, writer: Writer): void {
    const octets = writer.finish();
    const file = this.#ports.disk.open(this.#path(name));
    this.#ports.cost.charge('syscall', 1);
    this.#ports.cost.charge('append', octets.length);
    const result = file.write(file.size(), octets);
    if (result !== 'ok') this.#ports.failed(file.path, result);
  }

  #takeTold(): readonly (() => void)[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  #tell(told: readonly (() => void)[]): void {
    for (const tell of told) tell();
  }

  #segment(seqId: number): Map<number, Known> {
    const number = Math.floor(seqId / this.#options.segmentEntries);
    let segment = this.#segments.get(number);
    if (segment === undefined) this.#segments.set(number, (segment = new Map()));
    return segment;
  }

  #journal(): ReturnType<StorePorts['disk']['open']> {
    return this.#ports.disk.open(this.#path(JOURNAL));
  }

  #path(name: string): string {
    return `${this.#options.folder}/${name}`;
  }

  // ---------------------------------------------------------------------------------- recovery

  #recover({ terms, contains }: IndexRecovery): RecoveredIndex {
    const { known, behind, ends, journalEntries } = readIndex(this.#ports, this.#options);
    const cut = [...ends].filter(([name, end]) => this.#cut(name, end)).map(([name]) => name);
    if (cut.length > 0) {
      this.#isSyncing = true;
      this.#syncAll(cut, () => this.#synced([]));
    }
    for (const number of segmentsIn(this.#ports, this.#options.folder, EXTENSION)) {
      this.#unsynced.add(number);
    }
    this.#journalEntries = journalEntries;
    const entries: RecoveredEntry[] = [];
    const lost: number[] = [];
    for (const [seqId, of] of known) {
      const { entry } = of;
      if (of.acknowledged && of.inSegment === 0) continue;
      this.#segment(seqId).set(seqId, of);
      if (of.acknowledged) continue;
      if (entry.embedded !== null || contains(entry.id)) {
        entries.push({ ...entry, delivered: of.delivered || terms === null });
      } else {
        lost.push(seqId);
      }
    }
    const { segmentEntries } = this.#options;
    // A position that the journal still has must not be given to another message.
    const last = Math.ceil(behind / segmentEntries) - 1;
    const nextSeqId = nextSegment([last], segmentEntries);
    entries.sort((left, right) => left.seqId - right.seqId);
    this.ack(lost);
    // After a crash nobody knows: what was there counts as delivered, after the next start, too.
    if (terms === null) for (const { seqId } of entries) this.deliver(seqId);
    assert(entries.length <= known.size, 'each once', { entries: entries.length });
    return { entries, nextSeqId, dropped: lost.length };
  }

  /** Octets behind the last whole entry are a write that a crash tore: whether there were any. */
  #cut(name: string, end: number): boolean {
    const file = this.#ports.disk.open(this.#path(name));
    assert(end <= file.size(), 'entries end in the file', { name, end });
    if (file.size() === end) return false;
    file.truncate(end);
    return true;
  }
}

/** Messages of the message store that the queue's index wants, before anything is opened. */
export function referencesOfV1(ports: StorePorts, options: IndexOptions): readonly string[] {
  const { known } = readIndex(ports, options);
  return [...known.values()].flatMap(({ entry, acknowledged }) =>
    entry.embedded === null && !acknowledged ? [entry.id] : [],
  );
}

/** Segments and journal together: what both have counts once. */
function readIndex(
  ports: StorePorts,
  { folder, segmentEntries }: IndexOptions,
): {
  readonly known: ReadonlyMap<number, Known>;
  /** The position behind all that are named. */
  readonly behind: number;
  /** Where the whole entries of each file end. */
  readonly ends: ReadonlyMap<string, number>;
  readonly journalEntries: number;
} {
  const known = new Map<number, Known>();
  const ends = new Map<string, number>();
  let behind = 0;
  for (const number of segmentsIn(ports, folder, EXTENSION)) {
    behind = Math.max(behind, number * segmentEntries + 1);
    const name = `${number}${EXTENSION}`;
    const octets = readFile(ports, `${folder}/${name}`);
    const segment = readSegmentEntries(octets, number * segmentEntries);
    ends.set(name, segment.end);
    for (const action of segment.actions) take(known, action, 'segment');
  }
  const { actions, end } = readJournal(readFile(ports, `${folder}/${JOURNAL}`));
  for (const action of actions) {
    behind = Math.max(behind, seqIdOf(action) + 1);
    take(known, action, 'journal');
  }
  ends.set(JOURNAL, end);
  return { known, behind, ends, journalEntries: actions.length };
}

function seqIdOf(of: IndexAction): number {
  return of.action === 'publish' ? of.entry.seqId : of.seqId;
}

function readFile({ disk, cost }: StorePorts, path: string): Uint8Array {
  if (!disk.exists(path)) return new Uint8Array(0);
  const file = disk.open(path);
  cost.charge('read', file.size());
  return file.read(0, file.size()).slice();
}

function take(known: Map<number, Known>, of: IndexAction, from: 'segment' | 'journal'): void {
  const seqId = seqIdOf(of);
  const before = known.get(seqId);
  if (of.action === 'publish') {
    if (before !== undefined) return;
    const inSegment = from === 'segment' ? 1 : 0;
    known.set(seqId, { entry: of.entry, delivered: false, acknowledged: false, inSegment });
    return;
  }
  // Of a message without a publication its segment is gone: it was acknowledged long ago.
  if (before === undefined) return;
  assert(before.entry.seqId === seqId, 'a publication came first', { seqId });
  if (of.action === 'ack' || (of.action === 'next' && before.delivered)) {
    before.acknowledged = true;
  } else {
    before.delivered = true;
    if (from === 'segment') before.inSegment = 2;
  }
}
