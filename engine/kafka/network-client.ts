/**
 * Requests and replies over connections: one `RequestChannel` to each address, with the limit of
 * requests in flight, the request timeout, the reconnect backoff, and (for clients) the
 * ApiVersions handshake. Clients and brokers use it alike.
 *
 * Not here: the requests of one connection (`request-channel.ts`), which broker to ask
 * (`client/metadata.ts`), whether to ask again (the caller decides; nothing is ever resent), and
 * bytes (`wire/kafka`).
 *
 * Differences from the Java `NetworkClient`: a request that is sent before the connection is ready
 * waits in the channel (there the caller asks `ready` first; one can do so here too); idle
 * connections are not closed (`connections.max.idle.ms`).
 */
import { assert } from '../kernel/assert.ts';
import type { Address, Ports } from '../kernel/ports.ts';
import { ExponentialBackoff } from './client/exponential-backoff.ts';
import { addressText, type ChannelOwner, RequestChannel } from './request-channel.ts';

export type { OnReply, Reply, RequestChannel } from './request-channel.ts';

export interface NetworkClientOptions {
  /** `client.id`: stands in the header of each request. */
  readonly clientId: string;
  /** `request.timeout.ms`: a request without a reply for so long costs the connection. */
  readonly requestTimeoutMs: number;
  /** `reconnect.backoff.ms` and `reconnect.backoff.max.ms`. */
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMsMax: number;
  /** `socket.connection.setup.timeout.ms` and its maximum (KIP-601). */
  readonly connectionSetupTimeoutMs: number;
  readonly connectionSetupTimeoutMsMax: number;
  /** `max.in.flight.requests.per.connection`: what is beyond waits in the channel. */
  readonly inFlightRequestsMax: number;
  /**
   * `negotiate`: ask ApiVersions first and lower each request to what the broker knows (clients).
   * `fixed`: send the version that the caller names (between brokers of one cluster).
   */
  readonly versions: 'negotiate' | 'fixed';
}

/** The defaults of `CommonClientConfigs`; the timeouts a caller knows better go over them. */
export function networkClientOptions(
  clientId: string,
  over: Partial<NetworkClientOptions> = {},
): NetworkClientOptions {
  return {
    clientId,
    requestTimeoutMs: 30_000,
    reconnectBackoffMs: 50,
    reconnectBackoffMsMax: 1_000,
    connectionSetupTimeoutMs: 10_000,
    connectionSetupTimeoutMsMax: 30_000,
    inFlightRequestsMax: 100,
    versions: 'negotiate',
    ...over,
  };
}

/** Who wants to hear of connections. Called in the event that changed them, after the replies. */
export interface ChannelListener {
  ready?(channel: RequestChannel): void;
  disconnected?(channel: RequestChannel, reason: string): void;
}

/** All connections of one client or broker to others. */
export class NetworkClient implements ChannelOwner {
  readonly ports: Ports;
  readonly options: NetworkClientOptions;
  readonly reconnectBackoff: ExponentialBackoff;
  readonly setupTimeout: ExponentialBackoff;
  readonly #channels = new Map<string, RequestChannel>();
  readonly #listeners: ChannelListener[] = [];
  #nextCorrelationId = 0;

  constructor(ports: Ports, options: NetworkClientOptions) {
    assert(options.requestTimeoutMs > 0, 'request.timeout.ms', { ...options });
    assert(options.inFlightRequestsMax > 0, 'in-flight limit', { ...options });
    this.ports = ports;
    this.options = options;
    const random = ports.random('network-client');
    this.reconnectBackoff = new ExponentialBackoff(random, {
      initialMs: options.reconnectBackoffMs,
      maxMs: options.reconnectBackoffMsMax,
    });
    this.setupTimeout = new ExponentialBackoff(random, {
      initialMs: options.connectionSetupTimeoutMs,
      maxMs: options.connectionSetupTimeoutMsMax,
    });
  }

  /** The one channel to an address. Nothing is opened before the first `ready` or `send`. */
  connectionTo(address: Address): RequestChannel {
    assert(address.host !== '' && address.port > 0, 'address', { address });
    const key = addressText(address);
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      channel = new RequestChannel(this, address);
      this.#channels.set(key, channel);
    }
    return channel;
  }

  /** Tells a listener of every channel that becomes ready or is lost from now on. */
  listen(listener: ChannelListener): void {
    assert(!this.#listeners.includes(listener), 'listens already');
    this.#listeners.push(listener);
  }

  /** Requests that were asked for and not answered, on all channels. */
  get inFlightCount(): number {
    let count = 0;
    for (const channel of this.#channels.values()) count += channel.pendingCount;
    return count;
  }

  /** Closes all connections; what is unanswered fails as disconnected. */
  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    assert(this.inFlightCount === 0, 'nothing is pending after close', {
      pending: this.inFlightCount,
    });
  }

  /** For channels: the number of the next request, a positive int32 that wraps to 0. */
  takeCorrelationId(): number {
    const id = this.#nextCorrelationId;
    assert(id >= 0 && id <= 0x7fffffff, 'correlation id', { id });
    this.#nextCorrelationId = id === 0x7fffffff ? 0 : id + 1;
    return id;
  }

  /** For channels. */
  announce(channel: RequestChannel, what: 'ready' | 'disconnected', reason: string): void {
    for (const listener of this.#listeners) {
      if (what === 'ready') listener.ready?.(channel);
      else listener.disconnected?.(channel, reason);
    }
  }
}
