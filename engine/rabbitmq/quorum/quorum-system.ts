/**
 * What a node has for all its quorum queues: the Ra system with its write-ahead log, who asks, and
 * names for processes.
 *
 * Source: the Ra system `quorum_queues`, in the folder `quorum/<node>`.
 */
import type { Ports } from '../../kernel/ports.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import { RaCaller } from '../ra/ra-caller.ts';
import { RaSystem } from '../ra/ra-system.ts';
import type { ProcessId } from './fifo-command.ts';

/** By the links of a node's incarnation. */
const systems = new WeakMap<NodeLinks, QuorumSystem>();

export class QuorumSystem {
  readonly ra: RaSystem;
  readonly caller: RaCaller;
  readonly #ports: Ports;
  /** When this life of the application began: no two have the same. */
  readonly #began: number;
  #names = 0;

  private constructor(ports: Ports, links: NodeLinks) {
    this.#ports = ports;
    this.#began = ports.clock.now();
    this.ra = new RaSystem(ports, links, { folder: `quorum/${links.self}` });
    this.caller = new RaCaller(ports, { links, processes: this.ra.processes, name: 'quorum' });
  }

  static of(ports: Ports, links: NodeLinks): QuorumSystem {
    let system = systems.get(links);
    if (system === undefined) systems.set(links, (system = new QuorumSystem(ports, links)));
    return system;
  }

  /**
   * A new process of this node, which no other incarnation has, nor another life of its
   * application: queues know publishers by it, and what they have of them.
   */
  newProcess(purpose: string): ProcessId {
    this.#names += 1;
    const name = `${purpose}-${this.#ports.incarnation}.${this.#began}.${this.#names}`;
    return { node: this.#ports.host, name };
  }
}
