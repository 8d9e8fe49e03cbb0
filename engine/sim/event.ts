/**
 * One thing that will happen in the simulated world: due at a time, at a host or at the world
 * itself, caused by the event that scheduled it.
 *
 * Not here: the order (`kernel/heap.ts`), and whether it may still happen (`world.ts`).
 */
import type { Ordered } from '../kernel/heap.ts';
import type { SimHost } from './host.ts';
import type { WaitingLine } from './waiting-line.ts';

export class SimEvent implements Ordered {
  time: number;
  sequence = 0;
  /** The host that handles it, or null for what the network itself does. */
  readonly host: SimHost | null;
  /** The incarnation that it is for; the event dies with it. */
  readonly incarnation: number;
  /** The event that scheduled this one; 0 if none did. */
  readonly cause: number;
  readonly run: () => void;
  /** What the world does instead when the incarnation is dead: its kernel answers a message. */
  readonly orphaned: (() => void) | null;
  cancelled = false;
  /** It could not be handled when it was due, and kept its turn. */
  deferred = false;
  /** The line in which it is the first; null unless it waits for a busy process. */
  line: WaitingLine | null = null;

  /** `time` in microseconds. Plain arguments: an object for each event would be garbage at once. */
  constructor(
    time: number,
    host: SimHost | null,
    cause: number,
    run: () => void,
    orphaned: (() => void) | null,
  ) {
    this.time = time;
    this.host = host;
    this.incarnation = host === null ? 0 : host.incarnation;
    this.cause = cause;
    this.run = run;
    this.orphaned = orphaned;
  }
}
