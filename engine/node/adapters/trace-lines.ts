/**
 * The trace port on real time: off, or a line of JSON an entry.
 *
 * Not here: the kept, hashed trace of a run (`kernel/trace.ts`): on real time no two runs are
 * equal, so there is nothing to hash.
 */
import type { Trace, TraceData, TraceFields, TraceKind } from '../../kernel/ports.ts';
import type { EventLoop } from './event-loop.ts';

/** A trace that nobody keeps. */
export const traceOff: Trace = Object.freeze({ on: false, record: () => undefined });

/** Writes `{"at": microseconds, "host": ..., "kind": ..., ...fields}`, one line an entry. */
export function traceLines(host: string, loop: EventLoop, write: (line: string) => void): Trace {
  return {
    on: true,
    record<F extends TraceFields>(kind: TraceKind<F>, data: TraceData<F>): void {
      write(JSON.stringify({ at: loop.now(), host, kind: kind.name, ...data }));
    },
  };
}
