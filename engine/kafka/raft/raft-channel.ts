/**
 * One controller's way to the others: what the core wants to say becomes requests of Kafka, and
 * what is answered becomes the core's messages again.
 *
 * Nothing is sent twice by itself: the core repeats a Fetch that was not answered, and stands again
 * for an election that was not decided. Not here: what others ask of us (`raft-requests.ts`).
 * Source: `org.apache.kafka.raft.KafkaNetworkChannel`, `KafkaRaftClient`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports } from '../../kernel/ports.ts';
import type { LogPosition, MemberId, Message } from '../../consensus/message.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  beginQuorumEpoch,
  beginQuorumEpochRequest,
} from '../../wire/kafka/messages/begin-quorum-epoch.ts';
import {
  endQuorumEpoch,
  endQuorumEpochRequest,
} from '../../wire/kafka/messages/end-quorum-epoch.ts';
import { fetch, fetchRequest, type FetchResponse } from '../../wire/kafka/messages/fetch.ts';
import {
  fetchSnapshot,
  fetchSnapshotRequest,
  type FetchSnapshotResponse,
} from '../../wire/kafka/messages/fetch-snapshot.ts';
import { vote, voteRequest, type VoteResponse } from '../../wire/kafka/messages/vote.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import {
  CLUSTER_ID,
  METADATA_PARTITION,
  METADATA_TOPIC,
  METADATA_TOPIC_ID,
} from '../metadata/metadata-log.ts';
import { NetworkClient, networkClientOptions } from '../network-client.ts';
import { entriesReceived, FETCH_BYTES_MAX } from './kafka-raft-log.ts';
import { type ControllerNode, directoryIdOf, inTopics, memberOf, nodeOf } from './voter-id.ts';

/** `MAX_FETCH_WAIT_MS` */
const FETCH_WAIT_MS = 500;

export interface RaftChannelOptions {
  readonly nodeId: number;
  readonly controllers: readonly ControllerNode[];
  /** `controller.quorum.request.timeout.ms` */
  readonly requestTimeoutMs: number;
}

/** Takes what another member says. */
export type Received = (from: MemberId, message: Message) => void;

type Asking = Extract<
  Message,
  { type: 'vote' | 'begin-epoch' | 'end-epoch' | 'fetch' | 'fetch-snapshot' }
>;

export function isAsking(message: Message): message is Asking {
  const { type } = message;
  return type !== 'vote-reply' && type !== 'records' && type !== 'snapshot-chunk';
}

export class RaftChannel {
  readonly #client: NetworkClient;
  readonly #options: RaftChannelOptions;
  readonly #received: Received;
  #open = true;

  constructor(ports: Ports, options: RaftChannelOptions, received: Received) {
    assert(options.requestTimeoutMs > 0, 'controller.quorum.request.timeout.ms', { ...options });
    this.#options = options;
    this.#received = received;
    const { nodeId, requestTimeoutMs } = options;
    const names = { requestTimeoutMs, versions: 'fixed' } as const;
    this.#client = new NetworkClient(ports, networkClientOptions(`raft-client-${nodeId}`, names));
  }

  close(): void {
    this.#open = false;
    this.#client.close();
  }

  send(to: MemberId, message: Asking): void {
    const address = this.#addressOf(to);
    if (address === undefined) return;
    switch (message.type) {
      case 'vote': {
        const { preVote } = message;
        const asked = this.#voteBody(to, message);
        this.#ask(address, vote as Api, asked, (body) => {
          this.#voteAnswered(to, preVote, body as VoteResponse);
        });
        return;
      }
      case 'begin-epoch':
        this.#ask(address, beginQuorumEpoch as Api, this.#beginBody(to, message.term), () => {});
        return;
      case 'end-epoch':
        this.#ask(address, endQuorumEpoch as Api, this.#endBody(message), () => {});
        return;
      case 'fetch':
        this.#ask(address, fetch as Api, this.#fetchBody(message), (body) => {
          this.#fetched(to, message.position, body as FetchResponse);
        });
        return;
      default:
        this.#ask(address, fetchSnapshot as Api, this.#snapshotBody(message), (body) => {
          this.#snapshotFetched(to, message.snapshot, body as FetchSnapshotResponse);
        });
    }
  }

  #addressOf(member: MemberId): Address | undefined {
    const nodeId = nodeOf(member);
    return this.#options.controllers.find((one) => one.nodeId === nodeId);
  }

  #ask(address: Address, api: Api, body: unknown, answered: (body: unknown) => void): void {
    assert(this.#open, 'a member that stopped says nothing', { api: api.name });
    const { host, port } = address;
    this.#client.connectionTo({ host, port }).send(api.key, api.versionMax, body, (reply) => {
      if (reply.ok && this.#open) answered(reply.body);
    });
  }

  // ----------------------------------------------------------------------------------- the bodies

  #voteBody(to: MemberId, { term, preVote, last }: Extract<Asking, { type: 'vote' }>) {
    const { nodeId } = this.#options;
    const voterId = nodeOf(to);
    const topics = inTopics({
      ...{ replicaEpoch: term, replicaId: nodeId, replicaDirectoryId: directoryIdOf(nodeId) },
      voterDirectoryId: directoryIdOf(voterId),
      ...{ lastOffsetEpoch: last.term, lastOffset: last.offset, preVote },
    });
    return { ...defaults(voteRequest), clusterId: CLUSTER_ID, voterId, topics };
  }

  #beginBody(to: MemberId, leaderEpoch: number) {
    const voterId = nodeOf(to);
    const leaderId = this.#options.nodeId;
    const topics = inTopics({ voterDirectoryId: directoryIdOf(voterId), leaderId, leaderEpoch });
    const leaderEndpoints = this.#endpoints();
    const named = { clusterId: CLUSTER_ID, voterId };
    return { ...defaults(beginQuorumEpochRequest), ...named, topics, leaderEndpoints };
  }

  #endBody({ term, successors }: Extract<Asking, { type: 'end-epoch' }>) {
    const preferredCandidates = successors.map(nodeOf).map((candidateId) => {
      return { candidateId, candidateDirectoryId: directoryIdOf(candidateId) };
    });
    const leader = { leaderId: this.#options.nodeId, leaderEpoch: term };
    const topics = inTopics({ ...leader, preferredSuccessors: [], preferredCandidates });
    const leaderEndpoints = this.#endpoints();
    const named = { clusterId: CLUSTER_ID };
    return { ...defaults(endQuorumEpochRequest), ...named, topics, leaderEndpoints };
  }

  #endpoints() {
    return this.#options.controllers
      .filter(({ nodeId }) => nodeId === this.#options.nodeId)
      .map(({ host, port }) => ({ name: 'CONTROLLER', host, port }));
  }

  #fetchBody({ term, position }: Extract<Asking, { type: 'fetch' }>) {
    const { nodeId } = this.#options;
    const partition = {
      partition: METADATA_PARTITION,
      currentLeaderEpoch: term,
      fetchOffset: position.offset,
      lastFetchedEpoch: position.term,
      logStartOffset: -1,
      partitionMaxBytes: FETCH_BYTES_MAX,
      replicaDirectoryId: directoryIdOf(nodeId),
    };
    return {
      ...defaults(fetchRequest),
      clusterId: CLUSTER_ID,
      replicaState: { replicaId: nodeId, replicaEpoch: -1 },
      maxWaitMs: FETCH_WAIT_MS,
      maxBytes: FETCH_BYTES_MAX,
      topics: [{ topic: '', topicId: METADATA_TOPIC_ID, partitions: [partition] }],
    };
  }

  #snapshotBody({ term, snapshot, position }: Extract<Asking, { type: 'fetch-snapshot' }>) {
    const { nodeId } = this.#options;
    const partition = {
      partition: METADATA_PARTITION,
      currentLeaderEpoch: term,
      snapshotId: { endOffset: snapshot.offset, epoch: snapshot.term },
      position,
      replicaDirectoryId: directoryIdOf(nodeId),
    };
    return {
      ...defaults(fetchSnapshotRequest),
      ...{ clusterId: CLUSTER_ID, replicaId: nodeId, maxBytes: FETCH_BYTES_MAX },
      topics: [{ name: METADATA_TOPIC, partitions: [partition] }],
    };
  }

  // ---------------------------------------------------------------------------------- the answers

  #voteAnswered(from: MemberId, preVote: boolean, { topics }: VoteResponse): void {
    const answer = topics[0]?.partitions[0];
    if (answer === undefined) return;
    const { leaderId, leaderEpoch: term, voteGranted, errorCode } = answer;
    const granted = voteGranted && errorCode === ErrorCode.NONE;
    const leader = leaderId < 0 ? null : memberOf(leaderId);
    this.#received(from, { type: 'vote-reply', term, preVote, granted, leader });
  }

  #fetched(from: MemberId, position: LogPosition, { responses }: FetchResponse): void {
    const partition = responses[0]?.partitions[0];
    if (partition === undefined) return;
    const { errorCode, currentLeader, highWatermark, divergingEpoch, snapshotId } = partition;
    const term = currentLeader.leaderEpoch;
    if (term < 0) return;
    const leader = currentLeader.leaderId < 0 ? null : memberOf(currentLeader.leaderId);
    const told = { type: 'records', term, leader, highWatermark, round: 0, position } as const;
    if (errorCode !== ErrorCode.NONE) {
      this.#received(from, { ...told, answer: { kind: 'rejected' } });
    } else if (divergingEpoch.endOffset >= 0) {
      const end = { offset: divergingEpoch.endOffset, term: divergingEpoch.epoch };
      this.#received(from, { ...told, answer: { kind: 'diverging', end } });
    } else if (snapshotId.endOffset >= 0) {
      const snapshot = { offset: snapshotId.endOffset, term: snapshotId.epoch };
      this.#received(from, { ...told, answer: { kind: 'snapshot', snapshot } });
    } else {
      const entries = entriesReceived(partition.records ?? new Uint8Array(0), position);
      if (entries === null) return;
      this.#received(from, { ...told, answer: { kind: 'entries', entries } });
    }
  }

  #snapshotFetched(from: MemberId, asked: LogPosition, { topics }: FetchSnapshotResponse): void {
    const partition = topics[0]?.partitions[0];
    if (partition === undefined) return;
    const { errorCode, currentLeader, snapshotId, position, unalignedRecords, size } = partition;
    const { leaderId, leaderEpoch: term } = currentLeader;
    if (errorCode !== ErrorCode.NONE) {
      const leader = leaderId < 0 ? null : memberOf(leaderId);
      const answer = { kind: 'rejected' } as const;
      const told = { leader, highWatermark: 0, round: 0, position: asked, answer };
      // SNAPSHOT_NOT_FOUND comes from the leader itself: the core asks again.
      if (leaderId === nodeOf(from)) return;
      this.#received(from, { type: 'records', term, ...told });
      return;
    }
    const snapshot = { offset: snapshotId.endOffset, term: snapshotId.epoch };
    const last = position + unalignedRecords.length === size;
    const bytes = unalignedRecords;
    this.#received(from, { type: 'snapshot-chunk', term, snapshot, position, bytes, last });
  }
}
