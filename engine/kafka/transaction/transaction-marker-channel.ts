/**
 * Has the end of transactions written into their partitions: one WriteTxnMarkers request at a time
 * to each leader, until each partition has its marker. Only then is a transaction complete.
 *
 * Invariant K25: one marker a partition. An answer that was lost is asked for again: the leader
 * then writes a second marker, which ends nothing.
 * Not here: the writing (`api/27-write-txn-markers.ts`), the record of the end
 * (`transaction-coordinator.ts`).
 * Source: `TransactionMarkerChannelManager`, `TransactionMarkerRequestCompletionHandler`.
 */
import { assert } from '../../kernel/assert.ts';
import type { TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
  writeTxnMarkers,
} from '../../wire/kafka/messages/write-txn-markers.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import { NetworkClient, networkClientOptions } from '../network-client.ts';
import type { TopicPartition, TopicPartitions } from './transaction-metadata.ts';

/** The marker of one transaction. */
export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commits: boolean;
  readonly coordinatorEpoch: number;
}

export interface MarkersToSend {
  readonly transactionalId: string;
  /** The partition of `__transaction_state`. */
  readonly shardIndex: number;
  readonly marker: TransactionMarker;
  readonly partitions: TopicPartitions;
}

interface Pending extends MarkersToSend {
  readonly left: Map<string, TopicPartition>;
  readonly done: () => void;
  cancelled: boolean;
}

interface Entry {
  readonly pending: Pending;
  readonly name: string;
  readonly at: TopicPartition;
}

/** What a newer coordinator or producer has made needless. */
const OVERTAKEN: ReadonlySet<number> = new Set([
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.TRANSACTION_COORDINATOR_FENCED,
]);

export class TransactionMarkerChannel {
  readonly #broker: BrokerParts;
  readonly #network: NetworkClient;
  /** By broker; what has no leader yet waits under -1. */
  readonly #queues = new Map<number, Entry[]>();
  readonly #inFlight = new Set<number>();
  readonly #pending = new Set<Pending>();
  #retryTimer: TimerId | null = null;
  #closed = false;

  constructor(broker: BrokerParts) {
    assert(broker.nodeId >= 0, 'a broker', { nodeId: broker.nodeId });
    this.#broker = broker;
    const requestTimeoutMs = broker.config.values['request.timeout.ms'];
    const clientId = `broker-${broker.nodeId}-txn-marker-sender`;
    const options = networkClientOptions(clientId, { requestTimeoutMs, versions: 'fixed' });
    this.#network = new NetworkClient(broker.ports, options);
  }

  /** `done` is called once all partitions have the marker, unless the shard is forgotten. */
  send(markers: MarkersToSend, done: () => void): void {
    const pending = { ...markers, left: new Map(markers.partitions), done, cancelled: false };
    this.#pending.add(pending);
    for (const [name, at] of markers.partitions) this.#enqueue({ pending, name, at });
    if (pending.left.size === 0) this.#finish(pending);
    this.#drainAll();
  }

  /** Another broker coordinates this partition of the log: it sends what is left. */
  forget(shardIndex: number): void {
    for (const pending of this.#pending) {
      if (pending.shardIndex !== shardIndex) continue;
      pending.cancelled = true;
      this.#pending.delete(pending);
    }
  }

  metadataChanged(): void {
    this.#requeueLeaderless();
  }

  close(): void {
    this.#closed = true;
    if (this.#retryTimer !== null) this.#broker.ports.clock.cancel(this.#retryTimer);
    this.#network.close();
  }

  #enqueue(entry: Entry): void {
    const { topic, partition } = entry.at;
    const image = this.#broker.image();
    const registration = image.topics.get(topic)?.partitions[partition];
    if (registration === undefined) {
      // The topic was deleted: there is nothing to end.
      this.#written(entry);
      return;
    }
    const { leader } = registration;
    const isThere = image.brokers.get(leader)?.endPoints[0] !== undefined;
    const queue = this.#queues.get(isThere ? leader : NOBODY) ?? [];
    queue.push(entry);
    this.#queues.set(isThere ? leader : NOBODY, queue);
    if (!isThere) this.#retryLater();
  }

  #drainAll(): void {
    for (const brokerId of [...this.#queues.keys()]) if (brokerId >= 0) this.#drain(brokerId);
  }

  #drain(brokerId: number): void {
    const queue = (this.#queues.get(brokerId) ?? []).filter(({ pending }) => !pending.cancelled);
    if (queue.length === 0 || this.#inFlight.has(brokerId) || this.#closed) return;
    const endPoint = this.#broker.image().brokers.get(brokerId)?.endPoints[0];
    this.#queues.delete(brokerId);
    if (endPoint === undefined) {
      for (const entry of queue) this.#enqueue(entry);
      return;
    }
    this.#inFlight.add(brokerId);
    const { host, port } = endPoint;
    const { key, versionMax } = writeTxnMarkers;
    const channel = this.#network.connectionTo({ host, port });
    channel.send(key, versionMax, requestOf(queue), (reply) => {
      if (this.#closed) return;
      this.#inFlight.delete(brokerId);
      if (reply.ok) this.#answered(queue, reply.body as WriteTxnMarkersResponse);
      else for (const entry of queue) this.#again(entry);
      this.#drain(brokerId);
    });
  }

  #answered(sent: readonly Entry[], response: WriteTxnMarkersResponse): void {
    const codes = new Map<string, number>();
    for (const { producerId, topics } of response.markers) {
      for (const { name, partitions } of topics) {
        for (const { partitionIndex, errorCode } of partitions) {
          codes.set(`${producerId} ${name}-${partitionIndex}`, errorCode);
        }
      }
    }
    for (const entry of sent) {
      const { pending, name } = entry;
      if (pending.cancelled) continue;
      const key = `${pending.marker.producerId} ${name}`;
      const errorCode = codes.get(key) ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      if (errorCode === ErrorCode.NONE) this.#written(entry);
      else if (OVERTAKEN.has(errorCode)) this.#giveUp(pending);
      else this.#again(entry);
    }
  }

  /** A zombie's marker is not written any more: the transaction is another coordinator's to end. */
  #giveUp(pending: Pending): void {
    pending.cancelled = true;
    this.#pending.delete(pending);
    assert(!this.#pending.has(pending), 'given up', { transactionalId: pending.transactionalId });
  }

  #written({ pending, name }: Entry): void {
    if (pending.cancelled) return;
    pending.left.delete(name);
    if (pending.left.size === 0) this.#finish(pending);
  }

  #finish(pending: Pending): void {
    assert(pending.left.size === 0, 'K23: each partition has the marker', {
      transactionalId: pending.transactionalId,
    });
    if (!this.#pending.delete(pending)) return;
    pending.done();
  }

  #again(entry: Entry): void {
    if (entry.pending.cancelled) return;
    const queue = this.#queues.get(NOBODY) ?? [];
    queue.push(entry);
    this.#queues.set(NOBODY, queue);
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#retryTimer !== null || this.#closed) return;
    const { clock } = this.#broker.ports;
    this.#retryTimer = clock.after(microsOfMillis(RETRY_MS), 'txn-marker-retry', () => {
      this.#retryTimer = null;
      this.#requeueLeaderless();
    });
  }

  #requeueLeaderless(): void {
    const waiting = this.#queues.get(NOBODY) ?? [];
    if (waiting.length === 0) return;
    this.#queues.delete(NOBODY);
    for (const entry of waiting) if (!entry.pending.cancelled) this.#enqueue(entry);
    this.#drainAll();
  }
}

const NOBODY = -1;
const RETRY_MS = 100;

function requestOf(entries: readonly Entry[]): WriteTxnMarkersRequest {
  const byPending = new Map<Pending, Map<string, number[]>>();
  for (const { pending, at } of entries) {
    const topics = byPending.get(pending) ?? new Map<string, number[]>();
    topics.set(at.topic, [...(topics.get(at.topic) ?? []), at.partition]);
    byPending.set(pending, topics);
  }
  assert(byPending.size > 0, 'something to write', { entries: entries.length });
  const markers = [...byPending].map(([{ marker }, topics]) => ({
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    transactionResult: marker.commits,
    topics: [...topics].map(([name, partitionIndexes]) => ({ name, partitionIndexes })),
    coordinatorEpoch: marker.coordinatorEpoch,
  }));
  return { markers };
}
