/**
 * The broker's way to the controller: requests are sent to the controller that is believed active,
 * and wait to be told of another one (by the metadata subscription, which asks one after the other)
 * when it is not there or says NOT_CONTROLLER. Where there is one controller, it is the active one.
 *
 * Not here: which requests, and whether to ask again (the caller). Source:
 * `NodeToControllerChannelManager`. Differences: a request waits behind the one before it on the
 * same channel, so each purpose has its own channel (heartbeats, forwarding, alter-partition), as
 * there.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { NetworkClient, type OnReply, networkClientOptions } from '../network-client.ts';

export interface ControllerChannelOptions {
  readonly controllers: readonly Address[];
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  /** Whether requests on this channel are what finds the active one. */
  readonly finds?: boolean;
}

export class ControllerChannel {
  readonly #client: NetworkClient;
  readonly #ports: Ports;
  readonly #options: ControllerChannelOptions;
  readonly #waiting = new Set<() => void>();
  #active = 0;
  /** One of several is active, and nobody has said which. */
  #isUnknown: boolean;

  constructor(ports: Ports, options: ControllerChannelOptions) {
    const { controllers, clientId, requestTimeoutMs } = options;
    assert(controllers.length > 0, 'a controller', { clientId });
    this.#ports = ports;
    this.#options = options;
    this.#isUnknown = controllers.length > 1;
    this.#client = new NetworkClient(
      ports,
      networkClientOptions(clientId, { requestTimeoutMs, versions: 'fixed' }),
    );
  }

  /** Who is believed active. */
  get active(): Address {
    return this.#options.controllers[this.#active]!;
  }

  /**
   * Sends to the active controller. While it is not known who that is, the request waits; who finds
   * out (`finds`) asks one after the other.
   */
  send(apiKey: number, apiVersion: number, body: unknown, onReply: OnReply): void {
    const { finds, controllers } = this.#options;
    assert(this.#active < controllers.length, 'a controller', { active: this.#active });
    if (this.#isUnknown && finds !== true) {
      this.#wait(() => this.send(apiKey, apiVersion, body, onReply), onReply);
      return;
    }
    this.#client.connectionTo(this.active).send(apiKey, apiVersion, body, (reply) => {
      if (!reply.ok) this.notController();
      onReply(reply);
    });
  }

  /** It is said that this one is active. */
  found({ host, port }: Address): void {
    const { controllers } = this.#options;
    const place = controllers.findIndex((one) => one.host === host && one.port === port);
    if (place < 0) return;
    this.#active = place;
    this.#isUnknown = false;
    for (const send of [...this.#waiting]) send();
    assert(this.#waiting.size === 0, 'nobody waits for who is known');
  }

  /** The controller that was asked is not the active one. */
  notController(): void {
    this.#active = (this.#active + 1) % this.#options.controllers.length;
    this.lost();
  }

  /** Nobody knows which one is active. */
  lost(): void {
    this.#isUnknown = this.#options.controllers.length > 1;
  }

  close(): void {
    this.#client.close();
  }

  #wait(send: () => void, onReply: OnReply): void {
    const { clock } = this.#ports;
    const delay = microsOfMillis(this.#options.requestTimeoutMs);
    const timer = clock.after(delay, 'no controller', () => {
      this.#waiting.delete(found);
      onReply({ ok: false, reason: 'timeout', sent: false });
    });
    const found = (): void => {
      this.#waiting.delete(found);
      clock.cancel(timer);
      send();
    };
    this.#waiting.add(found);
  }
}
