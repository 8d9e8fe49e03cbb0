/**
 * What a follower does when its leader answers OFFSET_OUT_OF_RANGE: it asks for the leader's end,
 * and if need be for its start, and cuts its own log or starts it anew there.
 *
 * Not here: the fetch (`replica-fetcher.ts`).
 * Source: `AbstractFetcherThread.fetchOffsetAndTruncate`, whose comment tells both cases: an
 * unclean election left the leader's log shorter than ours, or the leader has deleted what we lack.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  listOffsets,
} from '../../wire/kafka/messages/list-offsets.ts';
import type { RequestChannel } from '../network-client.ts';
import type { FetchState } from './fetch-state.ts';

const LATEST_TIMESTAMP = -1;
const EARLIEST_TIMESTAMP = -2;

/** What the fetcher does with a partition afterwards. */
export interface OutOfRangeOwner {
  readonly options: { readonly brokerId: number };
  readonly channel: RequestChannel;
  isCurrent(state: FetchState): boolean;
  delay(states: readonly FetchState[]): void;
  fail(state: FetchState): void;
}

/** Resolves the partitions one after the other, then calls `done`. */
export function resolveOutOfRange(
  owner: OutOfRangeOwner,
  states: readonly FetchState[],
  done: () => void,
): void {
  const [state, ...rest] = states;
  assert(state !== undefined, 'a partition');
  const next = (): void => {
    if (rest.length === 0) done();
    else resolveOutOfRange(owner, rest, done);
  };
  askOffset(owner, state, LATEST_TIMESTAMP, (leaderEnd) => {
    if (leaderEnd === null || !owner.isCurrent(state)) {
      if (leaderEnd === null) owner.delay([state]);
      next();
      return;
    }
    const { partition } = state;
    if (leaderEnd < partition.log.logEndOffset) {
      if (partition.truncateTo(leaderEnd, 'out-of-range') === 'failed') owner.fail(state);
      else resumeAtEnd(state);
      next();
      return;
    }
    askOffset(owner, state, EARLIEST_TIMESTAMP, (leaderStart) => {
      if (leaderStart === null) owner.delay([state]);
      else if (owner.isCurrent(state)) startAt(owner, state, leaderStart);
      next();
    });
  });
}

/** The leader deleted what we lack: only then is everything given up. */
function startAt(owner: OutOfRangeOwner, state: FetchState, leaderStart: number): void {
  const { partition } = state;
  if (leaderStart > partition.log.logEndOffset) {
    if (partition.truncateFullyAndStartAt(leaderStart) === 'failed') {
      owner.fail(state);
      return;
    }
  }
  resumeAtEnd(state);
}

function resumeAtEnd(state: FetchState): void {
  const { log } = state.partition;
  state.fetchOffset = log.logEndOffset;
  if (state.lastFetchedEpoch >= 0) state.lastFetchedEpoch = log.latestEpoch;
  assert(!state.truncating, 'a partition that was fetched', { fetchOffset: state.fetchOffset });
}

function askOffset(
  owner: OutOfRangeOwner,
  state: FetchState,
  timestamp: number,
  answer: (offset: number | null) => void,
): void {
  const { topic, index } = state.partition;
  const currentLeaderEpoch = state.currentLeaderEpoch;
  const body: ListOffsetsRequest = {
    replicaId: owner.options.brokerId,
    isolationLevel: 0,
    topics: [
      { name: topic, partitions: [{ partitionIndex: index, currentLeaderEpoch, timestamp }] },
    ],
    timeoutMs: 0,
  };
  owner.channel.send(listOffsets.key, listOffsets.versionMax, body, (reply) => {
    const response = reply.ok ? (reply.body as ListOffsetsResponse) : null;
    const found = response?.topics[0]?.partitions[0];
    const usable = found !== undefined && found.errorCode === ErrorCode.NONE && found.offset >= 0;
    answer(usable ? found.offset : null);
  });
}
