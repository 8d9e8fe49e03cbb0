/**
 * How far a fetcher is with one partition that this broker follows, and where a follower's log must
 * be cut. Pure decisions; the requests are in `replica-fetcher.ts`.
 *
 * Source: `PartitionFetchState`, `AbstractFetcherThread.getOffsetTruncationState`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Partition } from '../partition/partition.ts';
import type { SwitchName } from '../profiles.ts';

/**
 * How a follower makes its log agree with the leader's. `high-watermark`: cut to its own high
 * watermark (before KIP-101). `offset-for-leader-epoch`: ask where its last epoch ends (KIP-101,
 * KIP-279). `fetch`: the leader says so in the Fetch reply (KIP-595).
 */
export type TruncationMode = 'high-watermark' | 'offset-for-leader-epoch' | 'fetch';

export function truncationMode(switches: Readonly<Record<SwitchName, boolean>>): TruncationMode {
  if (!switches.leaderEpochTruncation) return 'high-watermark';
  const inFetch = switches.truncationInFetch && switches.epochReplyWithEpoch;
  return inFetch ? 'fetch' : 'offset-for-leader-epoch';
}

export interface FetchState {
  readonly partition: Partition;
  readonly currentLeaderEpoch: number;
  fetchOffset: number;
  /** Of the last record in the log; -1 where the Fetch shall not be checked for divergence. */
  lastFetchedEpoch: number;
  truncating: boolean;
  /** After an error: not before this time, in microseconds. */
  notBeforeMicros: number;
  /**
   * Not fetched meanwhile: the log is being synced (`flush.messages`), and its new end is not told
   * before that; or a truncation is still to come (the switch `truncatesBeforeHighWatermark`).
   */
  held: boolean;
}

/** The state with which a partition's fetching begins in a leader epoch. */
export function initialFetchState(partition: Partition, mode: TruncationMode): FetchState {
  const { log } = partition;
  const knowsEpoch = log.latestEpoch >= 0;
  const inFetch = mode === 'fetch' && knowsEpoch;
  const fetchOffset = inFetch ? log.logEndOffset : log.highWatermark;
  assert(fetchOffset <= log.logEndOffset, 'within the log', { fetchOffset });
  return {
    partition,
    currentLeaderEpoch: partition.leaderEpoch,
    fetchOffset,
    lastFetchedEpoch: inFetch ? log.latestEpoch : -1,
    truncating: !inFetch,
    notBeforeMicros: 0,
    held: false,
  };
}

/** What a leader answered about an epoch: -1 where it does not know. */
export interface LeaderEpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

export interface Truncation {
  readonly offset: number;
  /** False: cut there, and ask again about the epoch that is the last one then. */
  readonly complete: boolean;
}

/** Where to cut the log after the leader's answer about our last epoch. */
export function truncationFor(state: FetchState, leader: LeaderEpochEnd): Truncation {
  const { log } = state.partition;
  const end = log.logEndOffset;
  // The leader has no epochs: fall back to what this log knows to be committed.
  if (leader.endOffset < 0) return { offset: state.fetchOffset, complete: true };
  if (leader.epoch < 0) return { offset: Math.min(leader.endOffset, end), complete: true };
  const own = log.endOffsetForEpoch(leader.epoch);
  if (own.endOffset < 0) return { offset: Math.min(leader.endOffset, end), complete: true };
  if (own.epoch !== leader.epoch) {
    // Our log lacks the epoch that the leader named: cut the epochs above it, then ask about the
    // last that is left (KIP-279).
    return { offset: Math.min(own.endOffset, end), complete: false };
  }
  return { offset: Math.min(own.endOffset, leader.endOffset, end), complete: true };
}
