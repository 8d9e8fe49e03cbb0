/**
 * The settings of connections, by RabbitMQ's names and with its defaults.
 *
 * Source: `rabbit.app`, `rabbitmq.conf.example`, rabbitmq.com/docs/configure.
 */
export interface ConnectionSettings {
  /** Octets of a frame that the broker offers; 0: without bound. */
  readonly frameMax: number;
  /** Channels of a connection that the broker offers; 0: without bound. */
  readonly channelMax: number;
  /** Seconds between signs of life that the broker offers; 0: none. */
  readonly heartbeat: number;
  /** Milliseconds from the first octet to an open connection. */
  readonly handshakeTimeoutMs: number;
  /** The least frame-max that a client may choose: 4096, and 8192 since 4.0. */
  readonly frameMinSize: number;
  /** The version that the broker says it has. */
  readonly version: string;
  /** The cluster's name in the server properties. */
  readonly clusterName: string;
}

export const defaultConnectionSettings: ConnectionSettings = Object.freeze({
  frameMax: 131_072,
  channelMax: 2047,
  heartbeat: 60,
  handshakeTimeoutMs: 10_000,
  frameMinSize: 4096,
  version: '3.10.8',
  clusterName: 'rabbit@localhost',
});
