/**
 * What the nodes of a stream say to each other, and under which name.
 *
 * A replica asks to follow; the writer says where its epochs end; the replica cuts what the writer
 * does not have and fetches from there; the writer sends chunk after chunk, and the replica
 * acknowledges each. A node without the writer sends it what is published there.
 * Source: `osiris_replica_reader`, `osiris_replica`; chunks have a connection of their own there.
 */
import { assert } from '../../kernel/assert.ts';
import type { Term } from '../cluster/node-links.ts';
import type { EpochEnd } from './stream-log.ts';

/** A replica that asks anew begins a new session: what is under way of the one before is void. */
interface OfSession {
  readonly session: number;
}

export type ToWriter =
  | ({ readonly type: 'follow' } & OfSession)
  | ({ readonly type: 'fetch'; readonly next: number } & OfSession)
  | ({ readonly type: 'acknowledge'; readonly next: number } & OfSession)
  | {
      readonly type: 'write';
      /** Of the node that sends, so that numbers begin anew after its restart. */
      readonly incarnation: number;
      readonly sequence: number;
      readonly body: Uint8Array;
    };

export type FromWriter =
  | ({
      readonly type: 'ends';
      readonly epoch: number;
      readonly firstOffset: number;
      readonly ends: readonly EpochEnd[];
    } & OfSession)
  | ({
      readonly type: 'chunk';
      readonly committed: number;
      readonly chunk: Uint8Array;
    } & OfSession)
  | ({ readonly type: 'committed'; readonly committed: number } & OfSession)
  /** The record of this number is with a majority, or was not taken. */
  | { readonly type: 'written'; readonly sequence: number; readonly committed: boolean };

/** The name of a stream's process on each node: one that has a replica, or publishes to it. */
export function streamProcess(vhost: string, stream: string): string {
  assert(vhost.length > 0 && stream.length > 0, 'names', { vhost, stream });
  return `stream:${vhost}:${stream}`;
}

export const asTerm = (message: ToWriter | FromWriter): Term => message as unknown as Term;
