/** Mnesia on the nodes of a cluster: one order, restarts, partitions. */
import { describe, expect, test } from 'vitest';
import { mayLoadOwnTables } from '../../../engine/rabbitmq/metadata/mnesia/table-loading.ts';
import { Cluster } from './cluster-rig.ts';
import { VHOST, bind, exchange, queue } from './rig.ts';

const [R1, R2, R3] = ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const;

function cluster(options: ConstructorParameters<typeof Cluster>[1] = {}): Cluster {
  const of = new Cluster(3, options);
  of.advance(5);
  expect(of.names.map((name) => of.isReady(name))).toEqual([true, true, true]);
  expect(of.commit(R1, VHOST)).toBe('applied');
  return of;
}

const same = (of: Cluster, ...names: string[]): void => {
  for (const name of names) expect(of.rows(name)).toBe(of.rows(names[0]!));
};

describe('rabbitmq: metadata: a cluster', () => {
  test('rabbitmq: metadata: what one node declares, all have; of two the later hears it', () => {
    const of = cluster();
    const answers = [of.send(R2, queue('q', true, R2)), of.send(R3, queue('q', true, R3))];
    of.advance(1);
    expect(answers.map((answer) => answer()).toSorted()).toEqual(['applied', 'unchanged']);
    expect(of.queues(R1)).toEqual(['q']);
    same(of, R1, R2, R3);
  });

  test('rabbitmq: metadata: a node that comes back has what was declared without it', () => {
    const of = cluster();
    of.commit(R3, queue('transient', false, R3));
    of.commit(R3, queue('before', true, R3));
    of.inject({ fault: 'crash', host: R3 });
    of.advance(2);
    expect(of.queues(R1)).toEqual(['before']);
    expect(of.commit(R2, queue('while', true, R2))).toBe('applied');
    of.inject({ fault: 'start', host: R3 });
    of.advance(5);
    expect(of.isReady(R3)).toBe(true);
    same(of, R1, R2, R3);
    expect(of.commit(R3, queue('after', true, R3))).toBe('applied');
    same(of, R1, R2, R3);
  });

  test('rabbitmq: metadata: when the coordinator dies, its requests are made again', () => {
    const of = cluster();
    const answers = [of.send(R2, queue('a', true, R2)), of.send(R3, queue('b', true, R3))];
    of.inject({ fault: 'crash', host: R1 });
    of.advance(3);
    expect(answers.map((answer) => answer())).toEqual(['applied', 'applied']);
    same(of, R2, R3);
    of.inject({ fault: 'start', host: R1 });
    of.advance(5);
    same(of, R1, R2, R3);
    expect(of.queues(R1)).toEqual(['a', 'b']);
  });

  test('rabbitmq: metadata: after all were stopped, who stopped first waits for the last', () => {
    const of = cluster();
    for (const name of [R1, R2, R3]) {
      of.commit(R3, queue(`before-${name}`, true, R3));
      of.inject({ fault: 'crash', host: name });
      of.advance(2);
    }
    of.inject({ fault: 'start', host: R1 }, { fault: 'start', host: R2 });
    of.advance(60);
    expect([of.isReady(R1), of.isReady(R2)]).toEqual([false, false]);
    of.inject({ fault: 'start', host: R3 });
    of.advance(5);
    same(of, R1, R2, R3);
    expect(of.queues(R1)).toHaveLength(3);
  });

  test('rabbitmq: metadata: who waits too long for tables ends', () => {
    const settings = { tableLoadingRetryTimeoutMs: 30_000, tableLoadingRetryLimit: 10 };
    const of = cluster({ settings });
    of.inject({ fault: 'crash', host: R1 });
    of.advance(2);
    of.inject({ fault: 'crash', host: R2 }, { fault: 'crash', host: R3 });
    of.inject({ fault: 'start', host: R1 });
    of.advance(299);
    expect([of.isUp(R1), of.isReady(R1)]).toEqual([true, false]);
    of.advance(3);
    expect(of.isUp(R1)).toBe(false);
  });

  test('rabbitmq: metadata: when the power fails everywhere, the first loads its tables', () => {
    const of = cluster();
    of.commit(R3, queue('q', true, R3));
    for (const host of [R1, R2, R3]) of.inject({ fault: 'power', host, unsynced: 'lost' });
    for (const host of [R3, R2, R1]) of.inject({ fault: 'start', host });
    of.advance(10);
    expect(of.queues(R1)).toEqual(['q']);
    same(of, R1, R2, R3);
  });

  test('rabbitmq: metadata: a RAM node has its tables from others, and nothing on its disk', () => {
    const of = cluster({ ram: [R3] });
    of.commit(R3, queue('q', true, R3));
    expect(of.world.hostNamed(R3)!.disk.list('mnesia')).toEqual([]);
    of.inject({ fault: 'crash', host: R3 });
    of.advance(2);
    of.inject({ fault: 'start', host: R3 });
    of.advance(5);
    same(of, R1, R3);
    expect(of.queues(R3)).toEqual(['q']);
  });
});

describe('rabbitmq: metadata: a partition', () => {
  function parted(): Cluster {
    const of = cluster();
    of.inject({ fault: 'partition', groups: [[R1], [R2, R3]] });
    of.advance(30);
    expect(of.commit(R1, queue('left', true, R1))).toBe('applied');
    expect(of.commit(R2, queue('right', true, R2))).toBe('applied');
    return of;
  }

  test('rabbitmq: metadata: both sides go on, and are told when they meet', () => {
    const of = parted();
    of.inject({ fault: 'heal' });
    of.advance(30);
    expect(of.names.map((name) => of.of(name).inconsistent.toSorted())).toEqual([
      [R2, R3],
      [R1],
      [R1],
    ]);
    expect([of.queues(R1), of.queues(R2)]).toEqual([['left'], ['right']]);
    expect(of.commit(R1, queue('more', true, R1))).toBe('applied');
    expect(of.queues(R2)).toEqual(['right']);
  });

  test('rabbitmq: metadata: the side that starts again takes the tables of the other', () => {
    const of = parted();
    of.inject({ fault: 'heal' });
    of.advance(30);
    of.world.command(R1, 'restart', () => of.of(R1).restart());
    of.advance(5);
    expect(of.queues(R1)).toEqual(['right']);
    same(of, R1, R2, R3);
    expect(of.commit(R1, exchange('x'))).toBe('applied');
    expect(of.commit(R3, bind('x', 'right'))).toBe('applied');
    same(of, R1, R2, R3);
    of.inject({ fault: 'crash', host: R1 }, { fault: 'start', host: R1 });
    of.advance(5);
    same(of, R1, R2, R3);
  });
});

describe('rabbitmq: metadata: who may load its own tables', () => {
  const members = ['a', 'b', 'c'];
  const peer = (downs: readonly string[] = [], isDisc = true) => ({
    ...{ isRunning: false, isDisc, downs },
  });
  const may = (
    self: string,
    downs: readonly string[],
    peers: Readonly<Record<string, ReturnType<typeof peer>>>,
    isDisc = true,
  ) =>
    mayLoadOwnTables({
      ...{ self, members, isDisc, downs: new Set(downs) },
      peers: new Map(Object.entries(peers)),
    });

  test('rabbitmq: metadata: one that saw all others go down', () => {
    expect(may('c', ['a', 'b'], {})).toBe(true);
    expect(may('c', ['a'], {})).toBe(false);
    expect(may('c', ['a', 'b'], {}, false)).toBe(false);
  });

  test('rabbitmq: metadata: of those who saw all others go down the first, and nobody else', () => {
    expect(may('b', ['a', 'c'], { c: peer(['a', 'b']) })).toBe(true);
    expect(may('c', ['a', 'b'], { b: peer(['a', 'c']) })).toBe(false);
    // Its tables are older than theirs.
    expect(may('a', [], { b: peer(['a', 'c']), c: peer(['a', 'b']) })).toBe(false);
  });

  test('rabbitmq: metadata: one whom nobody outlived, and of several the first', () => {
    expect(may('a', [], { b: peer(), c: peer() })).toBe(true);
    expect(may('b', [], { a: peer(), c: peer() })).toBe(false);
    expect(may('a', [], { b: peer(['a']), c: peer() })).toBe(false);
    expect(may('b', ['a'], { a: peer(), c: peer() })).toBe(true);
    expect(may('b', [], { a: peer([], false), c: peer() })).toBe(true);
    expect(may('a', [], { b: peer() })).toBe(false);
    // a waits for c; b must not wait for a, who comes before it by name only.
    expect(may('b', [], { a: peer(), c: peer(['a']) })).toBe(true);
    expect(may('c', ['a'], { a: peer(), b: peer() })).toBe(false);
  });
});
