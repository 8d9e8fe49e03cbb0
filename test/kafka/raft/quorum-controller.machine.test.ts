/** The life of a controller of a quorum: each state and transition, played on a whole cluster. */
import { describe, expect, test } from 'vitest';
import { quorumControllerMachine } from '#engine/kafka/raft/quorum-controller.machine.ts';
import { transitionsOf } from '#engine/lab/swarm/transitions.ts';
import type { Run } from '#engine/lab/run.ts';
import { play } from './quorum-story.ts';

const ACTIVE = 'ACTIVE';

function transitionsIn(run: Run): Set<string> {
  const seen = new Set<string>();
  for (const { kind, data } of run.world.trace.entries()) {
    if (kind !== 'machine' || data['machine'] !== quorumControllerMachine.id) continue;
    const { machine, from, event, to } = data as Record<string, string>;
    if (event !== 'start') seen.add(`${machine}: ${from} ${event} -> ${to}`);
  }
  return seen;
}

describe('kafka: controller quorum: machine', () => {
  test('every transition is met: claim, renounce, and a stop of either kind', () => {
    const isolated = play({}, [
      {
        id: 'isolate',
        do: ({ cluster }, lab) => lab.inject({ fault: 'isolate', host: cluster.activeController! }),
        until: ({ cluster }, lab) =>
          cluster.controllerNames.some(
            (name) => (lab.host(name).process as { state?: string } | null)?.state === ACTIVE,
          ) && lab.now > 12_000_000,
        timeLimitMs: 20_000,
      },
    ]);
    const stopped = play({}, [
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
    const seen = new Set([...transitionsIn(isolated), ...transitionsIn(stopped)]);
    const expected = transitionsOf(quorumControllerMachine);
    expect([...seen].sort()).toEqual([...expected].sort());
  });
});
