/**
 * The delivery acknowledgement timeout of a channel: once a minute, while deliveries are not
 * settled, the channel looks at the oldest, and closes when it waits for too long.
 *
 * How long that is: `queue/consumer-timeout.ts`. Since 4.3 a channel does not look any more; quorum
 * queues do (`quorum/rabbit-fifo.ts`), and classic queues and streams have no timeout.
 * Source: `rabbit_channel:evaluate_consumer_timeout`, `init_tick_timer`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Unacknowledged } from '../queue/channel-consumers.ts';

/** channel_tick_interval */
const TICK_MS = 60_000;

interface DeliveryTimeoutOptions {
  readonly clock: Clock;
  readonly oldest: () => Unacknowledged | undefined;
  /** Milliseconds for deliveries of a queue; null: no limit. */
  readonly timeoutMs: (queue: string) => number | null;
  /** The oldest waits for longer than these milliseconds. */
  readonly timedOut: (timeoutMs: number) => void;
}

export class DeliveryTimeout {
  readonly #options: DeliveryTimeoutOptions;
  #timer: TimerId | null = null;

  constructor(options: DeliveryTimeoutOptions) {
    this.#options = options;
  }

  /** There is a delivery that is not settled. */
  watch(): void {
    const { clock } = this.#options;
    this.#timer ??= clock.after(microsOfMillis(TICK_MS), 'channel_tick_interval', () => {
      this.#timer = null;
      this.#tick();
    });
  }

  stop(): void {
    if (this.#timer !== null) this.#options.clock.cancel(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    const { clock, oldest, timeoutMs, timedOut } = this.#options;
    const of = oldest();
    if (of === undefined) return;
    const timeout = timeoutMs(of.queue.name);
    const waited = clock.now() - of.deliveredAt;
    assert(waited >= 0, 'it was delivered before', { waited });
    if (timeout === null || waited <= microsOfMillis(timeout)) {
      this.watch();
      return;
    }
    timedOut(timeout);
  }
}
