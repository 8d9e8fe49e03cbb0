/**
 * What the worker hands to the page of a run: for each host the moments at which it changed, so
 * that a page that has them all can show any moment at once. Types only.
 *
 * Not here: the run itself (`engine/lab/session.ts`), and how a moment is drawn (`web/stage`).
 */
import type { HostFrame } from '#engine/lab/frames.ts';
import type { Input } from '#engine/lab/run.ts';
import type { Flight, Sentence, Summary } from '#engine/lab/session.ts';

/** A host as it is from an event on. */
export interface HostChange {
  readonly event: number;
  readonly host: HostFrame;
}

/** Some of a run's moments, in order. */
export interface Recording {
  /** The event of the first time in `at`. */
  readonly from: number;
  /** The virtual time after each event, in microseconds. */
  readonly at: readonly number[];
  /** By the time of their first appearance. A host says nothing of events in which it stayed. */
  readonly changes: readonly HostChange[];
}

/** What a learner asks for. What is left out is as the experiment has it. */
export interface RunRequest {
  readonly knobs: Readonly<Record<string, string>>;
  readonly seed?: number;
  readonly inputs: readonly Input[];
}

/** A run that was opened, whole but for its moments. */
export interface OpenedRun {
  readonly summary: Summary;
  readonly sentences: readonly Sentence[];
  readonly flights: readonly Flight[];
  /** The first event in which it differs from the run before it, or null where there is none. */
  readonly divergedAt: number | null;
}

/** Why a link cannot be opened; the page has the sentences. */
export type LinkProblem = 'format' | 'engine version' | 'content' | 'other lesson';

export type LinkAnswer =
  | { readonly ok: true; readonly request: RunRequest }
  | { readonly ok: false; readonly problem: LinkProblem };

/** An answer, or a sentence that says why there is none. */
export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };
