/**
 * S5: what can grow is within its limit, and what was refused at a limit was reported: the trace
 * counts what it dropped, the heap and the world assert.
 *
 * Connections have no limit of their own: a sender that goes beyond `sendBufferBytes` is told when
 * there is room again, so they are only asked to keep their promise for a whole frame more.
 */
import { limits } from '../../kernel/limits.ts';
import type { World } from '../../sim/world.ts';

/** Null while it holds. `hosts` and the trace are looked at always: they are numbers. */
export function boundsDefect(
  world: World,
  traceEntriesMax: number = limits.traceEntriesMax,
): string | null {
  const { pending, trace } = world;
  if (pending > limits.heapEventsMax) return `${pending} events wait, ${limits.heapEventsMax} may`;
  if (trace.length > traceEntriesMax) {
    return `the trace has ${trace.length} entries, ${traceEntriesMax} is its limit`;
  }
  if (trace.dropped > 0 && trace.length < traceEntriesMax) {
    return `the trace dropped ${trace.dropped} entries with room for more`;
  }
  return null;
}
