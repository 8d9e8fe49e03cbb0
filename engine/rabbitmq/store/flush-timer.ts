/**
 * When a store or an index flushes what waits: as soon as its process has nothing else to do, and
 * at the latest after an interval.
 *
 * Idle is here: between two timers of no delay nothing was added. Events that wait for a busy
 * process come between them, so that a load is flushed in batches and a single message at once.
 * Source: `rabbit_msg_store:next_state`, `rabbit_amqqueue_process:next_state`: the time-out 0 of
 * gen_server2, and the timer sync.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { Timer } from '../../kernel/timer.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';

const AT_ONCE = micros(0);

export interface FlushTimerOptions {
  readonly intervalMs: number;
  /** Names the timers in the trace. */
  readonly label: string;
}

export class FlushTimer {
  readonly #options: FlushTimerOptions;
  readonly #flush: () => void;
  readonly #interval: Timer;
  readonly #idle: Timer;
  #added = 0;

  constructor(clock: Clock, options: FlushTimerOptions, flush: () => void) {
    assert(options.intervalMs > 0, 'an interval', { intervalMs: options.intervalMs });
    this.#options = options;
    this.#flush = flush;
    this.#interval = new Timer(clock);
    this.#idle = new Timer(clock);
  }

  /** Something waits to be flushed. */
  added(): void {
    this.#added += 1;
    const { intervalMs, label } = this.#options;
    if (!this.#interval.isSet) {
      this.#interval.set(microsOfMillis(intervalMs), label, () => this.#fire());
    }
    if (!this.#idle.isSet) this.#lookAgain();
  }

  /** It is flushed, or gone. */
  stop(): void {
    this.#interval.cancel();
    this.#idle.cancel();
  }

  #lookAgain(): void {
    const before = this.#added;
    this.#idle.set(AT_ONCE, `${this.#options.label} (idle)`, () => {
      assert(this.#added >= before, 'additions are counted', { before });
      if (this.#added === before) this.#fire();
      else this.#lookAgain();
    });
  }

  #fire(): void {
    this.stop();
    this.#flush();
  }
}
