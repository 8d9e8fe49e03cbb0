/**
 * The broker's listener: takes requests from connections and hands them to the handlers, one at a
 * time a connection, so that replies leave in the order of the requests.
 *
 * Not here: bytes (`wire/kafka/protocol.ts`), the answers (`api/`).
 * Invariant K18: at most one request of a connection is in processing.
 * Source: `SocketServer` (a channel is muted while its request is processed), `KafkaApis.handle`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Connection, Receiver } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { KafkaRequest, KafkaResponse } from '../../wire/kafka/frame.ts';
import { kafkaProtocol } from '../../wire/kafka/protocol.ts';
import type { BrokerParts, RequestContext } from '../api/api-handler.ts';
import { API_VERSIONS_KEY, unsupportedApiVersions } from '../api/18-api-versions.ts';

export class SocketServer {
  readonly #broker: BrokerParts;
  readonly #channels = new Set<ServerChannel>();

  constructor(broker: BrokerParts) {
    assert(broker.handlers.size > 0, 'handlers');
    this.#broker = broker;
  }

  listen(port: number): void {
    assert(port > 0, 'port', { port });
    this.#broker.ports.network.listen(port, kafkaProtocol, (connection) => {
      const channel = new ServerChannel(connection, this.#broker, () => {
        this.#channels.delete(channel);
      });
      this.#channels.add(channel);
      return channel;
    });
  }

  close(): void {
    for (const channel of [...this.#channels]) channel.close();
  }
}

/** One connection: the request in processing, and those that arrived before reading stopped. */
class ServerChannel implements Receiver {
  readonly #connection: Connection;
  readonly #broker: BrokerParts;
  readonly #gone: () => void;
  #processing = false;
  #muted = false;
  #open = true;
  readonly #waiting: KafkaRequest[] = [];
  readonly #whenClosed: (() => void)[] = [];

  constructor(connection: Connection, broker: BrokerParts, gone: () => void) {
    this.#connection = connection;
    this.#broker = broker;
    this.#gone = gone;
  }

  received(message: unknown): void {
    if (!this.#open) return;
    this.#waiting.push(message as KafkaRequest);
    this.#processNext();
  }

  closed(): void {
    this.#open = false;
    this.#waiting.length = 0;
    this.#gone();
    for (const hear of this.#whenClosed.splice(0)) hear();
  }

  close(): void {
    if (!this.#open) return;
    this.closed();
    this.#connection.close();
  }

  #processNext(): void {
    while (this.#open && !this.#processing) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      this.#process(request);
    }
    if (!this.#open || this.#processing === this.#muted) return;
    this.#muted = this.#processing;
    if (this.#muted) this.#connection.pause();
    else this.#connection.resume();
  }

  #process(request: KafkaRequest): void {
    assert(!this.#processing, 'K18: one request at a time', { apiKey: request.apiKey });
    const { cost } = this.#broker.ports;
    cost.charge('request', 1);
    cost.charge('syscall', 2);
    const handler = this.#broker.handlers.get(request.apiKey);
    if (handler === undefined) {
      this.close();
      return;
    }
    const { versionMin, versionMax } = handler.api;
    if (request.apiVersion < versionMin || request.apiVersion > versionMax) {
      if (request.apiKey === API_VERSIONS_KEY) {
        this.#processing = true;
        this.#answer(request, 0, unsupportedApiVersions(ErrorCode.UNSUPPORTED_VERSION));
      } else {
        this.close();
      }
      return;
    }
    this.#processing = true;
    handler.handle(this.#broker, this.#context(request));
  }

  #context(request: KafkaRequest): RequestContext<unknown> {
    return {
      apiVersion: request.apiVersion,
      clientId: request.clientId,
      clientHost: this.#connection.remote.host,
      body: request.body,
      whenClosed: (hear) => void this.#whenClosed.push(hear),
      respond: (body) => this.#answer(request, request.apiVersion, body),
      respondNothing: () => this.#finished(request),
      closeConnection: () => {
        this.#finished(request);
        this.close();
      },
    };
  }

  #answer(request: KafkaRequest, apiVersion: number, body: unknown): void {
    if (this.#open) {
      const { apiKey, correlationId } = request;
      const response: KafkaResponse = { kind: 'response', apiKey, apiVersion, correlationId, body };
      this.#connection.send(response);
    }
    this.#finished(request);
  }

  #finished(request: KafkaRequest): void {
    assert(this.#processing, 'answered once', { apiKey: request.apiKey });
    this.#processing = false;
    // Within `#process` the loop there goes on; a later answer starts it again.
    if (this.#muted) this.#processNext();
  }
}
