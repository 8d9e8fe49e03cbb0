/**
 * S2: time never goes back, events due at the same time are handled in the order in which they were
 * scheduled (unless one had to wait), and none reaches an incarnation that is dead.
 */
import type { SimHost } from '../../sim/host.ts';
import type { World } from '../../sim/world.ts';

export class OrderOfEvents {
  readonly #world: World;
  /** The incarnation of each host after the last event that it was seen in. */
  readonly #incarnations = new Map<SimHost, number>();
  #time = 0;
  #sequence = 0;
  #event = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Null while it holds. Once an event. */
  check(): string | null {
    const { handled, event } = this.#world;
    if (event === this.#event) return null;
    this.#event = event;
    if (handled === null) {
      this.#lookAtAll();
      return null;
    }
    const { host, time, sequence, incarnation } = handled;
    const known = host === null ? 0 : (this.#incarnations.get(host) ?? 0);
    if (host !== null) this.#incarnations.set(host, host.incarnation);
    const before = { time: this.#time, sequence: this.#sequence };
    this.#time = time;
    this.#sequence = sequence;
    if (time < before.time) return `an event of ${time} after one of ${before.time}`;
    if (time === before.time && sequence < before.sequence && !handled.deferred) {
      return `event ${sequence} after ${before.sequence}, both due at ${time}`;
    }
    if (incarnation >= known) return null;
    return `${host?.name} lives for the ${known}th time and got an event of life ${incarnation}`;
  }

  #lookAtAll(): void {
    for (const host of this.#world.hosts) this.#incarnations.set(host, host.incarnation);
  }
}
