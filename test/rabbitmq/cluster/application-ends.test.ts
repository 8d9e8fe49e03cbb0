/** RabbitMQ's application on a node ends and begins anew while its links to other nodes stay. */
import { describe, expect, test } from 'vitest';
import { RabbitCluster } from './rabbit-cluster.ts';

/** Seconds after which a publish of another node is taken, and not yet confirmed. */
const TAKEN = 0.0004;

function stopped(cluster: RabbitCluster): void {
  const node = cluster.node('rabbit-1');
  cluster.world.command('rabbit-1', 'stop_app', () => node.stopApplication());
}

function started(cluster: RabbitCluster): void {
  const node = cluster.node('rabbit-1');
  cluster.world.command('rabbit-1', 'start_app', () => node.startApplication());
}

describe('rabbitmq: cluster: the application of a node ends, and its links stay', () => {
  test('rabbitmq: application: what its queue did not confirm is rejected elsewhere (R1)', () => {
    const cluster = new RabbitCluster();
    cluster.channel('rabbit-1').declare('q').after(1);
    const other = cluster.channel('rabbit-2').confirming();
    other.publish('q', 'taken');
    expect(other.after(TAKEN)).toEqual([]);
    expect(cluster.node('rabbit-1').vhosts.get('/')!.queues.get('q')!.inspect!()!.ready).toBe(1);
    stopped(cluster);
    other.publish('q', 'for nobody');
    expect(other.after(1)).toEqual(['nack 1', 'nack 2']);
    started(cluster);
    cluster.advance(5);
    expect(other.publish('q', 'taken again').after(1)).toEqual(['ack 3']);
  });

  test('rabbitmq: application: consumers are there again in 3.13, and cancelled in 4.0', () => {
    for (const release of ['rabbitmq-3.13', 'rabbitmq-4.0'] as const) {
      const cluster = new RabbitCluster({}, release);
      cluster.channel('rabbit-1').declare('q').after(1);
      const other = cluster.channel('rabbit-2');
      expect(other.consume('q', 'c').after(1)).toEqual(['consume: "c"']);
      stopped(cluster);
      const isKept = release === 'rabbitmq-3.13';
      expect(other.after(1)).toEqual(isKept ? [] : ['cancelled c']);
      started(cluster);
      cluster.advance(5);
      expect(other.publish('q', 'a').after(1)).toEqual(isKept ? ['c: a'] : []);
    }
  });

  test('rabbitmq: application: who asks for its queues waits until they are there', () => {
    const cluster = new RabbitCluster();
    cluster.channel('rabbit-1').declare('q').after(1);
    stopped(cluster);
    const other = cluster.channel('rabbit-2');
    expect(other.declare('q', { passive: true }).after(5)).toEqual([]);
    started(cluster);
    expect(other.after(5)).toEqual(['declare: {"queue":"q","messageCount":0,"consumerCount":0}']);
  });

  test('rabbitmq: application: who asks for its queues is told after a minute (404)', () => {
    const cluster = new RabbitCluster();
    cluster.channel('rabbit-1').declare('q').after(1);
    stopped(cluster);
    const other = cluster.channel('rabbit-2');
    const text = "404 failed to perform operation on queue 'q' in vhost '/' due to timeout";
    expect(other.declare('q', { passive: true }).after(61)).toEqual([`declare: ${text}`]);
  });
});
