/**
 * Where in the run the stage is, and how it moves. Seeking is at once; playing is a view of events
 * that are in the log already, and never delays one.
 *
 * Not here: the run itself (`tape.ts`).
 */
import type { Tape } from './tape.ts';

/** Milliseconds for a beat at speed 0. Each speed is twice as fast as the one before it. */
const BEAT_MS = 700;
export const SPEED_MIN = -2;
export const SPEED_MAX = 6;

export class Player {
  /** The event whose moment is shown. */
  event = $state(0);
  /** How much of the way to the next event has passed, from 0 to 1. */
  fraction = $state(0);
  isPlaying = $state(false);
  /** A power of two. */
  speed = $state(0);
  readonly #tape: () => Tape;
  readonly #isStill: () => boolean;
  readonly #ended: () => void;
  #frame = 0;
  #last = 0;
  /** As `fraction`, which stays 0 where motion is unwanted. */
  #progress = 0;

  /**
   * @param isStill whether motion is unwanted: then events follow each other without a way between
   * @param ended is called when playing has come to the last event
   */
  constructor(tape: () => Tape, isStill: () => boolean, ended: () => void) {
    this.#tape = tape;
    this.#isStill = isStill;
    this.#ended = ended;
    this.event = tape().opening;
  }

  /** Shows an event's moment; events outside the run are its ends. */
  seek(event: number): void {
    const { events } = this.#tape();
    this.event = Math.max(0, Math.min(events, Math.round(event)));
    this.#rest();
    if (this.event === events) this.#ended();
  }

  /** By so many events, and stops. */
  step(by: number): void {
    this.pause();
    this.seek(this.event + by);
  }

  /** To the end of this step or the next, or back to the end of the one before. */
  stepOver(forward: boolean): void {
    this.pause();
    const stops = this.#tape().steps.map((step) => step.to);
    const next = forward
      ? (stops.find((stop) => stop > this.event) ?? this.#tape().events)
      : (stops.findLast((stop) => stop < this.event) ?? 0);
    this.seek(next);
  }

  toEnd(): void {
    this.pause();
    this.seek(this.#tape().events);
  }

  toggle(): void {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play(): void {
    if (this.isPlaying) return;
    if (this.event >= this.#tape().events) this.seek(this.#tape().opening);
    this.isPlaying = true;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  pause(): void {
    this.isPlaying = false;
    this.#rest();
    cancelAnimationFrame(this.#frame);
  }

  #rest(): void {
    this.fraction = 0;
    this.#progress = 0;
  }

  #tick(now: number): void {
    const tape = this.#tape();
    // a tab in the background comes back with a long frame: not a reason to leap
    let left = Math.min(now - this.#last, 100) / (BEAT_MS / 2 ** this.speed);
    this.#last = now;
    let { event } = this;
    let fraction = this.#progress;
    while (left > 0 && event < tape.events) {
      const beats = Math.max(tape.beatsOf(event), 0.001);
      const rest = (1 - fraction) * beats;
      if (left < rest) {
        fraction += left / beats;
        left = 0;
      } else {
        left -= rest;
        event++;
        fraction = 0;
      }
    }
    this.event = event;
    this.#progress = fraction;
    this.fraction = this.#isStill() ? 0 : fraction;
    if (event >= tape.events) {
      this.pause();
      this.#ended();
    } else {
      this.#frame = requestAnimationFrame((next) => this.#tick(next));
    }
  }
}
