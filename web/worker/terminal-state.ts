/**
 * What crosses between a page and the terminal in the worker. Types only.
 *
 * Not here: the session itself (`engine/shell/terminal-session.ts`).
 */
import type { PlaygroundState } from './playground-state.ts';
import type { HostChange, LinkProblem } from './recording.ts';
import type { Flight, RecordOutcome, Sentence } from '#engine/lab/session.ts';
import type { KeptSession } from '#engine/shell/terminal-session.ts';

/** Which world a terminal is opened on. */
export type TerminalSource =
  | {
      readonly kind: 'drill';
      /** The lesson's slug. */
      readonly lesson: string;
    }
  | { readonly kind: 'playground' };

export interface TerminalWish {
  readonly source: TerminalSource;
  /** As it was left. */
  readonly kept?: Partial<KeptSession>;
  /** A link's fragment, without #, in place of what was kept. */
  readonly link?: string;
}

export interface PaneState {
  readonly number: number;
  /** What stands before the line that is typed; null while nobody reads it. */
  readonly prompt: string | null;
  /** Whether a command runs in it. */
  readonly isRunning: boolean;
}

/** A session as a page shows it, but for what was printed and what happened. */
export interface TerminalState {
  /** Another number: the run was made anew, and all that was told of the one before is void. */
  readonly generation: number;
  readonly event: number;
  /** Virtual microseconds. */
  readonly at: number;
  /** Lines of the transcript. */
  readonly lines: number;
  readonly panes: readonly PaneState[];
  /** Whether each part of the goal holds. */
  readonly goal: readonly boolean[];
  readonly isSolved: boolean;
  readonly commands: number;
  readonly par: number;
  readonly hints: number;
  readonly isSolutionShown: boolean;
  /** Virtual seconds a second. */
  readonly speed: number;
  /** Whether anything is to happen by itself. */
  readonly hasMore: boolean;
  /** Hosts that a fault may strike. */
  readonly hosts: readonly string[];
  /** What went wrong with the lab itself, or null. */
  readonly failure: string | null;
  /** Of the playground; null elsewhere. */
  readonly playground: PlaygroundState | null;
}

/** A line of the transcript in the page's language. */
export interface PrintedLine {
  readonly pane: number;
  readonly kind: 'typed' | 'out' | 'err' | 'lab';
  readonly prompt: string;
  readonly text: string;
  /** The event after which it appeared. */
  readonly event: number;
}

/** Some of a session's transcript, in order. */
export interface Printed {
  readonly generation: number;
  /** The place of the first one. */
  readonly from: number;
  readonly lines: readonly PrintedLine[];
}

/** What happened in some events, for the picture: to be added to what happened before. */
export interface LiveRecording {
  readonly generation: number;
  /** The event of the first time in `at`, and the one up to which all is told. */
  readonly from: number;
  readonly to: number;
  readonly at: readonly number[];
  readonly changes: readonly HostChange[];
  readonly sentences: readonly Sentence[];
  /** Those that were sent or that ended: a later one of a number replaces an earlier one. */
  readonly flights: readonly Flight[];
  readonly steps: readonly LiveStep[];
  readonly records: readonly RecordOutcome[];
  readonly traceHash: string;
  readonly seed: number;
}

export interface LiveStep {
  readonly id: string;
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly reached: boolean;
}

/** What a drill says of itself, in the page's language. */
export interface DrillText {
  readonly title: string;
  readonly task: string;
  readonly goal: readonly string[];
  readonly hints: readonly string[];
  readonly solution: readonly string[];
}

export interface OpenedTerminal {
  readonly state: TerminalState;
  readonly drill: DrillText | null;
  /** Why the link could not be opened, or null: then the world is as it begins. */
  readonly linkProblem: LinkProblem | null;
}
