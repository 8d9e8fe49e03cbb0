/**
 * Why a connection is not read: a resource of the node is short (an alarm).
 *
 * Only a connection that publishes is stopped, with its first publish after the alarm; one that
 * consumes is read on. The client is told, if it said that it understands `connection.blocked`. Not
 * here: what raises an alarm (`resource-alarms.ts`).
 * Source: `rabbit_reader:control_throttle`, `publish_received`, `blocked_by_message`.
 */
import { assert } from '../../kernel/assert.ts';

/** What the throttle does to its connection. */
interface ThrottlePort {
  /** Whether the connection was opened and does not end. */
  isRunning(): boolean;
  /** While it is blocked, nothing is read. */
  setBlocked(isBlocked: boolean): void;
  /** connection.blocked with its reason, or connection.unblocked. */
  sendBlocked(reason: string | null): void;
}

export class Throttle {
  readonly #port: ThrottlePort;
  /** Resources that are short, the same set for all connections of the node. */
  readonly #alarms: ReadonlySet<string>;
  #isBlocked = false;
  /** The client was told. */
  #isTold = false;

  constructor(alarms: ReadonlySet<string>, port: ThrottlePort) {
    this.#alarms = alarms;
    this.#port = port;
  }

  /**
   * What a running connection is shown as: `running`, `blocking` (something is short, and nothing
   * was published since), or `blocked`.
   */
  get state(): string {
    if (this.#isBlocked) return 'blocked';
    return this.#alarms.size > 0 ? 'blocking' : 'running';
  }

  /** A message with a content came: from now on there is somebody to stop. */
  publishReceived(): void {
    if (this.#isBlocked || !this.#port.isRunning() || this.#alarms.size === 0) return;
    this.#isBlocked = true;
    this.#port.setBlocked(true);
    this.#tell();
  }

  /** The alarms have changed: memory or disk is short, or no longer. */
  alarmsChanged(): void {
    if (!this.#isBlocked || !this.#port.isRunning() || this.#alarms.size > 0) return;
    this.#isBlocked = false;
    this.#port.setBlocked(false);
    this.#tell();
  }

  #tell(): void {
    assert(this.#isTold !== this.#isBlocked, 'each is told once', { blocked: this.#isBlocked });
    this.#isTold = this.#isBlocked;
    const reason = this.#isBlocked ? `low on ${[...this.#alarms].join(' & ')}` : null;
    this.#port.sendBlocked(reason);
  }
}
