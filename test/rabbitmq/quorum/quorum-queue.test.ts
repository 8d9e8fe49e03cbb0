/** A quorum queue on three nodes: confirms, failover, consumers on nodes that go away. */
import { describe, expect, test } from 'vitest';
import { profileOf } from '../../../engine/rabbitmq/profiles.ts';
import type { FieldTable } from '../../../engine/wire/amqp/field-table.ts';
import { QuorumCluster, QuorumNode, THREE } from './quorum-cluster.ts';

const argument = (name: string, value: number | string | boolean): FieldTable => {
  if (typeof value === 'number') return [{ name, value: { type: 'signedint', value } }];
  if (typeof value === 'string') return [{ name, value: { type: 'longstr', value } }];
  return [{ name, value: { type: 'bool', value } }];
};

describe('rabbitmq: quorum', () => {
  test('R15: confirmed when a majority has it, on whichever node it was published', () => {
    const cluster = new QuorumCluster();
    const leader = cluster.elect();
    for (const node of THREE) cluster.publish(node);
    cluster.runFor(500);
    expect([...cluster.confirmed].sort()).toEqual(['m1', 'm2', 'm3']);
    for (const host of THREE) if (host !== leader) cluster.fault({ fault: 'crash', host });
    cluster.publish(leader);
    cluster.runFor(20_000);
    expect(cluster.confirmed).toHaveLength(3);
    for (const host of THREE) cluster.fault({ fault: 'start', host });
    cluster.runFor(10_000);
    expect(cluster.confirmed).toHaveLength(4);
    expect(cluster.problems()).toEqual([]);
  });

  test('a publisher’s messages are taken once each, though the leader dies on the way', () => {
    const cluster = new QuorumCluster();
    const leader = cluster.elect();
    const other = THREE.find((node) => node !== leader)!;
    for (let count = 0; count < 40; count++) {
      cluster.publish(other);
      cluster.runFor(1);
      if (count === 20) cluster.fault({ fault: 'crash', host: leader });
    }
    cluster.runFor(8000);
    expect(cluster.confirmed).toHaveLength(40);
    const next = cluster.elect();
    expect(cluster.node(next).queue.machine!.readyCount).toBe(40);
    expect(cluster.lost()).toEqual([]);
    expect(cluster.problems()).toEqual([]);
  });

  test('R7: a consumer has all messages in their order and once, though the leader dies', () => {
    const cluster = new QuorumCluster();
    const leader = cluster.elect();
    const [at, from] = THREE.filter((node) => node !== leader);
    const channel = cluster.consume(at!, 10, true);
    const published: string[] = [];
    for (let count = 0; count < 60; count++) {
      published.push(cluster.publish(from!));
      cluster.runFor(3);
      if (count === 30) cluster.fault({ fault: 'crash', host: leader });
    }
    cluster.runFor(10_000);
    expect(channel.bodies).toEqual(published);
    expect(cluster.confirmed).toHaveLength(60);
    expect(cluster.problems()).toEqual([]);
  });

  test('what a consumer had whose node is cut off goes to others, and counts as a delivery', () => {
    const cluster = new QuorumCluster();
    const leader = cluster.elect();
    const [away, here] = THREE.filter((node) => node !== leader);
    const gone = cluster.consume(away!, 2);
    cluster.runFor(100);
    cluster.publish(leader);
    cluster.publish(leader);
    cluster.runFor(500);
    expect(gone.bodies).toEqual(['m1', 'm2']);
    const other = cluster.consume(here!);
    cluster.fault({ fault: 'isolate', host: away! });
    cluster.runFor(15_000);
    expect(other.got.map(({ body, redelivered }) => [body, redelivered])).toEqual([
      ['m1', true],
      ['m2', true],
    ]);
    cluster.fault({ fault: 'heal' });
    cluster.runFor(15_000);
    cluster.settle(here!, other, 'ack', 2);
    for (let count = 0; count < 4; count++) cluster.publish(leader);
    cluster.runFor(2000);
    // The consumer is served again; what it settles of before is not known any more.
    expect(gone.bodies.length).toBeGreaterThan(2);
    cluster.settle(away!, gone, 'ack', 2);
    cluster.runFor(1000);
    expect(cluster.problems()).toEqual([]);
  });

  test('R11: the next consumer is active when the node of the active one dies', () => {
    const cluster = new QuorumCluster({ arguments: argument('x-single-active-consumer', true) });
    const leader = cluster.elect();
    const [first, second] = THREE.filter((node) => node !== leader);
    const active = cluster.consume(first!);
    cluster.runFor(200);
    const waiting = cluster.consume(second!);
    cluster.runFor(200);
    cluster.publish(leader);
    cluster.runFor(200);
    expect([active.bodies, waiting.bodies]).toEqual([['m1'], []]);
    cluster.fault({ fault: 'crash', host: first! });
    cluster.runFor(2000);
    expect(waiting.got.map(({ body, redelivered }) => [body, redelivered])).toEqual([['m1', true]]);
    expect(cluster.problems()).toEqual([]);
  });

  test.each(['3.13', '4.1', '4.3'] as const)('a delivery limit in %s', (release) => {
    const profile = profileOf(`rabbitmq-${release}`);
    const cluster = new QuorumCluster({ arguments: argument('x-delivery-limit', 1), profile });
    const leader = cluster.elect();
    const channel = cluster.consume(leader, 1);
    cluster.publish(leader);
    for (let count = 0; count < 3; count++) {
      cluster.runFor(300);
      cluster.settle(leader, channel, 'requeue', 1);
    }
    cluster.runFor(300);
    const { gone } = cluster.node(leader).queue.machine!;
    // Since 4.3 only deliveries that failed count.
    expect(gone.delivery_limit).toBe(release === '4.3' ? 0 : 1);
  });

  test('without a limit of its own a queue has one of 20 since 4.0', () => {
    const limits = (['3.13', '4.0'] as const).map((release) => {
      const cluster = new QuorumCluster({ profile: profileOf(`rabbitmq-${release}`) });
      const leader = cluster.elect();
      cluster.runFor(500);
      return cluster.node(leader).queue.machine!.config.deliveryLimit;
    });
    expect(limits).toEqual([null, 20]);
  });

  test('since 4.0 of three deliveries two are of high priority', () => {
    const cluster = new QuorumCluster({ profile: profileOf('rabbitmq-4.1') });
    const leader = cluster.elect();
    for (let count = 0; count < 4; count++) cluster.publish(leader, 1);
    for (let count = 0; count < 4; count++) cluster.publish(leader, 9);
    cluster.runFor(500);
    const channel = cluster.consume(leader);
    cluster.runFor(500);
    expect(channel.bodies).toEqual(['m5', 'm6', 'm1', 'm7', 'm8', 'm2', 'm3', 'm4']);
  });

  test('since 4.3 there are 32 priorities: the highest goes first, and without one it is 4', () => {
    const cluster = new QuorumCluster({ profile: profileOf('rabbitmq-4.3') });
    const leader = cluster.elect();
    for (const priority of [3, undefined, 5, 40, 31, 5]) cluster.publish(leader, priority);
    cluster.runFor(500);
    const channel = cluster.consume(leader);
    cluster.runFor(500);
    expect(channel.bodies).toEqual(['m4', 'm5', 'm3', 'm6', 'm2', 'm1']);
    expect(cluster.problems()).toEqual([]);
  });

  test.each(['3.13', '4.1'] as const)('R11: who is active, by priority, in %s', (release) => {
    const profile = profileOf(`rabbitmq-${release}`);
    const single = argument('x-single-active-consumer', true);
    const cluster = new QuorumCluster({ arguments: single, profile });
    const leader = cluster.elect();
    const low = cluster.consume(leader);
    cluster.runFor(200);
    cluster.publish(leader);
    cluster.runFor(200);
    const other = THREE.find((node) => node !== leader)!;
    const high = cluster.consume(other, 0, false, 5);
    cluster.runFor(200);
    cluster.publish(leader);
    cluster.runFor(200);
    // Since 4.0 the first one is sent nothing more, and the second waits until it has settled.
    expect([low.bodies, high.bodies]).toEqual([release === '4.1' ? ['m1'] : ['m1', 'm2'], []]);
    cluster.settle(leader, low, 'ack', 2);
    cluster.publish(leader);
    cluster.runFor(300);
    const rest = release === '4.1' ? [[], ['m2', 'm3']] : [['m3'], []];
    expect([low.bodies, high.bodies]).toEqual(rest);
    expect(cluster.problems()).toEqual([]);
  });

  test('R9: a dead letter stays until its queue has confirmed it', () => {
    const args = [
      ...argument('x-dead-letter-exchange', 'dlx'),
      ...argument('x-dead-letter-strategy', 'at-least-once'),
      ...argument('x-overflow', 'reject-publish'),
    ];
    for (const confirms of [true, false]) {
      QuorumNode.confirmsDead = confirms;
      const cluster = new QuorumCluster({ arguments: args });
      const leader = cluster.elect();
      const channel = cluster.consume(leader, 5);
      cluster.publish(leader);
      cluster.runFor(300);
      cluster.settle(leader, channel, 'discard', 1);
      cluster.runFor(1000);
      expect(cluster.node(leader).dead).toEqual([{ body: 'm1', reason: 'rejected' }]);
      const { machine } = cluster.node(leader).queue;
      expect(machine!.discardCount).toBe(confirms ? 0 : 1);
      // The next leader’s worker begins with what the one before had not heard of.
      cluster.fault({ fault: 'crash', host: leader });
      cluster.runFor(3000);
      const next = cluster.elect();
      expect(cluster.node(next).dead).toHaveLength(confirms ? 0 : 1);
    }
    QuorumNode.confirmsDead = true;
  });

  test('with overflow drop-head dead letters go at most once', () => {
    const args = [
      ...argument('x-dead-letter-exchange', 'dlx'),
      ...argument('x-dead-letter-strategy', 'at-least-once'),
    ];
    const cluster = new QuorumCluster({ arguments: args });
    const leader = cluster.elect();
    cluster.runFor(300);
    const { config } = cluster.node(leader).queue.machine!;
    expect(config.deadLetterStrategy).toBe('at-most-once');
  });

  test('R13: publishers hear that the queue is full, and that it is not any more', () => {
    const args = [...argument('x-max-length', 5), ...argument('x-overflow', 'reject-publish')];
    const cluster = new QuorumCluster({ arguments: args });
    const leader = cluster.elect();
    cluster.runFor(200);
    for (let count = 0; count < 8; count++) {
      cluster.publish(leader);
      cluster.runFor(100);
    }
    expect(cluster.confirmed).toHaveLength(6);
    expect(cluster.rejected).toHaveLength(2);
    const channel = cluster.consume(leader, 3, true);
    cluster.runFor(500);
    expect(channel.bodies).toHaveLength(6);
    cluster.publish(leader);
    cluster.runFor(200);
    expect(cluster.confirmed).toHaveLength(7);
  });

  test('a power loss of all nodes keeps what was confirmed', () => {
    const cluster = new QuorumCluster();
    const leader = cluster.elect();
    for (let count = 0; count < 10; count++) cluster.publish(leader);
    cluster.runFor(500);
    expect(cluster.confirmed).toHaveLength(10);
    for (const host of THREE) cluster.fault({ fault: 'power', host, unsynced: 'lost' });
    for (const host of THREE) cluster.fault({ fault: 'start', host });
    cluster.runFor(5000);
    expect(cluster.lost()).toEqual([]);
    expect(cluster.problems()).toEqual([]);
  });

  test('a queue that is deleted leaves nothing on any node, and tells its consumers', () => {
    const cluster = new QuorumCluster();
    const leader = cluster.elect();
    const other = THREE.find((node) => node !== leader)!;
    const channel = cluster.consume(other);
    cluster.publish(leader);
    cluster.runFor(500);
    let ready: unknown = null;
    const conditions = { ifUnused: false, ifEmpty: false };
    cluster.command(other, (queue) => queue.delete(conditions, (count) => (ready = count)));
    cluster.runFor(5000);
    expect(ready).toBe(0);
    expect(channel.cancelledTags).toEqual(['c']);
    for (const node of THREE) {
      const files = cluster.world.hostNamed(node)!.disk.list(`quorum/${node}`);
      expect(files).toEqual(['00000001.wal']);
    }
  });
});
