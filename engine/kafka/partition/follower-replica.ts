/**
 * What a leader knows of one follower: how far it has fetched and when it was last caught up.
 * From it follow the follower's membership in the ISR and the high watermark.
 *
 * Not here: the ISR itself (`partition.ts`). Source: `kafka.cluster.Replica`.
 * Differences: times are monotonic microseconds (there wall-clock milliseconds), so a stepped
 * clock cannot shrink an ISR.
 */
import { assert } from '../../kernel/assert.ts';

export const UNKNOWN_OFFSET = -1;
/** Earlier than any time: "not caught up in anyone's memory". */
export const LONG_AGO_MICROS = -4_503_599_627_370_496;

/** The state of one fetch, as the leader takes it in. */
export interface FollowerFetch {
  readonly fetchOffset: number;
  readonly logStartOffset: number;
  readonly atMicros: number;
  readonly leaderEndOffset: number;
  readonly brokerEpoch: number;
}

export class FollowerReplica {
  readonly brokerId: number;
  /** The follower's fetch offset, which is its LEO; -1 before its first fetch. */
  logEndOffset = UNKNOWN_OFFSET;
  logStartOffset = UNKNOWN_OFFSET;
  /** The leader's LEO at the follower's last fetch: reaching it later proves "caught up then". */
  lastFetchLeaderLogEndOffset = UNKNOWN_OFFSET;
  lastFetchMicros = LONG_AGO_MICROS;
  lastCaughtUpMicros = LONG_AGO_MICROS;
  /** Of its last fetch (KIP-903); null before one, -1 from a broker that does not say. */
  brokerEpoch: number | null = null;

  constructor(brokerId: number) {
    assert(brokerId >= 0, 'broker id', { brokerId });
    this.brokerId = brokerId;
  }

  /**
   * A leader was elected (`isNewLeader`) or re-elected. A member of the ISR counts as caught up
   * now; another does not, lest it hold back the high watermark.
   */
  reset(nowMicros: number, leaderEndOffset: number, isNewLeader: boolean, inIsr: boolean): void {
    assert(leaderEndOffset >= 0, 'leader end offset', { leaderEndOffset });
    this.lastCaughtUpMicros = inIsr ? nowMicros : LONG_AGO_MICROS;
    if (isNewLeader) {
      this.logStartOffset = UNKNOWN_OFFSET;
      this.logEndOffset = UNKNOWN_OFFSET;
      this.lastFetchLeaderLogEndOffset = UNKNOWN_OFFSET;
      this.lastFetchMicros = LONG_AGO_MICROS;
      this.brokerEpoch = null;
    } else {
      this.lastFetchLeaderLogEndOffset = leaderEndOffset;
      this.lastFetchMicros = inIsr ? nowMicros : LONG_AGO_MICROS;
    }
  }

  /** Takes in a fetch. One at the offset that was the leader's end last time was caught up then. */
  fetched(fetch: FollowerFetch): void {
    assert(fetch.fetchOffset >= 0, 'fetch offset', { fetchOffset: fetch.fetchOffset });
    if (fetch.fetchOffset >= fetch.leaderEndOffset) {
      this.lastCaughtUpMicros = Math.max(this.lastCaughtUpMicros, fetch.atMicros);
    } else if (fetch.fetchOffset >= this.lastFetchLeaderLogEndOffset) {
      this.lastCaughtUpMicros = Math.max(this.lastCaughtUpMicros, this.lastFetchMicros);
    }
    this.logStartOffset = fetch.logStartOffset;
    this.logEndOffset = fetch.fetchOffset;
    this.lastFetchLeaderLogEndOffset = Math.max(
      fetch.leaderEndOffset,
      this.lastFetchLeaderLogEndOffset,
    );
    this.lastFetchMicros = fetch.atMicros;
    this.brokerEpoch = fetch.brokerEpoch;
  }

  /** In sync by `replica.lag.time.max.ms`: at the leader's end, or caught up within that time. */
  isCaughtUp(leaderEndOffset: number, nowMicros: number, lagMicrosMax: number): boolean {
    assert(lagMicrosMax > 0, 'lag limit', { lagMicrosMax });
    return (
      this.logEndOffset === leaderEndOffset || nowMicros - this.lastCaughtUpMicros <= lagMicrosMax
    );
  }
}
