/**
 * One connection of the controller's listener: one request at a time (invariant K18), replies in
 * order. While a request is in processing the connection is not read.
 *
 * Not here: the answers (`controller.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Connection, Receiver } from '../../kernel/ports.ts';
import type { KafkaRequest, KafkaResponse } from '../../wire/kafka/frame.ts';

/** A request with the ways to answer it, exactly one of which is called once. */
export interface ControllerRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly body: unknown;
  readonly respond: (body: unknown, apiVersion?: number) => void;
  /** For a request that the controller does not speak. */
  readonly closeConnection: () => void;
  /** Whether somebody still waits for the answer. */
  readonly isOpen: () => boolean;
}

export class ControllerConnection implements Receiver {
  readonly #connection: Connection;
  readonly #handle: (request: ControllerRequest) => void;
  readonly #gone: () => void;
  readonly #waiting: KafkaRequest[] = [];
  #current: KafkaRequest | null = null;
  #open = true;

  constructor(
    connection: Connection,
    handle: (request: ControllerRequest) => void,
    gone: () => void,
  ) {
    this.#connection = connection;
    this.#handle = handle;
    this.#gone = gone;
  }

  received(message: unknown): void {
    const request = message as KafkaRequest;
    assert(request.kind === 'request', 'a request', { kind: request.kind });
    if (this.#current !== null) this.#waiting.push(request);
    else this.#process(request);
  }

  closed(): void {
    this.#open = false;
    this.#waiting.length = 0;
    this.#gone();
  }

  #process(request: KafkaRequest): void {
    assert(this.#current === null, 'K18: one request at a time', { apiKey: request.apiKey });
    this.#current = request;
    this.#connection.pause();
    this.#handle({
      apiKey: request.apiKey,
      apiVersion: request.apiVersion,
      body: request.body,
      respond: (body, apiVersion = request.apiVersion) => this.#respond(request, body, apiVersion),
      closeConnection: () => this.#close(),
      isOpen: () => this.#open,
    });
  }

  #respond(request: KafkaRequest, body: unknown, apiVersion: number): void {
    assert(this.#current === request, 'answered once', { apiKey: request.apiKey });
    this.#current = null;
    if (!this.#open) return;
    const { apiKey, correlationId } = request;
    const response: KafkaResponse = { kind: 'response', apiKey, apiVersion, correlationId, body };
    this.#connection.send(response);
    const next = this.#waiting.shift();
    if (next === undefined) this.#connection.resume();
    else this.#process(next);
  }

  #close(): void {
    if (!this.#open) return;
    this.closed();
    this.#connection.close();
  }
}
