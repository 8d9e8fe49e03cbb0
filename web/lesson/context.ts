/**
 * What a page gives to the components inside a lesson's prose: figures of runs, claims, terms.
 * The page decides where they come from (the build's JSON, or the run on the stage); its getters
 * may read runes, so that a figure follows the run that is shown.
 */
import { createContext } from 'svelte';
import type { OutcomeTable } from './content.ts';

export interface LessonContext {
  readonly language: 'en' | 'zh';
  /** A measure of the run that is shown, or of the run of a proof. Throws on an unknown id. */
  measure(id: string, proof: string | null): number;
  /** Where a claim stands, and whether a run proves it. Throws on an unknown id. */
  claim(id: string): { readonly href: string; readonly proved: boolean };
  /** The table of outcomes. Throws where there is none. */
  outcomes(): OutcomeTable;
  /** The term in the other language. Throws on an unknown id. */
  term(id: string): string;
}

export const [lessonContext, setLessonContext] = createContext<LessonContext>();
