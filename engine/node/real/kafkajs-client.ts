/**
 * The stock client: kafkajs, loaded when it is asked for, since it is no dependency of the engine.
 *
 * kafkajs reads only as a member of a group, an experiment's consumer reads partitions that it was
 * given. So reading uses what kafkajs' own consumer stands on: its cluster and its Fetch.
 */
import type { Kafka } from 'kafkajs';
import { NotOnReal } from './real-lab.ts';

/** A record as kafkajs fetches it. */
interface FetchedMessage {
  readonly offset: string;
  readonly value: Buffer | null;
  readonly isControlRecord?: boolean;
}

interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly messages: readonly FetchedMessage[];
}

interface Fetched {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

interface FetchingBroker {
  fetch(request: {
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: number;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<Fetched>;
}

/** The part of kafkajs' cluster that its own consumer uses. */
export interface FetchingCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(of: { readonly nodeId: string }): Promise<FetchingBroker>;
}

export interface Client {
  readonly kafka: Kafka;
  fetchingCluster(): FetchingCluster;
}

/** Loads kafkajs. Throws `NotOnReal` where it is not installed. */
export async function kafkajsClient(servers: readonly string[]): Promise<Client> {
  const module = await import('kafkajs').catch((error: unknown) => {
    const why = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    throw new NotOnReal(`a real cluster needs the client kafkajs (npm install kafkajs): ${why}`);
  });
  const kafka = new module.Kafka({
    clientId: 'highwater',
    brokers: [...servers],
    logLevel: module.logLevel.NOTHING,
    retry: { retries: 3, initialRetryTime: 100 },
  });
  return { kafka, fetchingCluster: () => fetchingCluster(kafka) };
}

/** The symbol under which a client makes the clusters of its producers and consumers. */
const CREATE_CLUSTER = 'private:Kafka:createCluster';

function fetchingCluster(kafka: Kafka): FetchingCluster {
  const symbols = Object.getOwnPropertySymbols(kafka);
  const symbol = symbols.find(({ description }) => description === CREATE_CLUSTER);
  if (symbol === undefined) throw new NotOnReal('this version of kafkajs is not known: use 2.2');
  const create = (kafka as unknown as Record<symbol, (options: object) => FetchingCluster>)[
    symbol
  ]!;
  return create({ allowAutoTopicCreation: false, metadataMaxAge: 1000 });
}
