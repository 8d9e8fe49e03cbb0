/**
 * A member of a quorum as a process of the simulated world: a replicated list of numbers, with its
 * log, snapshots and connections. It tells the watch everything.
 */
import { decodeUtf8, encodeUtf8 } from '../../engine/bytes/utf8.ts';
import type { Effect, QuorumState, Reply } from '../../engine/consensus/effect.ts';
import type { LogPosition, MemberId, Message } from '../../engine/consensus/message.ts';
import { plainQuorumState, QuorumStateFile } from '../../engine/consensus/quorum-state-file.ts';
import type { RaftConfig } from '../../engine/consensus/raft-config.ts';
import { RaftDriver } from '../../engine/consensus/raft-driver.ts';
import type { RaftView } from '../../engine/consensus/raft.ts';
import { assert, present } from '../../engine/kernel/assert.ts';
import type {
  Connection,
  DiskResult,
  Ports,
  Process,
  Protocol,
} from '../../engine/kernel/ports.ts';
import { CheckpointFile } from '../../engine/storage/checkpoint-file.ts';
import { DiskLog } from './disk-log.ts';
import type { RaftWatch } from './watch.ts';

const PORT = 9093;
const CHUNK_BYTES = 100;

interface Envelope {
  readonly from: MemberId;
  readonly message: Message;
}

/** Messages go by reference: their bytes are no part of these tests. */
const protocol: Protocol = {
  name: 'raft',
  size: (envelope) => 40 + 30 * countOf((envelope as Envelope).message),
  describe: (envelope) => (envelope as Envelope).message.type,
  codec: () => {
    throw new Error('no bytes here');
  },
};

function countOf(message: Message): number {
  if (message.type !== 'records' || message.answer.kind !== 'entries') return 1;
  return message.answer.entries.length;
}

interface SnapshotText extends LogPosition {
  readonly voters: readonly MemberId[];
  readonly items: readonly number[];
}

interface Pending {
  readonly offset: number;
  readonly endOffset: number;
  readonly term: number;
  readonly done: (place: number) => void;
}

interface PendingRead {
  readonly offset: number;
  readonly done: (length: number) => void;
}

/** Knows which state its file keeps for certain. */
class WatchedStateFile extends QuorumStateFile {
  durable: QuorumState | null = null;

  override write(state: QuorumState, done: (result: DiskResult) => void): void {
    super.write(state, (result) => {
      if (result === 'ok') this.durable = state;
      done(result);
    });
  }
}

export interface MemberOptions {
  readonly config: RaftConfig;
  readonly watch: RaftWatch;
  /** Offsets between two snapshots; 0 for none. */
  readonly snapshotEvery: number;
  /** A state machine that is wrong: it applies what is not committed (T6). */
  readonly appliesEarly?: boolean;
}

export class Member implements Process {
  readonly #ports: Ports;
  readonly #options: MemberOptions;
  readonly #log: DiskLog;
  readonly #state: WatchedStateFile;
  readonly #snapshotFile: CheckpointFile;
  readonly #connections = new Map<MemberId, Connection>();
  readonly driver: RaftDriver;
  #snapshot: SnapshotText | null;
  #snapshotting = false;
  #incoming: Uint8Array[] = [];
  items: number[] = [];
  applied = 0;
  /** How this member came to its roles, for the tests. */
  readonly roles: string[] = [];
  #voters: readonly MemberId[];
  #pending: Pending[] = [];
  #reads: PendingRead[] = [];

  constructor(ports: Ports, options: MemberOptions) {
    const { config, watch } = options;
    const me = ports.host;
    this.#ports = ports;
    this.#options = options;
    this.#snapshotFile = new CheckpointFile(ports.disk, 'raft/snapshot');
    const text = this.#snapshotFile.read();
    this.#snapshot = text === null ? null : (JSON.parse(text) as SnapshotText);
    this.#log = new DiskLog(ports.disk, 'raft/log', {
      appended: (entries) => watch.appended(me, entries),
      truncated: (endOffset) => watch.truncated(me, endOffset),
    });
    const start = { offset: this.#snapshot?.offset ?? 0, term: this.#snapshot?.term ?? 0 };
    if (start.offset > 0) this.#log.beginAt(start);
    this.items = [...(this.#snapshot?.items ?? [])];
    this.applied = start.offset;
    this.#voters = this.#snapshot?.voters ?? config.voters;
    watch.restarted(me, start, this.#log.entries);
    this.#state = new WatchedStateFile(ports.disk, 'raft/quorum-state', plainQuorumState);
    const state = this.#state.read();
    assert(state !== 'corrupt', 'a checkpoint is whole');
    this.driver = new RaftDriver({
      me,
      config,
      ports: {
        clock: ports.clock,
        random: (purpose) => ports.random(purpose),
        trace: watch.transitions,
      },
      restored: {
        state,
        start,
        startVoters: this.#snapshot?.voters ?? null,
        entries: this.#log.entries,
      },
      log: this.#log,
      snapshots: {
        chunk: (snapshot, position) => this.#chunk(snapshot, position),
        keep: (part, installed) => this.#keep(part, installed),
      },
      quorumState: this.#state,
      owner: {
        send: (to, message) => this.#send(to, message),
        committed: (highWatermark) => this.#apply(highWatermark),
        roleChanged: ({ role, term }) => {
          this.roles.push(`${role} ${term}`);
          if (role !== 'Leader') this.#pending = [];
        },
        failed: (result) => this.#ports.halt(result),
      },
    });
  }

  start(): void {
    this.#ports.network.listen(PORT, protocol, () => ({
      received: (envelope) => {
        const { from, message } = envelope as Envelope;
        this.#ports.cost.charge('request', 1);
        this.driver.received(from, message);
        if (this.#options.appliesEarly === true) this.#apply(this.inspect().endOffset);
      },
      closed: () => undefined,
    }));
    this.driver.start();
  }

  inspect(): RaftView {
    return this.driver.inspect();
  }

  /** `done` with the item's place when it is applied; never, if nobody can say. */
  append(item: number, done: (place: number) => void): void {
    this.driver.ask({ type: 'append', proposals: [{ records: 1, payload: item }] }, (reply) => {
      if (reply.kind !== 'appended') return;
      const { offset, endOffset, term } = reply;
      if (endOffset <= this.applied) done(this.items.indexOf(item));
      else this.#pending.push({ offset, endOffset, term, done });
    });
  }

  /** `done` with the list's length. */
  read(done: (length: number) => void): void {
    this.driver.ask({ type: 'read' }, (reply) => {
      if (reply.kind !== 'readable') return;
      if (reply.offset <= this.applied) done(this.items.length);
      else this.#reads.push({ offset: reply.offset, done });
    });
  }

  /** Membership and office; what is answered is kept, newest last. */
  readonly answers: string[] = [];

  add(member: MemberId): void {
    this.driver.ask({ type: 'add-voter', member }, (reply) => this.#answered(reply));
  }

  remove(member: MemberId): void {
    this.driver.ask({ type: 'remove-voter', member }, (reply) => this.#answered(reply));
  }

  handOver(to: MemberId): void {
    this.driver.ask({ type: 'transfer', to }, (reply) => this.#answered(reply));
  }

  #answered(reply: Reply): void {
    this.answers.push(reply.kind === 'refused' ? reply.reason : reply.kind);
  }

  // ------------------------------------------------------------------------------- state machine

  #apply(highWatermark: number): void {
    while (this.applied < highWatermark) {
      const entry = this.#log.at(this.applied);
      // A snapshot that was installed has brought us there already.
      if (entry === undefined) return;
      this.applied = entry.endOffset;
      if (entry.control?.kind === 'voters') this.#voters = entry.control.voters;
      if (entry.control !== null) continue;
      this.items.push(entry.payload as number);
      const mine = this.#pending.find(({ offset }) => offset === entry.offset);
      if (mine?.term === entry.term) mine.done(this.items.length - 1);
    }
    this.#pending = this.#pending.filter(({ endOffset }) => endOffset > this.applied);
    for (const read of this.#reads) if (read.offset <= this.applied) read.done(this.items.length);
    this.#reads = this.#reads.filter(({ offset }) => offset > this.applied);
    this.#maybeSnapshot();
  }

  #maybeSnapshot(): void {
    const { snapshotEvery, watch } = this.#options;
    const since = this.applied - (this.#snapshot?.offset ?? 0);
    if (snapshotEvery === 0 || this.#snapshotting || since < snapshotEvery) return;
    if (this.#log.durableEndOffset < this.applied) return;
    const last = present(this.#log.read(this.#snapshot?.offset ?? 0)[0], 'an entry');
    let { term } = last;
    for (const entry of this.#log.entries) if (entry.offset < this.applied) term = entry.term;
    const position = { offset: this.applied, term };
    const snapshot = { ...position, voters: this.#voters, items: [...this.items] };
    this.#snapshotting = true;
    this.#snapshotFile.write(JSON.stringify(snapshot), (result) => {
      this.#snapshotting = false;
      if (result !== 'ok' || this.#incoming.length > 0) return;
      if (snapshot.offset <= (this.#snapshot?.offset ?? 0)) return;
      this.#snapshot = snapshot;
      this.#log.beginAt(position);
      watch.compacted(this.#ports.host, position);
      this.driver.compacted(position);
    });
  }

  // ----------------------------------------------------------------------------------- snapshots

  #chunk(snapshot: LogPosition, position: number): { bytes: Uint8Array; last: boolean } | null {
    if (this.#snapshot?.offset !== snapshot.offset) return null;
    const bytes = encodeUtf8(JSON.stringify(this.#snapshot));
    const end = Math.min(position + CHUNK_BYTES, bytes.length);
    return { bytes: bytes.slice(position, end), last: end === bytes.length };
  }

  #keep(
    { snapshot, position, bytes, last }: Extract<Effect, { effect: 'keep-chunk' }>,
    installed: (result: DiskResult, voters: readonly MemberId[]) => void,
  ): void {
    if (position === 0) this.#incoming = [];
    this.#incoming.push(bytes);
    if (!last) return;
    const whole = Uint8Array.from(this.#incoming.flatMap((part) => [...part]));
    const text = decodeUtf8(whole);
    const read = JSON.parse(text) as SnapshotText;
    assert(read.offset === snapshot.offset && read.term === snapshot.term, 'the one asked for');
    this.#snapshotFile.write(text, (result) => {
      if (result !== 'ok') {
        installed(result, []);
        return;
      }
      this.#incoming = [];
      this.#snapshot = read;
      this.items = [...read.items];
      this.applied = read.offset;
      this.#voters = read.voters;
      this.#pending = [];
      this.#log.beginAt({ offset: -1, term: -1 });
      this.#log.beginAt(snapshot);
      this.#options.watch.replaced(this.#ports.host, snapshot);
      installed(result, read.voters);
    });
  }

  // ---------------------------------------------------------------------------------- connections

  #send(to: MemberId, message: Message): void {
    const durable = { state: this.#state.durable, endOffset: this.#log.durableEndOffset };
    this.#options.watch.sent(this.#ports.host, to, message, durable);
    let connection = this.#connections.get(to);
    if (connection === undefined) {
      const opened = this.#ports.network.connect({ host: to, port: PORT }, protocol, {
        received: () => undefined,
        closed: () => {
          if (this.#connections.get(to) === opened) this.#connections.delete(to);
        },
      });
      connection = opened;
      this.#connections.set(to, opened);
    }
    connection.send({ from: this.#ports.host, message } satisfies Envelope);
  }
}
