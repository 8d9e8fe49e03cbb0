/** Nodes that join a cluster, leave it, and are forgotten: what becomes of them, and of queues. */
import { describe, expect, test } from 'vitest';
import { coordinationSystem } from '#engine/rabbitmq/ra/coordination.ts';
import { ChangingCluster } from './changing-cluster.ts';
import { type Member, MEMBERS } from './rabbit-cluster.ts';

/** With Mnesia, with and without mirrors, and with Khepri. */
const RELEASES = ['rabbitmq-3.13', 'rabbitmq-4.1', 'rabbitmq-4.3'] as const;
const WITH_MNESIA = ['rabbitmq-3.10', 'rabbitmq-4.1'] as const;

function withUser(cluster: ChangingCluster, at: 'rabbit-1' | 'rabbit-2', user: string): void {
  cluster.on(at, ({ administration }) => administration.addUser(user, 'secret', [], () => {}));
  cluster.advance(2);
}

describe.each(RELEASES)('rabbitmq: membership: a node joins, in %s', (release) => {
  test('rabbitmq: join: a node has the tables of the cluster, and loses its own', () => {
    const cluster = new ChangingCluster({ release });
    withUser(cluster, 'rabbit-1', 'ann');
    withUser(cluster, 'rabbit-2', 'bob');
    cluster.channel('rabbit-2').declare('mine').after(1);
    expect(cluster.clusters).toEqual(['1 1', '2 2', '3 3']);
    expect(cluster.join('rabbit-2', 'rabbit-1')).toBe('ok');
    expect(cluster.clusters).toEqual(['12 12', '12 12', '3 3']);
    expect(cluster.users('rabbit-2')).toEqual(cluster.users('rabbit-1'));
    expect(cluster.users('rabbit-2')).toContain('ann');
    expect(cluster.users('rabbit-2')).not.toContain('bob');
    expect(cluster.queues('rabbit-2')).toEqual([]);
  });

  test('rabbitmq: join: by any member, whatever its name, and all declare with all', () => {
    const cluster = new ChangingCluster({ release });
    expect(cluster.join('rabbit-3', 'rabbit-2')).toBe('ok');
    expect(cluster.join('rabbit-1', 'rabbit-3')).toBe('ok');
    expect(cluster.clusters).toEqual(['123 123', '123 123', '123 123']);
    for (const name of ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const) {
      expect(cluster.channel(name).declare(`of-${name}`).after(2)).toHaveLength(1);
    }
    for (const name of ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const) {
      expect([...cluster.queues(name)].sort()).toEqual([
        'of-rabbit-1',
        'of-rabbit-2',
        'of-rabbit-3',
      ]);
    }
    const channel = cluster.channel('rabbit-2').confirming().publish('of-rabbit-1', 'a');
    expect(channel.after(2)).toEqual(['ack 1']);
  });

  test('rabbitmq: join: who is a member already, itself, or cannot be reached is told', () => {
    const cluster = new ChangingCluster({ release });
    cluster.join('rabbit-2', 'rabbit-1');
    cluster.stopApp('rabbit-2');
    const join = (target: 'rabbit-1' | 'rabbit-2' | 'rabbit-3'): string =>
      cluster.ask('rabbit-2', (membership, done) => membership.join(target, 'disc', done), 90);
    expect(join('rabbit-1')).toBe('already_member');
    expect(join('rabbit-2')).toBe('cannot_cluster_node_with_itself');
    cluster.stopApp('rabbit-3');
    expect(join('rabbit-3')).toBe('mnesia_not_running');
    cluster.crash('rabbit-3');
    expect(join('rabbit-3')).toBe('nodedown');
    cluster.startApp('rabbit-2');
    expect(cluster.join('rabbit-2', 'rabbit-1')).toBe('already_member');
    cluster.startApp('rabbit-2');
    expect(cluster.clusters).toEqual(['12 12', '12 12', 'down']);
  }, 20_000);

  test('rabbitmq: join: it stays a member through a loss of power of all', () => {
    const cluster = new ChangingCluster({ release }).joined();
    cluster.channel('rabbit-2').declare('q').after(2);
    for (const name of ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const) cluster.crash(name, 'power');
    cluster.advance(1);
    for (const name of ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const) cluster.start(name);
    cluster.advance(40);
    expect(cluster.clusters).toEqual(['123 123', '123 123', '123 123']);
    expect(cluster.queues('rabbit-3')).toEqual(['q']);
  });

  test('rabbitmq: join: a member that was down meanwhile knows the new one when it starts', () => {
    const cluster = new ChangingCluster({ release });
    cluster.join('rabbit-2', 'rabbit-1');
    // With Khepri the two are needed for a change.
    if (release !== 'rabbitmq-4.3') cluster.crash('rabbit-2');
    cluster.advance(1);
    expect(cluster.join('rabbit-3', 'rabbit-1')).toBe('ok');
    if (release !== 'rabbitmq-4.3') cluster.start('rabbit-2');
    cluster.advance(30);
    expect(cluster.clusters).toEqual(['123 123', '123 123', '123 123']);
  });
});

describe.each(RELEASES)('rabbitmq: membership: a node leaves, in %s', (release) => {
  test('rabbitmq: reset: a node leaves its cluster with nothing, and the others go on', () => {
    const cluster = new ChangingCluster({ release }).joined();
    withUser(cluster, 'rabbit-1', 'ann');
    cluster.channel('rabbit-1').declare('kept').after(1);
    cluster.channel('rabbit-3').declare('gone').after(1);
    expect(cluster.ask('rabbit-3', (membership, done) => membership.reset(done))).toBe(
      'mnesia_unexpectedly_running',
    );
    cluster.stopApp('rabbit-3');
    expect(cluster.ask('rabbit-3', (membership, done) => membership.reset(done))).toBe('ok');
    cluster.startApp('rabbit-3');
    expect(cluster.clusters).toEqual(['12 12', '12 12', '3 3']);
    expect(cluster.users('rabbit-3')).toEqual(['guest']);
    expect(cluster.queues('rabbit-1')).toEqual(['kept']);
    expect(cluster.channel('rabbit-2').declare('new').after(2)).toHaveLength(1);
  });

  test('rabbitmq: reset: the first of all leaves, and the others go on', () => {
    const cluster = new ChangingCluster({ release }).joined();
    cluster.stopApp('rabbit-1');
    expect(cluster.ask('rabbit-1', (membership, done) => membership.reset(done), 60)).toBe('ok');
    cluster.startApp('rabbit-1');
    expect(cluster.clusters).toEqual(['1 1', '23 23', '23 23']);
    expect(cluster.channel('rabbit-2').declare('new').after(2)).toHaveLength(1);
    expect(cluster.queues('rabbit-3')).toEqual(['new']);
    expect(cluster.queues('rabbit-1')).toEqual([]);
  });

  test('rabbitmq: forget: not one that runs, nor one that is no member', () => {
    const cluster = new ChangingCluster({ release });
    cluster.join('rabbit-2', 'rabbit-1');
    expect(cluster.forget('rabbit-1', 'rabbit-2')).toBe('rabbit_still_running');
    expect(cluster.forget('rabbit-1', 'rabbit-1')).toBe('rabbit_still_running');
    expect(cluster.forget('rabbit-1', 'rabbit-3')).toBe('not_a_cluster_node');
    cluster.stopApp('rabbit-1');
    expect(cluster.forget('rabbit-1', 'rabbit-2')).toBe('offline_node_no_offline_flag');
  });

  test('rabbitmq: forget: classic queues of the node go, those of others stay', () => {
    const cluster = new ChangingCluster({ release }).joined();
    cluster.channel('rabbit-2').declare('kept').after(1);
    cluster.channel('rabbit-3').declare('gone').after(1);
    cluster.crash('rabbit-3');
    cluster.advance(12);
    expect(cluster.queues('rabbit-1')).toEqual(['kept', 'gone']);
    expect(cluster.forget('rabbit-1', 'rabbit-3')).toBe('ok');
    expect(cluster.queues('rabbit-1')).toEqual(['kept']);
    expect(cluster.queues('rabbit-2')).toEqual(['kept']);
    expect(cluster.clusters).toEqual(['12 12', '12 12', 'down']);
  });
});

describe('rabbitmq: membership: who was forgotten', () => {
  test.each(WITH_MNESIA)(
    'rabbitmq: forget: it does not start (%s), until it is reset',
    (release) => {
      const cluster = new ChangingCluster({ release }).joined();
      cluster.stopApp('rabbit-3');
      expect(cluster.forget('rabbit-1', 'rabbit-3')).toBe('ok');
      cluster.startApp('rabbit-3');
      expect(cluster.clusters).toEqual(['12 12', '12 12', '123 stopped']);
      expect(cluster.node('rabbit-3').startProblem).toBe(
        "Node 'rabbit@rabbit-3' thinks it's clustered with node 'rabbit@rabbit-2', " +
          "but 'rabbit@rabbit-2' disagrees",
      );
      expect(cluster.ask('rabbit-3', (membership, done) => membership.reset(done))).toBe('ok');
      cluster.startApp('rabbit-3');
      expect(cluster.clusters).toEqual(['12 12', '12 12', '3 3']);
    },
  );

  test('rabbitmq: forget: its process ends when it is started anew (inconsistent_cluster)', () => {
    const cluster = new ChangingCluster().joined();
    cluster.crash('rabbit-3');
    cluster.advance(12);
    expect(cluster.forget('rabbit-1', 'rabbit-3')).toBe('ok');
    cluster.start('rabbit-3');
    cluster.advance(20);
    expect(cluster.isUp('rabbit-3')).toBe(false);
  });

  test('rabbitmq: forget: with Khepri one that can be reached is reset by that (4.3)', () => {
    const cluster = new ChangingCluster({ release: 'rabbitmq-4.3' }).joined();
    withUser(cluster, 'rabbit-1', 'ann');
    cluster.stopApp('rabbit-3');
    expect(cluster.forget('rabbit-1', 'rabbit-3')).toBe('ok');
    expect(cluster.clusters[2]).toBe('3 stopped');
    cluster.startApp('rabbit-3');
    expect(cluster.clusters).toEqual(['12 12', '12 12', '3 3']);
    expect(cluster.users('rabbit-3')).toEqual(['guest']);
  });

  test('rabbitmq: force_reset: the others still count it, and it cannot join them again', () => {
    const cluster = new ChangingCluster().joined();
    cluster.stopApp('rabbit-3');
    const forced = cluster.ask('rabbit-3', (membership, done) => membership.forceReset(done));
    expect(forced).toBe('ok');
    expect(cluster.clusters).toEqual(['123 12', '123 12', '3 stopped']);
    cluster.startApp('rabbit-3');
    expect(cluster.join('rabbit-3', 'rabbit-1')).toBe('inconsistent_cluster');
    cluster.startApp('rabbit-3');
    expect(cluster.forget('rabbit-2', 'rabbit-3')).toBe('ok');
    expect(cluster.join('rabbit-3', 'rabbit-1')).toBe('ok');
    expect(cluster.clusters).toEqual(['123 123', '123 123', '123 123']);
  });
});

describe('rabbitmq: membership: disc and RAM nodes', () => {
  test('rabbitmq: join: a RAM node has the tables in memory, and becomes a disc node', () => {
    const cluster = new ChangingCluster();
    cluster.join('rabbit-2', 'rabbit-1');
    expect(cluster.join('rabbit-3', 'rabbit-1', 'ram')).toBe('ok');
    expect(cluster.membership('rabbit-1').nodes.get('rabbit-3')).toBe('ram');
    expect(cluster.node('rabbit-3').ports.disk.list('mnesia')).toEqual([]);
    cluster.stopApp('rabbit-3');
    const changed = cluster.ask('rabbit-3', (membership, done) =>
      membership.changeType('disc', done),
    );
    expect(changed).toBe('ok');
    cluster.startApp('rabbit-3');
    expect(cluster.membership('rabbit-1').nodes.get('rabbit-3')).toBe('disc');
    expect(cluster.node('rabbit-3').ports.disk.list('mnesia')).not.toEqual([]);
    expect(cluster.clusters).toEqual(['123 123', '123 123', '123 123']);
  });

  test('rabbitmq: reset: the only disc node of a cluster stays in it', () => {
    const cluster = new ChangingCluster();
    cluster.join('rabbit-2', 'rabbit-1', 'ram');
    cluster.stopApp('rabbit-1');
    const [reset, join, change] = [
      cluster.ask('rabbit-1', (membership, done) => membership.reset(done)),
      cluster.ask('rabbit-1', (membership, done) => membership.join('rabbit-3', 'disc', done)),
      cluster.ask('rabbit-1', (membership, done) => membership.changeType('ram', done)),
    ];
    expect([reset, join, change]).toEqual([
      'resetting_only_disc_node',
      'clustering_only_disc_node',
      'resetting_only_disc_node',
    ]);
    cluster.startApp('rabbit-1');
    expect(cluster.clusters).toEqual(['12 12', '12 12', '3 3']);
  });

  test('rabbitmq: reset: nobody leaves a cluster of which nobody runs', () => {
    const cluster = new ChangingCluster();
    cluster.join('rabbit-2', 'rabbit-1');
    cluster.join('rabbit-3', 'rabbit-1', 'ram');
    for (const name of ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const) cluster.stopApp(name);
    const reset = (name: 'rabbit-2' | 'rabbit-3'): string =>
      cluster.ask(name, (membership, done) => membership.reset(done));
    expect(reset('rabbit-2')).toBe('no_running_cluster_nodes');
    expect(reset('rabbit-3')).toBe('cannot_create_standalone_ram_node');
  });
});

describe('rabbitmq: membership: faults', () => {
  test('rabbitmq: forget --offline: the last node that ran is lost, another replaces it', () => {
    const cluster = new ChangingCluster();
    cluster.join('rabbit-2', 'rabbit-1');
    cluster.channel('rabbit-1').declare('kept').after(1);
    cluster.channel('rabbit-2').declare('gone').after(1);
    cluster.stopApp('rabbit-1');
    cluster.crash('rabbit-2');
    cluster.advance(12);
    // It would wait for rabbit-2, which ran longer.
    const forgotten = cluster.ask('rabbit-1', (membership, done) =>
      membership.forgetOffline('rabbit-2', done),
    );
    expect(forgotten).toBe('ok');
    cluster.startApp('rabbit-1');
    expect(cluster.clusters[0]).toBe('1 1');
    expect(cluster.queues('rabbit-1')).toEqual(['kept']);
  });

  test('rabbitmq: forget --offline: not while another runs, nor where the node does', () => {
    const cluster = new ChangingCluster().joined();
    const forget = (): string =>
      cluster.ask('rabbit-1', (membership, done) => membership.forgetOffline('rabbit-3', done));
    expect(forget()).toBe('online_node_offline_flag');
    cluster.stopApp('rabbit-1');
    expect(forget()).toBe('removing_node_from_offline_node');
  });

  test('rabbitmq: pause_minority: a majority is of the nodes that there are now', () => {
    const cluster = new ChangingCluster({ handling: 'pause_minority' }).joined();
    cluster.crash('rabbit-3');
    cluster.advance(12);
    expect(cluster.forget('rabbit-1', 'rabbit-3')).toBe('ok');
    cluster.crash('rabbit-2');
    cluster.advance(12);
    // One of two is no majority, as one of three was none.
    expect(cluster.node('rabbit-1').inspect().state).toBe('paused');
    cluster.start('rabbit-2');
    cluster.advance(30);
    expect(cluster.clusters.slice(0, 2)).toEqual(['12 12', '12 12']);
  });

  test.each(RELEASES)(
    'rabbitmq: join: the member goes down meanwhile, in %s',
    (release) => {
      const cluster = new ChangingCluster({ release });
      cluster.stopApp('rabbit-2');
      for (const seconds of [0.001, 0.0015, 0.002, 0.003, 0.01]) {
        const before = cluster.membership('rabbit-2').nodes.size;
        expect(before).toBe(1);
        cluster.ask(
          'rabbit-2',
          (membership, done) => membership.join('rabbit-1', 'disc', done),
          seconds,
        );
        cluster.crash('rabbit-1');
        cluster.advance(5);
        cluster.start('rabbit-1');
        cluster.advance(60);
        // Both know of it, or neither does; and an operator can always begin anew.
        const knows = cluster.membership('rabbit-1').nodes.has('rabbit-2');
        if (cluster.node('rabbit-2').isStopped && knows) {
          expect(cluster.ask('rabbit-2', (membership, done) => membership.forceReset(done))).toBe(
            'ok',
          );
          expect(cluster.forget('rabbit-1', 'rabbit-2')).toBe('ok');
        }
      }
    },
    30_000,
  );
});

describe('rabbitmq: membership: streams and quorum queues', () => {
  const declare = (cluster: ChangingCluster, at: Member, queue: string, type: string) => {
    const value = { type: 'longstr', value: type } as const;
    const args = [{ name: 'x-queue-type', value }];
    return cluster.channel(at).declare(queue, { arguments: args }).after(10);
  };

  test('rabbitmq: join: a node has streams with those that had some before it joined', () => {
    const cluster = new ChangingCluster();
    cluster.join('rabbit-2', 'rabbit-1');
    expect(declare(cluster, 'rabbit-2', 's1', 'stream')[0]).toContain('declare: {');
    expect(cluster.join('rabbit-3', 'rabbit-2')).toBe('ok');
    expect(declare(cluster, 'rabbit-3', 's2', 'stream')[0]).toContain('declare: {');
    const channel = cluster.channel('rabbit-3').confirming().publish('s2', 'a');
    expect(channel.after(5)).toEqual(['ack 1']);
    // All three count it among the coordinator's members.
    for (const name of MEMBERS) {
      const { ports, links } = cluster.node(name).vhosts.get('/')!.context;
      const [server] = coordinationSystem(ports, links).servers;
      expect([name, [...server!.members].sort()]).toEqual([name, MEMBERS]);
    }
    cluster.crash('rabbit-1');
    cluster.advance(20);
    declare(cluster, 'rabbit-3', 's3', 'stream');
    const other = cluster.channel('rabbit-3').confirming().publish('s3', 'b');
    expect(other.after(10)).toEqual(['ack 1']);
  });

  test('rabbitmq: stop_app: where the leader of a quorum queue was, another leads', () => {
    const cluster = new ChangingCluster({ release: 'rabbitmq-4.3' }).joined();
    expect(declare(cluster, 'rabbit-1', 'q', 'quorum')[0]).toContain('declare: {');
    const channel = cluster.channel('rabbit-2').confirming().publish('q', 'a');
    expect(channel.after(2)).toEqual(['ack 1']);
    cluster.stopApp('rabbit-1');
    expect(channel.publish('q', 'b').after(0.5)).toEqual(['ack 2']);
  });
});
