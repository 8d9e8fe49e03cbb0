/**
 * Fetch, by consumers and by followers.
 *
 * Behaviour: consumers see what is below the high watermark, followers all. A fetch that finds
 * fewer than `minBytes` waits. A follower's fetch is how the leader learns of its log end. A
 * follower whose log parts from ours is told where (KIP-595). A consumer may ask a follower, which
 * gives it what is below its own high watermark; between that and its log end there is nothing yet,
 * beyond the log end is OFFSET_OUT_OF_RANGE, and an epoch that is not the follower's is fenced. A
 * leader with a `replica.selector.class` names the replica in the consumer's rack (KIP-392).
 * Differences: no fetch sessions (KIP-227): each response has session id 0, and a request that
 * goes on with a session gets FETCH_SESSION_ID_NOT_FOUND; nothing is throttled.
 * Versions: 9 currentLeaderEpoch (KIP-320); 11 rack id, preferred read replica (KIP-392); 12
 * lastFetchedEpoch; 13 topic ids (KIP-516); 15 the follower's broker epoch (KIP-903); 16 node
 * endpoints (KIP-951).
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type FetchRequest,
  type FetchResponse,
  fetch,
  fetchResponse,
} from '../../wire/kafka/messages/fetch.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import { assert } from '../../kernel/assert.ts';
import { DelayedFetch } from '../broker/delayed-fetch.ts';
import { racksOf } from '../broker/preferred-read-replica.ts';
import { RACK_AWARE_SELECTOR } from '../broker/broker-config.ts';
import { FetchPlan, type FetchTopic, type PlannedFetch } from '../broker/fetch-plan.ts';
import type { FetchIsolation, FetchParams } from '../broker/partition-read.ts';
import { type BrokerParts, type RequestContext, apiHandler } from './api-handler.ts';

const TOPIC_IDS_SINCE = 13;
const REPLICA_STATE_SINCE = 15;
/** Since then a consumer's fetch may be answered by a follower. */
const FROM_FOLLOWER_SINCE = 11;
const READ_COMMITTED = 1;
const NO_SESSION = 0;

export const fetchHandler = apiHandler<FetchRequest>(fetch, (broker, request) => {
  const { body } = request;
  if (body.sessionId !== NO_SESSION || body.sessionEpoch > 0) {
    request.respond(failure(ErrorCode.FETCH_SESSION_ID_NOT_FOUND));
    return;
  }
  const plan = new FetchPlan(
    broker.ports,
    racksOf(broker.image),
    paramsOf(broker, request),
    planned(broker, request),
  );
  const outcome = plan.read(true);
  const { maxWaitMs, minBytes } = plan.params;
  const atOnce =
    maxWaitMs <= 0 || plan.planned.length === 0 || outcome.bytes >= minBytes || outcome.urgent;
  if (atOnce) {
    request.respond(plan.response(outcome));
    return;
  }
  const operation = new DelayedFetch(plan, () => request.respond(plan.response(plan.read(false))));
  broker.replicas.fetchPurgatory.tryCompleteElseWatch(operation, plan.keys(), maxWaitMs);
});

function paramsOf(broker: BrokerParts, request: RequestContext<FetchRequest>): FetchParams {
  const { body, apiVersion } = request;
  const knowsEpoch = apiVersion >= REPLICA_STATE_SINCE;
  const replicaId = knowsEpoch ? body.replicaState.replicaId : body.replicaId;
  const isFollower = replicaId >= 0;
  const isolation: FetchIsolation = isFollower
    ? 'log-end'
    : body.isolationLevel === READ_COMMITTED
      ? 'txn-committed'
      : 'high-watermark';
  const brokerMax = broker.config.values['fetch.max.bytes'];
  const asked = Math.max(0, body.maxBytes);
  const fromFollower =
    broker.profile.switches.fetchFromFollower && apiVersion >= FROM_FOLLOWER_SINCE;
  const selects = broker.config.values['replica.selector.class'] === RACK_AWARE_SELECTOR;
  return {
    replicaId,
    replicaEpoch: knowsEpoch ? body.replicaState.replicaEpoch : -1,
    maxWaitMs: body.maxWaitMs,
    minBytes: Math.max(0, body.minBytes),
    maxBytes: isFollower ? asked : Math.min(asked, brokerMax),
    isolation,
    leaderOnly: isFollower || !fromFollower,
    clientRack: !isFollower && fromFollower && selects ? body.rackId : null,
  };
}

function planned(broker: BrokerParts, request: RequestContext<FetchRequest>): PlannedFetch[] {
  const plannedFetches: PlannedFetch[] = [];
  const byId = request.apiVersion >= TOPIC_IDS_SINCE;
  for (const topic of request.body.topics) {
    const name = byId ? broker.image().topicNames.get(topic.topicId) : topic.topic;
    for (const asked of topic.partitions) {
      plannedFetches.push(plannedFetch(broker, topic, asked, { name, byId }));
    }
  }
  return plannedFetches;
}

function plannedFetch(
  broker: BrokerParts,
  topic: FetchTopic,
  asked: FetchTopic['partitions'][number],
  of: { readonly name: string | undefined; readonly byId: boolean },
): PlannedFetch {
  const failed = (errorCode: number): PlannedFetch => {
    assert(errorCode !== ErrorCode.NONE, 'an error', { partition: asked.partition });
    return { topic, fetch: asked, partition: null, errorCode };
  };
  if (of.name === undefined) return failed(ErrorCode.UNKNOWN_TOPIC_ID);
  const partition = broker.replicas.get(of.name, asked.partition);
  if (partition === undefined)
    return failed(broker.replicas.missingError(of.name, asked.partition));
  if (of.byId && partition.topicId !== topic.topicId)
    return failed(ErrorCode.INCONSISTENT_TOPIC_ID);
  return { topic, fetch: asked, partition, errorCode: ErrorCode.NONE };
}

function failure(errorCode: number): FetchResponse {
  return { ...defaults(fetchResponse), errorCode };
}
