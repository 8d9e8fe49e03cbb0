/**
 * DeleteRecords: moves the log start offset of partitions up, and answers when their live replicas
 * have followed. A part that is handed in (`BrokerModule`).
 *
 * Source: `KafkaApis.handleDeleteRecordsRequest`, `ReplicaManager.deleteRecords`.
 * Not here: the files below the new start, which retention takes (`storage/log-retention.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type DeleteRecordsRequest,
  deleteRecords,
} from '../../wire/kafka/messages/delete-records.ts';
import type { BrokerModule, BrokerModuleFactory } from '../broker/broker-module.ts';
import {
  DelayedDeleteRecords,
  type DeleteRecordsStatus,
  deleteRecordsOnLeader,
  lowWatermarkOf,
} from '../broker/delayed-delete-records.ts';
import { Purgatory } from '../broker/purgatory.ts';
import { type BrokerParts, type RequestContext, apiHandler } from './api-handler.ts';

const INVALID_LOW_WATERMARK = -1;
/** Their records are a coordinator's to delete (`Topic.isInternal`). */
const INTERNAL_TOPICS = ['__consumer_offsets', '__transaction_state', '__share_group_state'];

interface Answer {
  readonly partitionIndex: number;
  readonly lowWatermark: number;
  readonly errorCode: number;
}

/** Lets a broker answer DeleteRecords. */
export const recordDeletion: BrokerModuleFactory<Record<never, never>> = {
  settings: {},
  create: (broker) => new RecordDeletion(broker),
};

class RecordDeletion implements BrokerModule {
  readonly handlers = [
    apiHandler<DeleteRecordsRequest>(deleteRecords, (_broker, request) => this.#handle(request)),
  ];
  readonly topics = [];
  readonly #broker: BrokerParts;
  readonly #purgatory: Purgatory;

  constructor(broker: BrokerParts) {
    this.#broker = broker;
    this.#purgatory = new Purgatory(broker.ports.clock, 'DelayedDeleteRecords');
    broker.replicas.whenProgressed((partition) => this.#purgatory.check(partition));
  }

  elected(): void {}
  resigned(): void {}
  metadataChanged(): void {}

  close(): void {
    this.#purgatory.clear();
  }

  #handle(request: RequestContext<DeleteRecordsRequest>): void {
    const { topics, timeoutMs } = request.body;
    const waiting: DeleteRecordsStatus[] = [];
    const answers = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) =>
        this.#deleteFrom(name, partitionIndex, offset, waiting),
      ),
    }));
    const respond = (): void => {
      const told = answers.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((one) => one()),
      }));
      request.respond({ throttleTimeMs: 0, topics: told });
    };
    if (waiting.length === 0) {
      respond();
      return;
    }
    const operation = new DelayedDeleteRecords(this.#broker.replicas, waiting, respond);
    const names = waiting.map(({ partition }) => partition.name);
    this.#purgatory.tryCompleteElseWatch(operation, names, Math.max(0, timeoutMs));
  }

  /** Moves the start; what is to be answered is known when nothing of the request waits. */
  #deleteFrom(
    topic: string,
    index: number,
    offset: number,
    waiting: DeleteRecordsStatus[],
  ): () => Answer {
    const refuse = (errorCode: number) => (): Answer => ({
      partitionIndex: index,
      lowWatermark: INVALID_LOW_WATERMARK,
      errorCode,
    });
    if (INTERNAL_TOPICS.includes(topic)) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION);
    const { replicas } = this.#broker;
    const partition = replicas.get(topic, index);
    if (partition === undefined) return refuse(replicas.missingError(topic, index));
    const deleted = deleteRecordsOnLeader(replicas, partition, offset);
    if (deleted.errorCode !== ErrorCode.NONE) return refuse(deleted.errorCode);
    assert(deleted.offset <= partition.log.highWatermark, 'K17: below the high watermark', {
      ...deleted,
    });
    const status = {
      partition,
      requiredOffset: deleted.offset,
      lowWatermark: lowWatermarkOf(replicas, partition),
      errorCode: ErrorCode.NONE as number,
    };
    waiting.push(status);
    return () => ({
      partitionIndex: index,
      lowWatermark: status.lowWatermark,
      errorCode: status.errorCode,
    });
  }
}
