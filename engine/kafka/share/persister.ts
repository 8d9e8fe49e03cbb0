/**
 * A broker's way to the share coordinators: initializes, reads and writes the states of
 * share-partitions, and tries again while a coordinator is moving or being loaded.
 *
 * Not here: what is kept (`share-coordinator-shard.ts`). Source: `DefaultStatePersister`,
 * `PersisterStateManager`. Differences: the coordinator is looked up in this broker's metadata, not
 * by FindCoordinator; each share-partition is a request of its own.
 */
import { assert } from '../../kernel/assert.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Api } from '../../wire/kafka/api.ts';
import {
  initializeShareGroupState,
  type InitializeShareGroupStateRequest,
  readShareGroupState,
  type ReadShareGroupStateRequest,
  type ReadShareGroupStateResponse,
  writeShareGroupState,
  type WriteShareGroupStateRequest,
  type WriteShareGroupStateResponse,
} from '../../wire/kafka/messages/share-group-state.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import { NetworkClient, networkClientOptions } from '../network-client.ts';
import type { SharePartitionKey, ShareState } from './share-coordinator-shard.ts';
import { SHARE_GROUP_STATE_TOPIC, shareStatePartition } from './share-coordinator.ts';

/** `PersisterStateManager`: the waits between attempts, and how many there are. */
const BACKOFF_MS = 1_000;
const BACKOFF_MS_MAX = 30_000;
const ATTEMPTS_MAX = 5;

const RETRIABLE: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR,
]);

type ReadResult = ReadShareGroupStateResponse['results'][number]['partitions'][number];
type Result = WriteShareGroupStateResponse['results'][number]['partitions'][number];

interface Request {
  readonly api: Api;
  readonly key: SharePartitionKey;
  readonly body: unknown;
  readonly done: (result: Result | null, errorCode: number) => void;
}

export class Persister {
  readonly #broker: BrokerParts;
  readonly #network: NetworkClient;
  #closed = false;

  constructor(broker: BrokerParts, purpose: string) {
    assert(broker.nodeId >= 0, 'a broker', { nodeId: broker.nodeId });
    this.#broker = broker;
    const requestTimeoutMs = broker.config.values['request.timeout.ms'];
    const clientId = `broker-${broker.nodeId}-${purpose}`;
    const options = networkClientOptions(clientId, { requestTimeoutMs, versions: 'fixed' });
    this.#network = new NetworkClient(broker.ports, options);
  }

  close(): void {
    this.#closed = true;
    this.#network.close();
  }

  /** Says that there is a share-partition now, and from where on if that is known (else -1). */
  initialize(
    key: SharePartitionKey,
    state: Pick<ShareState, 'stateEpoch' | 'startOffset'>,
    done: (errorCode: number) => void,
  ): void {
    const body: InitializeShareGroupStateRequest = requestOf(key, state);
    const api: Api = initializeShareGroupState;
    this.#send({ api, key, body, done: (_result, errorCode) => done(errorCode) }, 1);
  }

  /** The state, for this broker as leader in `leaderEpoch`; null with an error. */
  read(
    key: SharePartitionKey,
    leaderEpoch: number,
    done: (state: ShareState | null, errorCode: number) => void,
  ): void {
    const body: ReadShareGroupStateRequest = requestOf(key, { leaderEpoch });
    const told = (result: Result | null, errorCode: number): void => {
      if (result === null || errorCode !== ErrorCode.NONE) done(null, errorCode);
      else done({ ...(result as ReadResult), leaderEpoch }, errorCode);
    };
    this.#send({ api: readShareGroupState, key, body, done: told }, 1);
  }

  write(key: SharePartitionKey, state: ShareState, done: (errorCode: number) => void): void {
    const body: WriteShareGroupStateRequest = requestOf(key, state);
    const api: Api = writeShareGroupState;
    this.#send({ api, key, body, done: (_result, errorCode) => done(errorCode) }, 1);
  }

  #send(request: Request, attempt: number): void {
    if (this.#closed) return;
    const endPoint = this.#coordinatorOf(request.key);
    if (endPoint === null) {
      this.#again(request, attempt, ErrorCode.COORDINATOR_NOT_AVAILABLE);
      return;
    }
    const { host, port } = endPoint;
    const { api, key } = request;
    const channel = this.#network.connectionTo({ host, port });
    channel.send(api.key, api.versionMax, request.body, (reply) => {
      if (this.#closed) return;
      if (!reply.ok) {
        this.#again(request, attempt, ErrorCode.COORDINATOR_NOT_AVAILABLE);
        return;
      }
      const { results } = reply.body as WriteShareGroupStateResponse;
      const result = results[0]?.partitions[0];
      assert(result?.partition === key.partition, 'an answer about what was asked', { ...key });
      if (RETRIABLE.has(result.errorCode)) this.#again(request, attempt, result.errorCode);
      else request.done(result, result.errorCode);
    });
  }

  #coordinatorOf(key: SharePartitionKey): { host: string; port: number } | null {
    const image = this.#broker.image();
    const topic = image.topics.get(SHARE_GROUP_STATE_TOPIC);
    if (topic === undefined) {
      this.#broker.autoTopicCreation.create([SHARE_GROUP_STATE_TOPIC]);
      return null;
    }
    const place = shareStatePartition(key, topic.partitions.length);
    const broker = image.brokers.get(topic.partitions[place]?.leader ?? -1);
    return broker === undefined || broker.fenced ? null : (broker.endPoints[0] ?? null);
  }

  #again(request: Request, attempt: number, errorCode: number): void {
    if (attempt >= ATTEMPTS_MAX) {
      request.done(null, errorCode);
      return;
    }
    const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * (1 << (attempt - 1)));
    this.#broker.ports.clock.after(micros(microsOfMillis(waitMs)), 'persister-retry', () =>
      this.#send(request, attempt + 1),
    );
  }
}

function requestOf<T extends object>(key: SharePartitionKey, what: T) {
  const { groupId, topicId, partition } = key;
  return { groupId, topics: [{ topicId, partitions: [{ partition, ...what }] }] };
}
