/**
 * Who may load tables from its own disk when a cluster starts, and who must wait for another.
 *
 * A node that went down while others ran may have old tables: it waits for one of them. It may load
 * its own if it saw all others go down; and where several wait for each other, all of them there,
 * the one whose name is first does. A RAM node waits for another, unless it is alone.
 * Source: OTP, `mnesia_controller` (`orphan_tables`, "we are the smallest node"), `mnesia_recover`
 * (`log_mnesia_down`). Differs: decided for all tables at once, there for each table.
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
  for (const member of members) {
    if (member === self || downs.has(member)) continue;
    const peer = peers.get(member);
    if (peer === undefined || peer.isRunning) return false;
    const isLater = peer.isDisc && (peer.downs.includes(self) || member < self);
    if (isLater) return false;
  }
  return true;
}
