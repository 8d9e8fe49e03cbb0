/**
 * Frames: what the views draw, plain data for each moment of a run.
 *
 * After each event only the process that handled it is inspected; a keyframe every 256 events holds
 * everything, and seeking reads frames. There are no checkpoints: a fork re-runs from event 0.
 * Not here: sentences (`narration.ts`), messages in flight (derived from the trace by the view).
 */
import { assert } from '../kernel/assert.ts';
import type { HostState, SimHost } from '../sim/host.ts';
import type { World } from '../sim/world.ts';

export interface HostFrame {
  readonly name: string;
  readonly state: HostState;
  readonly paused: boolean;
  /** The hosts that it cannot send to. */
  readonly cutFrom: readonly string[];
  /** What the process shows of itself, or null where none runs. */
  readonly view: unknown;
}

export interface Frame {
  readonly event: number;
  /** Microseconds. */
  readonly at: number;
  readonly hosts: readonly HostFrame[];
}

interface Delta {
  readonly event: number;
  readonly at: number;
  readonly changed: readonly HostFrame[];
}

const KEYFRAME_EVERY = 256;

export class Frames {
  readonly #world: World;
  readonly #keyframes: Frame[] = [];
  readonly #deltas: Delta[] = [];
  readonly #last = new Map<string, HostFrame>();

  /** Watches a world from now on. */
  constructor(world: World) {
    this.#world = world;
    this.#deltas.push({ event: world.event, at: world.now, changed: this.#changed(null) });
    this.#keyframe();
    world.observe((event, host) => this.#observe(event, host));
  }

  /** Moments kept: one an event, and the one before the first. */
  get length(): number {
    return this.#deltas.length;
  }

  /** The moment after an event. Reads at most 256 deltas. */
  at(event: number): Frame {
    const first = this.#deltas[0]!.event;
    const place = event - first;
    assert(place >= 0 && place < this.#deltas.length, 'no frame of this event', { event });
    const keyframe = this.#keyframes[Math.floor(place / KEYFRAME_EVERY)]!;
    const hosts = new Map(keyframe.hosts.map((host) => [host.name, host]));
    for (let next = keyframe.event - first + 1; next <= place; next++) {
      for (const host of this.#deltas[next]!.changed) hosts.set(host.name, host);
    }
    return { event, at: this.#deltas[place]!.at, hosts: [...hosts.values()] };
  }

  /** The time of an event, and the hosts that it changed. */
  change(event: number): { readonly at: number; readonly changed: readonly HostFrame[] } {
    const delta = this.#deltas[event - this.#deltas[0]!.event];
    assert(delta !== undefined, 'no frame of this event', { event });
    return delta;
  }

  /** What a host showed of itself last, up to an event; null where it never did. */
  lastView(name: string, event: number): unknown {
    let place = event - this.#deltas[0]!.event;
    for (; place >= 0; place--) {
      const changed = this.#deltas[place]?.changed.find((host) => host.name === name);
      if (changed !== undefined && changed.view !== null) return changed.view;
    }
    return null;
  }

  #observe(event: number, host: SimHost | null): void {
    this.#deltas.push({ event, at: this.#world.now, changed: this.#changed(host) });
    if ((this.#deltas.length - 1) % KEYFRAME_EVERY === 0) this.#keyframe();
  }

  #keyframe(): void {
    const { event, at } = this.#deltas[this.#deltas.length - 1]!;
    this.#keyframes.push({ event, at, hosts: [...this.#last.values()] });
  }

  /** An event of the world itself (a fault, a step) may change any host. */
  #changed(host: SimHost | null): readonly HostFrame[] {
    const candidates = host === null ? this.#world.hosts : [host];
    const changed: HostFrame[] = [];
    for (const candidate of candidates) {
      const frame = this.#frameOf(candidate);
      if (sameFrame(this.#last.get(candidate.name), frame)) continue;
      this.#last.set(candidate.name, frame);
      changed.push(frame);
    }
    return changed;
  }

  #frameOf(host: SimHost): HostFrame {
    const { network, hosts } = this.#world;
    const cutFrom = hosts
      .map((other) => other.name)
      .filter((name) => name !== host.name && !network.link(host.name, name).open);
    const view = host.process?.inspect?.() ?? null;
    return { name: host.name, state: host.state, paused: host.paused, cutFrom, view };
  }
}

function sameFrame(left: HostFrame | undefined, right: HostFrame): boolean {
  return (
    left !== undefined &&
    left.state === right.state &&
    left.paused === right.paused &&
    left.view === right.view &&
    left.cutFrom.join() === right.cutFrom.join()
  );
}
