/**
 * What a file of this folder is: the broker's answer to one API, with the versions that it serves.
 * The broker is handed in as the few parts that a handler may touch.
 *
 * Not here: connections and the order of requests (`broker/socket-server.ts`); the table of all
 * handlers (`handlers.ts`).
 */
import type { Ports } from '../../kernel/ports.ts';
import type { Api } from '../../wire/kafka/api.ts';
import type { AutoTopicCreation } from '../broker/auto-topic-creation.ts';
import type { BrokerConfig } from '../broker/broker-config.ts';
import type { BrokerModule } from '../broker/broker-module.ts';
import type { Forwarding } from '../broker/forwarding.ts';
import type { ProducerIds } from '../broker/producer-ids.ts';
import type { Replicas } from '../broker/replicas.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { Profile } from '../profiles.ts';

/** The parts of a broker that answer requests. */
export interface BrokerParts {
  readonly ports: Ports;
  readonly nodeId: number;
  readonly clusterId: string;
  readonly profile: Profile;
  readonly config: BrokerConfig;
  readonly replicas: Replicas;
  readonly forwarding: Forwarding;
  readonly producerIds: ProducerIds;
  readonly autoTopicCreation: AutoTopicCreation;
  /** By API key, in order; those of modules included. */
  readonly handlers: ReadonlyMap<number, ApiHandler>;
  readonly modules: readonly BrokerModule[];
  /** The cluster as far as this broker has heard. */
  image(): MetadataImage;
}

/** One request of one connection, which waits for exactly one of the three answers. */
export interface RequestContext<Q> {
  readonly apiVersion: number;
  readonly clientId: string | null;
  /** Where the client's connection comes from. */
  readonly clientHost: string;
  readonly body: Q;
  /** Calls `hear` once when the connection that the request came over is gone. */
  whenClosed(hear: () => void): void;
  respond(body: unknown): void;
  /** Produce with acks=0: nothing is sent, and the next request may come. */
  respondNothing(): void;
  /** The only way to tell an acks=0 producer of an error. */
  closeConnection(): void;
}

export interface ApiHandler<Q = unknown> {
  readonly api: Api;
  handle(broker: BrokerParts, request: RequestContext<Q>): void;
}

/** A handler with its request's type, as the table of all handlers wants it. */
export function apiHandler<Q>(
  api: Api,
  handle: (broker: BrokerParts, request: RequestContext<Q>) => void,
): ApiHandler {
  return { api, handle: handle as ApiHandler['handle'] };
}
