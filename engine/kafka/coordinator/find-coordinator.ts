/**
 * FindCoordinator of a broker that has coordinators: each module that is one brings this handler.
 *
 * Behaviour: the leader of the key's partition of the internal topic is the coordinator. The topic
 * is made when somebody first asks; till then, and while the partition has no leader that is alive,
 * the answer is COORDINATOR_NOT_AVAILABLE. Key types that no module has are INVALID_REQUEST.
 * Not here: brokers without coordinators (`api/10-find-coordinator.ts`).
 * Source: `KafkaApis.handleFindCoordinatorRequest`, `getCoordinator`.
 * Versions: 4 several keys at once (KIP-699).
 */
import { assert } from '../../kernel/assert.ts';
import { errorMessage } from '../../wire/kafka/error-messages.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinator,
} from '../../wire/kafka/messages/find-coordinator.ts';
import { type BrokerParts, apiHandler } from '../api/api-handler.ts';
import type { CoordinatedKeys } from '../broker/broker-module.ts';

const NOWHERE = { nodeId: -1, host: '', port: -1 };
const BATCHED_SINCE = 4;

type Coordinator = FindCoordinatorResponse['coordinators'][number];

export const findCoordinatorHandler = apiHandler<FindCoordinatorRequest>(
  findCoordinator,
  (broker, { apiVersion, body, respond }) => {
    const { keyType, key, coordinatorKeys } = body;
    const kinds = broker.modules.flatMap(({ coordinated }) => coordinated ?? []);
    const kind = kinds.find((one) => one.keyType === keyType) ?? null;
    const keys = apiVersion < BATCHED_SINCE ? [key] : coordinatorKeys;
    const coordinators = keys.map((one) => coordinatorOf(broker, kind, one));
    const first = coordinators[0] ?? failed('', ErrorCode.NONE);
    const { errorCode, nodeId, host, port } = first;
    const message = errorCode === ErrorCode.NONE ? 'NONE' : first.errorMessage;
    const plain = { errorCode, errorMessage: message, nodeId, host, port };
    respond({ throttleTimeMs: 0, ...plain, coordinators } satisfies FindCoordinatorResponse);
  },
);

function failed(key: string, errorCode: number): Coordinator {
  return { key, ...NOWHERE, errorCode, errorMessage: errorMessage(errorCode) };
}

function coordinatorOf(broker: BrokerParts, kind: CoordinatedKeys | null, key: string) {
  const index = kind?.partitionFor(key) ?? null;
  if (kind === null || index === null) return failed(key, ErrorCode.INVALID_REQUEST);
  const image = broker.image();
  const topic = image.topics.get(kind.topic);
  if (topic === undefined) {
    broker.autoTopicCreation.create([kind.topic]);
    return failed(key, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  }
  const partition = topic.partitions[index];
  assert(partition !== undefined, 'a partition of the topic', { topic: kind.topic, index });
  const leader = image.brokers.get(partition.leader);
  const endPoint = leader?.endPoints[0];
  if (leader === undefined || leader.fenced || endPoint === undefined) {
    return failed(key, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  }
  const { host, port } = endPoint;
  return { key, nodeId: leader.id, host, port, errorCode: ErrorCode.NONE, errorMessage: '' };
}
