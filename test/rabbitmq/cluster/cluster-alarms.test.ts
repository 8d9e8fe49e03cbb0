/** Alarms of a cluster: one node that is short of something stops publishers on all of them. */
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../engine/sim/faults.ts';
import { COUNT, publishWhileSlow } from '../slow-queue.ts';
import { MEMBERS, type Member, RabbitCluster } from './rabbit-cluster.ts';

const MB = 1_000_000;

/** The resources that are short as each node has it, and whose alarms rabbit-1 knows. */
function alarmsOf(cluster: RabbitCluster, nodes: readonly Member[] = MEMBERS): readonly string[] {
  return nodes.map((name) => cluster.node(name).inspect().alarms.join(' '));
}

function setFreeLimit(cluster: RabbitCluster, node: Member, bytes: number): void {
  cluster.world.command(node, 'set_disk_free_limit', () =>
    cluster.node(node).alarms.setDiskFreeLimit(bytes),
  );
  cluster.advance(1);
}

/** A node has 60 MB of disk, of which more are to be left, or enough. */
function fill(cluster: RabbitCluster, node: Member): void {
  const { disk } = cluster.world.hostNamed(node)!;
  disk.limitTo(disk.usedBytes + 60 * MB);
  setFreeLimit(cluster, node, 70 * MB);
}

function inject(cluster: RabbitCluster, ...faults: readonly Fault[]): void {
  for (const fault of faults) cluster.inject(fault);
}

describe('rabbitmq: alarms of a cluster', () => {
  test('rabbitmq: alarms: what one node lacks is short on all, until it has enough', () => {
    const cluster = new RabbitCluster();
    fill(cluster, 'rabbit-2');
    expect(alarmsOf(cluster)).toEqual(['disk', 'disk', 'disk']);
    expect(cluster.node('rabbit-1').clusterAlarms.all).toEqual([
      { node: 'rabbit-2', resource: 'disk' },
    ]);
    expect(cluster.node('rabbit-1').alarms.raised).toEqual([]);
    setFreeLimit(cluster, 'rabbit-2', 50 * MB);
    expect(alarmsOf(cluster)).toEqual(['', '', '']);
  });

  test('rabbitmq: alarms: who publishes at another node is not read meanwhile, and is told', () => {
    const seen = publishWhileSlow({ isShort: 3, paused: [] });
    expect(seen.taken).toBeLessThan(COUNT / 2);
    expect(seen.states).toEqual(['running', 'blocking', 'blocked']);
    expect(seen.wasTold).toBe(true);
    expect([seen.arrived, seen.stateAtEnd]).toEqual([COUNT, 'running']);
  });

  test('rabbitmq: alarms: publishers go on when the last node has enough, not the first', () => {
    const cluster = new RabbitCluster();
    fill(cluster, 'rabbit-2');
    fill(cluster, 'rabbit-3');
    setFreeLimit(cluster, 'rabbit-2', 50 * MB);
    expect(alarmsOf(cluster)).toEqual(['disk', 'disk', 'disk']);
    setFreeLimit(cluster, 'rabbit-3', 50 * MB);
    expect(alarmsOf(cluster)).toEqual(['', '', '']);
  });

  test('rabbitmq: alarms: those of a node go when it is down, and are told who comes later', () => {
    const cluster = new RabbitCluster();
    inject(cluster, { fault: 'crash', host: 'rabbit-3' });
    fill(cluster, 'rabbit-2');
    inject(cluster, { fault: 'start', host: 'rabbit-3' });
    cluster.advance(30);
    expect(alarmsOf(cluster)).toEqual(['disk', 'disk', 'disk']);
    inject(cluster, { fault: 'crash', host: 'rabbit-2' });
    cluster.advance(30);
    expect(alarmsOf(cluster, ['rabbit-1', 'rabbit-3'])).toEqual(['', '']);
  });

  test('rabbitmq: alarms: an application that stops takes its own along, then asks', () => {
    const cluster = new RabbitCluster();
    fill(cluster, 'rabbit-2');
    const [one, two] = [cluster.node('rabbit-1'), cluster.node('rabbit-2')];
    cluster.world.command('rabbit-1', 'stop_app', () => one.stopApplication());
    cluster.advance(5);
    cluster.world.command('rabbit-1', 'start_app', () => one.startApplication());
    cluster.advance(5);
    expect(alarmsOf(cluster)).toEqual(['disk', 'disk', 'disk']);
    cluster.world.command('rabbit-2', 'stop_app', () => two.stopApplication());
    cluster.advance(5);
    expect(alarmsOf(cluster, ['rabbit-1', 'rabbit-3'])).toEqual(['', '']);
  });
});
