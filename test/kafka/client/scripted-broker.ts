/**
 * A peer on the wire whose replies a test writes by hand: for what a real broker does only in rare
 * moments. It knows ApiVersions and Metadata by itself; everything else is the test's.
 *
 * Not here: a broker (engine/kafka). Tests of what client and broker do together use that one.
 */
import type { Connection, Ports, Process } from '../../../engine/kernel/ports.ts';
import { micros } from '../../../engine/kernel/units.ts';
import { apis } from '../../../engine/wire/kafka/apis.ts';
import type { KafkaRequest, KafkaResponse } from '../../../engine/wire/kafka/frame.ts';
import { apiVersions } from '../../../engine/wire/kafka/messages/api-versions.ts';
import { initProducerId } from '../../../engine/wire/kafka/messages/init-producer-id.ts';
import { metadata, type MetadataResponse } from '../../../engine/wire/kafka/messages/metadata.ts';
import { kafkaProtocol } from '../../../engine/wire/kafka/protocol.ts';

export interface Asked {
  readonly request: KafkaRequest;
  /** How often this API was asked before, on all connections. */
  readonly times: number;
  /** Answers; may be called in a later event. */
  reply(body: unknown, delayMicros?: number): void;
  close(): void;
}

/** A partition as the scripted cluster's metadata tells it. */
export interface ScriptedPartition {
  leader: number;
  leaderEpoch: number;
}

export interface ScriptedCluster {
  readonly brokers: Readonly<Record<number, string>>;
  /** Topic name to partitions; tests change it while they run. */
  readonly topics: Record<string, ScriptedPartition[]>;
}

export class ScriptedBroker implements Process {
  readonly asked: KafkaRequest[] = [];
  readonly handlers = new Map<number, (asked: Asked) => void>();
  private readonly ports: Ports;
  private readonly cluster: ScriptedCluster;

  constructor(ports: Ports, cluster: ScriptedCluster) {
    this.ports = ports;
    this.cluster = cluster;
  }

  /** The requests of one API, in order. */
  of(apiKey: number): KafkaRequest[] {
    return this.asked.filter((request) => request.apiKey === apiKey);
  }

  start(): void {
    this.ports.network.listen(9092, kafkaProtocol, (connection) => ({
      received: (message) => this.received(connection, message as KafkaRequest),
      closed: () => undefined,
    }));
  }

  private received(connection: Connection, request: KafkaRequest): void {
    const times = this.of(request.apiKey).length;
    this.asked.push(request);
    const { apiKey, apiVersion, correlationId } = request;
    const reply = (body: unknown, delayMicros = 0): void => {
      const response: KafkaResponse = { kind: 'response', apiKey, apiVersion, correlationId, body };
      if (delayMicros === 0) connection.send(response);
      else this.ports.clock.after(micros(delayMicros), 'reply', () => connection.send(response));
    };
    const handler = this.handlers.get(apiKey);
    if (handler !== undefined) handler({ request, times, reply, close: () => connection.close() });
    else this.answer(request, reply);
  }

  private answer(request: KafkaRequest, reply: (body: unknown) => void): void {
    if (request.apiKey === apiVersions.key) reply(apiVersionsReply());
    else if (request.apiKey === metadata.key) reply(this.metadataReply(request));
    else if (request.apiKey === initProducerId.key) {
      reply({ throttleTimeMs: 0, errorCode: 0, producerId: 1000, producerEpoch: 0 });
    } else throw new Error(`nobody wrote a reply to API ${apiKey(request)}`);
  }

  private metadataReply(request: KafkaRequest): MetadataResponse {
    const { topics } = request.body as { topics: readonly { name: string }[] };
    const { cluster } = this;
    const nodes = Object.keys(cluster.brokers).map(Number);
    return {
      throttleTimeMs: 0,
      brokers: nodes.map((nodeId) => ({
        ...{ nodeId, host: cluster.brokers[nodeId]!, port: 9092, rack: null },
      })),
      clusterId: 'scripted',
      controllerId: nodes[0]!,
      topics: topics.map(({ name }) => topicReply(name, cluster.topics[name], nodes)),
      clusterAuthorizedOperations: -2147483648,
      errorCode: 0,
    };
  }
}

const apiKey = (request: KafkaRequest): number => request.apiKey;

const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAABA';

function topicReply(
  name: string,
  partitions: readonly ScriptedPartition[] | undefined,
  nodes: readonly number[],
): MetadataResponse['topics'][number] {
  return {
    errorCode: partitions === undefined ? 3 : 0,
    name,
    topicId: partitions === undefined ? NO_TOPIC_ID : TOPIC_ID,
    isInternal: false,
    partitions: (partitions ?? []).map(({ leader, leaderEpoch }, partitionIndex) => ({
      errorCode: leader === -1 ? 5 : 0,
      ...{ partitionIndex, leaderId: leader, leaderEpoch },
      ...{ replicaNodes: nodes, isrNodes: nodes, offlineReplicas: [] },
    })),
    topicAuthorizedOperations: -2147483648,
  };
}

/** What a broker that knows everything the engine knows says of itself. */
export function apiVersionsReply(over: Readonly<Record<number, [number, number]>> = {}): unknown {
  return {
    errorCode: 0,
    apiKeys: apis.map(({ key, versionMin, versionMax }) => ({
      apiKey: key,
      minVersion: over[key]?.[0] ?? versionMin,
      maxVersion: over[key]?.[1] ?? versionMax,
    })),
    throttleTimeMs: 0,
    supportedFeatures: [],
    finalizedFeaturesEpoch: -1,
    finalizedFeatures: [],
    zkMigrationReady: false,
  };
}
