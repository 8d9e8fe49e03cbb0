/**
 * What stands in for the engine's producer and consumer: kafkajs, with the same calls. A record is
 * sent when the one before it has its answer, so that offsets do not depend on time.
 *
 * Not here: the cluster that they speak to (`kafka-stand-in.ts`).
 */
import type { Consumer as Reader } from '../../kafka/client/consumer/consumer.ts';
import type { ConsumerRecord } from '../../kafka/client/consumer/completed-fetch.ts';
import type { TopicPartition } from '../../kafka/client/consumer/subscription-state.ts';
import { mayHaveBeenWritten } from '../../kafka/client/producer/produce-result.ts';
import type { ProduceCallback, ProduceResult } from '../../kafka/client/producer/produce-result.ts';
import type { Content, Producer } from '../../kafka/client/producer/producer.ts';
import type { ProducerConfig } from '../../kafka/client/config.ts';
import type { Process } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Client, FetchingCluster } from './kafkajs-client.ts';

type ProducerRecord = Parameters<Producer['send']>[0];
type KafkajsProducer = ReturnType<Client['kafka']['producer']>;

/** How long the broker may keep a fetch that finds nothing. */
const FETCH_WAIT_MS = 50;
const FETCH_BYTES = 1_048_576;
/** Between attempts where there is no leader, say. */
const PAUSE_MS = 50;

/** A topic's name on the real cluster. */
export type TopicNames = (topic: string) => string;

export class RealProducer implements Process, Pick<Producer, 'send'> {
  readonly #producer: KafkajsProducer;
  readonly #names: TopicNames;
  readonly #config: ProducerConfig;
  #last: Promise<void> = Promise.resolve();

  constructor(client: Client, config: ProducerConfig, names: TopicNames) {
    // kafkajs refuses idempotence without retries; so does Kafka's own client.
    const retries = Math.min(config.retries, 10);
    this.#producer = client.kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: config.idempotent,
      retry: { retries, initialRetryTime: config['retry.backoff.ms'] },
    });
    this.#config = config;
    this.#names = names;
  }

  start(): void {
    this.#last = this.#producer.connect();
    // A failure is told by the first send.
    this.#last.catch(() => undefined);
  }

  send(record: ProducerRecord, callback: ProduceCallback = () => undefined): void {
    this.#last = this.#last.then(
      async () => callback(await this.#send(record)),
      (error: unknown) => callback(failureOf(error, record.partition ?? -1)),
    );
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    await this.#producer.disconnect();
  }

  async #send(record: ProducerRecord): Promise<ProduceResult> {
    const { topic, value, key } = record;
    const partition = record.partition ?? 0;
    const text = (given: Content) =>
      given === null || typeof given === 'string' ? given : Buffer.from(given);
    try {
      const [reply] = await this.#producer.send({
        topic: this.#names(topic),
        acks: this.#config.acksOnWire,
        timeout: this.#config['request.timeout.ms'],
        messages: [{ partition, value: text(value), key: text(key ?? null) }],
      });
      const offset = Number(reply?.baseOffset ?? -1);
      return { ok: true, partition, offset, timestamp: -1 };
    } catch (error) {
      return failureOf(error, partition);
    }
  }
}

/** kafkajs wraps the broker's error in its own; without one the request came to nothing. */
function failureOf(error: unknown, partition: number): ProduceResult {
  let at: unknown = error;
  while (at instanceof Error) {
    const { code, cause, originalError } = at as { code?: unknown } & Record<string, unknown> &
      Error;
    if (typeof code === 'number' && code > 0) {
      return { ok: false, partition, errorCode: code, indeterminate: mayHaveBeenWritten(code) };
    }
    at = cause ?? originalError;
  }
  return { ok: false, partition, errorCode: ErrorCode.NETWORK_EXCEPTION, indeterminate: true };
}

type Deliver = (records: readonly ConsumerRecord[], reader: RealConsumer) => void;

export class RealConsumer implements Process, Pick<Reader, 'position' | 'seekToBeginning'> {
  readonly #cluster: FetchingCluster;
  readonly #names: TopicNames;
  readonly #assignment: readonly TopicPartition[];
  readonly #deliver: Deliver;
  readonly #positions = new Map<string, number>();
  #closing = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    client: Client,
    assignment: readonly TopicPartition[],
    names: TopicNames,
    deliver: Deliver,
  ) {
    this.#cluster = client.fetchingCluster();
    this.#assignment = assignment;
    this.#names = names;
    this.#deliver = deliver;
  }

  start(): void {
    for (const partition of this.#assignment) this.#positions.set(nameOf(partition), 0);
    this.#running = this.#run();
  }

  position(partition: TopicPartition): number | null {
    return this.#positions.get(nameOf(partition)) ?? null;
  }

  seekToBeginning(partition: TopicPartition): void {
    this.#positions.set(nameOf(partition), 0);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await this.#cluster.connect();
    for (const { topic } of this.#assignment) {
      await this.#cluster.addTargetTopic(this.#names(topic)).catch(() => undefined);
    }
    while (!this.#closing) {
      for (const partition of this.#assignment) {
        await this.#fetch(partition).catch(async () => {
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          await this.#cluster.refreshMetadata().catch(() => undefined);
        });
      }
    }
    await this.#cluster.disconnect();
  }

  async #fetch({ topic, partition }: TopicPartition): Promise<void> {
    const name = nameOf({ topic, partition });
    const real = this.#names(topic);
    const leaders = this.#cluster.findLeaderForPartitions(real, [partition]);
    const nodeId = Object.keys(leaders)[0];
    if (nodeId === undefined) throw new Error(`${name} has no leader`);
    const broker = await this.#cluster.findBroker({ nodeId });
    const fetchOffset = this.#positions.get(name)!;
    const { responses } = await broker.fetch({
      maxWaitTime: FETCH_WAIT_MS,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      isolationLevel: 0,
      topics: [{ topic: real, partitions: [{ partition, fetchOffset, maxBytes: FETCH_BYTES }] }],
    });
    // A seek since then makes the answer one to another question.
    if (this.#positions.get(name) !== fetchOffset || this.#closing) return;
    const messages = responses[0]?.partitions[0]?.messages ?? [];
    const wanted = messages.filter(({ offset }) => Number(offset) >= fetchOffset);
    const last = wanted[wanted.length - 1];
    if (last === undefined) return;
    this.#positions.set(name, Number(last.offset) + 1);
    const records = wanted.filter((message) => message.isControlRecord !== true);
    this.#deliver(
      records.map(({ offset, value }) => ({
        ...{ topic, partition, offset: Number(offset), leaderEpoch: -1, timestamp: -1 },
        ...{ key: null, value: value === null ? null : new Uint8Array(value), headers: [] },
      })),
      this,
    );
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
