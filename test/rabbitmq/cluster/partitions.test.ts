/** What a cluster does about partitions, by `cluster_partition_handling` (R16). */
import { describe, expect, test } from 'vitest';
import { MEMBERS, RabbitCluster } from './rabbit-cluster.ts';

const MINORITY = { fault: 'partition', groups: [['rabbit-1', 'rabbit-2'], ['rabbit-3']] } as const;

function queuesOf(cluster: RabbitCluster): readonly string[] {
  return MEMBERS.map((name) => [...cluster.node(name).vhosts.get('/')!.queues.keys()].join(' '));
}

/** Each side of a partition declares a queue, and then they meet again. */
function declareApart(cluster: RabbitCluster): void {
  cluster.inject(MINORITY);
  cluster.advance(15);
  cluster.channel('rabbit-1').declare('left');
  cluster.channel('rabbit-3').declare('right');
  cluster.advance(5);
  cluster.inject({ fault: 'heal' });
}

describe('rabbitmq: cluster: partitions', () => {
  test('rabbitmq: partitions: a queue that is declared on one node is known on all', () => {
    const cluster = new RabbitCluster();
    const channel = cluster.channel('rabbit-2').confirming().declare('q');
    expect(channel.after(1)).toEqual(['declare: {"queue":"q","messageCount":0,"consumerCount":0}']);
    expect(channel.publish('q', 'a').after(1)).toEqual(['ack 1']);
    const far = cluster.channel('rabbit-3').consume('q', 'c');
    expect(far.after(1)).toEqual(['consume: "c"', 'c: a']);
    expect(queuesOf(cluster)).toEqual(['q', 'q', 'q']);
  });

  test('rabbitmq: partitions: ignore: both sides go on, and stay apart when they meet', () => {
    const cluster = new RabbitCluster({ clusterPartitionHandling: 'ignore' });
    declareApart(cluster);
    cluster.advance(30);
    expect(cluster.states).toEqual(['running', 'running', 'running']);
    expect(queuesOf(cluster)).toEqual(['left', 'left', 'right']);
    expect(MEMBERS.map((name) => cluster.node(name).partitions)).toEqual([
      ['rabbit-3'],
      ['rabbit-3'],
      ['rabbit-1', 'rabbit-2'],
    ]);
    // Until one side is restarted.
    cluster.inject({ fault: 'crash', host: 'rabbit-3' });
    cluster.advance(2);
    cluster.inject({ fault: 'start', host: 'rabbit-3' });
    cluster.advance(15);
    expect(queuesOf(cluster)).toEqual(['left', 'left', 'left']);
    expect(cluster.node('rabbit-1').partitions).toEqual([]);
  });

  test('rabbitmq: partitions: pause_minority: a node alone takes nothing (R16), then joins', () => {
    const cluster = new RabbitCluster({ clusterPartitionHandling: 'pause_minority' });
    cluster.visit('rabbit-1', 'rabbit-3');
    cluster.inject(MINORITY);
    cluster.advance(15);
    expect(cluster.states).toEqual(['running', 'running', 'paused']);
    expect(cluster.closed).toEqual(['rabbit-3: eof']);
    cluster.visit('rabbit-3');
    cluster.advance(2);
    expect(cluster.closed).toEqual(['rabbit-3: eof', 'rabbit-3: eof']);
    cluster.channel('rabbit-1').declare('left');
    cluster.advance(2);
    cluster.inject({ fault: 'heal' });
    cluster.advance(30);
    expect(cluster.states).toEqual(['running', 'running', 'running']);
    expect(queuesOf(cluster)).toEqual(['left', 'left', 'left']);
    expect(cluster.traced('node-paused')).toEqual(['rabbit-3: majority, 1, 3']);
    expect(cluster.traced('node-resumed')).toHaveLength(1);
  });

  test('rabbitmq: partitions: pause_minority: with no majority anywhere, everything stops', () => {
    const cluster = new RabbitCluster({ clusterPartitionHandling: 'pause_minority' });
    cluster.inject({ fault: 'partition', groups: [['rabbit-1'], ['rabbit-2'], ['rabbit-3']] });
    cluster.advance(15);
    expect(cluster.states).toEqual(['paused', 'paused', 'paused']);
    cluster.inject({ fault: 'heal' });
    cluster.advance(60);
    expect(cluster.states).toEqual(['running', 'running', 'running']);
  });

  test('rabbitmq: partitions: pause_minority: a paused node stops, and starts anew', () => {
    const cluster = new RabbitCluster({ clusterPartitionHandling: 'pause_minority' });
    cluster.inject(MINORITY);
    cluster.advance(15);
    expect(cluster.states[2]).toBe('paused');
    cluster.inject({ fault: 'stop', host: 'rabbit-3' });
    cluster.advance(5);
    expect(cluster.traced('halt')).toEqual(['rabbit-3: shut down']);
    cluster.inject({ fault: 'heal' });
    cluster.inject({ fault: 'start', host: 'rabbit-3' });
    cluster.advance(30);
    expect(cluster.states).toEqual(['running', 'running', 'running']);
  });

  test('rabbitmq: partitions: autoheal: the side with more clients wins, others restart', () => {
    const cluster = new RabbitCluster({ clusterPartitionHandling: 'autoheal' });
    cluster.visit('rabbit-1', 'rabbit-3', 'rabbit-3');
    declareApart(cluster);
    cluster.advance(60);
    expect(cluster.traced('autoheal-decision')).toEqual(['rabbit-1: rabbit-3, rabbit-1 rabbit-2']);
    expect(cluster.traced('autoheal-restart').toSorted()).toEqual([
      'rabbit-1: rabbit-3',
      'rabbit-2: rabbit-3',
    ]);
    expect(cluster.states).toEqual(['running', 'running', 'running']);
    expect(queuesOf(cluster)).toEqual(['right', 'right', 'right']);
    for (const name of MEMBERS) expect(cluster.node(name).partitions).toEqual([]);
  });

  test('rabbitmq: partitions: autoheal: with as many clients, the larger side wins', () => {
    const cluster = new RabbitCluster({ clusterPartitionHandling: 'autoheal' });
    cluster.inject(MINORITY);
    cluster.advance(20);
    cluster.inject({ fault: 'heal' });
    cluster.advance(60);
    expect(cluster.traced('autoheal-decision')).toEqual(['rabbit-1: rabbit-1, rabbit-3']);
    expect(cluster.states).toEqual(['running', 'running', 'running']);
  });

  test('rabbitmq: partitions: a partial one is made whole, or pauses until all are seen', () => {
    const partial = { fault: 'isolate', host: 'rabbit-3', from: ['rabbit-1'] } as const;
    const ignoring = new RabbitCluster({ clusterPartitionHandling: 'ignore' });
    ignoring.inject(partial);
    ignoring.advance(20);
    expect(ignoring.traced('partial-partition').length).toBeGreaterThan(0);
    expect(ignoring.traced('node-down').some((of) => of.includes('disconnect'))).toBe(true);
    const pausing = new RabbitCluster({ clusterPartitionHandling: 'pause_minority' });
    pausing.inject(partial);
    pausing.advance(20);
    expect(pausing.traced('node-paused').some((of) => of.includes('all'))).toBe(true);
    pausing.inject({ fault: 'heal' });
    pausing.advance(60);
    expect(pausing.states).toEqual(['running', 'running', 'running']);
  });

  test('rabbitmq: partitions: a node that has not noticed yet is no partial partition', () => {
    for (let seconds = 0; seconds < 6; seconds++) {
      const cluster = new RabbitCluster({ clusterPartitionHandling: 'autoheal' });
      cluster.advance(seconds);
      const groups = [['rabbit-1'], ['rabbit-2', 'rabbit-3']];
      cluster.inject({ fault: 'partition', groups });
      cluster.advance(15);
      expect(cluster.traced('partial-partition')).toEqual([]);
      expect(cluster.traced('node-down').some((of) => of.includes('disconnect'))).toBe(false);
    }
  });
});
