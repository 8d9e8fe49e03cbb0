/**
 * How processes of a node reach those of other nodes of its cluster: by a registered name, in
 * order, and without notice where the other node is not connected; that one is down is told.
 *
 * A message is a term (`wire/erlang/term.ts`): plain data, which nobody changes once it is sent.
 * Not here: the connections themselves (`distribution.ts`).
 * Source: Erlang's distribution: `erlang:send/2`, `net_kernel:monitor_nodes/2`.
 */

import type { Term } from '../../wire/erlang/term.ts';

export type { Term } from '../../wire/erlang/term.ts';

export interface NodeWatcher {
  nodeUp(node: string): void;
  /** Its process ended, or nothing was heard of it for `net_ticktime`. */
  nodeDown(node: string): void;
  /** This node's application ends, and the links stay: what is sent now is the last. */
  ending?(): void;
}

export interface NodeLinks {
  /** This node's name, which is its host's, as in `rabbit-1`. */
  readonly self: string;
  /** All members of the cluster now, this node among them, in the order of their names. */
  readonly members: readonly string[];
  /** No other node is a member, nor will one ever be. */
  readonly isAlone: boolean;
  /** Nodes may join the cluster, and leave it. */
  readonly isChanging: boolean;
  /** Whether messages reach it now; this node always. */
  isConnected(node: string): boolean;
  /**
   * To whom is registered by `name` on `node`, in a later event, this node included; lost where it
   * is not connected, or nobody has the name.
   */
  send(node: string, name: string, message: Term): void;
  /** Whoever has the name is sent what others send to it, until the name is given back. */
  register(name: string, receive: (from: string, message: Term) => void): void;
  unregister(name: string): void;
  /** Tells of nodes from now on; gives what ends it. */
  watch(watcher: NodeWatcher): () => void;
}
