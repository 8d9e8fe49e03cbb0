/**
 * What a node has of a cluster whose nodes change, as the rest of the node sees it.
 *
 * A node made without this is a member of the cluster that it is told, for good, and carries none
 * of the code. Not here: how a node joins and leaves (`membership/`).
 */
import type { Ports } from '../../kernel/ports.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { NodeRow, NodeType } from '../metadata/rows.ts';
import type { Narration } from '../narration.ts';
import type { Distribution } from './distribution.ts';

export interface NodeMembership {
  /** The nodes of the cluster as this one knows them, itself among them. */
  readonly nodes: ReadonlyMap<string, NodeType>;
  /** What its metadata is opened with (`metadata.ts`). */
  readonly isForced: boolean;
  readonly isJoining: boolean;
  /** It joins, or leaves: the application is not to be started. */
  readonly isBusy: boolean;
  /** It can be asked by other nodes from now on. */
  start(): void;
  /** Whether the others count this node among them; null: the application may start. */
  check(done: (problem: string | null) => void): void;
  /** The tables are there: which nodes there are is what they say. */
  loaded(): void;
}

/** The node, as its membership uses it. */
export interface MemberNode {
  readonly ports: Ports;
  readonly links: Distribution;
  readonly metadata: Metadata;
  /** Whether its application takes clients. */
  readonly isRunning: boolean;
  /** Whether its application has ended, and nobody is about to begin it. */
  readonly isStopped: boolean;
  /** Whether its application has begun, with clients or without. */
  readonly hasLife: boolean;
  /** Begins a life of the application that has metadata only, and ends it. */
  beginDatabase(): Metadata;
  endDatabase(): void;
  stopApplication(): void;
  startApplication(): void;
}

export interface MembershipModule {
  /** The name to which nodes may send that are no members. */
  readonly door: string;
  /** The sentences of its trace entries. */
  readonly narration: Narration;
  /** `initial`: the nodes with which a node begins that was never anywhere. */
  open(node: MemberNode, initial: readonly NodeRow[]): NodeMembership;
}
