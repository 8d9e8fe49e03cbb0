/**
 * What the core asks of its surroundings. Effects are performed in their order, within the event.
 *
 * Not here: who performs them (`raft-driver.ts`).
 */
import type { Entry, LogPosition, MemberId, Message, Records } from './message.ts';
import type { Role } from './raft.machine.ts';

/** `election`: nobody led in time. `fetch`: the leader is silent. The rest: `replication.ts`. */
export type TimerName = 'election' | 'fetch' | 'retry' | 'heartbeat' | 'check-quorum' | 'transfer';

/** What must survive beside the log: the file `quorum-state` of KRaft. */
export interface QuorumState {
  readonly term: number;
  readonly votedFor: MemberId | null;
}

/** Why a wish was refused; the names are those of Kafka's errors where it has one. */
export type Refusal =
  | 'NOT_LEADER'
  /** The leader hands over, and takes nothing more. */
  | 'TRANSFERRING'
  /** Another change is not committed, or nothing of this term is. */
  | 'CHANGE_IN_PROGRESS'
  | 'DUPLICATE_VOTER'
  | 'VOTER_NOT_FOUND'
  /** A voter-to-be has not fetched up to the high watermark. */
  | 'NOT_CAUGHT_UP'
  /** The last voter cannot go. */
  | 'LAST_VOTER'
  /** The successor did not catch up in time. */
  | 'TIMED_OUT';

export type Reply =
  /** Appended, not yet committed: `commit` beyond `endOffset` in this term says so. */
  | {
      readonly kind: 'appended';
      readonly offset: number;
      readonly endOffset: number;
      readonly term: number;
    }
  /** A state machine that has applied up to `offset` may answer the read. */
  | { readonly kind: 'readable'; readonly offset: number }
  /** The membership change is committed, or the leader has resigned for its successor. */
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: Refusal; readonly leader: MemberId | null };

export type Effect =
  /** Make it durable; `persisted` with this number, or a later one, follows. */
  | { readonly effect: 'persist'; readonly state: QuorumState; readonly sequence: number }
  | { readonly effect: 'append'; readonly entries: readonly Entry[] }
  /** Cut the log's end. */
  | { readonly effect: 'truncate'; readonly endOffset: number }
  /** Make the log up to its end durable; `synced` with this number follows. */
  | { readonly effect: 'sync'; readonly number: number }
  | { readonly effect: 'send'; readonly to: MemberId; readonly message: Message }
  /** Send it with entries from the position on, as many as fit, at least one if there is one. */
  | { readonly effect: 'send-entries'; readonly to: MemberId; readonly message: Records }
  /** Send a part of the snapshot from this byte on. */
  | {
      readonly effect: 'send-chunk';
      readonly to: MemberId;
      readonly term: number;
      readonly snapshot: LogPosition;
      readonly position: number;
    }
  /** Keep a part of a snapshot; with the last one install it, then report `installed`. */
  | {
      readonly effect: 'keep-chunk';
      readonly snapshot: LogPosition;
      readonly position: number;
      readonly bytes: Uint8Array;
      readonly last: boolean;
    }
  /** (Re)start a timer for a time drawn between the two, both included. */
  | {
      readonly effect: 'start-timer';
      readonly timer: TimerName;
      readonly microsMin: number;
      readonly microsMax: number;
    }
  | { readonly effect: 'stop-timer'; readonly timer: TimerName }
  /** All below is committed and may be applied. */
  | { readonly effect: 'commit'; readonly highWatermark: number }
  /** Role, term or leader changed. A leader may speak when `commit` goes beyond `termStart`. */
  | {
      readonly effect: 'role';
      readonly role: Role;
      readonly term: number;
      readonly leader: MemberId | null;
      readonly termStart: number | null;
    }
  | { readonly effect: 'reply'; readonly id: number; readonly reply: Reply };
