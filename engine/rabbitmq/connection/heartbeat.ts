/**
 * Signs of life: the broker sends one where it was silent for half of the interval, and gives the
 * client up after it was silent at two checks in a row, one an interval apart.
 *
 * Source: `rabbit_heartbeat`. Differs: there octets of the socket are looked at, here messages,
 * for which a part of a large content counts too.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';

export interface HeartbeatOwner {
  /** So many messages were sent, and received. */
  readonly sent: number;
  readonly received: number;
  sendHeartbeat(): void;
  /** Nothing was heard from the client for too long. */
  heartbeatTimeout(): void;
}

export class Heartbeater {
  readonly #clock: Clock;
  readonly #owner: HeartbeatOwner;
  readonly #intervalMs: number;
  #sender: TimerId | null = null;
  #receiver: TimerId | null = null;
  #sentBefore = 0;
  #receivedBefore = 0;
  #silentChecks = 0;

  constructor(clock: Clock, intervalSeconds: number, owner: HeartbeatOwner) {
    assert(intervalSeconds > 0, 'an interval; where it is 0 there are no heartbeats', {
      intervalSeconds,
    });
    this.#clock = clock;
    this.#owner = owner;
    this.#intervalMs = intervalSeconds * 1000;
    this.#sendLater();
    this.resumeMonitor();
  }

  /** A connection that is not read cannot be heard. */
  pauseMonitor(): void {
    if (this.#receiver !== null) this.#clock.cancel(this.#receiver);
    this.#receiver = null;
  }

  resumeMonitor(): void {
    assert(this.#receiver === null, 'one check at a time');
    this.#receivedBefore = this.#owner.received;
    this.#silentChecks = 0;
    this.#checkLater();
  }

  stop(): void {
    this.pauseMonitor();
    if (this.#sender !== null) this.#clock.cancel(this.#sender);
    this.#sender = null;
  }

  #sendLater(): void {
    const delay = microsOfMillis(Math.floor(this.#intervalMs / 2));
    this.#sender = this.#clock.after(delay, 'heartbeat-sender', () => {
      // The first one is sent even if others were: the client sees at once that there are some.
      const silent = this.#owner.sent === this.#sentBefore || this.#sentBefore === 0;
      if (silent) this.#owner.sendHeartbeat();
      this.#sentBefore = this.#owner.sent;
      this.#sendLater();
    });
  }

  #checkLater(): void {
    const delay = microsOfMillis(this.#intervalMs);
    this.#receiver = this.#clock.after(delay, 'heartbeat-receiver', () => {
      this.#receiver = null;
      const { received } = this.#owner;
      this.#silentChecks = received === this.#receivedBefore ? this.#silentChecks + 1 : 0;
      this.#receivedBefore = received;
      if (this.#silentChecks > 1) this.#owner.heartbeatTimeout();
      else this.#checkLater();
    });
  }
}
