/**
 * A node's links to the other members of its cluster: Erlang's distribution, as `NodeLinks`.
 *
 * Each pair of nodes has one connection. Where two connect to each other at once, the one whose
 * name is greater keeps its own. A member that is down is looked for each second. Where membership
 * changes (`membership/`) there is a door: a name that nodes may send to that are no members, whom
 * nobody else hears of. Not here: the handshake and ticks of a connection (`node-connection.ts`),
 * what a node does when another one is down.
 * Differs: there is no epmd, the port is the default; without a door only members are let in;
 * messages to a node that is being connected to are lost, there they wait; a sender is never made
 * to wait (there: at 128 MB that have not left).
 * Sources: Erlang's `net_kernel`; `rabbit_node_monitor` for the look-out.
 */
import { assert } from '../../kernel/assert.ts';
import type { Connection, Ports } from '../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { distributionProtocol, type HandshakeStatus } from '../../wire/erlang/distribution.ts';
import type { Term } from '../../wire/erlang/term.ts';
import { nodeDownKind, nodeUpKind } from './cluster-trace.ts';
import type { NodeLinks, NodeWatcher } from './node-links.ts';
import {
  defaultDistributionSettings,
  type DistributionSettings,
  type DownReason,
  NodeConnection,
  type NodeConnectionOwner,
} from './node-connection.ts';

/** AMQP's port and 20,000, as RabbitMQ sets it. */
export const DISTRIBUTION_PORT = 25672;

export interface DistributionOptions {
  readonly ports: Ports;
  /** The hosts of all members, this one among them. */
  readonly members: readonly string[];
  readonly settings?: Partial<DistributionSettings>;
  /** The name to which nodes may send that are no members; without it, those are refused. */
  readonly door?: string;
  /** A message to a name that nobody has. */
  readonly unheard?: (from: string, name: string, message: Term) => void;
}

type Receive = (from: string, message: Term) => void;

export class Distribution implements NodeLinks, NodeConnectionOwner {
  readonly self: string;
  readonly ports: Ports;
  readonly settings: DistributionSettings;
  readonly #door: string | null;
  readonly #names = new Map<string, Receive>();
  readonly #unheard: NonNullable<DistributionOptions['unheard']>;
  readonly #watchers = new Set<NodeWatcher>();
  readonly #up = new Map<string, NodeConnection>();
  /** Handshakes that this node began. */
  readonly #pending = new Map<string, NodeConnection>();
  /** Members of which nothing is known yet. */
  readonly #untried: Set<string>;
  #members: readonly string[];
  #tried: (() => void) | null = null;

  constructor(options: DistributionOptions) {
    const { ports, members, settings, door = null, unheard = () => {} } = options;
    this.ports = ports;
    this.self = ports.host;
    this.#door = door;
    this.#members = this.#sorted(members);
    assert(this.members.length === members.length, 'a member is named once', { members });
    this.settings = { ...defaultDistributionSettings, ...settings };
    this.#unheard = unheard;
    this.#untried = new Set(this.members.filter((node) => node !== this.self));
  }

  /**
   * Listens, and connects to the others; a cluster of one needs neither. `tried` is called when
   * each of them is connected, or was not there.
   */
  start(tried: () => void = () => {}): void {
    if (!this.isAlone) {
      this.ports.network.listen(
        DISTRIBUTION_PORT,
        distributionProtocol,
        (connection: Connection) => new NodeConnection(this, connection),
      );
    }
    if (this.members.length === 1) {
      tried();
      return;
    }
    this.#tried = tried;
    const setup = microsOfMillis(this.settings.netSetupTimeMs);
    this.ports.clock.after(setup, 'net_setuptime', () => this.#allTried());
    this.reachMembers();
  }

  get members(): readonly string[] {
    return this.#members;
  }

  get isChanging(): boolean {
    return this.#door !== null;
  }

  get isAlone(): boolean {
    return this.#door === null && this.members.length === 1;
  }

  /** Other members from now on; those who are connected already are told of, as up or down. */
  setMembers(members: readonly string[]): void {
    const before = this.#members;
    this.#members = this.#sorted(members);
    for (const node of before) {
      if (!this.#isMember(node) && this.#up.has(node)) this.#tellDown(node);
    }
    for (const node of this.members) {
      if (before.includes(node)) continue;
      if (this.#up.has(node)) this.#tellUp(node);
      else this.#reach(node);
    }
  }

  /** Connects to members that are not connected, as to whom the first message goes in Erlang. */
  reachMembers(): void {
    for (const node of this.members) this.#reach(node);
  }

  /** Connects to a node that may be no member; `isReaching` until it is up or was not there. */
  reach(node: string): void {
    assert(this.#door !== null, 'members of this cluster never change', { node });
    this.#reach(node);
  }

  /** Whether it is being connected to. */
  isReaching(node: string): boolean {
    return this.#pending.has(node);
  }

  isConnected(node: string): boolean {
    return node === this.self || this.#up.has(node);
  }

  send(node: string, name: string, message: Term): void {
    const isHeard = this.#isMember(node) || name === this.#door;
    assert(isHeard || this.#door !== null, 'a message goes to a member', { node, name });
    // To one that was removed meanwhile.
    if (!isHeard) return;
    if (node !== this.self) {
      this.#up.get(node)?.send(name, message);
      return;
    }
    this.ports.clock.after(micros(0), name, () => this.received(node, name, message));
  }

  register(name: string, receive: Receive): void {
    assert(name !== '' && !this.#names.has(name), 'a name is registered once', { name });
    this.#names.set(name, receive);
  }

  unregister(name: string): void {
    const wasThere = this.#names.delete(name);
    assert(wasThere, 'a name that is given back was registered', { name });
  }

  watch(watcher: NodeWatcher): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** Ends the connection to a node (`erlang:disconnect_node`); it is looked for again. */
  disconnect(node: string): void {
    this.#up.get(node)?.end('disconnect');
  }

  // --------------------------------------------------------------------------- of the connections

  accepting(connection: NodeConnection, node: string): HandshakeStatus {
    const isWelcome = this.#isMember(node) || this.#door !== null;
    if (node === this.self || !isWelcome) return 'not_allowed';
    // Up here and not there: the other side was faster to see its end, or began a new life.
    if (this.#up.has(node)) return 'alive';
    const own = this.#pending.get(node);
    if (own === undefined) return 'ok';
    if (compareNames(this.self, node) > 0) return 'nok';
    assert(own !== connection, 'nobody connects to itself', { node });
    own.end('setup_failed');
    return 'ok_simultaneous';
  }

  up(connection: NodeConnection): void {
    const { node, creation } = connection;
    this.#up.get(node)?.end('connection_closed');
    const own = this.#pending.get(node);
    this.#pending.delete(node);
    if (own !== connection) own?.end('setup_failed');
    assert(!this.#up.has(node), 'a pair of nodes has one connection', { node });
    this.#up.set(node, connection);
    this.ports.trace.record(nodeUpKind, { node, creation });
    this.#tellUp(node);
    this.#triedOne(node);
  }

  ended(connection: NodeConnection, reason: DownReason, wasUp: boolean): void {
    const { node } = connection;
    if (this.#pending.get(node) === connection) this.#pending.delete(node);
    if (wasUp) {
      assert(this.#up.get(node) === connection, 'what was up is known', { node });
      this.#up.delete(node);
      this.ports.trace.record(nodeDownKind, { node, reason });
      if (this.#isMember(node)) this.#tellDown(node);
    }
    if (connection.isInitiator || wasUp) this.#connectLater(node);
    // One that refuses this attempt has one of its own.
    if (reason !== 'setup_failed') this.#triedOne(node);
  }

  #tellUp(node: string): void {
    if (!this.#isMember(node)) return;
    for (const watcher of [...this.#watchers]) watcher.nodeUp(node);
  }

  #tellDown(node: string): void {
    // Of one that has just become a stranger this is the last that is heard.
    for (const watcher of [...this.#watchers]) watcher.nodeDown(node);
  }

  #isMember(node: string): boolean {
    return this.#members.includes(node);
  }

  #sorted(members: readonly string[]): readonly string[] {
    assert(members.includes(this.self), 'a node is a member of its cluster', {
      ...{ host: this.self, members },
    });
    return [...new Set(members)].sort(compareNames);
  }

  #triedOne(node: string): void {
    if (this.#untried.delete(node) && this.#untried.size === 0) this.#allTried();
  }

  #allTried(): void {
    const tried = this.#tried;
    this.#tried = null;
    tried?.();
  }

  received(from: string, to: string, message: Term): void {
    if (to !== this.#door && !this.#isMember(from)) return;
    const receive = this.#names.get(to);
    if (receive === undefined) this.#unheard(from, to, message);
    else receive(from, message);
  }

  #connectLater(node: string): void {
    const interval = microsOfMillis(this.settings.pingIntervalMs);
    this.ports.clock.after(interval, `ping ${node}`, () => {
      if (this.#isMember(node)) this.#reach(node);
    });
  }

  /** Unless it is there, or being connected to. */
  #reach(node: string): void {
    if (!this.isConnected(node) && !this.#pending.has(node)) this.#connect(node);
  }

  #connect(node: string): void {
    assert(!this.#pending.has(node) && node !== this.self, 'one attempt at a time', { node });
    this.#pending.set(node, new NodeConnection(this, { node, port: DISTRIBUTION_PORT }));
  }
}

/** By code units: the order in which Erlang compares names of nodes. */
function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
