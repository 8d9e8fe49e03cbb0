/** Links between nodes: one for each pair, in order, and whoever is silent is down in time. */
import { describe, expect, test } from 'vitest';
import { LinkedNodes } from './linked-nodes.ts';

const TWO = ['rabbit-1', 'rabbit-2'] as const;
const THREE = [...TWO, 'rabbit-3'] as const;

/** Seconds until the node has heard it. */
function secondsUntil(nodes: LinkedNodes, node: string, what: string): number {
  const began = nodes.world.now;
  nodes.world.run(() => nodes.of(node).heard.includes(what), { micros: 200_000_000 });
  expect(nodes.of(node).heard).toContain(what);
  return (nodes.world.now - began) / 1_000_000;
}

function clear(nodes: LinkedNodes, ...names: readonly string[]): void {
  for (const name of names) nodes.of(name).heard.length = 0;
}

describe('rabbitmq: cluster: links', () => {
  test('rabbitmq: cluster: each pair of nodes that start together has one connection', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const nodes = new LinkedNodes(THREE, () => ({}), seed);
      nodes.advance(30);
      for (const name of THREE) {
        const others = THREE.filter((other) => other !== name);
        expect(nodes.of(name).heard.toSorted()).toEqual(others.map((other) => `+${other}`));
      }
      // Two ends each.
      expect(nodes.world.network.endpoints.size).toBe(6);
    }
  });

  test('rabbitmq: cluster: messages to a name arrive in order, to oneself in a later event', () => {
    const nodes = new LinkedNodes(TWO);
    nodes.advance(1);
    clear(nodes, ...TWO);
    nodes.at('rabbit-1', (links) => {
      for (const text of ['a', 'b', 'c']) links.send('rabbit-2', 'ear', text);
      links.send('rabbit-1', 'ear', 'me');
      expect(nodes.of('rabbit-1').heard).toEqual([]);
      links.send('rabbit-2', 'nobody', 'lost');
    });
    nodes.advance(1);
    expect(nodes.of('rabbit-2').heard).toEqual(['rabbit-1: a', 'rabbit-1: b', 'rabbit-1: c']);
    expect(nodes.of('rabbit-1').heard).toEqual(['rabbit-1: me']);
  });

  test('rabbitmq: cluster: of a killed process others hear at once, and when it is up', () => {
    const nodes = new LinkedNodes(TWO);
    nodes.advance(1);
    clear(nodes, ...TWO);
    nodes.inject({ fault: 'crash', host: 'rabbit-2' });
    nodes.advance(1);
    expect(nodes.of('rabbit-1').heard).toEqual(['-rabbit-2']);
    nodes.at('rabbit-1', (links) => {
      expect(links.isConnected('rabbit-2')).toBe(false);
      links.send('rabbit-2', 'ear', 'lost');
    });
    nodes.inject({ fault: 'start', host: 'rabbit-2' });
    nodes.advance(2);
    expect(nodes.of('rabbit-1').heard).toEqual(['-rabbit-2', '+rabbit-2']);
    expect(nodes.of('rabbit-2').heard).toEqual(['+rabbit-1']);
  });

  test('rabbitmq: cluster: a host without power is down after 45 to 75 s of silence', () => {
    for (let after = 0; after < 16; after += 5) {
      const nodes = new LinkedNodes(TWO);
      nodes.advance(100 + after);
      nodes.inject({ fault: 'power', host: 'rabbit-2' });
      const seconds = secondsUntil(nodes, 'rabbit-1', '-rabbit-2');
      expect(seconds).toBeGreaterThanOrEqual(45);
      expect(seconds).toBeLessThanOrEqual(75);
    }
  });

  test('rabbitmq: cluster: net_ticktime 8 s finds a cut link within 10 s, on both sides', () => {
    const nodes = new LinkedNodes(TWO, () => ({ netTickTimeMs: 8000 }));
    nodes.advance(20);
    nodes.inject({ fault: 'isolate', host: 'rabbit-2' });
    expect(secondsUntil(nodes, 'rabbit-1', '-rabbit-2')).toBeLessThanOrEqual(10);
    expect(secondsUntil(nodes, 'rabbit-2', '-rabbit-1')).toBeLessThanOrEqual(10);
    clear(nodes, ...TWO);
    nodes.inject({ fault: 'heal' });
    nodes.advance(15);
    expect(nodes.of('rabbit-1').heard).toEqual(['+rabbit-2']);
    expect(nodes.of('rabbit-2').heard).toEqual(['+rabbit-1']);
  });

  test('rabbitmq: cluster: a cut that is shorter than net_ticktime loses nothing', () => {
    const nodes = new LinkedNodes(TWO);
    nodes.advance(1);
    clear(nodes, ...TWO);
    nodes.inject({ fault: 'partition', groups: [['rabbit-1'], ['rabbit-2']] });
    nodes.at('rabbit-1', (links) => links.send('rabbit-2', 'ear', 'late'));
    nodes.advance(20);
    nodes.inject({ fault: 'heal' });
    nodes.advance(20);
    expect(nodes.of('rabbit-2').heard).toEqual(['rabbit-1: late']);
    expect(nodes.of('rabbit-1').heard).toEqual([]);
  });

  test('rabbitmq: cluster: who was powered off and on is down and up to who missed it', () => {
    const nodes = new LinkedNodes(TWO);
    nodes.advance(1);
    clear(nodes, ...TWO);
    nodes.inject({ fault: 'power', host: 'rabbit-2' });
    nodes.advance(5);
    expect(nodes.of('rabbit-1').heard).toEqual([]);
    nodes.inject({ fault: 'start', host: 'rabbit-2' });
    nodes.advance(5);
    expect(nodes.of('rabbit-1').heard).toEqual(['-rabbit-2', '+rabbit-2']);
  });

  test('rabbitmq: cluster: nodes with different cookies never meet', () => {
    const nodes = new LinkedNodes(TWO, (host) => ({ cookie: host }));
    nodes.advance(60);
    for (const name of TWO) expect(nodes.of(name).heard).toEqual([]);
  });

  test('rabbitmq: cluster: who is disconnected is down on both sides, and comes back', () => {
    const nodes = new LinkedNodes(TWO);
    nodes.advance(1);
    clear(nodes, ...TWO);
    nodes.at('rabbit-1', (links) => links.disconnect('rabbit-2'));
    nodes.advance(5);
    expect(nodes.of('rabbit-1').heard).toEqual(['-rabbit-2', '+rabbit-2']);
    expect(nodes.of('rabbit-2').heard).toEqual(['-rabbit-1', '+rabbit-1']);
  });
});
