/**
 * Links between nodes over the simulated network, for tests: a connection each way that is opened
 * anew when it breaks, and ticks, so that a silent node is down.
 */
import { assert } from '../../../engine/kernel/assert.ts';
import type { Connection, Ports, Protocol } from '../../../engine/kernel/ports.ts';
import { micros } from '../../../engine/kernel/units.ts';
import type { NodeLinks, NodeWatcher, Term } from '../../../engine/rabbitmq/cluster/node-links.ts';
import { termSize } from '../../../engine/wire/erlang/term.ts';

const PORT = 25672;
const TICK_MICROS = 1_000_000;
const SILENT_TICKS_MAX = 4;

interface Envelope {
  readonly from: string;
  /** Null: a tick. */
  readonly name: string | null;
  readonly message: Term;
}

const protocol: Protocol = {
  name: 'links',
  size: (envelope) => 40 + termSize((envelope as Envelope).message),
  describe: (envelope) => (envelope as Envelope).name ?? 'tick',
  codec: () => {
    throw new Error('no bytes here');
  },
};

interface Peer {
  connection: Connection | null;
  isUp: boolean;
  /** Ticks since it was heard. */
  silent: number;
}

export class SimulatedLinks implements NodeLinks {
  readonly self: string;
  readonly members: readonly string[];
  readonly isAlone: boolean;
  readonly isChanging = false;
  readonly #ports: Ports;
  readonly #peers = new Map<string, Peer>();
  readonly #names = new Map<string, (from: string, message: Term) => void>();
  readonly #watchers = new Set<NodeWatcher>();

  constructor(ports: Ports, members: readonly string[]) {
    this.self = ports.host;
    this.members = [...members].sort((left, right) => (left < right ? -1 : 1));
    this.isAlone = members.length === 1;
    this.#ports = ports;
    for (const node of members) {
      if (node !== this.self) this.#peers.set(node, { connection: null, isUp: false, silent: 0 });
    }
  }

  start(): void {
    this.#ports.network.listen(PORT, protocol, () => ({
      received: (envelope) => this.#received(envelope as Envelope),
      closed: () => undefined,
    }));
    this.#tick();
  }

  isConnected(node: string): boolean {
    return node === this.self || this.#peers.get(node)?.isUp === true;
  }

  send(node: string, name: string, message: Term): void {
    if (node === this.self) {
      this.#ports.clock.after(micros(0), 'links', () => this.#names.get(name)?.(node, message));
      return;
    }
    const peer = this.#peers.get(node);
    assert(peer !== undefined, 'a member', { node });
    if (peer.isUp) peer.connection!.send({ from: this.self, name, message } satisfies Envelope);
  }

  register(name: string, receive: (from: string, message: Term) => void): void {
    assert(!this.#names.has(name), 'a name is given once', { name });
    this.#names.set(name, receive);
  }

  unregister(name: string): void {
    this.#names.delete(name);
  }

  watch(watcher: NodeWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #received({ from, name, message }: Envelope): void {
    const peer = this.#peers.get(from)!;
    peer.silent = 0;
    if (name !== null) this.#names.get(name)?.(from, message);
  }

  #tick(): void {
    this.#ports.clock.after(micros(TICK_MICROS), 'tick', () => this.#tick());
    for (const [node, peer] of this.#peers) {
      peer.silent += 1;
      if (peer.connection === null) this.#connect(node, peer);
      else if (peer.isUp && peer.silent > SILENT_TICKS_MAX) this.#down(node, peer);
      else if (peer.isUp) peer.connection.send({ from: this.self, name: null, message: null });
    }
  }

  #connect(node: string, peer: Peer): void {
    const connection = this.#ports.network.connect({ host: node, port: PORT }, protocol, {
      opened: () => {
        if (peer.connection !== connection) return;
        peer.isUp = true;
        peer.silent = 0;
        for (const watcher of [...this.#watchers]) watcher.nodeUp(node);
      },
      received: () => undefined,
      closed: () => {
        if (peer.connection === connection) this.#down(node, peer);
      },
    });
    peer.connection = connection;
  }

  #down(node: string, peer: Peer): void {
    const wasUp = peer.isUp;
    peer.isUp = false;
    peer.connection?.close();
    peer.connection = null;
    if (!wasUp) return;
    for (const watcher of [...this.#watchers]) watcher.nodeDown(node);
  }
}
