/**
 * Mnesia's transaction manager among the nodes of a cluster: every running node has all tables, and
 * commits every transaction in the same order.
 *
 *     origin --request--> coordinator --apply--> all running nodes --committed--> origin
 *
 * The origin answers when every running node has committed and logged the transaction
 * (`sync_transaction`); one that goes down is not waited for. When the coordinator goes down, the
 * running node whose name is first takes over: it gathers what the survivors have, gives each what
 * it lacks, and those whose requests nobody has seen send them again.
 * A partition is a node that goes down, on both sides: both go on, and when they meet again neither
 * joins the other until one of them is restarted (`inconsistent_database`).
 * Not here: tables and files (`mnesia-metadata.ts`), what is done about partitions (`cluster/`).
 * Differs: Mnesia locks rows and any node commits in two phases; here one node orders all.
 * Sources: OTP, `mnesia_tm`, `mnesia_monitor` (`running_partitioned_network`), `mnesia_controller`.
 */
import { assert, present } from '../../../kernel/assert.ts';
import type { NodeLinks } from '../../cluster/node-links.ts';
import type { MetadataChange } from '../metadata-change.ts';
import type { RowWrite } from '../rows.ts';
import {
  type Hello,
  MNESIA,
  type MnesiaMessage,
  type Sequenced,
  messageOfTerm,
  termOfMessage,
} from './mnesia-message.ts';
import { mayLoadOwnTables } from './table-loading.ts';

/** The node's tables, as the transaction manager uses them. */
export interface LocalTables {
  readonly isDisc: boolean;
  /** It does not wait for others. */
  readonly isForced: boolean;
  /** Nodes that went down before this one. */
  readonly downs: ReadonlySet<string>;
  noteDown(node: string, isDown: boolean): void;
  /** Commits a transaction here; `logged` is called when it is as durable as it will be. */
  apply(entry: Sequenced, logged: () => void): void;
  /** All rows, the transient ones among them. */
  rows(): readonly RowWrite[];
  /** The tables can be used: these of another node, in the place of all, or its own (null). */
  loaded(rows: readonly RowWrite[] | null): void;
  /** A request of this node is committed everywhere. */
  committed(id: number): void;
  /** Two nodes ran without each other: their tables may differ. */
  inconsistent(node: string): void;
}

type State = 'stopped' | 'starting' | 'joining' | 'running';

/** Transactions that are kept for nodes that lack them when a coordinator is lost. */
const RECENT_MAX = 1000;

interface Survivor {
  readonly last: number;
  readonly recent: readonly Sequenced[];
}

export class MnesiaCluster {
  readonly #links: NodeLinks;
  readonly #tables: LocalTables;
  readonly #peers = new Map<string, Hello>();
  readonly #running = new Set<string>();
  /** Requests of this node that are not committed everywhere, and who has committed them. */
  readonly #requests = new Map<number, MetadataChange>();
  readonly #waitingFor = new Map<number, Set<string>>();
  /** What survivors of a lost coordinator sent, by its name, perhaps before it is known here. */
  readonly #survivors = new Map<string, Map<string, Survivor>>();
  /** Nodes that asked for tables during a succession. */
  readonly #joining = new Set<string>();
  #state: State = 'stopped';
  /** Whether those who could be reached have been. */
  #hasConnected = false;
  #coordinator: string;
  /** The coordinator whose succession is not over; null: all is well. */
  #lost: string | null = null;
  #recent: Sequenced[] = [];
  #last = 0;
  #requested = 0;

  constructor(links: NodeLinks, tables: LocalTables) {
    this.#links = links;
    this.#tables = tables;
    this.#coordinator = links.self;
    links.register(MNESIA, (from, term) => this.#received(from, messageOfTerm(term)));
    links.watch({
      nodeUp: (node) => this.#nodeUp(node),
      nodeDown: (node) => {
        this.#peers.delete(node);
        this.#nodeDown(node);
      },
    });
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** The nodes that share their tables with this one, itself among them. */
  get running(): readonly string[] {
    return this.#links.members.filter((node) => this.#running.has(node));
  }

  start(): void {
    assert(this.#state === 'stopped', 'it starts once', { state: this.#state });
    this.#state = 'starting';
    this.#sayHello();
    this.#tryToLoad();
  }

  /** The application stops, and the others are told. Requests are never answered. */
  stop(): void {
    for (const node of this.#running) if (node !== this.#self) this.#send(node, { kind: 'bye' });
    this.#state = 'stopped';
    this.#running.clear();
    this.#requests.clear();
    this.#waitingFor.clear();
    this.#survivors.clear();
    this.#joining.clear();
    this.#peers.clear();
    this.#hasConnected = false;
    this.#recent = [];
    this.#lost = null;
    this.#last = 0;
  }

  /** Who has not been heard of yet is not there: the node goes by what it knows of it. */
  connected(): void {
    this.#hasConnected = true;
    if (this.#state === 'starting') this.#tryToLoad();
  }

  /** Nobody had tables for long: whoever was asked is asked anew. */
  retry(): void {
    if (this.#state === 'running') return;
    this.#state = 'starting';
    this.#sayHello();
    this.#tryToLoad();
  }

  /** Asks for a transaction, and calls `asked` with the id that comes back in `committed`. */
  request(change: MetadataChange, asked?: (id: number) => void): void {
    assert(this.#state === 'running', 'the node runs', { state: this.#state });
    const id = ++this.#requested;
    this.#requests.set(id, change);
    asked?.(id);
    if (this.#lost === null) this.#ask(id, change);
  }

  get #self(): string {
    return this.#links.self;
  }

  #send(node: string, message: MnesiaMessage): void {
    this.#links.send(node, MNESIA, termOfMessage(message));
  }

  /** To the other running nodes. */
  #broadcast(message: MnesiaMessage): void {
    for (const node of this.#running) if (node !== this.#self) this.#send(node, message);
  }

  #received(from: string, message: MnesiaMessage): void {
    if (message.kind === 'hello') this.#greeted(from, message);
    else if (message.kind === 'tables') this.#tablesArrived(from, message);
    else if (this.#state === 'running') this.#receivedRunning(from, message);
  }

  #receivedRunning(
    from: string,
    message: Exclude<MnesiaMessage, { kind: 'hello' | 'tables' }>,
  ): void {
    const isPeer = this.#running.has(from);
    switch (message.kind) {
      case 'bye':
        this.#peers.delete(from);
        this.#nodeDown(from);
        return;
      case 'join':
        if (this.#lost !== null) this.#joining.add(from);
        else if (this.#coordinator === this.#self) this.#admit(from);
        return;
      case 'joined':
        if (from === this.#coordinator) this.#addRunning(message.node);
        return;
      case 'request':
        if (isPeer) this.#order({ origin: from, id: message.id, change: message.change });
        return;
      case 'apply':
        if (from === this.#coordinator) this.#apply(message.entry);
        return;
      case 'committed':
        this.#committedBy(from, message.id);
        return;
      case 'survivor':
        if (isPeer) this.#survived(from, message.lost, message);
        return;
      case 'coordinator':
        if (from === this.#coordinator) this.#succeeded(message.entries);
    }
  }

  // --------------------------------------------------------------------------------- start

  #sayHello(): void {
    for (const node of this.#links.members) if (node !== this.#self) this.#greet(node);
  }

  #greet(node: string): void {
    if (this.#state === 'stopped') return;
    this.#send(node, {
      kind: 'hello',
      isRunning: this.#state === 'running',
      isDisc: this.#tables.isDisc,
      downs: [...this.#tables.downs],
      coordinator: this.#coordinator,
      running: this.running,
    });
  }

  /** Who waits for tables hears who has them now. */
  #greetOthers(): void {
    for (const node of this.#peers.keys()) if (!this.#running.has(node)) this.#greet(node);
  }

  #nodeUp(node: string): void {
    assert(node !== this.#self, 'a node is told of others', { node });
    this.#greet(node);
  }

  #greeted(from: string, hello: Hello): void {
    const before = this.#peers.get(from);
    const isNew = before === undefined;
    this.#peers.set(from, hello);
    if (this.#state === 'starting') {
      if (isNew) this.#greet(from);
      this.#tryToLoad();
    } else if (this.#state === 'running' && !this.#running.has(from)) {
      if (isNew || !hello.isRunning) this.#greet(from);
      if (hello.isRunning && before?.isRunning !== true) this.#tables.inconsistent(from);
    }
  }

  #tryToLoad(): void {
    assert(this.#state === 'starting', 'the tables are not there', { state: this.#state });
    for (const [node, { isRunning, coordinator, running }] of this.#peers) {
      // Those who have not met this life of the node may not have noticed the end of the last one.
      const isMet = running.every((one) => this.#peers.has(one));
      if (!isRunning || node !== coordinator || !isMet) continue;
      this.#state = 'joining';
      this.#coordinator = coordinator;
      this.#send(coordinator, { kind: 'join' });
      return;
    }
    const { members } = this.#links;
    const { isDisc, isForced, downs } = this.#tables;
    const peers = this.#peers;
    if (!this.#hasConnected && peers.size < members.length - 1) return;
    // They have tables that are in use, and are joined when all of them have been met.
    if ([...peers.values()].some(({ isRunning }) => isRunning)) return;
    const situation = { self: this.#self, members, isDisc, downs, peers };
    if (!isForced && !mayLoadOwnTables(situation)) return;
    this.#coordinator = this.#self;
    this.#run([this.#self], null);
  }

  #run(running: readonly string[], rows: readonly RowWrite[] | null): void {
    assert(running.includes(this.#self), 'a node that runs is one of them', { running });
    this.#state = 'running';
    // Whoever finds old tables after a crash must not believe that they are the last.
    for (const node of running) this.#addRunning(node);
    this.#tables.loaded(rows);
    for (const node of this.#links.members) {
      if (!this.#running.has(node)) this.#tables.noteDown(node, true);
    }
    this.#sayHello();
  }

  /** The coordinator takes a node in: what it commits from now on, the node does, too. */
  #admit(node: string): void {
    this.#broadcast({ kind: 'joined', node });
    this.#addRunning(node);
    const rows = this.#tables.rows();
    const [last, recent] = [this.#last, [...this.#recent]];
    this.#send(node, { kind: 'tables', running: this.running, last, recent, rows });
  }

  #addRunning(node: string): void {
    this.#running.add(node);
    this.#tables.noteDown(node, false);
  }

  #tablesArrived(from: string, message: Extract<MnesiaMessage, { kind: 'tables' }>): void {
    if (this.#state !== 'joining' || from !== this.#coordinator) return;
    const { running, last, recent, rows } = message;
    this.#last = last;
    this.#recent = [...recent];
    this.#run(running, rows);
  }

  // --------------------------------------------------------------------------- transactions

  #ask(id: number, change: MetadataChange): void {
    if (this.#coordinator === this.#self) this.#order({ origin: this.#self, id, change });
    else this.#send(this.#coordinator, { kind: 'request', id, change });
  }

  #order(wanted: Omit<Sequenced, 'number'>): void {
    // The origin asks again when the succession is over.
    if (this.#coordinator !== this.#self || this.#lost !== null) return;
    const entry = { number: this.#last + 1, ...wanted };
    this.#broadcast({ kind: 'apply', entry });
    this.#apply(entry);
  }

  #apply(entry: Sequenced): void {
    assert(entry.number === this.#last + 1, 'transactions come one after another', {
      number: entry.number,
      last: this.#last,
    });
    this.#last = entry.number;
    this.#recent.push(entry);
    if (this.#recent.length > 2 * RECENT_MAX) this.#recent = this.#recent.slice(-RECENT_MAX);
    const { origin, id } = entry;
    if (origin === this.#self) this.#waitingFor.set(id, new Set(this.#running));
    this.#tables.apply(entry, () => {
      if (origin === this.#self) this.#committedBy(this.#self, id);
      else this.#send(origin, { kind: 'committed', id });
    });
  }

  #committedBy(node: string, id: number): void {
    const waitingFor = this.#waitingFor.get(id);
    if (waitingFor === undefined) return;
    waitingFor.delete(node);
    if (waitingFor.size > 0) return;
    this.#waitingFor.delete(id);
    assert(this.#requests.delete(id), 'a request is answered once', { id });
    this.#tables.committed(id);
  }

  // ----------------------------------------------------------------------------- succession

  #nodeDown(node: string): void {
    if (this.#state === 'joining' && node === this.#coordinator) {
      this.#state = 'starting';
      this.#coordinator = this.#self;
    }
    if (this.#state === 'starting') this.#tryToLoad();
    if (this.#state !== 'running' || !this.#running.delete(node)) return;
    this.#tables.noteDown(node, true);
    if (node === this.#coordinator) this.#succeed(node);
    else if (this.#lost !== null) this.#takeOverIfWhole();
    else if (this.#coordinator === this.#self) this.#forgetQueuesOf(node);
    for (const id of [...this.#waitingFor.keys()]) this.#committedBy(node, id);
    this.#greetOthers();
  }

  #succeed(lost: string): void {
    const [next] = [...this.#running].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    this.#coordinator = present(next, 'this node runs');
    this.#lost = lost;
    const survivor = { lost, last: this.#last, recent: [...this.#recent] };
    if (next === this.#self) this.#survived(this.#self, lost, survivor);
    else this.#send(this.#coordinator, { kind: 'survivor', ...survivor });
  }

  #survived(node: string, lost: string, survivor: Survivor): void {
    let survivors = this.#survivors.get(lost);
    if (survivors === undefined) this.#survivors.set(lost, (survivors = new Map()));
    survivors.set(node, survivor);
    this.#takeOverIfWhole();
  }

  /** When all survivors have said what they have, each is given what it lacks. */
  #takeOverIfWhole(): void {
    const lost = this.#lost;
    if (lost === null || this.#coordinator !== this.#self) return;
    const survivors = this.#survivors.get(lost) ?? new Map<string, Survivor>();
    if ([...this.#running].some((node) => !survivors.has(node))) return;
    this.#survivors.clear();
    let most: Survivor = { last: this.#last, recent: this.#recent };
    for (const survivor of survivors.values()) if (survivor.last > most.last) most = survivor;
    const entriesAfter = (last: number): readonly Sequenced[] => {
      const entries = most.recent.filter(({ number }) => number > last);
      assert(entries.length === most.last - last, 'what a survivor lacks is recent', { last });
      return entries;
    };
    for (const node of this.#running) {
      const { last } = present(survivors.get(node), 'it survived');
      if (node === this.#self) continue;
      this.#send(node, { kind: 'coordinator', entries: entriesAfter(last) });
    }
    this.#succeeded(entriesAfter(this.#last));
    this.#forgetQueuesOf(lost);
  }

  /** The succession is over: requests that nobody ordered are made again. */
  #succeeded(entries: readonly Sequenced[]): void {
    this.#lost = null;
    for (const entry of entries) this.#apply(entry);
    if (this.#coordinator === this.#self) for (const node of this.#joining) this.#admit(node);
    this.#joining.clear();
    this.#greetOthers();
    for (const [id, change] of this.#requests) {
      if (!this.#waitingFor.has(id)) this.#ask(id, change);
    }
  }

  /** The transient queues of a node go with it (`rabbit_amqqueue:on_node_down`). */
  #forgetQueuesOf(leader: string): void {
    this.request({ kind: 'delete-transient-queues', leader });
  }
}
