/**
 * What the page gives to the stage, the component that draws and plays an experiment. A stage has
 * to be readable as it is prerendered, from the still run alone.
 */
import type { Lang, StillRun } from './content.ts';

export interface StageProps {
  /** The lesson's slug, which is its experiment's id. */
  readonly lessonId: string;
  readonly lang: Lang;
  readonly still: StillRun;
}
