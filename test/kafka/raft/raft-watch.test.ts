/** What trips the checkers that no switch of the quorum trips: a controller that pretends. */
import { describe, expect, test } from 'vitest';
import type { RaftView } from '#engine/consensus/raft.ts';
import type { RaftController } from '#engine/kafka/raft/raft-controller.ts';
import type { Lab } from '#engine/lab/experiment.ts';
import { play } from './quorum-story.ts';

/** Makes a controller say something else of itself than is true. */
function pretend(lab: Lab, name: string, change: (view: RaftView) => Partial<RaftView>): void {
  const controller = lab.host(name).process as RaftController;
  const truth = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(controller), 'quorum')!;
  Object.defineProperty(controller, 'quorum', {
    get: () => {
      const view = truth.get!.call(controller) as RaftView;
      return { ...view, ...change(view) };
    },
  });
}

function tampered(change: (view: RaftView, leader: RaftView) => Partial<RaftView>) {
  const run = play({}, [
    {
      id: 'tamper',
      do: ({ cluster }, lab) => {
        const active = cluster.activeController!;
        const leader = (lab.host(active).process as RaftController).quorum!;
        const other = cluster.controllerNames.find((name) => name !== active)!;
        pretend(lab, other, (view) => change(view, leader));
      },
      until: () => false,
      timeLimitMs: 3_000,
    },
  ]);
  return run.violation?.invariant ?? null;
}

describe('kafka: controller quorum: checkers', () => {
  test('a controller that pretends nothing is left in peace', () => {
    expect(tampered(() => ({}))).toBeNull();
  });

  test('a second leader of an epoch is T1', () => {
    expect(tampered((_, leader) => ({ role: 'Leader', term: leader.term }))).toBe('T1');
  });

  test('what is committed beyond the log is T6', () => {
    expect(tampered((view) => ({ highWatermark: view.endOffset + 5 }))).toBe('T6');
  });

  test('a leader that appends what is of another epoch is T2', () => {
    const run = play({}, [
      {
        id: 'tamper',
        do: ({ cluster }, lab) => {
          pretend(lab, cluster.activeController!, (view) => ({ term: view.term + 7 }));
          cluster.createTopic('more', { partitions: 1, replicationFactor: 3 });
        },
        until: () => false,
        timeLimitMs: 3_000,
      },
    ]);
    expect(run.violation?.invariant).toBe('T2');
  });
});
