/**
 * The broker's AMQP listener: makes a connection of ours of each that is accepted, and reaches all
 * of them when an alarm is raised or the node stops.
 *
 * Not here: what a connection does (`connection.ts`). Source: `rabbit_networking`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Connection, Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { amqpProtocol } from '../../wire/amqp/protocol.ts';
import type { AccessControl } from './access-control.ts';
import { AmqpConnection } from './connection.ts';
import type { AmqpConnectionView } from './connection-view.ts';
import type { ConnectionSettings } from './connection-settings.ts';

export const AMQP_PORT = 5672;
/** How long clients have to answer when the node goes down. */
const CLOSED_WITHIN = microsOfMillis(1000);

export interface AmqpListenerOptions {
  readonly ports: Ports;
  readonly settings: ConnectionSettings;
  readonly access: AccessControl;
}

export class AmqpListener {
  readonly #options: AmqpListenerOptions;
  readonly #connections = new Set<AmqpConnection>();
  readonly #accepted = new Set<Connection>();
  readonly #alarms = new Set<string>();
  #count = 0;
  /** The node goes down: who is told when no connection is left. */
  #closed: (() => void) | null = null;

  constructor(options: AmqpListenerOptions) {
    this.#options = options;
  }

  listen(port: number): void {
    assert(port > 0, 'port', { port });
    const { ports, settings, access } = this.#options;
    ports.network.listen(port, amqpProtocol, (connection) => {
      const made = new AmqpConnection({
        ports,
        settings,
        access,
        connection,
        alarms: this.#alarms,
        id: ++this.#count,
        gone: () => {
          this.#accepted.delete(connection);
          this.#gone(made);
        },
      });
      this.#connections.add(made);
      this.#accepted.add(connection);
      return made;
    });
  }

  /** Whether a connection of the network is one of its, and has not ended for it. */
  holds(connection: Connection): boolean {
    return this.#accepted.has(connection);
  }

  /** Raises or clears the alarm of a resource: `memory` or `disk`. */
  setAlarm(resource: string, isRaised: boolean): void {
    assert(resource !== '', 'a resource', { resource });
    if (isRaised) this.#alarms.add(resource);
    else this.#alarms.delete(resource);
    for (const connection of this.#connections) connection.alarmsChanged();
  }

  /** Resources that are short. */
  get alarms(): readonly string[] {
    return [...this.#alarms];
  }

  /**
   * Closes all connections with 320: the node goes down. `closed` is called when all clients have
   * answered, or after a second. The real reader does not wait, but its kernel still hands over
   * what was sent, where the end of a process here resets its connections.
   */
  close(explanation: string, closed: () => void): void {
    assert(this.#closed === null, 'a node goes down once', { explanation });
    this.#closed = closed;
    for (const connection of [...this.#connections]) connection.forceClose(explanation);
    this.#options.ports.clock.after(CLOSED_WITHIN, 'amqp-listener-close', () => this.#allGone());
    if (this.#connections.size === 0) this.#allGone();
  }

  #gone(connection: AmqpConnection): void {
    this.#connections.delete(connection);
    if (this.#closed !== null && this.#connections.size === 0) this.#allGone();
  }

  #allGone(): void {
    const closed = this.#closed;
    this.#closed = () => undefined;
    closed?.();
  }

  /** Closes those with 320, as of a virtual host or a user that is gone. */
  closeWhere(which: (of: AmqpConnectionView) => boolean, explanation: string): void {
    for (const connection of [...this.#connections]) {
      if (which(connection.inspect())) connection.forceClose(explanation);
    }
  }

  get connections(): readonly AmqpConnection[] {
    return [...this.#connections];
  }

  inspect(): readonly AmqpConnectionView[] {
    return [...this.#connections].map((connection) => connection.inspect());
  }
}
