/**
 * The simulated network: connections between hosts, each an ordered, lossless stream in either
 * direction until it closes, over links that delay, stall, cut and reset.
 *
 * A process that is killed has its connections reset by its kernel; one whose host loses power
 * says nothing, and its peers find out from their own timeouts. Invariant S3: messages sent =
 * delivered + dropped + in flight. Sizes are those of the encoded bytes; with paranoid wire every
 * message is encoded and decoded.
 *
 * Not here: what a link does to a message (`link.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Address, Network, Protocol, Receiver } from '../kernel/ports.ts';
import { randomStream } from '../kernel/random.ts';
import { microsOfMillis } from '../kernel/units.ts';
import type { Micros } from '../kernel/units.ts';
import { SimEndpoint } from './endpoint.ts';
import type { SimHost } from './host.ts';
import { Link } from './link.ts';
import type { LinkConditions } from './link.ts';
import { acceptedKind, connectKind, openedKind } from './sim-trace.ts';
import type { World } from './world.ts';

/** How long a connect waits for an answer: Kafka's socket.connection.setup.timeout.ms, 10 s. */
const CONNECT_MICROS_MAX = microsOfMillis(10_000);

type Accept = Parameters<Network['listen']>[2];

interface Listener {
  readonly incarnation: number;
  readonly protocol: Protocol;
  readonly accept: Accept;
}

export class SimNetwork {
  readonly world: World;
  readonly #links = new Map<string, Link>();
  readonly #listeners = new Map<string, Listener>();
  readonly #endpoints = new Set<SimEndpoint>();
  #connectionCount = 0;
  #messageCount = 0;
  /** Invariant S3: sent = delivered + dropped + in flight. */
  readonly counts = { sent: 0, delivered: 0, dropped: 0 };
  /** Looks at each message when it is sent, for outside checkers. It changes nothing. */
  watcher: ((endpoint: SimEndpoint, message: unknown) => void) | null = null;
  /** Looks at each message that a process sends, be its connection gone already. */
  sender: ((endpoint: SimEndpoint, message: unknown) => void) | null = null;
  /** Looks at each message before its reader is given it. It changes nothing. */
  reader: ((endpoint: SimEndpoint, message: unknown) => void) | null = null;
  /** Messages of the handler that is running: they leave when it returns. */
  unreleased = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** The link of one direction. */
  link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new Link(randomStream(this.world.seed, `network/${key}`));
      this.#links.set(key, link);
    }
    return link;
  }

  /** Changes what a link does from now on. */
  setConditions(from: string, to: string, change: Partial<LinkConditions>): void {
    const link = this.link(from, to);
    link.conditions = { ...link.conditions, ...change };
  }

  /** A link is open again: what waited for it goes on, in order. */
  reopened(from: string, to: string): void {
    for (const endpoint of this.#endpoints) {
      if (endpoint.host.name === from && endpoint.remote.host === to) endpoint.resend();
    }
  }

  /** A host is up again: what its peers had sent to its last life is sent again, and refused. */
  hostStarted(name: string): void {
    for (const endpoint of this.#endpoints) if (endpoint.remote.host === name) endpoint.resend();
  }

  /** Both ends of every connection between two hosts hear a reset. */
  resetBetween(left: string, right: string): void {
    for (const endpoint of [...this.#endpoints]) {
      if (endpoint.host.name === left && endpoint.remote.host === right) {
        endpoint.reset();
        endpoint.peer?.reset();
      }
    }
  }

  nextMessage(): number {
    return ++this.#messageCount;
  }

  forget(endpoint: SimEndpoint): void {
    this.#endpoints.delete(endpoint);
  }

  /** The open connections, each end by itself. */
  get endpoints(): ReadonlySet<SimEndpoint> {
    return this.#endpoints;
  }

  /** Messages that have left one end and not reached the other's owner. */
  get inFlight(): number {
    let count = 0;
    for (const endpoint of this.#endpoints) count += endpoint.undelivered;
    return count + this.unreleased;
  }

  /** What a process sees of the network. */
  portOf(host: SimHost): Network {
    return {
      listen: (port, protocol, accept) => {
        const key = keyOf({ host: host.name, port });
        const old = this.#listeners.get(key);
        assert(old === undefined || old.incarnation < host.incarnation, 'port in use', { key });
        this.#listeners.set(key, { incarnation: host.incarnation, protocol, accept });
      },
      connect: (address, protocol, receiver) => this.#connect(host, address, protocol, receiver),
    };
  }

  /** The process is gone. Without power its kernel is gone too, and says nothing to the peers. */
  hostDied(host: SimHost, power: boolean): void {
    for (const endpoint of [...this.#endpoints]) {
      if (endpoint.host !== host) continue;
      endpoint.die();
      if (!power) endpoint.sendReset();
    }
  }

  #connect(host: SimHost, to: Address, protocol: Protocol, receiver: Receiver): SimEndpoint {
    const { world } = this;
    const id = ++this.#connectionCount;
    const near = new SimEndpoint(this, { id, host, remote: to, protocol, role: 'client' });
    near.receiver = receiver;
    this.#endpoints.add(near);
    world.record(host, connectKind, { to: to.host, port: to.port, connection: id });
    world.atRelease(() => this.#handshake(near, to, 0));
    return near;
  }

  /** Tries to reach the other host until it answers or the time is up. */
  #handshake(near: SimEndpoint, to: Address, waitedMicros: number): void {
    const { world } = this;
    const out = this.link(near.host.name, to.host);
    const back = this.link(to.host, near.host.name);
    const remote = world.hostNamed(to.host);
    const transit = out.transit(60);
    const answers = out.open && back.open && transit !== null && remote?.state !== 'off';
    if (remote === undefined || !answers) {
      this.#retryHandshake(near, to, waitedMicros);
      return;
    }
    const arrival = (world.now + transit) as Micros;
    world.schedule(arrival, null, () => this.#arrived(near, to, remote));
  }

  #retryHandshake(near: SimEndpoint, to: Address, waitedMicros: number): void {
    const { world } = this;
    if (waitedMicros >= CONNECT_MICROS_MAX) {
      near.fail('unreachable', world.now);
      return;
    }
    // A SYN is sent again after 1 s, then 2, 4 ... (RFC 6298).
    const pause = waitedMicros === 0 ? microsOfMillis(1000) : waitedMicros;
    const waited = Math.min(waitedMicros + pause, CONNECT_MICROS_MAX);
    world.schedule((world.now + (waited - waitedMicros)) as Micros, null, () => {
      if (near.alive) this.#handshake(near, to, waited);
    });
  }

  #arrived(near: SimEndpoint, to: Address, remote: SimHost): void {
    const { world } = this;
    if (!near.alive) return;
    const back = this.link(remote.name, near.host.name).transit(60) ?? 0;
    const listener = this.#listeners.get(keyOf(to));
    const listening = remote.state === 'running' && listener?.incarnation === remote.incarnation;
    if (!listening) {
      near.fail('refused', (world.now + back) as Micros);
      return;
    }
    const far = new SimEndpoint(this, {
      id: near.id,
      host: remote,
      remote: { host: near.host.name, port: 32768 + (near.id % 28232) },
      protocol: listener.protocol,
      role: 'server',
    });
    far.peer = near;
    near.peer = far;
    this.#endpoints.add(far);
    world.schedule(world.now, remote, () => {
      world.record(remote, acceptedKind, { from: near.host.name, connection: near.id });
      far.receiver = listener.accept(far);
      far.open();
    });
    world.schedule((world.now + back) as Micros, near.host, () => {
      if (!near.alive) return;
      world.record(near.host, openedKind, { to: to.host, connection: near.id });
      near.open();
      near.receiver!.opened?.();
    });
  }
}

function keyOf(address: Address): string {
  return `${address.host}:${address.port}`;
}
