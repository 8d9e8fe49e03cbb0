/** What a cluster of RabbitMQ, its clients and their calls are told (`rabbitmq.ts`). */
import type { AmqpClientSettings } from '../rabbitmq/client/amqp-client.ts';
import type { PlainProperties } from '../rabbitmq/client/client-channel.ts';
import type { CallArgs, RpcName } from '../rabbitmq/client/rpc.ts';
import type { MembershipModule } from '../rabbitmq/cluster/node-membership.ts';
import type { PartitionHandling } from '../rabbitmq/cluster/node-monitor.ts';
import type { QueueTypeModule } from '../rabbitmq/queue/queue-types.ts';
import type { MetadataStore } from '../rabbitmq/metadata/metadata.ts';
import type { Profile, ProfileName } from '../rabbitmq/profiles.ts';
import type { SwitchName } from '../rabbitmq/profiles/switches.ts';
import type { StoreSettings } from '../rabbitmq/store/store-settings.ts';
import type { PublishStrategy } from './rabbitmq-publisher.ts';

export interface RabbitOptions {
  /** 1 where nothing is said. Their hosts are `rabbit-1`, `rabbit-2`, ... */
  readonly nodes?: number;
  readonly profile?: ProfileName;
  /** Single behaviours set otherwise than the profile has them: historical bugs among them. */
  readonly quirks?: Partial<Record<SwitchName, boolean>>;
  /** The types of queues that can be declared; without this, classic ones. */
  readonly queueTypes?: readonly QueueTypeModule[];
  /** Where nodes keep metadata; in Mnesia without this. */
  readonly metadataStore?: (profile: Profile) => MetadataStore;
  /** Nodes join and leave clusters; without this they are one cluster, for good. */
  readonly membership?: MembershipModule;
  /** Each node begins as a cluster of its own, to be joined to others. */
  readonly apart?: boolean;
  /** What nodes do about partitions (`cluster_partition_handling`); `ignore` without this. */
  readonly partitionHandling?: PartitionHandling;
  /** After so many milliseconds of silence a node is down (`net_ticktime`); 60,000. */
  readonly netTickTimeMs?: number;
  /** Of the files of messages, over the real defaults: how large they are. */
  readonly stores?: Partial<StoreSettings>;
}

/** What is declared, in the words of AMQP; what is left out has AMQP's default. */
export interface Topology {
  readonly exchanges?: readonly CallArgs<'exchange.declare'>[];
  readonly queues?: readonly CallArgs<'queue.declare'>[];
  /** Of a queue: `{ queue, exchange, routingKey, arguments }`. */
  readonly bindings?: readonly CallArgs<'queue.bind'>[];
  /** Of an exchange: `{ destination, source, routingKey, arguments }`. */
  readonly exchangeBindings?: readonly CallArgs<'exchange.bind'>[];
}

/** To which node a client connects first; if that is down, to the others in turn. */
export interface ClientPlace {
  /** From 1; 1 where nothing is said. */
  readonly node?: number;
  readonly client?: Partial<AmqpClientSettings>;
}

export interface PublisherOptions extends Partial<PublishStrategy>, ClientPlace {}

export interface PublishOptions {
  /** The default exchange, where nothing is said, whose routing key is a queue's name. */
  readonly exchange?: string;
  readonly routingKey: string;
  /** How many messages; 1. */
  readonly count?: number;
  /** Come back where no queue takes them. */
  readonly mandatory?: boolean;
  /** `{ deliveryMode: 2 }` is persistent; `{ expiration: '1000' }`, `{ priority: 5 }`, ... */
  readonly properties?: PlainProperties;
  /** Not at once, but so many milliseconds later. */
  readonly delayMs?: number;
  /** Milliseconds between one message and the next; 0: all in one event. */
  readonly everyMs?: number;
  /** Bytes that each body has besides its id. */
  readonly paddingBytes?: number;
}

/** A call of an experiment's own, and what came of it. */
export interface CallResult {
  readonly client: string;
  readonly name: RpcName;
  /** `ok`, or the error, as `404 NOT_FOUND - no queue 'x' in vhost '/'`; null before its answer. */
  outcome: string | null;
}
