/**
 * The share coordinator: keeps the state of share-partitions in `__share_group_state`, and answers
 * the five APIs by which brokers initialize, read, write and delete it.
 *
 * Not here: what the state is (`share-coordinator-shard.ts`), who asks (`persister.ts`).
 * Source: `ShareCoordinatorService`. Differences: each share-partition of a request is an operation
 * of its own there, too, but those of one request are answered in turn here.
 */
import { assert } from '../../kernel/assert.ts';
import { errorMessage } from '../../wire/kafka/error-messages.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  deleteShareGroupState,
  type DeleteShareGroupStateRequest,
  initializeShareGroupState,
  type InitializeShareGroupStateRequest,
  readShareGroupState,
  type ReadShareGroupStateRequest,
  readShareGroupStateSummary,
  type ReadShareGroupStateSummaryRequest,
  writeShareGroupState,
  type WriteShareGroupStateRequest,
} from '../../wire/kafka/messages/share-group-state.ts';
import { type ApiHandler, apiHandler, type BrokerParts } from '../api/api-handler.ts';
import { CoordinatorRuntime } from '../coordinator/coordinator-runtime.ts';
import { partitionFor } from '../coordinator/partition-for.ts';
import {
  ShareCoordinatorShard,
  type SharePartitionKey,
  sharePartitionName,
  type ShareState,
  type ShareStateRecord,
  shareStateRecordCodec,
  type ShareStateResult,
} from './share-coordinator-shard.ts';
import type { ShareModuleConfig } from './share-coordinator-config.ts';

export const SHARE_GROUP_STATE_TOPIC = '__share_group_state';
/** `group:topic id:partition`. */
const KEY_PARTS = 3;

export class ShareCoordinator extends CoordinatorRuntime<ShareCoordinatorShard, ShareStateRecord> {
  readonly handlers: readonly ApiHandler[];

  constructor(broker: BrokerParts, config: ShareModuleConfig) {
    const { clock } = broker.ports;
    const updatesPerSnapshot = config['share.coordinator.snapshot.update.records.per.snapshot'];
    super(broker, {
      topic: SHARE_GROUP_STATE_TOPIC,
      codec: shareStateRecordCodec,
      makeShard: () =>
        new ShareCoordinatorShard({ clock, updatesPerSnapshot, image: () => broker.image() }),
      writeTimeoutMs: config['share.coordinator.write.timeout.ms'],
      loadBufferBytes: config['share.coordinator.load.buffer.size'],
    });
    const partitions = (): number =>
      broker.image().topics.get(SHARE_GROUP_STATE_TOPIC)?.partitions.length ??
      config['share.coordinator.state.topic.num.partitions'];
    this.handlers = stateHandlers(this, (key) => shareStatePartition(key, partitions()));
  }
}

/** The partition of `__share_group_state` that a share-partition belongs to. */
export function shareStatePartition(key: SharePartitionKey, partitions: number): number {
  return partitionFor(sharePartitionName(key), partitions);
}

/** A key of FindCoordinator; null if it is none (`SharePartitionKey.validate`). */
export function isSharePartitionName(name: string): boolean {
  const parts = name.split(':');
  assert(parts.length >= 1, 'a text has a part', { name });
  return parts.length >= KEY_PARTS && /^[0-9]+$/.test(parts.at(-1) ?? '');
}

interface Result {
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

interface Asked<P extends { readonly partition: number }> {
  readonly groupId: string;
  readonly topics: readonly { readonly topicId: string; readonly partitions: readonly P[] }[];
}

/** A state, or NONE, or the code of an error. */
type Outcome = ShareState | number;

function withoutState(partition: number, outcome: Outcome): Result {
  const errorCode = typeof outcome === 'number' ? outcome : ErrorCode.NONE;
  const isFine = errorCode === ErrorCode.NONE;
  return { partition, errorCode, errorMessage: isFine ? null : errorMessage(errorCode) };
}

const NO_STATE: ShareState = { stateEpoch: 0, startOffset: 0, leaderEpoch: 0, stateBatches: [] };

function withState(partition: number, outcome: Outcome): Result {
  const state = typeof outcome === 'number' ? NO_STATE : outcome;
  const { stateEpoch, leaderEpoch, startOffset, stateBatches } = state;
  const told = { stateEpoch, leaderEpoch, startOffset, stateBatches };
  return { ...withoutState(partition, outcome), ...told };
}

function stateHandlers(
  runtime: ShareCoordinator,
  placeOf: (key: SharePartitionKey) => number,
): readonly ApiHandler[] {
  /** Does to each share-partition of a request what `operation` says, and answers once for all. */
  function forEach<P extends { readonly partition: number }>(
    { groupId, topics }: Asked<P>,
    operation: (
      key: SharePartitionKey,
      asked: P,
    ) => (shard: ShareCoordinatorShard) => ShareStateResult<Outcome>,
    resultOf: (partition: number, outcome: Outcome) => Result,
    respond: (body: unknown) => void,
  ): void {
    const results = topics.map(({ topicId }) => ({ topicId, partitions: [] as Result[] }));
    let left = topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
    if (left === 0) respond({ results });
    for (const [place, { topicId, partitions }] of topics.entries()) {
      for (const asked of partitions) {
        const key = { groupId, topicId, partition: asked.partition };
        runtime.write(placeOf(key), operation(key, asked), ({ errorCode, response }) => {
          results[place]?.partitions.push(resultOf(asked.partition, response ?? errorCode));
          if (--left === 0) respond({ results });
        });
      }
    }
  }
  return [
    apiHandler<InitializeShareGroupStateRequest>(
      initializeShareGroupState,
      (_broker, { body, respond }) =>
        forEach(
          body,
          (key, one) => (shard) => shard.initialize(key, one.stateEpoch, one.startOffset),
          withoutState,
          respond,
        ),
    ),
    apiHandler<ReadShareGroupStateRequest>(readShareGroupState, (_broker, { body, respond }) =>
      forEach(body, (key, one) => (shard) => shard.read(key, one.leaderEpoch), withState, respond),
    ),
    apiHandler<WriteShareGroupStateRequest>(writeShareGroupState, (_broker, { body, respond }) =>
      forEach(body, (key, one) => (shard) => shard.write(key, one), withoutState, respond),
    ),
    apiHandler<DeleteShareGroupStateRequest>(deleteShareGroupState, (_broker, { body, respond }) =>
      forEach(body, (key) => (shard) => shard.delete(key), withoutState, respond),
    ),
    apiHandler<ReadShareGroupStateSummaryRequest>(
      readShareGroupStateSummary,
      (_broker, { body, respond }) =>
        forEach(
          body,
          (key) => (shard) => ({ records: [], response: shard.summary(key) }),
          withState,
          respond,
        ),
    ),
  ];
}
