/**
 * What brokers answer, judged on the wire: K3 (a stale high watermark is not told), K10, K12, and
 * of K20 that an acknowledged offset is that of the very batch that was sent. K18: the responses of
 * a connection come in the order of its requests, whose correlation ids rise.
 *
 * A request is kept until its response passes. Nothing of the broker's request handling is asked,
 * only what its partitions are when it answers.
 */
import { ErrorCode } from '../../../wire/kafka/errors.ts';
import type { KafkaMessage, KafkaRequest, KafkaResponse } from '../../../wire/kafka/frame.ts';
import {
  type BrokerRegistrationRequest,
  brokerRegistration,
} from '../../../wire/kafka/messages/broker-registration.ts';
import {
  type ElectLeadersRequest,
  electLeaders,
} from '../../../wire/kafka/messages/elect-leaders.ts';
import {
  type FetchRequest,
  type FetchResponse,
  fetch,
} from '../../../wire/kafka/messages/fetch.ts';
import {
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  listOffsets,
} from '../../../wire/kafka/messages/list-offsets.ts';
import {
  type ProduceRequest,
  type ProduceResponse,
  produce,
} from '../../../wire/kafka/messages/produce.ts';
import { isBatchProblem, readBatchHeader } from '../../../wire/kafka/record-batch.ts';
import type { SimEndpoint } from '../../../sim/endpoint.ts';
import type { PartitionWatch } from './partition-watch.ts';
import type { ReplicaLedger } from './replica-ledger.ts';

const LATEST = -1;
const CONSUMER = -1;
const UNCLEAN = 1;
const KEPT = new Set<number>([produce.key, fetch.key, listOffsets.key]);

/** What the wire is compared with. */
export interface Watched {
  partition(topic: string, topicId: string, index: number): PartitionWatch | undefined;
  nodeIdOf(host: string): number | undefined;
  violated(invariant: string, what: string): void;
}

/** An offset that a producer is about to be told. */
interface Acknowledgement {
  readonly watch: PartitionWatch;
  readonly nodeId: number;
  readonly offset: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

export class WireChecks {
  /** The host's incarnation by the id that it registers with. */
  readonly incarnations = new Map<string, number>();
  uncleanAsked = false;
  readonly #watched: Watched;
  /** By connection, in the order of sending. */
  readonly #asked = new Map<number, KafkaRequest[]>();
  /** By connection: the correlation id that was answered last. */
  readonly #answered = new Map<number, number>();
  /** By connection: the correlation ids that wait for an answer, in the order of sending. */
  readonly #waiting = new Map<number, number[]>();
  readonly #acknowledgements: Acknowledgement[] = [];

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** A message leaves its sender. */
  sent(endpoint: SimEndpoint, message: unknown): void {
    const { kind, apiKey } = message as KafkaMessage;
    if (kind === 'response') this.#checkOrder(endpoint, message as KafkaResponse);
    if (kind === 'request') this.#request(endpoint, message as KafkaRequest);
    else if (kind === 'response' && KEPT.has(apiKey)) {
      this.#response(endpoint, message as KafkaResponse);
    }
  }

  /** What was acknowledged in this event is in the log of the broker that acknowledged it. */
  checkAcknowledgements(): void {
    if (this.#acknowledgements.length === 0) return;
    for (const told of this.#acknowledgements.splice(0)) {
      const { watch, offset } = told;
      const batch = watch.replicas.get(told.nodeId)?.batchAt(offset);
      if (batch === undefined || batch === null) continue;
      const isIt =
        batch.baseOffset === offset &&
        batch.producerId === told.producerId &&
        batch.producerEpoch === told.producerEpoch &&
        batch.baseSequence === told.baseSequence;
      if (isIt) continue;
      const sent = `sequence ${told.baseSequence} of producer ${told.producerId}`;
      watch.violated('K20', `${sent} was told offset ${offset}, which holds ${batch.baseSequence}`);
    }
  }

  #checkOrder({ id, host }: SimEndpoint, { correlationId }: KafkaResponse): void {
    const before = this.#answered.get(id) ?? -1;
    this.#answered.set(id, correlationId);
    const waiting = this.#waiting.get(id) ?? [];
    const place = waiting.indexOf(correlationId);
    if (place >= 0) waiting.splice(place, 1);
    if (place <= 0 && correlationId > before) return;
    const other = place > 0 ? `before request ${waiting[0]}` : `after request ${before}`;
    const what = `${host.name} answers request ${correlationId} ${other}`;
    this.#watched.violated('K18', `${what} of one connection`);
  }

  /** A Produce with acks=0 has no response. */
  #await({ id }: SimEndpoint, { apiKey, correlationId, body }: KafkaRequest): void {
    if (apiKey === produce.key && (body as ProduceRequest).acks === 0) return;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) this.#waiting.set(id, [correlationId]);
    else waiting.push(correlationId);
  }

  #request(endpoint: SimEndpoint, request: KafkaRequest): void {
    const { apiKey, body } = request;
    this.#await(endpoint, request);
    if (apiKey === brokerRegistration.key) {
      const { incarnationId } = body as BrokerRegistrationRequest;
      const { incarnation } = endpoint.host;
      if (!this.incarnations.has(incarnationId)) this.incarnations.set(incarnationId, incarnation);
    } else if (apiKey === electLeaders.key) {
      this.uncleanAsked ||= (body as ElectLeadersRequest).electionType === UNCLEAN;
    }
    if (!KEPT.has(apiKey)) return;
    if (apiKey === fetch.key) this.#noteFollower(endpoint, body as FetchRequest);
    const asked = this.#asked.get(endpoint.id);
    if (asked === undefined) this.#asked.set(endpoint.id, [request]);
    else asked.push(request);
  }

  #response(endpoint: SimEndpoint, response: KafkaResponse): void {
    const asked = this.#asked.get(endpoint.id);
    if (asked === undefined) return;
    // Those with acks=0 have no response.
    let request = asked.shift();
    while (request !== undefined && request.correlationId !== response.correlationId) {
      request = asked.shift();
    }
    const nodeId = this.#watched.nodeIdOf(endpoint.host.name);
    if (request === undefined || nodeId === undefined) return;
    if (request.apiKey === fetch.key) this.#fetch(nodeId, request.body, response.body);
    else if (request.apiKey === produce.key) this.#produce(nodeId, request.body, response.body);
    else this.#listOffsets(nodeId, request.body, response.body);
  }

  /** K9 needs it: how far a follower has come, in which life and under which epoch. */
  #noteFollower(endpoint: SimEndpoint, body: FetchRequest): void {
    if (replicaOf(body) < 0) return;
    const nodeId = this.#watched.nodeIdOf(endpoint.host.name);
    if (nodeId === undefined) return;
    const { incarnation } = endpoint.host;
    for (const { topic, topicId, partitions } of body.topics) {
      for (const { partition, fetchOffset, currentLeaderEpoch } of partitions) {
        const watch = this.#watched.partition(topic, topicId, partition);
        const ledger = watch?.replicas.get(nodeId);
        if (watch === undefined || ledger === undefined) continue;
        const leaderEpoch =
          currentLeaderEpoch >= 0 ? currentLeaderEpoch : ledger.partition.leaderEpoch;
        const seen = watch.fetched.get(nodeId);
        if (seen?.incarnation === incarnation && seen.leaderEpoch === leaderEpoch) {
          seen.offset = Math.max(seen.offset, fetchOffset);
        } else {
          watch.fetched.set(nodeId, { incarnation, leaderEpoch, offset: fetchOffset });
        }
      }
    }
  }

  #fetch(nodeId: number, asked: unknown, answered: unknown): void {
    const request = asked as FetchRequest;
    const { responses } = answered as FetchResponse;
    const isConsumer = replicaOf(request) < 0;
    for (const [place, { partitions }] of responses.entries()) {
      const topic = request.topics[place];
      for (const [index, answer] of partitions.entries()) {
        const wanted = topic?.partitions[index];
        if (topic === undefined || wanted === undefined) continue;
        if (answer.errorCode !== ErrorCode.NONE) continue;
        const watch = this.#watched.partition(topic.topic, topic.topicId, wanted.partition);
        const ledger = watch?.replicas.get(nodeId);
        if (watch === undefined || ledger === undefined) continue;
        checkFenced(watch, ledger, 'Fetch', wanted.currentLeaderEpoch);
        if (isConsumer) checkSeen(watch, ledger, wanted.fetchOffset, answer.records);
      }
    }
  }

  #listOffsets(nodeId: number, asked: unknown, answered: unknown): void {
    const request = asked as ListOffsetsRequest;
    for (const [place, { name, partitions }] of (
      answered as ListOffsetsResponse
    ).topics.entries()) {
      for (const [index, answer] of partitions.entries()) {
        const wanted = request.topics[place]?.partitions[index];
        const watch = this.#watched.partition(name, '', answer.partitionIndex);
        const ledger = watch?.replicas.get(nodeId);
        if (watch === undefined || ledger === undefined || wanted === undefined) continue;
        if (answer.errorCode !== ErrorCode.NONE) continue;
        checkFenced(watch, ledger, 'ListOffsets', wanted.currentLeaderEpoch);
        if (request.replicaId !== CONSUMER || wanted.timestamp !== LATEST) continue;
        const { leaderEpochStartOffset, log } = ledger.partition;
        if (log.highWatermark >= leaderEpochStartOffset) continue;
        const what = `${ledger.host} told its high watermark ${log.highWatermark} as the end`;
        watch.broken('K3', answer.offset, `${what}, its epoch began at ${leaderEpochStartOffset}`);
      }
    }
  }

  #produce(nodeId: number, asked: unknown, answered: unknown): void {
    const { topicData } = asked as ProduceRequest;
    for (const [place, { name, partitionResponses }] of (
      answered as ProduceResponse
    ).responses.entries()) {
      for (const [index, answer] of partitionResponses.entries()) {
        if (answer.errorCode !== ErrorCode.NONE) continue;
        const records = topicData[place]?.partitionData[index]?.records;
        const watch = this.#watched.partition(name, '', answer.index);
        if (watch === undefined || records === undefined || records === null) continue;
        const header = readBatchHeader(records, 0);
        if (isBatchProblem(header) || header.producerId < 0) continue;
        const { producerId, producerEpoch, baseSequence } = header;
        const of = { producerId, producerEpoch, baseSequence };
        this.#acknowledgements.push({ watch, nodeId, offset: answer.baseOffset, ...of });
      }
    }
  }
}

function replicaOf(request: FetchRequest): number {
  return Math.max(request.replicaId, request.replicaState.replicaId);
}

/** K10: a request of another leader epoch than the broker's never succeeds. */
function checkFenced(
  watch: PartitionWatch,
  { partition, host }: ReplicaLedger,
  what: string,
  epoch: number,
): void {
  if (epoch < 0 || epoch === partition.leaderEpoch) return;
  watch.violated(
    'K10',
    `${what} of epoch ${epoch} succeeded at ${host} in ${partition.leaderEpoch}`,
  );
}

/** K12: a consumer gets what is below the high watermark, and no batch before its offset. */
function checkSeen(
  watch: PartitionWatch,
  { partition, host }: ReplicaLedger,
  fetchOffset: number,
  records: Uint8Array | null,
): void {
  if (records === null || records.length === 0) return;
  const { highWatermark } = partition.log;
  let at = 0;
  while (at < records.length) {
    const header = readBatchHeader(records, at);
    if (isBatchProblem(header)) return;
    at += header.sizeBytes;
    if (header.lastOffset >= fetchOffset && header.lastOffset < highWatermark) continue;
    const batch = `a batch up to ${header.lastOffset} for offset ${fetchOffset}`;
    watch.violated('K12', `${host} with high watermark ${highWatermark} gave ${batch}`);
    return;
  }
}
