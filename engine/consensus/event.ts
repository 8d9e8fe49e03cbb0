/**
 * All that can happen to a member: messages, timers, the disk's word, and the product's wishes.
 *
 * Not here: what follows from an event (`effect.ts` for the kinds, `raft.ts` for the rules).
 */
import type { TimerName } from './effect.ts';
import type { LogPosition, MemberId, Message } from './message.ts';

/** Something to be replicated: `records` offsets with one payload. */
export interface Proposal {
  readonly records: number;
  readonly payload: unknown;
}

export type RaftEvent =
  | { readonly type: 'message'; readonly from: MemberId; readonly message: Message }
  | { readonly type: 'timer'; readonly timer: TimerName }
  /** The quorum state of this number, or a newer one, is durable. */
  | { readonly type: 'persisted'; readonly sequence: number }
  /** The log is durable as far as it went when the sync of this number was asked for. */
  | { readonly type: 'synced'; readonly number: number }
  /** The snapshot is durable, the log was replaced by it, and these are its voters. */
  | {
      readonly type: 'installed';
      readonly snapshot: LogPosition;
      readonly voters: readonly MemberId[];
    }
  /** The product has a durable snapshot, and drops the log before it. */
  | { readonly type: 'compacted'; readonly snapshot: LogPosition }
  /** The wishes; each is answered by a `reply` effect with its id. */
  | { readonly type: 'append'; readonly id: number; readonly proposals: readonly Proposal[] }
  | { readonly type: 'read'; readonly id: number }
  | { readonly type: 'add-voter'; readonly id: number; readonly member: MemberId }
  | { readonly type: 'remove-voter'; readonly id: number; readonly member: MemberId }
  /** Hand over to this member when it has all of the log. */
  | { readonly type: 'transfer'; readonly id: number; readonly to: MemberId }
  /** Resign now; the furthest voter is to follow. Nothing happens to who does not lead. */
  | { readonly type: 'resign' };
