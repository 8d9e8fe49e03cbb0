/**
 * Who may load tables from its own disk when a cluster starts, and who must wait for another.
 *
 * A node that went down while others ran may have old tables: it waits for one of them. It may load
 * its own if it saw all others go down; and where several wait for each other, all of them there,
 * the first by name of those whom nobody outlived does. A RAM node waits, unless it is alone.
 * Source: OTP, `mnesia_controller` (`last_consistent_replica`, `orphan_tables`, "we are the
 * smallest node"), `mnesia_recover` (`log_mnesia_down`). Differs: decided for all tables at once,
 * there for each table. Where several saw all others go down, each on its side of a partition, and
 * all start again, the first by name loads its own here and the others load from it; there each
 * loads its own, they share what comes next, and what they had may differ
 * (`starting_partitioned_network`).
 */
import { assert } from '../../../kernel/assert.ts';

/** What a starting node knows of another that is connected. */
export interface StartingPeer {
  readonly isRunning: boolean;
  readonly isDisc: boolean;
  readonly downs: readonly string[];
}

export interface Situation {
  readonly self: string;
  readonly members: readonly string[];
  readonly isDisc: boolean;
  readonly downs: ReadonlySet<string>;
  readonly peers: ReadonlyMap<string, StartingPeer>;
}

/** Whether the node may go on with the tables of its disk. */
export function mayLoadOwnTables({ self, members, isDisc, downs, peers }: Situation): boolean {
  assert(members.includes(self), 'a member', { self });
  if (!isDisc) return members.length === 1;
  const starting: [string, boolean, ReadonlySet<string>][] = [[self, true, downs]];
  for (const [node, peer] of peers) {
    if (!peer.isRunning) starting.push([node, peer.isDisc, new Set(peer.downs)]);
  }
  const survivors = starting
    .filter(([node, hasDisc, of]) => hasDisc && members.every((one) => one === node || of.has(one)))
    .map(([node]) => node);
  if (survivors.length > 0) return survivors.includes(self) && isFirst(self, survivors);
  const unknown = members.filter((member) => member !== self && !downs.has(member));
  if (unknown.some((member) => peers.get(member)?.isRunning !== false)) return false;
  const outlived = new Set(starting.flatMap(([, , itsDowns]) => [...itsDowns]));
  const discNodes = starting.filter(([, hasDisc]) => hasDisc).map(([node]) => node);
  const latest = discNodes.filter((node) => !outlived.has(node));
  // Where each was outlived by another, in partitions, none is later than all.
  const first = latest.length > 0 ? latest : discNodes;
  return first.includes(self) && isFirst(self, first);
}

function isFirst(self: string, nodes: readonly string[]): boolean {
  return nodes.every((node) => self <= node);
}
