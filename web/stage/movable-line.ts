/**
 * The line of a handler that a knob moves (the knob says which, and with which other settings): the
 * puzzle of a lesson whose answer is the place of a line.
 *
 * Not here: its buttons (`HandlerLines.svelte`).
 */
import type { IntegerKnob } from '#engine/lab/knob.ts';
import type { StillRun } from '../lesson/content.ts';

export interface MovableLine {
  readonly knob: string;
  readonly line: string;
  /** Where it stands, from 1, and how far it can go. */
  readonly place: number;
  readonly min: number;
  readonly max: number;
}

/** The line that can be moved in a run with these settings, or null. */
export function movableLine(
  knobs: StillRun['knobs'],
  values: readonly (readonly [string, string])[],
): MovableLine | null {
  const set = new Map(values);
  for (const [name, value] of values) {
    const knob = knobs[name] as Pick<IntegerKnob, 'kind' | 'min' | 'max' | 'moves'> | undefined;
    if (knob?.kind !== 'integer' || knob.moves === undefined) continue;
    const { line, when } = knob.moves;
    if (!Object.entries(when).every(([other, wanted]) => set.get(other) === wanted)) continue;
    return { knob: name, line, place: Number(value), min: knob.min, max: knob.max };
  }
  return null;
}
