/** What the transaction managers of a cluster's nodes say to each other. */
import type { Term } from '../../cluster/node-links.ts';
import type { MetadataChange } from '../metadata-change.ts';
import type { RowWrite } from '../rows.ts';

/** A transaction in its place: the `number`-th since the tables are. */
export interface Sequenced {
  readonly number: number;
  /** Who asked for it, and what it calls it. */
  readonly origin: string;
  readonly id: number;
  readonly change: MetadataChange;
}

/** What a node says of itself when it meets another, and when it begins to run. */
export interface Hello {
  readonly kind: 'hello';
  readonly isRunning: boolean;
  readonly isDisc: boolean;
  /** Nodes that went down before this one, as far as it knows. */
  readonly downs: readonly string[];
  /** Of a running node: who orders its transactions, and who else runs. */
  readonly coordinator: string;
  readonly running: readonly string[];
}

export type MnesiaMessage =
  | Hello
  /** The application stops; the node stays connected. */
  | { readonly kind: 'bye' }
  /** A node without tables asks for them. */
  | { readonly kind: 'join' }
  | {
      readonly kind: 'tables';
      readonly running: readonly string[];
      readonly last: number;
      readonly recent: readonly Sequenced[];
      readonly rows: readonly RowWrite[];
    }
  | { readonly kind: 'joined'; readonly node: string }
  | { readonly kind: 'request'; readonly id: number; readonly change: MetadataChange }
  | { readonly kind: 'apply'; readonly entry: Sequenced }
  /** The transaction of this id is committed and logged here. */
  | { readonly kind: 'committed'; readonly id: number }
  /** To the next coordinator, when the one before is gone: what its sender has. */
  | {
      readonly kind: 'survivor';
      readonly lost: string;
      readonly last: number;
      readonly recent: readonly Sequenced[];
    }
  | { readonly kind: 'coordinator'; readonly entries: readonly Sequenced[] };

/** Under which the transaction manager is registered. */
export const MNESIA = 'mnesia_tm';

export const termOfMessage = (message: MnesiaMessage): Term => message as unknown as Term;
export const messageOfTerm = (term: Term): MnesiaMessage => term as unknown as MnesiaMessage;
