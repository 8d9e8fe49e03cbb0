/**
 * What a controller of a quorum answers, by API: the quorum's own requests go to the core, those
 * about the quorum are answered by its leader, decisions by the active controller, and anybody else
 * says who it is not.
 *
 * Source: `kafka.server.ControllerApis`, `KafkaRaftClient.handleRequest`.
 * Not here: decisions (`controller/controller-apis.ts`), the wire (`wire/kafka/quorum-apis.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Refusal, Reply } from '../../consensus/effect.ts';
import type { RaftDriver } from '../../consensus/raft-driver.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  addRaftVoter,
  type AddRaftVoterRequest,
} from '../../wire/kafka/messages/add-raft-voter.ts';
import { apiVersions } from '../../wire/kafka/messages/api-versions.ts';
import { beginQuorumEpoch } from '../../wire/kafka/messages/begin-quorum-epoch.ts';
import {
  describeQuorum,
  type DescribeQuorumRequest,
} from '../../wire/kafka/messages/describe-quorum.ts';
import { endQuorumEpoch } from '../../wire/kafka/messages/end-quorum-epoch.ts';
import { fetch, type FetchRequest, fetchResponse } from '../../wire/kafka/messages/fetch.ts';
import {
  fetchSnapshot,
  type FetchSnapshotRequest,
  fetchSnapshotResponse,
} from '../../wire/kafka/messages/fetch-snapshot.ts';
import {
  removeRaftVoter,
  type RemoveRaftVoterRequest,
} from '../../wire/kafka/messages/remove-raft-voter.ts';
import { vote } from '../../wire/kafka/messages/vote.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import { answerApiVersions, type ControllerApis } from '../controller/controller-apis.ts';
import type { ControllerRequest } from '../controller/controller-connection.ts';
import type { MetadataFetches } from '../controller/metadata-fetch.ts';
import type { QuorumController } from '../controller/quorum-controller.ts';
import { METADATA_PARTITION, METADATA_TOPIC, METADATA_TOPIC_ID } from '../metadata/metadata-log.ts';
import { notController } from './not-controller.ts';
import type { QuorumLog } from './quorum-log.ts';
import type { RaftRequests } from './raft-requests.ts';
import type { ReplicaStates } from './replica-states.ts';
import {
  type ControllerNode,
  directoryIdOf,
  inTopics,
  memberOf,
  NO_NODE,
  nodeOf,
} from './voter-id.ts';

export interface QuorumParts {
  readonly nodeId: number;
  readonly controllers: readonly ControllerNode[];
  readonly clock: Clock;
  readonly driver: RaftDriver;
  readonly log: QuorumLog;
  readonly requests: RaftRequests;
  readonly replicas: ReplicaStates;
  readonly active: QuorumController | null;
  readonly fetches: MetadataFetches | null;
  /** What every controller answers. */
  readonly apis: ControllerApis;
}

/** Between two looks at whether a voter to be has caught up. */
const CATCH_UP_MS = 100;

type Answer = (parts: QuorumParts, request: ControllerRequest) => void;

/** What the leader of the quorum answers itself, as long as it leads. */
const ofLeader: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [fetch.key, fetchForBroker],
  [fetchSnapshot.key, snapshotForBroker],
  [describeQuorum.key, describe],
  [addRaftVoter.key, addVoter],
  [removeRaftVoter.key, removeVoter],
]);

/** What the core answers: true if the request is one of those, and was taken. */
export function takeForQuorum(parts: QuorumParts, request: ControllerRequest): boolean {
  const { requests, controllers } = parts;
  const isController = (id: number) => controllers.some(({ nodeId }) => nodeId === id);
  switch (request.apiKey) {
    case vote.key:
      requests.vote(request);
      return true;
    case beginQuorumEpoch.key:
      requests.beginEpoch(request);
      return true;
    case endQuorumEpoch.key:
      requests.endEpoch(request);
      return true;
    case fetch.key: {
      const { replicaId } = (request.body as FetchRequest).replicaState;
      if (!isController(replicaId)) return false;
      noteFetch(parts, request.body as FetchRequest);
      requests.fetch(request, replicaId);
      return true;
    }
    case fetchSnapshot.key: {
      const { replicaId } = request.body as FetchSnapshotRequest;
      if (isController(replicaId)) requests.fetchSnapshot(request);
      return isController(replicaId);
    }
    default:
      return false;
  }
}

/** Answers all other requests, at once or later, if this controller is the one to do it. */
export function answer(parts: QuorumParts, request: ControllerRequest): void {
  const { active, fetches, apis } = parts;
  const leads = parts.driver.inspect().role === 'Leader' && fetches !== null;
  if (request.apiKey === apiVersions.key) {
    return answerApiVersions(request, [...apis.spoken, ...quorumOnly]);
  }
  const byLeader = ofLeader.get(request.apiKey);
  if (byLeader !== undefined) {
    if (leads) byLeader(parts, request);
    else refuse(parts, request);
    return;
  }
  const decide = apis.answers.get(request.apiKey);
  if (decide === undefined) return request.closeConnection();
  if (active === null || !leads) return refuse(parts, request);
  decide({ active, fetches }, request);
}

/** Says that another controller is the one to ask. */
export function refuse(parts: QuorumParts, request: ControllerRequest): void {
  const errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
  assert(request.apiKey !== vote.key, 'the core answers votes', { apiKey: request.apiKey });
  switch (request.apiKey) {
    case fetch.key:
      return refuseFetch(parts, request);
    case fetchSnapshot.key:
      return respondSnapshot(parts, request, { errorCode });
    case describeQuorum.key: {
      const refused = { errorCode, errorMessage: null, ...nobodyKnown };
      const topics = inTopics(refused);
      return request.respond({ ...defaults(describeQuorum.response), topics });
    }
    case addRaftVoter.key:
    case removeRaftVoter.key:
      return request.respond({ throttleTimeMs: 0, errorCode, errorMessage: null });
    default:
      return request.respond(notController(request.apiKey, request.body));
  }
}

const quorumOnly = [
  vote,
  beginQuorumEpoch,
  endQuorumEpoch,
  describeQuorum,
  fetchSnapshot,
  addRaftVoter,
  removeRaftVoter,
] as unknown as readonly Api[];

const nobodyKnown = {
  ...{ leaderId: NO_NODE, leaderEpoch: 0, highWatermark: -1 },
  ...{ currentVoters: [], observers: [] },
};

// ----------------------------------------------------------------------------------------- brokers

function fetchForBroker(parts: QuorumParts, request: ControllerRequest): void {
  const { fetches } = parts;
  assert(fetches !== null, 'a leader has observers', { apiKey: request.apiKey });
  noteFetch(parts, request.body as FetchRequest);
  fetches.fetch(request);
}

/** How far a replica is, for DescribeQuorum. */
function noteFetch({ replicas, log }: QuorumParts, { topics, replicaState }: FetchRequest): void {
  const offset = topics[0]?.partitions[0]?.fetchOffset ?? 0;
  const { replicaId } = replicaState;
  if (replicaId >= 0) replicas.fetched(replicaId, offset, log.endOffset);
}

/** Tells who leads, and where, so that the broker asks there (KIP-853). */
function refuseFetch({ driver, requests }: QuorumParts, request: ControllerRequest): void {
  const { leader, term } = driver.inspect();
  const partition = {
    partitionIndex: METADATA_PARTITION,
    errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ...{ highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 },
    divergingEpoch: { epoch: -1, endOffset: -1 },
    currentLeader: { leaderId: leader === null ? NO_NODE : nodeOf(leader), leaderEpoch: term },
    snapshotId: { endOffset: -1, epoch: -1 },
    ...{ abortedTransactions: null, preferredReadReplica: -1, records: null },
  };
  const responses = [{ topic: '', topicId: METADATA_TOPIC_ID, partitions: [partition] }];
  const nodeEndpoints = requests.endpointsOf(leader).map((one) => ({ ...one, rack: null }));
  request.respond({ ...defaults(fetchResponse), responses, nodeEndpoints });
}

function snapshotForBroker(parts: QuorumParts, request: ControllerRequest): void {
  const { topics, maxBytes } = request.body as FetchSnapshotRequest;
  const asked = topics[0]?.partitions[0];
  const snapshotId = asked?.snapshotId ?? { endOffset: -1, epoch: -1 };
  const position = asked?.position ?? 0;
  const id = { offset: snapshotId.endOffset, term: snapshotId.epoch };
  const part = parts.log.chunk(id, position, Math.max(1, maxBytes));
  if (part === null) {
    return respondSnapshot(parts, request, { errorCode: ErrorCode.SNAPSHOT_NOT_FOUND });
  }
  assert(part.sizeBytes >= position, 'within the snapshot', { position });
  const { bytes: unalignedRecords, sizeBytes: size } = part;
  const sent = { snapshotId, size, position, unalignedRecords };
  respondSnapshot(parts, request, { errorCode: ErrorCode.NONE, ...sent });
}

function respondSnapshot(
  { driver }: QuorumParts,
  request: ControllerRequest,
  over: { readonly errorCode: number },
): void {
  const { leader, term } = driver.inspect();
  const partition = {
    index: METADATA_PARTITION,
    snapshotId: { endOffset: -1, epoch: -1 },
    currentLeader: { leaderId: leader === null ? NO_NODE : nodeOf(leader), leaderEpoch: term },
    ...{ size: 0, position: 0, unalignedRecords: new Uint8Array(0) },
    ...over,
  };
  const topics = [{ name: METADATA_TOPIC, partitions: [partition] }];
  request.respond({ ...defaults(fetchSnapshotResponse), topics });
}

// -------------------------------------------------------------------------------------- the quorum

function describe(parts: QuorumParts, request: ControllerRequest): void {
  const { nodeId, controllers, driver, log, replicas } = parts;
  const { term, voters } = driver.inspect();
  const { endOffset, highWatermark } = log;
  const facts = { nodeId, epoch: term, endOffset, highWatermark, controllers };
  const body = request.body as DescribeQuorumRequest;
  request.respond(replicas.describe(body, { ...facts, voters: voters.map(nodeOf) }));
}

/** Waits until the new voter has caught up, and then until the change is committed. */
function addVoter(parts: QuorumParts, request: ControllerRequest): void {
  const { voterId, timeoutMs } = request.body as AddRaftVoterRequest;
  const { clock, driver } = parts;
  const deadline = clock.now() + microsOfMillis(Math.max(1, timeoutMs));
  const attempt = (): void => {
    if (!request.isOpen()) return;
    driver.ask({ type: 'add-voter', member: memberOf(voterId) }, (reply) => {
      const waits = reply.kind === 'refused' && reply.reason === 'NOT_CAUGHT_UP';
      if (waits && clock.now() < deadline) {
        clock.after(microsOfMillis(CATCH_UP_MS), 'add-raft-voter', attempt);
      } else {
        respondChange(request, reply);
      }
    });
  };
  attempt();
}

/** A directory that is not the voter's is another disk, and whoever has it is no voter. */
function removeVoter({ driver }: QuorumParts, request: ControllerRequest): void {
  const { voterId, voterDirectoryId } = request.body as RemoveRaftVoterRequest;
  const ids = driver.inspect().voters.map(nodeOf).join(', ');
  const key = `ReplicaKey(id=${voterId}, directoryId=${voterDirectoryId})`;
  const lost = `Cannot remove voter ${key} from the set of voters [${ids}]`;
  if (voterDirectoryId !== directoryIdOf(voterId)) {
    respondChange(request, { kind: 'refused', reason: 'VOTER_NOT_FOUND', leader: null }, lost);
    return;
  }
  driver.ask({ type: 'remove-voter', member: memberOf(voterId) }, (reply) => {
    respondChange(request, reply, lost);
  });
}

const refusals: Readonly<Partial<Record<Refusal, number>>> = {
  NOT_LEADER: ErrorCode.NOT_LEADER_OR_FOLLOWER,
  DUPLICATE_VOTER: ErrorCode.DUPLICATE_VOTER,
  VOTER_NOT_FOUND: ErrorCode.VOTER_NOT_FOUND,
  LAST_VOTER: ErrorCode.INVALID_REQUEST,
};

/** What is not done in time is REQUEST_TIMED_OUT, as in `AddVoterHandler`. */
function respondChange(request: ControllerRequest, reply: Reply, lost = ''): void {
  const reason = reply.kind === 'refused' ? reply.reason : null;
  const errorCode =
    reason === null ? ErrorCode.NONE : (refusals[reason] ?? ErrorCode.REQUEST_TIMED_OUT);
  const errorMessage = reason === 'VOTER_NOT_FOUND' ? lost : reason;
  request.respond({ throttleTimeMs: 0, errorCode, errorMessage });
}
