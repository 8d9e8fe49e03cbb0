/** What a cluster of Kafka, its topics and its clients are told (`kafka.ts`). */
import type { BrokerOptions } from '../kafka/broker.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import type { Decision } from '../kafka/controller/controller-apis.ts';
import type { Profile, ProfileName, SwitchName } from '../kafka/profiles.ts';
import type { Address, ProcessFactory } from '../kernel/ports.ts';
import type { Lab } from './experiment.ts';

type Settings = Readonly<Record<string, string>>;

export interface KafkaOptions {
  readonly brokers: number;
  readonly profile?: ProfileName;
  /** Single behaviours set otherwise than the profile has them: historical bugs among them. */
  readonly quirks?: Partial<Record<SwitchName, boolean>>;
  /** For every broker, by their real names. */
  readonly settings?: Settings;
  /** Over `settings`, by node id. */
  readonly brokerSettings?: Readonly<Record<number, Settings>>;
  /** What every broker can do besides logs and replicas (`kafka/broker/broker-module.ts`). */
  readonly modules?: readonly BrokerModuleFactory[];
  /** Several controllers that vote (`kafka-quorum.ts`), in place of one that is alone. */
  readonly quorum?: ControllerQuorum;
}

/** What makes the controllers of a cluster, where they are more than one. */
export interface ControllerQuorum {
  readonly controllers: readonly ControllerNode[];
  /** Null where a broker is the controller (ZooKeeper mode, `kafka-zookeeper.ts`). */
  controller(nodeId: number, shared: SharedByControllers): ProcessFactory | null;
  /** What brokers are made with besides: how they hear of the cluster's metadata. */
  forBrokers(shared: SharedByControllers): Partial<BrokerOptions>;
  /** The cluster is there: sentences and invariants of the quorum are registered. */
  joined(lab: Lab): void;
}

/** What all controllers of a cluster are made with. */
export interface SharedByControllers {
  readonly profile: Profile;
  readonly settings: Settings;
  /** What they decide besides, by the brokers' modules. */
  readonly decisions: readonly Decision[];
}

export interface ControllerNode extends Address {
  readonly nodeId: number;
}

export interface TopicOptions {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs?: Settings;
}

/** A record at the moment when its producer is told that it is written. */
export interface Acknowledged {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Whether its producer asked for acks=all. */
  readonly byAll: boolean;
}

/** Of a record: a text, which is written as UTF-8, or bytes. */
export type Key = string | Uint8Array;

export interface SendOptions {
  /** 0 unless another is named; null: the partitioner chooses. */
  readonly partition?: number | null;
  /** Not at once, but so many milliseconds later. */
  readonly delayMs?: number;
  /** Bytes that each record carries besides, in a header. */
  readonly paddingBytes?: number;
}

/** What every client of a cluster is made with. */
export interface ClientOptions {
  readonly bootstrap: readonly Address[];
  readonly profile: Profile;
}
