/**
 * The broker's way to the controller: requests are sent to the controller that is believed active,
 * and go to the next one when it is not there or says NOT_CONTROLLER.
 *
 * Not here: which requests, and whether to ask again (the caller). Source:
 * `NodeToControllerChannelManager`. Differences: a request waits behind the one before it on the
 * same channel, so each purpose has its own channel (heartbeats, forwarding, alter-partition), as
 * there.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports } from '../../kernel/ports.ts';
import { NetworkClient, type OnReply, networkClientOptions } from '../network-client.ts';

export interface ControllerChannelOptions {
  readonly controllers: readonly Address[];
  readonly clientId: string;
  readonly requestTimeoutMs: number;
}

export class ControllerChannel {
  readonly #client: NetworkClient;
  readonly #controllers: readonly Address[];
  #active = 0;

  constructor(ports: Ports, options: ControllerChannelOptions) {
    assert(options.controllers.length > 0, 'a controller', { clientId: options.clientId });
    this.#controllers = options.controllers;
    this.#client = new NetworkClient(
      ports,
      networkClientOptions(options.clientId, {
        requestTimeoutMs: options.requestTimeoutMs,
        versions: 'fixed',
      }),
    );
  }

  /** Sends to the active controller. On a failed connection the next controller is tried later. */
  send(apiKey: number, apiVersion: number, body: unknown, onReply: OnReply): void {
    const address = this.#controllers[this.#active];
    assert(address !== undefined, 'a controller', { active: this.#active });
    this.#client.connectionTo(address).send(apiKey, apiVersion, body, (reply) => {
      if (!reply.ok) this.notController();
      onReply(reply);
    });
  }

  /** The controller that was asked is not the active one. */
  notController(): void {
    this.#active = (this.#active + 1) % this.#controllers.length;
    assert(this.#active < this.#controllers.length, 'one of the controllers');
  }

  close(): void {
    this.#client.close();
  }
}
