/**
 * A connection of a tool with one channel: opened, used, closed. Nothing is tried again.
 *
 * Not here: connections that recover (`rabbitmq/client/amqp-client.ts`), what is called.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports } from '../../kernel/ports.ts';
import { ClientChannel, type ChannelOwner } from '../../rabbitmq/client/client-channel.ts';
import { ClientConnection, type ConnectionOwner } from '../../rabbitmq/client/client-connection.ts';
import { alreadyClosed, type ShutdownSignal } from '../../rabbitmq/client/shutdown-signal.ts';
import type { Command } from '../../wire/amqp/command.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly virtualHost: string;
}

export interface SessionListener {
  /** The channel can be used. */
  ready(channel: ClientChannel): void;
  /** There is no connection, or it is lost. */
  failed(signal: ShutdownSignal): void;
}

/** Milliseconds that the handshake may take. */
const HANDSHAKE_MS = 10_000;

export class AmqpSession implements ConnectionOwner, ChannelOwner {
  readonly channel: ClientChannel;
  readonly #listener: SessionListener;
  readonly #connection: ClientConnection;
  #closed: (() => void) | null = null;

  constructor(ports: Ports, address: Address, login: Login, listener: SessionListener) {
    assert(address.host !== '', 'a host', { address });
    this.#listener = listener;
    this.channel = new ClientChannel(1, this);
    const options = { ...login, requestedHeartbeat: 60, handshakeTimeoutMs: HANDSHAKE_MS };
    this.#connection = new ClientConnection(ports, address, options, this);
  }

  /** Says goodbye; `closed` when the broker has answered. */
  close(closed: () => void): void {
    assert(this.#closed === null, 'a session is closed once', {});
    this.#closed = closed;
    this.#connection.close();
  }

  opened(): void {
    this.channel.open(this.#connection, () => {
      this.channel.resume();
      this.#listener.ready(this.channel);
    });
  }

  received(command: Command): void {
    this.channel.received(command);
  }

  blocked(): void {
    // A tool waits as long as it has to.
  }

  lost(signal: ShutdownSignal): void {
    this.channel.lost(signal, false);
    if (this.#closed === null) this.#listener.failed(signal);
    else this.closed();
  }

  closed(): void {
    this.channel.lost(alreadyClosed, false);
    this.#closed?.();
  }

  answered(): void {
    // Nothing is declared again.
  }

  consumerCancelled(): void {
    // The application hears of it by its handler.
  }
}
