/**
 * What other controllers ask of this one: requests of Kafka become the core's messages, and are
 * kept until the core answers. A Fetch is kept until there is something to say.
 *
 * BeginQuorumEpoch and EndQuorumEpoch are answered at once: for the core they need no answer.
 * Not here: what we ask of others (`raft-channel.ts`), brokers (`controller/metadata-fetch.ts`).
 * Source: the `handle...Request` methods of `KafkaRaftClient`.
 */
import { assert } from '../../kernel/assert.ts';
import type {
  LogPosition,
  MemberId,
  Message,
  Records,
  VoteReply,
} from '../../consensus/message.ts';
import type { SnapshotChunk } from '../../consensus/message.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type BeginQuorumEpochRequest,
  beginQuorumEpochResponse,
} from '../../wire/kafka/messages/begin-quorum-epoch.ts';
import {
  type EndQuorumEpochRequest,
  endQuorumEpochResponse,
} from '../../wire/kafka/messages/end-quorum-epoch.ts';
import { type FetchRequest, fetchResponse } from '../../wire/kafka/messages/fetch.ts';
import {
  type FetchSnapshotRequest,
  fetchSnapshotResponse,
} from '../../wire/kafka/messages/fetch-snapshot.ts';
import { type VoteRequest, voteResponse } from '../../wire/kafka/messages/vote.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import type { ControllerRequest } from '../controller/controller-connection.ts';
import {
  CLUSTER_ID,
  METADATA_PARTITION,
  METADATA_TOPIC,
  METADATA_TOPIC_ID,
} from '../metadata/metadata-log.ts';
import { joined } from './snapshot-file.ts';
import type { Received } from './raft-channel.ts';
import { type ControllerNode, inTopics, memberOf, NO_NODE, nodeOf } from './voter-id.ts';

/** Who leads which epoch, as this node knows it. */
export interface KnownLeader {
  readonly term: number;
  readonly leader: MemberId | null;
}

interface Held {
  readonly request: ControllerRequest;
  /** The epoch that the asker named. */
  readonly epoch: number;
}

type Kind = 'vote' | 'fetch' | 'snapshot';

export class RaftRequests {
  readonly #controllers: readonly ControllerNode[];
  readonly #known: () => KnownLeader;
  readonly #received: Received;
  /** Bytes of a snapshot that this node has. */
  readonly #sizeOf: (snapshot: LogPosition) => number;
  /** By kind and asker: one at a time. */
  readonly #held = new Map<string, Held>();

  constructor(
    controllers: readonly ControllerNode[],
    known: () => KnownLeader,
    received: Received,
    sizeOf: (snapshot: LogPosition) => number,
  ) {
    assert(controllers.length > 0, 'a quorum has controllers');
    this.#sizeOf = sizeOf;
    this.#controllers = controllers;
    this.#known = known;
    this.#received = received;
  }

  // ------------------------------------------------------------------------------------- requests

  vote(request: ControllerRequest): void {
    const body = request.body as VoteRequest;
    const asked = body.topics[0]?.partitions[0];
    const problem = problemOf(body.clusterId, asked);
    if (asked === undefined || problem !== ErrorCode.NONE) {
      return request.respond({ ...defaults(voteResponse), errorCode: problem });
    }
    const { replicaEpoch: term, replicaId, lastOffset, lastOffsetEpoch, preVote } = asked;
    this.#hold('vote', replicaId, { request, epoch: term });
    const last = { offset: lastOffset, term: lastOffsetEpoch };
    this.#received(memberOf(replicaId), { type: 'vote', term, preVote, last });
  }

  beginEpoch(request: ControllerRequest): void {
    const body = request.body as BeginQuorumEpochRequest;
    const asked = body.topics[0]?.partitions[0];
    const errorCode = problemOf(body.clusterId, asked);
    if (asked !== undefined && errorCode === ErrorCode.NONE) {
      const { leaderId, leaderEpoch: term } = asked;
      this.#received(memberOf(leaderId), { type: 'begin-epoch', term });
    }
    const topics = this.#quorumAnswer(asked?.leaderEpoch ?? 0);
    request.respond({ ...defaults(beginQuorumEpochResponse), errorCode, topics });
  }

  endEpoch(request: ControllerRequest): void {
    const body = request.body as EndQuorumEpochRequest;
    const asked = body.topics[0]?.partitions[0];
    const errorCode = problemOf(body.clusterId, asked);
    if (asked !== undefined && errorCode === ErrorCode.NONE) {
      const { leaderId, leaderEpoch: term, preferredCandidates } = asked;
      const successors = preferredCandidates.map(({ candidateId }) => memberOf(candidateId));
      this.#received(memberOf(leaderId), { type: 'end-epoch', term, successors });
    }
    const topics = this.#quorumAnswer(asked?.leaderEpoch ?? 0);
    request.respond({ ...defaults(endQuorumEpochResponse), errorCode, topics });
  }

  /** Of a controller; a broker's is another matter. */
  fetch(request: ControllerRequest, replicaId: number): void {
    const body = request.body as FetchRequest;
    const asked = body.topics[0]?.partitions[0];
    const problem = problemOf(body.clusterId, asked);
    if (asked === undefined || problem !== ErrorCode.NONE) {
      return request.respond({ ...defaults(fetchResponse), errorCode: problem });
    }
    const { currentLeaderEpoch: term, fetchOffset, lastFetchedEpoch } = asked;
    this.#hold('fetch', replicaId, { request, epoch: term });
    const position = { offset: fetchOffset, term: lastFetchedEpoch };
    this.#received(memberOf(replicaId), { type: 'fetch', term, position, round: 0 });
  }

  fetchSnapshot(request: ControllerRequest): void {
    const body = request.body as FetchSnapshotRequest;
    const asked = body.topics[0]?.partitions[0];
    const problem = problemOf(body.clusterId, asked);
    if (asked === undefined || problem !== ErrorCode.NONE) {
      return request.respond({ ...defaults(fetchSnapshotResponse), errorCode: problem });
    }
    const { currentLeaderEpoch: term, snapshotId, position } = asked;
    this.#hold('snapshot', body.replicaId, { request, epoch: term });
    const snapshot = { offset: snapshotId.endOffset, term: snapshotId.epoch };
    const member = memberOf(body.replicaId);
    this.#received(member, { type: 'fetch-snapshot', term, snapshot, position });
  }

  // -------------------------------------------------------------------------------------- answers

  /** What the core answers; of nothing that was asked, or asked by nobody any more, no word. */
  answer(to: MemberId, message: Message): void {
    switch (message.type) {
      case 'vote-reply':
        return this.#answerVote(to, message);
      case 'records':
        return this.#answerFetch(to, message);
      case 'snapshot-chunk':
        return this.#answerSnapshot(to, message);
      default:
        assert(false, 'an answer', { type: message.type });
    }
  }

  /**
   * The term or the role changed. A vote of an older term gets no other answer any more, and a
   * Fetch that is held none from who leads no more.
   */
  release(leads: boolean): void {
    const { term, leader } = this.#known();
    for (const [key, { epoch }] of [...this.#held]) {
      const [kind, member] = key.split(' ') as [Kind, MemberId];
      if (kind === 'vote') {
        const told = { term: epoch, preVote: false, granted: false, leader: null };
        if (epoch < term) this.#answerVote(member, { type: 'vote-reply', ...told });
      } else if (!leads) {
        const position = { offset: 0, term: 0 };
        const told = { term, leader, highWatermark: 0, round: 0, position };
        this.#answerFetch(member, { type: 'records', ...told, answer: { kind: 'rejected' } });
      }
    }
  }

  #answerVote(to: MemberId, { term, granted, leader }: VoteReply): void {
    const held = this.#take('vote', to);
    if (held === null) return;
    const topics = inTopics({
      errorCode: held.epoch < term ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.NONE,
      leaderId: idOf(leader),
      leaderEpoch: term,
      voteGranted: granted,
    });
    const nodeEndpoints = this.endpointsOf(leader);
    held.request.respond({ ...defaults(voteResponse), topics, nodeEndpoints });
  }

  #answerFetch(to: MemberId, records: Records): void {
    const held = this.#take('fetch', to);
    if (held === null) return this.#refuseSnapshot(to, records);
    const { term, leader, highWatermark, answer } = records;
    const rejected = answer.kind === 'rejected';
    const partition = {
      partitionIndex: METADATA_PARTITION,
      errorCode: rejected ? refusalOf(held.epoch, term) : ErrorCode.NONE,
      highWatermark,
      lastStableOffset: highWatermark,
      logStartOffset: -1,
      divergingEpoch:
        answer.kind === 'diverging'
          ? { epoch: answer.end.term, endOffset: answer.end.offset }
          : { epoch: -1, endOffset: -1 },
      currentLeader: { leaderId: idOf(leader), leaderEpoch: term },
      snapshotId:
        answer.kind === 'snapshot'
          ? { endOffset: answer.snapshot.offset, epoch: answer.snapshot.term }
          : { endOffset: -1, epoch: -1 },
      abortedTransactions: null,
      preferredReadReplica: -1,
      records: answer.kind === 'entries' ? bytesOf(answer) : null,
    };
    const responses = [{ topic: '', topicId: METADATA_TOPIC_ID, partitions: [partition] }];
    const nodeEndpoints = this.endpointsOf(leader).map((one) => ({ ...one, rack: null }));
    held.request.respond({ ...defaults(fetchResponse), responses, nodeEndpoints });
  }

  #answerSnapshot(to: MemberId, chunk: SnapshotChunk): void {
    const held = this.#take('snapshot', to);
    if (held === null) return;
    const { term, snapshot, position, bytes, last } = chunk;
    const size = this.#sizeOf(snapshot);
    assert(last === (position + bytes.length === size), 'the last part ends it', { position });
    const partition = {
      index: METADATA_PARTITION,
      errorCode: ErrorCode.NONE,
      snapshotId: { endOffset: snapshot.offset, epoch: snapshot.term },
      currentLeader: { leaderId: idOf(this.#known().leader), leaderEpoch: term },
      ...{ size, position, unalignedRecords: bytes },
    };
    const topics = [{ name: METADATA_TOPIC, partitions: [partition] }];
    held.request.respond({ ...defaults(fetchSnapshotResponse), topics });
  }

  #refuseSnapshot(to: MemberId, { term, leader }: Records): void {
    const held = this.#take('snapshot', to);
    if (held === null) return;
    const partition = {
      index: METADATA_PARTITION,
      errorCode: refusalOf(held.epoch, term),
      snapshotId: { endOffset: -1, epoch: -1 },
      currentLeader: { leaderId: idOf(leader), leaderEpoch: term },
      ...{ size: 0, position: 0, unalignedRecords: new Uint8Array(0) },
    };
    const topics = [{ name: METADATA_TOPIC, partitions: [partition] }];
    held.request.respond({ ...defaults(fetchSnapshotResponse), topics });
  }

  /** Where a leader listens, if it is known who leads. */
  endpointsOf(leader: MemberId | null) {
    return this.#controllers
      .filter(({ nodeId }) => leader !== null && nodeId === nodeOf(leader))
      .map(({ nodeId, host, port }) => ({ nodeId, host, port }));
  }

  #quorumAnswer(epoch: number) {
    const { term, leader } = this.#known();
    const errorCode = epoch < term ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.NONE;
    return inTopics({ errorCode, leaderId: idOf(leader), leaderEpoch: term });
  }

  /** A second request of the same asker comes over another connection: the first one is void. */
  #hold(kind: Kind, nodeId: number, held: Held): void {
    const key = `${kind} ${memberOf(nodeId)}`;
    const before = this.#held.get(key);
    this.#held.set(key, held);
    if (before?.request.isOpen() === true) before.request.closeConnection();
  }

  #take(kind: Kind, member: MemberId): Held | null {
    const key = `${kind} ${member}`;
    const held = this.#held.get(key) ?? null;
    this.#held.delete(key);
    return held;
  }
}

function bytesOf({ entries }: Extract<Records['answer'], { kind: 'entries' }>): Uint8Array {
  return joined(entries.map(({ payload }) => payload as Uint8Array));
}

const idOf = (leader: MemberId | null): number => (leader === null ? NO_NODE : nodeOf(leader));

function problemOf(clusterId: string | null, partition: unknown): number {
  if (clusterId !== null && clusterId !== CLUSTER_ID) return ErrorCode.INCONSISTENT_CLUSTER_ID;
  return partition === undefined ? ErrorCode.INVALID_REQUEST : ErrorCode.NONE;
}

function refusalOf(asked: number, term: number): number {
  if (asked < term) return ErrorCode.FENCED_LEADER_EPOCH;
  return asked > term ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NOT_LEADER_OR_FOLLOWER;
}
