/**
 * Invariants of RabbitMQ's nodes, checked from outside after each event: this observer sees each
 * command in the moment in which a node takes or sends it, and the numbers of its queues.
 *
 * Invariants: R1 to R14, and of a cluster R15 and R16 (`quorum-queues.ts`,
 * `partition-handling.ts`). Each answers null, or a sentence that says what is wrong. A node that
 * is alone with classic queues is held to all of it in each event. Where messages travel between
 * nodes, or through a log, R6, R7, R10, R11 and R13 are held to what the release promises there:
 * the order of one publisher's messages for each consumer, and the flag of what was delivered.
 * Not here: verdicts on the client's history (`queue-delivery.ts`), the world's own (`world.ts`).
 */
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { QueueTypeModule } from '../../rabbitmq/queue/queue-types.ts';
import type { SimEndpoint } from '../../sim/endpoint.ts';
import type { AmqpMessage } from '../../wire/amqp/command.ts';
import type { Lab } from '../experiment.ts';
import { watchPartitionHandling } from './partition-handling.ts';
import { watchQuorumQueues } from './quorum-queues.ts';
import { ConfirmedCopies } from './rabbitmq/confirmed-copies.ts';
import { NodeEyes, type ClusterSeen } from './rabbitmq/node-seen.ts';
import { NodeLedger } from './rabbitmq/node-ledger.ts';
import type { QueueLedger } from './rabbitmq/queue-ledger.ts';

const INVARIANTS = [
  ...['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8'],
  ...['R9', 'R10', 'R11', 'R12', 'R13', 'R14'],
];

/** Registers the invariants of a cluster, or of a node that is alone, with the lab. */
export function watchCluster(
  lab: Lab,
  nodes: readonly string[],
  queueTypes: readonly QueueTypeModule[],
): void {
  const watch = new RabbitWatch(lab, nodes);
  for (const id of INVARIANTS) lab.invariant(id, 'always', (name) => watch.finding(id, name));
  if (nodes.length > 1) watchPartitionHandling(lab, nodes);
  if (queueTypes.some(({ type }) => type === 'quorum')) watchQuorumQueues(lab, nodes);
}

/** One node, as long as its process lives. */
interface Watched {
  readonly process: RabbitNode;
  readonly ledger: NodeLedger;
}

class RabbitWatch implements ClusterSeen {
  readonly nodes: readonly string[];
  readonly copies: ConfirmedCopies;
  readonly #lab: Lab;
  readonly #watched = new Map<string, Watched>();
  /** The first finding of each invariant in the event that was looked at last. */
  readonly #found = new Map<string, string>();
  readonly #queues = new Map<string, QueueLedger>();
  readonly #hidden = new Set<string>();
  #event = -1;
  #isWatching = false;

  constructor(lab: Lab, nodes: readonly string[]) {
    this.#lab = lab;
    this.nodes = nodes;
    this.copies = new ConfirmedCopies(nodes, (node) => this.process(node));
  }

  process(node: string): RabbitNode | null {
    const process = this.#lab.host(node).process as RabbitNode | null;
    return process?.isRunning === true ? process : null;
  }

  /** What is wrong by this invariant after the present event, or null. */
  finding(invariant: string, name: string | null): string | null {
    const { event } = this.#lab;
    if (event !== this.#event) {
      this.#event = event;
      this.#look(name);
    }
    const what = this.#found.get(invariant) ?? null;
    this.#found.delete(invariant);
    return what;
  }

  #look(name: string | null): void {
    if (!this.#isWatching) this.#begin();
    for (const node of this.nodes) if (name === null || name === node) this.#lookAt(node);
  }

  #lookAt(node: string): void {
    const watched = this.#know(node);
    if (watched === null) return;
    const { process, ledger } = watched;
    if (this.#lab.host(node).process === null) {
      ledger.endAll();
      return;
    }
    for (const connection of ledger.connections) {
      if (!process.listener.holds(connection as SimEndpoint)) ledger.end(connection);
    }
    if (!process.isRunning) return;
    if (this.#lab.host(node).paused) {
      ledger.slept();
      return;
    }
    if (this.nodes.length > 1) this.copies.look(node);
    ledger.check();
  }

  /** A node that starts anew keeps its queues, and nothing else that the wire told. */
  #know(node: string): Watched | null {
    const process = this.#lab.host(node).process as RabbitNode | null;
    const before = this.#watched.get(node) ?? null;
    if (process === null || process === before?.process) return before;
    const isAlone = this.nodes.length === 1;
    const ledger = new NodeLedger(
      new NodeEyes(this.#lab, node, this),
      (invariant, what) => {
        if (!this.#found.has(invariant)) this.#found.set(invariant, what);
      },
      isAlone
        ? {}
        : {
            node: `${node}, process ${process.ports.incarnation}, connection `,
            queues: this.#queues,
            hidden: this.#hidden,
          },
    );
    if (before !== null) {
      if (isAlone) ledger.restoreFrom(before.ledger);
      else before.ledger.endAll();
    }
    const watched = { process, ledger };
    this.#watched.set(node, watched);
    return watched;
  }

  #begin(): void {
    this.#isWatching = true;
    for (const node of this.nodes) this.#know(node);
    const { network } = this.#lab.host(this.nodes[0]!).world;
    network.sender = (endpoint, message) => this.#ledgerOf(endpoint)?.sent(endpoint, of(message));
    network.reader = (endpoint, message) => this.#ledgerOf(endpoint)?.read(endpoint, of(message));
  }

  #ledgerOf(endpoint: SimEndpoint): NodeLedger | null {
    const { name } = endpoint.host;
    if (endpoint.protocolName !== 'amqp' || !this.nodes.includes(name)) return null;
    const watched = this.#know(name);
    // What comes on a connection that has ended for the node is not heard.
    return watched?.process.listener.holds(endpoint) === true ? watched.ledger : null;
  }
}

const of = (message: unknown): AmqpMessage => message as AmqpMessage;
