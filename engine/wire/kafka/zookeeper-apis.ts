/**
 * The APIs between the controller of a ZooKeeper cluster and its brokers. Who imports this file can
 * speak them: a page without ZooKeeper mode does not.
 */
import type { Api } from './api.ts';
import { controlledShutdown } from './messages/controlled-shutdown.ts';
import { leaderAndIsr } from './messages/leader-and-isr.ts';
import { stopReplica } from './messages/stop-replica.ts';
import { updateMetadata } from './messages/update-metadata.ts';

/** By ascending key. */
export const zooKeeperApis: readonly Api[] = Object.freeze([
  leaderAndIsr,
  stopReplica,
  updateMetadata,
  controlledShutdown,
]);
