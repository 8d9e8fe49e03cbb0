/**
 * Metadata as a node uses it: what is declared, and the one way to change it.
 *
 * A change is applied in the same order on all nodes. Who follows is told of the rows that changed,
 * on every node and before the answer. Not here: Mnesia's way (`mnesia/`) and
 * Khepri's (`khepri/`).
 */
import type { Ports } from '../../kernel/ports.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import type { MetadataChange, Outcome } from './metadata-change.ts';
import type { RowChange } from './rows.ts';
import type { TablesView } from './tables.ts';

/** Hears of what changed, in order, when the change is whole in the tables. */
export type Follower = (changes: readonly RowChange[]) => void;

export interface Metadata {
  readonly tables: TablesView;
  /** Nodes with which this one makes changes, itself among them. */
  readonly running: readonly string[];
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
  /** Where it is a Raft log: its members take a node in, or let it go; null: it is done. */
  changeMember?(
    change: 'add' | 'remove',
    node: string,
    done: (problem: string | null) => void,
  ): void;
}

/** What a node's metadata is made with. */
export interface MetadataContext {
  readonly ports: Ports;
  readonly links: NodeLinks;
  /** A RAM node has its tables from others only. */
  readonly isDisc: boolean;
  /** The node loads its own tables, though others may have newer ones (`force_load`). */
  readonly isForced?: boolean;
  /** A log that is not there yet is that of the other members, which do not count this one. */
  readonly isJoining?: boolean;
  /** Two nodes made changes without each other; one of them has to start again. */
  inconsistent(node: string): void;
}

/** Where metadata is kept; a node made without Khepri does not carry it. */
export interface MetadataStore {
  readonly name: 'mnesia' | 'khepri';
  open(context: MetadataContext): Metadata;
}
