/**
 * A Ra server: one member of a cluster that replicates a state machine, on its node.
 *
 *     commands -> leader's log -> WAL, followers -> committed -> machine -> replies, effects
 *
 * All members of a cluster have the same name on their nodes; a member is known by its node.
 * Invariant R15: a client is told of a command when it is committed, and each member applies what
 * is committed in the log's order. A member that does not lead sends clients to the leader.
 *
 * Not here: voting and counting (`consensus/`), files (`ra-log.ts`, `ra-snapshots.ts`), effects
 * (`leader-office.ts`), what a machine does. Sources: `ra_server`, `ra_server_proc`.
 */
import { assert, unreachable } from '../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../kernel/ports.ts';
import { micros } from '../../kernel/units.ts';
import type { Effect, Reply } from '../../consensus/effect.ts';
import type { LogPosition, MemberId } from '../../consensus/message.ts';
import type { QuorumStateFile } from '../../consensus/quorum-state-file.ts';
import type { RaftSwitches } from '../../consensus/raft-config.ts';
import { RaftDriver, type Wish } from '../../consensus/raft-driver.ts';
import type { RaftView } from '../../consensus/raft.ts';
import type { SnapshotFiles } from '../../consensus/snapshot-files.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import { LeaderOffice } from './leader-office.ts';
import type { ProcessMonitor } from './process-monitor.ts';
import { raConfig } from './ra-config.ts';
import type { RaLog } from './ra-log.ts';
import type { RaMachine } from './ra-machine.ts';
import { asTerm, type RaCommand, type ReplyTo, type ServerWord } from './ra-message.ts';
import { decodeSnapshot, encodeSnapshot } from './ra-snapshots.ts';
import { raAppliedKind, raRoleKind, raSnapshotKind } from './ra-trace.ts';

/** Followers that hear of a dead leader stand for election within this time, not all at once. */
const ELECTION_SPREAD_MICROS = 150_000;
const CHUNK_BYTES = 1024 * 1024;
/** So many questions wait for the end of an election; more are refused. */
const POSTPONED_MAX = 4096;

/** What a server finds on its disk, and where it writes. */
export interface RaFiles {
  readonly log: RaLog;
  readonly snapshots: SnapshotFiles<LogPosition>;
  readonly quorumState: QuorumStateFile;
}

export interface RaServerOptions {
  /** The name of the cluster, which is registered on each member's node. */
  readonly cluster: string;
  /** Which of the queues of this name: a log of another is none of it. */
  readonly queue?: number | null;
  /** The nodes that have a member, where neither log nor snapshot names them. */
  readonly members: readonly string[];
  readonly machine: RaMachine;
  /** Commands between two snapshots; asked each time, for it may grow with the state. */
  readonly snapshotInterval: () => number;
  readonly switches?: Partial<RaftSwitches>;
}

/** What a node has for all its servers. */
export interface RaNode {
  readonly ports: Ports;
  readonly links: NodeLinks;
  readonly processes: ProcessMonitor;
  readonly failed: (result: Exclude<DiskResult, 'ok'>) => void;
}

/** What views and checkers may see. */
export interface RaServerView extends RaftView {
  readonly cluster: string;
  readonly applied: number;
}

export class RaServer {
  readonly cluster: string;
  readonly machine: RaMachine;
  readonly #node: RaNode;
  readonly #options: RaServerOptions;
  readonly #files: RaFiles;
  readonly #driver: RaftDriver;
  readonly #unwatch: () => void;
  readonly #unwatchEnds: () => void;
  #office: LeaderOffice | null = null;
  #applied: number;
  #voters: readonly MemberId[];
  #reads: { readonly offset: number; readonly answer: () => void }[] = [];
  /** What came while nobody led: it is looked at again when somebody does. */
  #postponed: ServerWord[] = [];
  #isSnapshotting = false;
  #isStopped = false;

  constructor(node: RaNode, files: RaFiles, options: RaServerOptions) {
    const { cluster, members, machine, switches } = options;
    const { links, ports } = node;
    this.cluster = cluster;
    this.machine = machine;
    this.#node = node;
    this.#options = options;
    this.#files = files;
    this.#voters = members;
    this.#applied = files.log.start.offset;
    this.#restore();
    const state = files.quorumState.read();
    assert(state !== 'corrupt', 'a checkpoint is whole', { cluster });
    this.#driver = new RaftDriver({
      me: links.self,
      config: raConfig(members, switches),
      ports,
      restored: {
        state,
        start: files.log.start,
        startVoters: files.log.start.offset === 0 ? null : this.#voters,
        entries: files.log.headers(),
      },
      log: files.log,
      snapshots: {
        chunk: (snapshot, position) => files.snapshots.chunk(snapshot, position, CHUNK_BYTES),
        keep: (part, installed) => this.#keep(part, installed),
      },
      quorumState: files.quorumState,
      owner: {
        send: (to, message) => links.send(to, cluster, asTerm({ type: 'raft', message })),
        committed: (highWatermark) => this.#committed(highWatermark),
        roleChanged: (change) => this.#roleChanged(change),
        failed: (result) => node.failed(result),
      },
    });
    this.#unwatch = links.watch({
      nodeUp: () => undefined,
      nodeDown: (name) => this.#nodeDown(name),
    });
    this.#unwatchEnds = node.processes.watchEnd((name) => this.#nodeDown(name));
  }

  start(): void {
    const { processes } = this.#node;
    processes.register(this.cluster, (from, word) => {
      this.#received(from, word as unknown as ServerWord);
    });
    this.#driver.start();
  }

  /** Ends the server; its files stay. */
  stop(): void {
    assert(!this.#isStopped, 'a server ends once', { cluster: this.cluster });
    this.#isStopped = true;
    this.#leave();
    this.#driver.stop();
    this.#unwatch();
    this.#unwatchEnds();
    this.#node.processes.unregister(this.cluster);
  }

  /** Asks to be elected, as whoever starts a new cluster does. */
  triggerElection(): void {
    this.#driver.triggerElection();
  }

  get leader(): string | null {
    return this.#driver.inspect().leader;
  }

  get isLeader(): boolean {
    return this.#office !== null;
  }

  /** The members as this one knows them. */
  get members(): readonly string[] {
    return this.#driver.inspect().voters;
  }

  /** Its log, for outside checkers. */
  get log(): RaLog {
    return this.#files.log;
  }

  inspect(): RaServerView {
    return {
      cluster: this.cluster,
      ...this.#driver.inspect(),
      applied: this.#applied,
    };
  }

  // ------------------------------------------------------------------------------------- requests

  #received(from: string, word: ServerWord): void {
    this.#node.ports.cost.charge('request', 1);
    if (word.type !== 'raft' && this.#postpones(word)) {
      this.#postponed.push(word);
      return;
    }
    this.#take(from, word);
  }

  /** As `ra_server_proc` does in an election. */
  #postpones(word: ServerWord): boolean {
    const isLocal = word.type === 'query' && word.kind === 'local';
    if (isLocal || this.leader !== null) return false;
    return this.#postponed.length < POSTPONED_MAX;
  }

  #take(from: string, word: ServerWord): void {
    switch (word.type) {
      case 'raft':
        this.#driver.received(from, word.message);
        return;
      case 'command':
        this.#append(word.command, word.reply);
        return;
      case 'query':
        this.#query(word);
        return;
      case 'change':
        this.#change(word);
        return;
      default:
        unreachable('a word to a server', word);
    }
  }

  #append(command: Term, reply: ReplyTo | null): void {
    const systemTimeMs = this.#node.ports.clock.wall();
    const payload: RaCommand = { command, systemTimeMs, reply };
    const wish: Wish = { type: 'append', proposals: [{ records: 1, payload }] };
    this.#driver.ask(wish, (answer) => {
      if (answer.kind === 'refused' && reply !== null) this.#reject(reply, answer);
    });
  }

  #query({ kind, question, reply }: Extract<ServerWord, { type: 'query' }>): void {
    const answer = (): void => this.#answer(reply, this.machine.query(question));
    if (kind === 'local') return answer();
    if (kind === 'leader' && this.#office !== null) return answer();
    this.#driver.ask({ type: 'read' }, (read) => {
      if (read.kind === 'refused') return this.#reject(reply, read);
      assert(read.kind === 'readable', 'the answer to a read', { kind: read.kind });
      if (read.offset <= this.#applied) answer();
      else this.#reads.push({ offset: read.offset, answer });
    });
  }

  #change({ change, member, reply }: Extract<ServerWord, { type: 'change' }>): void {
    const wish: Wish =
      change === 'transfer'
        ? { type: 'transfer', to: member }
        : { type: change === 'add' ? 'add-voter' : 'remove-voter', member };
    this.#driver.ask(wish, (answer) => {
      if (answer.kind === 'refused') this.#reject(reply, answer);
      else this.#answer(reply, 'ok');
    });
  }

  #answer({ to, correlation }: ReplyTo, reply: Term): void {
    const { links } = this.#node;
    const replies = [[correlation, reply]] as const;
    const word = { type: 'applied', cluster: this.cluster, leader: links.self, replies } as const;
    links.send(to.node, to.name, asTerm(word));
  }

  #reject({ to, correlation }: ReplyTo, refused: Extract<Reply, { kind: 'refused' }>): void {
    const { leader, reason } = refused;
    const word = { type: 'rejected', cluster: this.cluster, leader, reason, correlation } as const;
    this.#node.links.send(to.node, to.name, asTerm(word));
  }

  // --------------------------------------------------------------------------------------- office

  #roleChanged(change: Extract<Effect, { effect: 'role' }>): void {
    const { role, term, leader } = change;
    const { ports, links, processes } = this.#node;
    const told = { cluster: this.cluster, role, term, leader: leader ?? '' };
    ports.trace.record(raRoleKind, told);
    if (this.#office !== null) this.#leave();
    if (role === 'Leader' && this.#driver.inspect().role === 'Leader') {
      this.#office = new LeaderOffice({
        ...{ cluster: this.cluster, ports, links, processes },
        append: (command) => this.#append(command, null),
        tick: () => this.machine.tick(ports.clock.wall()),
      });
      this.#office.perform(this.machine.entered('leader', ports.clock.wall()));
    }
    if (this.leader === null) return;
    const postponed = this.#postponed;
    this.#postponed = [];
    for (const word of postponed) this.#take(links.self, word);
  }

  #leave(): void {
    if (this.#office === null) return;
    this.#office.close();
    this.#office = null;
    this.#reads = [];
    this.machine.entered('follower', this.#node.ports.clock.wall());
  }

  /** The monitor of the leader's process, in Ra: who follows stands for election soon. */
  #nodeDown(node: string): void {
    if (node !== this.leader || this.#office !== null) return;
    const { clock, random } = this.#node.ports;
    const delay = micros(random('ra').below(ELECTION_SPREAD_MICROS));
    clock.after(delay, 'ra/leader-down', () => {
      if (!this.#isStopped && this.leader === node) this.#driver.triggerElection();
    });
  }

  // ------------------------------------------------------------------------------------- applying

  #committed(highWatermark: number): void {
    const { log } = this.#files;
    const { ports } = this.#node;
    const before = this.#applied;
    while (this.#applied < highWatermark) {
      const entry = log.at(this.#applied);
      // A snapshot that was installed has brought us there already.
      if (entry === undefined) break;
      assert(entry.offset === this.#applied, 'R15: in the order of the log', { ...entry });
      this.#applied = entry.endOffset;
      if (entry.control?.kind === 'voters') this.#voters = entry.control.voters;
      if (entry.control === null) this.#apply(entry.offset, entry.payload as RaCommand);
    }
    if (this.#applied > before) {
      ports.trace.record(raAppliedKind, { cluster: this.cluster, to: this.#applied });
    }
    this.#office?.perform(this.machine.applied(ports.clock.wall()));
    this.#office?.tell();
    const ready = this.#reads.filter(({ offset }) => offset <= this.#applied);
    this.#reads = this.#reads.filter(({ offset }) => offset > this.#applied);
    for (const { answer } of ready) answer();
    this.#maybeSnapshot();
  }

  #apply(index: number, { command, systemTimeMs, reply }: RaCommand): void {
    this.#node.ports.cost.charge('record', 1);
    const meta = { index, systemTimeMs, from: reply?.to ?? null };
    const applied = this.machine.apply(meta, command);
    // Invariant R15: confirmed only now, when it is committed.
    if (reply !== null) this.#office?.replied(reply, applied.reply);
    this.#office?.perform(applied.effects);
  }

  // ------------------------------------------------------------------------------------ snapshots

  #restore(): void {
    const { log, snapshots } = this.#files;
    if (log.start.offset === 0) return;
    const read = snapshots.read(log.start);
    const content = read === null ? null : decodeSnapshot(read.bytes);
    assert(content !== null, 'a snapshot got its name when it was whole', { ...log.start });
    this.machine.restore(content.state);
    this.#voters = content.voters;
  }

  #maybeSnapshot(): void {
    const { log, snapshots } = this.#files;
    const since = this.#applied - log.start.offset;
    if (this.#isSnapshotting || since < this.#options.snapshotInterval()) return;
    if (this.#driver.inspect().durableEndOffset < this.#applied) return;
    const position = { offset: this.#applied, term: log.termBefore(this.#applied) };
    const bytes = encodeSnapshot({ voters: this.#voters, state: this.machine.snapshot() });
    this.#node.ports.cost.charge('append', bytes.length);
    this.#isSnapshotting = true;
    const written = snapshots.writePart(position, 0, bytes);
    if (written !== 'ok') return this.#node.failed(written);
    snapshots.freeze(position, (result) => {
      this.#isSnapshotting = false;
      if (this.#isStopped) return;
      if (result !== 'ok') return this.#node.failed(result);
      // A newer one was installed meanwhile.
      if (position.offset <= log.start.offset) return;
      log.compact(position);
      this.#driver.compacted(position);
      snapshots.removeBefore(position);
      this.#traceSnapshot(position, 'written');
    });
  }

  /** A part of the leader's snapshot, for a log that ends before it. */
  #keep(
    part: Extract<Effect, { effect: 'keep-chunk' }>,
    installed: (result: DiskResult, voters: readonly MemberId[]) => void,
  ): void {
    const { log, snapshots } = this.#files;
    const { snapshot, position, bytes, last } = part;
    this.#node.ports.cost.charge('append', bytes.length);
    const written = snapshots.writePart(snapshot, position, bytes);
    if (written !== 'ok') return installed(written, []);
    if (!last) return;
    const content = decodeSnapshot(snapshots.readPart(snapshot));
    if (content === null) return installed('EIO', []);
    snapshots.freeze(snapshot, (frozen) => {
      if (this.#isStopped) return;
      if (frozen !== 'ok') return installed(frozen, []);
      log.beginBehind(snapshot, (result) => {
        if (this.#isStopped) return;
        if (result !== 'ok') return installed(result, []);
        assert(snapshot.offset > this.#applied, 'T5: what is committed stays', { ...snapshot });
        this.machine.restore(content.state);
        this.#applied = snapshot.offset;
        this.#voters = content.voters;
        snapshots.removeBefore(snapshot);
        this.#traceSnapshot(snapshot, 'installed');
        installed('ok', content.voters);
      });
    });
  }

  #traceSnapshot({ offset, term }: LogPosition, how: 'written' | 'installed'): void {
    const told = { cluster: this.cluster, endOffset: offset, term, how };
    this.#node.ports.trace.record(raSnapshotKind, told);
  }
}
