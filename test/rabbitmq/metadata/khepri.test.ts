/** Khepri on the nodes of a cluster: majorities, restarts, and who hears what. */
import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster-rig.ts';
import { VHOST, bind, exchange, queue } from './rig.ts';

const [R1, R2, R3] = ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const;

function cluster(options: ConstructorParameters<typeof Cluster>[1] = {}): Cluster {
  const of = new Cluster(3, { ...options, store: 'khepri' });
  of.advance(10);
  expect(of.names.map((name) => of.isReady(name))).toEqual([true, true, true]);
  expect(of.commit(R1, VHOST)).toBe('applied');
  return of;
}

function same(of: Cluster, ...names: string[]): void {
  for (const name of names) expect(of.rows(name)).toBe(of.rows(names[0]!));
}

describe('rabbitmq: metadata: Khepri', () => {
  test('rabbitmq: metadata: Khepri: who declared sees it at once, the others soon', () => {
    const of = cluster();
    const answers = [of.send(R2, queue('q', true, R2)), of.send(R3, queue('q', true, R3))];
    of.advance(1);
    expect(answers.map((answer) => answer()).toSorted()).toEqual(['applied', 'unchanged']);
    expect(of.commit(R3, queue('own', true, R3))).toBe('applied');
    expect(of.queues(R3)).toEqual(['own', 'q']);
    of.advance(1);
    same(of, R1, R2, R3);
  });

  test('rabbitmq: metadata: Khepri: a minority cannot declare, and what it reads is old', () => {
    const of = cluster();
    of.inject({ fault: 'partition', groups: [[R1], [R2, R3]] });
    of.advance(30);
    const asked = of.send(R1, queue('left', true, R1));
    expect(of.commit(R2, queue('right', true, R2))).toBe('applied');
    of.advance(29);
    expect(asked()).toBeNull();
    of.advance(2);
    expect(asked()).toBe('unavailable');
    expect([of.queues(R1), of.queues(R3)]).toEqual([[], ['right']]);
    of.inject({ fault: 'heal' });
    of.advance(30);
    expect(of.queues(R1)).toContain('right');
    same(of, R1, R2, R3);
  });

  test('rabbitmq: metadata: Khepri: a power loss of all keeps what was answered', () => {
    const of = cluster();
    for (const change of [exchange('x'), queue('q', true, R2), bind('x', 'q')]) {
      expect(of.commit(R2, change)).toBe('applied');
    }
    const before = of.rows(R2);
    for (const host of of.names) of.inject({ fault: 'power', host, unsynced: 'lost' });
    for (const host of of.names) of.inject({ fault: 'start', host });
    of.advance(20);
    expect(of.rows(R1)).toBe(before);
    same(of, R1, R2, R3);
  });

  test('rabbitmq: metadata: Khepri: transient queues go when their node comes back', () => {
    const of = cluster();
    of.commit(R3, queue('q', false, R3));
    of.inject({ fault: 'crash', host: R3 });
    of.advance(5);
    expect(of.queues(R1)).toEqual(['q']);
    of.inject({ fault: 'start', host: R3 });
    of.advance(10);
    expect(of.isReady(R3)).toBe(true);
    expect([of.queues(R1), of.queues(R3)]).toEqual([[], []]);
  });

  test('rabbitmq: metadata: Khepri: without a majority a node does not start, and ends', () => {
    const of = cluster();
    for (const host of of.names) of.inject({ fault: 'crash', host });
    of.inject({ fault: 'start', host: R1 });
    of.advance(290);
    expect([of.isUp(R1), of.isReady(R1)]).toEqual([true, false]);
    of.advance(30);
    expect(of.isUp(R1)).toBe(false);
  });
});
