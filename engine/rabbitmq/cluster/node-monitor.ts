/**
 * Watches the other nodes of the cluster and does about partitions what the setting
 * `cluster_partition_handling` says:
 * - `ignore`: nothing; both sides go on, and stay apart until one of them is restarted;
 * - `pause_minority`: a node that sees half of the nodes or fewer stops its application, and starts
 *   it when it sees more than half again (invariant R16);
 * - `autoheal`: when all nodes see each other again, the losers restart (`autoheal.ts`).
 *
 * A partial partition, in which others still see a node that is down from here, is made a whole
 * one by disconnecting from those; with `pause_minority` the node pauses until it sees all.
 * Not here: how a silent node is found (`node-connection.ts`), that two sides changed metadata
 * without each other (`metadata/`, which says `inconsistent`). With Khepri nobody asks this.
 * Source: `rabbit_node_monitor`; rabbitmq.com/docs/partitions. Differs: `pause_if_all_down` is not
 * here.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { Autoheal, type AutohealMessage } from './autoheal.ts';
import { partialPartitionKind, pausedKind, resumedKind } from './cluster-trace.ts';
import type { NodeLinks, Term } from './node-links.ts';

export type PartitionHandling = 'ignore' | 'pause_minority' | 'autoheal';

/** The node, as its monitor uses it. */
export interface MonitoredNode {
  readonly ports: Ports;
  readonly links: NodeLinks;
  readonly handling: PartitionHandling;
  /** Nodes that share metadata with this one, itself among them (Mnesia's `running_db_nodes`). */
  readonly running: readonly string[];
  /** Connections of clients here. */
  readonly connectionCount: number;
  disconnect(node: string): void;
  /** Stops the application; `start` starts it again. */
  stopApplication(): void;
  startApplication(): void;
}

type MonitorMessage =
  | { readonly kind: 'node_up'; readonly guid: number }
  | { readonly kind: 'announce_guid'; readonly guid: number }
  /** There it is the end of a process that is monitored. */
  | { readonly kind: 'rabbit_down' }
  | {
      readonly kind: 'check_partial_partition';
      readonly node: string;
      readonly nodeGuid: number;
      readonly guid: number;
      readonly reporterGuid: number;
    }
  | {
      readonly kind: 'partial_partition';
      readonly notReallyDown: string;
      readonly guid: number;
    }
  | { readonly kind: 'partial_partition_disconnect' }
  /** Whether the node can be reached indeed, and in which life it is. */
  | { readonly kind: 'creation_of' }
  | { readonly kind: 'creation_is'; readonly guid: number }
  | AutohealMessage;

/** Who sees a node down that this one sees up. */
interface PartialCheck {
  readonly from: string;
  readonly nodeGuid: number;
  readonly reporterGuid: number;
}

const NAME = 'rabbit_node_monitor';
/** RABBIT_DOWN_PING_INTERVAL */
const PING_INTERVAL_MS = 1000;

export class NodeMonitor {
  readonly #node: MonitoredNode;
  readonly #autoheal: Autoheal;
  /** Lives of the nodes whose application is up, by their names. */
  readonly #guids = new Map<string, number>();
  readonly #alive = new Set<string>();
  readonly #partitions = new Set<string>();
  /** Who asked about a node that this one still sees, until that has answered. */
  readonly #checks = new Map<string, PartialCheck[]>();
  #pause: { readonly until: 'majority' | 'all'; timer: TimerId } | null = null;
  /** The node goes down: what it sees of others means nothing any more. */
  #isOver = false;

  constructor(node: MonitoredNode) {
    this.#node = node;
    const { links } = node;
    this.#autoheal = new Autoheal({
      node,
      enabled: () => node.handling === 'autoheal',
      alive: (of) => of === links.self || this.#alive.has(of),
      send: (to, message) => this.#send(to, message),
      restart: () => this.#partitions.clear(),
    });
  }

  /** Whether the application is stopped, and will be started from here. */
  get willStart(): boolean {
    return this.isPaused || this.#autoheal.isRestarting;
  }

  /** Whether the application is stopped because of a partition. */
  get isPaused(): boolean {
    return this.#pause !== null;
  }

  /** The nodes that this one is partitioned from. */
  get partitions(): readonly string[] {
    return [...this.#partitions].sort(byName);
  }

  start(): void {
    const { links } = this.#node;
    links.register(NAME, (from, message) =>
      this.#received(from, message as unknown as MonitorMessage),
    );
    links.watch({
      nodeUp: (node) => this.#nodeUp(node),
      nodeDown: (node) => this.#nodeDown(node),
    });
  }

  /** The node goes down. */
  stop(): void {
    this.#isOver = true;
    if (this.#pause !== null) this.#node.ports.clock.cancel(this.#pause.timer);
  }

  /** The application is up (`notify_node_up`). */
  applicationStarted(): void {
    this.#partitions.clear();
    for (const node of this.#others) this.#announce(node);
    this.#autoheal.started();
  }

  applicationStopped(): void {
    for (const node of this.#others) this.#send(node, { kind: 'rabbit_down' });
  }

  /** Metadata found that the node ran without this one. */
  inconsistent(node: string): void {
    assert(node !== this.#node.links.self, 'a partition has two sides', { node });
    this.#partitions.add(node);
    this.#alive.add(node);
    this.#maybeAutoheal();
  }

  get #others(): readonly string[] {
    const { self, members } = this.#node.links;
    return members.filter((node) => node !== self);
  }

  #send(node: string, message: MonitorMessage): void {
    this.#node.links.send(node, NAME, message as unknown as Term);
  }

  #announce(node: string): void {
    this.#send(node, { kind: 'node_up', guid: this.#node.ports.incarnation });
  }

  #received(from: string, message: MonitorMessage): void {
    if (this.#isOver) return;
    switch (message.kind) {
      case 'node_up':
        this.#send(from, { kind: 'announce_guid', guid: this.#node.ports.incarnation });
        this.#guids.set(from, message.guid);
        this.#alive.add(from);
        this.#maybeAutoheal();
        return;
      case 'announce_guid':
        this.#guids.set(from, message.guid);
        return;
      case 'rabbit_down':
        this.#rabbitDown(from);
        return;
      case 'check_partial_partition':
        this.#check(from, message);
        return;
      case 'partial_partition':
        if (message.guid === this.#node.ports.incarnation) {
          this.#partialPartition(message.notReallyDown, from);
        }
        return;
      case 'partial_partition_disconnect':
        this.#node.disconnect(from);
        return;
      case 'creation_of':
        this.#send(from, { kind: 'creation_is', guid: this.#node.ports.incarnation });
        return;
      case 'creation_is':
        this.#isThere(from, message.guid);
        return;
      default:
        this.#autoheal.received(from, message);
    }
  }

  // --------------------------------------------------------------------------------- up and down

  #nodeUp(node: string): void {
    if (this.#isOver) return;
    if (this.#pause !== null) this.#tryToResume();
    else if (!this.#autoheal.isRestarting) this.#announce(node);
  }

  #nodeDown(node: string): void {
    if (this.#isOver) return;
    this.#checks.delete(node);
    this.#askAboutPartial(node);
    // Before what the end of its application means: who pauses decides nothing more.
    if (this.#node.handling === 'pause_minority' && this.#pause === null && !this.#hasMajority()) {
      this.#pauseUntil('majority');
    }
    this.#autoheal.nodeDown(node);
    this.#rabbitDown(node);
  }

  #rabbitDown(node: string): void {
    if (!this.#alive.delete(node)) return;
    // In the only partition that is left, partitions mean nothing any more.
    const left = [...this.#partitions].filter(
      (one) => this.#alive.has(one) && !this.#node.running.includes(one),
    );
    if (left.length === 0) this.#partitions.clear();
    this.#autoheal.rabbitDown(node);
  }

  #maybeAutoheal(): void {
    if (this.#partitions.size > 0 && this.#seesAll()) this.#autoheal.maybeStart();
  }

  // -------------------------------------------------------------------------- partial partitions

  #askAboutPartial(node: string): void {
    const nodeGuid = this.#guids.get(node);
    if (nodeGuid === undefined || this.#pause !== null) return;
    const reporterGuid = this.#node.ports.incarnation;
    for (const other of this.#node.running) {
      const guid = this.#guids.get(other);
      if (other === node || guid === undefined) continue;
      this.#send(other, { kind: 'check_partial_partition', node, nodeGuid, guid, reporterGuid });
    }
  }

  #check(
    from: string,
    message: Extract<MonitorMessage, { kind: 'check_partial_partition' }>,
  ): void {
    const { node, nodeGuid, guid, reporterGuid } = message;
    const { links, ports, running } = this.#node;
    if (guid !== ports.incarnation || this.#guids.get(node) !== nodeGuid) return;
    if (!running.includes(node) || !links.isConnected(node)) return;
    // It may only not have noticed yet, so the node itself is asked.
    this.#checks.set(node, [...(this.#checks.get(node) ?? []), { from, nodeGuid, reporterGuid }]);
    this.#send(node, { kind: 'creation_of' });
  }

  #isThere(node: string, guid: number): void {
    const checks = this.#checks.get(node) ?? [];
    this.#checks.delete(node);
    for (const { from, nodeGuid, reporterGuid } of checks) {
      if (nodeGuid !== guid) continue;
      this.#send(from, { kind: 'partial_partition', notReallyDown: node, guid: reporterGuid });
    }
  }

  #partialPartition(down: string, proxy: string): void {
    this.#node.ports.trace.record(partialPartitionKind, { down, proxy });
    if (this.#node.handling === 'pause_minority') {
      if (this.#pause === null) this.#pauseUntil('all');
      return;
    }
    this.#send(proxy, { kind: 'partial_partition_disconnect' });
    this.#node.disconnect(proxy);
  }

  // --------------------------------------------------------------------------------------- pause

  get #seen(): number {
    const { links } = this.#node;
    return links.members.filter((node) => links.isConnected(node)).length;
  }

  #hasMajority(): boolean {
    return this.#seen * 2 > this.#node.links.members.length;
  }

  #seesAll(): boolean {
    return this.#seen === this.#node.links.members.length;
  }

  #pauseUntil(until: 'majority' | 'all'): void {
    assert(this.#pause === null, 'R16: a node pauses once', { until });
    const { trace } = this.#node.ports;
    trace.record(pausedKind, { until, seen: this.#seen, of: this.#node.links.members.length });
    this.#pause = { until, timer: this.#lookAgain() };
    this.#node.stopApplication();
  }

  #lookAgain(): TimerId {
    const interval = microsOfMillis(PING_INTERVAL_MS);
    return this.#node.ports.clock.after(interval, 'wait_for_cluster_recovery', () => {
      if (this.#pause !== null) this.#pause.timer = this.#lookAgain();
      this.#tryToResume();
    });
  }

  #tryToResume(): void {
    const pause = this.#pause;
    if (pause === null) return;
    if (pause.until === 'all' ? !this.#seesAll() : !this.#hasMajority()) return;
    const { ports, links } = this.#node;
    ports.clock.cancel(pause.timer);
    this.#pause = null;
    ports.trace.record(resumedKind, { seen: this.#seen, of: links.members.length });
    this.#node.startApplication();
  }
}

function byName(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
