/** What happens to a cluster when its active controller goes: the control plane, the data plane. */
import { describe, expect, test } from 'vitest';
import { judgeDelivery } from '#engine/lab/index.ts';
import type { Run } from '#engine/lab/run.ts';
import { isWritten } from '../cluster-story.ts';
import { play } from './quorum-story.ts';

describe('kafka: controller quorum: failover', () => {
  test('three controllers elect one, and a topic is created', () => {
    const run = play({}, []);
    expect(run.violation).toBeNull();
    expect(run.world.failure).toBeNull();
    expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
  });

  test('another controller takes over, and producing goes on meanwhile', () => {
    const run = play({}, [
      {
        id: 'kill',
        do: ({ cluster }, lab) => {
          lab.inject({ fault: 'crash', host: cluster.activeController! });
          cluster.send('producer-1', 'pay', 5);
        },
        until: (_, lab) => lab.history.sent.length === 6 && isWritten(lab),
        timeLimitMs: 500,
      },
      {
        id: 'again',
        until: ({ cluster }) => cluster.activeController !== null,
        timeLimitMs: 30_000,
      },
    ]);
    expect(run.violation).toBeNull();
    expect(run.world.failure).toBeNull();
    expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
    expect(judgeDelivery(run.history).lost).toEqual([]);
  });

  test('a decision that cannot be committed ends with NOT_CONTROLLER and is asked again', () => {
    const run = play({}, [
      {
        id: 'cut-off',
        do: ({ cluster }, lab) => {
          const host = cluster.activeController!;
          const from = cluster.controllerNames.filter((name) => name !== host);
          lab.inject({ fault: 'isolate', host, from });
          cluster.createTopic('late', { partitions: 1, replicationFactor: 3 });
        },
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 20_000,
      },
    ]);
    expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
    const renounced = tracesOf(run, 'controller-renounced');
    expect(renounced.map(({ data }) => data['controller'])).toEqual([100]);
    // The topic was decided twice, and is there once: the first decision was never committed.
    const created = tracesOf(run, 'topic-change').filter(({ data }) => data['topic'] === 'late');
    expect(created.map(({ host }) => host).filter((host) => host === 'controller-1')).toHaveLength(
      1,
    );
    expect(new Set(created.map(({ host }) => host)).size).toBe(2);
    expect(run.violation).toBeNull();
  });

  test('sessions begin anew with the new controller: a broker that dies with the old one', () => {
    const died: number[] = [];
    const run = play({}, [
      {
        id: 'both-die',
        do: ({ cluster }, lab) => {
          died.push(lab.now);
          lab.inject({ fault: 'crash', host: cluster.activeController! });
          lab.inject({ fault: 'crash', host: 'broker-3' });
        },
        until: ({ cluster }, lab) => {
          const isFenced = cluster.controller?.brokers.find(({ id }) => id === 3)?.fenced === true;
          if (isFenced) died.push(lab.now);
          return isFenced;
        },
        timeLimitMs: 40_000,
      },
    ]);
    const [struck, fenced] = died;
    const claimed = tracesOf(run, 'controller-active').find(({ at }) => at > struck!)!.at;
    expect(Math.round((fenced! - claimed) / 1_000_000)).toBe(9);
    expect(run.violation).toBeNull();
  });

  test('without a majority nothing is decided, and what was asked is done when one is back', () => {
    let isDone = true;
    const run = play({}, [
      {
        id: 'majority-dies',
        do: ({ cluster }, lab) => {
          for (const host of ['controller-1', 'controller-2']) lab.inject({ fault: 'power', host });
          cluster.createTopic('late', { partitions: 1, replicationFactor: 3 });
          cluster.send('producer-1', 'pay', 5);
        },
        until: ({ cluster }) => {
          isDone = cluster.leaderOf('late', 0) !== null;
          return isDone;
        },
        timeLimitMs: 15_000,
      },
      {
        id: 'one-is-back',
        do: (_, lab) => lab.inject({ fault: 'start', host: 'controller-2' }),
        until: ({ cluster }) => cluster.partitionsReady(true),
        timeLimitMs: 20_000,
      },
    ]);
    expect(run.steps.find(({ id }) => id === 'majority-dies')!.reached).toBe(false);
    expect(run.steps.find(({ id }) => id === 'one-is-back')!.reached).toBe(true);
    expect(run.history.sent.filter((one) => one.outcome !== 'acknowledged')).toEqual([]);
    expect(run.violation).toBeNull();
  });

  test('all controllers lose power at once, and forget nothing that was decided', () => {
    const run = play({}, [
      {
        id: 'power',
        do: ({ cluster }, lab) => {
          for (const host of cluster.controllerNames) {
            lab.inject({ fault: 'power', host });
            lab.inject({ fault: 'start', host });
          }
        },
        until: ({ cluster }) => cluster.activeController !== null && cluster.partitionsReady(true),
        timeLimitMs: 20_000,
      },
    ]);
    expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
    expect(run.violation).toBeNull();
    expect(judgeDelivery(run.history).lost).toEqual([]);
  });
});

function tracesOf(run: Run, kind: string) {
  return [...run.world.trace.entries()].filter((entry) => entry.kind === kind);
}
