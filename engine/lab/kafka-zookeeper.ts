/**
 * The lab's handle on a cluster in ZooKeeper mode, as Kafka was until 3.9: one ZooKeeper server
 * keeps the metadata, and one of the brokers is the controller.
 *
 *     const quorum = zooKeeperMode({ brokers: 3 });
 *     new KafkaCluster(lab, { brokers: 3, profile: 'kafka-3.9', quorum })
 *
 * ZooKeeper's host is `zookeeper-1`; every fault works on it. `activeController` is a broker.
 *
 * A part that is handed in: ZooKeeper would weigh on every lesson. Not here: the mode itself
 * (`kafka/zookeeper/`), the server (`zookeeper/`).
 */
import type { Profile } from '../kafka/profiles.ts';
import { zooKeeperControlPlane } from '../kafka/zookeeper/zookeeper-control-plane.ts';
import { zooKeeperModeNarration } from '../kafka/zookeeper/zookeeper-mode-trace.ts';
import { assert } from '../kernel/assert.ts';
import {
  createZooKeeper,
  ZOOKEEPER_PORT,
  type ZooKeeperServer,
  type ZooKeeperView,
  type ZnodeView,
} from '../zookeeper/zookeeper-server.ts';
import type { Lab } from './experiment.ts';
import type { ControllerQuorum } from './kafka.ts';

const CONTROLLER_PORT = 9093;
/** The host of the ZooKeeper server. */
export const ZOOKEEPER_HOST = 'zookeeper-1';

interface ZooKeeperModeOptions {
  /** As many as the cluster has: each can be the controller. */
  readonly brokers: number;
  /** `zookeeper.session.timeout.ms`; the release's by default. */
  readonly sessionTimeoutMs?: number;
}

/** Brokers that register with ZooKeeper, one of which is the controller. */
export function zooKeeperMode({ brokers, ...options }: ZooKeeperModeOptions): ControllerQuorum {
  assert(brokers >= 1, 'a broker to be the controller', { brokers });
  const servers = [{ host: ZOOKEEPER_HOST, port: ZOOKEEPER_PORT }];
  return {
    controllers: Array.from({ length: brokers }, (_, place) => ({
      nodeId: place + 1,
      host: `broker-${place + 1}`,
      port: CONTROLLER_PORT,
    })),
    controller: () => null,
    forBrokers: ({ profile, settings, decisions }) => ({
      profile: withoutBrokerEpochs(profile),
      controlPlane: zooKeeperControlPlane({ servers, ...options }, profile, settings, decisions),
    }),
    joined(lab) {
      lab.narrateWith(zooKeeperModeNarration);
      lab.addHost(ZOOKEEPER_HOST, createZooKeeper());
    },
  };
}

/** What ZooKeeper shows of itself; null while it is down. */
export function zooKeeperOf(lab: Lab): ZooKeeperView | null {
  return (lab.host(ZOOKEEPER_HOST).process as ZooKeeperServer | null)?.inspect() ?? null;
}

/** A znode, null where there is none, or ZooKeeper is down. */
export function znodeOf(lab: Lab, path: string): ZnodeView | null {
  return zooKeeperOf(lab)?.znodes.find((znode) => znode.path === path) ?? null;
}

/** Here a leader only looks whether a follower is alive (`Partition.isReplicaIsrEligible`). */
function withoutBrokerEpochs(profile: Profile): Profile {
  return { ...profile, switches: { ...profile.switches, brokerEpochInIsrChange: false } };
}
