/**
 * Where two runs part: the first event whose entries differ. A fork agrees with its origin up to
 * the fault; another knob may differ from the first event on.
 */
import type { Session } from '#engine/lab/session.ts';

/** A run and how many events it has. */
export interface Finished {
  readonly session: Session;
  readonly events: number;
}

/** The first event in which they differ; one after the last of the shorter where it only ends. */
export function firstDifference(one: Finished, other: Finished): number | null {
  const last = Math.min(one.events, other.events);
  for (let event = 0; event <= last; event++) {
    if (tellingOf(one.session, event) !== tellingOf(other.session, event)) return event;
  }
  return one.events === other.events ? null : last + 1;
}

function tellingOf(session: Session, event: number): string {
  const entries = session.entriesOf(event);
  return JSON.stringify(entries.map(({ at, host, kind, data }) => [at, host, kind, data]));
}
