/**
 * Metadata as a node uses it: what is declared, and the one way to change it.
 *
 * A change is applied in the same order on all nodes. Who follows is told of the rows that changed,
 * on every node and before the answer. Not here: Mnesia's way (`mnesia/`) and
 * Khepri's (`khepri/`).
 */
import type { MetadataChange, Outcome } from './metadata-change.ts';
import type { RowChange } from './rows.ts';
import type { TablesView } from './tables.ts';

/** Hears of what changed, in order, when the change is whole in the tables. */
export type Follower = (changes: readonly RowChange[]) => void;

export interface Metadata {
  readonly tables: TablesView;
  /** Loads what was kept; `ready` is called, at once or later, when the tables can be used. */
  start(ready: () => void): void;
  /** The application stops: nothing that was asked is answered any more. */
  stop(): void;
  /**
   * Makes a change; `answer` is called when it is as durable as its rows are, at once or in a later
   * event.
   */
  commit(change: MetadataChange, answer: (outcome: Outcome) => void): void;
  follow(follower: Follower): void;
}
