/**
 * What members of a quorum say to each other, as plain data without a wire format.
 *
 * `Fetch` says how far a log goes; `Records` says what comes next, or that the log must be cut, or
 * that a snapshot must come first. Where followers pull, Fetch is the request and Records the
 * reply (KRaft); where the leader pushes, Records is the request and Fetch the reply (AppendEntries
 * and its result in the Raft paper, PushEntry in DLedger). The rules are the same both ways.
 *
 * Not here: how a product writes these on the wire, and who sends when (`replication.ts`).
 * Sources: Raft paper figure 2; KIP-595 (Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch), KIP-630
 * (FetchSnapshot), KIP-996 (pre-vote). A term is Kafka's leader epoch.
 */

/**
 * A member of a quorum. In KRaft a replica id with its directory id, so that a member whose disk
 * was replaced is another member (KIP-853).
 */
export type MemberId = string;

/**
 * A log up to and without `offset`, whose last entry is of `term` (0 in an empty log). Two logs
 * with the same position are the same (T3). It is a snapshot's name, too.
 */
export interface LogPosition {
  readonly offset: number;
  readonly term: number;
}

/** Entries by which the quorum governs itself. */
export type Control =
  /** The first entry of a leader, which commits what came before it. */
  | { readonly kind: 'leader-change'; readonly leader: MemberId }
  /** The whole new set of voters; in force as soon as it is in a log. */
  | { readonly kind: 'voters'; readonly voters: readonly MemberId[] };

/** What the core must know of an entry: one index, or a whole batch of Kafka. */
export interface EntryHeader {
  readonly offset: number;
  /** The offset behind it: `offset + 1` where an entry is one record. */
  readonly endOffset: number;
  readonly term: number;
  /** Null for an entry of the product's own. */
  readonly control: Control | null;
}

/** An entry with what the product put in, which the core hands on and never looks at. */
export interface Entry extends EntryHeader {
  readonly payload: unknown;
}

/** Asks for a vote. A pre-vote only asks whether one would be given, in the current term. */
export interface Vote {
  readonly type: 'vote';
  readonly term: number;
  readonly preVote: boolean;
  readonly last: LogPosition;
}

export interface VoteReply {
  readonly type: 'vote-reply';
  readonly term: number;
  readonly preVote: boolean;
  readonly granted: boolean;
  /** The leader of the term, if the sender knows: so a member that was removed finds it. */
  readonly leader: MemberId | null;
}

/** A new leader says so to voters that it has not heard of; they answer with a Fetch. */
export interface BeginEpoch {
  readonly type: 'begin-epoch';
  readonly term: number;
}

/** A leader resigns. The first of the successors stands for election at once. */
export interface EndEpoch {
  readonly type: 'end-epoch';
  readonly term: number;
  readonly successors: readonly MemberId[];
}

/** How far the sender's log goes, all of it durable (T7). */
export interface Fetch {
  readonly type: 'fetch';
  readonly term: number;
  readonly position: LogPosition;
  /** The newest round that the sender has heard of in this term, for read index. */
  readonly round: number;
}

/** What a leader, or who is none any more, says to a Fetch. */
export interface Records {
  readonly type: 'records';
  readonly term: number;
  /** The leader of the term; null if the sender does not know. */
  readonly leader: MemberId | null;
  readonly highWatermark: number;
  readonly round: number;
  /** The Fetch's position, to which alone this applies: prevLogIndex and prevLogTerm. */
  readonly position: LogPosition;
  readonly answer: Answer;
}

export type Answer =
  /** What follows the position; nothing, when only the high watermark or the round is news. */
  | { readonly kind: 'entries'; readonly entries: readonly Entry[] }
  /** The logs differ: cut to `end` at most, the end of the newest term that both may share. */
  | { readonly kind: 'diverging'; readonly end: LogPosition }
  /** The leader's log begins behind the position: fetch this snapshot first. */
  | { readonly kind: 'snapshot'; readonly snapshot: LogPosition }
  /** Not the leader, or the Fetch was of an older term. */
  | { readonly kind: 'rejected' };

export interface FetchSnapshot {
  readonly type: 'fetch-snapshot';
  readonly term: number;
  readonly snapshot: LogPosition;
  /** Bytes that the sender has. */
  readonly position: number;
}

/** A part of a snapshot, InstallSnapshot of the Raft paper's figure 13. */
export interface SnapshotChunk {
  readonly type: 'snapshot-chunk';
  readonly term: number;
  readonly snapshot: LogPosition;
  readonly position: number;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

export type Message =
  Vote | VoteReply | BeginEpoch | EndEpoch | Fetch | Records | FetchSnapshot | SnapshotChunk;
