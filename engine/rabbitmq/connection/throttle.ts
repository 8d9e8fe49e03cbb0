/**
 * Why a connection is not read: a resource of the cluster is short (an alarm), or its channels
 * publish faster than their queues take it (credit flow).
 *
 * Only a connection that publishes is stopped, with its first publish after the alarm; one that
 * consumes is read on. The client is told of alarms, if it said that it understands
 * `connection.blocked`, and never of credit, which comes and goes. Not here: what raises an alarm
 * (`resource-alarms.ts`), what credit is (`credit-flow.ts`).
 * Source: `rabbit_reader:control_throttle`, `publish_received`, `maybe_block`, `maybe_unblock`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { CreditFlow } from '../credit-flow.ts';

/** What the throttle does to its connection. */
interface ThrottlePort {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether the connection was opened and does not end. */
  isRunning(): boolean;
  /** While it is blocked, nothing is read. */
  setBlocked(isBlocked: boolean): void;
  /** connection.blocked with its reason, or connection.unblocked. */
  sendBlocked(reason: string | null): void;
}

export class Throttle {
  /** What the reader may send to its channels. */
  readonly flow: CreditFlow;
  readonly #port: ThrottlePort;
  /** Resources that are short, the same set for all connections of the node. */
  readonly #alarms: ReadonlySet<string>;
  /** A message was published while there was a reason. */
  #shouldBlock = false;
  #isBlocked = false;
  /** The client was told. */
  #isTold = false;

  constructor(alarms: ReadonlySet<string>, port: ThrottlePort) {
    this.#port = port;
    this.#alarms = alarms;
    this.flow = new CreditFlow(port.clock, () => this.#control());
  }

  /**
   * What a running connection is shown as: `running`, `blocking` (something is short, and nothing
   * was published since), `blocked`, or `flow` where credit is the only reason.
   */
  get state(): string {
    if (this.#alarms.size === 0 && this.flow.isBlocked) return 'flow';
    if (this.#isBlocked) return 'blocked';
    return this.#alarms.size > 0 ? 'blocking' : 'running';
  }

  /** A message with a content came: from now on there is somebody to stop. */
  publishReceived(): void {
    if (!this.#hasReason) return;
    this.#shouldBlock = true;
    this.#control();
  }

  /** The alarms have changed: memory or disk is short, or no longer. */
  alarmsChanged(): void {
    this.#control();
  }

  get #hasReason(): boolean {
    return this.#alarms.size > 0 || this.flow.isBlocked;
  }

  #control(): void {
    if (!this.#port.isRunning()) return;
    this.#shouldBlock &&= this.#hasReason;
    if (this.#isBlocked !== this.#shouldBlock) {
      this.#isBlocked = this.#shouldBlock;
      this.#port.setBlocked(this.#isBlocked);
    }
    const isToBeTold = this.#isBlocked && this.#alarms.size > 0;
    if (this.#isTold !== isToBeTold) this.#tell();
    assert(!this.#isBlocked || this.#hasReason, 'who is blocked has a reason', {});
  }

  #tell(): void {
    this.#isTold = !this.#isTold;
    assert(!this.#isTold || this.#isBlocked, 'who is told is blocked', { told: this.#isTold });
    const reason = this.#isTold ? `low on ${[...this.#alarms].join(' & ')}` : null;
    this.#port.sendBlocked(reason);
  }
}
