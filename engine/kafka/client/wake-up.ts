/**
 * When a client takes its next turn: at the earliest of the times that its parts have asked for.
 *
 * The real clients poll for as long as nothing is due (`NetworkClient.poll(timeout)`), and are
 * woken up (`wakeup()`). Not here: what is done in a turn.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { Timer } from '../../kernel/timer.ts';
import { type Micros, micros } from '../../kernel/units.ts';

export class WakeUp {
  private readonly clock: Clock;
  private readonly timer: Timer;
  private readonly turn: () => void;
  private dueAt: Micros = micros(0);

  constructor(clock: Clock, turn: () => void) {
    this.clock = clock;
    this.timer = new Timer(clock);
    this.turn = turn;
  }

  /** A turn at this time, or in a later event of now where it is over; or sooner, if asked. */
  at(time: Micros, label: string): void {
    assert(label !== '', 'a label', { time });
    if (this.timer.isSet && this.dueAt <= time) return;
    this.dueAt = time;
    const wait = micros(Math.max(0, time - this.clock.now()));
    this.timer.set(wait, label, this.turn);
  }

  cancel(): void {
    this.timer.cancel();
  }
}
