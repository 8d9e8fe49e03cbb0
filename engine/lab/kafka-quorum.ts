/**
 * The lab's handle on a metadata quorum: several controllers that vote, for a `KafkaCluster`.
 *
 *     new KafkaCluster(lab, { brokers: 3, quorum: raftQuorum({ controllers: 3 }) })
 *
 * The hosts are `controller-1` to `controller-n` with node ids from 100 on; every fault works on
 * them. Controllers that vote not yet (KIP-853) come behind the voters.
 *
 * A part that is handed in: Raft would weigh on every lesson whose controller is alone. Not here:
 * the quorum itself (`kafka/raft/`), its invariants (`check/kafka/raft-watch.ts`).
 */
import { createRaftController, type RaftController } from '../kafka/raft/raft-controller.ts';
import { raftNarration } from '../kafka/raft/raft-trace.ts';
import { snapshotLoader } from '../kafka/raft/snapshot-fetch.ts';
import type { RaftSwitches } from '../consensus/raft-config.ts';
import type { RaftView } from '../consensus/raft.ts';
import { assert } from '../kernel/assert.ts';
import type { Lab } from './experiment.ts';
import { watchRaft } from './check/kafka/raft-watch.ts';
import type { ControllerQuorum, SharedByControllers } from './kafka.ts';

const CONTROLLER_PORT = 9093;
const NODE_ID_FIRST = 100;

export interface RaftQuorumOptions {
  readonly controllers: number;
  /** The first so many vote; all by default. */
  readonly voters?: number;
  /** Settings of controllers only, by their real names (`raft/quorum-config.ts` among them). */
  readonly settings?: Readonly<Record<string, string>>;
  /** Rules of the quorum that are taken away. */
  readonly switches?: Partial<RaftSwitches>;
}

/** Controllers that vote. */
export function raftQuorum(options: RaftQuorumOptions): ControllerQuorum {
  const count = options.controllers;
  const votersCount = options.voters ?? count;
  assert(votersCount >= 1 && votersCount <= count, 'some of the controllers vote', { ...options });
  const controllers = Array.from({ length: count }, (_, place) => ({
    nodeId: NODE_ID_FIRST + place,
    host: `controller-${place + 1}`,
    port: CONTROLLER_PORT,
  }));
  const voters = controllers.slice(0, votersCount).map(({ nodeId }) => nodeId);
  const { switches } = options;
  return {
    controllers,
    controller: (nodeId: number, shared: SharedByControllers) =>
      createRaftController({
        ...{ nodeId, ...shared, controllers, voters },
        settings: { ...shared.settings, ...options.settings },
        ...(switches === undefined ? {} : { switches }),
      }),
    forBrokers: () => ({ snapshots: snapshotLoader }),
    joined(lab) {
      lab.narrateWith(raftNarration);
      watchRaft(
        lab,
        controllers.map(({ host }) => host),
      );
    },
  };
}

/** What a controller shows of the quorum; null while it is down. */
export function quorumOf(lab: Lab, controller: string): RaftView | null {
  return (lab.host(controller).process as RaftController | null)?.quorum ?? null;
}
