/**
 * Automatic healing of a partition: when all nodes see each other again, the partition with the
 * most connections of clients wins, and every node outside of it restarts with the winner's
 * metadata. What only losers had, such as messages of mirrored queues, is gone (invariant R16).
 *
 *     any node --request_start--> leader (the first of all nodes): asks all for their partitions
 *     leader --become_winner--> winner --winner_is--> losers, who stop
 *     winner, when all have stopped: --autoheal_safe_to_start--> losers,
 *                                    --autoheal_finished--> leader
 *
 * Not here: who is partitioned from whom (`node-monitor.ts`). Source: `rabbit_autoheal`. Differs:
 * the leader's questions are messages, and one that is not answered because a node goes down ends
 * the attempt; nodes say with whom they share metadata, there with whom they do not.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { autohealDecisionKind, autohealRestartKind } from './cluster-trace.ts';
import type { MonitoredNode } from './node-monitor.ts';

export type AutohealMessage =
  | { readonly kind: 'request_start' }
  | { readonly kind: 'status' }
  | {
      readonly kind: 'status_is';
      /** Who shares metadata with it, itself among them. */
      readonly group: readonly string[];
      readonly nodes: readonly string[];
      readonly connections: number;
    }
  | { readonly kind: 'become_winner'; readonly losers: readonly string[] }
  | { readonly kind: 'winner_is' }
  | { readonly kind: 'autoheal_safe_to_start' }
  | { readonly kind: 'report_autoheal_status' }
  | { readonly kind: 'autoheal_finished' };

export interface AutohealOptions {
  readonly node: MonitoredNode;
  readonly enabled: () => boolean;
  /** Whether the application runs there. */
  readonly alive: (node: string) => boolean;
  readonly send: (node: string, message: AutohealMessage) => void;
  /** The application begins anew. */
  readonly restart: () => void;
}

type Status = Extract<AutohealMessage, { kind: 'status_is' }>;

/** Named as in the source; `asking` is the leader's remote call there. */
type State =
  | { readonly name: 'not_healing' }
  | { readonly name: 'asking'; readonly statuses: Map<string, Status> }
  | {
      readonly name: 'winner_waiting';
      readonly waitFor: readonly string[];
      readonly losers: readonly string[];
    }
  | { readonly name: 'leader_waiting'; readonly winner: string }
  | {
      readonly name: 'restarting';
      readonly winner: string;
      readonly wasLeader: boolean;
      readonly timer: TimerId;
    };

const NOT_HEALING: State = { name: 'not_healing' };
/** autoheal_state_transition_timeout */
const TRANSITION_TIMEOUT_MS = 60_000;
const RETRY_MS = 1000;

export class Autoheal {
  readonly #options: AutohealOptions;
  #state: State = NOT_HEALING;

  constructor(options: AutohealOptions) {
    this.#options = options;
  }

  get isRestarting(): boolean {
    return this.#state.name === 'restarting';
  }

  /** All nodes are seen, and there are partitions. */
  maybeStart(): void {
    if (this.#state.name !== 'not_healing' || !this.#options.enabled()) return;
    this.#options.send(this.#leader, { kind: 'request_start' });
  }

  /** The application is up again: a leader that lost asks how it ended. */
  started(): void {
    if (this.#state.name !== 'leader_waiting') return;
    this.#options.send(this.#state.winner, { kind: 'report_autoheal_status' });
  }

  received(from: string, message: AutohealMessage): void {
    const state = this.#state;
    if (message.kind === 'status') {
      this.#options.send(from, this.#status());
      return;
    }
    if (state.name === 'restarting') {
      if (message.kind === 'autoheal_safe_to_start' && from === state.winner) this.#startAgain();
      return;
    }
    switch (message.kind) {
      case 'request_start':
        this.#requested();
        return;
      case 'status_is':
        if (state.name === 'asking') this.#answered(from, message, state.statuses);
        return;
      case 'become_winner':
        this.#becomeWinner(message.losers);
        return;
      case 'winner_is':
        this.#lose(from);
        return;
      case 'report_autoheal_status':
        if (state.name === 'not_healing') this.#finished();
        return;
      case 'autoheal_finished':
        if (state.name === 'leader_waiting' && state.winner === from) this.#state = NOT_HEALING;
    }
  }

  nodeDown(node: string): void {
    const state = this.#state;
    switch (state.name) {
      case 'asking':
        this.#state = NOT_HEALING;
        return;
      case 'winner_waiting':
        this.#safeToStart(state.losers);
        return;
      case 'leader_waiting':
        if (state.winner === node) this.#state = NOT_HEALING;
        return;
      case 'restarting':
        if (state.winner === node) this.#startAgain();
    }
  }

  rabbitDown(node: string): void {
    const state = this.#state;
    if (state.name === 'leader_waiting' && state.winner === node) this.#state = NOT_HEALING;
    if (state.name !== 'winner_waiting') return;
    const waitFor = state.waitFor.filter((one) => one !== node);
    if (waitFor.length > 0) this.#state = { ...state, waitFor };
    else this.#safeToStart(state.losers);
  }

  get #self(): string {
    return this.#options.node.links.self;
  }

  /** The first of all nodes. */
  get #leader(): string {
    return present(this.#options.node.links.members[0], 'a cluster has a node');
  }

  // -------------------------------------------------------------------------------------- leader

  /** Others may be apart even if this node, begun anew meanwhile, is apart from nobody. */
  #requested(): void {
    const { links } = this.#options.node;
    // Who cannot be asked is down: denied (`check_other_nodes`).
    const isSeen = links.members.every((node) => links.isConnected(node));
    if (this.#state.name !== 'not_healing' || !isSeen) return;
    this.#state = { name: 'asking', statuses: new Map() };
    for (const node of links.members) {
      this.#options.send(node, { kind: 'status' });
    }
  }

  #status(): Status {
    const { links, connectionCount } = this.#options.node;
    return {
      kind: 'status_is',
      group: this.#options.node.running,
      nodes: links.members.filter((node) => links.isConnected(node)),
      connections: connectionCount,
    };
  }

  #answered(from: string, status: Status, statuses: Map<string, Status>): void {
    const { members } = this.#options.node.links;
    statuses.set(from, status);
    if (statuses.size < members.length) return;
    this.#state = NOT_HEALING;
    // Only when everybody sees everybody.
    if ([...statuses.values()].some(({ nodes }) => nodes.length < members.length)) return;
    const partitions = allPartitions(statuses);
    if (partitions === null) {
      // Some have not found out yet that they were apart.
      const interval = microsOfMillis(RETRY_MS);
      this.#options.node.ports.clock.after(interval, 'autoheal', () => this.#requested());
      return;
    }
    if (partitions.length === 1) return;
    const { winner, losers } = decisionOf(partitions, statuses);
    assert(losers.length > 0, 'a partition has two sides', { winner });
    const { trace } = this.#options.node.ports;
    trace.record(autohealDecisionKind, { winner, losers: losers.join(' ') });
    if (winner === this.#self) {
      this.#becomeWinner(losers);
      return;
    }
    this.#state = { name: 'leader_waiting', winner };
    this.#options.send(winner, { kind: 'become_winner', losers });
  }

  // -------------------------------------------------------------------------------------- winner

  #becomeWinner(losers: readonly string[]): void {
    const { alive, send } = this.#options;
    if (losers.some((node) => !alive(node))) {
      this.#safeToStart(losers);
      return;
    }
    for (const node of losers) send(node, { kind: 'winner_is' });
    this.#state = { name: 'winner_waiting', waitFor: losers, losers };
  }

  #safeToStart(losers: readonly string[]): void {
    this.#state = NOT_HEALING;
    for (const node of losers) {
      if (node !== this.#self) this.#options.send(node, { kind: 'autoheal_safe_to_start' });
    }
    this.#finished();
  }

  #finished(): void {
    if (this.#leader !== this.#self) {
      this.#options.send(this.#leader, { kind: 'autoheal_finished' });
    }
  }

  // --------------------------------------------------------------------------------------- loser

  #lose(winner: string): void {
    const { node } = this.#options;
    const wasLeader = this.#state.name === 'leader_waiting';
    node.ports.trace.record(autohealRestartKind, { winner });
    const timeout = microsOfMillis(TRANSITION_TIMEOUT_MS);
    const timer = node.ports.clock.after(timeout, 'autoheal_state_transition_timeout', () =>
      this.#startAgain(),
    );
    this.#state = { name: 'restarting', winner, wasLeader, timer };
    node.stopApplication();
  }

  #startAgain(): void {
    const state = this.#state;
    assert(state.name === 'restarting', 'who starts again has stopped', { state: state.name });
    const { node, restart } = this.#options;
    node.ports.clock.cancel(state.timer);
    this.#state = state.wasLeader ? { name: 'leader_waiting', winner: state.winner } : NOT_HEALING;
    restart();
    node.startApplication();
  }
}

/** Who is with whom, where all agree about it; else null. */
function allPartitions(
  statuses: ReadonlyMap<string, Status>,
): readonly (readonly string[])[] | null {
  const partitions = new Map<string, readonly string[]>();
  for (const { group } of statuses.values()) partitions.set(group.join(' '), group);
  const all = [...partitions.values()];
  const nodes = all.flat();
  const agree = nodes.length === statuses.size && nodes.every((node) => statuses.has(node));
  return agree ? all : null;
}

/** The most connections win, then the most nodes, then the greater names. */
function decisionOf(
  partitions: readonly (readonly string[])[],
  statuses: ReadonlyMap<string, Status>,
): { readonly winner: string; readonly losers: readonly string[] } {
  const valued = partitions.map((nodes) => ({
    nodes,
    connections: nodes.reduce((sum, node) => sum + (statuses.get(node)?.connections ?? 0), 0),
  }));
  valued.sort(
    (left, right) =>
      right.connections - left.connections ||
      right.nodes.length - left.nodes.length ||
      (left.nodes.join(' ') < right.nodes.join(' ') ? 1 : -1),
  );
  const [first, ...others] = valued;
  return {
    winner: present(first?.nodes[0], 'a partition has a node'),
    losers: others.flatMap(({ nodes }) => nodes),
  };
}
