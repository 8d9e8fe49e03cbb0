/**
 * The requests to one address, over one connection that is opened when it is needed: replies come
 * back in the order of the requests, each request is answered once, with the broker's reply or with
 * the reason why there is none.
 *
 * Not here: which addresses there are and what all channels have in common (`network-client.ts`);
 * nothing is ever sent twice.
 */
import { assert } from '../kernel/assert.ts';
import { MachineRunner } from '../kernel/machine.ts';
import type { Address, CloseReason, Connection, Ports, TimerId } from '../kernel/ports.ts';
import { traceKind } from '../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../kernel/units.ts';
import { apiOf } from '../wire/kafka/api.ts';
import { ErrorCode } from '../wire/kafka/errors.ts';
import type { KafkaRequest, KafkaResponse } from '../wire/kafka/frame.ts';
import {
  apiVersions,
  type ApiVersionsRequest,
  type ApiVersionsResponse,
} from '../wire/kafka/messages/api-versions.ts';
import { kafkaProtocol } from '../wire/kafka/protocol.ts';
import { type ConnectionEvent, connectionMachine } from './client/connection.machine.ts';
import type { ExponentialBackoff } from './client/exponential-backoff.ts';

/** A connection to a broker changed its state, named as in `ConnectionState`. */
export const connectionStateTrace = traceKind('connection-state', {
  to: 'string',
  state: 'string',
  reason: 'string',
});

/** As `org.apache.kafka.clients.ConnectionState` names them. */
export type ConnectionState = 'DISCONNECTED' | 'CONNECTING' | 'CHECKING_API_VERSIONS' | 'READY';

/**
 * What became of a request. `timeout`: the request, or one before it on the same connection, got no
 * reply in time; `disconnected`: the connection was lost. In both cases the broker may or may not
 * have done what was asked, if `sent` is true; it certainly has not if `sent` is false.
 * `unsupported-version`: the broker knows no version of the API that we know; nothing was sent.
 */
export type Reply =
  | { ok: true; body: unknown; apiVersion: number; correlationId: number }
  | { ok: false; reason: FailureReason; sent: boolean };
export type FailureReason = 'disconnected' | 'timeout' | 'unsupported-version';
export type OnReply = (reply: Reply) => void;

export interface SendOptions {
  /** False for Produce with acks=0: done as soon as it is sent, with a null body. */
  readonly expectReply?: boolean;
  /** Over the client's `requestTimeoutMs`, in milliseconds. */
  readonly timeoutMs?: number;
}

interface PendingRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly body: unknown;
  readonly onReply: OnReply;
  readonly expectReply: boolean;
  readonly timeoutMs: number;
  /** While it waits: since it was asked for. In flight: since it was written. */
  deadline: Micros;
}

/** What the channels of one client have in common. */
export interface ChannelOwner {
  readonly ports: Ports;
  readonly options: {
    readonly clientId: string;
    readonly requestTimeoutMs: number;
    readonly inFlightRequestsMax: number;
    readonly versions: 'negotiate' | 'fixed';
  };
  readonly reconnectBackoff: ExponentialBackoff;
  readonly setupTimeout: ExponentialBackoff;
  takeCorrelationId(): number;
  announce(channel: RequestChannel, what: 'ready' | 'disconnected', reason: string): void;
}

/** An address as it is printed, and as channels are found by it. */
export function addressText(address: Address): string {
  return `${address.host}:${address.port}`;
}

/** The requests to one address, in order: replies come back in the order of the requests. */
export class RequestChannel {
  readonly address: Address;
  readonly #client: ChannelOwner;
  readonly #ports: Ports;
  #connection: Connection | null = null;
  readonly #machine: MachineRunner<typeof connectionMachine>;
  /** Version ranges by API key that the broker told; null where versions are fixed. */
  #ranges: ReadonlyMap<number, { min: number; max: number }> | null = null;
  #waiting: PendingRequest[] = [];
  #inFlight: PendingRequest[] = [];
  #failedAttempts = 0;
  #connectNotBefore: Micros = micros(0);
  #connectTimer: TimerId | null = null;
  #setupTimer: TimerId | null = null;
  #timeoutTimer: TimerId | null = null;
  #timeoutTimerAt: Micros = micros(0);

  constructor(client: ChannelOwner, address: Address) {
    this.#client = client;
    this.#ports = client.ports;
    this.address = address;
    this.#machine = new MachineRunner({
      machine: connectionMachine,
      instance: addressText(address),
      clock: client.ports.clock,
      trace: client.ports.trace,
    });
  }

  get state(): ConnectionState {
    return this.#machine.state as ConnectionState;
  }

  /** Requests without an answer, sent or not. */
  get pendingCount(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  /** Whether a request would be written now, without waiting. */
  get canSend(): boolean {
    return (
      this.state === 'READY' &&
      this.#waiting.length === 0 &&
      this.#inFlight.length < this.#client.options.inFlightRequestsMax
    );
  }

  /** Microseconds until a lost connection may be opened again; 0 if it may, or is open. */
  get backoffLeft(): Micros {
    if (this.state !== 'DISCONNECTED') return micros(0);
    return micros(Math.max(0, this.#connectNotBefore - this.#ports.clock.now()));
  }

  /** `canSend`; if there is no connection, one is opened as soon as the backoff allows it. */
  ready(): boolean {
    if (this.state === 'DISCONNECTED') this.#connectWhenAllowed();
    return this.canSend;
  }

  /**
   * Asks. `apiVersion` is the version to send, or with negotiation the newest that the caller
   * understands. `onReply` is called exactly once, in a later event or in `close`.
   */
  send(
    apiKey: number,
    apiVersion: number,
    body: unknown,
    onReply: OnReply,
    options: SendOptions = {},
  ): void {
    assert(Number.isInteger(apiKey) && apiKey >= 0, 'api key', { apiKey });
    assert(Number.isInteger(apiVersion) && apiVersion >= 0, 'api version', { apiVersion });
    const timeoutMs = options.timeoutMs ?? this.#client.options.requestTimeoutMs;
    const request: PendingRequest = {
      apiKey,
      apiVersion,
      correlationId: this.#client.takeCorrelationId(),
      body,
      onReply,
      expectReply: options.expectReply ?? true,
      timeoutMs,
      deadline: this.#deadlineOf(timeoutMs),
    };
    this.#waiting.push(request);
    this.#watchDeadline(request.deadline);
    if (this.state === 'DISCONNECTED') this.#connectWhenAllowed();
    else this.#writeWaiting();
  }

  /** Closes the connection by intent; what is unanswered fails as disconnected. */
  close(): void {
    if (this.#connectTimer !== null) this.#ports.clock.cancel(this.#connectTimer);
    this.#connectTimer = null;
    if (this.state === 'DISCONNECTED' && this.pendingCount === 0) return;
    this.#disconnect('disconnected', 'closed');
    assert(this.state === 'DISCONNECTED', 'closed', { state: this.state });
  }

  // -------------------------------------------------------------------------------- connection

  #connectWhenAllowed(): void {
    assert(this.#connection === null, 'no connection yet', { state: this.state });
    if (this.#connectTimer !== null) return;
    const now = this.#ports.clock.now();
    if (now >= this.#connectNotBefore) {
      this.#connect();
      return;
    }
    const wait = micros(this.#connectNotBefore - now);
    this.#connectTimer = this.#ports.clock.after(wait, 'reconnect.backoff.ms', () => {
      this.#connectTimer = null;
      if (this.state === 'DISCONNECTED') this.#connect();
    });
  }

  #connect(): void {
    assert(this.state === 'DISCONNECTED', 'connect', { state: this.state });
    this.#become({ type: 'CONNECT' }, '');
    const connection = this.#ports.network.connect(this.address, kafkaProtocol, {
      opened: () => {
        if (this.#connection === connection) this.#opened();
      },
      received: (message) => {
        if (this.#connection === connection) this.#received(message as KafkaResponse);
      },
      closed: (reason) => {
        if (this.#connection !== connection) return;
        this.#connection = null;
        this.#disconnect('disconnected', reason);
      },
    });
    this.#connection = connection;
    const setupMs = this.#client.setupTimeout.backoffMs(this.#failedAttempts);
    const label = 'socket.connection.setup.timeout.ms';
    this.#setupTimer = this.#ports.clock.after(microsOfMillis(setupMs), label, () => {
      this.#setupTimer = null;
      this.#disconnect('timeout', 'connection setup timed out');
    });
  }

  #opened(): void {
    assert(this.state === 'CONNECTING', 'opened', { state: this.state });
    if (this.#setupTimer !== null) this.#ports.clock.cancel(this.#setupTimer);
    this.#setupTimer = null;
    const negotiates = this.#client.options.versions === 'negotiate';
    this.#become({ type: 'OPENED', negotiates }, '');
    if (!negotiates) this.#becameReady();
    else this.#askApiVersions(apiVersions.versionMax);
  }

  #askApiVersions(apiVersion: number): void {
    const body: ApiVersionsRequest = {
      clientSoftwareName: 'highwater',
      clientSoftwareVersion: '1.0',
    };
    const timeoutMs = this.#client.options.requestTimeoutMs;
    const request: PendingRequest = {
      apiKey: apiVersions.key,
      apiVersion,
      correlationId: this.#client.takeCorrelationId(),
      body,
      onReply: (reply) => {
        if (reply.ok) this.#learnApiVersions(reply.body as ApiVersionsResponse, apiVersion);
      },
      expectReply: true,
      timeoutMs,
      deadline: this.#deadlineOf(timeoutMs),
    };
    this.#write(request, apiVersion);
  }

  /** A broker that does not know our version says so in version 0, with the range it knows. */
  #learnApiVersions(reply: ApiVersionsResponse, asked: number): void {
    assert(this.state === 'CHECKING_API_VERSIONS', 'asked', { state: this.state });
    if (reply.errorCode === ErrorCode.UNSUPPORTED_VERSION && asked > 0) {
      const own = reply.apiKeys.find((range) => range.apiKey === apiVersions.key);
      const next = own === undefined ? 0 : Math.min(own.maxVersion, asked - 1);
      this.#askApiVersions(next);
      return;
    }
    if (reply.errorCode !== ErrorCode.NONE) {
      this.#disconnect('disconnected', `ApiVersions failed with ${reply.errorCode}`);
      return;
    }
    const ranges = new Map<number, { min: number; max: number }>();
    for (const range of reply.apiKeys) {
      ranges.set(range.apiKey, { min: range.minVersion, max: range.maxVersion });
    }
    this.#ranges = ranges;
    this.#become({ type: 'API_VERSIONS_KNOWN' }, '');
    this.#becameReady();
  }

  #becameReady(): void {
    assert(this.state === 'READY', 'ready', { state: this.state });
    this.#failedAttempts = 0;
    this.#writeWaiting();
    this.#client.announce(this, 'ready', '');
  }

  /** The connection is lost or given up: everything that is pending fails with it. */
  #disconnect(failure: FailureReason, reason: CloseReason | string): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.close();
    if (this.#setupTimer !== null) this.#ports.clock.cancel(this.#setupTimer);
    this.#setupTimer = null;
    this.#ranges = null;
    const backoffMs = this.#client.reconnectBackoff.backoffMs(this.#failedAttempts);
    this.#failedAttempts++;
    this.#connectNotBefore = micros(this.#ports.clock.now() + microsOfMillis(backoffMs));
    const [inFlight, waiting] = [this.#inFlight, this.#waiting];
    this.#inFlight = [];
    this.#waiting = [];
    if (this.state !== 'DISCONNECTED') this.#become({ type: 'DISCONNECTED' }, reason);
    for (const request of inFlight) request.onReply({ ok: false, reason: failure, sent: true });
    for (const request of waiting) request.onReply({ ok: false, reason: failure, sent: false });
    this.#client.announce(this, 'disconnected', reason);
  }

  #become(event: ConnectionEvent, reason: string): void {
    this.#machine.send(event);
    if (!this.#ports.trace.on) return;
    const { state } = this;
    this.#ports.trace.record(connectionStateTrace, {
      to: addressText(this.address),
      state,
      reason,
    });
  }

  // ---------------------------------------------------------------------------------- requests

  #writeWaiting(): void {
    while (
      this.state === 'READY' &&
      this.#waiting.length > 0 &&
      this.#inFlight.length < this.#client.options.inFlightRequestsMax
    ) {
      const request = this.#waiting.shift()!;
      const version = this.#commonVersion(request);
      if (version === null) this.#failLater(request, 'unsupported-version');
      else this.#write(request, version);
    }
  }

  #commonVersion(request: PendingRequest): number | null {
    if (this.#ranges === null) return request.apiVersion;
    const range = this.#ranges.get(request.apiKey);
    const oldest = apiOf(request.apiKey)?.versionMin ?? 0;
    if (range === undefined || range.min > request.apiVersion || range.max < oldest) return null;
    return Math.min(range.max, request.apiVersion);
  }

  #write(request: PendingRequest, apiVersion: number): void {
    const connection = this.#connection;
    assert(connection !== null, 'written on a connection', { state: this.state });
    const frame: KafkaRequest = {
      kind: 'request',
      apiKey: request.apiKey,
      apiVersion,
      correlationId: request.correlationId,
      clientId: this.#client.options.clientId,
      body: request.body,
    };
    connection.send(frame);
    if (request.expectReply) {
      request.deadline = this.#deadlineOf(request.timeoutMs);
      this.#inFlight.push(request);
      this.#watchDeadline(request.deadline);
      return;
    }
    const { onReply, correlationId } = request;
    this.#ports.clock.after(micros(0), 'sent', () => {
      onReply({ ok: true, body: null, apiVersion, correlationId });
    });
  }

  #received(response: KafkaResponse): void {
    const request = this.#inFlight.shift();
    if (request === undefined || request.correlationId !== response.correlationId) {
      if (request !== undefined) this.#inFlight.unshift(request);
      this.#disconnect('disconnected', `reply ${response.correlationId} was not expected`);
      return;
    }
    assert(response.apiKey === request.apiKey, 'reply to its request', {
      asked: request.apiKey,
      answered: response.apiKey,
    });
    const { apiVersion, correlationId, body } = response;
    request.onReply({ ok: true, body, apiVersion, correlationId });
    this.#writeWaiting();
  }

  #failLater(request: PendingRequest, reason: FailureReason): void {
    this.#ports.clock.after(micros(0), reason, () => {
      request.onReply({ ok: false, reason, sent: false });
    });
  }

  // ---------------------------------------------------------------------------------- timeouts

  #deadlineOf(timeoutMs: number): Micros {
    assert(Number.isSafeInteger(timeoutMs) && timeoutMs > 0, 'timeout', { timeoutMs });
    return micros(this.#ports.clock.now() + microsOfMillis(timeoutMs));
  }

  /** One timer a channel: it fires no later than the earliest deadline and looks again then. */
  #watchDeadline(deadline: Micros): void {
    if (this.#timeoutTimer !== null) {
      if (this.#timeoutTimerAt <= deadline) return;
      this.#ports.clock.cancel(this.#timeoutTimer);
    }
    const wait = micros(deadline - this.#ports.clock.now());
    assert(wait >= 0, 'a deadline is not in the past', { wait });
    this.#timeoutTimerAt = deadline;
    this.#timeoutTimer = this.#ports.clock.after(wait, 'request.timeout.ms', () => {
      this.#timeoutTimer = null;
      this.#expireRequests();
    });
  }

  /** Source: `NetworkClient.handleTimedOutRequests`: all in flight fail with the one that did. */
  #expireRequests(): void {
    const now = this.#ports.clock.now();
    if (this.#inFlight.some((request) => request.deadline <= now)) {
      this.#disconnect('timeout', 'request timed out');
    }
    const expired = this.#waiting.filter((request) => request.deadline <= now);
    this.#waiting = this.#waiting.filter((request) => request.deadline > now);
    for (const request of expired) request.onReply({ ok: false, reason: 'timeout', sent: false });
    let next: Micros | null = null;
    for (const request of [...this.#inFlight, ...this.#waiting]) {
      if (next === null || request.deadline < next) next = request.deadline;
    }
    if (next !== null) this.#watchDeadline(next);
  }
}
