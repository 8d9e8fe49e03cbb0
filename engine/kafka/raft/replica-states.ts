/**
 * How far each replica of the metadata log is, as its leader sees it: for DescribeQuorum.
 *
 * Source: `LeaderState.ReplicaState.updateFollowerState` (KIP-595, KIP-836, KIP-853).
 * Not here: what the quorum counts with (`consensus/progress.ts`).
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  describeQuorumResponse,
  type DescribeQuorumRequest,
  type DescribeQuorumResponse,
} from '../../wire/kafka/messages/describe-quorum.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import { METADATA_PARTITION, METADATA_TOPIC } from '../metadata/metadata-log.ts';
import { type ControllerNode, directoryIdOf, inTopics } from './voter-id.ts';

type States = DescribeQuorumResponse['topics'][number]['partitions'][number]['currentVoters'];

interface ReplicaState {
  logEndOffset: number;
  lastFetchTimestamp: number;
  lastCaughtUpTimestamp: number;
  /** The leader's end when it fetched last. */
  leaderEndOffset: number;
}

/** What a leader knows of its quorum. */
export interface LeaderFacts {
  readonly nodeId: number;
  readonly epoch: number;
  readonly endOffset: number;
  readonly highWatermark: number;
  readonly voters: readonly number[];
  readonly controllers: readonly ControllerNode[];
}

/** An observer that was silent for so long is not told of. `OBSERVER_SESSION_TIMEOUT_MS` */
const OBSERVER_SESSION_MS = 300_000;

export class ReplicaStates {
  readonly #clock: Clock;
  #replicas = new Map<number, ReplicaState>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new epoch: nothing is known of anybody. */
  clear(): void {
    this.#replicas.clear();
  }

  fetched(replicaId: number, fetchOffset: number, leaderEndOffset: number): void {
    assert(replicaId >= 0, 'a replica', { replicaId });
    const now = this.#clock.wall();
    const known = this.#replicas.get(replicaId);
    let lastCaughtUpTimestamp = known?.lastCaughtUpTimestamp ?? -1;
    if (fetchOffset >= leaderEndOffset) lastCaughtUpTimestamp = now;
    else if (known !== undefined && fetchOffset >= known.leaderEndOffset) {
      lastCaughtUpTimestamp = known.lastFetchTimestamp;
    }
    const state = { logEndOffset: fetchOffset, lastFetchTimestamp: now, lastCaughtUpTimestamp };
    this.#replicas.set(replicaId, { ...state, leaderEndOffset });
  }

  describe(body: DescribeQuorumRequest, facts: LeaderFacts): DescribeQuorumResponse {
    const asked = body.topics[0]?.partitions[0];
    const isOurs = body.topics[0]?.topicName === METADATA_TOPIC;
    if (!isOurs || asked?.partitionIndex !== METADATA_PARTITION) {
      return {
        ...defaults(describeQuorumResponse),
        errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      };
    }
    const { nodeId, epoch, highWatermark, voters, controllers } = facts;
    const observers = [...this.#replicas.keys()]
      .filter((id) => !voters.includes(id) && this.#isHeard(id))
      .sort((left, right) => left - right);
    const topics = inTopics({
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      ...{ leaderId: nodeId, leaderEpoch: epoch, highWatermark },
      currentVoters: this.#statesOf(voters, facts),
      observers: this.#statesOf(observers, facts),
    });
    const nodes = controllers
      .filter((one) => voters.includes(one.nodeId))
      .map(({ nodeId: id, host, port }) => {
        return { nodeId: id, listeners: [{ name: 'CONTROLLER', host, port }] };
      });
    return { ...defaults(describeQuorumResponse), topics, nodes };
  }

  #isHeard(replicaId: number): boolean {
    const state = this.#replicas.get(replicaId);
    return (state?.lastFetchTimestamp ?? 0) + OBSERVER_SESSION_MS >= this.#clock.wall();
  }

  #statesOf(ids: readonly number[], { nodeId, endOffset, controllers }: LeaderFacts): States {
    const now = this.#clock.wall();
    return ids.map((replicaId) => {
      const known = this.#replicas.get(replicaId);
      const isController = controllers.some((one) => one.nodeId === replicaId);
      const replicaDirectoryId = isController ? directoryIdOf(replicaId) : ZERO_UUID;
      if (replicaId === nodeId) {
        const own = { lastFetchTimestamp: now, lastCaughtUpTimestamp: now };
        return { replicaId, replicaDirectoryId, logEndOffset: endOffset, ...own };
      }
      return {
        replicaId,
        replicaDirectoryId,
        logEndOffset: known?.logEndOffset ?? -1,
        lastFetchTimestamp: known?.lastFetchTimestamp ?? -1,
        lastCaughtUpTimestamp: known?.lastCaughtUpTimestamp ?? -1,
      };
    });
  }
}
