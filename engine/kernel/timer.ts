/**
 * One timer of the clock port that its owner sets anew or cancels. Not here: several at once
 * (`Clock` itself), the delays of machines (`machine.ts`).
 */
import type { Clock, TimerId } from './ports.ts';
import type { Micros } from './units.ts';

export class Timer {
  readonly #clock: Clock;
  #id: TimerId | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isSet(): boolean {
    return this.#id !== null;
  }

  /** Fires once, after `delay`, in place of what it was set to before. */
  set(delay: Micros, label: string, fire: () => void): void {
    this.cancel();
    this.#id = this.#clock.after(delay, label, () => {
      this.#id = null;
      fire();
    });
  }

  cancel(): void {
    if (this.#id !== null) this.#clock.cancel(this.#id);
    this.#id = null;
  }
}
