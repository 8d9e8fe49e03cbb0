/**
 * Invariant R15 of a cluster's quorum queues, checked from outside after each event: members of a
 * queue that have applied as many commands have the same state, and nobody has applied what another
 * has not in common with it. What the log itself promises is Raft's (T1 to T8).
 *
 * An event costs something only where a member has applied more. Not here: what a queue's client is
 * told (R1: `rabbitmq/confirmed-copies.ts` at a confirm, the swarm's verdict at the end).
 */
import type { QuorumQueue } from '../../rabbitmq/quorum/quorum-queue.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { Lab } from '../experiment.ts';

interface Known {
  readonly member: string;
  readonly hash: string;
}

/** Registers the invariant with the lab. */
export function watchQuorumQueues(lab: Lab, nodes: readonly string[]): void {
  const states = new QuorumStates();
  lab.invariant('R15', 'always', (name) => {
    const looked = name === null ? nodes : nodes.filter((node) => node === name);
    for (const node of looked) {
      const process = lab.host(node).process as RabbitNode | null;
      if (process !== null && process.isRunning) lookAt(states, node, process);
    }
    return states.take();
  });
}

function lookAt(states: QuorumStates, node: string, process: RabbitNode): void {
  const there = new Set<string>();
  for (const vhost of process.vhosts.values()) {
    for (const queue of vhost.queues.values()) {
      if (queue.type !== 'quorum') continue;
      const { server, cluster } = queue as QuorumQueue;
      if (server === undefined) continue;
      there.add(cluster.name);
      const { applied } = server.inspect();
      if (!states.has(cluster.name, node, applied)) {
        states.applied(cluster.name, node, { applied, hash: server.machine.hash() });
      }
    }
  }
  states.holds(node, there);
}

/** What members of quorum queues were in, by how many commands they had applied. */
export class QuorumStates {
  readonly #states = new Map<string, Map<number, Known>>();
  /** By queue and member: how far it was when it was looked at. */
  readonly #last = new Map<string, Map<string, number>>();
  #found: string | null = null;

  /** Whether a member was seen as far as this, and no further. */
  has(queue: string, member: string, applied: number): boolean {
    return this.#last.get(queue)?.get(member) === applied;
  }

  /** A member has applied so many commands, and is in this state. */
  applied(
    queue: string,
    member: string,
    { applied, hash }: { readonly applied: number; readonly hash: string },
  ): void {
    let states = this.#states.get(queue);
    if (states === undefined) this.#states.set(queue, (states = new Map()));
    let last = this.#last.get(queue);
    if (last === undefined) this.#last.set(queue, (last = new Map()));
    last.set(member, applied);
    const known = states.get(applied);
    if (known === undefined) states.set(applied, { member, hash });
    else if (known.hash !== hash) {
      this.#found ??= `${queue} at ${applied}: ${member} is in another state than ${known.member}`;
    }
  }

  /** The queues that a node has: one that no node has any more begins anew. */
  holds(node: string, queues: ReadonlySet<string>): void {
    for (const [queue, last] of this.#last) {
      if (queues.has(queue)) continue;
      last.delete(node);
      if (last.size > 0) continue;
      this.#last.delete(queue);
      this.#states.delete(queue);
    }
  }

  /** What was found since it was asked last; null: nothing. */
  take(): string | null {
    const found = this.#found;
    this.#found = null;
    return found;
  }
}
