/**
 * What can be added to a broker: a group coordinator, a transaction coordinator, and the like. A
 * module brings its own settings, its handlers of APIs, and the internal topics that it keeps its
 * state in; the broker tells it when it is elected leader of one of their partitions.
 *
 * A broker without modules carries none of their code. Not here: the modules themselves (`group/`,
 * `transaction/`), what coordinators have in common (`coordinator/`).
 * Source: `BrokerMetadataPublisher`, which tells the coordinators of elections and resignations.
 * Differences: there every broker has all of them.
 */
import type { ApiHandler, BrokerParts } from '../api/api-handler.ts';
import { type ConfigOf, type Settings, splitSettings } from '../config.ts';
import type { Decision } from '../controller/controller-apis.ts';
import type { MetadataChanges } from '../metadata/delta.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { Partition } from '../partition/partition.ts';

/** A kind of module, as a broker is told to have it. */
export interface BrokerModuleFactory<S extends Settings = Settings> {
  /** Settings of the broker that only this module knows, by their real names. */
  readonly settings: S;
  /** What the controllers of such brokers decide besides; whoever makes them hands it on. */
  readonly decisions?: readonly Decision[];
  /** Called once a life of the broker, before it has any metadata. */
  create(parts: BrokerParts, config: ConfigOf<S>): BrokerModule;
}

export interface BrokerModule {
  /** They go before the broker's own handlers of the same APIs. */
  readonly handlers: readonly ApiHandler[];
  /** The internal topics whose elections this module wants to hear of. */
  readonly topics: readonly string[];
  /** For FindCoordinator: the key types that this module's coordinators are found by. */
  readonly coordinated?: readonly CoordinatedKeys[];
  /** This broker leads a partition of `topics` in a new leader epoch. */
  elected(partition: Partition): void;
  /** This broker leads a partition of `topics` no more, or has no replica of it. */
  resigned(topic: string, index: number): void;
  /** Why a transaction that wrote into a partition of `topics` cannot end now; NONE if it can. */
  transactionEnding?(partition: Partition): number;
  /** A transaction that wrote into a partition of `topics` has ended: its marker is appended. */
  transactionEnded?(partition: Partition, end: TransactionEnd): void;
  /** What a chunk of metadata changed, after the replicas took it in; not told of the first one. */
  metadataChanged(image: MetadataImage, changes: MetadataChanges): void;
  /** The broker stops: timers and waiting requests are forgotten. */
  close(): void;
  /** Plain data for views and checkers; its `kind` tells whose it is. */
  inspect?(): unknown;
  /** What a picture of the broker shows besides its logs: the same object if nothing changed. */
  shown?(): unknown;
}

/** A cluster's settings without those that only modules know: what its controllers read. */
export function settingsWithoutModules(
  settings: Readonly<Record<string, string>>,
  modules: readonly BrokerModuleFactory[],
): Readonly<Record<string, string>> {
  return modules.reduce((left, module) => splitSettings(module.settings, left).others, settings);
}

/** The decisions that modules bring, for the controllers of a cluster. */
export function decisionsOf(modules: readonly BrokerModuleFactory[]): readonly Decision[] {
  return modules.flatMap(({ decisions }) => decisions ?? []);
}

/** Keys of FindCoordinator and the partition of an internal topic that each belongs to. */
export interface CoordinatedKeys {
  /** 0: a group; 1: a transactional id; 2: a share group's partition. */
  readonly keyType: number;
  /** The topic. It is made when somebody first asks for a coordinator. */
  readonly topic: string;
  /** Null for a key that cannot be one: INVALID_REQUEST. */
  partitionFor(key: string): number | null;
}

/** The end of a transaction, as its marker in a partition has it (KIP-98). */
export interface TransactionEnd {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commits: boolean;
  /** The marker's. */
  readonly offset: number;
}
