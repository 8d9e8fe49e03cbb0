/** Mirrored classic queues, until 3.13: what mirrors have, and what becomes of it. */
import { describe, expect, test } from 'vitest';
import type { PolicyDefinition } from '#engine/rabbitmq/queue/queue-settings.ts';
import { MirroredQueue } from '#engine/rabbitmq/cluster/mirror/mirrored-queue.ts';
import { profileOf } from '#engine/rabbitmq/profiles.ts';
import { type Member, RabbitCluster } from './rabbit-cluster.ts';

const ALL: PolicyDefinition = { 'ha-mode': 'all' };

/** A cluster with a mirrored queue `q`, whose leader is rabbit-1. */
function mirrored(definition: PolicyDefinition = ALL, seed = 1): RabbitCluster {
  const cluster = new RabbitCluster({}, 'rabbitmq-3.13', seed);
  setPolicy(cluster, definition);
  const channel = cluster.channel('rabbit-1').declare('q');
  expect(channel.after(2)).toHaveLength(1);
  return cluster;
}

function setPolicy(cluster: RabbitCluster, definition: PolicyDefinition): void {
  cluster.world.command('rabbit-1', 'policy', () => {
    const policy = {
      name: 'ha',
      pattern: '^q',
      definition,
      priority: 0,
      applyTo: 'queues',
    } as const;
    cluster.node('rabbit-1').administration.setPolicy('/', policy, 'user', (wrong) => {
      expect(wrong).toBeNull();
    });
  });
  cluster.advance(2);
}

function queueAt(cluster: RabbitCluster, name: Member): MirroredQueue {
  const queue = cluster.node(name).vhosts.get('/')!.queues.get('q');
  expect(queue).toBeInstanceOf(MirroredQueue);
  return queue as MirroredQueue;
}

describe('rabbitmq: cluster: mirrored queues', () => {
  test('rabbitmq: mirrors: a publish is confirmed when all mirrors have it', () => {
    const cluster = mirrored();
    const channel = cluster.channel('rabbit-2').confirming().publish('q', 'a', 'b');
    expect(channel.after(2)).toEqual(['ack 1', 'ack 2']);
    for (const name of ['rabbit-2', 'rabbit-3'] as const) {
      expect(queueAt(cluster, name).mirror).toEqual({ count: 2, isSynchronised: true });
    }
    const consumer = cluster.channel('rabbit-3').consume('q', 'c');
    expect(consumer.after(2)).toEqual(['consume: "c"', 'c: a', 'c: b']);
    consumer.do((session) => session.ack({ deliveryTag: 1, multiple: false }));
    cluster.advance(2);
    expect(queueAt(cluster, 'rabbit-2').mirror).toEqual({ count: 1, isSynchronised: true });
  });

  test('rabbitmq: mirrors: the leader dies: the oldest mirror has all, consumers go on', () => {
    const cluster = mirrored();
    const channel = cluster.channel('rabbit-3').confirming().publish('q', 'a', 'b');
    channel.consume('q', 'c');
    expect(channel.after(2).toSorted()).toEqual(['ack 1', 'ack 2', 'c: a', 'c: b', 'consume: "c"']);
    cluster.inject({ fault: 'crash', host: 'rabbit-1' });
    expect(channel.after(2)).toEqual(['c: a again', 'c: b again']);
    channel.publish('q', 'c');
    expect(channel.after(2).toSorted()).toEqual(['ack 3', 'c: c']);
    expect(queueAt(cluster, 'rabbit-2').isHere).toBe(true);
    expect(cluster.traced('mirror-promoted')).toEqual(['rabbit-2: q, rabbit-1, 2, 0']);
  });

  test('rabbitmq: mirrors: what a new leader confirms at once survives it, too', () => {
    const cluster = mirrored();
    const channel = cluster.channel('rabbit-2').confirming();
    cluster.advance(1);
    cluster.inject({ fault: 'crash', host: 'rabbit-1' });
    cluster.world.run(() => cluster.traced('mirror-promoted').length > 0, { events: 100 });
    channel.publish('q', 'a');
    cluster.world.run(() => channel.heard.length > 0, { events: 100 });
    expect(channel.heard).toEqual(['ack 1']);
    cluster.inject({ fault: 'crash', host: 'rabbit-2' });
    cluster.advance(2);
    const consumer = cluster.channel('rabbit-3').consume('q', 'c');
    expect(consumer.after(2)).toEqual(['consume: "c"', 'c: a']);
  });

  test('rabbitmq: mirrors: a new leader knows who has all, and leaves the queue to that', () => {
    const cluster = mirrored({ ...ALL, 'ha-promote-on-shutdown': 'when-synced' });
    cluster.channel('rabbit-2').publish('q', 'a');
    cluster.advance(2);
    cluster.inject({ fault: 'crash', host: 'rabbit-1' });
    cluster.advance(2);
    cluster.world.command('rabbit-2', 'stop', () => cluster.node('rabbit-2').stop());
    cluster.advance(5);
    expect(cluster.traced('mirror-promoted').map((of) => of.split(':')[0])).toEqual([
      'rabbit-2',
      'rabbit-3',
    ]);
  });

  test('rabbitmq: mirrors: publishes on their way when the leader dies are taken once', () => {
    for (let seed = 0; seed < 20; seed++) {
      const cluster = mirrored();
      const channel = cluster.channel('rabbit-3').confirming();
      const bodies = Array.from({ length: 20 }, (_, at) => `m${at}`);
      for (const body of bodies) channel.publish('q', body);
      cluster.world.run(() => false, { micros: 100 + seed * 60 });
      cluster.inject({ fault: 'crash', host: 'rabbit-1' });
      const heard = channel.after(3);
      expect(heard.toSorted()).toEqual(bodies.map((_, at) => `ack ${at + 1}`).toSorted());
      const consumer = cluster.channel('rabbit-2').consume('q', 'c');
      const got = consumer
        .after(2)
        .slice(1)
        .map((text) => text.split(' ')[1]);
      expect(got.toSorted()).toEqual(bodies.toSorted());
    }
  });

  test('rabbitmq: mirrors: what a dead leader said last does not go round for ever', () => {
    const bodies = Array.from({ length: 20 }, (_, at) => `m${at}`);
    for (let micros = 100; micros < 1_500; micros += 200) {
      const cluster = mirrored();
      cluster
        .channel('rabbit-1')
        .confirming()
        .publish('q', ...bodies);
      cluster.world.run(() => false, { micros });
      cluster.inject({ fault: 'crash', host: 'rabbit-1' });
      cluster.advance(5);
      const { event } = cluster.world;
      cluster.advance(1);
      expect(cluster.world.event - event).toBeLessThan(100);
    }
  });

  test('rabbitmq: mirrors: an unsynchronised mirror that is promoted has lost the backlog', () => {
    const cluster = mirrored({ 'ha-mode': 'exactly', 'ha-params': 2 });
    cluster.channel('rabbit-1').publish('q', 'a', 'b');
    cluster.advance(1);
    setPolicy(cluster, { 'ha-mode': 'all' });
    const late = queueAt(cluster, 'rabbit-2').mirror!.count === 0 ? 'rabbit-2' : 'rabbit-3';
    const early = late === 'rabbit-2' ? 'rabbit-3' : 'rabbit-2';
    expect(queueAt(cluster, late).mirror).toEqual({ count: 0, isSynchronised: false });
    cluster.inject({ fault: 'crash', host: early });
    cluster.advance(1);
    cluster.inject({ fault: 'crash', host: 'rabbit-1' });
    cluster.advance(1);
    expect(cluster.traced('mirror-promoted')).toEqual([`${late}: q, rabbit-1, 0, 2`]);
    const channel = cluster.channel(late).declare('q');
    expect(channel.after(1)[0]).toContain('"messageCount":0');
  });

  test('rabbitmq: mirrors: with when-synced the queue waits for its leader instead', () => {
    const cluster = mirrored({ 'ha-mode': 'exactly', 'ha-params': 1 });
    cluster.channel('rabbit-1').publish('q', 'a', 'b');
    cluster.advance(1);
    setPolicy(cluster, { 'ha-mode': 'all', 'ha-promote-on-failure': 'when-synced' });
    expect(queueAt(cluster, 'rabbit-2').mirror).toEqual({ count: 0, isSynchronised: false });
    cluster.inject({ fault: 'crash', host: 'rabbit-1' });
    cluster.advance(1);
    expect(cluster.traced('mirror-promoted')).toEqual([]);
    cluster.inject({ fault: 'start', host: 'rabbit-1' });
    cluster.advance(10);
    const channel = cluster.channel('rabbit-1').declare('q');
    expect(channel.after(1)[0]).toContain('"messageCount":2');
  });

  test('rabbitmq: mirrors: ha-sync-mode automatic gives a new mirror what there is', () => {
    const cluster = mirrored({ 'ha-mode': 'exactly', 'ha-params': 1 });
    cluster.channel('rabbit-1').publish('q', 'a', 'b');
    cluster.advance(1);
    setPolicy(cluster, { 'ha-mode': 'all', 'ha-sync-mode': 'automatic' });
    expect(queueAt(cluster, 'rabbit-2').mirror).toEqual({ count: 2, isSynchronised: true });
    expect(queueAt(cluster, 'rabbit-3').mirror).toEqual({ count: 2, isSynchronised: true });
  });

  test('rabbitmq: mirrors: a mirror is synchronised when what it lacks has been consumed', () => {
    const cluster = mirrored({ 'ha-mode': 'exactly', 'ha-params': 1 });
    const channel = cluster.channel('rabbit-1').publish('q', 'a');
    cluster.advance(1);
    setPolicy(cluster, ALL);
    channel.publish('q', 'b');
    cluster.advance(1);
    expect(queueAt(cluster, 'rabbit-2').mirror).toEqual({ count: 1, isSynchronised: false });
    channel.do((session) => session.get({ queue: 'q', noAck: true }, () => {}));
    cluster.advance(1);
    expect(queueAt(cluster, 'rabbit-2').mirror).toEqual({ count: 1, isSynchronised: true });
  });

  test('rabbitmq: mirrors: a mirror whose node is down does not hold up confirms', () => {
    const cluster = mirrored();
    const channel = cluster.channel('rabbit-1').confirming();
    cluster.inject({ fault: 'isolate', host: 'rabbit-3' });
    channel.publish('q', 'a');
    expect(channel.after(2)).toEqual([]);
    expect(channel.after(15)).toEqual(['ack 1']);
    expect(queueAt(cluster, 'rabbit-2').mirror!.count).toBe(1);
  });

  test('rabbitmq: mirrors: both sides of a partition lead; autoheal drops one (R16)', () => {
    const cluster = new RabbitCluster({ clusterPartitionHandling: 'autoheal' });
    setPolicy(cluster, ALL);
    cluster.channel('rabbit-1').declare('q');
    cluster.advance(2);
    cluster.inject({ fault: 'partition', groups: [['rabbit-1'], ['rabbit-2', 'rabbit-3']] });
    cluster.advance(15);
    const left = cluster.channel('rabbit-1').confirming().publish('q', 'left');
    const right = cluster.channel('rabbit-3').confirming().publish('q', 'right');
    expect([left.after(2), right.after(2)]).toEqual([['ack 1'], ['ack 1']]);
    cluster.inject({ fault: 'heal' });
    cluster.advance(60);
    expect(cluster.traced('autoheal-decision')).toHaveLength(1);
    const consumer = cluster.channel('rabbit-1').consume('q', 'c');
    expect(consumer.after(3)).toEqual(['consume: "c"', 'c: right']);
  });

  test('rabbitmq: mirrors: a promoted mirror has on disk what it had, and nothing older', () => {
    const cluster = mirrored({ 'ha-mode': 'all', 'ha-sync-mode': 'automatic' });
    cluster.channel('rabbit-1').confirming().publish('q', 'a', 'b', 'c');
    cluster.advance(2);
    cluster.inject({ fault: 'crash', host: 'rabbit-1' });
    cluster.advance(2);
    const channel = cluster.channel('rabbit-2');
    channel.do((session) => session.get({ queue: 'q', noAck: true }, () => {}));
    cluster.advance(2);
    cluster.inject({ fault: 'start', host: 'rabbit-1' });
    cluster.advance(5);
    // Back to rabbit-1, whose disk has the message that is gone.
    for (const host of ['rabbit-3', 'rabbit-2']) {
      cluster.inject({ fault: 'crash', host });
      cluster.advance(2);
    }
    expect(cluster.traced('mirror-promoted').at(-1)).toBe('rabbit-1: q, rabbit-2, 2, 0');
    cluster.inject({ fault: 'crash', host: 'rabbit-1' });
    cluster.advance(1);
    cluster.inject({ fault: 'start', host: 'rabbit-1' });
    cluster.advance(10);
    expect(cluster.channel('rabbit-1').declare('q').after(2)).toEqual([
      'declare: {"queue":"q","messageCount":2,"consumerCount":0}',
    ]);
  });

  test('rabbitmq: mirrors: a node that comes back has a mirror again, which is empty', () => {
    const cluster = mirrored();
    cluster.channel('rabbit-1').publish('q', 'a', 'b');
    cluster.advance(1);
    cluster.inject({ fault: 'crash', host: 'rabbit-2' });
    cluster.inject({ fault: 'start', host: 'rabbit-2' });
    cluster.advance(5);
    expect(queueAt(cluster, 'rabbit-2').mirror).toEqual({ count: 0, isSynchronised: false });
    expect(queueAt(cluster, 'rabbit-3').mirror).toEqual({ count: 2, isSynchronised: true });
  });

  test('rabbitmq: mirrors: a leader that is handed over keeps nothing, its mirror has all', () => {
    const two = { 'ha-mode': 'exactly', 'ha-params': 2 } as const;
    const destinations = new Set<string>();
    for (let seed = 0; seed < 8; seed++) {
      const cluster = mirrored(two, seed);
      const isMirror = (name: Member): boolean => queueAt(cluster, name).mirror !== null;
      const mirror = isMirror('rabbit-2') ? 'rabbit-2' : 'rabbit-3';
      const channel = cluster.channel('rabbit-3').confirming().publish('q', 'a', 'b');
      expect(channel.after(2)).toEqual(['ack 1', 'ack 2']);
      queueAt(cluster, 'rabbit-1').transferLeadership();
      cluster.advance(3);
      expect(channel.after(1)).toEqual([]);
      expect(queueAt(cluster, 'rabbit-1').isHere).toBe(false);
      const leader = queueAt(cluster, 'rabbit-2').isHere ? 'rabbit-2' : 'rabbit-3';
      destinations.add(`${leader === mirror}`);
      const consumer = cluster.channel('rabbit-1').consume('q', 'c');
      const got = leader === mirror ? ['c: a', 'c: b'] : [];
      expect(consumer.after(2)).toEqual(['consume: "c"', ...got]);
      channel.publish('q', 'late');
      expect(channel.after(2)).toEqual(['ack 3']);
      expect(consumer.after(1)).toEqual(['c: late']);
    }
    expect([...destinations].toSorted()).toEqual(['false', 'true']);
  });

  test('rabbitmq: mirrors: a leader is handed over: consumers go on at the new one', () => {
    const cluster = mirrored();
    const channel = cluster.channel('rabbit-3').confirming().consume('q', 'c').publish('q', 'a');
    expect(channel.after(2).toSorted()).toEqual(['ack 1', 'c: a', 'consume: "c"']);
    queueAt(cluster, 'rabbit-1').transferLeadership();
    expect(channel.after(3)).toEqual(['c: a again']);
    cluster.channel('rabbit-1').publish('q', 'b');
    expect(channel.after(2)).toEqual(['c: b']);
  });

  test('rabbitmq: mirrors: a drained node leaves its queues alone, but until 3.8.11', () => {
    const moved = [true, false].map((drainLeavesMirroredQueues) => {
      const profile = profileOf('rabbitmq-3.8', { drainLeavesMirroredQueues });
      const cluster = new RabbitCluster({ profile });
      setPolicy(cluster, ALL);
      cluster.channel('rabbit-1').declare('q').after(2);
      cluster.world.command('rabbit-1', 'drain', () => cluster.node('rabbit-1').drain());
      cluster.advance(2);
      return !queueAt(cluster, 'rabbit-1').isHere;
    });
    expect(moved).toEqual([false, true]);
  });

  /** Messages that are only at rabbit-1, whose node then goes down in order. */
  function shutDown(more: PolicyDefinition): RabbitCluster {
    const cluster = mirrored({ 'ha-mode': 'exactly', 'ha-params': 1 });
    cluster.channel('rabbit-1').publish('q', 'a', 'b');
    cluster.advance(1);
    setPolicy(cluster, { ...ALL, ...more });
    cluster.world.command('rabbit-1', 'stop', () => cluster.node('rabbit-1').stop());
    cluster.advance(5);
    return cluster;
  }

  test('rabbitmq: mirrors: a leader that stops in order leaves nobody who lacks something', () => {
    const cluster = shutDown({});
    expect(cluster.traced('mirror-promoted')).toEqual([]);
    cluster.inject({ fault: 'start', host: 'rabbit-1' });
    cluster.advance(10);
    const consumer = cluster.channel('rabbit-2').consume('q', 'c');
    expect(consumer.after(2)).toEqual(['consume: "c"', 'c: a', 'c: b']);
  });

  test('rabbitmq: mirrors: ha-promote-on-shutdown always: a mirror leads, and lacks it', () => {
    const cluster = shutDown({ 'ha-promote-on-shutdown': 'always' });
    expect(cluster.traced('mirror-promoted')).toHaveLength(1);
    expect(cluster.channel('rabbit-2').declare('q').after(1)[0]).toContain('"messageCount":0');
  });

  test('rabbitmq: mirrors: a leader that stops in order leaves it to a mirror that has all', () => {
    const cluster = shutDown({ 'ha-sync-mode': 'automatic' });
    expect(cluster.traced('mirror-promoted')).toHaveLength(1);
    expect(cluster.channel('rabbit-2').declare('q').after(1)[0]).toContain('"messageCount":2');
  });

  test('rabbitmq: mirrors: an auto-delete queue goes with its last consumer', () => {
    const cluster = new RabbitCluster();
    setPolicy(cluster, ALL);
    const channel = cluster.channel('rabbit-2').declare('q', { autoDelete: true });
    channel.after(2);
    expect(channel.consume('q', 'c').after(2)).toEqual(['consume: "c"']);
    channel.do((session) => session.cancel('c', () => {}));
    cluster.advance(2);
    for (const name of ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const) {
      expect(cluster.node(name).vhosts.get('/')!.queues.has('q')).toBe(false);
    }
  });

  test('rabbitmq: mirrors: where the application of the leader ends, a mirror leads', () => {
    const cluster = mirrored();
    cluster.channel('rabbit-2').publish('q', 'a').after(1);
    const node = cluster.node('rabbit-1');
    cluster.world.command('rabbit-1', 'stop_app', () => node.stopApplication());
    cluster.advance(1);
    const other = cluster.channel('rabbit-3').confirming().publish('q', 'b');
    expect(other.after(2)).toEqual(['ack 1']);
    expect(cluster.traced('mirror-promoted')).toHaveLength(1);
    cluster.world.command('rabbit-1', 'start_app', () => node.startApplication());
    cluster.advance(5);
    expect(queueAt(cluster, 'rabbit-1').mirror).not.toBeNull();
    const consumer = cluster.channel('rabbit-1').consume('q', 'c');
    expect(consumer.after(2)).toEqual(['consume: "c"', 'c: a', 'c: b']);
  });

  test('rabbitmq: mirrors: while mirrors are synchronised the queue stands still', () => {
    const cluster = mirrored();
    const channel = cluster.channel('rabbit-1').publish('q', 'a');
    cluster.advance(1);
    cluster.inject({ fault: 'isolate', host: 'rabbit-3' });
    const queue = queueAt(cluster, 'rabbit-1');
    cluster.world.command('rabbit-1', 'sync_queue', () => queue.synchronise());
    channel.do((session, answer) => session.get({ queue: 'q', noAck: true }, answer('get')));
    // rabbit-3 neither takes it nor is known to be down.
    expect(channel.after(3)).toEqual([]);
    expect(channel.after(15)[0]).toContain('get:');
    expect(cluster.traced('mirrors-synchronised')).toEqual(['rabbit-1: q, 1']);
  });

  test('rabbitmq: mirrors: ha-mode nodes: the queue goes to a named node that has all', () => {
    const cluster = mirrored({ 'ha-mode': 'nodes', 'ha-params': ['rabbit-2', 'rabbit-3'] });
    const named = (['rabbit-2', 'rabbit-3'] as const).map((name) => queueAt(cluster, name));
    expect(named.filter(({ isHere }) => isHere)).toHaveLength(1);
    expect(named.find(({ isHere }) => !isHere)!.mirror).toEqual({ count: 0, isSynchronised: true });
    const { isHere, mirror } = queueAt(cluster, 'rabbit-1');
    expect({ isHere, mirror }).toEqual({ isHere: false, mirror: null });
  });

  test('rabbitmq: mirrors: ha-mode nodes: until a mirror has all, the leader stays', () => {
    const cluster = mirrored({ 'ha-mode': 'exactly', 'ha-params': 1 });
    const channel = cluster.channel('rabbit-1').publish('q', 'a');
    cluster.advance(1);
    setPolicy(cluster, { 'ha-mode': 'nodes', 'ha-params': ['rabbit-3'] });
    expect(queueAt(cluster, 'rabbit-1').isHere).toBe(true);
    expect(queueAt(cluster, 'rabbit-3').mirror).toEqual({ count: 0, isSynchronised: false });
    channel.do((session) => session.get({ queue: 'q', noAck: true }, () => {}));
    cluster.advance(3);
    expect(queueAt(cluster, 'rabbit-3').isHere).toBe(true);
    const late = cluster.channel('rabbit-2').publish('q', 'b').consume('q', 'c');
    expect(late.after(2)).toEqual(['consume: "c"', 'c: b']);
  });
});
