/**
 * One connection between two nodes: the handshake from either side, then messages and ticks.
 *
 * A node that has heard nothing for `net_ticktime` takes the other one for down: each quarter of it
 * a tick is sent where nothing else was, and four quarters of silence are the end. Who that is told
 * of, and which of two connections stays, is `distribution.ts`'.
 * Source: Erlang's `dist_util` (`handshake_we_started`, `handshake_other_started`, `con_loop`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Connection, Ports, Receiver, TimerId } from '../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import {
  cookieDigest,
  type DistributionMessage,
  distributionProtocol,
  type HandshakeStatus,
} from '../../wire/erlang/distribution.ts';
import type { Term } from '../../wire/erlang/term.ts';

export interface DistributionSettings {
  /** Nodes of a cluster have the same one. */
  readonly cookie: string;
  readonly netTickTimeMs: number;
  /** A handshake takes no longer. */
  readonly netSetupTimeMs: number;
  /** How often a node that is down is looked for (`rabbit_node_monitor`). */
  readonly pingIntervalMs: number;
}

export const defaultDistributionSettings: DistributionSettings = Object.freeze({
  cookie: 'highwater',
  netTickTimeMs: 60_000,
  netSetupTimeMs: 7000,
  pingIntervalMs: 1000,
});

/** Why a node is down, as `net_kernel:monitor_nodes` names it, and what else ends a handshake. */
export type DownReason = 'connection_closed' | 'net_tick_timeout' | 'disconnect' | 'setup_failed';

export interface NodeConnectionOwner {
  readonly ports: Ports;
  readonly settings: DistributionSettings;
  /** A node connects and says who it is: how it is answered. */
  accepting(connection: NodeConnection, node: string): HandshakeStatus;
  /** Both sides know each other. */
  up(connection: NodeConnection): void;
  /** It is over; `wasUp` says whether it had been up. */
  ended(connection: NodeConnection, reason: DownReason, wasUp: boolean): void;
  received(node: string, to: string, message: Term): void;
}

/** `pending` is the handshake, as in `net_kernel`'s table of connections. */
type State = 'pending' | 'up' | 'ended';

/** Of `net_ticktime`: ticks in it (`net_tickintensity`). */
const TICK_INTENSITY = 4;

export class NodeConnection implements Receiver {
  /** The other node; empty until it has said its name. */
  node: string;
  /** Counts the lives of the other node; 0 until it is known. */
  creation = 0;
  readonly isInitiator: boolean;
  readonly #owner: NodeConnectionOwner;
  readonly #socket: Connection;
  #state: State = 'pending';
  #challenge = 0;
  #timer: TimerId;
  #tick = 0;
  #tickedAt = 0;
  #hasRead = false;
  #hasWritten = false;

  /** With `connection` this node was connected to; without, it connects to the node. */
  constructor(owner: NodeConnectionOwner, to: { node: string; port: number } | Connection) {
    this.#owner = owner;
    const { ports, settings } = owner;
    if ('node' in to) {
      this.isInitiator = true;
      this.node = to.node;
      const address = { host: to.node, port: to.port };
      this.#socket = ports.network.connect(address, distributionProtocol, this);
    } else {
      this.isInitiator = false;
      this.node = '';
      this.#socket = to;
    }
    const setup = microsOfMillis(settings.netSetupTimeMs);
    this.#timer = ports.clock.after(setup, 'net_setuptime', () => this.end('connection_closed'));
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** To a registered name; the connection is up. */
  send(to: string, message: Term): void {
    assert(this.#state === 'up', 'only a node that is up is sent to', { node: this.node, to });
    this.#write({ kind: 'send', to, message });
  }

  /** Ends it from this side. */
  end(reason: DownReason): void {
    if (this.#state === 'ended') return;
    this.#socket.close();
    this.#ended(reason);
  }

  opened(): void {
    const { host, incarnation } = this.#owner.ports;
    this.#write({ kind: 'name', name: erlangName(host), creation: incarnation });
  }

  closed(): void {
    if (this.#state !== 'ended') this.#ended('connection_closed');
  }

  received(message: unknown): void {
    if (this.#state === 'ended') return;
    this.#hasRead = true;
    const received = message as DistributionMessage;
    if (this.#state === 'pending') {
      this.#handshake(received);
    } else if (received.kind === 'send') {
      this.#owner.ports.cost.charge('request', 1);
      this.#owner.received(this.node, received.to, received.message);
    } else if (received.kind !== 'tick') {
      this.end('connection_closed');
    }
  }

  // ------------------------------------------------------------------------------------ handshake

  #handshake(message: DistributionMessage): void {
    const isTaken = this.isInitiator ? this.#asInitiator(message) : this.#asAcceptor(message);
    if (!isTaken) this.end('setup_failed');
  }

  #asInitiator(message: DistributionMessage): boolean {
    if (message.kind === 'status') {
      // `alive`: it has a connection to this node already, which this node does not know of.
      if (message.status === 'alive') this.#write({ kind: 'status', status: 'true' });
      return message.status !== 'nok' && message.status !== 'not_allowed';
    }
    if (message.kind === 'challenge') {
      if (hostOf(message.name) !== this.node) return false;
      this.creation = message.creation;
      this.#challenge = this.#newChallenge();
      const digest = cookieDigest(this.#owner.settings.cookie, message.challenge);
      this.#write({ kind: 'challenge-reply', challenge: this.#challenge, digest });
      return true;
    }
    if (message.kind !== 'challenge-ack' || !this.#isDigestRight(message.digest)) return false;
    this.#up();
    return true;
  }

  #asAcceptor(message: DistributionMessage): boolean {
    if (message.kind === 'name' && this.node === '') {
      const node = hostOf(message.name);
      if (node === '') return false;
      this.node = node;
      this.creation = message.creation;
      const status = this.#owner.accepting(this, node);
      this.#write({ kind: 'status', status });
      if (status === 'ok' || status === 'ok_simultaneous') this.#sendChallenge();
      return status !== 'nok' && status !== 'not_allowed';
    }
    if (message.kind === 'status' && message.status === 'true' && this.node !== '') {
      this.#sendChallenge();
      return true;
    }
    if (message.kind !== 'challenge-reply' || !this.#isDigestRight(message.digest)) return false;
    const digest = cookieDigest(this.#owner.settings.cookie, message.challenge);
    this.#write({ kind: 'challenge-ack', digest });
    this.#up();
    return true;
  }

  #sendChallenge(): void {
    const { host, incarnation } = this.#owner.ports;
    this.#challenge = this.#newChallenge();
    const challenge = this.#challenge;
    const name = erlangName(host);
    this.#write({ kind: 'challenge', name, creation: incarnation, challenge });
  }

  /** Never 0, which stands for none. */
  #newChallenge(): number {
    return Math.max(1, this.#owner.ports.random('distribution').uint32());
  }

  /** Who knows no cookie, or was asked nothing yet, cannot know it. */
  #isDigestRight(digest: Uint8Array): boolean {
    if (this.#challenge === 0) return false;
    const right = cookieDigest(this.#owner.settings.cookie, this.#challenge);
    return right.length === digest.length && right.every((octet, at) => octet === digest[at]);
  }

  #up(): void {
    assert(this.#state === 'pending' && this.node !== '', 'a handshake ends once', {
      node: this.node,
    });
    this.#state = 'up';
    this.#owner.ports.clock.cancel(this.#timer);
    this.#tickLater();
    this.#owner.up(this);
  }

  // ---------------------------------------------------------------------------------------- ticks

  #tickLater(): void {
    const { ports, settings } = this.#owner;
    const quarter = microsOfMillis(settings.netTickTimeMs) / TICK_INTENSITY;
    this.#timer = ports.clock.after(micros(Math.floor(quarter)), 'net_ticktime', () =>
      this.#ticked(),
    );
  }

  #ticked(): void {
    this.#tick += 1;
    if (this.#hasRead) this.#tickedAt = this.#tick;
    assert(this.#tick - this.#tickedAt <= TICK_INTENSITY, 'silence ends in time', {
      tick: this.#tick,
      tickedAt: this.#tickedAt,
    });
    if (this.#tick - this.#tickedAt === TICK_INTENSITY) {
      this.end('net_tick_timeout');
      return;
    }
    if (!this.#hasWritten) this.#write({ kind: 'tick' });
    this.#hasRead = false;
    this.#hasWritten = false;
    this.#tickLater();
  }

  #write(message: DistributionMessage): void {
    this.#hasWritten = true;
    this.#socket.send(message);
  }

  #ended(reason: DownReason): void {
    const wasUp = this.#state === 'up';
    this.#state = 'ended';
    this.#owner.ports.clock.cancel(this.#timer);
    this.#owner.ended(this, reason, wasUp);
  }
}

/** A node's name in texts and handshakes: `rabbit@` and its host. */
export function erlangName(host: string): string {
  return `rabbit@${host}`;
}

/** Empty where it is no name of a RabbitMQ node. */
function hostOf(name: string): string {
  return name.startsWith('rabbit@') ? name.slice('rabbit@'.length) : '';
}
