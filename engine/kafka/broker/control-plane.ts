/**
 * Where a broker learns of the cluster and by what it is a member: with a quorum `lifecycle.ts` and
 * `metadata-subscription.ts`, in a ZooKeeper cluster what is handed in for them.
 *
 * Not here: either of them (`zookeeper/zookeeper-control-plane.ts` is the other).
 */
import type { Address, Ports } from '../../kernel/ports.ts';
import type { MetadataChanges } from '../metadata/delta.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { ControllerChannel } from './controller-channel.ts';

/** A broker's membership, from its start to its end. States are those of `BrokerState`. */
export interface BrokerLifecycle {
  readonly state: string;
  /** Of the present registration, -1 without one. */
  readonly brokerEpoch: number;
  start(): void;
  stop(controlled: boolean): void;
  readyToUnfence(): void;
  metadataAdvanced(): void;
  stopped(): void;
}

/** Keeps the image of the cluster up to date. */
export interface MetadataSource {
  readonly image: MetadataImage;
  start(): void;
  close(): void;
}

export interface ControlPlane {
  readonly lifecycle: BrokerLifecycle;
  readonly subscription: MetadataSource;
  inspect(): unknown;
}

/** The broker, as the parts that are handed in see it. */
export interface PlaneOwner {
  readonly nodeId: number;
  readonly port: number;
  readonly rack: string | null;
  channel(purpose: string): ControllerChannel;
  changed(changes: MetadataChanges): void;
  found(address: Address): void;
  caughtUp(): void;
  shutDown(): void;
}

export type ControlPlaneFactory = (ports: Ports, owner: PlaneOwner) => ControlPlane;
