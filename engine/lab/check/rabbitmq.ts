/**
 * Invariants of a RabbitMQ node, checked from outside after each event: this observer sees each
 * command in the moment in which the node takes or sends it, and the numbers of its queues.
 *
 * Invariants: R1 to R14 of a node alone, and of a cluster R15 and R16 (`quorum-queues.ts`,
 * `partition-handling.ts`). Each answers null, or a sentence that says what is wrong.
 * Not here: verdicts on the client's history (`queue-delivery.ts`), the world's own (`world.ts`).
 */
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { QueueTypeModule } from '../../rabbitmq/queue/queue-types.ts';
import type { SimEndpoint } from '../../sim/endpoint.ts';
import type { AmqpMessage } from '../../wire/amqp/command.ts';
import type { Lab } from '../experiment.ts';
import { watchPartitionHandling } from './partition-handling.ts';
import { watchQuorumQueues } from './quorum-queues.ts';
import { NodeEyes } from './rabbitmq/node-seen.ts';
import { NodeLedger } from './rabbitmq/node-ledger.ts';

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
  if (nodes.length === 1) watchNode(lab, nodes[0]!);
  else watchPartitionHandling(lab, nodes);
  if (queueTypes.some(({ type }) => type === 'quorum')) watchQuorumQueues(lab, nodes);
}

function watchNode(lab: Lab, host: string): void {
  const watch = new RabbitWatch(lab, host);
  for (const id of INVARIANTS) lab.invariant(id, 'always', (name) => watch.finding(id, name));
}

class RabbitWatch {
  readonly #lab: Lab;
  readonly #host: string;
  readonly #eyes: NodeEyes;
  /** The first finding of each invariant in the event that was looked at last. */
  readonly #found = new Map<string, string>();
  #ledger: NodeLedger | null = null;
  #process: RabbitNode | null = null;
  #event = -1;
  #isWatching = false;

  constructor(lab: Lab, host: string) {
    this.#lab = lab;
    this.#host = host;
    this.#eyes = new NodeEyes(lab, () => this.#process);
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
    if (name !== null && name !== this.#host) return;
    this.#know();
    const ledger = this.#ledger;
    if (ledger === null || this.#process?.isRunning !== true) return;
    const { listener } = this.#process;
    for (const connection of ledger.connections) {
      if (!listener.holds(connection as SimEndpoint)) ledger.end(connection);
    }
    ledger.check();
  }

  /** A node that starts anew keeps its queues, and nothing else that the wire told. */
  #know(): void {
    const process = this.#lab.host(this.#host).process as RabbitNode | null;
    if (process === this.#process || process === null) return;
    this.#process = process;
    const before = this.#ledger;
    this.#ledger = new NodeLedger(this.#eyes, (invariant, what) => {
      if (!this.#found.has(invariant)) this.#found.set(invariant, what);
    });
    if (before !== null) this.#ledger.restoreFrom(before);
  }

  #begin(): void {
    this.#isWatching = true;
    this.#know();
    const { network } = this.#lab.host(this.#host).world;
    network.sender = (endpoint, message) => this.#ledgerOf(endpoint)?.sent(endpoint, of(message));
    network.reader = (endpoint, message) => this.#ledgerOf(endpoint)?.read(endpoint, of(message));
  }

  #ledgerOf(endpoint: SimEndpoint): NodeLedger | null {
    if (endpoint.host.name !== this.#host || endpoint.protocolName !== 'amqp') return null;
    this.#know();
    // What comes on a connection that has ended for the node is not heard.
    return this.#process?.listener.holds(endpoint) === true ? this.#ledger : null;
  }
}

const of = (message: unknown): AmqpMessage => message as AmqpMessage;
