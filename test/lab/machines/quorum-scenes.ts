/** Scenes in the simulated world in which controllers of a quorum take and lose their office. */
import type { Lab } from '../../../engine/lab/experiment.ts';
import type { World } from '../../../engine/sim/world.ts';
import type { Story } from '../../kafka/cluster-story.ts';
import { play } from '../../kafka/raft/quorum-story.ts';

/** Long enough for another one to be elected and to claim its office. */
const ELECTED_BY_MICROS = 12_000_000;

const stateOf = (lab: Lab, name: string): string | undefined =>
  (lab.host(name).process as { readonly state?: string } | null)?.state;

/** The active one is cut off: another claims the office, and it renounces. */
function isCutOff(): World {
  const isActive = ({ cluster }: Story, lab: Lab): boolean =>
    cluster.controllerNames.some((name) => stateOf(lab, name) === 'ACTIVE');
  const { world } = play({}, [
    {
      id: 'isolate',
      do: ({ cluster }, lab) => lab.inject({ fault: 'isolate', host: cluster.activeController! }),
      until: (story, lab) => isActive(story, lab) && lab.now > ELECTED_BY_MICROS,
      timeLimitMs: 20_000,
    },
  ]);
  return world;
}

/** The active one and a standby are asked to stop. */
function stop(): World {
  const { world } = play({}, [
    {
      id: 'stop',
      do: ({ cluster }, lab) => {
        const { activeController: active, controllerNames } = cluster;
        lab.inject({ fault: 'stop', host: active! });
        lab.inject({ fault: 'stop', host: controllerNames.find((name) => name !== active)! });
      },
      until: (_, lab) => lab.hosts().filter(({ state }) => state !== 'running').length >= 2,
      timeLimitMs: 5_000,
    },
  ]);
  return world;
}

export const quorumControllerScenes = [isCutOff, stop] as const;
