/**
 * Passes a client's request on to the controller, and its answer back: CreateTopics, DeleteTopics,
 * ElectLeaders, IncrementalAlterConfigs, AlterPartitionReassignments, ListPartitionReassignments.
 *
 * Not here: which requests (`api/`). Source: `kafka.server.ForwardingManager` (KIP-590).
 * Differences: Kafka wraps the request in an Envelope that carries the client's principal; here
 * the plain request goes over the broker's own connection.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Api } from '../../wire/kafka/api.ts';
import type { ControllerChannel } from './controller-channel.ts';

/** Wait before a request is passed on again after the controller was not there. */
const RETRY_MS = 100;

export class Forwarding {
  readonly #ports: Pick<Ports, 'clock'>;
  readonly #channel: ControllerChannel;
  readonly #timeoutMs: number;

  /** `timeoutMs` is the broker's `request.timeout.ms`. */
  constructor(ports: Pick<Ports, 'clock'>, channel: ControllerChannel, timeoutMs: number) {
    assert(timeoutMs > 0, 'request.timeout.ms', { timeoutMs });
    this.#ports = ports;
    this.#channel = channel;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks the controller in the newest version that we know; `onReply` gets its response's body, or
   * null when no controller answered in time. `isNotController` tells a reply to be asked again.
   */
  forward<R>(
    api: Api,
    body: unknown,
    isNotController: (response: R) => boolean,
    onReply: (response: R | null) => void,
  ): void {
    const deadline = this.#ports.clock.now() + microsOfMillis(this.#timeoutMs);
    const attempt = (): void => {
      this.#channel.send(api.key, api.versionMax, body, (reply) => {
        const response = reply.ok ? (reply.body as R) : null;
        const refused = response !== null && isNotController(response);
        if (response !== null && !refused) {
          onReply(response);
          return;
        }
        if (refused) this.#channel.notController();
        if (this.#ports.clock.now() >= deadline) onReply(null);
        else this.#ports.clock.after(microsOfMillis(RETRY_MS), 'forwarding-retry', attempt);
      });
    };
    attempt();
  }
}
