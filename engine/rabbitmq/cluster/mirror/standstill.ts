/**
 * What waits while a queue stands still, in its order.
 *
 * Not here: why it does (`mirrored-queue.ts`: mirrors are synchronised).
 */
import { assert } from '../../../kernel/assert.ts';

export class Standstill {
  #waiting: (() => void)[] = [];
  /** How many reasons there are to stand still. */
  #reasons = 0;

  begin(): void {
    this.#reasons += 1;
  }

  /** One reason is gone; with the last one what waits is done, unless a new one comes meanwhile. */
  end(): void {
    assert(this.#reasons > 0, 'what ends has begun', {});
    this.#reasons -= 1;
    this.#goOn();
  }

  /** There are no reasons any more. */
  giveUp(): void {
    this.#reasons = 0;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#reasons > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) this.whenFree(run);
  }

  /** At once, or when it goes on. */
  whenFree(run: () => void): void {
    if (this.#reasons === 0) run();
    else this.#waiting.push(run);
  }
}
