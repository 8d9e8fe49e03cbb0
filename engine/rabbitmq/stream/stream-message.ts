/**
 * What the nodes of a stream say to each other.
 *
 * A replica asks to follow; the writer says where its epochs end; the replica cuts what the writer
 * does not have and fetches from there; the writer sends chunk after chunk, and the replica
 * acknowledges each. A node without the writer sends it what is published there.
 * Source: `osiris_replica_reader`, `osiris_replica`; chunks have a connection of their own there.
 */
import type { Term } from '../cluster/node-links.ts';
import type { EpochEnd } from './stream-log.ts';
import type { StreamRecord } from './stream-writer.ts';

/** Who is of another epoch is not heard. */
interface OfEpoch {
  readonly epoch: number;
}

/** A replica that asks anew begins a new session: what is under way of the one before is void. */
interface OfSession extends OfEpoch {
  readonly session: number;
}

/** A record that a node publishes, among those that it sends in one go (`stream-publisher.ts`). */
export interface StreamWrite {
  readonly type: 'write';
  readonly session: number;
  readonly isFirst: boolean;
  readonly record: StreamRecord;
}

export type ToWriter =
  | ({ readonly type: 'follow' } & OfSession)
  | ({ readonly type: 'fetch'; readonly next: number } & OfSession)
  | ({ readonly type: 'acknowledge'; readonly next: number } & OfSession)
  | (StreamWrite & OfEpoch);

export type FromWriter =
  | ({
      readonly type: 'ends';
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
  | ({
      readonly type: 'written';
      readonly writerId: string;
      readonly sequence: number;
      readonly committed: boolean;
    } & OfEpoch)
  /** There is a writer in this epoch: what was sent before came too early. */
  | ({ readonly type: 'begun' } & OfEpoch);

export const asTerm = (message: ToWriter | FromWriter): Term => message as unknown as Term;
