/**
 * What the page gives to the stage, the component that draws and plays an experiment. A stage has
 * to be readable as it is prerendered, from the still run alone.
 */
import type { Act, Goal, Lang, Puzzle, StillRun } from './content.ts';
import type { StageSession } from '../stage/stage-session.svelte.ts';

/** What a reader has seen: the settings of a run and what came of it. */
export type Seen = (
  knobs: Readonly<Record<string, string>>,
  measures: Readonly<Record<string, number>>,
) => void;

export interface StageProps {
  /** The lesson's slug, which is its experiment's id. */
  readonly lessonId: string;
  readonly lang: Lang;
  readonly still: StillRun;
  /** Presets to press, above the knobs. */
  readonly acts?: readonly Act[];
  /** What to bring about; the puzzle besides. */
  readonly goals?: readonly Goal[];
  readonly puzzle?: Puzzle | null;
  /** Called when a run has been seen to its end. */
  readonly onseen?: Seen;
  /** What came of the bet, once the run that it is about has been seen to its end. */
  readonly came?: string | null;
  /** Called once with what moves the stage, for slides and for a page around it. */
  readonly onready?: (session: StageSession) => void;
}
