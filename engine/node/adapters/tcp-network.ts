/**
 * The network port of one process on real TCP: listeners and connections, on loopback unless the
 * name table says otherwise, also between processes that share one Node process.
 *
 * Not here: one connection's bytes and events (`tcp-connection.ts`), what strangers may take
 * (`connection-quotas.ts`), where a name stands (`name-table.ts`).
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { assert } from '../../kernel/assert.ts';
import type { Address, Connection, Network, Protocol, Receiver } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ConnectionQuotas } from './connection-quotas.ts';
import type { ConnectionLimits } from './connection-quotas.ts';
import type { EventLoop, EventOwner } from './event-loop.ts';
import type { NameTable } from './name-table.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { ConnectionHost } from './tcp-connection.ts';

/** What the network needs of the host that it belongs to. */
export interface NetworkHost {
  readonly name: string;
  readonly loop: EventLoop;
  readonly owner: EventOwner;
  readonly names: NameTable;
  readonly limits: ConnectionLimits;
  log(line: string): void;
  /** A port is open. */
  listening(port: number, real: Address): void;
  /** A port cannot be opened; `code` as the operating system names it (EADDRINUSE, EACCES). */
  listenFailed(port: number, real: Address, code: string): void;
}

type Accept = (connection: Connection) => Receiver;

/** How often silent connections are looked for, at most. */
const SWEEP_MS_MAX = 1000;
/** Connections that wait for a busy listener. Kafka: socket.listen.backlog.size, 50. */
const LISTEN_BACKLOG = 511;

export class TcpNetwork implements Network, ConnectionHost {
  readonly loop: EventLoop;
  readonly owner: EventOwner;
  readonly limits: ConnectionLimits;
  readonly #host: NetworkHost;
  readonly #servers: Server[] = [];
  readonly #connections = new Set<TcpConnection>();
  #sweeping = false;

  constructor(host: NetworkHost) {
    this.#host = host;
    this.loop = host.loop;
    this.owner = host.owner;
    this.limits = host.limits;
    host.names.addHost(host.name);
  }

  listen(port: number, protocol: Protocol, accept: Accept): void {
    const { names, name } = this.#host;
    const place = names.placeOf(name, port);
    const quotas = new ConnectionQuotas(this.limits);
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    this.#servers.push(server);
    names.listenStarted();
    let answered = false;
    server.on('connection', (socket) => this.#accept(socket, protocol, accept, quotas));
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (answered) {
        this.log(`listener ${name}:${port}: ${error.message}`);
        return;
      }
      answered = true;
      names.listenEnded();
      this.#host.listenFailed(port, place, error.code ?? error.message);
    });
    server.listen({ host: place.host, port: place.port, backlog: LISTEN_BACKLOG }, () => {
      answered = true;
      const real = { host: place.host, port: (server.address() as AddressInfo).port };
      names.bind(name, port, real);
      names.listenEnded();
      this.#host.listening(port, real);
    });
  }

  connect(address: Address, protocol: Protocol, receiver: Receiver): Connection {
    const connection = new TcpConnection(this, address, protocol.codec('client'));
    connection.receive(receiver);
    this.#connections.add(connection);
    this.loop.after(this.owner, microsOfMillis(this.limits.connectMs), () =>
      connection.fail('unreachable'),
    );
    this.#open(connection, address);
    return connection;
  }

  log(line: string): void {
    this.#host.log(line);
  }

  forget(connection: TcpConnection): void {
    this.#connections.delete(connection);
  }

  /** The process has ended: ports are free again, peers hear a reset. */
  end(): void {
    assert(!this.owner.alive, 'only a dead process loses its network', { host: this.#host.name });
    for (const server of this.#servers) server.close();
    for (const connection of [...this.#connections]) connection.reset();
    assert(this.#connections.size === 0, 'all connections are gone', {
      left: this.#connections.size,
    });
  }

  #open(connection: TcpConnection, address: Address): void {
    // A process of this program may have asked for its port a moment ago: it listens in any world.
    if (!this.#host.names.settled) {
      setImmediate(() => this.#open(connection, address));
      return;
    }
    if (!this.owner.alive) return;
    const real = this.#host.names.resolve(address);
    if (typeof real === 'string') connection.fail(real);
    else connection.attach(connect({ ...real, noDelay: true, allowHalfOpen: true }));
  }

  #accept(socket: Socket, protocol: Protocol, accept: Accept, quotas: ConnectionQuotas): void {
    const ip = socket.remoteAddress;
    const port = socket.remotePort;
    // Without an address the peer has gone already.
    if (ip === undefined || port === undefined || !quotas.admit(ip)) {
      if (ip !== undefined) this.log(`connection from ${ip}: closed: too many connections`);
      socket.destroy();
      return;
    }
    if (!this.owner.alive) {
      socket.destroy();
      return;
    }
    this.loop.post(this.owner, () => {
      const remote = { host: ip, port };
      const connection = new TcpConnection(this, remote, protocol.codec('server'), quotas);
      this.#connections.add(connection);
      connection.attach(socket);
      connection.receive(accept(connection));
      this.#sweepLater();
    });
  }

  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    const { firstMessageMs, idleMs } = this.limits;
    const pauseMs = Math.min(SWEEP_MS_MAX, Math.ceil(Math.min(firstMessageMs, idleMs) / 4));
    this.loop.after(this.owner, microsOfMillis(pauseMs), () => {
      this.#sweeping = false;
      const now = this.loop.now();
      let accepted = false;
      for (const connection of [...this.#connections]) {
        accepted ||= connection.accepted;
        if (connection.accepted) connection.sweep(now);
      }
      if (accepted) this.#sweepLater();
    });
  }
}
